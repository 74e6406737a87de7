//! The security headers on every answer, the edge's own and the upstreams' alike.

use super::client_address::Scheme;
use http::{HeaderMap, HeaderName, HeaderValue, header};

/// When `Strict-Transport-Security` is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum HstsOn {
    /// The client came over TLS, here or at a trusted proxy.
    #[default]
    Https,
    Always,
    Never,
}

/// Validated values; an absent one is not sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct SecurityHeaders {
    pub(crate) strict_transport_security: Option<HeaderValue>,
    pub(crate) hsts_on: HstsOn,
    pub(crate) x_content_type_options: Option<HeaderValue>,
    pub(crate) x_frame_options: Option<HeaderValue>,
    pub(crate) x_xss_protection: Option<HeaderValue>,
    pub(crate) referrer_policy: Option<HeaderValue>,
}

impl SecurityHeaders {
    /// Writes them over the upstream's, except where the upstream's own is stricter.
    pub(crate) fn write(&self, scheme: Scheme, answer: &mut HeaderMap) {
        let hsts = match (self.hsts_on, scheme) {
            (HstsOn::Always, _) | (HstsOn::Https, Scheme::Https) => self.strict_transport_security.as_ref(),
            (HstsOn::Never, _) | (HstsOn::Https, Scheme::Http) => None,
        };
        replace(answer, header::STRICT_TRANSPORT_SECURITY, hsts);
        replace(
            answer,
            header::X_CONTENT_TYPE_OPTIONS,
            self.x_content_type_options.as_ref(),
        );
        replace(answer, header::X_XSS_PROTECTION, self.x_xss_protection.as_ref());
        if !has_one_of(answer, &header::X_FRAME_OPTIONS, &["deny"]) {
            replace(answer, header::X_FRAME_OPTIONS, self.x_frame_options.as_ref());
        }
        if !has_one_of(
            answer,
            &header::REFERRER_POLICY,
            &["no-referrer", "same-origin", "strict-origin"],
        ) {
            replace(answer, header::REFERRER_POLICY, self.referrer_policy.as_ref());
        }
    }
}

fn replace(answer: &mut HeaderMap, name: HeaderName, value: Option<&HeaderValue>) {
    if let Some(value) = value {
        answer.insert(name, value.clone());
    }
}

fn has_one_of(answer: &HeaderMap, name: &HeaderName, values: &[&str]) -> bool {
    let sent = answer.get(name).and_then(|value| value.to_str().ok());
    sent.is_some_and(|sent| values.iter().any(|value| sent.eq_ignore_ascii_case(value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn platform() -> SecurityHeaders {
        SecurityHeaders {
            strict_transport_security: Some(HeaderValue::from_static("max-age=1")),
            x_content_type_options: Some(HeaderValue::from_static("nosniff")),
            x_frame_options: Some(HeaderValue::from_static("SAMEORIGIN")),
            referrer_policy: Some(HeaderValue::from_static("strict-origin-when-cross-origin")),
            ..SecurityHeaders::default()
        }
    }

    fn written(policy: &SecurityHeaders, scheme: Scheme, upstream: &[(&'static str, &'static str)]) -> Vec<String> {
        let mut answer = HeaderMap::new();
        for (name, value) in upstream {
            answer.append(*name, HeaderValue::from_static(value));
        }
        policy.write(scheme, &mut answer);
        let mut lines: Vec<String> = answer
            .iter()
            .map(|(n, v)| format!("{n}: {}", v.to_str().expect("ascii")))
            .collect();
        lines.sort();
        lines
    }

    #[test]
    fn hsts_goes_to_https_clients_unless_configured_otherwise() {
        let has_hsts = |hsts_on, scheme| {
            let policy = SecurityHeaders { hsts_on, ..platform() };
            written(&policy, scheme, &[]).contains(&"strict-transport-security: max-age=1".to_owned())
        };
        assert!(has_hsts(HstsOn::Https, Scheme::Https));
        assert!(!has_hsts(HstsOn::Https, Scheme::Http));
        assert!(has_hsts(HstsOn::Always, Scheme::Http));
        assert!(!has_hsts(HstsOn::Never, Scheme::Https));
    }

    #[test]
    fn an_upstreams_stricter_value_is_kept() {
        let kept = written(
            &platform(),
            Scheme::Http,
            &[("x-frame-options", "DENY"), ("referrer-policy", "no-referrer")],
        );
        assert_eq!(
            kept,
            [
                "referrer-policy: no-referrer",
                "x-content-type-options: nosniff",
                "x-frame-options: DENY"
            ]
        );
        let replaced = written(
            &platform(),
            Scheme::Http,
            &[("x-frame-options", "ALLOWALL"), ("referrer-policy", "unsafe-url")],
        );
        assert_eq!(replaced[0], "referrer-policy: strict-origin-when-cross-origin");
        assert_eq!(replaced[2], "x-frame-options: SAMEORIGIN");
    }
}
