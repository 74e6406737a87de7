//! The request body on its way: counted, collected where a JSON object gets fields, and ended cleanly.

use super::context::RequestContext;
use super::rewrite;
use crate::answer::Denied;
use crate::filters::json_body;
use bytes::Bytes;
use pingora_proxy::Session;

pub(super) fn pass(
    session: &Session,
    body: &mut Option<Bytes>,
    end_of_stream: bool,
    ctx: &mut RequestContext,
) -> Result<(), Denied> {
    if let Some(watch) = &ctx.exchange.watch {
        watch.touch();
    }
    match &ctx.exchange.upload {
        Some(_) if end_of_stream => ctx.exchange.upload = None,
        Some(upload) => upload.touch(),
        None => {}
    }
    // After an upgrade these are the tunnel's bytes.
    if session.was_upgraded() {
        return Ok(());
    }
    ctx.body.received += body.as_ref().map_or(0, |bytes| bytes.len() as u64);
    if ctx.body.received > ctx.body.limit {
        return Err(Denied::BodyTooLarge { limit: ctx.body.limit });
    }
    collect(body, end_of_stream, ctx)?;
    if end_of_stream {
        // An empty last piece would make Pingora write the last chunk twice.
        if body.as_ref().is_some_and(Bytes::is_empty) {
            *body = None;
        }
        if let Some(gate) = &ctx.exchange.gate {
            gate.body_queued();
        }
    }
    Ok(())
}

/// Holds the pieces of a JSON body back until it is whole, then sends it with its new fields.
fn collect(body: &mut Option<Bytes>, end_of_stream: bool, ctx: &mut RequestContext) -> Result<(), Denied> {
    let Some(mut collected) = ctx.body.collected.take() else {
        return Ok(());
    };
    collected.extend_from_slice(body.as_deref().unwrap_or_default());
    if !end_of_stream {
        ctx.body.collected = Some(collected);
        // Pingora takes `None` for the end of the body, and sends nothing for an empty piece.
        *body = Some(Bytes::new());
        return Ok(());
    }
    let Some(target) = ctx.upstream_target() else {
        return Err(Denied::Internal);
    };
    let fields = rewrite::json_fields(target, |name| ctx.capture(name));
    *body = Some(Bytes::from(json_body::inject(&collected, &fields)?));
    Ok(())
}
