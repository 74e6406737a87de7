//! Writes what a batch changed, row by row.

use crate::job::Swept;
use crate::plan::Plan;
use crate::row::signed;
use crate::timestamp::Timestamp;
use crate::writer::{SWEEP_COMMANDS, SWEEP_RECORDS, SWEPT_AT_ONCE};
use rusqlite::{Connection, Result, params};

const EVENT: &str = "INSERT INTO events (position, stream_kind, stream_id, version, id, kind, time, actor, client, request_id, \
     subject, payload, sealed, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
const STREAM: &str = "INSERT INTO streams (kind, id, version, position, state, lookups) VALUES (?, ?, ?, ?, ?, ?) \
     ON CONFLICT (kind, id) DO UPDATE SET version = excluded.version, position = excluded.position, \
     state = excluded.state, lookups = excluded.lookups";
const LOOKUP: &str = "INSERT INTO lookups (kind, key, stream_kind, stream_id) VALUES (?, ?, ?, ?)";
const NO_LOOKUPS: &str = "DELETE FROM lookups WHERE stream_kind = ? AND stream_id = ?";
const CLAIM: &str = "INSERT INTO claims (kind, digest, owner) VALUES (?, ?, ?) \
     ON CONFLICT (kind, digest) DO UPDATE SET owner = excluded.owner";
const NO_CLAIM: &str = "DELETE FROM claims WHERE kind = ? AND digest = ?";
const RECORD: &str = "INSERT INTO records (kind, key, count, value, expires) VALUES (?, ?, ?, ?, ?) \
     ON CONFLICT (kind, key) DO UPDATE SET count = excluded.count, value = excluded.value, expires = excluded.expires";
const NO_RECORD: &str = "DELETE FROM records WHERE kind = ? AND key = ?";
const COMMAND: &str = "INSERT INTO commands (key, request, response, expires) VALUES (?, ?, ?, ?) \
     ON CONFLICT (key) DO UPDATE SET request = excluded.request, response = excluded.response, expires = excluded.expires";

/// Writes everything but the head.
pub(in crate::writer) fn save(connection: &Connection, plan: &Plan<'_>) -> Result<Swept> {
    // First, as what has expired may be put anew.
    let swept = match plan.sweep {
        Some(now) => sweep(connection, now)?,
        None => Swept::default(),
    };
    save_events(connection, plan)?;
    save_streams(connection, plan)?;
    save_claims(connection, plan)?;
    save_records(connection, plan)?;
    let mut put = connection.prepare_cached(COMMAND)?;
    for (key, used) in &plan.after.commands {
        put.execute(params![key, used.request.as_slice(), used.response, used.expires.0])?;
    }
    Ok(swept)
}

fn sweep(connection: &Connection, now: Timestamp) -> Result<Swept> {
    let sweep = |delete| -> Result<u64> {
        let deleted = connection.prepare_cached(delete)?.execute((now.0, SWEPT_AT_ONCE))?;
        Ok(deleted as u64)
    };
    Ok(Swept {
        records: sweep(SWEEP_RECORDS)?,
        idempotency_keys: sweep(SWEEP_COMMANDS)?,
    })
}

fn save_events(connection: &Connection, plan: &Plan<'_>) -> Result<()> {
    let mut insert = connection.prepare_cached(EVENT)?;
    for (event, texts) in &plan.events {
        insert.execute(params![
            signed(event.position),
            event.stream.kind.as_ref(),
            event.stream.id,
            signed(event.version),
            texts.id,
            event.kind,
            event.time.0,
            event.actor,
            event.client,
            event.request_id,
            event.subject,
            texts.payload,
            event.sealed,
            event.hash.as_slice(),
        ])?;
    }
    Ok(())
}

fn save_streams(connection: &Connection, plan: &Plan<'_>) -> Result<()> {
    let mut put = connection.prepare_cached(STREAM)?;
    for (stream, row) in &plan.after.streams {
        put.execute(params![
            stream.kind.as_ref(),
            stream.id,
            signed(row.version),
            signed(row.position),
            row.state,
            row.lookups_digest.as_ref().map(<[u8; 32]>::as_slice),
        ])?;
    }
    let mut delete = connection.prepare_cached(NO_LOOKUPS)?;
    for stream in plan.outdated_lookups() {
        delete.execute((stream.kind.as_ref(), stream.id.as_str()))?;
    }
    let mut insert = connection.prepare_cached(LOOKUP)?;
    for (stream, lookup) in plan.new_lookups() {
        insert.execute(params![
            lookup.kind.as_ref(),
            lookup.key,
            stream.kind.as_ref(),
            stream.id
        ])?;
    }
    Ok(())
}

fn save_claims(connection: &Connection, plan: &Plan<'_>) -> Result<()> {
    let mut delete = connection.prepare_cached(NO_CLAIM)?;
    for (kind, digest) in plan.claims_released() {
        delete.execute((kind.as_ref(), digest.as_slice()))?;
    }
    let mut put = connection.prepare_cached(CLAIM)?;
    for ((kind, digest), owner) in plan.claims_taken() {
        put.execute((kind.as_ref(), digest.as_slice(), owner))?;
    }
    Ok(())
}

fn save_records(connection: &Connection, plan: &Plan<'_>) -> Result<()> {
    let mut delete = connection.prepare_cached(NO_RECORD)?;
    for (kind, key) in plan.records_deleted() {
        delete.execute((kind.as_ref(), key.as_slice()))?;
    }
    let mut put = connection.prepare_cached(RECORD)?;
    for ((kind, key), record) in plan.records_put() {
        let expires = record.expires.map(|expires| expires.0);
        put.execute(params![kind.as_ref(), key, record.count, record.value, expires])?;
    }
    Ok(())
}
