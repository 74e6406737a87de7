//! The request target as it came (RFC 9112 section 3.2), for HTTP/1 and HTTP/2 alike.

use pingora_http::RequestHeader;

/// The path of the request target as it came, without its query; of an absolute form, the path of the URI.
pub(crate) fn raw_path(request: &RequestHeader) -> &[u8] {
    let raw = request.raw_path();
    let target = if raw.first() == Some(&b'/') {
        raw
    } else {
        request.uri.path().as_bytes()
    };
    target.split(|byte| *byte == b'?').next().unwrap_or_default()
}
