//! `hosts`: groups of host names.

use std::collections::HashMap;
use std::net::IpAddr;

use serde_json::{Value, json};

use crate::config::code;
use crate::routes::hosts::{GroupIndex, HostGroup};
use config_text::decode::{Decode, Entries};
use config_text::diagnostic::{Diagnostic, Diagnostics, Span, Spanned};
use config_text::names::{NameKind, Named};
use config_text::written::{Written, decode_parsed};
use config_text::yaml::{Kind, Node};

pub(super) const GROUPS: NameKind = NameKind {
    unknown: code::UNKNOWN_HOST_GROUP,
    what: "host group",
    one: "a host group",
    section: "hosts",
    reserved: None,
};

config_text::record! {
    /// Host names that serve the same routes.
    pub(super) struct RawHostGroup as "a host group" {
        /// Host names in lower case, without ports; `*.` in front stands for exactly one label.
        names: optional Written<Vec<Spanned<HostName>>>,
        /// Whether `localhost`, 127.0.0.0/8 and `::1` count as this group; for at most one group.
        loopback: default(false) Spanned<bool>,
        /// Where clients of these deprecated hosts should go: answers carry `Deprecation` and `Link`.
        successor: optional Successor,
    }
}

impl RawHostGroup {
    fn host_names(&self) -> impl Iterator<Item = &Spanned<HostName>> {
        self.names.iter().filter_map(|written| written.value.as_ref()).flatten()
    }
}

/// The groups by name; there is at least one.
#[derive(Clone, Debug, Default)]
pub(super) struct RawHostGroups(pub(super) Entries<RawHostGroup>);

impl Decode for RawHostGroups {
    const WHAT: &'static str = Entries::<RawHostGroup>::WHAT;

    fn decode(node: &Node, cx: &mut Diagnostics) -> Option<Self> {
        if matches!(&node.kind, Kind::Mapping(entries) if entries.is_empty()) {
            let message = "a route map serves at least one group of hosts";
            cx.push(Diagnostic::error(code::INVALID_VALUE, node.span, message));
        }
        Entries::decode(node, cx).map(Self)
    }

    fn schema() -> Value {
        let mut schema = Entries::<RawHostGroup>::schema();
        schema["minProperties"] = json!(1);
        schema
    }
}

/// A host name, or one with a wildcard for its first label.
#[derive(Clone, Debug)]
pub(super) struct HostName(String);

impl Decode for HostName {
    const WHAT: &'static str = "a host name";

    fn decode(node: &Node, cx: &mut Diagnostics) -> Option<Self> {
        decode_parsed(node, cx, Self::WHAT, parse_host_name).map(Self)
    }

    fn schema() -> Value {
        json!({ "type": "string" })
    }
}

fn parse_host_name(text: &str) -> Result<String, String> {
    if text.parse::<IpAddr>().is_ok() {
        return Ok(text.to_owned());
    }
    let name = text.strip_prefix("*.").unwrap_or(text);
    let problem = if name.contains("://") || name.contains('/') {
        "a host name has no scheme and no path"
    } else if name.contains(':') {
        "a host name has no port: every port of the host is meant"
    } else if name.contains('*') {
        "`*.` may stand only at the beginning, for exactly one label"
    } else if name.bytes().any(|b| b.is_ascii_uppercase()) {
        "host names are written in lower case"
    } else if !is_dns_name(name) {
        "a host name is labels of letters, digits, `-` and `_` with dots between them"
    } else {
        return Ok(text.to_owned());
    };
    Err(problem.to_owned())
}

fn is_dns_name(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_');
    let label = |label: &str| (1..=63).contains(&label.len()) && label.bytes().all(plain);
    name.len() <= 253 && name.split('.').all(label)
}

/// Scheme and authority.
#[derive(Clone, Debug)]
pub(super) struct Successor(String);

impl Decode for Successor {
    const WHAT: &'static str = "a scheme and host";

    fn decode(node: &Node, cx: &mut Diagnostics) -> Option<Self> {
        decode_parsed(node, cx, Self::WHAT, parse_successor).map(Self)
    }

    fn schema() -> Value {
        json!({ "type": "string", "pattern": "^https?://[^/]+$" })
    }
}

fn parse_successor(text: &str) -> Result<String, String> {
    let problem = "write `https://` and a host name, without a path";
    let (scheme, authority) = text.split_once("://").ok_or(problem)?;
    let parsed: Result<http::uri::Authority, _> = authority.parse();
    let valid = parsed.is_ok_and(|parsed| !parsed.host().is_empty() && !authority.contains('@'));
    let known_scheme = matches!(scheme, "http" | "https");
    (valid && known_scheme)
        .then(|| text.to_owned())
        .ok_or_else(|| problem.to_owned())
}

/// The groups of the map, and what their names stand for.
pub(super) fn groups<'r>(
    written: &'r Entries<RawHostGroup>,
    cx: &mut Diagnostics,
) -> (Vec<HostGroup>, Named<'r, RawHostGroup, GroupIndex>) {
    let mut groups = Vec::new();
    let names = Named::new(GROUPS, written, cx, |name, raw, cx| {
        groups.push(group(name, raw, cx));
        Some(GroupIndex(groups.len() - 1))
    });
    refuse_shared_names(written, cx);
    refuse_second_loopback(written, cx);
    (groups, names)
}

fn group(name: &Spanned<String>, raw: &RawHostGroup, cx: &mut Diagnostics) -> HostGroup {
    let nameless = raw
        .names
        .as_ref()
        .is_none_or(|written| written.value.as_ref().is_some_and(Vec::is_empty));
    if nameless && !raw.loopback.value {
        let message = format!("the host group `{}` has no host", name.value);
        let label = "needs `names`, or `loopback: true`";
        cx.push(Diagnostic::error(code::MISSING_KEY, name.span, message).label(label));
    }
    HostGroup {
        name: name.value.clone(),
        names: raw.host_names().map(|host| host.0.clone()).collect(),
        loopback: raw.loopback.value,
        successor: raw.successor.as_ref().map(|successor| successor.0.clone()),
    }
}

fn refuse_shared_names(written: &Entries<RawHostGroup>, cx: &mut Diagnostics) {
    let mut seen: HashMap<&str, (Span, &str)> = HashMap::new();
    for (group, raw) in written.iter() {
        for host in raw.host_names() {
            if let Some((first, owner)) = seen.get(host.0.as_str()) {
                let message = match *owner == group.value {
                    true => format!("`{}` stands twice in `{owner}`", host.0),
                    false => format!("`{}` belongs to `{owner}` and to `{}`", host.0, group.value),
                };
                let diagnostic = Diagnostic::error(code::DUPLICATE_HOST, host.span, message);
                cx.push(diagnostic.label("second time").note_at(*first, "first time"));
            } else {
                seen.insert(&host.0, (host.span, &group.value));
            }
        }
    }
}

fn refuse_second_loopback(written: &Entries<RawHostGroup>, cx: &mut Diagnostics) {
    let mut loopbacks = written.iter().filter(|(_, raw)| raw.loopback.value);
    let Some((first, _)) = loopbacks.next() else {
        return;
    };
    for (group, raw) in loopbacks {
        let message = format!("`{}` and `{}` both claim loopback", first.value, group.value);
        cx.push(
            Diagnostic::error(code::DUPLICATE_HOST, raw.loopback.span, message)
                .label("only one group may")
                .note_at(first.span, "claims it first"),
        );
    }
}
