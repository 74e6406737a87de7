//! `POST /v1/auth/introspect`: a credential goes in, who it stands for comes out.

mod answer;
mod request;

pub use answer::{Assertion, ErrorCode, IntrospectionAnswer, IntrospectionError, ValidIdentity};
pub use request::{CredentialProblem, CredentialType, IntrospectionRequest, SecretText};

pub const INTROSPECTION_PATH: &str = "/v1/auth/introspect";

#[cfg(test)]
mod tests;
