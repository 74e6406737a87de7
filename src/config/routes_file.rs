//! `routes.yaml`: from its text to the validated route map. One section a file; this one puts them together.

mod conditions;
mod cors;
mod header_edits;
mod hosts;
mod methods;
mod patterns;
mod query;
mod redirect;
mod respond;
mod route;
mod security_headers;
mod static_files;
mod target;
mod timeouts;
mod unused;
mod upstreams;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::ambiguity;
use super::settings::RouteMap;
use crate::config::code;
use crate::filters::cors::{CorsPolicy, OriginPattern};
use crate::routes::hosts::GroupIndex;
use crate::routes::route::{Route, RouteHosts};
use crate::routes::table::RouteTable;
use config_text::decode::{Decode, Entries};
use config_text::diagnostic::{Diagnostic, Diagnostics, FileId, Sources, Span};
use config_text::environment::Environment;
use config_text::names::Named;
use config_text::units::ByteSize;
use config_text::version::{self, Version};
use config_text::written::{OrNone, Text, Written};
use config_text::yaml;
use cors::{RawCorsPolicy, policies};
use hosts::{RawHostGroup, RawHostGroups, groups};
use http::HeaderName;
use route::{RawHosts, RawRoute, RouteDefaults, route, route_hosts};
use security_headers::{RawSecurityHeaders, security_headers};
use target::Holder;
use timeouts::{Partial, RawTimeouts};
use upstreams::{RawUpstream, Upstreams, upstreams};

/// Bodies up to this size are let through unless the file says otherwise.
const BODY_LIMIT: ByteSize = ByteSize::from_bytes(10 << 20);

config_text::record! {
    /// The platform's route map: which request goes where, and how it is rewritten on the way.
    struct RawRouteMap as "a route map" {
        /// The version of this format.
        version: needed Version,
        /// Groups of host names. A host that is in none is answered 421.
        hosts: needed RawHostGroups,
        /// Policies for calls from pages of other origins, by name.
        cors: default({}) Entries<RawCorsPolicy>,
        /// Headers of every answer.
        security_headers: optional RawSecurityHeaders,
        /// What a route gets when it says nothing.
        defaults: optional Written<RawDefaults>,
        /// What requests are sent to, by name.
        upstreams: default({}) Entries<RawUpstream>,
        /// Which request goes where. The most specific route wins; the order never decides.
        routes: needed Vec<Holder<RawRoute>>,
    }
}

config_text::record! {
    /// What a route gets when it says nothing.
    struct RawDefaults as "the `defaults` section" {
        /// Host groups, or `"*"` for every known host, which is also what holds without this key.
        hosts: optional Written<RawHosts>,
        /// A CORS policy, or `none`, which is also what holds without this key.
        cors: optional OrNone<Text>,
        /// A longer body is answered 413; 10MiB unless given.
        body_limit: optional ByteSize,
        /// Timeouts of every upstream and route that has none of its own.
        timeouts: optional RawTimeouts,
    }
}

/// What the file is read with, besides its text.
#[derive(Debug)]
pub(crate) struct Surroundings<'a> {
    pub(crate) environment: &'a Environment,
    /// Where relative paths begin.
    pub(crate) folder: &'a Path,
    pub(crate) development: &'a Development,
}

/// What the daemon's `development` section adds to every policy and allow list.
#[derive(Clone, Debug, Default)]
pub(crate) struct Development {
    pub(crate) cors_origins: Vec<OriginPattern>,
    pub(crate) pass_request_headers: Vec<HeaderName>,
}

/// Everything that routes refer to by name.
struct Definitions<'r> {
    groups: Named<'r, RawHostGroup, GroupIndex>,
    policies: Named<'r, RawCorsPolicy, Arc<CorsPolicy>>,
    upstreams: Upstreams<'r>,
}

pub(crate) fn schema() -> Value {
    RawRouteMap::schema()
}

