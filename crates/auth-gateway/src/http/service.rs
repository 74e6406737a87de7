//! Services that ask in their own name: a client id and secret, by HTTP Basic (RFC 7617).

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderMap, header};

use super::error::Refusal;
use crate::app::services::Service;
use crate::app::{App, Refusal as Fact};
use crate::crypto::secret_text::SecretText;
use crate::domain::client::Capability;

const BASIC: &str = "basic";

/// The service that asks, if one does.
///
/// # Errors
/// It is unknown, its secret is wrong, or it lacks the capability: all the same to who asks.
pub(crate) async fn service(
    app: &App,
    headers: &HeaderMap,
    capability: Capability,
) -> Result<Option<Service>, Refusal> {
    let line = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let Some((scheme, encoded)) = line.and_then(|line| line.split_once(' ')) else {
        return Ok(None);
    };
    // The scheme's case does not matter (RFC 9110 section 11.1).
    if !scheme.eq_ignore_ascii_case(BASIC) {
        return Ok(None);
    }
    let decoded = STANDARD
        .decode(encoded.trim())
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok());
    let decoded = decoded.ok_or(Refusal::ClientInvalid)?;
    let (id, secret) = decoded.split_once(':').ok_or(Refusal::ClientInvalid)?;
    let secret = SecretText::new(secret.to_owned());
    let authenticated = app
        .services
        .authenticate(id, &secret, capability, &app.freshness, app.clock.now())
        .await;
    match authenticated {
        Ok(service) => Ok(Some(service)),
        Err(Fact::InvalidCredential | Fact::NotAllowed) => Err(Refusal::ClientInvalid),
        Err(other) => Err(Refusal::of_introspection(other)),
    }
}
