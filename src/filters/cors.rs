//! Cross-origin resource sharing (Fetch standard): preflights are answered here, upstreams' own headers replaced.

use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use std::time::Duration;

const ACCESS_CONTROL: &str = "access-control-";

/// One allowed origin: exact, or with a wildcard for one host label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum OriginPattern {
    Exact(String),
    /// `prefix` is `https://`, `suffix` is `.example.org` with its port, if any.
    OneLabel {
        prefix: String,
        suffix: String,
    },
}

impl OriginPattern {
    /// Parses `https://app.example.org` or `https://*.example.org`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (scheme, authority) = text
            .split_once("://")
            .ok_or_else(|| "an origin is `scheme://host[:port]`".to_owned())?;
        if !matches!(scheme, "http" | "https") {
            return Err(format!("an origin's scheme is http or https, not `{scheme}`"));
        }
        let host = authority.strip_prefix("*.").unwrap_or(authority);
        let valid = |byte: u8| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.' | b':' | b'[' | b']')
        };
        if host.is_empty() || !host.bytes().all(valid) {
            return Err(
                "an origin is a lower-case host with an optional port, without a path; `*.` may stand for one label"
                    .to_owned(),
            );
        }
        let default_port = if scheme == "http" { ":80" } else { ":443" };
        if host.ends_with(default_port) {
            return Err(format!(
                "browsers leave the default port out: write the origin without `{default_port}`"
            ));
        }
        Ok(match authority.strip_prefix('*') {
            Some(suffix) => Self::OneLabel {
                prefix: format!("{scheme}://"),
                suffix: suffix.to_owned(),
            },
            None => Self::Exact(text.to_owned()),
        })
    }

    fn matches(&self, origin: &str) -> bool {
        match self {
            Self::Exact(exact) => exact == origin,
            Self::OneLabel { prefix, suffix } => {
                let label = origin
                    .strip_prefix(prefix.as_str())
                    .and_then(|rest| rest.strip_suffix(suffix.as_str()));
                label.is_some_and(|label| {
                    !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                })
            }
        }
    }
}

/// A request header a preflight may ask for: a name, or a prefix when written with a trailing `*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AllowedHeader {
    Name(String),
    Prefix(String),
}

/// A validated CORS policy, its constant header values made once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CorsPolicy {
    origins: Vec<OriginPattern>,
    credentials: bool,
    methods: HeaderValue,
    header_names: String,
    header_prefixes: Vec<String>,
    expose: Option<HeaderValue>,
    max_age: HeaderValue,
}

/// What a policy is made of.
#[derive(Debug, Clone, Default)]
pub(crate) struct CorsSettings {
    pub(crate) origins: Vec<OriginPattern>,
    pub(crate) methods: Vec<String>,
    pub(crate) request_headers: Vec<AllowedHeader>,
    pub(crate) expose: Vec<String>,
    pub(crate) credentials: bool,
    pub(crate) max_age: Duration,
}

/// What the policy says about a request's `Origin`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The request has no `Origin`: not a cross-origin request of a browser.
    NotCors,
    Allowed,
    Refused,
}

impl CorsPolicy {
    pub(crate) fn new(settings: CorsSettings) -> Self {
        let mut header_names = Vec::new();
        let mut header_prefixes = Vec::new();
        for allowed in settings.request_headers {
            match allowed {
                AllowedHeader::Name(name) => header_names.push(name),
                AllowedHeader::Prefix(prefix) => header_prefixes.push(prefix.to_ascii_lowercase()),
            }
        }
        Self {
            origins: settings.origins,
            credentials: settings.credentials,
            methods: list_value(&settings.methods),
            header_names: header_names.join(", "),
            header_prefixes,
            expose: (!settings.expose.is_empty()).then(|| list_value(&settings.expose)),
            max_age: HeaderValue::from(settings.max_age.as_secs()),
        }
    }

    /// The same policy with more origins.
    pub(crate) fn with_origins(&self, more: &[OriginPattern]) -> Self {
        let mut wider = self.clone();
        wider.origins.extend(more.iter().cloned());
        wider
    }

