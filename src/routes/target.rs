//! What a matched request leads to.

use super::query::QueryEdits;
use super::template::Template;
use crate::filters::header_edits::HeaderEdits;
use http::{HeaderName, HeaderValue, StatusCode};
use std::path::PathBuf;

/// Index of an upstream in the route map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct UpstreamIndex(pub(crate) usize);

#[derive(Debug, Clone)]
pub(crate) enum Target {
    Upstream(UpstreamTarget),
    Respond(FixedResponse),
    Redirect(Redirect),
    Static(StaticFiles),
    Endpoint(Endpoint),
}

/// A request rewritten and sent to an upstream.
#[derive(Debug, Clone)]
pub(crate) struct UpstreamTarget {
    pub(crate) upstream: UpstreamIndex,
    /// Absent: the request's own path.
    pub(crate) path: Option<Template>,
    pub(crate) query: QueryEdits,
    /// The upstream's edits followed by the target's own.
    pub(crate) request_headers: HeaderEdits,
    pub(crate) json_body: Option<JsonBody>,
}

/// Fields put into the JSON object of the request body.
#[derive(Debug, Clone)]
pub(crate) struct JsonBody {
    pub(crate) fields: Vec<(String, Template)>,
    /// Bytes; a longer body is answered 413.
    pub(crate) limit: u64,
}

#[derive(Debug, Clone)]
pub(crate) struct FixedResponse {
    pub(crate) status: StatusCode,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: FixedBody,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FixedBody {
    /// An error status without a body of its own gets the edge's error body.
    None,
    Json(String),
    Text(String),
}

#[derive(Debug, Clone)]
pub(crate) struct Redirect {
    pub(crate) to: Template,
    pub(crate) status: StatusCode,
    pub(crate) keep_query: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct StaticFiles {
    pub(crate) root: StaticRoot,
    pub(crate) cache_control: Option<HeaderValue>,
    pub(crate) content_type: Option<HeaderValue>,
}

#[derive(Debug, Clone)]
pub(crate) enum StaticRoot {
    File(PathBuf),
    Folder {
        folder: PathBuf,
        /// Served for the folder itself and for folders in it.
        index: Option<String>,
        /// Served when nothing else is found (single-page applications).
        fallback: Option<PathBuf>,
    },
}

/// What the edge answers itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Endpoint {
    Health,
    HealthFull,
    Status,
    RoutePolicy,
}
