//! Why a command to a key is refused.

/// How many replaced hashes may be alive at once.
pub(super) const MAX_FORMER_HASHES: usize = 8;
pub(super) const MAX_NAME_CHARS: usize = 200;
pub(super) const MAX_DESCRIPTION_CHARS: usize = 2000;

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("there is no such key")]
    KeyUnknown,
    #[error("the key exists already")]
    KeyExists,
    #[error("the key was revoked")]
    KeyRevoked,
    #[error("a key needs a name of 1 to {MAX_NAME_CHARS} characters")]
    NameUnfit,
    #[error("a description has at most {MAX_DESCRIPTION_CHARS} characters")]
    DescriptionTooLong,
    #[error("a key needs permissions")]
    NoPermissions,
    #[error("scopes: name at least one, or leave the field out")]
    NoScopes,
    #[error("the expiry has passed already")]
    ExpiryPassed,
    #[error("the key has expired")]
    KeyExpired,
    #[error("the new hash is that of a key which is alive")]
    HashInUse,
    #[error("{MAX_FORMER_HASHES} replaced keys are still alive")]
    TooManyRotations,
}
