//! Values with something to tell beyond themselves: that they were written at all, that they may be private, or that
//! a word stands for their absence.

use serde_json::{Value, json};

use crate::decode::{Decode, decode_scalar};
use crate::diagnostic::{Diagnostics, Severity, Span};
use crate::yaml::{Form, Kind, Node};

/// A value that stands in the file, whether or not it was any good: its key is not missing.
#[derive(Clone, Debug)]
pub struct Written<T> {
    pub value: Option<T>,
    pub span: Span,
    /// Nothing in it was reported, so the value is all that was written.
    pub flawless: bool,
}

impl<T: Decode> Decode for Written<T> {
    const WHAT: &'static str = T::WHAT;

    fn decode(node: &Node, cx: &mut Diagnostics) -> Option<Self> {
        let before = cx.count(Severity::Error);
        let value = T::decode(node, cx);
        Some(Self {
            value,
            span: node.span,
            flawless: cx.count(Severity::Error) == before && !holds_reported(node),
        })
    }

    fn schema() -> Value {
        T::schema()
    }
}

/// Whether something in it was reported before anything was decoded, such as a variable that is not set.
fn holds_reported(node: &Node) -> bool {
    match &node.kind {
        Kind::Scalar(_) => false,
        Kind::Sequence(items) => items.iter().any(holds_reported),
        Kind::Mapping(entries) => entries.iter().any(|(_, value)| holds_reported(value)),
        Kind::Reported => true,
    }
}

/// Text that messages repeat, unless it came from the environment.
#[derive(Clone, Debug)]
pub struct Text {
    pub value: String,
    pub span: Span,
    private: bool,
}

impl Text {
    /// "`docs`" for a message; `None` for a value that it must not repeat.
    pub fn shown(&self) -> Option<String> {
        (!self.private).then(|| format!("`{}`", self.value))
    }

    /// As [`Text::shown`], with other words for a value that must not be repeated.
    pub fn shown_or(&self, otherwise: &str) -> String {
        self.shown().unwrap_or_else(|| otherwise.to_owned())
    }
}

impl Decode for Text {
    const WHAT: &'static str = String::WHAT;

    fn decode(node: &Node, cx: &mut Diagnostics) -> Option<Self> {
        Some(Self {
            value: String::decode(node, cx)?,
            span: node.span,
            private: is_substituted(node),
        })
    }

    fn schema() -> Value {
        String::schema()
    }
}

/// [`decode_scalar`] for parsers whose complaint repeats what they read.
pub fn decode_parsed<T>(
    node: &Node,
    cx: &mut Diagnostics,
    expected: &str,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> Option<T> {
    decode_scalar(node, cx, expected, |text| {
        parse(text).map_err(|problem| match is_substituted(node) {
            true => "look at the variables' values".to_owned(),
            false => problem,
        })
    })
}

/// Whether the value came from the environment, so that it may be private.
pub fn is_substituted(node: &Node) -> bool {
    matches!(&node.kind, Kind::Scalar(scalar) if scalar.form == Form::Substituted)
}

macro_rules! or_word {
    ($(#[doc = $doc:literal])* $name:ident, $word:literal) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name<T>(pub Option<T>);

        impl<T: Decode> Decode for $name<T> {
            const WHAT: &'static str = T::WHAT;

            fn decode(node: &Node, cx: &mut Diagnostics) -> Option<Self> {
                match &node.kind {
                    Kind::Scalar(scalar) if scalar.text == $word => Some(Self(None)),
                    _ => T::decode(node, cx).map(|value| Self(Some(value))),
                }
            }

            fn schema() -> Value {
                json!({ "anyOf": [{ "const": $word }, T::schema()] })
            }
        }
    };
}

or_word! {
    /// A value, or `none`.
    OrNone, "none"
}

or_word! {
    /// A value, or `off`.
    OrOff, "off"
}
