//! Answers the edge makes itself, before they are dressed and written: replies, and the table of refusals.

mod denied;
mod reply;

pub(crate) use denied::Denied;
pub(crate) use reply::{Purpose, Reply, ReplyBody};
