//! Who asks, as a request tells it before anything is proved.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::header;
use http::request::Parts;

use super::client_address::ClientAddress;
use super::request_id::RequestId;
use crate::app::caller::{Actor, Caller};

/// Kept of a user agent.
const MAX_AGENT: usize = 256;

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let agent = parts
            .headers
            .get(header::USER_AGENT)
            .and_then(|value| value.to_str().ok());
        Ok(Self {
            actor: Actor::Anonymous,
            client: None,
            address: parts.extensions.get::<ClientAddress>().map(|address| address.ip()),
            user_agent: agent.map(|agent| agent.chars().take(MAX_AGENT).collect()),
            request_id: parts.extensions.get::<RequestId>().map(|id| id.as_str().to_owned()),
        })
    }
}
