//! Single values: text, booleans, whole numbers, durations, sizes, and JSON as YAML writes it.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Decode, wrong_type, wrong_type_diagnostic};
use crate::code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::units::{ByteSize, DURATION_PATTERN, SIZE_PATTERN, parse_duration, parse_size};
use crate::yaml::{Form, Kind, Node, PlainType, Scalar};

/// Decodes a type that has a parser of its own. `parse` answers what is wrong with the text; the answer must not
/// repeat the text, which may come from the environment and be private.
///
/// ```text
/// decode_scalar(node, cx, "a host name", |text| HostName::parse(text).map_err(|e| e.to_string()))
/// ```
pub fn decode_scalar<T>(
    node: &Node,
    cx: &mut Diagnostics,
    expected: &str,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> Option<T> {
    let Some(scalar) = scalar(node) else {
        wrong_type(node, expected, cx);
        return None;
    };
    parse(&scalar.text)
        .map_err(|problem| cx.push(invalid(node, scalar, expected, problem)))
        .ok()
}

/// Any scalar but null.
fn scalar(node: &Node) -> Option<&Scalar> {
    match &node.kind {
        Kind::Scalar(scalar) if scalar.plain_type() != Some(PlainType::Null) => Some(scalar),
        Kind::Scalar(_) | Kind::Sequence(_) | Kind::Mapping(_) | Kind::Reported => None,
    }
}

fn invalid(node: &Node, scalar: &Scalar, expected: &str, problem: String) -> Diagnostic {
    let message = match scalar.form {
        Form::Plain | Form::Quoted => format!("`{}` is not {expected}", shortened(&scalar.text)),
        Form::Substituted => format!("with its variables filled in, this is not {expected}"),
    };
    Diagnostic::error(code::INVALID_VALUE, node.span, message).label(problem)
}

fn shortened(text: &str) -> String {
    const LENGTH: usize = 60;
    match text.char_indices().nth(LENGTH) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

impl Decode for String {
    const WHAT: &'static str = "text";

    /// A plain `8080` or `true` is refused: an editor that knows the schema refuses it too.
    fn decode(node: &Node, cx: &mut Diagnostics) -> Option<Self> {
        match &node.kind {
            Kind::Scalar(scalar) if scalar.plain_type().is_none() => Some(scalar.text.clone()),
            Kind::Scalar(scalar) if scalar.plain_type() != Some(PlainType::Null) => {
                let quoted = format!("put it in quotes: \"{}\"", scalar.text);
                cx.push(wrong_type_diagnostic(node, "text")?.help(quoted));
                None
            }
            Kind::Scalar(_) | Kind::Sequence(_) | Kind::Mapping(_) | Kind::Reported => {
                wrong_type(node, "text", cx);
                None
            }
        }
    }

    fn schema() -> Value {
        json!({ "type": "string" })
    }
}

impl Decode for bool {
    const WHAT: &'static str = "a boolean";

    fn decode(node: &Node, cx: &mut Diagnostics) -> Option<Self> {
        let Some(scalar) = scalar(node) else {
            wrong_type(node, TRUE_OR_FALSE, cx);
            return None;
        };
        let value = match scalar.text.as_str() {
            "true" | "True" | "TRUE" => Some(true),
            "false" | "False" | "FALSE" => Some(false),
            _ => None,
        };
        if value.is_some() && scalar.form != Form::Quoted {
            return value;
        }
        let help = match scalar.text.as_str() {
            "yes" | "on" => Some("did you mean `true`?"),
            "no" | "off" => Some("did you mean `false`?"),
            _ => value.map(|_| "remove the quotes"),
        };
        cx.push(wrong_type_diagnostic(node, TRUE_OR_FALSE)?.maybe_help(help.map(str::to_owned)));
        None
    }

    fn schema() -> Value {
        json!({ "type": "boolean" })
    }
}

const TRUE_OR_FALSE: &str = "true or false";

fn decode_whole_number(node: &Node, max: u64, cx: &mut Diagnostics) -> Option<u64> {
    let Some(scalar) = scalar(node) else {
        wrong_type(node, WHOLE_NUMBER, cx);
        return None;
    };
    let digits = scalar.text.bytes().all(|b| b.is_ascii_digit());
    let value = scalar.text.parse().ok().filter(|_| digits);
    let number = scalar.form == Form::Substituted || scalar.plain_type() == Some(PlainType::Number);
    if !number {
        let help = value.map(|_| "remove the quotes".to_owned());
        cx.push(wrong_type_diagnostic(node, WHOLE_NUMBER)?.maybe_help(help));
        return None;
    }
    if value.is_none_or(|value| value > max) {
        let problem = format!("only digits, and at most {max}");
        cx.push(invalid(node, scalar, "a whole number that fits", problem));
        return None;
    }
    value
}

const WHOLE_NUMBER: &str = "a whole number";

macro_rules! whole_numbers {
    ($($type:ty),*) => { $(
        impl Decode for $type {
            const WHAT: &'static str = WHOLE_NUMBER;

            fn decode(node: &Node, cx: &mut Diagnostics) -> Option<Self> {
                let max = u64::try_from(Self::MAX).unwrap_or(u64::MAX);
                Self::try_from(decode_whole_number(node, max, cx)?).ok()
            }

            fn schema() -> Value {
                json!({ "type": "integer", "minimum": 0, "maximum": Self::MAX })
            }
        }
    )* };
}

whole_numbers!(u16, u32, u64, usize);

impl Decode for Duration {
    const WHAT: &'static str = "a duration";

    fn decode(node: &Node, cx: &mut Diagnostics) -> Option<Self> {
        decode_scalar(node, cx, Self::WHAT, parse_duration)
    }

    fn schema() -> Value {
        json!({ "type": "string", "pattern": DURATION_PATTERN })
    }
}

impl Decode for ByteSize {
    const WHAT: &'static str = "a size";

    fn decode(node: &Node, cx: &mut Diagnostics) -> Option<Self> {
        decode_scalar(node, cx, Self::WHAT, parse_size)
    }

    fn schema() -> Value {
        json!({ "anyOf": [
            { "type": "integer", "minimum": 0 },
            { "type": "string", "pattern": SIZE_PATTERN },
        ] })
    }
}

/// JSON written as YAML, for bodies.
impl Decode for Value {
    const WHAT: &'static str = "a JSON value";

    fn decode(node: &Node, cx: &mut Diagnostics) -> Option<Self> {
        match &node.kind {
            Kind::Reported => None,
            Kind::Sequence(items) => items
                .iter()
                .map(|item| Self::decode(item, cx))
                .collect::<Option<_>>()
                .map(Self::Array),
            Kind::Mapping(entries) => entries
                .iter()
                .map(|(key, value)| Some((key.value.clone(), Self::decode(value, cx)?)))
                .collect::<Option<_>>()
                .map(Self::Object),
            Kind::Scalar(scalar) => match scalar.plain_type() {
                None => Some(Self::String(scalar.text.clone())),
                Some(PlainType::Null) => Some(Self::Null),
                Some(PlainType::Bool) => Some(Self::Bool(scalar.text.eq_ignore_ascii_case("true"))),
                Some(PlainType::Number) => decode_scalar(node, cx, "a JSON number", |text| {
                    serde_json::from_str(text).map_err(|_| "JSON has no way to write this number".to_owned())
                }),
            },
        }
    }

    fn schema() -> Value {
        json!({})
    }
}
