//! `application/x-www-form-urlencoded` bodies.

use crate::http::body_limits::BodyLimits;
use crate::http::error::Refusal;
use crate::http::urlencoded::Fields;
use serde::de::DeserializeOwned;

pub(super) fn typed<T: DeserializeOwned>(bytes: &[u8], limits: &BodyLimits) -> Result<T, Refusal> {
    Fields::read(bytes, limits)
        .map_err(|unreadable| Refusal::BodyMalformed(format!("The form {unreadable}")))?
        .typed()
}
