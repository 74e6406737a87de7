//! How many events of each kind there were on each day.

use std::collections::BTreeMap;

use futures_util::future::BoxFuture;
use sqlx::{Row, query};

use super::{ApplyError, Column, Projection, Table, Tables, Value};
use crate::error::Unavailable;
use crate::event::Event;
use crate::store::Store;
use crate::timestamp::Timestamp;

const DAY: i64 = 86_400_000;

const ACTIVITY: Table = Table {
    name: "activity",
    columns: &[
        ("day", Column::Integer),
        ("kind", Column::Text),
        ("events", Column::Integer),
    ],
    key: &["day", "kind"],
    indexes: &[],
};

/// The projection that [`Store::activity`] reads.
#[derive(Debug, Clone, Copy, Default)]
pub struct Activity;

impl Projection for Activity {
    fn name(&self) -> &'static str {
        "activity"
    }

    fn version(&self) -> u32 {
        1
    }

    fn tables(&self) -> &'static [Table] {
        &[ACTIVITY]
    }

    fn apply<'a>(&'a self, tables: &'a mut Tables<'_>, events: &'a [Event]) -> BoxFuture<'a, Result<(), ApplyError>> {
        Box::pin(async move {
            let mut counts: BTreeMap<(i64, &str), i64> = BTreeMap::new();
            for event in events {
                *counts.entry((day(event.time), &event.kind)).or_default() += 1;
            }
            for ((day, kind), events) in counts {
                let values = vec![
                    Value::Integer(day),
                    Value::Text(kind.to_owned()),
                    Value::Integer(events),
                ];
                tables.execute(ADD, values).await?;
            }
            Ok(())
        })
    }
}

const ADD: &str = "INSERT INTO {activity} AS counted (day, kind, events) VALUES ($1, $2, $3) \
                   ON CONFLICT (day, kind) DO UPDATE SET events = counted.events + excluded.events";

/// Days since the Unix epoch, UTC.
fn day(time: Timestamp) -> i64 {
    time.0.div_euclid(DAY)
}

/// Events of one kind on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    /// The day's first moment, UTC.
    pub day: Timestamp,
    pub kind: String,
    pub events: u64,
}

impl Store {
    /// Counts of the days from that of `from` to the one before that of `until`, by day and kind. The projection
    /// [`Activity`] must run or have run.
    ///
    /// # Errors
    /// When the database does not answer, or has no such projection.
    pub async fn activity(&self, from: Timestamp, until: Timestamp) -> Result<Vec<Count>, Unavailable> {
        let select = || {
            query("SELECT day, kind, events FROM activity WHERE day >= $1 AND day < $2 ORDER BY day, kind")
                .bind(day(from))
                .bind(day(until))
        };
        let rows = self.inner.readers.fetch(select).await?;
        let count = |row: &sqlx::any::AnyRow| {
            Ok::<_, sqlx::Error>(Count {
                day: Timestamp(row.try_get::<i64, _>(0)? * DAY),
                kind: row.try_get(1)?,
                events: row.try_get::<i64, _>(2)?.cast_unsigned(),
            })
        };
        Ok(rows.iter().map(count).collect::<sqlx::Result<_>>()?)
    }
}
