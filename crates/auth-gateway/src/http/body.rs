//! Request bodies: JSON objects and forms, read within bounds into one typed value.
//!
//! Clients send either to every endpoint. What can't be read is refused here, by field where a field is at fault; a value
//! that was sent is never repeated, since it may be a password.

mod form;
mod strict_json;

use super::error::Refusal;
use super::urlencoded::TWICE;
use axum::body::Body;
use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use http::{HeaderMap, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::DeserializeOwned;
use std::time::Duration;

/// The bounds of a request body.
#[derive(Debug, Clone, Copy)]
pub struct BodyLimits {
    /// Bytes of the whole body.
    pub bytes: usize,
    /// Objects and arrays inside each other.
    pub depth: usize,
    /// Members, items and form fields in all.
    pub items: usize,
    /// From the request's head to the body's last byte.
    pub time: Duration,
}

impl Default for BodyLimits {
    fn default() -> Self {
        Self {
            bytes: 100 * 1024,
            depth: 16,
            items: 2_000,
            time: Duration::from_secs(10),
        }
    }
}

/// A body that must be there: an object or a form with the fields of `T`.
#[derive(Debug)]
pub struct Fields<T>(pub T);

/// A body that may be missing, which is the same as an empty object.
#[derive(Debug)]
pub struct OptionalFields<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Fields<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        read(request).await?.ok_or(Refusal::BodyMissing).map(Self)
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for OptionalFields<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        match read(request).await {
            Ok(Some(fields)) => Ok(Self(fields)),
            Ok(None) | Err(Refusal::BodyMissing) => strict_json::typed(b"{}", &BodyLimits::default()).map(Self),
            Err(refusal) => Err(refusal),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Json,
    Form,
}

/// `None` where no body came.
async fn read<T: DeserializeOwned>(request: Request) -> Result<Option<T>, Refusal> {
    let limits = request.extensions().get::<BodyLimits>().copied().unwrap_or_default();
    let format = format(request.headers());
    let bytes = collect(request, &limits).await?;
    if bytes.trim_ascii().is_empty() {
        return Ok(None);
    }
    match format? {
        Format::Json => strict_json::typed(&bytes, &limits).map(Some),
        Format::Form => form::typed(&bytes, &limits).map(Some),
    }
}

async fn collect(request: Request, limits: &BodyLimits) -> Result<Bytes, Refusal> {
    let too_large = Refusal::BodyTooLarge { limit: limits.bytes };
    if announced_length(request.headers()).is_some_and(|length| length > limits.bytes) {
        return Err(too_large);
    }
    let body: Limited<Body> = Limited::new(request.into_body(), limits.bytes);
    match tokio::time::timeout(limits.time, body.collect()).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large),
        Ok(Err(_)) => Err(Refusal::BodyMalformed("The request body broke off".to_owned())),
        Err(_) => Err(Refusal::BodyTooSlow),
    }
}

fn announced_length(headers: &HeaderMap) -> Option<usize> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn format(headers: &HeaderMap) -> Result<Format, Refusal> {
    let plain = headers
        .get(header::CONTENT_ENCODING)
        .is_none_or(|encoding| encoding.as_bytes().eq_ignore_ascii_case(b"identity"));
    let mut lines = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(line), None, true) = (lines.next(), lines.next(), plain) else {
        return Err(Refusal::UnsupportedMediaType);
    };
    let text = line.to_str().map_err(|_| Refusal::UnsupportedMediaType)?;
    let (media_type, parameters) = text.split_once(';').unwrap_or((text, ""));
    let charset = parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.trim().split_once('=')?;
        name.eq_ignore_ascii_case("charset").then(|| value.trim_matches('"'))
    });
    if charset.is_some_and(|charset| !charset.eq_ignore_ascii_case("utf-8")) {
        return Err(Refusal::UnsupportedMediaType);
    }
    match media_type.trim().to_ascii_lowercase().as_str() {
        "application/json" => Ok(Format::Json),
        "application/x-www-form-urlencoded" => Ok(Format::Form),
        _ => Err(Refusal::UnsupportedMediaType),
    }
}

/// What is wrong with a field, without its value. serde's own text repeats it before `, expected …`.
pub(super) fn field_at_fault(path: &str, error: &str) -> Refusal {
    const KEPT_WHOLE: [&str; 2] = ["missing field", "unknown field"];
    let kept = KEPT_WHOLE.iter().any(|start| error.starts_with(start));
    let error = error.split(" at line ").next().unwrap_or_default();
    let detail = match error.split_once(", expected ") {
        _ if error == TWICE => format!("`{path}` {TWICE}"),
        _ if kept && path == "." => error.to_owned(),
        _ if kept => format!("`{path}`: {error}"),
        Some((_, expected)) if path == "." => format!("A field is of the wrong type: expected {}", in_words(expected)),
        Some((_, expected)) => format!("`{path}` is of the wrong type: expected {}", in_words(expected)),
        None if path == "." => "A field is not valid".to_owned(),
        None => format!("`{path}` is not valid"),
    };
    Refusal::InvalidRequest(detail)
}

/// serde names types of Rust, which are nothing to a client.
fn in_words(expected: &str) -> &str {
    match expected {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number, not below 0",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "f32" | "f64" => "a number",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "a map" => "an object",
        text if text.starts_with("struct ") => "an object",
        text => text,
    }
}

#[cfg(test)]
mod tests;
