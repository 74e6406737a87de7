//! What counts as the id of a request, at the edge and at the auth gateway alike: one id through both logs.

/// The header that carries it.
pub const REQUEST_ID_HEADER: &str = "x-request-id";

/// A UUID, or 32 hexadecimal digits without hyphens, in either case. Anything else is replaced, never passed on.
#[must_use]
pub fn is_request_id(id: &[u8]) -> bool {
    match id.len() {
        32 => id.iter().all(u8::is_ascii_hexdigit),
        36 => id.iter().enumerate().all(|(i, byte)| match i {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        }),
        _ => false,
    }
}
