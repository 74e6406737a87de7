//! Queries, read into one typed value like form bodies, and refused like them.

use super::body_limits::BodyLimits;
use super::error::Refusal;
use super::urlencoded::Fields;
use axum::extract::FromRequestParts;
use http::request::Parts;
use serde::de::DeserializeOwned;

/// A query with the fields of `T`; none is an empty one.
#[derive(Debug)]
pub(crate) struct Query<T>(pub(crate) T);

impl<S: Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let text = parts.uri.query().unwrap_or_default();
        // No text of ours has one, and PostgreSQL takes none.
        if text.contains("%00") {
            return Err(Refusal::InvalidRequest("The query holds a NUL".to_owned()));
        }
        Fields::read(text.as_bytes(), &BodyLimits::default())
            .map_err(|unreadable| Refusal::InvalidRequest(format!("The query {unreadable}")))?
            .typed()
            .map(Self)
    }
}
