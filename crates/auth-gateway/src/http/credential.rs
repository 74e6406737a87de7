//! The credentials a request carries, read from their four places and nowhere else.
//!
//! A client's identity headers (`X-User-Id`, `X-UAI-*` and the like) have no effect, because nothing reads them.

use super::cookies::{SESSION_COOKIE, cookie_values};
use super::error::Refusal;
use super::secret::Secret;
use crate::crypto::api_key_text::ApiKeyText;
use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, header};

const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");
const X_MCP_AUTH: HeaderName = HeaderName::from_static("x-mcp-auth");
/// Longer texts are no credentials of ours. Bytes.
const MAX_LENGTH: usize = 8 * 1024;

/// Where a credential stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carrier {
    /// `Authorization: Bearer` (RFC 6750 section 2.1).
    Bearer,
    /// `X-API-Key`.
    ApiKeyHeader,
    /// `X-MCP-Auth`, or `Authorization: MCP`.
    Mcp,
    /// The cookie `lanonasis_session`.
    Cookie,
}

/// One credential, not looked at yet.
#[derive(Debug, Clone)]
pub enum Credential {
    /// Anything that is no key and no cookie: an access token, if valid.
    Token(Secret),
    ApiKey(Secret),
    /// The opaque handle of a browser session.
    Session(Secret),
}

impl Credential {
    pub fn text(&self) -> &Secret {
        match self {
            Self::Token(text) | Self::ApiKey(text) | Self::Session(text) => text,
        }
    }
}

/// All credentials of a request, each in its place.
#[derive(Debug, Clone, Default)]
pub struct Presented(Vec<(Carrier, Credential)>);

impl Presented {
    /// The request's credential, if it has one. The same one in two places is one.
    ///
    /// # Errors
    /// [`Refusal::ConflictingCredentials`]: which of two would count is not for this program to guess.
    pub fn single(&self) -> Result<Option<&Credential>, Refusal> {
        let Some(((_, first), others)) = self.0.split_first() else {
            return Ok(None);
        };
        let same = |other: &Credential| {
            std::mem::discriminant(first) == std::mem::discriminant(other)
                && first.text().expose() == other.text().expose()
        };
        match others.iter().all(|(_, other)| same(other)) {
            true => Ok(Some(first)),
            false => Err(Refusal::ConflictingCredentials),
        }
    }

    /// What stood in one place: for endpoints that accept one place only, and for logout, which ends all it is shown.
    pub fn at(&self, carrier: Carrier) -> Option<&Credential> {
        self.0
            .iter()
            .find(|(found, _)| *found == carrier)
            .map(|(_, credential)| credential)
    }

    /// All of them, with their places.
    pub fn each(&self) -> impl Iterator<Item = (Carrier, &Credential)> {
        self.0.iter().map(|(carrier, credential)| (*carrier, credential))
    }

    pub(crate) fn read(headers: &HeaderMap) -> Result<Self, Refusal> {
        let mut found = Vec::new();
        if let Some(line) = only(headers, &header::AUTHORIZATION)? {
            found.push(authorization(line)?);
        }
        if let Some(line) = only(headers, &X_API_KEY)? {
            found.push((Carrier::ApiKeyHeader, Credential::ApiKey(secret(line)?)));
        }
        if let Some(line) = only(headers, &X_MCP_AUTH)? {
            found.push((Carrier::Mcp, token_or_key(secret(line)?)));
        }
        for value in cookie_values(headers, SESSION_COOKIE) {
            found.push((Carrier::Cookie, Credential::Session(secret(value)?)));
        }
        Ok(Self(found))
    }
}

impl<S: Sync> FromRequestParts<S> for Presented {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        Self::read(&parts.headers)
    }
}

/// A header that may stand once.
fn only<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Result<Option<&'h str>, Refusal> {
    let mut lines = headers.get_all(name).iter();
    match (lines.next().map(HeaderValue::to_str), lines.next()) {
        (None, _) => Ok(None),
        (Some(Ok(text)), None) => Ok(Some(text.trim())),
        (Some(Err(_)), None) => Err(Refusal::MalformedCredential),
        (Some(_), Some(_)) => Err(Refusal::ConflictingCredentials),
    }
}

/// The scheme's case does not matter (RFC 9110 section 11.1).
fn authorization(line: &str) -> Result<(Carrier, Credential), Refusal> {
    let (scheme, text) = line.split_once(' ').ok_or(Refusal::MalformedCredential)?;
    let carrier = match scheme.to_ascii_lowercase().as_str() {
        "bearer" => Carrier::Bearer,
        "mcp" => Carrier::Mcp,
        _ => return Err(Refusal::MalformedCredential),
    };
    Ok((carrier, token_or_key(secret(text.trim())?)))
}

fn token_or_key(text: Secret) -> Credential {
    match ApiKeyText::looks_like_one(text.expose()) {
        true => Credential::ApiKey(text),
        false => Credential::Token(text),
    }
}

fn secret(text: &str) -> Result<Secret, Refusal> {
    let printable = |byte: u8| byte.is_ascii_graphic();
    match !text.is_empty() && text.len() <= MAX_LENGTH && text.bytes().all(printable) {
        true => Ok(Secret::new(text)),
        false => Err(Refusal::MalformedCredential),
    }
}

#[cfg(test)]
mod tests;
