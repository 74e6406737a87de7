mod answers;
mod defaults;
mod definitions;
mod edits;
mod headers;
mod keys;
mod mutations;
mod names;
mod paths;
mod targets;
mod values;

use std::path::Path;

use http::{HeaderMap, HeaderValue, Method};

use super::Development;
use crate::config::load::{LoadedRoutes, load_routes};
use crate::config::settings::RouteMap;
use crate::filters::cors::{CorsPolicy, Verdict};
use crate::routes::route::Route;
use crate::routes::target::{Target, UpstreamTarget};
use config_text::environment::Environment;

/// What every map of these tests begins with, when the test is about something else.
const DEFINITIONS: &str = "\
version: 1
hosts: { public: { names: [api.example] }, guide: { names: [docs.example] } }
upstreams: { up: { endpoints: [\"http://127.0.0.1:1\"] }, other: { endpoints: [\"http://127.0.0.1:2\"] } }
";

fn environment() -> Environment {
    Environment::from_pairs([
        ("KEY", "hunter2"),
        ("EMPTY", ""),
        ("BROKEN", "hunter2\nx: y"),
        ("WORD", "hunter2"),
    ])
}

fn load(text: &str) -> LoadedRoutes {
    load_routes(Path::new("routes.yaml"), text, &Development::default(), &environment())
}

/// What is said about the definitions above and what follows them.
fn said(rest: &str) -> String {
    said_of(&format!("{DEFINITIONS}{rest}"))
}

/// What is said about a whole file. No value of the environment is ever shown.
fn said_of(text: &str) -> String {
    let loaded = load(text);
    let said = loaded.diagnostics.render(&loaded.sources, false);
    assert_eq!(
        loaded.map.is_none(),
        loaded.diagnostics.has_errors(),
        "a map, or why there is none"
    );
    assert!(!said.contains("hunter2"), "{said}");
    said
}

/// The map of the definitions above and what follows them; other warnings than of unused names are failures.
fn map(rest: &str) -> RouteMap {
    map_of(&format!("{DEFINITIONS}{rest}"))
}

fn map_of(text: &str) -> RouteMap {
    let loaded = load(text);
    let said = loaded.diagnostics.render(&loaded.sources, false);
    loaded.map.unwrap_or_else(|| panic!("{said}"))
}

fn find<'m>(map: &'m RouteMap, id: &str) -> &'m Route {
    let mut routes = map.table.routes().iter();
    routes.find(|route| route.id.as_str() == id).expect("the route")
}

fn target<'m>(map: &'m RouteMap, id: &str, method: &Method) -> &'m Target {
    find(map, id).target(method).expect("a target")
}

fn upstream_target<'m>(map: &'m RouteMap, id: &str, method: &Method) -> &'m UpstreamTarget {
    match target(map, id, method) {
        Target::Upstream(target) => target,
        other => panic!("{other:?}"),
    }
}

fn upstream_name<'m>(map: &'m RouteMap, route: &Route, method: &Method) -> Option<&'m str> {
    match route.target(method)? {
        Target::Upstream(target) => Some(&map.upstreams[target.upstream.0].name),
        other => panic!("{other:?}"),
    }
}

fn verdict(policy: &CorsPolicy, origin: &'static str) -> Verdict {
    let mut headers = HeaderMap::new();
    headers.insert("origin", HeaderValue::from_static(origin));
    policy.verdict(&headers)
}
