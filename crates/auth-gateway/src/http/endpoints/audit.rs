//! `GET /v1/auth/audit`: the audit log, a page at a time or all of it as JSON lines; and what something was at a moment.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{FromRef, FromRequestParts, Path, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use event_store::projection::AuditQuery;
use event_store::{Position, StreamId, Timestamp};
use futures_util::stream;
use http::request::Parts;
use http::{HeaderMap, header};
use serde::Deserialize;

use crate::app::App;
use crate::app::audit::Sight;
use crate::app::state_at::{Moment, StateAt};
use crate::domain::client::Capability;
use crate::http::error::Refusal;
use crate::http::gateway::Gateway;
use crate::http::query::Query;
use crate::http::service::service;
use crate::http::signed_in::InSession;
use crate::rfc3339;

const JSON_LINES: &str = "application/x-ndjson";
const PAGE: u32 = 100;
const LARGEST_PAGE: u32 = 1000;
/// What an administrator's session must allow.
const SCOPE: &str = "admin:audit";

/// Which events; what is not said is not asked for.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    subject: Option<String>,
    actor: Option<String>,
    client: Option<String>,
    /// Kinds that begin so: `session.`, `api_key.revoked`.
    kind: Option<String>,
    from: Option<String>,
    until: Option<String>,
    after: Option<Position>,
    #[serde(default)]
    order: Order,
    limit: Option<u32>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Order {
    #[default]
    NewestFirst,
    OldestFirst,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct At {
    time: Option<String>,
    position: Option<Position>,
}

/// Somebody who may read the audit log, and how much of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Auditor(Sight);

impl<S> FromRequestParts<S> for Auditor
where
    S: Send + Sync,
    Gateway: FromRef<S>,
{
    type Rejection = Refusal;

    /// A service with the capability `audit` sees nothing personal; an administrator in a session does.
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let Gateway { app, .. } = Gateway::from_ref(state);
        if service(&app, &parts.headers, Capability::Audit).await?.is_some() {
            return Ok(Self(Sight::Public));
        }
        let InSession(asking) = InSession::from_request_parts(parts, state).await?;
        if !asking.who.account.user.role.is_admin() {
            return Err(Refusal::Forbidden);
        }
        let (scopes, needed) = (&asking.who.identity.scopes, SCOPE.parse().expect("a scope"));
        if !scopes.covers(&needed) {
            return Err(Refusal::ScopeInsufficient {
                required: vec![SCOPE.to_owned()],
                provided: scopes.iter().map(ToString::to_string).collect(),
            });
        }
        Ok(Self(Sight::Personal))
    }
}

pub(crate) async fn list(
    Auditor(sight): Auditor,
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Refusal> {
    let query = wanted.query()?;
    if accepts_lines(&headers) {
        return Ok(export(app, query, wanted.limit, sight));
    }
    Ok(Json(app.audit(&query, sight).await?).into_response())
}

pub(crate) async fn state_at(
    Auditor(sight): Auditor,
    State(app): State<Arc<App>>,
    Path((kind, id)): Path<(String, String)>,
    Query(at): Query<At>,
) -> Result<Json<StateAt>, Refusal> {
    let moment = match (at.time, at.position) {
        (None, None) => Moment::Now,
        (Some(text), None) => Moment::Time(time("time", &text)?),
        (None, Some(position)) => Moment::Position(position),
        (Some(_), Some(_)) => {
            return Err(Refusal::InvalidRequest("say `time` or `position`, not both".to_owned()));
        }
    };
    // No stream is called so, and PostgreSQL takes no NUL.
    if kind.contains('\0') || id.contains('\0') {
        return Err(Refusal::NotFound);
    }
    Ok(Json(app.state_at(StreamId::new(kind, id), moment, sight).await?))
}

fn accepts_lines(headers: &HeaderMap) -> bool {
    let accept = headers.get_all(header::ACCEPT).iter();
    accept
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(','))
        .any(|kind| kind.split(';').next().is_some_and(|kind| kind.trim() == JSON_LINES))
}

/// All that is asked for, or `most` of it.
fn export(app: Arc<App>, query: AuditQuery, most: Option<u32>, sight: Sight) -> Response {
    let export = Export {
        app,
        query,
        left: most,
        sight,
    };
    let pages = stream::try_unfold(Some(export), Export::next);
    ([(header::CONTENT_TYPE, JSON_LINES)], Body::from_stream(pages)).into_response()
}

/// Page after page, each read when the one before has been sent. Breaks off when the database does: a reader goes on behind
/// the position of its last line.
struct Export {
    app: Arc<App>,
    query: AuditQuery,
    /// Lines still to come; without a number, all.
    left: Option<u32>,
    sight: Sight,
}

impl Export {
    async fn next(export: Option<Self>) -> Result<Option<(Bytes, Option<Self>)>, crate::app::Refusal> {
        let Some(mut export) = export else { return Ok(None) };
        export.query.limit = export.left.unwrap_or(LARGEST_PAGE).min(LARGEST_PAGE);
        let page = export.app.audit(&export.query, export.sight).await?;
        let mut lines = Vec::new();
        for line in &page.events {
            serde_json::to_writer(&mut lines, line).expect("lines are plain data");
            lines.push(b'\n');
        }
        let read = u32::try_from(page.events.len()).unwrap_or(u32::MAX);
        export.left = export.left.map(|left| left.saturating_sub(read));
        let next = page.next_after.filter(|_| export.left != Some(0)).map(|after| {
            export.query.after = Some(after);
            export
        });
        Ok(Some((Bytes::from(lines), next)))
    }
}

impl Wanted {
    fn query(&self) -> Result<AuditQuery, Refusal> {
        let limit = self.limit.unwrap_or(PAGE);
        if limit == 0 {
            return Err(Refusal::InvalidRequest("limit: at least 1".to_owned()));
        }
        let moment = |name, text: &Option<String>| text.as_deref().map(|text| time(name, text)).transpose();
        Ok(AuditQuery {
            subject: self.subject.clone(),
            actor: self.actor.clone(),
            client: self.client.clone(),
            kind_prefix: self.kind.clone(),
            from: moment("from", &self.from)?,
            until: moment("until", &self.until)?,
            after: self.after,
            newest_first: self.order == Order::NewestFirst,
            limit: limit.min(LARGEST_PAGE),
        })
    }
}

/// RFC 3339, or milliseconds since the Unix epoch.
fn time(name: &str, text: &str) -> Result<Timestamp, Refusal> {
    if let Ok(milliseconds) = text.parse() {
        return Ok(Timestamp(milliseconds));
    }
    // A plus sign that was not encoded has become a space.
    rfc3339::parse(&text.replace(' ', "+"))
        .ok_or_else(|| Refusal::InvalidRequest(format!("{name}: a time such as 2026-03-01T12:00:00Z")))
}
