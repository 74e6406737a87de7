//! Warnings about definitions that no route uses.

use super::RawRouteMap;
use super::route::RouteDefaults;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Spanned};
use crate::routes::route::{Route, RouteHosts};
use crate::routes::table::RouteTable;
use crate::routes::target::Target;

/// Only of a map without errors: a route that was left out might have used them.
pub(super) fn warn(raw: &RawRouteMap, defaults: &RouteDefaults, table: &RouteTable, cx: &mut Diagnostics) {
    let _ = defaults;
    let mut used_upstreams = vec![false; raw.upstreams.len()];
    let mut used_groups = vec![false; table.groups().len()];
    for route in table.routes() {
        mark_upstreams(route, &mut used_upstreams);
        match &route.hosts {
            RouteHosts::Any => used_groups.fill(true),
            RouteHosts::Named(groups) => groups.iter().for_each(|group| used_groups[group.0] = true),
        }
    }
    let upstreams = raw.upstreams.iter().map(|(name, _)| name).zip(used_upstreams);
    for (name, _) in upstreams.filter(|(_, used)| !used) {
        cx.push(unused(name, "upstream", "no route sends to it"));
    }
    let groups = raw.hosts.iter().flat_map(|groups| groups.iter()).map(|(name, _)| name);
    for (name, _) in groups.zip(used_groups).filter(|(_, used)| !used) {
        cx.push(unused(name, "host group", "no route serves it: its hosts answer 404"));
    }
}

fn mark_upstreams(route: &Route, used: &mut [bool]) {
    for (_, target) in &route.methods {
        if let Target::Upstream(target) = target {
            used[target.upstream.0] = true;
        }
    }
}

fn unused(name: &Spanned<String>, what: &str, label: &str) -> Diagnostic {
    let code = if what == "upstream" {
        Code::UnusedUpstream
    } else {
        Code::UnusedHostGroup
    };
    let message = format!("the {what} `{}` is not used", name.value);
    Diagnostic::warning(code, name.span, message).label(label)
}
