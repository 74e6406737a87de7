//! Host groups: which names a group holds, and which group a request's host belongs to.

use crate::filters::host::Host;
use http::HeaderValue;
use std::collections::HashMap;

/// Index of a group in the route map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct GroupIndex(pub(crate) usize);

/// A validated host group.
#[derive(Debug, Clone)]
pub(crate) struct HostGroup {
    pub(crate) name: String,
    /// Lower case; `*.` in front stands for one label.
    pub(crate) names: Vec<String>,
    /// `localhost` and loopback addresses count as this group.
    pub(crate) loopback: bool,
    /// Where clients of a deprecated host should go: scheme and authority.
    pub(crate) successor: Option<String>,
}

impl HostGroup {
    /// The `Link` of an answer on a deprecated host (RFC 8288; relation of RFC 5829).
    pub(crate) fn successor_link(&self, path: &str) -> Option<HeaderValue> {
        let successor = self.successor.as_ref()?;
        HeaderValue::try_from(format!("<{successor}{path}>; rel=\"successor-version\"")).ok()
    }
}

/// Finds the group of a host: exact names, then one-label wildcards, then loopback.
#[derive(Debug, Clone, Default)]
pub(crate) struct HostIndex {
    exact: HashMap<String, GroupIndex>,
    /// Keyed by what follows the label, with its dot.
    wildcard: HashMap<String, GroupIndex>,
    loopback: Option<GroupIndex>,
}

impl HostIndex {
    pub(crate) fn new(groups: &[HostGroup]) -> Self {
        let mut index = Self::default();
        for (position, group) in groups.iter().enumerate() {
            let group_index = GroupIndex(position);
            for name in &group.names {
                match name.strip_prefix('*') {
                    Some(suffix) => index.wildcard.insert(suffix.to_owned(), group_index),
                    None => index.exact.insert(name.clone(), group_index),
                };
            }
            if group.loopback {
                index.loopback = Some(group_index);
            }
        }
        index
    }

    pub(crate) fn find(&self, host: &Host<'_>) -> Option<GroupIndex> {
        let name = host.as_str();
        let exact = self.exact.get(name).copied();
        let by_wildcard = || {
            name.find('.')
                .filter(|dot| *dot > 0)
                .and_then(|dot| self.wildcard.get(&name[dot..]).copied())
        };
        let by_loopback = || self.loopback.filter(|_| host.is_loopback());
        exact.or_else(by_wildcard).or_else(by_loopback)
    }
}
