//! What the auth gateway and its readers (the edge above all) say to each other: types without I/O.
//!
//! Both programs test against the same golden JSON, so neither can change the meaning of a field alone.

mod scope;
mod instant;
mod identity;
mod introspection;
mod headers;
mod revocation;
mod service;
mod request_id;

pub use headers::{HEADER_NAMES, IdentityHeader, Resolution, failure_headers, identity_headers};
pub use identity::{ActorType, AuthMethod, AuthSource, Identity};
pub use instant::Instant;
pub use introspection::{
    Assertion, CredentialProblem, CredentialType, ErrorCode, INTROSPECTION_PATH, IntrospectionAnswer,
    IntrospectionError, IntrospectionRequest, SecretText, ValidIdentity,
};
pub use request_id::{REQUEST_ID_HEADER, is_request_id};
pub use revocation::{REVOCATION_FEED_PATH, Revocation, RevocationKind, UnreadableRevocation};
pub use scope::{InvalidScope, Scope, ScopeSet};
pub use service::{EDGE, SUPABASE_FUNCTIONS};
