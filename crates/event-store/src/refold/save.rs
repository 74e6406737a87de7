//! Writes folded streams, into the live tables of an empty store or into those of a rebuild.

use sqlx::AnyConnection;

use crate::many::{Many, pieces};
use crate::plan::StreamRow;
use crate::stream::StreamId;

/// A pair of tables.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target {
    streams: Many,
    lookups: Many,
}

impl Target {
    /// Streams that are not there yet, or in `REBUILD` may be.
    pub(crate) const LIVE: Target = Target {
        streams: Many {
            before: "INSERT INTO streams (kind, id, version, position, state, lookups) VALUES ",
            columns: 6,
            after: "",
        },
        lookups: Many {
            before: "INSERT INTO lookups (kind, key, stream_kind, stream_id) VALUES ",
            columns: 4,
            after: "",
        },
    };
    pub(crate) const REBUILD: Target = Target {
        streams: Many {
            before: "INSERT INTO rebuild_streams (kind, id, version, position, state, lookups) VALUES ",
            columns: 6,
            after: " ON CONFLICT (kind, id) DO UPDATE SET version = excluded.version, position = excluded.position, \
                    state = excluded.state, lookups = excluded.lookups",
        },
        lookups: Many {
            before: "INSERT INTO rebuild_lookups (kind, key, stream_kind, stream_id) VALUES ",
            columns: 4,
            after: "",
        },
    };
}

/// Writes rows and lookups of streams whose former lookups are gone.
pub(crate) async fn save(
    connection: &mut AnyConnection,
    target: Target,
    folded: &[(StreamId, StreamRow)],
) -> sqlx::Result<()> {
    for piece in pieces(folded) {
        let insert = target.streams.query_on(connection, piece.len());
        let insert = piece.iter().fold(insert, |query, (stream, row)| {
            query
                .bind(stream.kind.as_ref())
                .bind(stream.id.as_str())
                .bind(row.version.cast_signed())
                .bind(row.position.cast_signed())
                .bind(row.state.as_deref())
                .bind(row.lookups_digest.as_ref().map(<[u8; 32]>::as_slice))
        });
        insert.execute(&mut *connection).await?;
    }
    let lookups = folded
        .iter()
        .flat_map(|(stream, row)| row.lookups.iter().map(move |lookup| (stream, lookup)));
    let lookups: Vec<_> = lookups.collect();
    for piece in pieces(&lookups) {
        let insert = target.lookups.query_on(connection, piece.len());
        let insert = piece.iter().fold(insert, |query, (stream, lookup)| {
            let query = query.bind(lookup.kind.as_ref()).bind(lookup.key.as_slice());
            query.bind(stream.kind.as_ref()).bind(stream.id.as_str())
        });
        insert.execute(&mut *connection).await?;
    }
    Ok(())
}
