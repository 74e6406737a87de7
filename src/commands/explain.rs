//! `explain`: what would happen to a request, by the data plane's own code.

use super::routes::describe;
use super::{Outcome, REFUSED_CONFIGURATION, load, print};
use crate::answer::Denied;
use crate::cli::{Explain, Format};
use crate::config::{Configuration, RouteMap};
use crate::filters::client_address::{ClientAddress, Forwarded, Peer, Scheme};
use crate::filters::cors::{self, Verdict};
use crate::filters::host::{self, Host};
use crate::filters::identity_headers;
use crate::filters::request_id::RequestId;
use crate::filters::trace_context::TraceContext;
use crate::proxy::{Forwarding, json_fields, redirect_location};
use crate::routes::hosts::GroupIndex;
use crate::routes::path::NormalPath;
use crate::routes::route::{Route, Stream};
use crate::routes::table::{Lookup, NoMatch, RouteMatch};
use crate::routes::target::{Target, UpstreamTarget};
use anyhow::{Context, bail};
use config_text::environment::Environment;
use http::{HeaderName, HeaderValue, Method, header};
use pingora_http::RequestHeader;
use serde::Serialize;
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::ExitCode;

/// The whole explanation; `-o json` prints it as it is.
#[derive(Debug, Default, Serialize)]
struct Explanation {
    request: String,
    host: String,
    host_group: Option<String>,
    path: Option<String>,
    candidates: Vec<CandidateLine>,
    route: Option<String>,
    about: Option<String>,
    outcome: String,
    cors: Option<String>,
    body_limit: Option<u64>,
    timeouts: Option<String>,
    stream: Option<&'static str>,
    identity_headers_removed: usize,
    upstream_request: Option<UpstreamRequest>,
}

#[derive(Debug, Serialize)]
struct CandidateLine {
    route: String,
    pattern: String,
    verdict: &'static str,
}

#[derive(Debug, Serialize)]
struct UpstreamRequest {
    upstream: String,
    endpoint: String,
    request_line: String,
    headers: Vec<(String, String)>,
    json_fields: Vec<(String, String)>,
}

pub(super) fn run(gateway_file: &Path, environment: &Environment, options: &Explain) -> Outcome {
    let Some(configuration) = load(gateway_file, environment) else {
        return Ok(ExitCode::from(REFUSED_CONFIGURATION));
    };
    let request = request(options, &configuration.map)?;
    let explanation = explain(request, &configuration);
    match options.output.output {
        Format::Table => print(&text(&explanation)),
        Format::Json => print(&format!("{}\n", serde_json::to_string_pretty(&explanation)?)),
    }
}

/// The request as a client would send it. A bare path goes to the gateway's own host.
fn request(options: &Explain, map: &RouteMap) -> anyhow::Result<RequestHeader> {
    let method = Method::from_bytes(options.method.as_bytes()).context("the method is not a token")?;
    let (authority, target) = match options.url.split_once("://") {
        None if options.url.starts_with('/') => (own_host(map), options.url.clone()),
        None => bail!("give a URL such as https://host/path, or a path such as /health"),
        Some((_, rest)) => {
            let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            (
                authority.to_owned(),
                if path.is_empty() {
                    "/".to_owned()
                } else {
                    path.to_owned()
                },
            )
        }
    };
    let mut request = RequestHeader::build(method, target.as_bytes(), None).context("the URL is not valid")?;
    request
        .insert_header(header::HOST, authority)
        .context("the URL's host is not valid")?;
    for line in &options.headers {
        let (name, value) = line
            .split_once(':')
            .with_context(|| format!("`{line}` is not `Name: value`"))?;
        let name =
            HeaderName::from_bytes(name.trim().as_bytes()).with_context(|| format!("`{name}` is not a header name"))?;
        let value =
            HeaderValue::from_str(value.trim()).with_context(|| format!("the value of `{name}` is not valid"))?;
        if name == header::HOST {
            request.insert_header(name, value)?;
        } else {
            request.append_header(name, value)?;
        }
    }
    Ok(request)
}

fn own_host(map: &RouteMap) -> String {
    let first = map
        .table
        .groups()
        .iter()
        .flat_map(|group| &group.names)
        .find(|name| !name.starts_with('*'));
    first.cloned().unwrap_or_else(|| "localhost".to_owned())
}

