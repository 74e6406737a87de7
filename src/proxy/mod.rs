//! `impl ProxyHttp` as a table of contents: each phase of Pingora is one file of the same name.

mod context;
mod error_while_proxy;
mod fail_to_proxy;
mod logging;
mod reply;
mod request_body_filter;
mod request_filter;
mod response_filter;
mod rewrite;
mod upstream_peer;
mod upstream_request_filter;

pub(crate) use context::RequestContext;
pub(crate) use rewrite::{Forwarding, json_fields, redirect_location};

use crate::live::Gateway;
use async_trait::async_trait;
use bytes::Bytes;
use pingora_core::protocols::Digest;
use pingora_core::upstreams::peer::HttpPeer;
use pingora_core::{Error, Result};
use pingora_http::{RequestHeader, ResponseHeader};
use pingora_proxy::{FailToProxy, ProxyHttp, ProxyWarnLogContext, Session};
use std::os::fd::RawFd;
use std::sync::Arc;
use std::time::Duration;

/// The edge's policy, as Pingora calls it.
#[derive(Debug)]
pub(crate) struct Edge {
    pub(crate) gateway: Arc<Gateway>,
}

#[async_trait]
impl ProxyHttp for Edge {
    /// Boxed: Pingora moves it from phase to phase.
    type CTX = Box<RequestContext>;

    fn new_ctx(&self) -> Self::CTX {
        Box::new(RequestContext::new(&self.gateway))
    }

    /// No modules: nothing compresses or rewrites behind our back.
    fn init_downstream_modules(&self, _modules: &mut pingora_core::modules::http::HttpModules) {}

    async fn early_request_filter(&self, session: &mut Session, ctx: &mut Self::CTX) -> Result<()> {
        request_filter::prepare(session, ctx).map_err(|denied| ctx.deny(denied))
    }

    async fn request_filter(&self, session: &mut Session, ctx: &mut Self::CTX) -> Result<bool> {
        match request_filter::decide(&self.gateway, session, ctx).await {
            Ok(request_filter::Flow::Forward) => Ok(false),
            Ok(request_filter::Flow::Reply(reply)) => reply::write(session, ctx, reply).await.map(|()| true),
            Err(denied) => Err(ctx.deny(denied)),
        }
    }

    async fn upstream_peer(&self, session: &mut Session, ctx: &mut Self::CTX) -> Result<Box<HttpPeer>> {
        match upstream_peer::choose(session, ctx).await {
            Ok(peer) => Ok(Box::new(peer)),
            Err(denied) => Err(ctx.deny(denied)),
        }
    }

    async fn connected_to_upstream(
        &self,
        session: &mut Session,
        reused: bool,
        _peer: &HttpPeer,
        _fd: RawFd,
        digest: Option<&Digest>,
        ctx: &mut Self::CTX,
    ) -> Result<()> {
        upstream_peer::connected(session, reused, digest, ctx);
        Ok(())
    }

    fn fail_to_connect(
        &self,
        session: &mut Session,
        _peer: &HttpPeer,
        ctx: &mut Self::CTX,
        error: Box<Error>,
    ) -> Box<Error> {
        error_while_proxy::retry_connect(session, ctx, error)
    }

    fn error_while_proxy(
        &self,
        peer: &HttpPeer,
        session: &mut Session,
        error: Box<Error>,
        ctx: &mut Self::CTX,
        _reused: bool,
    ) -> Box<Error> {
        error_while_proxy::retry_exchange(peer, session, ctx, error)
    }

    async fn upstream_request_filter(
        &self,
        session: &mut Session,
        request: &mut RequestHeader,
        ctx: &mut Self::CTX,
    ) -> Result<()> {
        upstream_request_filter::rewrite(session, request, ctx).map_err(|denied| ctx.deny(denied))
    }

    async fn request_body_filter(
        &self,
        session: &mut Session,
        body: &mut Option<Bytes>,
        end_of_stream: bool,
        ctx: &mut Self::CTX,
    ) -> Result<()> {
        request_body_filter::pass(session, body, end_of_stream, ctx).map_err(|denied| ctx.deny(denied))
    }

    async fn upstream_response_filter(
        &self,
        _session: &mut Session,
        response: &mut ResponseHeader,
        ctx: &mut Self::CTX,
    ) -> Result<()> {
        response_filter::head_arrived(response, ctx);
        Ok(())
    }

    fn upstream_response_body_filter(
        &self,
        _session: &mut Session,
        body: &mut Option<Bytes>,
        end_of_stream: bool,
        ctx: &mut Self::CTX,
    ) -> Result<Option<Duration>> {
        response_filter::body_arrived(body.as_ref(), end_of_stream, ctx)?;
        Ok(None)
    }

    async fn response_filter(
        &self,
        session: &mut Session,
        response: &mut ResponseHeader,
        ctx: &mut Self::CTX,
    ) -> Result<()> {
        response_filter::rewrite(&self.gateway, session, response, ctx);
        Ok(())
    }

    async fn fail_to_proxy(&self, session: &mut Session, error: &Error, ctx: &mut Self::CTX) -> FailToProxy {
        fail_to_proxy::answer(session, error, ctx).await
    }

    /// Failures are in the access log and the metrics; Pingora's own lines would repeat them.
    fn suppress_error_log(&self, _session: &Session, _ctx: &Self::CTX, error: &Error) -> bool {
        log::debug!("request failed: {error}");
        true
    }

    fn suppress_proxy_warn_log(
        &self,
        _session: &Session,
        _ctx: &Self::CTX,
        _error: &Error,
        _context: ProxyWarnLogContext,
    ) -> bool {
        true
    }

    async fn logging(&self, session: &mut Session, error: Option<&Error>, ctx: &mut Self::CTX) {
        upstream_peer::over(ctx);
        logging::finish(&self.gateway, session, error, ctx);
    }
}
