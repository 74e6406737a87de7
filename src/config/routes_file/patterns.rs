//! Path patterns and the templates that use what they capture.

use serde_json::{Value, json};

use crate::config::code;
use crate::routes::pattern::{Pattern, SPLAT, Segment};
use crate::routes::template::Template;
use config_text::decode::Decode;
use config_text::diagnostic::{Diagnostic, Diagnostics, Spanned};
use config_text::suggest::did_you_mean;
use config_text::written::is_substituted;
use config_text::yaml::Node;

impl Decode for Pattern {
    const WHAT: &'static str = "a path pattern";

    fn decode(node: &Node, cx: &mut Diagnostics) -> Option<Self> {
        let text = String::decode(node, cx)?;
        let problem = match Self::parse(&text) {
            Ok(pattern) => return Some(pattern),
            Err(problem) => problem,
        };
        let diagnostic = match is_substituted(node) {
            true => {
                let message = "with its variables filled in, this is not a path pattern";
                Diagnostic::error(code::INVALID_PATTERN, node.span, message)
            }
            false => {
                let message = format!("`{text}` is not a path pattern");
                Diagnostic::error(code::INVALID_PATTERN, node.span, message).label(problem)
            }
        };
        cx.push(diagnostic);
        None
    }

    fn schema() -> Value {
        json!({ "type": "string", "pattern": "^/" })
    }
}

impl Decode for Template {
    const WHAT: &'static str = String::WHAT;

    fn decode(node: &Node, cx: &mut Diagnostics) -> Option<Self> {
        String::decode(node, cx).map(|text| Self::parse(&text))
    }

    fn schema() -> Value {
        String::schema()
    }
}

/// Two patterns that match the same paths: names of parameters do not count.
pub(super) fn same_shape(a: &Pattern, b: &Pattern) -> bool {
    let same = |pair: (&Segment, &Segment)| match pair {
        (Segment::Literal(a), Segment::Literal(b)) => a == b,
        (Segment::Param(_), Segment::Param(_)) => true,
        (Segment::Literal(_), Segment::Param(_)) | (Segment::Param(_), Segment::Literal(_)) => false,
    };
    a.has_splat() == b.has_splat()
        && a.segments().len() == b.segments().len()
        && a.segments().iter().zip(b.segments()).all(same)
}

pub(super) fn refuse_repeated(patterns: &[Spanned<Pattern>], cx: &mut Diagnostics) {
    for (position, pattern) in patterns.iter().enumerate() {
        let mut earlier = patterns[..position].iter();
        if let Some(first) = earlier.find(|first| same_shape(first, pattern)) {
            let message = format!("the route has the pattern `{}` twice", pattern.as_str());
            cx.push(
                Diagnostic::error(code::INVALID_PATTERN, pattern.span, message)
                    .label("matches the same paths")
                    .note_at(first.span, "first time"),
            );
        }
    }
}

/// Every pattern of the route captures every parameter of the template.
pub(super) fn check_parameters(template: &Spanned<Template>, patterns: &[Spanned<Pattern>], cx: &mut Diagnostics) {
    let mut checked: Vec<&str> = Vec::new();
    for parameter in template.parameters() {
        if checked.contains(&parameter) {
            continue;
        }
        checked.push(parameter);
        let captures = |pattern: &Pattern| pattern.captures().any(|name| name == parameter);
        if let Some(pattern) = patterns.iter().find(|pattern| !captures(pattern)) {
            cx.push(unknown_parameter(template, parameter, pattern));
        }
    }
}

fn unknown_parameter(template: &Spanned<Template>, parameter: &str, pattern: &Spanned<Pattern>) -> Diagnostic {
    let message = format!("`{}` does not capture `:{parameter}`", pattern.as_str());
    let help = match parameter {
        SPLAT => Some("`:splat` is what a `*` at the end of the pattern takes".to_owned()),
        _ => did_you_mean(parameter, pattern.captures()).or_else(|| {
            let fix = "a colon before a letter begins a parameter; write `::` for a plain colon";
            Some(fix.to_owned())
        }),
    };
    Diagnostic::error(code::UNKNOWN_PARAMETER, template.span, message)
        .label(format!("uses `:{parameter}`"))
        .note_at(pattern.span, "has no such parameter")
        .maybe_help(help)
}
