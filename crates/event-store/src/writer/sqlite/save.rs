//! Writes what a batch changed.

use crate::event::Event;
use crate::job::Swept;
use crate::many::{Many, filled, padded};
use crate::plan::{Plan, StreamRow, UsedKey};
use crate::row::{Texts, signed};
use crate::stream::StreamId;
use crate::timestamp::Timestamp;
use crate::writer::{SWEEP_COMMANDS, SWEEP_RECORDS, SWEPT_AT_ONCE};
use sqlx::{AnyConnection, query};

/// As each statement is a turn of the driver's thread, what a batch writes to a table is in one: rows of NULL fill it up.
const EVENTS: Many = Many {
    before: "INSERT INTO events (position, stream_kind, stream_id, version, id, kind, time, actor, client, request_id, \
             subject, payload, sealed, hash) SELECT * FROM (VALUES ",
    columns: 14,
    after: ") AS filled WHERE column1 IS NOT NULL",
};
const STREAMS: Many = Many {
    before: "INSERT INTO streams (kind, id, version, position, state, lookups) SELECT * FROM (VALUES ",
    columns: 6,
    after: ") AS filled WHERE column1 IS NOT NULL ON CONFLICT (kind, id) DO UPDATE SET version = excluded.version, position = excluded.position, \
            state = excluded.state, lookups = excluded.lookups",
};
const LOOKUPS: Many = Many {
    before: "INSERT INTO lookups (kind, key, stream_kind, stream_id) SELECT * FROM (VALUES ",
    columns: 4,
    after: ") AS filled WHERE column1 IS NOT NULL",
};
const NO_LOOKUPS: Many = Many {
    before: "DELETE FROM lookups WHERE (stream_kind, stream_id) IN (VALUES ",
    columns: 2,
    after: ")",
};
const CLAIMS: Many = Many {
    before: "INSERT INTO claims (kind, digest, owner) SELECT * FROM (VALUES ",
    columns: 3,
    after: ") AS filled WHERE column1 IS NOT NULL ON CONFLICT (kind, digest) DO UPDATE SET owner = excluded.owner",
};
const NO_CLAIMS: Many = Many {
    before: "DELETE FROM claims WHERE (kind, digest) IN (VALUES ",
    columns: 2,
    after: ")",
};
const RECORDS: Many = Many {
    before: "INSERT INTO records (kind, key, count, value, expires) SELECT * FROM (VALUES ",
    columns: 5,
    after: ") AS filled WHERE column1 IS NOT NULL ON CONFLICT (kind, key) DO UPDATE SET count = excluded.count, value = excluded.value, \
            expires = excluded.expires",
};
const NO_RECORDS: Many = Many {
    before: "DELETE FROM records WHERE (kind, key) IN (VALUES ",
    columns: 2,
    after: ")",
};
const COMMANDS: Many = Many {
    before: "INSERT INTO commands (key, request, response, expires) SELECT * FROM (VALUES ",
    columns: 4,
    after: ") AS filled WHERE column1 IS NOT NULL ON CONFLICT (key) DO UPDATE SET request = excluded.request, response = excluded.response, \
            expires = excluded.expires",
};

/// Writes everything but the head.
pub(in crate::writer) async fn save(connection: &mut AnyConnection, plan: &Plan) -> sqlx::Result<Swept> {
    // First, as what has expired may be put anew.
    let swept = match plan.sweep {
        Some(now) => sweep(connection, now).await?,
        None => Swept::default(),
    };
    save_events(connection, plan).await?;
    save_streams(connection, plan).await?;
    save_claims(connection, plan).await?;
    save_records(connection, plan).await?;
    let used: Vec<(&String, &UsedKey)> = plan.after.commands.iter().collect();
    for list in filled(&used) {
        let insert = list
            .iter()
            .fold(COMMANDS.query_on(connection, list.len()), |query, row| {
                query
                    .bind(row.map(|(key, _)| key.as_str()))
                    .bind(row.map(|(_, used)| used.request.as_slice()))
                    .bind(row.map(|(_, used)| used.response.as_slice()))
                    .bind(row.map(|(_, used)| used.expires.0))
            });
        insert.execute(&mut *connection).await?;
    }
    Ok(swept)
}

async fn sweep(connection: &mut AnyConnection, now: Timestamp) -> sqlx::Result<Swept> {
    let records = query(SWEEP_RECORDS).bind(now.0).bind(SWEPT_AT_ONCE);
    let keys = query(SWEEP_COMMANDS).bind(now.0).bind(SWEPT_AT_ONCE);
    Ok(Swept {
        records: records.execute(&mut *connection).await?.rows_affected(),
        idempotency_keys: keys.execute(connection).await?.rows_affected(),
    })
}

