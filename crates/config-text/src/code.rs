//! The stable names of what can be wrong with a configuration file. Those of the text and its shape are here; each
//! program adds its own with `codes!`, and explains them all on one page.

use std::fmt;

/// What kind of mistake a diagnostic reports; scripts may rely on its text, such as `unknown-key`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Code(&'static str);

impl Code {
    /// For `codes!`: a code that is in no list is in no documentation.
    #[doc(hidden)]
    pub const fn new(text: &'static str) -> Self {
        Self(text)
    }

    /// As it is shown, looked up and documented.
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// Declares a constant for each code, and their list:
///
/// ```
/// config_text::codes! {
///     pub(crate) UNKNOWN_UPSTREAM = "unknown-upstream",
///     pub(crate) DUPLICATE_ID = "duplicate-id",
/// }
///
/// assert_eq!(ALL, [UNKNOWN_UPSTREAM, DUPLICATE_ID]);
/// ```
#[macro_export]
macro_rules! codes {
    ($($vis:vis $name:ident = $text:literal),* $(,)?) => {
        $($vis const $name: $crate::code::Code = $crate::code::Code::new($text);)*

        /// The codes that are declared here, in the order of the page that explains them.
        const ALL: &[$crate::code::Code] = &[$($name),*];
    };
}

codes! {
    // The text itself.
    pub FILE_NOT_FOUND = "file-not-found",
    pub TOO_LARGE = "too-large",
    pub TOO_DEEP = "too-deep",
    pub YAML_SYNTAX = "yaml-syntax",
    pub YAML_ALIAS = "yaml-alias",
    pub YAML_TAG = "yaml-tag",
    pub SEVERAL_DOCUMENTS = "several-documents",
    pub DUPLICATE_KEY = "duplicate-key",
    pub UNSET_VARIABLE = "unset-variable",
    // Its shape.
    pub UNSUPPORTED_VERSION = "unsupported-version",
    pub UNKNOWN_KEY = "unknown-key",
    pub MISSING_KEY = "missing-key",
    pub WRONG_TYPE = "wrong-type",
    pub INVALID_VALUE = "invalid-value",
    // Secrets.
    pub INLINE_SECRET = "inline-secret",
    pub UNSET_SECRET = "unset-secret",
}

/// Every code of one program: those of the text, which all share, then its own.
#[derive(Clone, Copy, Debug)]
pub struct Codes {
    own: &'static [Code],
    page: &'static str,
}

impl Codes {
    /// `page` is Markdown with a heading `## the-code` for each of them, in order. A test of the program holds it to that,
    /// through [`Codes::is_explained`].
    pub const fn new(own: &'static [Code], page: &'static str) -> Self {
        Self { own, page }
    }

    /// In the order of the page.
    pub fn all(&self) -> impl Iterator<Item = Code> {
        ALL.iter().chain(self.own).copied()
    }

    /// The code of this text, `None` when the program has none.
    pub fn named(&self, text: &str) -> Option<Code> {
        self.all().find(|code| code.as_str() == text)
    }

    /// What the page says of a code, in Markdown, without the heading; empty when it says nothing.
    pub fn explanation(&self, code: Code) -> &'static str {
        let heading = format!("\n## {code}\n");
        let section = self.page.split_once(&heading).map_or("", |(_, rest)| rest);
        section.split("\n## ").next().unwrap_or(section).trim()
    }

    /// Whether the page explains every code, in order, and nothing else. On failure, the headings and the codes.
    pub fn is_explained(&self) -> Result<(), (Vec<&'static str>, Vec<&'static str>)> {
        let headings: Vec<&str> = self.page.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        let codes: Vec<&str> = self.all().map(Code::as_str).collect();
        if headings == codes {
            Ok(())
        } else {
            Err((headings, codes))
        }
    }
}

#[cfg(test)]
mod tests;
