//! The central gateway: manifest, services, adapters, chat, and the resources that only it knows.

use serde_json::json;

use super::{needs_credential, no_such_path};
use crate::answer::{self, Answer};
use crate::call::Call;

pub(super) fn answer(call: &Call) -> Answer {
    match (call.method.as_str(), call.segments().as_slice()) {
        ("GET" | "HEAD", ["health"]) => health(),
        ("GET" | "HEAD", []) => answer::ok(json!({
            "name": "Onasis-CORE API Gateway",
            "version": "standin",
            "endpoints": { "health": "/health", "adapters": "/api/adapters", "services": "/services" },
        })),
        ("GET" | "HEAD", ["services"]) => answer::ok(json!({ "services": ["ai-chat", "memories", "text-to-speech"] })),
        ("GET" | "HEAD", ["api", "adapters"]) => {
            answer::ok(json!({ "adapters": [{ "id": "standin", "status": "active", "tools": 2 }] }))
        }
        (_, path) if !is_resource(path) => no_such_path(call),
        _ if !call.has_credential() => needs_credential(call),
        ("POST", ["api", "v1", "chat", "completions"]) => chat(call),
        (_, path) => answer::ok(json!({
            "success": true,
            "data": { "resource": path.join("/"), "received": call.json() },
            "timestamp": answer::timestamp(),
        })),
    }
}

/// What is behind a credential.
fn is_resource(path: &[&str]) -> bool {
    matches!(
        path,
        ["api", "adapters" | "tools" | "services", ..]
            | ["api", "v1", "services" | "maas" | "topics" | "analytics", ..]
            | ["api", "v1", "chat", "completions"]
            | ["v1", "keys", ..]
    )
}

fn health() -> Answer {
    answer::ok(json!({
        "status": "healthy",
        "uptime": 1,
        "timestamp": answer::timestamp(),
        "services": {
            "api": { "status": "online", "services": 3 },
            "mcp": { "status": "online", "adapters": 1, "tools": 2, "supabase": "online" },
        },
        "version": "standin",
    }))
}

fn chat(call: &Call) -> Answer {
    let model = call.field("model").unwrap_or_else(|| "standin".to_owned());
    let message = json!({ "role": "assistant", "content": "This is a stand-in." });
    answer::ok(json!({
        "id": "chatcmpl-standin",
        "object": "chat.completion",
        "model": model,
        "choices": [{ "index": 0, "message": message, "finish_reason": "stop" }],
        "usage": { "prompt_tokens": 1, "completion_tokens": 5, "total_tokens": 6 },
    }))
}
