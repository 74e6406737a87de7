//! `application/x-www-form-urlencoded` bodies: each field once.

use super::{BodyLimits, field_at_fault};
use crate::http::error::Refusal;
use serde::de::DeserializeOwned;
use std::collections::HashSet;

pub(super) fn typed<T: DeserializeOwned>(bytes: &[u8], limits: &BodyLimits) -> Result<T, Refusal> {
    let malformed = |detail: &str| Refusal::BodyMalformed(detail.to_owned());
    let fields: Vec<(String, String)> =
        serde_urlencoded::from_bytes(bytes).map_err(|_| malformed("The form can't be read"))?;
    if fields.len() > limits.items {
        return Err(malformed("The form has too many fields"));
    }
    let mut seen = HashSet::new();
    if !fields.iter().all(|(name, _)| seen.insert(name)) {
        return Err(malformed("A field of the form occurs twice"));
    }
    // Text is all a form has; the deserialiser turns it into numbers and flags where the field is one.
    serde_urlencoded::from_bytes(bytes).map_err(|error| field_at_fault(".", &error.to_string()))
}
