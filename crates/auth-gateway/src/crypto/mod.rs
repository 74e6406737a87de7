//! Keys, hashes, sealed facts and tokens. It knows nothing of users, stores or requests; time and randomness come in as
//! arguments.

pub(crate) mod random;
pub(crate) mod digest;
pub(crate) mod secret_text;
pub(crate) mod master_key;
pub(crate) mod seal;
pub(crate) mod subject_key;
pub(crate) mod blind_index;
pub(crate) mod password;
pub(crate) mod password_hasher;
pub(crate) mod password_parameters;
pub(crate) mod password_policy;
pub(crate) mod refresh_token;
pub(crate) mod session_handle;
pub(crate) mod api_key_text;
pub(crate) mod one_time;
pub(crate) mod signing;
pub(crate) mod key_set;
pub(crate) mod claims;
pub(crate) mod jwt;
pub(crate) mod webhook_signature;
