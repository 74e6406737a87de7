//! The stable names of everything that can be wrong with either file, each explained in `docs/errors.md`.

pub(crate) use config_text::code::*;

config_text::codes! {
    // Names that must exist, or must be unique.
    pub(crate) UNKNOWN_UPSTREAM = "unknown-upstream",
    pub(crate) UNKNOWN_HOST_GROUP = "unknown-host-group",
    pub(crate) UNKNOWN_CORS_POLICY = "unknown-cors-policy",
    pub(crate) UNKNOWN_PARAMETER = "unknown-parameter",
    pub(crate) DUPLICATE_ID = "duplicate-id",
    pub(crate) DUPLICATE_HOST = "duplicate-host",
    // Routes.
    pub(crate) INVALID_PATTERN = "invalid-pattern",
    pub(crate) AMBIGUOUS_ROUTE = "ambiguous-route",
    pub(crate) UNREACHABLE_ROUTE = "unreachable-route",
    pub(crate) CONFLICTING_TARGET = "conflicting-target",
    pub(crate) MISSING_TARGET = "missing-target",
    // Upstreams and the daemon.
    pub(crate) UNUSED_UPSTREAM = "unused-upstream",
    pub(crate) UNUSED_HOST_GROUP = "unused-host-group",
    pub(crate) DEVELOPMENT_EXPOSED = "development-exposed",
}

/// All of them, and their page.
pub(crate) const CODES: Codes = Codes::new(ALL, include_str!("../../docs/errors.md"));

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::{CODES, UNKNOWN_KEY};

    #[test]
    fn every_code_is_explained_and_nothing_else_is() {
        assert_eq!(CODES.is_explained(), Ok(()));
        for code in CODES.all() {
            assert!(CODES.explanation(code).len() > 40, "{code}");
        }
    }

    #[test]
    fn an_explanation_is_the_section_of_its_code() {
        assert_snapshot!(CODES.explanation(UNKNOWN_KEY), @r#"
        A mapping has a key that means nothing there. Keys are never ignored.

        ```yaml
        upstreams:
          docs: { endpoits: ["http://127.0.0.1:4005"] }
        ```

        Correct the spelling; the message names the nearest key, or all of them.
        "#);
    }
}
