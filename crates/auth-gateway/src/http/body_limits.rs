//! The bounds of what clients send in fields: bodies, forms and queries.

use std::time::Duration;

/// The bounds of a request body.
#[derive(Debug, Clone, Copy)]
pub struct BodyLimits {
    /// Bytes of the whole body.
    pub bytes: usize,
    /// Objects and arrays inside each other.
    pub depth: usize,
    /// Members, items and form fields in all.
    pub items: usize,
    /// From the request's head to the body's last byte.
    pub time: Duration,
}

impl Default for BodyLimits {
    fn default() -> Self {
        Self {
            bytes: 100 * 1024,
            depth: 16,
            items: 2_000,
            time: Duration::from_secs(10),
        }
    }
}
