//! The issuer: the one name by which tokens, metadata and links call this program (RFC 8414 section 2). It is configured, never
//! taken from a request.

use std::fmt;
use std::net::SocketAddr;

use config_text::decode::Decode;
use config_text::diagnostic::{Diagnostic, Diagnostics};
use config_text::written::decode_parsed;
use config_text::yaml::Node;
use serde_json::{Value, json};

use super::code::INSECURE_ISSUER;
use super::url::{Parts, is_loopback};

/// `https://host`, perhaps with a port and a path, without a slash at the end; `http` on loopback alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Issuer {
    text: String,
    tls: bool,
}

impl Issuer {
    /// The issuer of a server that only this machine can reach.
    pub(crate) fn of_listener(address: SocketAddr) -> Self {
        Self {
            text: format!("http://{address}"),
            tls: false,
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether browsers reach it over TLS.
    pub(crate) fn is_secure(&self) -> bool {
        self.tls
    }

    /// Whether only this machine can reach it.
    pub(crate) fn is_loopback(&self) -> bool {
        is_loopback(self.host())
    }

    /// Without port or brackets.
    pub(crate) fn host(&self) -> &str {
        Parts::parse(&self.text).map_or("", |parts| parts.host)
    }

    /// `scheme://host:port`, as browsers say it in `Origin`.
    pub(crate) fn origin(&self) -> &str {
        let path = Parts::parse(&self.text).map_or(0, |parts| parts.rest.len());
        &self.text[..self.text.len() - path]
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Decode for Issuer {
    const WHAT: &'static str = "an issuer";

    fn decode(node: &Node, cx: &mut Diagnostics) -> Option<Self> {
        let issuer = decode_parsed(node, cx, Self::WHAT, parse)?;
        if issuer.tls || issuer.is_loopback() {
            return Some(issuer);
        }
        let message = "tokens and passwords would cross the network in the clear";
        cx.push(
            Diagnostic::error(INSECURE_ISSUER, node.span, message)
                .label("must be `https` unless it is loopback")
                .help("write the URL that clients use, which may end TLS before this program"),
        );
        None
    }

    fn schema() -> Value {
        json!({ "type": "string", "pattern": "^https?://.*[^/]$" })
    }
}

fn parse(text: &str) -> Result<Issuer, String> {
    let parts =
        Parts::parse(text).map_err(|_| "write the URL that clients use: `https://auth.example.org`".to_owned())?;
    let problem = match parts.rest {
        rest if rest.contains(['?', '#']) => "an issuer has no query and no fragment",
        rest if rest.ends_with('/') => "an issuer has no slash at its end: clients compare it byte by byte",
        _ if parts.host.bytes().any(|byte| byte.is_ascii_uppercase()) => {
            "its host is written in lower case: clients compare it byte by byte"
        }
        _ if matches!((parts.tls, parts.port), (true, Some(443)) | (false, Some(80))) => "leave the default port out",
        _ => {
            return Ok(Issuer {
                text: text.to_owned(),
                tls: parts.tls,
            });
        }
    };
    Err(problem.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{Issuer, parse};

    #[test]
    fn an_issuer_is_one_exact_text() {
        for text in [
            "https://auth.example.org",
            "https://example.org/auth",
            "http://127.0.0.1:4000",
            "https://[2001:db8::1]:8443",
        ] {
            assert_eq!(parse(text).map(|issuer| issuer.to_string()), Ok(text.to_owned()));
        }
        let bad = [
            "auth.example.org",
            "https://auth.example.org/",
            "https://auth.example.org/x/",
            "https://auth.example.org?x",
            "https://Auth.example.org",
            "https://auth.example.org:443",
            "http://localhost:80",
            "https://auth.example.org#x",
        ];
        for text in bad {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_origin_of_an_issuer_has_no_path() {
        assert_eq!(
            parse("https://example.org:8443/auth").unwrap().origin(),
            "https://example.org:8443"
        );
        assert_eq!(parse("http://[::1]:4000").unwrap().host(), "::1");
    }

    #[test]
    fn a_listener_on_loopback_is_its_own_issuer() {
        let issuer = Issuer::of_listener("[::1]:4000".parse().unwrap());
        assert_eq!(
            (issuer.as_str(), issuer.is_secure(), issuer.is_loopback()),
            ("http://[::1]:4000", false, true)
        );
    }
}
