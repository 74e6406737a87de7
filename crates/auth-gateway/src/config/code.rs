//! The stable names of everything that can be wrong with the configuration, each explained in `docs/auth/errors.md`.

pub(crate) use config_text::code::*;

config_text::codes! {
    // Names.
    pub(crate) DUPLICATE_NAME = "duplicate-name",
    pub(crate) DUPLICATE_ADDRESS = "duplicate-address",
    // What would let others read, or be believed.
    pub(crate) INSECURE_ISSUER = "insecure-issuer",
    pub(crate) INSECURE_TRANSPORT = "insecure-transport",
    pub(crate) FOREIGN_COOKIE_DOMAIN = "foreign-cookie-domain",
    pub(crate) OVERBROAD_SCOPES = "overbroad-scopes",
    pub(crate) WEAK_HASH = "weak-hash",
    pub(crate) SHORT_SECRET = "short-secret",
    // Values that are fine alone.
    pub(crate) CONFLICTING_VALUES = "conflicting-values",
    // Starting without a file.
    pub(crate) NO_CONFIGURATION = "no-configuration",
    // Warnings.
    pub(crate) MAIL_NOT_SENT = "mail-not-sent",
}

/// All of them, and their page.
pub(crate) const CODES: Codes = Codes::new(ALL, include_str!("../../../../docs/auth/errors.md"));

#[cfg(test)]
mod tests {
    use super::CODES;

    #[test]
    fn every_code_is_explained_and_nothing_else_is() {
        assert_eq!(CODES.is_explained(), Ok(()));
        for code in CODES.all() {
            assert!(CODES.explanation(code).len() > 40, "{code}");
        }
    }
}
