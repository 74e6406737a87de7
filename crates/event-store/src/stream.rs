//! The name of a stream: what kind of thing, and which one.

use std::borrow::Cow;
use std::fmt;

/// A stream of events about one thing. Kind and id are text without NUL.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId {
    pub kind: Cow<'static, str>,
    pub id: String,
}

impl StreamId {
    #[must_use]
    pub fn new(kind: impl Into<Cow<'static, str>>, id: impl Into<String>) -> Self {
        Self {
            kind: kind.into(),
            id: id.into(),
        }
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind, self.id)
    }
}
