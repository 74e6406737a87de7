//! What a service asks.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The body of the request, JSON or form. The caller proves who it is by itself (client authentication), never in here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct IntrospectionRequest {
    /// The credential to look at; or `token`, never both.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential: Option<SecretText>,
    /// The same under its name in RFC 7662.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<SecretText>,
    /// What kind of credential it is; the auth gateway tries no other kind than the one said.
    #[serde(rename = "type")]
    pub credential_type: CredentialType,
    /// The project in which the credential is used: one bound to another project is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project_scope: Option<String>,
    /// The resource at which it is used: a credential not meant for it is refused. The assertion is made for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// The client that shows it: one bound to another client is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The installation that shows it: one bound to another installation is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub installation_id: Option<String>,
    /// The platform that shows it (`mcp`, `cli`, `web`, `api`); recorded, decides nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
}

/// Kinds of credentials; several names of old mean one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CredentialType {
    /// By its form.
    #[default]
    Auto,
    #[serde(alias = "vendor_key")]
    ApiKey,
    /// An access token.
    #[serde(alias = "oauth_token")]
    Jwt,
    /// What stands behind `Bearer`: an access token or an API key.
    Bearer,
    /// The handle in the session cookie.
    Session,
}

/// Why a request names no one credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CredentialProblem {
    #[error("name the credential in `credential` or in `token`")]
    Missing,
    #[error("name the credential in `credential` or in `token`, not in both")]
    Ambiguous,
}

impl IntrospectionRequest {
    /// The one credential of the body.
    ///
    /// # Errors
    /// None, or two of them; empty text is none.
    pub fn credential(&self) -> Result<&SecretText, CredentialProblem> {
        let given = |text: &Option<SecretText>| text.as_ref().is_some_and(|text| !text.expose().is_empty());
        match (&self.credential, &self.token) {
            (credential, token) if given(credential) && given(token) => Err(CredentialProblem::Ambiguous),
            (Some(text), _) | (None, Some(text)) if !text.expose().is_empty() => Ok(text),
            (Some(_), Some(text)) if !text.expose().is_empty() => Ok(text),
            _ => Err(CredentialProblem::Missing),
        }
    }
}

/// A secret on its way: it is written to no log by `Debug`, and has no `Display`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SecretText(String);

impl SecretText {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret itself, for the place which hashes, verifies or forwards it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(…)")
    }
}
