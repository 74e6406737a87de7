//! The wording of everything that can be wrong with a YAML text.

use super::Node;
use crate::code;
use crate::diagnostic::{Diagnostic, FileId, Span, Spanned};
use crate::substitution::Problem;

pub(super) fn too_large(file: FileId, limit: usize) -> Diagnostic {
    let start = Span { file, start: 0, end: 0 };
    let message = format!("the file is larger than {} MiB", limit >> 20);
    Diagnostic::error(code::TOO_LARGE, start, message)
}

pub(super) fn too_many(span: Span, limit: usize) -> Diagnostic {
    let message = format!("the file has more than {limit} values");
    Diagnostic::error(code::TOO_LARGE, span, message)
}

pub(super) fn too_deep(span: Span, limit: usize) -> Diagnostic {
    let message = format!("values are nested more than {limit} deep");
    Diagnostic::error(code::TOO_DEEP, span, message)
}

pub(super) fn several_documents(span: Span) -> Diagnostic {
    Diagnostic::error(code::SEVERAL_DOCUMENTS, span, "a second YAML document begins here")
        .help("a file holds one document: remove the `---`")
}

/// `bracket` is the innermost one still open.
pub(super) fn syntax(problem: &str, at: Span, text: &str, bracket: Option<Span>) -> Diagnostic {
    if text[at.start..].starts_with('*') {
        return alias(at);
    }
    // The library counts 255 open brackets before it hands over the first.
    if problem.contains("recursion limit") {
        return Diagnostic::error(code::TOO_DEEP, at, "brackets are nested too deep");
    }
    let mut diagnostic = Diagnostic::error(code::YAML_SYNTAX, at, "this is not valid YAML").label(problem);
    if let Some(bracket) = bracket {
        diagnostic = diagnostic.note_at(bracket, "inside this bracket");
    }
    if line_around(text, at.start).contains("${") {
        return diagnostic.help("between `[ ]` or `{ }` a `${…}` must be in double quotes");
    }
    diagnostic
}

fn line_around(text: &str, at: usize) -> &str {
    let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let end = text[at..].find('\n').map_or(text.len(), |newline| at + newline);
    &text[start..end]
}

pub(super) fn alias(span: Span) -> Diagnostic {
    Diagnostic::error(code::YAML_ALIAS, span, "YAML anchors and aliases are not supported")
        .help("write the value out where it is needed; text that begins with `&` or `*` needs quotes")
}

pub(super) fn tag(span: Span) -> Diagnostic {
    Diagnostic::error(code::YAML_TAG, span, "YAML tags are not supported")
        .help("remove the tag; text that begins with `!` needs quotes")
}

pub(super) fn duplicate_key(key: &Spanned<String>, first: Span) -> Diagnostic {
    let message = format!("the key `{}` appears twice", key.value);
    Diagnostic::error(code::DUPLICATE_KEY, key.span, message)
        .label("second time")
        .note_at(first, "first time")
}

pub(super) fn key_is_no_word(key: &Node) -> Diagnostic {
    let message = format!("a key must be text, found {}", key.found());
    Diagnostic::error(code::WRONG_TYPE, key.span, message)
}

pub(super) fn unresolved(problem: &Problem, span: Span) -> Diagnostic {
    match problem {
        Problem::Unset { name } => {
            let message = format!("the environment variable `{name}` is not set");
            Diagnostic::error(code::UNSET_VARIABLE, span, message)
                .label("has no value and no default")
                .help(format!("set it, or write `${{{name}:-default}}`"))
        }
        Problem::Demanded { name, message } => {
            let message = format!("the environment variable `{name}` must be set: {message}");
            Diagnostic::error(code::UNSET_VARIABLE, span, message).label("has no value")
        }
        Problem::Malformed => Diagnostic::error(
            code::INVALID_VALUE,
            span,
            "this is not a reference to an environment variable",
        )
        .label("expected `${NAME}`, `${NAME:-default}` or `${NAME:?message}`")
        .help("write `$${` for a literal `${`"),
    }
}
