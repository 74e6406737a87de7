//! `audit`: what happened, found by whom it is about, who did it, what it is and when.

use config_text::environment::Environment;
use event_store::projection::{AuditQuery, CatchUpError};
use serde_json::{Value, json};

use super::administer::with_app;
use super::assemble::Purpose;
use super::moment::moment;
use super::{Outcome, output, print};
use crate::app::App;
use crate::app::audit::{AuditLine, Sight, index};
use crate::cli::{Audit, Format, Place};

/// Events read at a time.
const PAGE: u32 = 1000;

pub(super) fn run(place: &Place, environment: &Environment, wish: Audit) -> Outcome {
    with_app(place, environment, Purpose::Read, async |app| work(&app, wish).await)
}

async fn work(app: &App, wish: Audit) -> Outcome {
    catch_up(app).await?;
    let lines = found(app, query(app, &wish).await?, wish.limit).await?;
    match wish.output.output {
        Format::Table => output::list(Format::Table, &lines.iter().map(row).collect::<Vec<_>>()),
        Format::Json => {
            let mut text = String::new();
            for line in &lines {
                text.push_str(&serde_json::to_string(line)?);
                text.push('\n');
            }
            print(&text)
        }
    }
}

/// The index is made by the server, which may not be running.
async fn catch_up(app: &App) -> anyhow::Result<()> {
    match app.store.catch_up(&index()).await {
        Ok(_) => Ok(()),
        Err(error @ CatchUpError::Unavailable(_)) => Err(error.into()),
        Err(error) => {
            Err(anyhow::Error::from(error).context("the audit index (`auth-gateway projections rebuild audit`)"))
        }
    }
}

async fn query(app: &App, wish: &Audit) -> anyhow::Result<AuditQuery> {
    let now = app.clock.now();
    let time = |text: &Option<String>| text.as_deref().map(|text| moment(text, now)).transpose();
    let subject = match &wish.subject {
        Some(address) if address.contains('@') => Some(app.user_named(address).await?.state.id.to_string()),
        subject => subject.clone(),
    };
    Ok(AuditQuery {
        subject,
        actor: wish.actor.clone(),
        client: None,
        kind_prefix: wish.kind.clone(),
        from: time(&wish.since)?,
        until: time(&wish.until)?,
        after: None,
        newest_first: true,
        limit: 0,
    })
}

/// The newest, in the order in which they happened.
async fn found(app: &App, mut query: AuditQuery, limit: u32) -> anyhow::Result<Vec<AuditLine>> {
    let mut lines = Vec::new();
    let mut left = limit;
    while left > 0 {
        query.limit = left.min(PAGE);
        let page = app.audit(&query, Sight::Personal).await?;
        left = left.saturating_sub(u32::try_from(page.events.len()).unwrap_or(u32::MAX));
        lines.extend(page.events);
        query.after = page.next_after;
        if query.after.is_none() {
            break;
        }
    }
    lines.reverse();
    Ok(lines)
}

fn row(line: &AuditLine) -> Value {
    let said = |field: &str| line.payload.get(field).and_then(Value::as_str);
    // All signing keys are one stream.
    let about = said("kid").unwrap_or(&line.stream.id);
    json!({
        "position": line.position,
        "time": line.time,
        "kind": line.kind,
        "about": format!("{} {about}", line.stream.kind),
        "actor": line.actor,
        "client": line.client,
        "address": line.personal.as_ref().and_then(|device| device.address.as_deref()),
        "request": line.request_id,
        "reason": said("reason"),
    })
}
