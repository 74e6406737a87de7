//! What is wrong with a configuration file, and where: stable code, severity, place, message, help.
//! Diagnostics are collected, never thrown, so that one run shows every mistake.
//! Nothing here knows what the files mean.

mod listed;
mod render;

use std::ops::Deref;
use std::path::{Path, PathBuf};

use crate::code::Code;

/// At most this many diagnostics are kept; the rest are only counted.
const MAX_KEPT: usize = 200;

/// A text that diagnostics point into; given out by [`Sources::add`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(u32);

/// A range of bytes in one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    pub file: FileId,
    pub start: usize,
    pub end: usize,
}

/// A value and the place where it was written.
#[derive(Clone, Debug)]
pub struct Spanned<T> {
    pub value: T,
    pub span: Span,
}

impl<T> Spanned<T> {
    /// The value that stands at this place.
    pub fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }
}

impl<T> Deref for Spanned<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// An error keeps the configuration from going live; a warning does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    Error,
    Warning,
}

/// One finding.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    severity: Severity,
    code: Code,
    span: Option<Span>,
    message: String,
    label: Option<String>,
    notes: Vec<(Span, String)>,
    helps: Vec<String>,
}

impl Diagnostic {
    /// What keeps the configuration from going live.
    pub fn error(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, Some(span), message.into())
    }

    /// What is probably a mistake.
    pub fn warning(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, Some(span), message.into())
    }

    /// An error that no text can be shown for, such as a file that cannot be read.
    pub fn placeless(code: Code, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, None, message.into())
    }

    fn new(severity: Severity, code: Code, span: Option<Span>, message: String) -> Self {
        Self {
            severity,
            code,
            span,
            message,
            label: None,
            notes: Vec::new(),
            helps: Vec::new(),
        }
    }

    /// The text at the caret.
    pub fn label(mut self, text: impl Into<String>) -> Self {
        self.label = Some(text.into());
        self
    }

    /// Marks a second place, such as where a name was first defined.
    pub fn note_at(mut self, span: Span, text: impl Into<String>) -> Self {
        self.notes.push((span, text.into()));
        self
    }

    /// A closing line that says how to put it right.
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.helps.push(text.into());
        self
    }

    /// As [`Diagnostic::help`], where there may be nothing to say.
    pub fn maybe_help(self, text: Option<String>) -> Self {
        match text {
            Some(text) => self.help(text),
            None => self,
        }
    }
}

/// The texts that spans point into, under the names they are shown by.
#[derive(Debug, Default)]
pub struct Sources {
    files: Vec<(PathBuf, String)>,
}

impl Sources {
    /// Adds a text under the name that diagnostics show.
    pub fn add(&mut self, path: impl Into<PathBuf>, text: impl Into<String>) -> FileId {
        let id = u32::try_from(self.files.len()).expect("a process loads a handful of files");
        self.files.push((path.into(), text.into()));
        FileId(id)
    }

    /// The name that the text was added under.
    pub fn path(&self, file: FileId) -> &Path {
        &self.files[file.0 as usize].0
    }

    /// The text itself.
    pub fn text(&self, file: FileId) -> &str {
        &self.files[file.0 as usize].1
    }

    /// The same texts with asterisks for what the spans hold; every place stays where it is.
    fn masked(&self, spans: &[Span]) -> Self {
        let mut files = self.files.clone();
        for span in spans {
            let text = &mut files[span.file.0 as usize].1;
            let mask = |c: char| {
                if c == '\n' {
                    "\n".to_owned()
                } else {
                    "*".repeat(c.len_utf8())
                }
            };
            let masked: String = text[span.start..span.end].chars().map(mask).collect();
            text.replace_range(span.start..span.end, &masked);
        }
        Self { files }
    }
}

/// Every finding of one run.
#[derive(Debug, Default)]
pub struct Diagnostics {
    kept: Vec<Diagnostic>,
    concealed: Vec<Span>,
    errors: usize,
    warnings: usize,
}

impl Diagnostics {
    /// Adds a finding; past the two hundredth it is only counted.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        match diagnostic.severity {
            Severity::Error => self.errors += 1,
            Severity::Warning => self.warnings += 1,
        }
        if self.kept.len() < MAX_KEPT {
            self.kept.push(diagnostic);
        }
    }

    /// What stands here is never shown, whichever diagnostic is about its line.
    pub fn conceal(&mut self, span: Span) {
        self.concealed.push(span);
    }

    /// Whether something keeps the configuration from going live.
    pub fn has_errors(&self) -> bool {
        self.errors > 0
    }

    /// How many were pushed, kept or not.
    pub fn len(&self) -> usize {
        self.errors + self.warnings
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many of this severity were pushed, kept or not.
    pub fn count(&self, severity: Severity) -> usize {
        match severity {
            Severity::Error => self.errors,
            Severity::Warning => self.warnings,
        }
    }

    /// Ordered by file and place.
    fn ordered(&self) -> Vec<&Diagnostic> {
        let mut ordered: Vec<&Diagnostic> = self.kept.iter().collect();
        ordered.sort_by_key(|diagnostic| diagnostic.span);
        ordered
    }

    /// The kept ones for programs, as JSON objects.
    pub fn listed(&self, sources: &Sources) -> Vec<serde_json::Value> {
        let ordered = self.ordered().into_iter();
        ordered.map(|diagnostic| listed::one(diagnostic, sources)).collect()
    }

    /// The kept ones as compilers show them.
    pub fn render(&self, sources: &Sources, colour: bool) -> String {
        let ordered = self.ordered();
        let mut text = match self.concealed.as_slice() {
            [] => render::all(&ordered, sources, colour),
            concealed => render::all(&ordered, &sources.masked(concealed), colour),
        };
        let more = self.len() - self.kept.len();
        if more > 0 {
            text.push_str(&format!("\nand {more} more\n"));
        }
        text
    }
}

#[cfg(test)]
mod tests;
