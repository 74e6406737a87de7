//! Supabase edge functions under `/functions/v1/NAME`: methods, credentials and shapes of the deployed ones.

use http::StatusCode;
use http::header::{ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_ORIGIN};
use serde_json::{Value, json};

use super::health;
use crate::answer::{self, Answer};
use crate::call::Call;

pub(super) struct Function {
    name: &'static str,
    methods: &'static [&'static str],
    reply: fn(&Call, Option<&str>) -> Answer,
}

const ANY: &[&str] = &[];
const GET: &[&str] = &["GET", "HEAD"];
const POST: &[&str] = &["POST"];
const GET_POST: &[&str] = &["GET", "POST"];
const POST_DELETE: &[&str] = &["POST", "DELETE"];

const fn function(
    name: &'static str,
    methods: &'static [&'static str],
    reply: fn(&Call, Option<&str>) -> Answer,
) -> Function {
    Function { name, methods, reply }
}

pub(super) const PLATFORM: &[Function] = &[
    function("memory-create", POST, create),
    function("memory-list", GET_POST, list),
    function("memory-search", GET_POST, list),
    function("memory-get", GET, one),
    function("memory-update", &["POST", "PUT", "PATCH"], one),
    function("memory-delete", POST_DELETE, one),
    function("memory-bulk-delete", POST_DELETE, done),
    function("memory-stats", ANY, stats),
    function("api-key-create", POST, create),
    function("api-key-list", GET_POST, list),
    function("api-key-rotate", POST, done),
    function("api-key-revoke", POST_DELETE, done),
    function("api-key-delete", POST_DELETE, done),
    function("organization-info", GET_POST, organization),
    function("project-create", POST, create),
    function("project-list", GET_POST, list),
    function("config-get", GET_POST, config),
    function("config-set", &["POST", "PUT"], done),
    function("embeddings", POST, embeddings),
];

pub(super) const INTELLIGENCE: &[Function] = &[
    function("intelligence-health-check", GET_POST, done),
    function("intelligence-memories", GET_POST, list),
    function("intelligence-suggest-tags", POST, done),
    function("intelligence-find-related", POST, done),
    function("intelligence-detect-duplicates", POST, done),
    function("intelligence-extract-insights", POST, done),
    function("intelligence-analyze-patterns", POST, done),
    function("intelligence-predictive-recall", POST, done),
    function("intelligence-prediction-feedback", POST, done),
    function("intelligence-behavior-record", POST, done),
    function("intelligence-behavior-recall", POST, done),
    function("intelligence-behavior-suggest", POST, done),
    function("intelligence-conclusions", GET_POST, list),
    function("intelligence-jobs", GET, one),
    function("intelligence-flush", POST, done),
    function("intelligence-profiles", &["GET", "HEAD", "POST"], one),
];

/// Deployed in both projects, and open to anonymous callers.
const OPEN: &[Function] = &[
    function("auth-status", GET_POST, auth_status),
    function("system-health", ANY, system_health),
];

pub(super) fn answer(call: &Call, project: &str, functions: &[Function]) -> Answer {
    // As the deployed functions do; the edge has to put its own policy in their place.
    let answer = answer::with(dispatch(call, project, functions), ACCESS_CONTROL_ALLOW_ORIGIN, "*");
    answer::with(answer, ACCESS_CONTROL_ALLOW_CREDENTIALS, "true")
}

fn dispatch(call: &Call, project: &str, functions: &[Function]) -> Answer {
    let segments = call.segments();
    let (name, item) = match segments.as_slice() {
        ["health"] => return answer::ok(health(project)),
        ["functions", "v1", name, item @ ..] => (*name, item.first().copied()),
        _ => {
            return answer::error(StatusCode::NOT_FOUND, "Nothing is served at this path", "NOT_FOUND");
        }
    };
    let named = |function: &&Function| function.name == name;
    let open = OPEN.iter().find(named);
    let Some(function) = open.or_else(|| functions.iter().find(named)) else {
        return answer::error(StatusCode::NOT_FOUND, "Function was not found", "NOT_FOUND");
    };
    if !function.methods.is_empty() && !function.methods.contains(&call.method.as_str()) {
        return answer::method_not_allowed(&call.method, function.methods);
    }
    if open.is_none() && !call.has_credential() {
        return answer::error(
            StatusCode::UNAUTHORIZED,
            "A credential is needed for this function",
            "AUTHENTICATION_ERROR",
        );
    }
    (function.reply)(call, item)
}

