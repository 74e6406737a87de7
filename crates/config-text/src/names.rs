//! Names that one part of a file defines and another refers to.

use std::collections::HashMap;

use crate::code::{self, Code};
use crate::decode::Entries;
use crate::diagnostic::{Diagnostic, Diagnostics, Spanned};
use crate::suggest::did_you_mean;
use crate::written::Text;

/// More known names than this do not help anybody.
const MAX_LISTED: usize = 12;

/// One kind of name.
#[derive(Clone, Copy, Debug)]
pub struct NameKind {
    /// What a dangling reference is reported as.
    pub unknown: Code,
    /// "upstream", and "an upstream".
    pub what: &'static str,
    pub one: &'static str,
    /// Where such names are defined.
    pub section: &'static str,
    /// A word that a reference may be instead.
    pub reserved: Option<&'static str>,
}

/// What was made of the definitions of one kind.
#[derive(Debug)]
pub struct Named<'r, R, T> {
    kind: NameKind,
    written: &'r Entries<R>,
    made: HashMap<&'r str, T>,
}

impl<'r, R, T> Named<'r, R, T> {
    /// `make` answers `None` for a definition that it reported.
    pub fn new(
        kind: NameKind,
        written: &'r Entries<R>,
        cx: &mut Diagnostics,
        mut make: impl FnMut(&'r Spanned<String>, &'r R, &mut Diagnostics) -> Option<T>,
    ) -> Self {
        let mut made = HashMap::new();
        for (name, raw) in written.iter() {
            check(kind, name, cx);
            if let Some(value) = make(name, raw, cx) {
                made.insert(name.value.as_str(), value);
            }
        }
        Self { kind, written, made }
    }

    /// `None`, and reported, for a name that is not defined; silently for one whose definition was reported.
    pub fn resolve(&self, reference: &Text, cx: &mut Diagnostics) -> Option<&T> {
        let found = self.made.get(reference.value.as_str());
        if found.is_none() && !self.written.names(&reference.value) {
            cx.push(self.unknown(reference));
        }
        found
    }

    fn unknown(&self, reference: &Text) -> Diagnostic {
        let NameKind {
            what,
            section,
            reserved,
            unknown,
            ..
        } = self.kind;
        let message = match reference.shown() {
            Some(name) => format!("there is no {what} called {name}"),
            None => format!("with its variables filled in, this names no {what}"),
        };
        let known = || self.written.iter().map(|(name, _)| name.value.as_str());
        let help = did_you_mean(&reference.value, known().chain(reserved)).or_else(|| {
            let names: Vec<&str> = known().take(MAX_LISTED + 1).collect();
            let listable = !names.is_empty() && names.len() <= MAX_LISTED;
            listable.then(|| format!("known under `{section}`: {}", names.join(", ")))
        });
        Diagnostic::error(unknown, reference.span, message)
            .label(format!("not defined under `{section}`"))
            .maybe_help(help)
    }
}

/// Names become labels of metrics and fields of logs.
fn check(kind: NameKind, name: &Spanned<String>, cx: &mut Diagnostics) {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    let valid = (1..=64).contains(&name.len()) && name.bytes().all(plain);
    if !valid {
        let message = format!("`{}` cannot be the name of {}", name.value, kind.one);
        cx.push(
            Diagnostic::error(code::INVALID_VALUE, name.span, message)
                .label("a name is 1 to 64 lower-case letters, digits and dashes"),
        );
    } else if kind.reserved == Some(name.as_str()) {
        let message = format!("no {} can be called `{}`", kind.what, name.value);
        cx.push(Diagnostic::error(code::INVALID_VALUE, name.span, message).label("this word has a meaning of its own"));
    }
}
