//! Where a request came from, as far as a person can be known by it: sealed with the event that tells it.

use serde::{Deserialize, Serialize};

/// Personal: never stored in clear.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Device {
    /// The client's network address, without port.
    pub(crate) address: Option<String>,
    pub(crate) user_agent: Option<String>,
}
