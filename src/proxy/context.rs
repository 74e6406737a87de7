//! What the edge knows of one request while it lives.

use crate::answer::Denied;
use crate::filters::client_address::{ClientAddress, Scheme};
use crate::filters::request_id::RequestId;
use crate::filters::trace_context::TraceContext;
use crate::live::{Gateway, OpenGuard, Snapshot};
use crate::routes::hosts::HostGroup;
use crate::routes::pattern::Pattern;
use crate::routes::route::Route;
use crate::routes::table::RouteMatch;
use crate::routes::target::{Target, UpstreamTarget};
use crate::routes::template::Captures;
use crate::upstreams::deadline::Watch;
use crate::upstreams::endpoint::Endpoint;
use crate::upstreams::loan::Loan;
use crate::upstreams::upgrade_gate::UpgradeGate;
use crate::upstreams::upload::UploadWatch;
use pingora_core::{Error, ErrorType};
use std::sync::Arc;
use std::time::Instant;

/// A route that fits the request, kept by index into the request's own snapshot.
#[derive(Debug)]
pub(crate) struct Matched {
    pub(crate) route: usize,
    method: usize,
    pattern: usize,
    pub(crate) captures: Captures,
}

/// The upstream side of an exchange.
#[derive(Debug, Default)]
pub(crate) struct Exchange {
    pub(crate) tried: Vec<Arc<Endpoint>>,
    pub(crate) reused: bool,
    pub(crate) started: Option<Instant>,
    pub(crate) head_at: Option<Instant>,
    pub(crate) status: Option<u16>,
    pub(crate) watch: Option<Watch>,
    /// Of a request body over HTTP/2, until its end.
    pub(crate) upload: Option<UploadWatch>,
    pub(crate) gate: Option<Arc<UpgradeGate>>,
    /// The connection, where it is not Pingora's to keep.
    pub(crate) loan: Option<Arc<Loan>>,
}

impl Exchange {
    /// What the deadline that ended the exchange amounts to.
    pub(crate) fn expired(&self) -> Option<Denied> {
        if self.upload.as_ref().is_some_and(UploadWatch::stalled) {
            return Some(Denied::RequestTimeout);
        }
        self.watch.as_ref()?.expired().map(|_| Denied::UpstreamTimeout)
    }
}

/// The request body on its way to the upstream.
#[derive(Debug, Default)]
pub(crate) struct Body {
    pub(crate) received: u64,
    pub(crate) limit: u64,
    /// Collected for a JSON injection.
    pub(crate) collected: Option<Vec<u8>>,
}

#[derive(Debug)]
pub(crate) struct RequestContext {
    pub(crate) started: Instant,
    pub(crate) snapshot: Arc<Snapshot>,
    /// Counts the request as open until it is logged.
    _open: OpenGuard,
    pub(crate) stream: Option<OpenGuard>,
    pub(crate) request_id: RequestId,
    pub(crate) trace: Option<TraceContext>,
    pub(crate) client: Option<ClientAddress>,
    /// As the route map knows it.
    pub(crate) host: Option<String>,
    pub(crate) group: Option<usize>,
    /// Canonical path, once it is known to be valid.
    pub(crate) path: Option<String>,
    pub(crate) matched: Option<Matched>,
    /// A route whose policies dress a refusal although no method of it fits.
    pub(crate) refusing_route: Option<usize>,
    pub(crate) is_upgrade: bool,
    pub(crate) body: Body,
    pub(crate) exchange: Exchange,
    pub(crate) denied: Option<Denied>,
    /// The code of the refusal that was answered, for the log.
    pub(crate) refused_as: Option<&'static str>,
}

impl RequestContext {
    pub(crate) fn new(gateway: &Arc<Gateway>) -> Self {
        Self {
            started: Instant::now(),
            snapshot: gateway.snapshot(),
            _open: OpenGuard::new(gateway, |open| &open.requests),
            stream: None,
            request_id: RequestId::unassigned(),
            trace: None,
            client: None,
            host: None,
            group: None,
            path: None,
            matched: None,
            refusing_route: None,
            is_upgrade: false,
            body: Body::default(),
            exchange: Exchange::default(),
            denied: None,
            refused_as: None,
        }
    }

    /// Keeps a refusal for `fail_to_proxy`, and turns it into the error that ends Pingora's phases.
    pub(crate) fn deny(&mut self, denied: Denied) -> Box<Error> {
        let status = denied.status().as_u16();
        self.denied = Some(denied);
        Error::new(ErrorType::HTTPStatus(status))
    }

    pub(crate) fn admit(&mut self, matched: &RouteMatch<'_>) {
        let route = matched.route;
        self.matched = Some(Matched {
            route: matched.index,
            method: route
                .methods
                .iter()
                .position(|(_, target)| std::ptr::eq(target, matched.target))
                .unwrap_or_default(),
            pattern: route
                .patterns
                .iter()
                .position(|pattern| std::ptr::eq(pattern, matched.pattern))
                .unwrap_or_default(),
            captures: matched.captures.clone(),
        });
        self.body.limit = route.body_limit;
    }

    /// The route whose policies apply: the matched one, or the one that refused the method.
    pub(crate) fn route(&self) -> Option<&Route> {
        let index = self
            .matched
            .as_ref()
            .map(|matched| matched.route)
            .or(self.refusing_route)?;
        self.snapshot.map.table.routes().get(index)
    }

    pub(crate) fn pattern(&self) -> Option<&Pattern> {
        let matched = self.matched.as_ref()?;
        self.route()?.patterns.get(matched.pattern)
    }

    pub(crate) fn target(&self) -> Option<&Target> {
        let matched = self.matched.as_ref()?;
        self.route()?.methods.get(matched.method).map(|(_, target)| target)
    }

    pub(crate) fn upstream_target(&self) -> Option<&UpstreamTarget> {
        match self.target()? {
            Target::Upstream(target) => Some(target),
            Target::Respond(_) | Target::Redirect(_) | Target::Static(_) | Target::Endpoint(_) => None,
        }
    }

    pub(crate) fn host_group(&self) -> Option<&HostGroup> {
        self.snapshot.map.table.groups().get(self.group?)
    }

    pub(crate) fn scheme(&self) -> Scheme {
        self.client.as_ref().map_or(Scheme::Http, |client| client.scheme)
    }
}

impl RequestContext {
    /// What a parameter of the matched pattern took, percent-encoded as in the canonical path.
    pub(crate) fn capture(&self, name: &str) -> String {
        let found = self.pattern().zip(self.matched.as_ref()).zip(self.path.as_deref());
        let text = found.and_then(|((pattern, matched), path)| {
            let index = pattern.captures().position(|capture| capture == name)?;
            Some(matched.captures.get(index, path).to_owned())
        });
        text.unwrap_or_default()
    }
}
