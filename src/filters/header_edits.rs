//! Header edits of a target or an upstream: an allow list, then `remove`, `default` and `set`.
//!
//! Hop-by-hop fields are Pingora's business; the edge's own headers are written after these edits.

use http::{HeaderMap, HeaderName, HeaderValue, header};

/// Message framing and routing: an allow list never removes these, nor a WebSocket handshake's own fields.
const ALWAYS_ALLOWED: [HeaderName; 8] = [
    header::HOST,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::CONNECTION,
    header::UPGRADE,
    header::EXPECT,
    header::TE,
    header::TRAILER,
];

/// A validated set of edits. Values may be secrets: those are marked sensitive and never printed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct HeaderEdits {
    pub(crate) set: Vec<(HeaderName, HeaderValue)>,
    pub(crate) default: Vec<(HeaderName, HeaderValue)>,
    pub(crate) remove: Vec<HeaderName>,
    pub(crate) allow: Option<Vec<HeaderName>>,
}

impl HeaderEdits {
    /// These edits followed by `later`, whose values win and whose allow list, if any, replaces this one.
    pub(crate) fn followed_by(&self, later: &Self) -> Self {
        let mut merged = self.clone();
        merged.set.retain(|(name, _)| !later.removes_or_sets(name));
        merged.default.retain(|(name, _)| !later.remove.contains(name));
        merged.default.splice(0..0, later.default.iter().cloned());
        merged.set.extend(later.set.iter().cloned());
        merged.remove.extend(later.remove.iter().cloned());
        if later.allow.is_some() {
            merged.allow.clone_from(&later.allow);
        }
        merged
    }

    fn removes_or_sets(&self, name: &HeaderName) -> bool {
        self.remove.contains(name) || self.set.iter().any(|(set, _)| set == name)
    }

    pub(crate) fn apply(&self, headers: &mut HeaderMap) {
        for name in self.refused(headers) {
            headers.remove(&name);
        }
        for name in &self.remove {
            headers.remove(name);
        }
        for (name, value) in &self.default {
            if !headers.contains_key(name) {
                headers.insert(name, value.clone());
            }
        }
        for (name, value) in &self.set {
            headers.insert(name, value.clone());
        }
    }

    /// Client headers that the allow list does not name.
    fn refused(&self, headers: &HeaderMap) -> Vec<HeaderName> {
        let Some(allow) = &self.allow else { return Vec::new() };
        // Pingora has removed `Upgrade` where none is forwarded.
        let is_upgrade = headers.contains_key(header::UPGRADE);
        let allowed = |name: &HeaderName| {
            let is_handshake = is_upgrade && name.as_str().starts_with("sec-websocket-");
            allow.contains(name) || ALWAYS_ALLOWED.contains(name) || is_handshake
        };
        headers.keys().filter(|name| !allowed(name)).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(headers: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut request = HeaderMap::new();
        for (name, value) in headers {
            request.append(*name, HeaderValue::from_static(value));
        }
        request
    }

    fn names(list: &[&'static str]) -> Vec<HeaderName> {
        list.iter().map(|name| HeaderName::from_static(name)).collect()
    }

    fn pairs(list: &[(&'static str, &'static str)]) -> Vec<(HeaderName, HeaderValue)> {
        let pair = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        list.iter().map(pair).collect()
    }

    #[test]
    fn an_allow_list_drops_what_it_does_not_name_but_never_the_framing() {
        let edits = HeaderEdits {
            allow: Some(names(&["accept"])),
            ..HeaderEdits::default()
        };
        let mut head = request(&[
            ("accept", "*/*"),
            ("x-evil", "1"),
            ("content-length", "0"),
            ("host", "h"),
        ]);
        edits.apply(&mut head);
        let mut left: Vec<&str> = head.keys().map(HeaderName::as_str).collect();
        left.sort_unstable();
        assert_eq!(left, ["accept", "content-length", "host"]);
    }

    #[test]
    fn default_fills_in_and_set_replaces() {
        let edits = HeaderEdits {
            default: pairs(&[("authorization", "anon"), ("x-extra", "1")]),
            set: pairs(&[("apikey", "key")]),
            remove: names(&["cookie"]),
            allow: None,
        };
        let mut head = request(&[
            ("authorization", "mine"),
            ("apikey", "forged"),
            ("apikey", "twice"),
            ("cookie", "a=b"),
        ]);
        edits.apply(&mut head);
        let all = |name: &str| {
            head.get_all(name)
                .iter()
                .map(|v| v.to_str().expect("ascii").to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(all("authorization"), ["mine"]);
        assert_eq!(all("apikey"), ["key"]);
        assert_eq!(all("x-extra"), ["1"]);
        assert!(all("cookie").is_empty());
    }

    #[test]
    fn a_targets_edits_win_over_its_upstreams() {
        let upstream = HeaderEdits {
            set: pairs(&[("a", "1"), ("b", "1")]),
            allow: Some(names(&["x"])),
            ..HeaderEdits::default()
        };
        let target = HeaderEdits {
            set: pairs(&[("b", "2")]),
            remove: names(&["a"]),
            allow: Some(names(&["y"])),
            ..HeaderEdits::default()
        };
        let mut head = request(&[("x", "1"), ("y", "1")]);
        upstream.followed_by(&target).apply(&mut head);
        let left: Vec<(&str, &[u8])> = head.iter().map(|(n, v)| (n.as_str(), v.as_bytes())).collect();
        assert_eq!(left, [("y", &b"1"[..]), ("b", &b"2"[..])]);
    }
}
