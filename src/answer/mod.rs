//! Answers the edge makes itself, before they are dressed and written: replies, and the table of refusals.

mod denied;
mod reply;

pub(crate) use denied::Denied;
pub(crate) use reply::{Purpose, Reply, ReplyBody};

use http::HeaderValue;

/// `Server`, without a version.
pub(crate) const SERVER: HeaderValue = HeaderValue::from_static("onasis-gateway");
