//! `state-at`: a user, session, key or client as it was, folded anew from its events.

use anyhow::Context as _;
use config_text::environment::Environment;
use event_store::StreamId;

use super::administer::with_app;
use super::assemble::Purpose;
use super::moment::moment;
use super::{Outcome, output};
use crate::app::App;
use crate::app::audit::Sight;
use crate::app::state_at::Moment;
use crate::cli::{Place, StateAt, Thing};
use crate::domain::ids::{ApiKeyId, ClientId, SessionId};

pub(super) fn run(place: &Place, environment: &Environment, wish: StateAt) -> Outcome {
    with_app(place, environment, Purpose::Read, async |app| work(&app, wish).await)
}

async fn work(app: &App, wish: StateAt) -> Outcome {
    let stream = stream(app, wish.kind, &wish.id).await?;
    let moment = match (&wish.time, wish.position) {
        (Some(text), _) => Moment::Time(moment(text, app.clock.now())?),
        (None, Some(position)) => Moment::Position(position),
        (None, None) => Moment::Now,
    };
    let state = app.state_at(stream, moment, Sight::Personal).await?;
    output::one(wish.output.output, &serde_json::to_value(&state)?)
}

async fn stream(app: &App, kind: Thing, id: &str) -> anyhow::Result<StreamId> {
    let no_id = || format!("`{id}` is no id of such a thing");
    Ok(match kind {
        Thing::User => app.user_named(id).await?.stream,
        Thing::Session => id.parse::<SessionId>().with_context(no_id)?.stream(),
        Thing::Key => id.parse::<ApiKeyId>().with_context(no_id)?.stream(),
        Thing::Client => id.parse::<ClientId>().with_context(no_id)?.stream(),
    })
}
