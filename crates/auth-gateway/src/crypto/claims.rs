//! What our tokens say: access tokens (RFC 9068) and the identity assertions that upstreams check. Times are seconds
//! since the Unix epoch.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// An access token's claims. No e-mail address and no name: tokens end up in logs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AccessClaims {
    pub(crate) iss: String,
    /// The user's id.
    pub(crate) sub: String,
    /// Always a list, also of one.
    pub(crate) aud: Vec<String>,
    pub(crate) client_id: String,
    /// Scopes separated by blanks.
    pub(crate) scope: String,
    /// The session's id.
    pub(crate) sid: String,
    pub(crate) jti: String,
    pub(crate) iat: u64,
    pub(crate) nbf: u64,
    pub(crate) exp: u64,
    pub(crate) role: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) project_scope: Option<String>,
    pub(crate) organization_id: String,
}

/// What an introspection found out about a caller, signed for upstreams. It opens no door at the gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AssertionClaims {
    pub(crate) iss: String,
    /// The actor: the user's id, or the client's where a service acts for itself.
    pub(crate) sub: String,
    /// The upstreams it is meant for; always a list.
    pub(crate) aud: Vec<String>,
    pub(crate) jti: String,
    pub(crate) iat: u64,
    pub(crate) nbf: u64,
    pub(crate) exp: u64,
    /// Scopes separated by blanks.
    pub(crate) scope: String,
    /// `user`, or `service` for a program that acts for itself.
    pub(crate) actor_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) role: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) organization_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) project_scope: Option<String>,
    /// How the caller proved who it is: `password`, `api_key`, `device`, …
    pub(crate) auth_method: String,
    /// Of the session, where the credential has one; an API key has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sid: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) client_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) api_key_id: Option<String>,
}

/// A kind of token: its `typ` header, which keeps one kind from being taken for another (RFC 8725 section 3.11), and
/// what is checked of all.
pub(crate) trait TokenClaims: Serialize + DeserializeOwned {
    const TYP: &'static str;

    fn registered(&self) -> Registered<'_>;
}

/// The claims that every token has (RFC 7519 section 4.1).
pub(crate) struct Registered<'a> {
    pub(crate) iss: &'a str,
    pub(crate) sub: &'a str,
    pub(crate) aud: &'a [String],
    pub(crate) jti: &'a str,
    pub(crate) sid: Option<&'a str>,
    pub(crate) iat: u64,
    pub(crate) nbf: u64,
    pub(crate) exp: u64,
}

impl TokenClaims for AccessClaims {
    const TYP: &'static str = "at+jwt";

    fn registered(&self) -> Registered<'_> {
        Registered {
            iss: &self.iss,
            sub: &self.sub,
            aud: &self.aud,
            jti: &self.jti,
            sid: Some(&self.sid),
            iat: self.iat,
            nbf: self.nbf,
            exp: self.exp,
        }
    }
}

impl TokenClaims for AssertionClaims {
    const TYP: &'static str = "identity-assertion+jwt";

    fn registered(&self) -> Registered<'_> {
        Registered {
            iss: &self.iss,
            sub: &self.sub,
            aud: &self.aud,
            jti: &self.jti,
            sid: self.sid.as_deref(),
            iat: self.iat,
            nbf: self.nbf,
            exp: self.exp,
        }
    }
}
