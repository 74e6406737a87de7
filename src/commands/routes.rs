//! `routes`: the map as a table.

use super::{Outcome, REFUSED_CONFIGURATION, load, print};
use crate::cli::Format;
use crate::config::RouteMap;
use crate::routes::method::MethodSet;
use crate::routes::route::{Route, RouteHosts};
use crate::routes::target::{Endpoint, StaticRoot, Target};
use config_text::environment::Environment;
use serde_json::json;
use std::path::Path;
use std::process::ExitCode;

pub(super) fn run(gateway_file: &Path, environment: &Environment, output: Format) -> Outcome {
    let Some(configuration) = load(gateway_file, environment) else {
        return Ok(ExitCode::from(REFUSED_CONFIGURATION));
    };
    let rows = rows(&configuration.map);
    match output {
        Format::Table => print(&table(&rows)),
        Format::Json => {
            let list: Vec<serde_json::Value> = rows.iter().map(|[id, hosts, path, methods, target]| json!({ "id": id, "hosts": hosts, "path": path, "methods": methods, "target": target })).collect();
            print(&format!("{}\n", serde_json::to_string_pretty(&list)?))
        }
    }
}

type Row = [String; 5];

fn rows(map: &RouteMap) -> Vec<Row> {
    let mut rows = Vec::new();
    for route in map.table.routes() {
        for pattern in &route.patterns {
            for (methods, target) in &route.methods {
                rows.push([
                    route.id.to_string(),
                    hosts(route, map),
                    pattern.as_str().to_owned(),
                    method_names(*methods),
                    describe(target, map),
                ]);
            }
        }
    }
    rows
}

fn hosts(route: &Route, map: &RouteMap) -> String {
    match &route.hosts {
        RouteHosts::Any => "*".to_owned(),
        RouteHosts::Named(groups) => groups
            .iter()
            .map(|group| map.table.groups()[group.0].name.clone())
            .collect::<Vec<_>>()
            .join(","),
    }
}

fn method_names(methods: MethodSet) -> String {
    if methods == MethodSet::ANY {
        "any".to_owned()
    } else {
        methods.to_string().replace(", ", ",")
    }
}

/// A target in a few words.
pub(super) fn describe(target: &Target, map: &RouteMap) -> String {
    match target {
        Target::Upstream(target) => {
            let spec = &map.upstreams[target.upstream.0];
            let path = target.path.as_ref().map_or("(same path)", |template| template.as_str());
            format!("{} {}{}", spec.name, spec.base_path, path)
        }
        Target::Respond(fixed) => format!("respond {}", fixed.status.as_u16()),
        Target::Redirect(redirect) => format!("redirect {} {}", redirect.status.as_u16(), redirect.to.as_str()),
        Target::Static(files) => match &files.root {
            StaticRoot::File(path) => format!("static {}", path.display()),
            StaticRoot::Folder { folder, .. } => format!("static {}/", folder.display()),
        },
        Target::Endpoint(endpoint) => format!("endpoint {}", endpoint_name(*endpoint)),
    }
}

fn endpoint_name(endpoint: Endpoint) -> &'static str {
    match endpoint {
        Endpoint::Health => "health",
        Endpoint::HealthFull => "health-full",
        Endpoint::Status => "status",
        Endpoint::RoutePolicy => "route-policy",
    }
}

fn table(rows: &[Row]) -> String {
    let header: Row = ["ROUTE", "HOSTS", "PATH", "METHODS", "TARGET"].map(str::to_owned);
    let all = || std::iter::once(&header).chain(rows);
    let width = |column: usize| all().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..4).map(width).collect();
    let mut text = String::new();
    for [id, hosts, path, methods, target] in all() {
        let line = format!(
            "{id:0$}  {hosts:1$}  {path:2$}  {methods:3$}  {target}",
            widths[0], widths[1], widths[2], widths[3]
        );
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}
