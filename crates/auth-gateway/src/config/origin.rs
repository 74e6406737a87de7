//! Origins as browsers write them (RFC 6454 section 6.2), exact or with one free label: whose pages may call with credentials, and
//! where a browser may be sent.

use config_text::decode::Decode;
use config_text::diagnostic::{Diagnostic, Diagnostics};
use config_text::written::decode_parsed;
use config_text::yaml::Node;
use serde_json::{Value, json};

use super::code::INSECURE_TRANSPORT;
use super::url::{Parts, is_loopback};

/// `https://app.example.org`, or `https://*.example.org` for one label in place of the star.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OriginPattern {
    Exact(String),
    OneLabel {
        /// `https://`.
        scheme: String,
        /// `.example.org`, with its port if it has one.
        suffix: String,
    },
}

/// Why a text names no origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidOrigin {
    #[error("an origin is `http://` or `https://` and a host: `https://app.example.org`")]
    Scheme,
    #[error("an origin is a lower-case host with an optional port, without a path; `*.` may stand for one label")]
    Host,
    #[error("browsers leave the default port out of an origin")]
    DefaultPort,
    #[error("`*` stands before at least two labels: `https://*.example.org`")]
    TooWide,
}

impl OriginPattern {
    /// Parses `https://app.example.org` or `https://*.example.org`.
    ///
    /// # Errors
    /// When no browser would write it, or it stands for hosts of anyone.
    pub fn parse(text: &str) -> Result<Self, InvalidOrigin> {
        if !text.starts_with("http://") && !text.starts_with("https://") {
            return Err(InvalidOrigin::Scheme);
        }
        let concrete = text.replacen("://*.", "://x.", 1);
        let parts = Parts::parse(&concrete).map_err(|_| InvalidOrigin::Host)?;
        if !parts.rest.is_empty() || parts.host.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(InvalidOrigin::Host);
        }
        if matches!((parts.tls, parts.port), (true, Some(443)) | (false, Some(80))) {
            return Err(InvalidOrigin::DefaultPort);
        }
        let Some((scheme, suffix)) = text.split_once('*') else {
            return Ok(Self::Exact(text.to_owned()));
        };
        // Below a top-level domain anyone can have a host.
        if parts.host.split('.').count() < 3 {
            return Err(InvalidOrigin::TooWide);
        }
        Ok(Self::OneLabel {
            scheme: scheme.to_owned(),
            suffix: suffix.to_owned(),
        })
    }

    /// Whether it is the origin that a browser wrote.
    pub(crate) fn matches(&self, origin: &str) -> bool {
        match self {
            Self::Exact(exact) => exact == origin,
            Self::OneLabel { scheme, suffix } => {
                let rest = origin.strip_prefix(scheme.as_str());
                let label = rest.and_then(|rest| rest.strip_suffix(suffix.as_str()));
                let of_a_label = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
                label.is_some_and(|label| !label.is_empty() && label.bytes().all(of_a_label))
            }
        }
    }

    fn crosses_the_network_in_the_clear(&self) -> bool {
        match self {
            Self::Exact(text) => Parts::parse(text).is_ok_and(|parts| !parts.tls && !is_loopback(parts.host)),
            Self::OneLabel { scheme, .. } => scheme == "http://",
        }
    }
}

impl Decode for OriginPattern {
    const WHAT: &'static str = "an origin";

    fn decode(node: &Node, cx: &mut Diagnostics) -> Option<Self> {
        let pattern = decode_parsed(node, cx, Self::WHAT, |text| {
            Self::parse(text).map_err(|problem| problem.to_string())
        })?;
        if !pattern.crosses_the_network_in_the_clear() {
            return Some(pattern);
        }
        let message = "anyone on the way could write the pages of this origin";
        cx.push(
            Diagnostic::error(INSECURE_TRANSPORT, node.span, message).label("must be `https` unless it is loopback"),
        );
        None
    }

    fn schema() -> Value {
        json!({ "type": "string", "pattern": "^https?://" })
    }
}

#[cfg(test)]
mod tests {
    use super::{InvalidOrigin, OriginPattern};

    #[test]
    fn an_origin_is_matched_byte_by_byte_but_for_one_label() {
        let cases = [
            ("https://app.example.org", "https://app.example.org", true),
            ("https://app.example.org", "https://app.example.org:8443", false),
            ("https://app.example.org", "http://app.example.org", false),
            ("https://*.example.org", "https://app.example.org", true),
            ("https://*.example.org", "https://example.org", false),
            ("https://*.example.org", "https://a.b.example.org", false),
            ("https://*.example.org", "https://.example.org", false),
            ("https://*.example.org", "https://evil.test/.example.org", false),
            ("https://*.example.org:8443", "https://app.example.org:8443", true),
            ("http://localhost:3000", "http://localhost:3000", true),
        ];
        for (pattern, origin, expected) in cases {
            assert_eq!(
                OriginPattern::parse(pattern).unwrap().matches(origin),
                expected,
                "{pattern} {origin}"
            );
        }
    }

    #[test]
    fn what_no_browser_would_send_is_no_origin() {
        let cases = [
            ("*", InvalidOrigin::Scheme),
            ("null", InvalidOrigin::Scheme),
            ("app.example.org", InvalidOrigin::Scheme),
            ("ftp://app.example.org", InvalidOrigin::Scheme),
            ("https://app.example.org/", InvalidOrigin::Host),
            ("https://App.example.org", InvalidOrigin::Host),
            ("https://a.*.example.org", InvalidOrigin::Host),
            ("https://*", InvalidOrigin::Host),
            ("https://*.*.example.org", InvalidOrigin::Host),
            ("https://a*.example.org", InvalidOrigin::Host),
            ("https://u@app.example.org", InvalidOrigin::Host),
            ("https://app.example.org:443", InvalidOrigin::DefaultPort),
            ("http://localhost:80", InvalidOrigin::DefaultPort),
            ("https://*.org", InvalidOrigin::TooWide),
        ];
        for (text, expected) in cases {
            assert_eq!(OriginPattern::parse(text), Err(expected), "{text}");
        }
    }
}
