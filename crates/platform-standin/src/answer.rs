//! Answers of the stand-ins, from the few shapes that the platform's upstreams use.

use std::convert::Infallible;

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE, HeaderName};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use serde::Serialize;
use serde_json::json;

pub(crate) type Body = BoxBody<Bytes, Infallible>;
pub(crate) type Answer = Response<Body>;

pub(crate) fn ok(value: impl Serialize) -> Answer {
    status(StatusCode::OK, value)
}

pub(crate) fn created(value: impl Serialize) -> Answer {
    status(StatusCode::CREATED, value)
}

pub(crate) fn status(status: StatusCode, value: impl Serialize) -> Answer {
    let body = serde_json::to_vec(&value).expect("strings, numbers and lists are valid JSON");
    let mut answer = Response::new(full(body));
    *answer.status_mut() = status;
    with(answer, CONTENT_TYPE, "application/json")
}

/// The shape of most of the platform's errors: a text for people and a code for programs.
pub(crate) fn error(code: StatusCode, text: &str, name: &str) -> Answer {
    status(code, json!({ "error": text, "code": name }))
}

pub(crate) fn method_not_allowed(method: &http::Method, allowed: &[&str]) -> Answer {
    let text = format!("Method {method} is not allowed");
    let answer = error(StatusCode::METHOD_NOT_ALLOWED, &text, "VALIDATION_ERROR");
    with(answer, ALLOW, &allowed.join(", "))
}

pub(crate) fn html(title: &str, content: &str) -> Answer {
    let page = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title></head>\n<body><h1>{title}</h1>\n{content}\n</body></html>\n"
    );
    with(Response::new(full(page)), CONTENT_TYPE, "text/html; charset=utf-8")
}

pub(crate) fn found(location: &str) -> Answer {
    let mut answer = Response::new(full(""));
    *answer.status_mut() = StatusCode::FOUND;
    with(answer, http::header::LOCATION, location)
}

pub(crate) fn with(mut answer: Answer, name: HeaderName, value: &str) -> Answer {
    let value = HeaderValue::from_bytes(value.as_bytes())
        .expect("a value written here, or taken from a header or a path, fits a header");
    answer.headers_mut().append(name, value);
    answer
}

pub(crate) fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).boxed()
}

/// Now, as RFC 3339 in UTC.
pub(crate) fn timestamp() -> String {
    format!("{:.3}", jiff::Timestamp::now())
}
