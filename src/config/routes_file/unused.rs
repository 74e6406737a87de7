//! Warnings about definitions that no route uses.

use super::RawRouteMap;
use crate::config::code;
use crate::routes::route::{Route, RouteHosts};
use crate::routes::table::RouteTable;
use crate::routes::target::Target;
use config_text::diagnostic::{Diagnostic, Diagnostics};

/// Only of a map without errors: a route that was left out might have used them.
pub(super) fn warn(raw: &RawRouteMap, table: &RouteTable, cx: &mut Diagnostics) {
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
        let message = format!("no route sends to the upstream `{}`", name.value);
        cx.push(Diagnostic::warning(code::UNUSED_UPSTREAM, name.span, message));
    }
    let groups = raw
        .hosts
        .iter()
        .flat_map(|groups| groups.0.iter())
        .map(|(name, _)| name);
    for (name, _) in groups.zip(used_groups).filter(|(_, used)| !used) {
        let message = format!("no route serves the host group `{}`", name.value);
        let diagnostic = Diagnostic::warning(code::UNUSED_HOST_GROUP, name.span, message);
        cx.push(diagnostic.label("its hosts answer 404 to everything"));
    }
}

fn mark_upstreams(route: &Route, used: &mut [bool]) {
    for (_, target) in &route.methods {
        if let Target::Upstream(target) = target {
            used[target.upstream.0] = true;
        }
    }
}
