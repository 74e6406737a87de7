//! The MCP servers' HTTP side: a tool list and JSON-RPC. Like the real ones, its handlers ask for no credential.

use http::StatusCode;
use serde_json::{Value, json};

use super::{health, no_such_path};
use crate::answer::{self, Answer};
use crate::call::Call;

/// `prefix` is where the enterprise server is mounted; the other one sits at the root.
pub(super) fn answer(call: &Call, service: &str, prefix: &[&str]) -> Answer {
    let segments = call.segments();
    let below = segments.strip_prefix(prefix).unwrap_or(&segments);
    match (call.method.as_str(), below) {
        ("GET" | "HEAD", ["health"]) => answer::ok(health(service)),
        ("GET" | "HEAD", ["api", "v1", "tools"] | ["tools"]) => answer::ok(json!({ "tools": tools() })),
        ("POST", ["api", "v1", "tools", tool] | ["tools", tool]) => answer::ok(call_tool(tool, call.json())),
        ("POST", [] | ["message" | "mcp"] | ["api", "mcp"] | ["api", "v1", "mcp", ..]) => rpc(call, service),
        ("GET" | "HEAD", [] | ["api", "mcp"]) => {
            answer::ok(json!({ "name": service, "version": "standin", "transport": "http" }))
        }
        _ => no_such_path(call),
    }
}

/// One JSON-RPC request; also the documentation server speaks it.
pub(super) fn rpc(call: &Call, service: &str) -> Answer {
    let Some(request) = call.json() else {
        let error = json!({ "code": -32700, "message": "Parse error" });
        return answer::status(
            StatusCode::BAD_REQUEST,
            json!({ "jsonrpc": "2.0", "id": null, "error": error }),
        );
    };
    let parameters = &request["params"];
    let result = match request["method"].as_str() {
        Some("initialize") => json!({
            "protocolVersion": "2025-06-18",
            "capabilities": { "tools": {} },
            "serverInfo": { "name": service, "version": "standin" },
        }),
        Some("ping") => json!({}),
        Some("tools/list") => json!({ "tools": tools() }),
        Some("tools/call") => call_tool(
            parameters["name"].as_str().unwrap_or_default(),
            Some(parameters["arguments"].clone()),
        ),
        _ => {
            let error = json!({ "code": -32601, "message": "Method not found" });
            return answer::ok(json!({ "jsonrpc": "2.0", "id": request["id"], "error": error }));
        }
    };
    answer::ok(json!({ "jsonrpc": "2.0", "id": request["id"], "result": result }))
}

fn tools() -> Value {
    let tool = |name: &str, description: &str| json!({ "name": name, "description": description, "inputSchema": { "type": "object" } });
    json!([
        tool("search_memories", "Find memories by meaning"),
        tool("create_memory", "Store a memory")
    ])
}

fn call_tool(name: &str, arguments: Option<Value>) -> Value {
    let text = format!("{name} called with {}", arguments.unwrap_or_default());
    json!({ "content": [{ "type": "text", "text": text }], "isError": false })
}