    /// Several `Origin` lines, `null` and anything not ASCII are refused.
    pub(crate) fn verdict(&self, request: &HeaderMap) -> Verdict {
        let mut lines = request.get_all(header::ORIGIN).iter();
        let Some(origin) = lines.next() else {
            return Verdict::NotCors;
        };
        let allowed = lines.next().is_none()
            && origin
                .to_str()
                .is_ok_and(|origin| self.origins.iter().any(|pattern| pattern.matches(origin)));
        if allowed { Verdict::Allowed } else { Verdict::Refused }
    }

    /// Replaces the answer's CORS headers. `Vary: Origin` is always there, allowed or not.
    pub(crate) fn write_headers(&self, request: &HeaderMap, answer: &mut HeaderMap) {
        remove_cors_headers(answer);
        vary_by_origin(answer);
        if self.verdict(request) != Verdict::Allowed {
            return;
        }
        if let Some(origin) = request.get(header::ORIGIN) {
            answer.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        }
        if self.credentials {
            answer.insert(
                header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
                HeaderValue::from_static("true"),
            );
        }
        if let Some(expose) = &self.expose {
            answer.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, expose.clone());
        }
    }

    /// Adds what a preflight asks for, after `write_headers`.
    pub(crate) fn write_preflight_headers(&self, request: &HeaderMap, answer: &mut HeaderMap) {
        answer.remove(header::ACCESS_CONTROL_EXPOSE_HEADERS);
        if self.verdict(request) != Verdict::Allowed {
            return;
        }
        answer.insert(header::ACCESS_CONTROL_ALLOW_METHODS, self.methods.clone());
        answer.insert(header::ACCESS_CONTROL_MAX_AGE, self.max_age.clone());
        let allowed = self.allowed_headers(request);
        if let (false, Ok(allowed)) = (allowed.is_empty(), HeaderValue::try_from(allowed)) {
            answer.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, allowed);
        }
    }

    /// All names of the policy, and those asked for that one of its prefixes admits.
    fn allowed_headers(&self, request: &HeaderMap) -> String {
        let asked = request
            .get(header::ACCESS_CONTROL_REQUEST_HEADERS)
            .and_then(|value| value.to_str().ok());
        let by_prefix = asked
            .into_iter()
            .flat_map(|asked| asked.split(','))
            .map(str::trim)
            .filter(|name| self.admits_by_prefix(name));
        let names = std::iter::once(self.header_names.as_str()).filter(|names| !names.is_empty());
        names.chain(by_prefix).collect::<Vec<_>>().join(", ")
    }

    fn admits_by_prefix(&self, name: &str) -> bool {
        let lower = name.to_ascii_lowercase();
        HeaderName::from_bytes(lower.as_bytes()).is_ok()
            && self.header_prefixes.iter().any(|prefix| lower.starts_with(prefix))
    }
}

