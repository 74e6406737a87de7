//! Writes what a batch changed, to all tables in one statement, and moves the head with its events.

use super::statement::Statement;
use crate::bell::CHANNEL;
use crate::head::Head;
use crate::job::Swept;
use crate::plan::Plan;
use crate::row::signed;
use crate::timestamp::Timestamp;
use crate::writer::{SWEEP_COMMANDS, SWEEP_RECORDS, SWEPT_AT_ONCE};
use sqlx::{PgConnection, query};

pub(in crate::writer) async fn save(connection: &mut PgConnection, plan: &Plan<'_>) -> sqlx::Result<Swept> {
    // First, as what has expired may be put anew.
    let swept = match plan.sweep {
        Some(now) => sweep(connection, now).await?,
        None => Swept::default(),
    };
    // Before the others come: one statement must not delete a row and put it again.
    let outdated = outdated_lookups(plan)?;
    if !outdated.is_empty() {
        outdated.query().execute(&mut *connection).await?;
    }
    let changes = changes(plan)?;
    if !changes.is_empty() && changes.query().fetch_all(connection).await?.is_empty() {
        return Err(sqlx::Error::RowNotFound);
    }
    Ok(swept)
}

/// The same without a transaction around it, for events, streams and new lookups: has an effect, durably, only if the head
/// is where the plan begins. Returns whether it was.
pub(crate) async fn save_at_once(connection: &mut PgConnection, plan: &Plan<'_>) -> sqlx::Result<bool> {
    // All that it answers: it commits after it has sent its row.
    let rows = changes(plan)?.query().fetch_all(connection).await?;
    Ok(!rows.is_empty())
}

async fn sweep(connection: &mut PgConnection, now: Timestamp) -> sqlx::Result<Swept> {
    let records = query(SWEEP_RECORDS).bind(now.0).bind(SWEPT_AT_ONCE);
    let keys = query(SWEEP_COMMANDS).bind(now.0).bind(SWEPT_AT_ONCE);
    Ok(Swept {
        records: records.execute(&mut *connection).await?.rows_affected(),
        idempotency_keys: keys.execute(connection).await?.rows_affected(),
    })
}

fn outdated_lookups(plan: &Plan<'_>) -> sqlx::Result<Statement> {
    let mut delete = Statement::default();
    if plan.outdated_lookups().next().is_some() {
        delete.push("DELETE FROM lookups USING unnest(");
        delete.column(plan.outdated_lookups().map(|stream| stream.kind.as_ref()))?;
        delete.column(plan.outdated_lookups().map(|stream| stream.id.as_str()))?;
        delete.push(") AS gone (kind, id) WHERE stream_kind = gone.kind AND stream_id = gone.id");
    }
    Ok(delete)
}

/// Each table's change is a part of WITH; what does not change has none. Events move the head, from which all else of them
/// follows: if the head is elsewhere, there is nothing to insert and no row to return.
fn changes(plan: &Plan<'_>) -> sqlx::Result<Statement> {
    let mut changes = Statement::default();
    if !plan.events.is_empty() {
        head(&mut changes, plan)?;
        events(&mut changes, plan)?;
        streams(&mut changes, plan)?;
    }
    if plan.new_lookups().next().is_some() {
        lookups(&mut changes, plan)?;
    }
    if plan.claims_taken().next().is_some() {
        claims_taken(&mut changes, plan)?;
    }
    if plan.claims_released().next().is_some() {
        claims_released(&mut changes, plan)?;
    }
    if plan.records_put().next().is_some() {
        records_put(&mut changes, plan)?;
    }
    if plan.records_deleted().next().is_some() {
        records_deleted(&mut changes, plan)?;
    }
    if !plan.after.commands.is_empty() {
        commands(&mut changes, plan)?;
    }
    if !changes.is_empty() {
        changes.push(") ");
        // Heard by the others when this is committed, once.
        let announce = format!("SELECT pg_notify('{CHANNEL}', '') FROM head_moved");
        changes.push(if plan.events.is_empty() { "SELECT 1" } else { &announce });
    }
    Ok(changes)
}

