//! Request bodies: JSON objects and forms, read within bounds into one typed value.
//!
//! Clients send either to every endpoint. What can't be read is refused here, by field where a field is at fault; a value
//! that was sent is never repeated, since it may be a password.

mod form;
mod strict_json;

use super::body_limits::BodyLimits;
use super::error::Refusal;
use axum::body::Body;
use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use http::{HeaderMap, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::{Deserialize, DeserializeOwned, Deserializer};

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

/// For a field of text: left empty, as a page's form sends what nobody filled in, it is left out.
pub(crate) fn filled<'de, D: Deserializer<'de>, T: From<String>>(deserializer: D) -> Result<Option<T>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.filter(|text| !text.is_empty()).map(T::from))
}
#[cfg(test)]
mod tests;