fn entry(id: &str) -> Value {
    json!({
        "id": id,
        "title": "A memory of the stand-in",
        "content": "Nothing is stored here.",
        "memory_type": "context",
        "tags": ["standin"],
        "created_at": "2026-01-15T09:30:00Z",
        "updated_at": "2026-01-15T09:30:00Z",
    })
}

fn create(call: &Call, _: Option<&str>) -> Answer {
    let Some(Value::Object(given)) = call.json() else {
        return answer::error(
            StatusCode::BAD_REQUEST,
            "The body must be a JSON object",
            "VALIDATION_ERROR",
        );
    };
    let mut created = json!({ "id": "5f0c2d2e-8a57-4f0e-9a53-0d6f3c1b7e42" });
    for (key, value) in given {
        created[key] = value;
    }
    answer::created(json!({ "success": true, "data": created }))
}

fn list(call: &Call, _: Option<&str>) -> Answer {
    let limit = call
        .parameter("limit")
        .and_then(|limit| limit.parse().ok())
        .unwrap_or(20_u32);
    let ids = [
        "0b9a6f0e-3c43-4b8e-8a53-6f8a4f0f5b11",
        "9d1f7c52-51f1-4d3a-a7c5-2f6d1f6a0c22",
    ];
    let data: Vec<Value> = ids.iter().map(|id| entry(id)).collect();
    let pagination =
        json!({ "total": data.len(), "limit": limit, "offset": 0, "has_more": false, "page": 1, "pages": 1 });
    answer::ok(json!({ "data": data, "pagination": pagination }))
}

/// One thing, by the id in the path, the query or the body.
fn one(call: &Call, item: Option<&str>) -> Answer {
    let id = item
        .or_else(|| call.parameter("id"))
        .map(str::to_owned)
        .or_else(|| call.field("id"));
    match id {
        Some(id) => answer::ok(json!({ "success": true, "data": entry(&id) })),
        None => answer::error(StatusCode::BAD_REQUEST, "An id is needed", "VALIDATION_ERROR"),
    }
}

fn done(call: &Call, _: Option<&str>) -> Answer {
    answer::ok(json!({ "success": true, "data": call.json(), "timestamp": answer::timestamp() }))
}

fn stats(_: &Call, _: Option<&str>) -> Answer {
    answer::ok(json!({ "total_memories": 2, "by_type": { "context": 2 }, "total_tags": 1 }))
}

fn organization(_: &Call, _: Option<&str>) -> Answer {
    answer::ok(json!({ "data": { "id": "standin-organization", "name": "Stand-in", "plan": "free" } }))
}

fn config(call: &Call, _: Option<&str>) -> Answer {
    let settings = json!({ "theme": "system", "language": "en" });
    match call.parameter("key") {
        Some(key) => answer::ok(json!({ "data": { "key": key, "value": settings[key] } })),
        None => answer::ok(json!({ "data": settings })),
    }
}

fn embeddings(_: &Call, _: Option<&str>) -> Answer {
    answer::ok(json!({ "embedding": [0.12, -0.04, 0.31], "model": "standin", "usage": { "total_tokens": 3 } }))
}

fn auth_status(call: &Call, _: Option<&str>) -> Answer {
    if call.has_credential() {
        answer::ok(json!({ "authenticated": true, "user": { "id": "standin-user", "email": "user@example.com" } }))
    } else {
        answer::ok(json!({ "authenticated": false }))
    }
}

fn system_health(_: &Call, _: Option<&str>) -> Answer {
    answer::ok(json!({
        "status": "ok",
        "service": "memory-service",
        "version": "standin",
        "timestamp": answer::timestamp(),
        "components": { "database": "ok", "edge_functions": "ok", "vector_search": "ok", "openai": "ok" },
        "metrics": { "response_time_ms": 1, "memory_count": 2 },
    }))
}
