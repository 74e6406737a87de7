//! Writes what a batch changed, and commits it.

use crate::database::Engine;
use crate::event::Event;
use crate::job::Swept;
use crate::many::{Many, filled, padded};
use crate::plan::{Head, Plan, StreamRow, UsedKey};
use crate::row::Texts;
use crate::stream::StreamId;
use crate::timestamp::Timestamp;
use sqlx::{AnyConnection, AssertSqlSafe, query, raw_sql};
use std::fmt::Write as _;

/// The channel on which PostgreSQL announces that the head moved.
pub(crate) const CHANNEL: &str = "event_store_head";

pub(crate) const EVENTS: Many = Many {
    before: "INSERT INTO events (position, stream_kind, stream_id, version, id, kind, time, actor, client, request_id, \
             subject, payload, sealed, hash) VALUES ",
    columns: 14,
    after: "",
};
/// As each statement is a round trip, what a batch writes to a table is in one: rows of NULL fill it up.
const NEW_EVENTS: Many = Many {
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
pub(crate) const CLAIMS: Many = Many {
    before: "INSERT INTO claims (kind, digest, owner) SELECT * FROM (VALUES ",
    columns: 3,
    after: ") AS filled WHERE column1 IS NOT NULL ON CONFLICT (kind, digest) DO UPDATE SET owner = excluded.owner",
};
const NO_CLAIMS: Many = Many {
    before: "DELETE FROM claims WHERE (kind, digest) IN (VALUES ",
    columns: 2,
    after: ")",
};
pub(crate) const RECORDS: Many = Many {
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
pub(crate) const COMMANDS: Many = Many {
    before: "INSERT INTO commands (key, request, response, expires) SELECT * FROM (VALUES ",
    columns: 4,
    after: ") AS filled WHERE column1 IS NOT NULL ON CONFLICT (key) DO UPDATE SET request = excluded.request, response = excluded.response, \
            expires = excluded.expires",
};

/// Most expired rows of a table that one transaction deletes.
pub(crate) const SWEPT_AT_ONCE: u64 = 1000;

/// Writes everything but the head.
pub(crate) async fn save(connection: &mut AnyConnection, plan: &Plan) -> sqlx::Result<Swept> {
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

/// Moves the head to where it is to be, if it moved, and commits. If this fails nobody knows whether the transaction took
/// effect.
pub(crate) async fn commit(connection: &mut AnyConnection, engine: &Engine, head: Option<Head>) -> sqlx::Result<()> {
    let Some(Head { position, hash }) = head else {
        return raw_sql("COMMIT").execute(connection).await.map(drop);
    };
    match engine {
        Engine::Sqlite { .. } => {
            let move_head = query("UPDATE log_head SET position = ?, hash = ?; COMMIT").bind(signed(position));
            move_head.bind(hash.as_slice()).execute(connection).await
        }
        Engine::Postgres => {
            let hash = hex(&hash);
            let sql =
                format!("UPDATE log_head SET position = {position}, hash = '\\x{hash}'; NOTIFY {CHANNEL}; COMMIT");
            raw_sql(AssertSqlSafe(sql)).execute(connection).await
        }
    }
    .map(drop)
}

async fn sweep(connection: &mut AnyConnection, now: Timestamp) -> sqlx::Result<Swept> {
    let limit = signed(SWEPT_AT_ONCE);
    let records = "DELETE FROM records WHERE (kind, key) IN \
                   (SELECT kind, key FROM records WHERE expires <= $1 ORDER BY expires LIMIT $2)";
    let records = query(records).bind(now.0).bind(limit);
    let keys = "DELETE FROM commands WHERE key IN \
                (SELECT key FROM commands WHERE expires <= $1 ORDER BY expires LIMIT $2)";
    let keys = query(keys).bind(now.0).bind(limit);
    Ok(Swept {
        records: records.execute(&mut *connection).await?.rows_affected(),
        idempotency_keys: keys.execute(connection).await?.rows_affected(),
    })
}

async fn save_events(connection: &mut AnyConnection, plan: &Plan) -> sqlx::Result<()> {
    let rows: Vec<(&Event, &Texts)> = plan.events.iter().zip(&plan.texts).collect();
    for list in filled(&rows) {
        let insert = list
            .iter()
            .fold(NEW_EVENTS.query_on(connection, list.len()), |query, row| {
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
    let former = |stream: &StreamId| plan.before.streams.get(stream).and_then(|row| row.lookups_digest);
    let changed = || {
        streams
            .iter()
            .filter(|(stream, row)| former(stream) != row.lookups_digest)
    };
    for list in padded(
        changed()
            .map(|(stream, _)| *stream)
            .filter(|stream| former(stream).is_some()),
    ) {
        let delete = list.iter().fold(NO_LOOKUPS.query(list.len()), |query, stream| {
            query.bind(stream.kind.as_ref()).bind(stream.id.as_str())
        });
        delete.execute(&mut *connection).await?;
    }
    let lookups: Vec<_> = changed()
        .flat_map(|(stream, row)| row.lookups.iter().map(move |lookup| (stream, lookup)))
        .collect();
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
    let claims = &plan.after.claims;
    for list in padded(claims.iter().filter(|(_, owner)| owner.is_none()).map(|(key, _)| key)) {
        let delete = list.iter().fold(NO_CLAIMS.query(list.len()), |query, (kind, digest)| {
            query.bind(kind.as_ref()).bind(digest.as_slice())
        });
        delete.execute(&mut *connection).await?;
    }
    let taken: Vec<_> = claims
        .iter()
        .filter_map(|(key, owner)| Some((key, owner.as_ref()?)))
        .collect();
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
    let records = &plan.after.records;
    for list in padded(
        records
            .iter()
            .filter(|(_, record)| record.is_none())
            .map(|(key, _)| key),
    ) {
        let delete = list.iter().fold(NO_RECORDS.query(list.len()), |query, (kind, key)| {
            query.bind(kind.as_ref()).bind(key.as_slice())
        });
        delete.execute(&mut *connection).await?;
    }
    let put: Vec<_> = records
        .iter()
        .filter_map(|(key, record)| Some((key, record.as_ref()?)))
        .collect();
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

/// Positions and versions count events; there is no disk for 2^63 of them.
pub(crate) fn signed(count: u64) -> i64 {
    i64::try_from(count).expect("fewer than 2^63 events")
}

fn hex(hash: &[u8]) -> String {
    hash.iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
