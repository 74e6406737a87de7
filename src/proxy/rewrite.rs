//! What an upstream is asked for: computed the same way for requests and for `explain`.

use crate::answer::Denied;
use crate::filters::client_address::Forwarded;
use crate::filters::request_id::{RequestId, X_REQUEST_ID};
use crate::filters::request_target::raw_path;
use crate::filters::trace_context::{TRACEPARENT, TRACESTATE, TraceContext};
use crate::filters::{cookies, header_case};
use crate::routes::query::decode;
use crate::routes::route::Route;
use crate::routes::target::{Redirect, UpstreamTarget};
use crate::upstreams::spec::{EndpointUrl, HostHeader, UpstreamSpec};
use http::{HeaderMap, HeaderValue, header};
use pingora_http::RequestHeader;
use std::borrow::Cow;

/// Room for what the edge writes, made at once: a header map grows by doubling, and hashes every name again.
const FIELDS_WRITTEN: usize = 12;

/// A request on its way to an endpoint.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Forwarding<'r> {
    pub(crate) spec: &'r UpstreamSpec,
    pub(crate) endpoint: &'r EndpointUrl,
    pub(crate) route: &'r Route,
    pub(crate) target: &'r UpstreamTarget,
    /// In canonical form.
    pub(crate) path: &'r str,
    pub(crate) forwarded: &'r Forwarded,
    pub(crate) request_id: &'r RequestId,
    pub(crate) trace: &'r TraceContext,
}

impl Forwarding<'_> {
    /// Turns `request`, a copy of the client's, into the upstream's. `capture` yields what a parameter took,
    /// percent-encoded as in the canonical path.
    pub(crate) fn write(
        &self,
        client: &RequestHeader,
        request: &mut RequestHeader,
        capture: impl Fn(&str) -> String,
    ) -> Result<(), Denied> {
        header_case::edit(request, |headers| self.write_fields(headers));
        let path_and_query = self.path_and_query(client, capture);
        if request.raw_path() != path_and_query.as_bytes() || request.uri.authority().is_some() {
            request
                .set_raw_path(path_and_query.as_bytes())
                .map_err(|_| Denied::Internal)?;
        }
        Ok(())
    }

    fn write_fields(&self, headers: &mut HeaderMap) {
        headers.reserve(FIELDS_WRITTEN);
        cookies::join_crumbs(headers);
        self.target.request_headers.apply(headers);
        if let Some(host) = self.host() {
            headers.insert(header::HOST, host);
        }
        self.forwarded.write_headers(headers);
        headers.insert(X_REQUEST_ID, self.request_id.header_value().clone());
        headers.insert(TRACEPARENT, self.trace.traceparent().clone());
        headers.remove(TRACESTATE);
        if let Some(state) = self.trace.tracestate() {
            headers.insert(TRACESTATE, state.clone());
        }
        if self.target.json_body.is_some() {
            // The length changes with the injected fields, and is known only at the body's end.
            headers.remove(header::CONTENT_LENGTH);
            headers.insert(header::TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
        }
    }

    fn path_and_query(&self, client: &RequestHeader, capture: impl Fn(&str) -> String) -> String {
        let path = match &self.target.path {
            Some(template) => Cow::Owned(template.fill(|name| Cow::Owned(capture(name)))),
            None if self.route.raw => String::from_utf8_lossy(raw_path(client)),
            None => Cow::Borrowed(self.path),
        };
        let query = self.target.query.apply(client.uri.query(), capture);
        let query_length = query.as_ref().map_or(0, |query| query.len() + 1);
        let mut text = String::with_capacity(self.spec.base_path.len() + path.len() + query_length);
        text.push_str(&self.spec.base_path);
        text.push_str(&path);
        if let Some(query) = query {
            text.push('?');
            text.push_str(&query);
        }
        text
    }

    fn host(&self) -> Option<HeaderValue> {
        match &self.spec.host_header {
            HostHeader::Upstream => Some(self.endpoint.authority().clone()),
            HostHeader::Client => self.forwarded.host().cloned(),
            HostHeader::Literal(name) => Some(name.clone()),
        }
    }
}

/// The fields a JSON body gets: captures are decoded there, as a path's escapes mean nothing in JSON.
pub(crate) fn json_fields(target: &UpstreamTarget, capture: impl Fn(&str) -> String) -> Vec<(String, String)> {
    let fields = target.json_body.iter().flat_map(|json| &json.fields);
    let filled = fields.map(|(name, template)| {
        (
            name.clone(),
            template.fill(|parameter| Cow::Owned(percent_decoded(&capture(parameter)))),
        )
    });
    filled.collect()
}

pub(crate) fn redirect_location(redirect: &Redirect, query: Option<&str>, capture: impl Fn(&str) -> String) -> String {
    let mut location = redirect.to.fill(|name| Cow::Owned(capture(name)));
    if let Some(query) = query.filter(|query| redirect.keep_query && !query.is_empty()) {
        location.push(if location.contains('?') { '&' } else { '?' });
        location.push_str(query);
    }
    location
}

/// A `+` in a path is a plus.
fn percent_decoded(text: &str) -> String {
    decode(&text.replace('+', "%2B")).into_owned()
}
