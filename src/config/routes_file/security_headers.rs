//! `security_headers`: what every answer carries.

use serde_json::{Value, json};

use crate::config::decode::{Decode, choice, record};
use crate::config::written::is_substituted;
use crate::config::yaml::Node;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::filters::security_headers::{HstsOn, SecurityHeaders};
use http::HeaderValue;

record! {
    /// Headers of every answer, the edge's own and the upstreams'. One that is absent here is not touched.
    pub(super) struct RawSecurityHeaders as "the `security_headers` section" {
        /// The value of `Strict-Transport-Security`.
        strict_transport_security: optional HeaderValue,
        /// When it is sent.
        hsts_on: default("https") RawHstsOn,
        /// The value of `X-Content-Type-Options`.
        x_content_type_options: optional HeaderValue,
        /// The value of `X-Frame-Options`; an upstream's stricter `DENY` is kept.
        x_frame_options: optional HeaderValue,
        /// The value of `X-XSS-Protection`.
        x_xss_protection: optional HeaderValue,
        /// The value of `Referrer-Policy`; an upstream's stricter one is kept.
        referrer_policy: optional HeaderValue,
    }
}

choice! {
    /// `https`: the client came over TLS, here or at a trusted proxy.
    pub(super) enum RawHstsOn {
        Https = "https",
        Always = "always",
        Never = "never",
    }
}

impl Decode for HeaderValue {
    const WHAT: &'static str = "a header value";

    fn decode(node: &Node, cx: &mut Diagnostics) -> Option<Self> {
        let text = String::decode(node, cx)?;
        if let Ok(value) = Self::from_str(&text) {
            return Some(value);
        }
        let message = match is_substituted(node) {
            true => "with its variables filled in, this is not a header value".to_owned(),
            false => format!("`{}` is not a header value", text.escape_debug()),
        };
        let label = "a header value is visible ASCII characters, spaces and tabs";
        cx.push(Diagnostic::error(Code::InvalidValue, node.span, message).label(label));
        None
    }

    fn schema() -> Value {
        json!({ "type": "string" })
    }
}

pub(super) fn security_headers(raw: Option<RawSecurityHeaders>) -> SecurityHeaders {
    let Some(raw) = raw else {
        return SecurityHeaders::default();
    };
    SecurityHeaders {
        strict_transport_security: raw.strict_transport_security,
        hsts_on: match raw.hsts_on {
            RawHstsOn::Https => HstsOn::Https,
            RawHstsOn::Always => HstsOn::Always,
            RawHstsOn::Never => HstsOn::Never,
        },
        x_content_type_options: raw.x_content_type_options,
        x_frame_options: raw.x_frame_options,
        x_xss_protection: raw.x_xss_protection,
        referrer_policy: raw.referrer_policy,
    }
}
