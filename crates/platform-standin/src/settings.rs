//! How the stand-ins behave where the tests and the demo want it differently.

use std::time::Duration;

#[derive(Clone, Debug)]
pub struct Settings {
    /// Between two events of `mcp-sse`; its first one is sent at once.
    pub sse_interval: Duration,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            sse_interval: Duration::from_secs(3),
        }
    }
}