/// Ends the part before it, if there is one.
fn part(changes: &mut Statement, name: &str, sql: &str) {
    changes.push(if changes.is_empty() { "WITH " } else { "), " });
    changes.push(name);
    changes.push(" AS (");
    changes.push(sql);
}

fn events(changes: &mut Statement, plan: &Plan<'_>) -> sqlx::Result<()> {
    let events = || plan.events.iter().map(|(event, _)| *event);
    let texts = || plan.events.iter().map(|(_, texts)| *texts);
    part(
        changes,
        "events_appended",
        "INSERT INTO events (position, stream_kind, stream_id, version, id, kind, time, actor, client, request_id, \
         subject, payload, sealed, hash) SELECT ",
    );
    changes.elements(events().map(|event| signed(event.position)))?;
    changes.elements(events().map(|event| event.stream.kind.as_ref()))?;
    changes.elements(events().map(|event| event.stream.id.as_str()))?;
    changes.elements(events().map(|event| signed(event.version)))?;
    changes.elements(texts().map(|texts| texts.id.as_str()))?;
    changes.elements(events().map(|event| event.kind.as_str()))?;
    changes.elements(events().map(|event| event.time.0))?;
    changes.elements(events().map(|event| event.actor.as_str()))?;
    changes.elements(events().map(|event| event.client.as_deref()))?;
    changes.elements(events().map(|event| event.request_id.as_deref()))?;
    changes.elements(events().map(|event| event.subject.as_deref()))?;
    changes.elements(texts().map(|texts| texts.payload.as_str()))?;
    changes.elements(events().map(|event| event.sealed.as_deref()))?;
    changes.elements(events().map(|event| event.hash.as_slice()))?;
    changes.push(" FROM head_moved");
    Ok(())
}

fn head(changes: &mut Statement, plan: &Plan<'_>) -> sqlx::Result<()> {
    let Head {
        position,
        hash,
        rebuilds,
    } = plan.from;
    part(changes, "head_moved", "UPDATE log_head SET position = ");
    changes.bind(signed(plan.head.position))?;
    changes.push(", hash = ");
    changes.bind(plan.head.hash.as_slice())?;
    changes.push(" WHERE position = ");
    changes.bind(signed(position))?;
    changes.push(" AND hash = ");
    changes.bind(hash.as_slice())?;
    changes.push(" AND rebuilds = ");
    changes.bind(signed(rebuilds))?;
    changes.push(" RETURNING position");
    Ok(())
}

fn streams(changes: &mut Statement, plan: &Plan<'_>) -> sqlx::Result<()> {
    let streams = || plan.after.streams.iter();
    part(
        changes,
        "streams_written",
        "INSERT INTO streams (kind, id, version, position, state, lookups) SELECT ",
    );
    changes.elements(streams().map(|(stream, _)| stream.kind.as_ref()))?;
    changes.elements(streams().map(|(stream, _)| stream.id.as_str()))?;
    changes.elements(streams().map(|(_, row)| signed(row.version)))?;
    changes.elements(streams().map(|(_, row)| signed(row.position)))?;
    changes.elements(streams().map(|(_, row)| row.state.as_deref()))?;
    changes.elements(streams().map(|(_, row)| row.lookups_digest.as_ref().map(<[u8; 32]>::as_slice)))?;
    changes.push(
        " FROM head_moved ON CONFLICT (kind, id) DO UPDATE SET version = excluded.version, position = excluded.position, \
         state = excluded.state, lookups = excluded.lookups",
    );
    Ok(())
}

