//! `when`: what must hold of a request beyond host, path and method.

use http::{HeaderName, HeaderValue};

use crate::config::code;
use crate::routes::conditions::{Conditions, Wanted};
use config_text::decode::Entries;
use config_text::diagnostic::{Diagnostic, Diagnostics, Span, Spanned};
use config_text::written::Written;

config_text::record! {
    /// Conditions, all of which must hold. The value `"*"` means: present, with any value.
    pub(super) struct RawConditions as "a `when` section" {
        /// Request headers and their values.
        headers: default({}) Entries<Spanned<String>>,
        /// Query parameters and their values.
        query: default({}) Entries<String>,
    }
}

/// `None` when one of them was reported: without it the route would match more than was meant.
pub(super) fn conditions(written: &Written<RawConditions>, cx: &mut Diagnostics) -> Option<Conditions> {
    let raw = written.value.as_ref()?;
    let mut whole = written.flawless;
    let mut headers: Vec<(HeaderName, Wanted)> = Vec::new();
    let mut seen: Vec<Span> = Vec::new();
    for (key, value) in raw.headers.iter() {
        let Ok(name) = HeaderName::from_bytes(key.as_bytes()) else {
            cx.push(not_a_name(key));
            whole = false;
            continue;
        };
        if let Some(first) = headers.iter().position(|(known, _)| *known == name) {
            let message = format!("the header `{name}` appears twice");
            let diagnostic = Diagnostic::error(code::DUPLICATE_KEY, key.span, message);
            cx.push(diagnostic.label("second time").note_at(seen[first], "first time"));
            whole = false;
            continue;
        }
        refuse_impossible(value, cx);
        headers.push((name, wanted(value)));
        seen.push(key.span);
    }
    let query = raw
        .query
        .iter()
        .map(|(name, value)| (name.value.clone(), wanted(value)));
    let query = query.collect();
    whole.then_some(Conditions { headers, query })
}

fn wanted(value: &str) -> Wanted {
    match value {
        "*" => Wanted::Present,
        other => Wanted::Equals(other.to_owned()),
    }
}

/// Nothing that a client can send equals it.
fn refuse_impossible(value: &Spanned<String>, cx: &mut Diagnostics) {
    if value.trim() != value.value || HeaderValue::from_str(value).is_err() {
        let message = "no header can have this value";
        let label = "a header value is visible ASCII characters, without spaces around them";
        cx.push(Diagnostic::error(code::INVALID_VALUE, value.span, message).label(label));
    }
}

fn not_a_name(key: &Spanned<String>) -> Diagnostic {
    let message = format!("`{}` is not a header name", key.value);
    Diagnostic::error(code::INVALID_VALUE, key.span, message)
}
