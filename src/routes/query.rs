//! Query strings: reading one parameter, and the changes a target makes before the upstream sees the query.

use super::path::is_unreserved;
use super::template::Template;
use std::borrow::Cow;

/// Which of the client's parameters go on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Forward {
    #[default]
    All,
    None,
    Only(Vec<String>),
}

/// A target's query changes. Parameters that are not touched keep their text and order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct QueryEdits {
    pub(crate) forward: Forward,
    pub(crate) set: Vec<(String, Template)>,
    pub(crate) default: Vec<(String, Template)>,
    pub(crate) remove: Vec<String>,
}

impl QueryEdits {
    /// The upstream's query string, or `None` when nothing is left. `value` yields a capture, percent-encoded.
    pub(crate) fn apply<'q>(&self, client: Option<&'q str>, value: impl Fn(&str) -> String) -> Option<Cow<'q, str>> {
        if *self == Self::default() {
            return client.map(Cow::Borrowed);
        }
        let client_pairs: Vec<&str> = client
            .unwrap_or_default()
            .split('&')
            .filter(|pair| !pair.is_empty())
            .collect();
        let mut pairs: Vec<Cow<'q, str>> = client_pairs
            .iter()
            .filter(|pair| self.keeps(&name_of(pair)))
            .map(|pair| Cow::Borrowed(*pair))
            .collect();
        for (name, template) in &self.default {
            if !pairs.iter().any(|pair| name_of(pair) == name.as_str()) {
                pairs.push(pair(name, template, &value));
            }
        }
        for (name, template) in &self.set {
            pairs.push(pair(name, template, &value));
        }
        (!pairs.is_empty()).then(|| Cow::Owned(pairs.join("&")))
    }

    fn keeps(&self, name: &str) -> bool {
        let forwarded = match &self.forward {
            Forward::All => true,
            Forward::None => false,
            Forward::Only(names) => names.iter().any(|kept| kept == name),
        };
        forwarded && !self.remove.iter().any(|removed| removed == name) && !self.set.iter().any(|(set, _)| set == name)
    }
}

fn pair<'q>(name: &str, template: &Template, value: &impl Fn(&str) -> String) -> Cow<'q, str> {
    let filled = template.fill(|parameter| Cow::Owned(value(parameter)));
    Cow::Owned(format!("{}={}", encode(name), encode_keeping_escapes(&filled)))
}

fn name_of(pair: &str) -> Cow<'_, str> {
    decode(pair.split('=').next().unwrap_or_default())
}

/// The decoded value of the first parameter called `name`; empty when it has no `=`.
pub(crate) fn first<'q>(query: &'q str, name: &str) -> Option<Cow<'q, str>> {
    let mut pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs
        .find(|(key, _)| decode(key) == name)
        .map(|(_, value)| decode(value))
}

/// `application/x-www-form-urlencoded` decoding; what is not UTF-8 is replaced.
pub(crate) fn decode(text: &str) -> Cow<'_, str> {
    if !text.bytes().any(|b| matches!(b, b'%' | b'+')) {
        return Cow::Borrowed(text);
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let escape = after
            .get(..2)
            .and_then(|pair| std::str::from_utf8(pair).ok())
            .and_then(|pair| u8::from_str_radix(pair, 16).ok());
        match (byte, escape) {
            (b'%', Some(value)) => {
                bytes.push(value);
                rest = &after[2..];
            }
            (b'+', _) => {
                bytes.push(b' ');
                rest = after;
            }
            _ => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}

pub(crate) fn encode(text: &str) -> String {
    escape(text, is_unreserved)
}

/// Captures come percent-encoded from the path; their escapes stay, all else that is not unreserved is escaped.
fn encode_keeping_escapes(text: &str) -> String {
    escape(text, |byte| is_unreserved(byte) || byte == b'%')
}

fn escape(text: &str, keep: impl Fn(u8) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if keep(byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edits(forward: Forward, set: &[(&str, &str)], default: &[(&str, &str)], remove: &[&str]) -> QueryEdits {
        let pairs = |list: &[(&str, &str)]| {
            list.iter()
                .map(|(n, t)| ((*n).to_owned(), Template::parse(t)))
                .collect()
        };
        QueryEdits {
            forward,
            set: pairs(set),
            default: pairs(default),
            remove: remove.iter().map(|s| (*s).to_owned()).collect(),
        }
    }

    #[test]
    fn the_upstreams_query_after_each_edit() {
        let cases = [
            (QueryEdits::default(), Some("a=1&b=%20&&c"), Some("a=1&b=%20&&c")),
            (QueryEdits::default(), None, None),
            (edits(Forward::None, &[], &[], &[]), Some("a=1"), None),
            (
                edits(Forward::Only(vec!["b".into()]), &[], &[], &[]),
                Some("a=1&b=2&b=3"),
                Some("b=2&b=3"),
            ),
            (
                edits(Forward::All, &[], &[], &["a"]),
                Some("a=1&b=2&%61=3"),
                Some("b=2"),
            ),
            (
                edits(Forward::All, &[("key", ":key")], &[], &[]),
                Some("key=forged&x=1"),
                Some("x=1&key=a%20b%26c"),
            ),
            (
                edits(Forward::All, &[], &[("limit", "20")], &[]),
                Some("x=1"),
                Some("x=1&limit=20"),
            ),
            (
                edits(Forward::All, &[], &[("limit", "20")], &[]),
                Some("limit=5"),
                Some("limit=5"),
            ),
        ];
        for (edits, client, expected) in cases {
            let query = edits.apply(client, |_| "a%20b&c".to_owned());
            assert_eq!(query.as_deref(), expected, "{edits:?}");
        }
    }

    #[test]
    fn the_first_parameter_of_a_name_is_read_decoded() {
        assert_eq!(first("a=1&a=2", "a").as_deref(), Some("1"));
        assert_eq!(first("q=a+b%21", "q").as_deref(), Some("a b!"));
        assert_eq!(first("flag", "flag").as_deref(), Some(""));
        assert_eq!(first("a=1", "b"), None);
    }
}
