//! Writes what a batch changed, row by row.

use super::for_each;
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
    for_each(connection, COMMAND, &plan.after.commands, |put, (key, used)| {
        put.execute(params![key, used.request.as_slice(), used.response, used.expires.0])
    })?;
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
    for_each(connection, EVENT, &plan.events, |insert, (event, texts)| {
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
        ])
    })
}

fn save_streams(connection: &Connection, plan: &Plan<'_>) -> Result<()> {
    for_each(connection, STREAM, &plan.after.streams, |put, (stream, row)| {
        put.execute(params![
            stream.kind.as_ref(),
            stream.id,
            signed(row.version),
            signed(row.position),
            row.state,
            row.lookups_digest.as_ref().map(<[u8; 32]>::as_slice),
        ])
    })?;
    for_each(connection, NO_LOOKUPS, plan.outdated_lookups(), |delete, stream| {
        delete.execute((stream.kind.as_ref(), stream.id.as_str()))
    })?;
    for_each(connection, LOOKUP, plan.new_lookups(), |insert, (stream, lookup)| {
        insert.execute(params![
            lookup.kind.as_ref(),
            lookup.key,
            stream.kind.as_ref(),
            stream.id
        ])
    })
}

fn save_claims(connection: &Connection, plan: &Plan<'_>) -> Result<()> {
    for_each(
        connection,
        NO_CLAIM,
        plan.claims_released(),
        |delete, (kind, digest)| delete.execute((kind.as_ref(), digest.as_slice())),
    )?;
    for_each(
        connection,
        CLAIM,
        plan.claims_taken(),
        |put, ((kind, digest), owner)| put.execute((kind.as_ref(), digest.as_slice(), owner)),
    )
}

fn save_records(connection: &Connection, plan: &Plan<'_>) -> Result<()> {
    for_each(connection, NO_RECORD, plan.records_deleted(), |delete, (kind, key)| {
        delete.execute((kind.as_ref(), key.as_slice()))
    })?;
    for_each(connection, RECORD, plan.records_put(), |put, ((kind, key), record)| {
        let expires = record.expires.map(|expires| expires.0);
        put.execute(params![kind.as_ref(), key, record.count, record.value, expires])
    })
}