fn explain(mut request: RequestHeader, configuration: &Configuration) -> Explanation {
    let map = &configuration.map;
    let mut told = Explanation {
        request: format!("{} {}", request.method, String::from_utf8_lossy(request.raw_path())),
        identity_headers_removed: identity_headers::strip(&mut request),
        ..Explanation::default()
    };
    let (group, path) = match locate(&request, map, &mut told) {
        Ok(located) => located,
        Err(denied) => return told.refused(&denied),
    };
    let lookup = Lookup {
        path: path.as_str(),
        method: &request.method,
        headers: &request.headers,
        query: request.uri.query(),
    };
    let found = map.table.find(group, &lookup);
    told.candidates = candidates(map, group, &lookup, found.as_ref().ok());
    match found {
        Err(NoMatch::Path) => told.refused(&Denied::NoSuchRoute),
        Err(NoMatch::Method { allow, route }) => {
            describe_policies(&mut told, route, &request);
            match is_preflight(route, &request) {
                true => told.preflight(),
                false => told.refused(&Denied::MethodNotAllowed { allow }),
            }
        }
        Ok(matched) => explain_match(told, &request, &path, &matched, map),
    }
}

/// The host group and the canonical path, as far as the request has them.
fn locate(
    request: &RequestHeader,
    map: &RouteMap,
    told: &mut Explanation,
) -> Result<(GroupIndex, NormalPath<'static>), Denied> {
    let host = Host::of(request)?;
    host.as_str().clone_into(&mut told.host);
    let group = map.table.group_of(&host).ok_or(Denied::UnknownHost)?;
    told.host_group = Some(map.table.groups()[group.0].name.clone());
    let raw_path = request
        .raw_path()
        .split(|byte| *byte == b'?')
        .next()
        .unwrap_or_default();
    let path = NormalPath::parse(raw_path)?.into_owned();
    told.path = Some(path.to_string());
    Ok((group, path))
}

fn is_preflight(route: &Route, request: &RequestHeader) -> bool {
    cors::is_preflight(&request.method, &request.headers) && route.cors.is_some()
}

impl Explanation {
    fn refused(self, denied: &Denied) -> Self {
        let outcome = format!("{} {}: {}", denied.status().as_u16(), denied.code(), denied.sentence());
        Self { outcome, ..self }
    }

    fn preflight(self) -> Self {
        Self {
            outcome: "204: CORS preflight, answered by the gateway".to_owned(),
            ..self
        }
    }
}

fn explain_match(
    mut told: Explanation,
    request: &RequestHeader,
    path: &NormalPath<'_>,
    matched: &RouteMatch<'_>,
    map: &RouteMap,
) -> Explanation {
    let route = matched.route;
    describe_policies(&mut told, route, request);
    if is_preflight(route, request) {
        return told.preflight();
    }
    let capture = |name: &str| {
        let index = matched.pattern.captures().position(|capture| capture == name);
        index
            .map(|index| matched.captures.get(index, path.as_str()).to_owned())
            .unwrap_or_default()
    };
    told.outcome = match matched.target {
        Target::Redirect(redirect) => format!(
            "{}: Location: {}",
            redirect.status.as_u16(),
            redirect_location(redirect, request.uri.query(), capture)
        ),
        target => describe(target, map),
    };
    if let Target::Upstream(target) = matched.target {
        told.upstream_request = upstream_request(request, path, route, target, map, capture);
    }
    told
}

fn describe_policies(told: &mut Explanation, route: &Route, request: &RequestHeader) {
    told.route = Some(route.id.to_string());
    told.about.clone_from(&route.about);
    told.body_limit = Some(route.body_limit);
    let timeouts = route.timeouts;
    let total = timeouts.total.map_or("none".to_owned(), |total| format!("{total:?}"));
    told.timeouts = Some(format!(
        "connect {:?}, first byte {:?}, idle {:?}, total {total}",
        timeouts.connect, timeouts.first_byte, timeouts.idle
    ));
    told.stream = route.stream.map(|stream| match stream {
        Stream::WebSocket => "websocket",
        Stream::Sse => "sse",
    });
    told.cors = Some(
        match route.cors.as_ref().map(|policy| policy.verdict(&request.headers)) {
            None => "none: no CORS headers on this route".to_owned(),
            Some(Verdict::NotCors) => "the request has no Origin".to_owned(),
            Some(Verdict::Allowed) => "the origin is allowed".to_owned(),
            Some(Verdict::Refused) => "the origin is not allowed: no CORS headers".to_owned(),
        },
    );
}

