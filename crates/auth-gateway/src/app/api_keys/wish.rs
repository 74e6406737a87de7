//! What callers ask for: a new key, or a change of one.

use std::time::Duration;

use identity_contract::ScopeSet;

use crate::app::Refusal;
use crate::domain::api_key::{AccessLevel, Binding, KeyContext, ServiceAccess, ServiceScopes};

/// A wish for a key.
#[derive(Clone, Debug, Default)]
pub(crate) struct NewKey {
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) access_level: AccessLevel,
    pub(crate) key_context: Option<KeyContext>,
    pub(crate) scopes: Option<ScopeSet>,
    pub(crate) expires_in: Option<Duration>,
    pub(crate) binding: Option<Binding>,
    pub(crate) project_scope: Option<String>,
    pub(crate) service: ServiceAccess,
    pub(crate) service_scopes: Option<ServiceScopes>,
    /// The scopes of the credential that asks: no key may do more than who makes it.
    pub(crate) ceiling: Option<ScopeSet>,
}

/// A change of a key's settings; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub(crate) struct KeyChange {
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) access_level: Option<AccessLevel>,
    pub(crate) scopes: Option<ScopeSet>,
    pub(crate) expiry: Expiry,
    /// As of [`NewKey`].
    pub(crate) ceiling: Option<ScopeSet>,
}

/// What becomes of a key's expiry.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum Expiry {
    #[default]
    Stays,
    Never,
    In(Duration),
}

/// Whoever asks for signed requests must not get a key that works without signatures.
pub(super) fn checkable(binding: Option<Binding>) -> Result<Option<Binding>, Refusal> {
    match binding {
        Some(binding) if binding.require_request_signature => Err(Refusal::Rule(
            "binding.require_request_signature: signatures of requests can't be checked yet".to_owned(),
        )),
        binding => Ok(binding),
    }
}
