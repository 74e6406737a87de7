//! YAML text to a tree in which every node knows its place. Reports what is wrong with the text itself: syntax,
//! duplicate keys, unset variables, and the parts of YAML that configuration has no use for (anchors, tags, several documents).
//! Knows nothing of what the keys mean.

mod complaint;
mod place;
mod reader;

use crate::diagnostic::{Diagnostics, FileId, Span, Spanned};
use crate::environment::Environment;

/// A route map of ten thousand routes is about 2 MiB.
const MAX_TEXT: usize = 8 * 1024 * 1024;

/// A value and its place.
#[derive(Clone, Debug)]
pub struct Node {
    pub kind: Kind,
    pub span: Span,
}

/// What stands at a place.
#[derive(Clone, Debug)]
pub enum Kind {
    Scalar(Scalar),
    Sequence(Vec<Node>),
    /// In file order; keys are unique.
    Mapping(Vec<(Spanned<String>, Node)>),
    /// Something stands here that has been reported already: whoever reads it stays silent.
    Reported,
}

/// A word, number or text, after substitution of variables.
#[derive(Clone, Debug)]
pub struct Scalar {
    pub text: String,
    pub form: Form,
}

/// How a scalar was written, which decides what it may be read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Without quotes: `8080` is a number, `true` a boolean, nothing at all is null.
    Plain,
    /// With quotes, or as a block: always text.
    Quoted,
    /// With a `${VAR}` in it, quoted or not: whatever is wanted at this place. It may hold something private,
    /// so no message repeats it.
    Substituted,
}

/// The tree of `text`; `None` when nothing can be made of it. Either way `cx` has every problem found.
pub fn parse(file: FileId, text: &str, env: &Environment, cx: &mut Diagnostics) -> Option<Node> {
    if text.len() > MAX_TEXT {
        cx.push(complaint::too_large(file, MAX_TEXT));
        return None;
    }
    reader::read(file, text, env, cx).map_err(|stop| cx.push(*stop)).ok()
}

impl Node {
    /// Whether nothing stands here: an empty value, `~` or `null`.
    pub fn is_null(&self) -> bool {
        matches!(&self.kind, Kind::Scalar(scalar) if scalar.plain_type() == Some(PlainType::Null))
    }

    /// What stands here, for "expected …, found …".
    pub fn found(&self) -> &'static str {
        match &self.kind {
            Kind::Scalar(scalar) => match scalar.plain_type() {
                Some(PlainType::Null) => "nothing",
                Some(PlainType::Bool) => "a boolean",
                Some(PlainType::Number) => "a number",
                None => "text",
            },
            Kind::Sequence(_) => "a list",
            Kind::Mapping(_) => "a mapping",
            Kind::Reported => "a mistake",
        }
    }
}

/// What YAML 1.2 makes of a plain scalar that is not text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlainType {
    Null,
    Bool,
    Number,
}

impl Scalar {
    /// `None` for text.
    pub fn plain_type(&self) -> Option<PlainType> {
        if self.form != Form::Plain {
            return None;
        }
        match self.text.as_str() {
            "" | "~" | "null" | "Null" | "NULL" => Some(PlainType::Null),
            "true" | "True" | "TRUE" | "false" | "False" | "FALSE" => Some(PlainType::Bool),
            text if is_number(text) => Some(PlainType::Number),
            _ => None,
        }
    }
}

/// The numbers of YAML's core schema.
fn is_number(text: &str) -> bool {
    if let Some(octal) = text.strip_prefix("0o") {
        return !octal.is_empty() && octal.bytes().all(|b| matches!(b, b'0'..=b'7'));
    }
    if let Some(hex) = text.strip_prefix("0x") {
        return !hex.is_empty() && hex.bytes().all(|b| b.is_ascii_hexdigit());
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let infinite = matches!(unsigned, ".inf" | ".Inf" | ".INF");
    let not_a_number = matches!(text, ".nan" | ".NaN" | ".NAN");
    let decimal = unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.') && unsigned.parse::<f64>().is_ok();
    infinite || not_a_number || decimal
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
