//! `respond`: a fixed response.

use http::StatusCode;
use serde_json::{Value, json};

use super::header_edits::{RawLiteral, response_headers};
use crate::config::code;
use crate::routes::target::{FixedBody, FixedResponse};
use config_text::decode::{Decode, Entries};
use config_text::diagnostic::{Diagnostic, Diagnostics, Spanned};
use config_text::written::Written;
use config_text::yaml::Node;

config_text::record! {
    /// An answer the edge makes itself. An error status without a body gets the edge's error body.
    pub(super) struct RawRespond as "a fixed response" {
        /// From 200 to 599.
        status: needed Spanned<AnswerStatus>,
        /// The body, as JSON.
        json: optional Written<Value>,
        /// The body, as text.
        text: optional Written<String>,
        /// Headers of the answer.
        headers: default({}) Entries<RawLiteral>,
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) struct AnswerStatus(StatusCode);

impl Decode for AnswerStatus {
    const WHAT: &'static str = "a status";

    fn decode(node: &Node, cx: &mut Diagnostics) -> Option<Self> {
        let number = u16::decode(node, cx)?;
        match StatusCode::from_u16(number) {
            Ok(status) if (200..=599).contains(&number) => Some(Self(status)),
            Ok(_) | Err(_) => {
                let message = "this is not the status of an answer";
                let label = "must be from 200 to 599";
                cx.push(Diagnostic::error(code::INVALID_VALUE, node.span, message).label(label));
                None
            }
        }
    }

    fn schema() -> Value {
        json!({ "type": "integer", "minimum": 200, "maximum": 599 })
    }
}

pub(super) fn fixed_response(raw: &RawRespond, cx: &mut Diagnostics) -> Option<FixedResponse> {
    let headers = response_headers(&raw.headers, cx);
    if let (Some(json), Some(text)) = (&raw.json, &raw.text) {
        let message = "an answer has one body, `json` or `text`";
        cx.push(
            Diagnostic::error(code::CONFLICTING_TARGET, text.span, message)
                .label("a second body")
                .note_at(json.span, "a first one"),
        );
    }
    let body_span = raw
        .json
        .as_ref()
        .map(|json| json.span)
        .or(raw.text.as_ref().map(|text| text.span));
    let status = raw.status.as_ref()?;
    let bodiless = [
        StatusCode::NO_CONTENT,
        StatusCode::RESET_CONTENT,
        StatusCode::NOT_MODIFIED,
    ];
    if let (true, Some(span)) = (bodiless.contains(&status.0), body_span) {
        let message = format!("an answer with status {} has no body", status.0.as_u16());
        let diagnostic = Diagnostic::error(code::INVALID_VALUE, span, message);
        cx.push(diagnostic.note_at(status.span, "says that there is none"));
    }
    let json = raw.json.as_ref().and_then(|json| json.value.as_ref());
    let text = raw.text.as_ref().and_then(|text| text.value.as_ref());
    let body = match (json, text) {
        (Some(json), _) => FixedBody::Json(json.to_string()),
        (None, Some(text)) => FixedBody::Text(text.clone()),
        (None, None) => FixedBody::None,
    };
    Some(FixedResponse {
        status: status.0,
        headers,
        body,
    })
}
