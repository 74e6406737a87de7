//! The documentation site: its search and its MCP endpoint.

use http::StatusCode;
use serde_json::json;

use super::{health, mcp_http, no_such_path};
use crate::answer::{self, Answer};
use crate::call::Call;

pub(super) fn answer(call: &Call) -> Answer {
    match (call.method.as_str(), call.segments().as_slice()) {
        ("GET" | "HEAD", ["health"]) => answer::ok(health("docs")),
        ("GET" | "HEAD", []) => answer::html("Documentation", "<p>A stand-in for the documentation site.</p>"),
        ("POST", ["api", "mcp"]) => mcp_http::rpc(call, "docs-mcp"),
        ("GET" | "HEAD", ["api", "mcp"]) => answer::ok(json!({ "name": "docs-mcp", "version": "standin" })),
        ("GET" | "POST", ["api", "search"]) => search(call),
        _ => no_such_path(call),
    }
}

fn search(call: &Call) -> Answer {
    let Some(query) = call
        .field("query")
        .or_else(|| call.parameter("query").map(str::to_owned))
    else {
        return answer::error(StatusCode::BAD_REQUEST, "A query is needed", "VALIDATION_ERROR");
    };
    let hit = json!({ "title": "Getting started", "url": "/getting-started", "score": 0.87 });
    answer::ok(json!({ "query": query, "results": [hit], "total": 1 }))
}