async fn save_events(connection: &mut AnyConnection, plan: &Plan) -> sqlx::Result<()> {
    let rows: Vec<(&Event, &Texts)> = plan.events.iter().zip(&plan.texts).collect();
    for list in filled(&rows) {
        let insert = list.iter().fold(EVENTS.query_on(connection, list.len()), |query, row| {
            let event = row.map(|(event, _)| *event);
            query
                .bind(event.map(|event| signed(event.position)))
                .bind(event.map(|event| event.stream.kind.as_ref()))
                .bind(event.map(|event| event.stream.id.as_str()))
                .bind(event.map(|event| signed(event.version)))
                .bind(row.map(|(_, texts)| texts.id.as_str()))
                .bind(event.map(|event| event.kind.as_str()))
                .bind(event.map(|event| event.time.0))
                .bind(event.map(|event| event.actor.as_str()))
                .bind(event.and_then(|event| event.client.as_deref()))
                .bind(event.and_then(|event| event.request_id.as_deref()))
                .bind(event.and_then(|event| event.subject.as_deref()))
                .bind(row.map(|(_, texts)| texts.payload.as_str()))
                .bind(event.and_then(|event| event.sealed.as_deref()))
                .bind(event.map(|event| event.hash.as_slice()))
        });
        insert.execute(&mut *connection).await?;
    }
    Ok(())
}

async fn save_streams(connection: &mut AnyConnection, plan: &Plan) -> sqlx::Result<()> {
    let streams: Vec<(&StreamId, &StreamRow)> = plan.after.streams.iter().collect();
    for list in filled(&streams) {
        let upsert = list
            .iter()
            .fold(STREAMS.query_on(connection, list.len()), |query, row| {
                query
                    .bind(row.map(|(stream, _)| stream.kind.as_ref()))
                    .bind(row.map(|(stream, _)| stream.id.as_str()))
                    .bind(row.map(|(_, row)| signed(row.version)))
                    .bind(row.map(|(_, row)| signed(row.position)))
                    .bind(row.and_then(|(_, row)| row.state.as_deref()))
                    .bind(row.and_then(|(_, row)| row.lookups_digest.as_ref().map(<[u8; 32]>::as_slice)))
            });
        upsert.execute(&mut *connection).await?;
    }
    for list in padded(plan.outdated_lookups()) {
        let delete = list.iter().fold(NO_LOOKUPS.query(list.len()), |query, stream| {
            query.bind(stream.kind.as_ref()).bind(stream.id.as_str())
        });
        delete.execute(&mut *connection).await?;
    }
    let lookups: Vec<_> = plan.new_lookups().collect();
    for list in filled(&lookups) {
        let insert = list
            .iter()
            .fold(LOOKUPS.query_on(connection, list.len()), |query, row| {
                query
                    .bind(row.map(|(_, lookup)| lookup.kind.as_ref()))
                    .bind(row.map(|(_, lookup)| lookup.key.as_slice()))
                    .bind(row.map(|(stream, _)| stream.kind.as_ref()))
                    .bind(row.map(|(stream, _)| stream.id.as_str()))
            });
        insert.execute(&mut *connection).await?;
    }
    Ok(())
}

async fn save_claims(connection: &mut AnyConnection, plan: &Plan) -> sqlx::Result<()> {
    for list in padded(plan.claims_released()) {
        let delete = list.iter().fold(NO_CLAIMS.query(list.len()), |query, (kind, digest)| {
            query.bind(kind.as_ref()).bind(digest.as_slice())
        });
        delete.execute(&mut *connection).await?;
    }
    let taken: Vec<_> = plan.claims_taken().collect();
    for list in filled(&taken) {
        let upsert = list.iter().fold(CLAIMS.query_on(connection, list.len()), |query, row| {
            query
                .bind(row.map(|((kind, _), _)| kind.as_ref()))
                .bind(row.map(|((_, digest), _)| digest.as_slice()))
                .bind(row.map(|(_, owner)| owner.as_str()))
        });
        upsert.execute(&mut *connection).await?;
    }
    Ok(())
}

async fn save_records(connection: &mut AnyConnection, plan: &Plan) -> sqlx::Result<()> {
    for list in padded(plan.records_deleted()) {
        let delete = list.iter().fold(NO_RECORDS.query(list.len()), |query, (kind, key)| {
            query.bind(kind.as_ref()).bind(key.as_slice())
        });
        delete.execute(&mut *connection).await?;
    }
    let put: Vec<_> = plan.records_put().collect();
    for list in filled(&put) {
        let upsert = list
            .iter()
            .fold(RECORDS.query_on(connection, list.len()), |query, row| {
                query
                    .bind(row.map(|((kind, _), _)| kind.as_ref()))
                    .bind(row.map(|((_, key), _)| key.as_slice()))
                    .bind(row.map(|(_, record)| record.count))
                    .bind(row.map(|(_, record)| record.value.as_slice()))
                    .bind(row.and_then(|(_, record)| record.expires).map(|expires| expires.0))
            });
        upsert.execute(&mut *connection).await?;
    }
    Ok(())
}