fn candidates(
    map: &RouteMap,
    group: GroupIndex,
    lookup: &Lookup<'_>,
    won: Option<&RouteMatch<'_>>,
) -> Vec<CandidateLine> {
    let mut decided = false;
    let mut lines = Vec::new();
    for candidate in map.table.candidates(group, lookup.path) {
        let route = &map.table.routes()[candidate.route];
        let is_winner = won.is_some_and(|won| {
            won.index == candidate.route && std::ptr::eq(won.pattern, &raw const route.patterns[candidate.pattern])
        });
        let verdict = match () {
            () if is_winner => "chosen",
            () if decided => "less specific",
            () if !route.when.hold(lookup.headers, lookup.query) => "its conditions do not hold",
            () if route.target(lookup.method).is_none() => "does not answer this method",
            () => "less specific",
        };
        decided |= is_winner;
        lines.push(CandidateLine {
            route: route.id.to_string(),
            pattern: route.patterns[candidate.pattern].as_str().to_owned(),
            verdict,
        });
    }
    lines
}

fn upstream_request(
    client: &RequestHeader,
    path: &NormalPath<'_>,
    route: &Route,
    target: &UpstreamTarget,
    map: &RouteMap,
    capture: impl Fn(&str) -> String,
) -> Option<UpstreamRequest> {
    let spec = &map.upstreams[target.upstream.0];
    let endpoint = spec.endpoints.first()?;
    let address = ClientAddress::resolve(
        &Peer::new(Ipv4Addr::LOCALHOST.into()),
        Scheme::Http,
        &client.headers,
        &Default::default(),
    );
    let request_id = RequestId::assign(&client.headers);
    let trace = TraceContext::assign(&client.headers);
    let forwarding = Forwarding {
        spec,
        endpoint,
        route,
        target,
        path: path.as_str(),
        forwarded: &Forwarded::of(&address, host::as_written(client).as_ref(), None),
        request_id: &request_id,
        trace: &trace,
    };
    let mut request = client.clone();
    forwarding.write(client, &mut request, &capture).ok()?;
    let headers = request.headers.iter().map(|(name, value)| {
        let shown = if value.is_sensitive() {
            "(secret)".to_owned()
        } else {
            String::from_utf8_lossy(value.as_bytes()).into_owned()
        };
        (name.to_string(), shown)
    });
    Some(UpstreamRequest {
        upstream: spec.name.clone(),
        endpoint: endpoint.to_string(),
        request_line: format!("{} {}", request.method, String::from_utf8_lossy(request.raw_path())),
        headers: headers.collect(),
        json_fields: json_fields(target, capture),
    })
}

fn text(told: &Explanation) -> String {
    let mut lines = vec![("request", told.request.clone()), ("host", told.host.clone())];
    let optional = [
        ("host group", told.host_group.clone()),
        ("path", told.path.clone()),
        ("route", told.route.clone()),
        ("about", told.about.clone()),
        ("outcome", Some(told.outcome.clone())),
        ("cors", told.cors.clone()),
        ("body limit", told.body_limit.map(|limit| format!("{limit} bytes"))),
        ("timeouts", told.timeouts.clone()),
        ("stream", told.stream.map(str::to_owned)),
    ];
    lines.extend(
        optional
            .into_iter()
            .filter_map(|(name, value)| value.map(|value| (name, value))),
    );
    if told.identity_headers_removed > 0 {
        lines.push((
            "stripped",
            format!(
                "{} identity header names that a client may not send",
                told.identity_headers_removed
            ),
        ));
    }
    let mut text: String = lines
        .iter()
        .map(|(name, value)| format!("{name:<11} {value}\n"))
        .collect();
    if !told.candidates.is_empty() {
        text.push_str("\ncandidates, most specific first\n");
        text.extend(
            told.candidates
                .iter()
                .map(|line| format!("  {:<28} {:<36} {}\n", line.route, line.pattern, line.verdict)),
        );
    }
    if let Some(upstream) = &told.upstream_request {
        text.push_str(&format!(
            "\nupstream request to {} ({})\n  {}\n",
            upstream.upstream, upstream.endpoint, upstream.request_line
        ));
        text.extend(
            upstream
                .headers
                .iter()
                .map(|(name, value)| format!("  {name}: {value}\n")),
        );
        text.extend(
            upstream
                .json_fields
                .iter()
                .map(|(name, value)| format!("  body field {name} = {value:?}\n")),
        );
    }
    text
}
