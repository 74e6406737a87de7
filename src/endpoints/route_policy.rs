//! The public view of the route map: what is served and under which policy, never where it is served from.

use crate::answer::Reply;
use crate::live::Snapshot;
use crate::routes::pattern::Pattern;
use crate::routes::route::{Route, RouteHosts, Stream};
use http::StatusCode;
use serde_json::{Value, json};

pub(super) fn answer(snapshot: &Snapshot) -> Reply {
    let routes: Vec<Value> = snapshot
        .map
        .table
        .routes()
        .iter()
        .map(|route| policy(route, snapshot))
        .collect();
    Reply::json(
        StatusCode::OK,
        &json!({ "version": 1, "hash": snapshot.map.hash, "routes": routes }),
    )
}

fn policy(route: &Route, snapshot: &Snapshot) -> Value {
    let groups = snapshot.map.table.groups();
    let hosts: Vec<&str> = match &route.hosts {
        RouteHosts::Any => vec!["*"],
        RouteHosts::Named(named) => named.iter().map(|group| groups[group.0].name.as_str()).collect(),
    };
    json!({
        "id": route.id.as_str(),
        "about": route.about,
        "hosts": hosts,
        "paths": route.patterns.iter().map(Pattern::as_str).collect::<Vec<_>>(),
        "methods": route.allowed().to_string().split(", ").collect::<Vec<_>>(),
        "cors": route.cors.is_some(),
        "body_limit": route.body_limit,
        "stream": route.stream.map(|stream| match stream {
            Stream::WebSocket => "websocket",
            Stream::Sse => "sse",
        }),
        "timeouts": {
            "connect": route.timeouts.connect.as_secs_f64(),
            "first_byte": route.timeouts.first_byte.as_secs_f64(),
            "idle": route.timeouts.idle.as_secs_f64(),
            "total": route.timeouts.total.map(|total| total.as_secs_f64()),
        },
    })
}
