//! A failed request's answer: the refusal the edge decided on, or the one its error amounts to.

use super::context::RequestContext;
use super::reply;
use crate::answer::{Denied, Reply};
use pingora_core::{Error, ErrorSource, ErrorType};
use pingora_proxy::{FailToProxy, Session};

pub(super) async fn answer(session: &mut Session, error: &Error, ctx: &mut RequestContext) -> FailToProxy {
    let decided = ctx.denied.take();
    let refused_by_edge = decided.is_some();
    let Some(denied) = decided.or_else(|| classify(error, ctx)) else {
        return FailToProxy {
            error_code: 0,
            can_reuse_downstream: false,
        };
    };
    ctx.refused_as = Some(denied.code());
    let status = denied.status().as_u16();
    // An answer under way can only be broken off, which the closed connection does.
    let interim =
        |written: &pingora_http::ResponseHeader| written.status.is_informational() && written.status.as_u16() != 101;
    if session.response_written().is_some_and(|written| !interim(written)) {
        return FailToProxy {
            error_code: status,
            can_reuse_downstream: false,
        };
    }
    if !refused_by_edge {
        log::info!("request {} failed: {}", ctx.request_id.as_str(), what_failed(error));
    }
    let refusal = Reply::refusal(&denied, &ctx.request_id);
    let written = reply::write(session, ctx, refusal).await;
    if let Err(error) = &written {
        log::debug!("a refusal could not be written: {error}");
    }
    FailToProxy {
        error_code: status,
        can_reuse_downstream: refused_by_edge && written.is_ok() && ctx.exchange.started.is_none(),
    }
}

/// Kind and system error, without the bytes of a broken message that Pingora quotes: a secret may be among them.
fn what_failed(error: &Error) -> String {
    let kind = format!("{} {}", error.esource().as_str(), error.root_etype().as_str());
    match error.root_cause().downcast_ref::<std::io::Error>() {
        Some(cause) => format!("{kind}: {cause}"),
        None => kind,
    }
}

/// `None`: the client is gone, nobody is left to answer.
fn classify(error: &Error, ctx: &RequestContext) -> Option<Denied> {
    if let Some(expired) = ctx.exchange.expired() {
        return Some(expired);
    }
    match error.esource() {
        ErrorSource::Downstream => classify_client(error.etype()),
        ErrorSource::Upstream => Some(classify_upstream(error.etype())),
        ErrorSource::Internal | ErrorSource::Unset => Some(classify_internal(error)),
    }
}

fn classify_client(kind: &ErrorType) -> Option<Denied> {
    match kind {
        ErrorType::ReadTimedout => Some(Denied::RequestTimeout),
        ErrorType::ReadError | ErrorType::WriteError | ErrorType::WriteTimedout | ErrorType::ConnectionClosed => None,
        ErrorType::H2Error | ErrorType::H1Error => None,
        _ => Some(Denied::InvalidRequest("the request is malformed")),
    }
}

fn classify_upstream(kind: &ErrorType) -> Denied {
    match kind {
        ErrorType::ConnectTimedout
        | ErrorType::TLSHandshakeTimedout
        | ErrorType::ReadTimedout
        | ErrorType::WriteTimedout => Denied::UpstreamTimeout,
        ErrorType::TLSHandshakeFailure
        | ErrorType::InvalidCert
        | ErrorType::HandshakeError
        | ErrorType::TLSWantX509Lookup => Denied::UpstreamTlsFailed,
        ErrorType::ConnectRefused
        | ErrorType::ConnectNoRoute
        | ErrorType::ConnectError
        | ErrorType::SocketError
        | ErrorType::ConnectProxyFailure => Denied::UpstreamUnavailable,
        _ => Denied::UpstreamBadResponse,
    }
}

fn classify_internal(error: &Error) -> Denied {
    match error.etype() {
        ErrorType::InvalidHTTPHeader => Denied::InvalidRequest("the request is malformed"),
        ErrorType::ConnectTimedout => Denied::UpstreamTimeout,
        ErrorType::ConnectRefused | ErrorType::ConnectNoRoute | ErrorType::ConnectError => Denied::UpstreamUnavailable,
        _ => {
            log::error!("internal error: {}", what_failed(error));
            Denied::Internal
        }
    }
}
