//! Diagnostics for programs: an object each, with the place in numbers. No source text is in it.

use serde_json::{Value, json};

use super::{Diagnostic, Severity, Sources, Span};

pub(super) fn one(diagnostic: &Diagnostic, sources: &Sources) -> Value {
    let (line, column) = diagnostic.span.map(|span| place(span, sources)).unzip();
    json!({
        "severity": match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        },
        "code": diagnostic.code.as_str(),
        "message": diagnostic.message,
        "label": diagnostic.label,
        "file": diagnostic.span.map(|span| sources.path(span.file).to_string_lossy()),
        "line": line,
        "column": column,
        "help": diagnostic.helps,
    })
}

/// Both from 1; columns are characters.
fn place(span: Span, sources: &Sources) -> (usize, usize) {
    let before = &sources.text(span.file)[..span.start];
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    (before.matches('\n').count() + 1, column)
}
