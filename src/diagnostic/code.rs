//! The stable names of everything that can be wrong, each explained in `docs/errors.md`.

/// The page that explains every code.
const PAGE: &str = include_str!("../../docs/errors.md");

macro_rules! codes {
    ($($name:ident = $text:literal),* $(,)?) => {
        /// What kind of mistake a diagnostic reports; scripts may rely on its text.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub(crate) enum Code {
            $($name),*
        }

        impl Code {
            pub(crate) const ALL: &'static [Self] = &[$(Self::$name),*];

            pub(crate) fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text),*
                }
            }
        }
    };
}

codes! {
    // The text itself.
    FileNotFound = "file-not-found",
    TooLarge = "too-large",
    TooDeep = "too-deep",
    YamlSyntax = "yaml-syntax",
    YamlAlias = "yaml-alias",
    YamlTag = "yaml-tag",
    SeveralDocuments = "several-documents",
    DuplicateKey = "duplicate-key",
    UnsetVariable = "unset-variable",
    // Its shape.
    UnsupportedVersion = "unsupported-version",
    UnknownKey = "unknown-key",
    MissingKey = "missing-key",
    WrongType = "wrong-type",
    InvalidValue = "invalid-value",
    // Secrets.
    InlineSecret = "inline-secret",
    UnsetSecret = "unset-secret",
    // Names that must exist, or must be unique.
    UnknownUpstream = "unknown-upstream",
    UnknownHostGroup = "unknown-host-group",
    UnknownCorsPolicy = "unknown-cors-policy",
    UnknownParameter = "unknown-parameter",
    DuplicateId = "duplicate-id",
    DuplicateHost = "duplicate-host",
    // Routes.
    InvalidPattern = "invalid-pattern",
    AmbiguousRoute = "ambiguous-route",
    UnreachableRoute = "unreachable-route",
    ConflictingTarget = "conflicting-target",
    MissingTarget = "missing-target",
    // Upstreams and the daemon.
    UnusedUpstream = "unused-upstream",
    UnusedHostGroup = "unused-host-group",
    DevelopmentExposed = "development-exposed",
}

/// What `docs/errors.md` says of a code, in Markdown, without the heading.
pub(crate) fn explanation(code: Code) -> &'static str {
    let heading = format!("\n## {}\n", code.as_str());
    let section = PAGE
        .split_once(&heading)
        .map(|(_, rest)| rest)
        .expect("a test demands a section for every code");
    section.split("\n## ").next().unwrap_or(section).trim()
}
