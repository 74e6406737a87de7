//! Cross-origin resource sharing (Fetch standard), and the refusal of other sites' requests that ride on a cookie.

use super::cookies::{SESSION_COOKIE, cookie_values};
use super::error::Refusal;
use super::request_id::X_REQUEST_ID;
use crate::config::origin::OriginPattern;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use std::sync::Arc;

const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE";
/// What clients in the field send.
const REQUEST_HEADERS: &str = "Authorization, Content-Type, X-API-Key, apikey, X-Project-Scope, X-Auth-Method, \
    X-Request-ID, X-Requested-With, X-Transport-Mode, X-Organization-ID, X-Client-Info, X-Client-Version, X-CSRF-Token, \
    X-Session-ID, Client-Id, X-MCP-Auth, Idempotency-Key, Last-Event-ID, X-Lanonasis-Timestamp, X-Lanonasis-Nonce, \
    X-Lanonasis-Content-Sha256, X-Lanonasis-Signature, X-Lanonasis-Client-Id, X-Lanonasis-Installation-Id, \
    X-Lanonasis-Audience";
const EXPOSED: &str = "X-Request-ID, Retry-After, RateLimit, RateLimit-Policy, WWW-Authenticate";
const MAX_AGE: &str = "600";
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What the policy says about a request's `Origin`; a request extension, for endpoints that set cookies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OriginVerdict {
    /// No browser's script on another origin asks.
    NotCrossOrigin,
    Allowed,
    Refused,
}

/// The allowed origins. All of them may send credentials: `*` does not exist here.
#[derive(Debug, Clone, Default)]
pub struct CorsPolicy {
    origins: Vec<OriginPattern>,
}

impl CorsPolicy {
    /// The gateway's own origin belongs in the list too.
    pub fn new(origins: Vec<OriginPattern>) -> Self {
        Self { origins }
    }

    /// Several `Origin` lines, `null` and anything not ASCII are refused.
    fn verdict(&self, request: &HeaderMap) -> OriginVerdict {
        let mut lines = request.get_all(header::ORIGIN).iter();
        match (lines.next().map(HeaderValue::to_str), lines.next()) {
            (None, _) if request.get(SEC_FETCH_SITE).is_some_and(|site| site == "cross-site") => OriginVerdict::Refused,
            (None, _) => OriginVerdict::NotCrossOrigin,
            (Some(Ok(origin)), None) if self.origins.iter().any(|pattern| pattern.matches(origin)) => {
                OriginVerdict::Allowed
            }
            (Some(_), _) => OriginVerdict::Refused,
        }
    }
}

/// Answers preflights, stops foreign requests that carry the session cookie, dresses every other answer, errors too.
pub(crate) async fn cors(State(policy): State<Arc<CorsPolicy>>, mut request: Request, next: Next) -> Response {
    let verdict = policy.verdict(request.headers());
    let origin = request.headers().get(header::ORIGIN).cloned();
    let mut response = if is_preflight(&request) {
        preflight(verdict)
    } else if verdict == OriginVerdict::Refused && rides_on_a_cookie(&request) {
        Refusal::OriginNotAllowed.into_response()
    } else {
        request.extensions_mut().insert(verdict);
        next.run(request).await
    };
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    if let (OriginVerdict::Allowed, Some(origin)) = (verdict, origin) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(
            header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
            HeaderValue::from_static("true"),
        );
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
    }
    response
}

fn is_preflight(request: &Request) -> bool {
    let has = |name| request.headers().contains_key(name);
    *request.method() == Method::OPTIONS && has(header::ORIGIN) && has(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// `SameSite=None` cookies come with forms of any site, which no preflight asks about.
fn rides_on_a_cookie(request: &Request) -> bool {
    !request.method().is_safe() && cookie_values(request.headers(), SESSION_COOKIE).next().is_some()
}

fn preflight(verdict: OriginVerdict) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    if verdict == OriginVerdict::Allowed {
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(METHODS));
        headers.insert(
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            HeaderValue::from_static(REQUEST_HEADERS),
        );
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(MAX_AGE));
    }
    debug_assert!(REQUEST_HEADERS.to_ascii_lowercase().contains(X_REQUEST_ID.as_str()));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_exact_or_one_label() {
        let parse = |text| OriginPattern::parse(text).expect("an origin");
        let policy = CorsPolicy::new(vec![parse("https://app.example.org"), parse("https://*.example.net")]);
        let cases = [
            ("https://app.example.org", true),
            ("http://app.example.org", false),
            ("https://app.example.org:8443", false),
            ("https://app.example.org.evil.example", false),
            ("https://x.example.net", true),
            ("https://x.y.example.net", false),
            ("https://.example.net", false),
            ("https://evil.example/.example.net", false),
            ("https://example.net", false),
            ("null", false),
        ];
        for (origin, allowed) in cases {
            let headers = HeaderMap::from_iter([(header::ORIGIN, HeaderValue::from_static(origin))]);
            assert_eq!(policy.verdict(&headers) == OriginVerdict::Allowed, allowed, "{origin}");
        }
    }
}
