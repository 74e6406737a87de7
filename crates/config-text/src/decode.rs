//! From nodes to typed values. A decoder that cannot go on reports why and answers `None`; whoever called it goes on
//! with the rest, so that one run finds every mistake. Each type also knows its JSON Schema.
//! Shapes are declared with `record!` and `choice!`; names that must exist elsewhere are not checked here.

mod choice;
mod collections;
mod record;
mod scalars;

use serde_json::Value;

pub use choice::decode_word;
pub use collections::{Entries, OneOrMany};
pub use record::{Fields, RecordSchema, description};
pub use scalars::decode_scalar;

use crate::code;
use crate::diagnostic::{Diagnostic, Diagnostics, Spanned};
use crate::yaml::{Kind, Node};

/// A value that can be written in a configuration file.
pub trait Decode: Sized {
    /// One of these, with its article ("an upstream"), for messages; its plural names a list of them.
    /// Empty for what has no name of its own.
    const WHAT: &'static str = "";

    fn decode(node: &Node, cx: &mut Diagnostics) -> Option<Self>;

    /// What an editor may check: JSON Schema, draft 2020-12.
    fn schema() -> Value;
}

impl<T: Decode> Decode for Spanned<T> {
    const WHAT: &'static str = T::WHAT;

    fn decode(node: &Node, cx: &mut Diagnostics) -> Option<Self> {
        let value = T::decode(node, cx)?;
        Some(Self::new(value, node.span))
    }

    fn schema() -> Value {
        T::schema()
    }
}

impl<T: Decode> Decode for Box<T> {
    const WHAT: &'static str = T::WHAT;

    fn decode(node: &Node, cx: &mut Diagnostics) -> Option<Self> {
        T::decode(node, cx).map(Self::new)
    }

    fn schema() -> Value {
        T::schema()
    }
}

/// Reports that something else was wanted at this node.
pub fn wrong_type(node: &Node, expected: &str, cx: &mut Diagnostics) {
    if let Some(diagnostic) = wrong_type_diagnostic(node, expected) {
        cx.push(diagnostic);
    }
}

/// `None` for a node that has been reported already.
fn wrong_type_diagnostic(node: &Node, expected: &str) -> Option<Diagnostic> {
    if matches!(node.kind, Kind::Reported) {
        return None;
    }
    let found = node.found();
    let message = format!("expected {expected}, found {found}");
    Some(Diagnostic::error(code::WRONG_TYPE, node.span, message))
}

/// "a list of URLs" for "a URL".
fn list_of(what: &str) -> String {
    let name = what.trim_start_matches("an ").trim_start_matches("a ");
    match name {
        "" => "a list".to_owned(),
        _ => match name.strip_suffix('y') {
            Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("a list of {stem}ies"),
            _ => format!("a list of {name}s"),
        },
    }
}

#[cfg(test)]
mod tests;
