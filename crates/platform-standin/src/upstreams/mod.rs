//! What each upstream answers: the platform's own shapes, with nothing behind them.

mod auth_gateway;
mod central_gateway;
mod docs;
mod legacy;
mod mcp_http;
mod mcp_sse;
pub(crate) mod mcp_ws;
mod supabase;

use serde_json::{Value, json};

use crate::answer::{self, Answer};
use crate::call::Call;
use crate::name::Name;
use crate::site::Site;

pub(crate) fn answer(site: &Site, call: &Call) -> Answer {
    match site.name {
        Name::Supabase => supabase::answer(call, "supabase", supabase::PLATFORM),
        Name::SupabaseIntel => supabase::answer(call, "supabase-intel", supabase::INTELLIGENCE),
        Name::AuthGateway => auth_gateway::answer(call),
        Name::CentralGateway => central_gateway::answer(call),
        Name::McpHttp => mcp_http::answer(call, "mcp-core", &[]),
        Name::EnterpriseMcp => mcp_http::answer(call, "mcp-enterprise", &["api", "mcp", "enterprise"]),
        Name::McpWs => mcp_ws::answer(call),
        Name::McpSse => mcp_sse::answer(call, site.settings.sse_interval),
        Name::Docs => docs::answer(call),
        Name::Legacy => legacy::answer(call),
    }
}

fn health(service: &str) -> Value {
    json!({ "status": "ok", "service": service, "timestamp": answer::timestamp() })
}

/// The error envelope of the Node gateways.
fn envelope(call: &Call, status: http::StatusCode, text: &str, code: &str) -> Answer {
    let error = json!({ "message": text, "type": "gateway_error", "code": code });
    let body = json!({
        "error": error,
        "timestamp": answer::timestamp(),
        "path": call.path(),
        "method": call.method.as_str(),
    });
    answer::status(status, body)
}

fn no_such_path(call: &Call) -> Answer {
    envelope(
        call,
        http::StatusCode::NOT_FOUND,
        "Nothing is served at this path",
        "NOT_FOUND",
    )
}

fn needs_credential(call: &Call) -> Answer {
    envelope(
        call,
        http::StatusCode::UNAUTHORIZED,
        "A credential is needed here",
        "AUTH_REQUIRED",
    )
}
