//! What is left of the functions that came before: `/maas-api/*` and the catch-all below `/api`.

use serde_json::json;

use super::{health, needs_credential, no_such_path};
use crate::answer::{self, Answer};
use crate::call::Call;

pub(super) fn answer(call: &Call) -> Answer {
    match call.segments().as_slice() {
        ["health"] => answer::ok(health("legacy")),
        ["maas-api" | "api", _, ..] if !call.has_credential() => needs_credential(call),
        ["maas-api" | "api", rest @ ..] if !rest.is_empty() => answer::ok(json!({
            "success": true,
            "data": { "resource": rest.join("/") },
            "timestamp": answer::timestamp(),
        })),
        _ => no_such_path(call),
    }
}
