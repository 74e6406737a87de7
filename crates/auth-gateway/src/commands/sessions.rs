//! `sessions`: a user's live sessions, seen and ended by an operator.

use anyhow::Context as _;
use config_text::environment::Environment;
use serde_json::{Value, json};

use super::administer::with_app;
use super::assemble::Purpose;
use super::{Outcome, output};
use crate::app::App;
use crate::app::caller::Caller;
use crate::app::sessions::SeenSession;
use crate::cli::{Place, Sessions};
use crate::domain::session::EndReason;
use crate::domain::user::SessionsEnd;

pub(super) fn run(place: &Place, environment: &Environment, sessions: Sessions) -> Outcome {
    with_app(place, environment, purpose(&sessions), async |app| {
        work(&app, sessions).await
    })
}

fn purpose(sessions: &Sessions) -> Purpose {
    match sessions {
        Sessions::List { .. } => Purpose::Read,
        Sessions::End { .. } | Sessions::EndAll { .. } => Purpose::Change,
    }
}

async fn work(app: &App, sessions: Sessions) -> Outcome {
    let caller = Caller::operator();
    match sessions {
        Sessions::List { user, output } => {
            let user = app.user_named(&user).await?.state;
            let rows: Vec<Value> = app.sessions_of(&user).await?.iter().map(row).collect();
            output::list(output.output, &rows)
        }
        Sessions::End { id, output } => {
            let session = id
                .parse()
                .with_context(|| format!("`{id}` is no session's id; `sessions list --user USER` shows them"))?;
            app.end_session(session, None, EndReason::ByAdministrator, &caller)
                .await?;
            let said = format!("the session {id} has ended");
            output::done(output.output, &said, &json!({"id": id, "ended": true}))
        }
        Sessions::EndAll { user, output } => {
            let id = app.user_named(&user).await?.state.id;
            app.end_sessions(id, None, SessionsEnd::ByAdministrator, &caller)
                .await?;
            let said = format!("all sessions of {id} have ended");
            output::done(output.output, &said, &json!({"user": id, "ended": true}))
        }
    }
}

fn row(seen: &SeenSession) -> Value {
    let session = &seen.session;
    json!({
        "id": session.id,
        "platform": session.platform,
        "method": session.method,
        "started": session.started_at.to_string(),
        "last_used": seen.last_used_at.to_string(),
        "expires": session.expires_at.to_string(),
        "address": seen.address,
        "user_agent": seen.user_agent,
    })
}
