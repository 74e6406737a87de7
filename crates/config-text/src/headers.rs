//! Values of HTTP headers.

use http::HeaderValue;
use serde_json::{Value, json};

use crate::code;
use crate::decode::Decode;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::written::is_substituted;
use crate::yaml::Node;

impl Decode for HeaderValue {
    const WHAT: &'static str = "a header value";

    fn decode(node: &Node, cx: &mut Diagnostics) -> Option<Self> {
        let text = String::decode(node, cx)?;
        if let Ok(value) = Self::from_str(&text) {
            return Some(value);
        }
        let message = match is_substituted(node) {
            true => "with its variables filled in, this is not a header value".to_owned(),
            false => format!("`{}` is not a header value", text.escape_debug()),
        };
        let label = "a header value is visible ASCII characters, spaces and tabs";
        cx.push(Diagnostic::error(code::INVALID_VALUE, node.span, message).label(label));
        None
    }

    fn schema() -> Value {
        json!({ "type": "string" })
    }
}
