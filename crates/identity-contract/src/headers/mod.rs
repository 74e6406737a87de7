//! The headers by which upstreams know a caller: their names, once, and the values which an identity gives them.

use crate::{Assertion, Identity};

/// Makes the enum, the names and the list from one table.
macro_rules! identity_headers {
    ($($variant:ident = $name:literal, $doc:literal;)*) => {
        /// A header which only the edge and the auth gateway may write.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum IdentityHeader { $(#[doc = $doc] $variant,)* }

        /// Every identity header, lower case.
        pub const HEADER_NAMES: &[&str] = &[$($name),*];

        impl IdentityHeader {
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// Lower case, as HTTP/2 writes it.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

identity_headers! {
    UserId = "x-user-id", "The user's id.";
    UserEmail = "x-user-email", "The user's e-mail address.";
    UserRole = "x-user-role", "The user's role.";
    Scopes = "x-scopes", "What the credential allows, space separated.";
    SessionId = "x-session-id", "The session to which the credential belongs.";
    UaiAuthId = "x-uai-auth-id", "The user's id, or the acting service's.";
    UaiOrganization = "x-uai-organization", "The organisation's id.";
    UaiAuthMethod = "x-uai-auth-method", "How the holder proved who they are.";
    UaiCredentialId = "x-uai-credential-id", "The session's or the API key's id.";
    UaiEmail = "x-uai-email", "The user's e-mail address.";
    UaiFromCache = "x-uai-from-cache", "`true` when the answer was made before this request.";
    UaiError = "x-uai-error", "Why there is no identity; never together with the others.";
    AuthSource = "x-auth-source", "The kind of credential.";
    ActorId = "x-actor-id", "Who acts.";
    ActorType = "x-actor-type", "`user` or `service`.";
    ApiKeyId = "x-api-key-id", "The API key's id.";
    ProjectScope = "x-project-scope", "The project to which the credential is bound.";
    IdentityAssertion = "x-identity-assertion", "A JWT about all of this, signed by the auth gateway.";
}

/// How an identity was found, for the header which says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolution {
    Fresh,
    FromCache,
}

/// The headers of an identity, in the table's order; what the identity has not got, has no header.
///
/// Values are visible ASCII and inner spaces, whatever they came from: other bytes, and `%`, are percent-encoded (RFC 3986
/// section 2.1), so that no two identities look alike and none can begin a new line.
#[must_use]
pub fn identity_headers(
    identity: &Identity,
    assertion: Option<&Assertion>,
    resolution: Resolution,
) -> Vec<(IdentityHeader, String)> {
    let value = |header: IdentityHeader| match header {
        IdentityHeader::UserId => identity.user_id.map(|id| id.to_string()),
        IdentityHeader::UserEmail | IdentityHeader::UaiEmail => identity.email.clone(),
        IdentityHeader::UserRole => identity.role.clone(),
        IdentityHeader::Scopes => Some(identity.scopes.to_string()),
        IdentityHeader::SessionId => identity.session_id.map(|id| id.to_string()),
        IdentityHeader::UaiAuthId | IdentityHeader::ActorId => Some(identity.actor_id.clone()),
        IdentityHeader::UaiOrganization => identity.organization_id.map(|id| id.to_string()),
        IdentityHeader::UaiAuthMethod => Some(identity.auth_method.as_str().to_owned()),
        IdentityHeader::UaiCredentialId => Some(identity.credential_id.clone()),
        IdentityHeader::UaiFromCache => Some((resolution == Resolution::FromCache).to_string()),
        IdentityHeader::UaiError => None,
        IdentityHeader::AuthSource => Some(identity.auth_source.as_str().to_owned()),
        IdentityHeader::ActorType => Some(identity.actor_type.as_str().to_owned()),
        IdentityHeader::ApiKeyId => identity.api_key_id.map(|id| id.to_string()),
        IdentityHeader::ProjectScope => identity.project_scope.clone(),
        IdentityHeader::IdentityAssertion => assertion.map(|assertion| assertion.token.expose().to_owned()),
    };
    let all = IdentityHeader::ALL.iter();
    all.filter_map(|&header| Some((header, header_safe(&value(header)?))))
        .collect()
}

/// The one header of a caller without identity.
#[must_use]
pub fn failure_headers(reason: &str) -> Vec<(IdentityHeader, String)> {
    vec![(IdentityHeader::UaiError, header_safe(reason))]
}

fn header_safe(value: &str) -> String {
    let last = value.len().saturating_sub(1);
    let mut safe = String::with_capacity(value.len());
    for (index, byte) in value.bytes().enumerate() {
        let is_inner_space = byte == b' ' && index != 0 && index != last;
        if is_inner_space || (byte.is_ascii_graphic() && byte != b'%') {
            safe.push(char::from(byte));
        } else {
            safe.push_str(&format!("%{byte:02X}"));
        }
    }
    safe
}

#[cfg(test)]
mod tests;
