//! Aggregated health: a summary for monitors, the whole picture for operators. No view carries a secret.

use crate::answer::Reply;
use crate::live::{Gateway, Snapshot};
use crate::upstreams::registry::UpstreamState;
use http::StatusCode;
use serde_json::{Map, Value, json};
use std::sync::atomic::Ordering;
use std::time::SystemTime;

/// The platform's health as monitors know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Overall {
    Ok,
    /// Some upstream is down.
    Degraded,
    /// A critical upstream is down.
    Down,
}

impl Overall {
    fn of(upstreams: &[UpstreamState]) -> Self {
        if upstreams.iter().any(|upstream| upstream.critical && !upstream.up) {
            Self::Down
        } else if upstreams.iter().any(|upstream| !upstream.up) {
            Self::Degraded
        } else {
            Self::Ok
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Degraded => "degraded",
            Self::Down => "down",
        }
    }

    const fn status(self) -> StatusCode {
        match self {
            Self::Ok | Self::Degraded => StatusCode::OK,
            Self::Down => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

pub(super) fn summary(gateway: &Gateway, snapshot: &Snapshot) -> Reply {
    let upstreams = upstreams(snapshot);
    let overall = Overall::of(&upstreams);
    Reply::json(overall.status(), &common(gateway, overall, &upstreams))
}

/// Every upstream with its endpoints, and the configuration's hash and last reload.
pub(super) fn full(gateway: &Gateway, snapshot: &Snapshot) -> Reply {
    let upstreams = upstreams(snapshot);
    let overall = Overall::of(&upstreams);
    Reply::json(overall.status(), &state(gateway, snapshot))
}

pub(super) fn state(gateway: &Gateway, snapshot: &Snapshot) -> Value {
    let upstreams = upstreams(snapshot);
    let mut body = common(gateway, Overall::of(&upstreams), &upstreams);
    body["upstreams"] = json!(upstreams);
    body["config"] = json!({
        "hash": snapshot.map.hash,
        "routes": snapshot.map.table.routes().len(),
        "last_reload": gateway.last_reload(),
    });
    body["open"] = json!({
        "requests": gateway.open.requests.load(Ordering::Relaxed),
        "websockets": gateway.open.websockets.load(Ordering::Relaxed),
        "sse": gateway.open.sse.load(Ordering::Relaxed),
        "connections": gateway.metrics.connections.get(),
    });
    body["draining"] = json!(gateway.is_draining());
    body["ready"] = json!(gateway.is_ready());
    body
}

/// Public: that the gateway runs, and since when.
pub(super) fn status(gateway: &Gateway, snapshot: &Snapshot) -> Reply {
    let overall = Overall::of(&upstreams(snapshot));
    let body = json!({
        "status": overall.as_str(),
        "gateway": "onasis-gateway",
        "version": env!("CARGO_PKG_VERSION"),
        "uptime": gateway.started.elapsed().as_secs(),
        "timestamp": now(),
        "routes": snapshot.map.table.routes().len(),
        "draining": gateway.is_draining(),
    });
    Reply::json(StatusCode::OK, &body)
}

fn common(gateway: &Gateway, overall: Overall, upstreams: &[UpstreamState]) -> Value {
    json!({
        "status": overall.as_str(),
        "service": "onasis-gateway",
        "version": env!("CARGO_PKG_VERSION"),
        "uptime": gateway.started.elapsed().as_secs(),
        "timestamp": now(),
        "services": services(upstreams),
    })
}

/// A service is online while any upstream that serves it is.
fn services(upstreams: &[UpstreamState]) -> Value {
    let mut services = Map::new();
    for upstream in upstreams {
        let Some(name) = &upstream.service else { continue };
        let known_online = services
            .get(name)
            .is_some_and(|service: &Value| service["status"] == "online");
        let status = if upstream.up || known_online {
            "online"
        } else {
            "offline"
        };
        services.insert(name.clone(), json!({ "status": status }));
    }
    Value::Object(services)
}

fn upstreams(snapshot: &Snapshot) -> Vec<UpstreamState> {
    snapshot.registry.iter().map(|upstream| upstream.state()).collect()
}

fn now() -> String {
    humantime::format_rfc3339_millis(SystemTime::now()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upstream(service: &str, critical: bool, up: bool) -> UpstreamState {
        UpstreamState {
            name: service.to_owned(),
            critical,
            service: Some(service.to_owned()),
            up,
            checked: true,
            endpoints: Vec::new(),
        }
    }

    #[test]
    fn only_a_critical_upstream_takes_the_platform_down() {
        assert_eq!(
            Overall::of(&[upstream("auth", true, true), upstream("docs", false, true)]),
            Overall::Ok
        );
        assert_eq!(
            Overall::of(&[upstream("auth", true, true), upstream("docs", false, false)]),
            Overall::Degraded
        );
        assert_eq!(
            Overall::of(&[upstream("auth", true, false), upstream("docs", false, true)]),
            Overall::Down
        );
        assert_eq!(Overall::Degraded.status(), StatusCode::OK);
        assert_eq!(Overall::Down.status(), StatusCode::SERVICE_UNAVAILABLE);
    }

    #[test]
    fn a_service_is_online_while_any_of_its_upstreams_is() {
        let listed = services(&[
            upstream("mcp", false, false),
            upstream("mcp", false, true),
            upstream("docs", false, false),
        ]);
        assert_eq!(
            listed,
            json!({ "mcp": { "status": "online" }, "docs": { "status": "offline" } })
        );
    }
}
