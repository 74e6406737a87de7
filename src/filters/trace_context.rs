//! W3C Trace Context (Level 1): continues the caller's trace or starts one; the edge is a span of its own.

use http::{HeaderMap, HeaderName, HeaderValue};
use std::ops::Range;
use uuid::Uuid;

pub(crate) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
pub(crate) const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");
const MAX_TRACESTATE: usize = 8192;
const MAX_MEMBERS: usize = 32;

/// Where a `traceparent` has its trace id: `00-`, trace id, `-`, span id, `-`, flags.
const TRACE_ID: Range<usize> = 3..35;

/// The trace of one request, as seen behind the edge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TraceContext {
    /// Made once: it is sent both ways and logged.
    traceparent: HeaderValue,
    state: Option<HeaderValue>,
}

impl TraceContext {
    /// Continues a valid incoming `traceparent`; an invalid one starts a new trace and drops `tracestate`.
    pub(crate) fn assign(headers: &HeaderMap) -> Self {
        // Random enough for ids: the 122 random bits of a version 4 UUID.
        let span_id = Uuid::new_v4().into_bytes();
        match incoming(headers) {
            Some((trace_id, flags)) => Self {
                traceparent: traceparent(trace_id, span_id, flags),
                state: tracestate(headers),
            },
            None => Self {
                traceparent: traceparent(Uuid::new_v4().into_bytes(), span_id, 0),
                state: None,
            },
        }
    }

    pub(crate) fn trace_id(&self) -> &str {
        self.traceparent
            .to_str()
            .ok()
            .and_then(|text| text.get(TRACE_ID))
            .unwrap_or_default()
    }

    pub(crate) fn traceparent(&self) -> &HeaderValue {
        &self.traceparent
    }

    pub(crate) fn tracestate(&self) -> Option<&HeaderValue> {
        self.state.as_ref()
    }
}

/// The first half of a UUID has its fixed version bits, so a span id is never all zeros.
fn traceparent(trace_id: [u8; 16], span_id: [u8; 16], flags: u8) -> HeaderValue {
    let mut text = *b"00-00000000000000000000000000000000-0000000000000000-00";
    write_hex(&mut text[TRACE_ID], &trace_id);
    write_hex(&mut text[36..52], &span_id[..8]);
    write_hex(&mut text[53..], &[flags]);
    // Digits and dashes are a valid value.
    HeaderValue::from_bytes(&text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

fn write_hex(out: &mut [u8], bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for (pair, byte) in out.chunks_exact_mut(2).zip(bytes) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 0xf)];
    }
}

/// Trace id and flags of a single valid `traceparent`. Higher versions count by their first four fields.
fn incoming(headers: &HeaderMap) -> Option<([u8; 16], u8)> {
    let mut lines = headers.get_all(TRACEPARENT).iter();
    let (text, None) = (lines.next()?.to_str().ok()?, lines.next()) else {
        return None;
    };
    let mut fields = text.split('-');
    let version: [u8; 1] = unhex(fields.next()?)?;
    let trace_id: [u8; 16] = unhex(fields.next()?)?;
    let parent: [u8; 8] = unhex(fields.next()?)?;
    let flags: [u8; 1] = unhex(fields.next()?)?;
    let more = fields.next().is_some();
    let valid = version != [0xff] && (version != [0] || !more) && trace_id != [0; 16] && parent != [0; 8];
    valid.then_some((trace_id, flags[0] & 0b11))
}

fn tracestate(headers: &HeaderMap) -> Option<HeaderValue> {
    let lines: Vec<&str> = headers
        .get_all(TRACESTATE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .collect();
    let joined = lines.join(",");
    let usable = !joined.is_empty() && joined.len() <= MAX_TRACESTATE && joined.split(',').count() <= MAX_MEMBERS;
    usable.then(|| HeaderValue::from_str(&joined).ok()).flatten()
}

/// Exactly `2 * N` lower-case hexadecimal digits.
fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    let lower_hex = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if digits.len() != 2 * N || !digits.iter().all(lower_hex) {
        return None;
    }
    let mut out = [0; N];
    for (byte, pair) in out.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn with(traceparent: &str, tracestate: Option<&str>) -> TraceContext {
        let mut headers = HeaderMap::new();
        headers.insert(TRACEPARENT, HeaderValue::from_str(traceparent).expect("a header value"));
        if let Some(state) = tracestate {
            headers.insert(TRACESTATE, HeaderValue::from_str(state).expect("a header value"));
        }
        TraceContext::assign(&headers)
    }

    #[test]
    fn a_valid_trace_goes_on_with_a_new_parent() {
        let trace = with(PARENT, Some("a=1,b=2"));
        let sent = trace.traceparent().to_str().expect("ascii").to_owned();
        assert!(
            sent.starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-") && sent.ends_with("-01"),
            "{sent}"
        );
        assert!(!sent.contains("00f067aa0ba902b7"), "the edge is a span of its own");
        assert_eq!(trace.tracestate().expect("kept"), "a=1,b=2");
        assert_eq!(
            with("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-future", None).trace_id(),
            trace.trace_id()
        );
    }

    #[test]
    fn an_invalid_trace_starts_a_new_one_without_its_state() {
        let invalid = [
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "00-4bf9-00f067aa0ba902b7-01",
            "nonsense",
        ];
        for parent in invalid {
            let trace = with(parent, Some("a=1"));
            assert_ne!(trace.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736", "{parent}");
            assert_eq!(trace.tracestate(), None, "{parent}");
        }
    }
}
