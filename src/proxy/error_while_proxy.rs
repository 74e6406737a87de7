//! Whether a failed attempt may be made again, elsewhere or on a fresh connection.

use super::context::RequestContext;
use pingora_core::Error;
use pingora_core::upstreams::peer::HttpPeer;
use pingora_proxy::Session;

/// A pooled connection can turn out dead this often before the request fails.
const MAX_ATTEMPTS: usize = 8;

/// Nothing was sent: any method may try the next endpoint.
pub(super) fn retry_connect(_session: &Session, ctx: &RequestContext, mut error: Box<Error>) -> Box<Error> {
    let elsewhere = ctx.upstream_target().is_some_and(|target| {
        ctx.snapshot
            .registry
            .get(target.upstream)
            .has_untried(&ctx.exchange.tried)
    });
    error.set_retry(elsewhere && ctx.exchange.tried.len() < MAX_ATTEMPTS);
    log::debug!("connecting failed, again elsewhere: {elsewhere}: {error}");
    error
}

/// Bytes were sent. Only a reused connection that the upstream had closed meanwhile is worth another try, only for an
/// idempotent method, and only when the whole body can be sent again (RFC 9110 section 9.2.2).
pub(super) fn retry_exchange(
    peer: &HttpPeer,
    session: &Session,
    ctx: &mut RequestContext,
    error: Box<Error>,
) -> Box<Error> {
    let mut error = error.more_context(format!("upstream {peer}"));
    let repeatable = session.req_header().method.is_idempotent() && !session.as_ref().retry_buffer_truncated();
    let timed_out = ctx.exchange.expired().is_some();
    if repeatable && !timed_out && ctx.exchange.tried.len() < MAX_ATTEMPTS && ctx.exchange.head_at.is_none() {
        error.retry.decide_reuse(ctx.exchange.reused);
    } else {
        error.set_retry(false);
    }
    if error.retry() {
        // The endpoint itself is not to blame.
        ctx.exchange.tried.pop();
    }
    error
}
