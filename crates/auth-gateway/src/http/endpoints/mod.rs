//! One endpoint a file: parse, call the use case, answer.

pub(crate) mod api_keys;
pub(crate) mod audit;
pub(crate) mod health;
pub(crate) mod introspect;
pub(crate) mod jwks;
pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod me;
pub(crate) mod openapi;
pub(crate) mod password;
pub(crate) mod ready;
pub(crate) mod refresh;
pub(crate) mod resolve;
pub(crate) mod revocations;
pub(crate) mod session;
pub(crate) mod sessions;
pub(crate) mod setup;
pub(crate) mod signup;
pub(crate) mod verify;
pub(crate) mod verify_api_key;
pub(crate) mod verify_email;
pub(crate) mod verify_token;
