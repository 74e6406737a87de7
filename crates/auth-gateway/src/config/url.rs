//! Absolute `http` and `https` URLs of other programs, in the clear on loopback alone.

use std::fmt;
use std::net::IpAddr;

use config_text::code;
use config_text::decode::Decode;
use config_text::diagnostic::{Diagnostic, Diagnostics};
use config_text::written::decode_parsed;
use config_text::yaml::Node;
use serde_json::{Value, json};

use super::code::INSECURE_TRANSPORT;

/// An absolute URL: `https`, or `http` to a loopback host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Url(String);

/// The pieces of a URL that rules are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Parts<'t> {
    pub(super) tls: bool,
    /// Without brackets or port, as written.
    pub(super) host: &'t str,
    pub(super) port: Option<u16>,
    /// From the first `/`, `?` or `#` on.
    pub(super) rest: &'t str,
}

impl Url {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Decode for Url {
    const WHAT: &'static str = "a URL";

    fn decode(node: &Node, cx: &mut Diagnostics) -> Option<Self> {
        if holds_credentials(node) {
            let message = "a URL has no user name and password";
            let help = "supply credentials with `{ secret: NAME }` where the section has a key for them";
            cx.push(Diagnostic::error(code::INLINE_SECRET, node.span, message).help(help));
            cx.conceal(node.span);
            return None;
        }
        let (url, exposed) = decode_parsed(node, cx, Self::WHAT, |text| {
            let parts = Parts::parse(text)?;
            Ok((Self(text.to_owned()), !parts.tls && !is_loopback(parts.host)))
        })?;
        if !exposed {
            return Some(url);
        }
        let message = "what is sent here could be read on the way";
        cx.push(
            Diagnostic::error(INSECURE_TRANSPORT, node.span, message).label("must be `https` unless it is loopback"),
        );
        None
    }

    fn schema() -> Value {
        json!({ "type": "string", "pattern": "^https?://" })
    }
}

fn holds_credentials(node: &Node) -> bool {
    let config_text::yaml::Kind::Scalar(scalar) = &node.kind else {
        return false;
    };
    let after_scheme = scalar.text.split_once("://").map_or("", |(_, rest)| rest);
    let authority = after_scheme.split(['/', '?', '#']).next().unwrap_or_default();
    authority.contains('@')
}

impl<'t> Parts<'t> {
    /// On failure, what a URL looks like.
    pub(super) fn parse(text: &'t str) -> Result<Self, String> {
        let complaint = || "write `https://` and a host: `https://hooks.example.org/mail`".to_owned();
        let (scheme, after) = text.split_once("://").ok_or_else(complaint)?;
        let tls = match scheme {
            "https" => true,
            "http" => false,
            _ => return Err(complaint()),
        };
        let authority_end = after.find(['/', '?', '#']).unwrap_or(after.len());
        let (authority, rest) = after.split_at(authority_end);
        let visible = |text: &str| {
            text.bytes()
                .all(|byte| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte))
        };
        let (host, port) = split_port(authority).ok_or_else(complaint)?;
        if is_host(host) && visible(rest) {
            let host = host.trim_start_matches('[').trim_end_matches(']');
            Ok(Self { tls, host, port, rest })
        } else {
            Err(complaint())
        }
    }
}

/// The host, with brackets if it has some, and the port.
fn split_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let end_of_host = authority.find(']').map_or(0, |bracket| bracket + 1);
    match authority[end_of_host..].split_once(':') {
        None => Some((authority, None)),
        Some((name, digits)) => {
            let host = &authority[..end_of_host + name.len()];
            let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
            let port = digits.parse().ok().filter(|_| plain)?;
            Some((host, Some(port)))
        }
    }
}

/// A name of labels, an IPv4 address, or an IPv6 address in brackets.
fn is_host(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[') {
        return address
            .strip_suffix(']')
            .is_some_and(|address| address.parse::<std::net::Ipv6Addr>().is_ok());
    }
    is_host_name(host)
}

/// Labels of letters, digits and dashes between dots (RFC 1123 section 2.1).
pub(super) fn is_host_name(name: &str) -> bool {
    let label = |label: &str| {
        let letters = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        (1..=63).contains(&label.len()) && letters && !label.starts_with('-') && !label.ends_with('-')
    };
    name.len() <= 253 && name.split('.').all(label)
}

/// Whether what is sent to this host stays on this machine.
pub(super) fn is_loopback(host: &str) -> bool {
    let name = host.eq_ignore_ascii_case("localhost");
    name || host
        .parse::<IpAddr>()
        .is_ok_and(|address| address.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::{Parts, is_loopback};

    #[test]
    fn a_url_is_taken_apart() {
        let parts = |text| Parts::parse(text).map(|parts| (parts.tls, parts.host, parts.port, parts.rest));
        assert_eq!(parts("https://a.example.org"), Ok((true, "a.example.org", None, "")));
        assert_eq!(parts("http://[::1]:4000/x?y"), Ok((false, "::1", Some(4000), "/x?y")));
        assert_eq!(parts("https://127.0.0.1:1#z"), Ok((true, "127.0.0.1", Some(1), "#z")));
    }

    #[test]
    fn what_is_no_url_is_refused() {
        let bad = [
            "",
            "a.example.org",
            "ftp://a.example.org",
            "https://",
            "https:///x",
            "https://a..b",
            "https://-a.b",
            "https://a:b",
            "https://a:99999",
            "https://a:+1",
            "https://[::1",
            "https://[x]",
            "https://a b",
            "https://a/ b",
            "https://a/\u{e9}",
            "HTTPS://a",
            "https://u:p@a",
        ];
        for text in bad {
            assert!(Parts::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn loopback_is_a_matter_of_the_address() {
        for host in [
            "127.0.0.1",
            "127.8.9.1",
            "::1",
            "localhost",
            "LOCALHOST",
            "::ffff:127.0.0.1",
        ] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["10.0.0.1", "localhost.example.org", "0.0.0.0", "a.example.org"] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