/// An `OPTIONS` with `Origin` and `Access-Control-Request-Method`; any other `OPTIONS` is an ordinary request.
pub(crate) fn is_preflight(method: &Method, headers: &HeaderMap) -> bool {
    *method == Method::OPTIONS
        && headers.contains_key(header::ORIGIN)
        && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// For routes without CORS: an upstream's own headers still do not pass.
pub(crate) fn remove_cors_headers(answer: &mut HeaderMap) {
    let theirs: Vec<HeaderName> = answer
        .keys()
        .filter(|name| name.as_str().starts_with(ACCESS_CONTROL))
        .cloned()
        .collect();
    for name in theirs {
        answer.remove(name);
    }
}

pub(crate) fn vary_by_origin(answer: &mut HeaderMap) {
    let names_origin = |line: &HeaderValue| {
        let names = line.to_str().unwrap_or_default().split(',');
        names
            .map(str::trim)
            .any(|name| name == "*" || name.eq_ignore_ascii_case("origin"))
    };
    if !answer.get_all(header::VARY).iter().any(names_origin) {
        answer.append(header::VARY, HeaderValue::from_static("Origin"));
    }
}

fn list_value(names: &[String]) -> HeaderValue {
    HeaderValue::try_from(names.join(", ")).unwrap_or_else(|_| HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy() -> CorsPolicy {
        let origin = |text| OriginPattern::parse(text).expect("a valid origin");
        CorsPolicy::new(CorsSettings {
            origins: vec![
                origin("https://app.example"),
                origin("https://*.example.org"),
                origin("http://localhost:3000"),
            ],
            methods: vec!["GET".into(), "POST".into()],
            request_headers: vec![
                AllowedHeader::Name("Authorization".into()),
                AllowedHeader::Prefix("X-Lanonasis-".into()),
            ],
            expose: vec!["X-Request-ID".into()],
            credentials: true,
            max_age: Duration::from_secs(7200),
        })
    }

    fn request(pairs: &[(HeaderName, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.clone(), HeaderValue::from_static(value)))
            .collect()
    }

    fn lines(response: &HeaderMap) -> Vec<String> {
        let mut lines: Vec<String> = response
            .iter()
            .map(|(n, v)| format!("{n}: {}", v.to_str().expect("ascii")))
            .collect();
        lines.sort();
        lines
    }

    #[test]
    fn origins_match_exactly_or_by_one_label() {
        let cases = [
            ("https://app.example", Verdict::Allowed),
            ("https://a.example.org", Verdict::Allowed),
            ("http://localhost:3000", Verdict::Allowed),
            ("https://example.org", Verdict::Refused),
            ("https://a.b.example.org", Verdict::Refused),
            ("https://evil.com/.example.org", Verdict::Refused),
            ("https://.example.org", Verdict::Refused),
            ("https://a.example.org.evil.com", Verdict::Refused),
            ("https://a.example.org:8443", Verdict::Refused),
            ("http://app.example", Verdict::Refused),
            ("http://localhost:3001", Verdict::Refused),
            ("null", Verdict::Refused),
        ];
        for (origin, expected) in cases {
            assert_eq!(
                policy().verdict(&request(&[(header::ORIGIN, origin)])),
                expected,
                "{origin}"
            );
        }
        assert_eq!(policy().verdict(&HeaderMap::new()), Verdict::NotCors);
    }

    #[test]
    fn an_allowed_origin_gets_one_value_and_the_upstreams_headers_go() {
        let mut response = HeaderMap::new();
        for (name, value) in [
            ("access-control-allow-origin", "*"),
            ("access-control-allow-private-network", "true"),
            ("vary", "Accept-Encoding"),
        ] {
            response.append(name, HeaderValue::from_static(value));
        }
        policy().write_headers(&request(&[(header::ORIGIN, "https://app.example")]), &mut response);
        assert_eq!(
            lines(&response),
            [
                "access-control-allow-credentials: true",
                "access-control-allow-origin: https://app.example",
                "access-control-expose-headers: X-Request-ID",
                "vary: Accept-Encoding",
                "vary: Origin",
            ]
        );
    }

    #[test]
    fn a_refused_origin_gets_vary_only() {
        let mut response = HeaderMap::new();
        policy().write_headers(&request(&[(header::ORIGIN, "https://evil.example")]), &mut response);
        assert_eq!(lines(&response), ["vary: Origin"]);
    }

    #[test]
    fn a_preflight_lists_methods_and_admits_headers_by_prefix() {
        let asked = request(&[
            (header::ORIGIN, "https://app.example"),
            (header::ACCESS_CONTROL_REQUEST_METHOD, "POST"),
            (header::ACCESS_CONTROL_REQUEST_HEADERS, "x-lanonasis-nonce, x-other"),
        ]);
        assert!(is_preflight(&Method::OPTIONS, &asked));
        let mut response = HeaderMap::new();
        policy().write_headers(&asked, &mut response);
        policy().write_preflight_headers(&asked, &mut response);
        assert_eq!(
            lines(&response),
            [
                "access-control-allow-credentials: true",
                "access-control-allow-headers: Authorization, x-lanonasis-nonce",
                "access-control-allow-methods: GET, POST",
                "access-control-allow-origin: https://app.example",
                "access-control-max-age: 7200",
                "vary: Origin",
            ]
        );
    }

    #[test]
    fn bad_origins_say_what_is_wrong() {
        for (text, problem) in [
            ("app.example", "scheme://host"),
            ("ftp://a", "http or https"),
            ("https://a/", "without a path"),
            ("https://A.example", "lower-case"),
            ("https://a:443", "without `:443`"),
            ("https://*", "one label"),
        ] {
            let error = OriginPattern::parse(text).expect_err(text);
            assert!(error.contains(problem), "{text}: {error}");
        }
    }
}
