//! One validated route: where it matches, what its methods lead to, and its policies.

use super::conditions::Conditions;
use super::hosts::GroupIndex;
use super::method::MethodSet;
use super::pattern::Pattern;
use super::target::Target;
use crate::filters::cors::CorsPolicy;
use crate::filters::header_edits::HeaderEdits;
use http::Method;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// A route's id: `[a-z0-9-]+`; the label of its metrics and log lines.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct RouteId(String);

impl RouteId {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let valid = !text.is_empty()
            && text.len() <= 64
            && text
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if valid {
            Ok(Self(text.to_owned()))
        } else {
            Err("an id is 1 to 64 lower-case letters, digits and dashes".to_owned())
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RouteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How long each part of an exchange with an upstream may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Timeouts {
    /// To open the connection, TLS included.
    pub(crate) connect: Duration,
    /// From the end of the request to the head of the answer.
    pub(crate) first_byte: Duration,
    /// Between two reads of the answer; on streams, silence in both directions.
    pub(crate) idle: Duration,
    /// For the whole exchange.
    pub(crate) total: Option<Duration>,
}

/// A long-lived exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stream {
    /// `Upgrade: websocket` is forwarded here, and nowhere else.
    WebSocket,
    /// Server-sent events.
    Sse,
}

/// The hosts a route serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RouteHosts {
    /// Every host the map knows.
    Any,
    Named(Vec<GroupIndex>),
}

#[derive(Debug, Clone)]
pub(crate) struct Route {
    pub(crate) id: RouteId,
    pub(crate) about: Option<String>,
    pub(crate) hosts: RouteHosts,
    pub(crate) patterns: Vec<Pattern>,
    pub(crate) when: Conditions,
    /// Disjoint sets.
    pub(crate) methods: Vec<(MethodSet, Target)>,
    pub(crate) cors: Option<Arc<CorsPolicy>>,
    /// Bytes.
    pub(crate) body_limit: u64,
    pub(crate) timeouts: Timeouts,
    pub(crate) stream: Option<Stream>,
    /// The upstream gets the path as the client wrote it.
    pub(crate) raw: bool,
    pub(crate) response_headers: HeaderEdits,
}

impl Route {
    /// The target of a method; `HEAD` falls back to `GET`'s.
    pub(crate) fn target(&self, method: &Method) -> Option<&Target> {
        let named = self.methods.iter().find(|(set, _)| set.contains(method));
        let implied = || {
            self.methods
                .iter()
                .find(|(set, _)| *method == Method::HEAD && set.contains(&Method::GET))
        };
        named.or_else(implied).map(|(_, target)| target)
    }

    /// Every method it answers, the implied `HEAD` included.
    pub(crate) fn allowed(&self) -> MethodSet {
        self.methods
            .iter()
            .fold(MethodSet::default(), |all, (set, _)| all.union(*set))
            .with_implied_head()
    }
}
