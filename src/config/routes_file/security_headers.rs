//! `security_headers`: what every answer carries.

use http::HeaderValue;

use crate::filters::security_headers::{HstsOn, SecurityHeaders};

config_text::record! {
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

config_text::choice! {
    /// `https`: the client came over TLS, here or at a trusted proxy.
    pub(super) enum RawHstsOn {
        Https = "https",
        Always = "always",
        Never = "never",
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
