//! What is wrong with a field, in words for the client.

use super::error::Refusal;

/// A field that may be there once.
pub(super) const TWICE: &str = "occurs twice";

/// What is wrong with a field, without its value. serde's own text repeats it before `, expected …`.
pub(super) fn field_at_fault(path: &str, error: &str) -> Refusal {
    const KEPT_WHOLE: [&str; 2] = ["missing field", "unknown field"];
    let kept = KEPT_WHOLE.iter().any(|start| error.starts_with(start));
    let error = error.split(" at line ").next().unwrap_or_default();
    let detail = match error.split_once(", expected ") {
        _ if error == TWICE => format!("`{path}` {TWICE}"),
        _ if kept && path == "." => error.to_owned(),
        _ if kept => format!("`{path}`: {error}"),
        Some((_, expected)) if path == "." => format!("A field is of the wrong type: expected {}", in_words(expected)),
        Some((_, expected)) => format!("`{path}` is of the wrong type: expected {}", in_words(expected)),
        None if path == "." => "A field is not valid".to_owned(),
        None => format!("`{path}` is not valid"),
    };
    Refusal::InvalidRequest(detail)
}

/// serde names types of Rust, which are nothing to a client.
fn in_words(expected: &str) -> &str {
    match expected {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number, not below 0",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "f32" | "f64" => "a number",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "a map" => "an object",
        text if text.starts_with("struct ") => "an object",
        text => text,
    }
}