fn lookups(changes: &mut Statement, plan: &Plan<'_>) -> sqlx::Result<()> {
    part(
        changes,
        "lookups_put",
        "INSERT INTO lookups (kind, key, stream_kind, stream_id) SELECT ",
    );
    changes.elements(plan.new_lookups().map(|(_, lookup)| lookup.kind.as_ref()))?;
    changes.elements(plan.new_lookups().map(|(_, lookup)| lookup.key.as_slice()))?;
    changes.elements(plan.new_lookups().map(|(stream, _)| stream.kind.as_ref()))?;
    changes.elements(plan.new_lookups().map(|(stream, _)| stream.id.as_str()))?;
    changes.push(" FROM head_moved");
    Ok(())
}

fn claims_taken(changes: &mut Statement, plan: &Plan<'_>) -> sqlx::Result<()> {
    part(
        changes,
        "claims_taken",
        "INSERT INTO claims (kind, digest, owner) SELECT ",
    );
    changes.elements(plan.claims_taken().map(|((kind, _), _)| kind.as_ref()))?;
    changes.elements(plan.claims_taken().map(|((_, digest), _)| digest.as_slice()))?;
    changes.elements(plan.claims_taken().map(|(_, owner)| owner.as_str()))?;
    changes.push(" ON CONFLICT (kind, digest) DO UPDATE SET owner = excluded.owner");
    Ok(())
}

fn claims_released(changes: &mut Statement, plan: &Plan<'_>) -> sqlx::Result<()> {
    part(changes, "claims_released", "DELETE FROM claims USING unnest(");
    changes.column(plan.claims_released().map(|(kind, _)| kind.as_ref()))?;
    changes.column(plan.claims_released().map(|(_, digest)| digest.as_slice()))?;
    changes.push(") AS gone (kind, digest) WHERE claims.kind = gone.kind AND claims.digest = gone.digest");
    Ok(())
}

fn records_put(changes: &mut Statement, plan: &Plan<'_>) -> sqlx::Result<()> {
    part(
        changes,
        "records_put",
        "INSERT INTO records (kind, key, count, value, expires) SELECT ",
    );
    changes.elements(plan.records_put().map(|((kind, _), _)| kind.as_ref()))?;
    changes.elements(plan.records_put().map(|((_, key), _)| key.as_slice()))?;
    changes.elements(plan.records_put().map(|(_, record)| record.count))?;
    changes.elements(plan.records_put().map(|(_, record)| record.value.as_slice()))?;
    changes.elements(
        plan.records_put()
            .map(|(_, record)| record.expires.map(|expires| expires.0)),
    )?;
    changes.push(
        " ON CONFLICT (kind, key) DO UPDATE SET count = excluded.count, value = excluded.value, \
         expires = excluded.expires",
    );
    Ok(())
}

fn records_deleted(changes: &mut Statement, plan: &Plan<'_>) -> sqlx::Result<()> {
    part(changes, "records_deleted", "DELETE FROM records USING unnest(");
    changes.column(plan.records_deleted().map(|(kind, _)| kind.as_ref()))?;
    changes.column(plan.records_deleted().map(|(_, key)| key.as_slice()))?;
    changes.push(") AS gone (kind, key) WHERE records.kind = gone.kind AND records.key = gone.key");
    Ok(())
}

fn commands(changes: &mut Statement, plan: &Plan<'_>) -> sqlx::Result<()> {
    let commands = || plan.after.commands.iter();
    part(
        changes,
        "commands_used",
        "INSERT INTO commands (key, request, response, expires) SELECT ",
    );
    changes.elements(commands().map(|(key, _)| key.as_str()))?;
    changes.elements(commands().map(|(_, used)| used.request.as_slice()))?;
    changes.elements(commands().map(|(_, used)| used.response.as_slice()))?;
    changes.elements(commands().map(|(_, used)| used.expires.0))?;
    changes.push(
        " ON CONFLICT (key) DO UPDATE SET request = excluded.request, response = excluded.response, \
         expires = excluded.expires",
    );
    Ok(())
}
