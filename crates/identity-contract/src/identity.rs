//! Who a credential stands for, as introspection tells it.

use crate::{Instant, ScopeSet};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The holder of a valid credential, and what it allows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Who acts: the user's id, or the client's where a service acts for itself.
    pub actor_id: String,
    pub actor_type: ActorType,
    /// The user; null where a service acts for itself.
    pub user_id: Option<Uuid>,
    /// The organisation on whose behalf the actor acts.
    pub organization_id: Option<Uuid>,
    /// The project to which the credential is bound (`lanonasis-maas`); null: any.
    pub project_scope: Option<String>,
    /// The API key, when the credential is one.
    pub api_key_id: Option<Uuid>,
    /// What kind of credential was shown.
    pub auth_source: AuthSource,
    /// How its holder proved who they are, when it was issued.
    pub auth_method: AuthMethod,
    /// The request for which the answer was made, for logs.
    pub request_id: String,
    /// What to revoke to make the credential worthless: the session's or the API key's id.
    pub credential_id: String,
    /// The user's e-mail address. Personal: never logged.
    pub email: Option<String>,
    /// What the credential allows, already narrowed to what its owner may do.
    pub scopes: ScopeSet,
    /// The user's role (`authenticated`, `admin`). Informs; only scopes grant.
    pub role: Option<String>,
    /// The session to which an access token or a cookie belongs; null for API keys.
    pub session_id: Option<Uuid>,
    /// The OAuth client to which the credential was issued.
    pub client_id: Option<String>,
    /// The resources for which the credential is meant (RFC 9068 `aud`); empty: any of the platform's.
    #[serde(default)]
    pub audience: Vec<String>,
    /// When the credential was issued.
    pub issued_at: Instant,
    /// When it expires; absent: when revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Instant>,
}

/// Whether a person or a program acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActorType {
    User,
    Service,
}

/// The kind of credential that was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthSource {
    ApiKey,
    /// An access token (RFC 9068).
    Jwt,
    /// The session cookie's handle.
    Session,
}

/// How the holder proved who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthMethod {
    Password,
    ApiKey,
    OtpEmail,
    OtpSms,
    MagicLink,
    OauthPkce,
    /// The OAuth device grant (RFC 8628).
    Device,
    SsoSession,
    Passkey,
    McpToken,
    /// A service by its own secret or certificate.
    ClientCredentials,
}

impl ActorType {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Service => "service",
        }
    }
}

impl AuthSource {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ApiKey => "api_key",
            Self::Jwt => "jwt",
            Self::Session => "session",
        }
    }
}

impl AuthMethod {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::ApiKey => "api_key",
            Self::OtpEmail => "otp_email",
            Self::OtpSms => "otp_sms",
            Self::MagicLink => "magic_link",
            Self::OauthPkce => "oauth_pkce",
            Self::Device => "device",
            Self::SsoSession => "sso_session",
            Self::Passkey => "passkey",
            Self::McpToken => "mcp_token",
            Self::ClientCredentials => "client_credentials",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_written_alike_in_json_and_in_headers() {
        let methods = [
            AuthMethod::Password,
            AuthMethod::ApiKey,
            AuthMethod::OtpEmail,
            AuthMethod::OtpSms,
            AuthMethod::MagicLink,
            AuthMethod::OauthPkce,
            AuthMethod::Device,
            AuthMethod::SsoSession,
            AuthMethod::Passkey,
            AuthMethod::McpToken,
            AuthMethod::ClientCredentials,
        ];
        for method in methods {
            assert_eq!(serde_json::to_value(method).unwrap(), method.as_str());
        }
        for source in [AuthSource::ApiKey, AuthSource::Jwt, AuthSource::Session] {
            assert_eq!(serde_json::to_value(source).unwrap(), source.as_str());
        }
        for actor in [ActorType::User, ActorType::Service] {
            assert_eq!(serde_json::to_value(actor).unwrap(), actor.as_str());
        }
    }
}