/// The route map in the text of `file`; `None` when `cx` has an error of it.
pub(crate) fn route_map(
    file: FileId,
    sources: &Sources,
    around: &Surroundings<'_>,
    cx: &mut Diagnostics,
) -> Option<RouteMap> {
    let text = sources.text(file);
    let node = yaml::parse(file, text, around.environment, cx)?;
    if !version::is_supported(&node, cx) {
        return None;
    }
    let raw = RawRouteMap::decode(&node, cx)?;
    let map = assemble(&raw, hash(text), around, cx);
    raw.version.filter(|Version| !cx.has_errors()).map(|Version| map)
}

/// The first 16 hexadecimal digits of the SHA-256.
fn hash(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

fn assemble(raw: &RawRouteMap, hash: String, around: &Surroundings<'_>, cx: &mut Diagnostics) -> RouteMap {
    let no_groups = RawHostGroups::default();
    let (host_groups, group_names) = groups(&raw.hosts.as_ref().unwrap_or(&no_groups).0, cx);
    let raw_defaults = raw.defaults.as_ref().and_then(|written| written.value.as_ref());
    let default_timeouts = Partial::of(raw_defaults.and_then(|defaults| defaults.timeouts.as_ref()));
    let definitions = Definitions {
        groups: group_names,
        policies: policies(&raw.cors, around, cx),
        upstreams: upstreams(&raw.upstreams, default_timeouts, around, cx),
    };
    let defaults = route_defaults(raw.defaults.as_ref(), default_timeouts, &definitions, cx);
    let written = raw.routes.as_deref().unwrap_or_default();
    refuse_repeated_ids(written, cx);
    let made = written
        .iter()
        .map(|raw| route(raw, &defaults, &definitions, around, cx));
    let made: Vec<Option<Route>> = made.collect();
    let (places, routes) = with_places(written, made);
    let table = RouteTable::new(routes, host_groups);
    ambiguity::check(&table, &places, cx);
    if !cx.has_errors() {
        unused::warn(raw, &table, cx);
    }
    RouteMap {
        table,
        upstreams: definitions.upstreams.specs,
        security_headers: security_headers(raw.security_headers.clone()),
        default_cors: defaults.cors,
        hash,
    }
}

fn route_defaults(
    written: Option<&Written<RawDefaults>>,
    timeouts: Partial,
    definitions: &Definitions<'_>,
    cx: &mut Diagnostics,
) -> RouteDefaults {
    let raw = written.and_then(|written| written.value.as_ref());
    let hosts = match raw.and_then(|raw| raw.hosts.as_ref()) {
        Some(hosts) => route_hosts(hosts, definitions, cx),
        // A key that was reported may have been meant to be `hosts`.
        None => written
            .is_none_or(|written| written.flawless)
            .then_some(RouteHosts::Any),
    };
    let cors = match raw.and_then(|raw| raw.cors.as_ref()) {
        Some(OrNone(Some(name))) => definitions.policies.resolve(name, cx).cloned(),
        Some(OrNone(None)) | None => None,
    };
    let body_limit = raw.and_then(|raw| raw.body_limit);
    RouteDefaults {
        hosts,
        cors,
        body_limit: body_limit.unwrap_or(BODY_LIMIT).bytes(),
        timeouts,
    }
}

fn refuse_repeated_ids(written: &[Holder<RawRoute>], cx: &mut Diagnostics) {
    let mut seen: HashMap<&str, Span> = HashMap::new();
    for id in written.iter().filter_map(|holder| holder.value.id.as_ref()) {
        if let Some(first) = seen.get(id.as_str()) {
            let message = format!("two routes are called `{}`", id.value);
            let diagnostic = Diagnostic::error(code::DUPLICATE_ID, id.span, message);
            cx.push(diagnostic.label("second route").note_at(*first, "first route"));
        } else {
            seen.insert(id.as_str(), id.span);
        }
    }
}

/// The routes that could be made, and where each and its patterns stand in the file.
fn with_places(written: &[Holder<RawRoute>], made: Vec<Option<Route>>) -> (Vec<ambiguity::RoutePlace>, Vec<Route>) {
    let pairs = written.iter().zip(made).filter_map(|(holder, route)| {
        let patterns = holder.value.path.as_deref().unwrap_or_default();
        let place = ambiguity::RoutePlace {
            patterns: patterns.iter().map(|pattern| pattern.span).collect(),
        };
        Some((place, route?))
    });
    pairs.unzip()
}

#[cfg(test)]
mod tests;
