//! `when`: what must hold of a request beyond host, path and method.

use http::{HeaderName, HeaderValue};

use crate::config::decode::{Entries, record};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Span, Spanned};
use crate::routes::conditions::{Conditions, Wanted};

record! {
    /// Conditions, all of which must hold. The value `"*"` means: present, with any value.
    pub(super) struct RawConditions as "conditions" {
        /// Request headers and their values.
        headers: default({}) Entries<Spanned<String>>,
        /// Query parameters and their values.
        query: default({}) Entries<String>,
    }
}

pub(super) fn conditions(raw: Option<&RawConditions>, cx: &mut Diagnostics) -> Conditions {
    let Some(raw) = raw else {
        return Conditions::default();
    };
    let mut headers: Vec<(HeaderName, Wanted)> = Vec::new();
    let mut seen: Vec<Span> = Vec::new();
    for (key, value) in raw.headers.iter() {
        let Ok(name) = HeaderName::from_bytes(key.as_bytes()) else {
            cx.push(not_a_name(key));
            continue;
        };
        if let Some(first) = headers.iter().position(|(known, _)| *known == name) {
            let message = format!("the header `{name}` appears twice");
            let diagnostic = Diagnostic::error(Code::DuplicateKey, key.span, message);
            cx.push(diagnostic.label("second time").note_at(seen[first], "first time"));
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
    Conditions {
        headers,
        query: query.collect(),
    }
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
        cx.push(Diagnostic::error(Code::InvalidValue, value.span, message).label(label));
    }
}

fn not_a_name(key: &Spanned<String>) -> Diagnostic {
    let message = format!("`{}` is not a header name", key.value);
    Diagnostic::error(Code::InvalidValue, key.span, message)
}
