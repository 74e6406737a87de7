//! What is wrong with a configuration file, and where: stable code, severity, place, message, help.
//! Diagnostics are collected, never thrown, so that one run shows every mistake.
//! Nothing here knows what the files mean.

mod code;
mod render;

use std::ops::Deref;
use std::path::{Path, PathBuf};

pub(crate) use code::{Code, explanation};

/// At most this many diagnostics are kept; the rest are only counted.
const MAX_KEPT: usize = 200;

/// A text that diagnostics point into; given out by [`Sources::add`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct FileId(u32);

/// A range of bytes in one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Span {
    pub(crate) file: FileId,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// A value and the place where it was written.
#[derive(Clone, Debug)]
pub(crate) struct Spanned<T> {
    pub(crate) value: T,
    pub(crate) span: Span,
}

impl<T> Spanned<T> {
    pub(crate) fn new(value: T, span: Span) -> Self {
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
pub(crate) enum Severity {
    Error,
    Warning,
}

/// One finding.
#[derive(Clone, Debug)]
pub(crate) struct Diagnostic {
    severity: Severity,
    code: Code,
    span: Option<Span>,
    message: String,
    label: Option<String>,
    notes: Vec<(Span, String)>,
    helps: Vec<String>,
}

impl Diagnostic {
    pub(crate) fn error(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, Some(span), message.into())
    }

    pub(crate) fn warning(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, Some(span), message.into())
    }

    /// An error that no text can be shown for, such as a file that cannot be read.
    pub(crate) fn placeless(code: Code, message: impl Into<String>) -> Self {
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
    pub(crate) fn label(mut self, text: impl Into<String>) -> Self {
        self.label = Some(text.into());
        self
    }

    /// Marks a second place, such as where a name was first defined.
    pub(crate) fn note_at(mut self, span: Span, text: impl Into<String>) -> Self {
        self.notes.push((span, text.into()));
        self
    }

    /// A closing line that says how to put it right.
    pub(crate) fn help(mut self, text: impl Into<String>) -> Self {
        self.helps.push(text.into());
        self
    }

    /// As [`Diagnostic::help`], where there may be nothing to say.
    pub(crate) fn maybe_help(self, text: Option<String>) -> Self {
        match text {
            Some(text) => self.help(text),
            None => self,
        }
    }
}

/// The texts that spans point into, under the names they are shown by.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    files: Vec<(PathBuf, String)>,
}

impl Sources {
    pub(crate) fn add(&mut self, path: impl Into<PathBuf>, text: impl Into<String>) -> FileId {
        let id = u32::try_from(self.files.len()).expect("a process loads a handful of files");
        self.files.push((path.into(), text.into()));
        FileId(id)
    }

    pub(crate) fn path(&self, file: FileId) -> &Path {
        &self.files[file.0 as usize].0
    }

    pub(crate) fn text(&self, file: FileId) -> &str {
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
pub(crate) struct Diagnostics {
    kept: Vec<Diagnostic>,
    concealed: Vec<Span>,
    errors: usize,
    warnings: usize,
}

impl Diagnostics {
    pub(crate) fn push(&mut self, diagnostic: Diagnostic) {
        match diagnostic.severity {
            Severity::Error => self.errors += 1,
            Severity::Warning => self.warnings += 1,
        }
        if self.kept.len() < MAX_KEPT {
            self.kept.push(diagnostic);
        }
    }

    /// What stands here is never shown, whichever diagnostic is about its line.
    pub(crate) fn conceal(&mut self, span: Span) {
        self.concealed.push(span);
    }

    pub(crate) fn has_errors(&self) -> bool {
        self.errors > 0
    }

    /// How many were pushed, kept or not.
    pub(crate) fn len(&self) -> usize {
        self.errors + self.warnings
    }

    /// How many of this severity were pushed, kept or not.
    pub(crate) fn count(&self, severity: Severity) -> usize {
        match severity {
            Severity::Error => self.errors,
            Severity::Warning => self.warnings,
        }
    }

    /// The kept ones as compilers show them, ordered by file and place.
    pub(crate) fn render(&self, sources: &Sources, colour: bool) -> String {
        let mut ordered: Vec<&Diagnostic> = self.kept.iter().collect();
        ordered.sort_by_key(|diagnostic| diagnostic.span);
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
