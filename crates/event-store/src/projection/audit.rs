//! The audit index: one narrow row for each event, by which events are found, so that the append path needs no such
//! indexes.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::BoxFuture;
use sqlx::{AssertSqlSafe, Row, query};

use super::{ApplyError, Column, Projection, Table, Tables, Value};
use crate::error::Unavailable;
use crate::event::{Event, Position};
use crate::many::{AnyQuery, pieces};
use crate::row::{EVENT_COLUMNS, EventRow};
use crate::store::Store;
use crate::stream::StreamId;
use crate::timestamp::Timestamp;

/// Events that one page has at most.
const MOST: u32 = 1000;

const INDEX: Table = Table {
    name: "audit_index",
    columns: &[
        ("position", Column::Integer),
        ("time", Column::Integer),
        ("kind", Column::Text),
        ("subject", Column::OptionalText),
        ("actor", Column::Text),
        ("client", Column::OptionalText),
        ("stream_kind", Column::Text),
        ("stream_id", Column::Text),
        ("owner", Column::OptionalText),
    ],
    key: &["position"],
    indexes: &[
        &["subject", "position"],
        &["actor", "position"],
        &["kind", "position"],
        &["stream_id", "position"],
        &["owner", "position"],
        &["time"],
    ],
};

/// Streams that belong to somebody, as their first events said.
const OWNERS: Table = Table {
    name: "audit_owners",
    columns: &[
        ("stream_kind", Column::Text),
        ("stream_id", Column::Text),
        ("owner", Column::Text),
    ],
    key: &["stream_id", "stream_kind"],
    indexes: &[],
};

/// Who a stream belongs to, told by its first event.
pub type OwnerOf = fn(&Event) -> Option<String>;

/// The projection that [`Store::audit`] reads.
#[derive(Debug, Clone, Copy, Default)]
pub struct Audit {
    owner_of: Option<OwnerOf>,
}

impl Audit {
    /// Finds the events of a stream by its owner too. Another `owner_of` is another version of the index.
    #[must_use]
    pub fn with_owners(owner_of: OwnerOf) -> Self {
        Self {
            owner_of: Some(owner_of),
        }
    }

    /// Who the streams of these events belong to, and those told of by these.
    async fn owners(&self, tables: &mut Tables<'_>, events: &[Event]) -> Result<Owners, ApplyError> {
        let Some(owner_of) = self.owner_of else {
            return Ok(Owners::default());
        };
        let (first, later): (Vec<&Event>, Vec<&Event>) = events.iter().partition(|event| event.version == 1);
        let told = first
            .iter()
            .filter_map(|event| Some((event.stream.clone(), owner_of(event)?)));
        let told: BTreeMap<StreamId, String> = told.collect();
        let mut all = told.clone();
        let begun: BTreeSet<&StreamId> = first.iter().map(|event| &event.stream).collect();
        let unknown: BTreeSet<&StreamId> = later.iter().map(|event| &event.stream).collect();
        let unknown: Vec<&StreamId> = unknown.difference(&begun).copied().collect();
        for some in pieces(&unknown) {
            let parameters: Vec<String> = (1..=some.len()).map(|number| format!("${number}")).collect();
            let select = format!(
                "SELECT stream_kind, stream_id, owner FROM {{audit_owners}} WHERE stream_id IN ({})",
                parameters.join(", ")
            );
            let ids = some.iter().map(|stream| Value::Text(stream.id.clone())).collect();
            for row in tables.fetch(&select, ids).await? {
                let stream = StreamId::new(row.try_get::<String, _>(0)?, row.try_get::<String, _>(1)?);
                all.insert(stream, row.try_get(2)?);
            }
        }
        Ok(Owners { told, all })
    }
}

/// Owners by stream.
#[derive(Default)]
struct Owners {
    told: BTreeMap<StreamId, String>,
    all: BTreeMap<StreamId, String>,
}

impl Projection for Audit {
    fn name(&self) -> &'static str {
        "audit"
    }

    fn version(&self) -> u32 {
        3
    }

    fn tables(&self) -> &'static [Table] {
        &[INDEX, OWNERS]
    }

    fn apply<'a>(&'a self, tables: &'a mut Tables<'_>, events: &'a [Event]) -> BoxFuture<'a, Result<(), ApplyError>> {
        Box::pin(async move {
            let owners = self.owners(tables, events).await?;
            let told = owners.told.into_iter().map(|(stream, owner)| owner_row(&stream, owner));
            tables.insert(&OWNERS, &told.collect::<Vec<_>>()).await?;
            let row = |event: &Event| row(event, owners.all.get(&event.stream).cloned());
            tables.insert(&INDEX, &events.iter().map(row).collect::<Vec<_>>()).await
        })
    }
}

fn owner_row(stream: &StreamId, owner: String) -> Vec<Value> {
    vec![
        Value::Text(stream.kind.to_string()),
        Value::Text(stream.id.clone()),
        Value::Text(owner),
    ]
}

fn row(event: &Event, owner: Option<String>) -> Vec<Value> {
    vec![
        Value::Integer(event.position.cast_signed()),
        Value::Integer(event.time.0),
        Value::Text(event.kind.clone()),
        Value::OptionalText(event.subject.clone()),
        Value::Text(event.actor.clone()),
        Value::OptionalText(event.client.clone()),
        Value::Text(event.stream.kind.to_string()),
        Value::Text(event.stream.id.clone()),
        Value::OptionalText(owner),
    ]
}

/// Which events; of everything that is `None`, all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditQuery {
    /// Whose personal facts are in it, the id of what it happened to, or the owner of that.
    pub subject: Option<String>,
    pub actor: Option<String>,
    pub client: Option<String>,
    /// Kinds that begin so.
    pub kind_prefix: Option<String>,
    /// Not before this time.
    pub from: Option<Timestamp>,
    /// Before this time.
    pub until: Option<Timestamp>,
    /// Behind this position, in the direction of reading: where the former page ended.
    pub after: Option<Position>,
    pub newest_first: bool,
    /// At most 1000.
    pub limit: u32,
}

/// A page of events.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditPage {
    pub events: Vec<Event>,
    /// The index knows at least all events up to here; what is newer may be missing.
    pub up_to: Position,
}

impl Store {
    /// Finds events through the projection [`Audit`], which must run or have run.
    ///
    /// # Errors
    /// When the database does not answer, or has no such projection.
    pub async fn audit(&self, audit: &AuditQuery) -> Result<AuditPage, Unavailable> {
        let readers = &self.inner.readers;
        let indexed = readers.fetch(|| query("SELECT position FROM projections WHERE name = 'audit' ORDER BY version"));
        let indexed = indexed.await?;
        let up_to: i64 = match indexed.last() {
            Some(row) => row.try_get(0)?,
            None => return Err(Unavailable::Database("there is no projection audit".into())),
        };
        let rows = readers.fetch(|| audit.statement()).await?;
        let events = rows.iter().map(|row| EventRow::read(row)?.into_event());
        Ok(AuditPage {
            events: events.collect::<sqlx::Result<_>>()?,
            up_to: up_to.cast_unsigned(),
        })
    }
}

impl AuditQuery {
    fn statement(&self) -> AnyQuery<'static> {
        let (mut conditions, mut values) = (vec!["1 = 1".to_owned()], Vec::new());
        if let Some(subject) = &self.subject {
            values.push(Value::Text(subject.clone()));
            conditions.push("(subject = $1 OR stream_id = $1 OR owner = $1)".to_owned());
        }
        let mut require = |condition: &str, value: Value| {
            values.push(value);
            conditions.push(format!("{condition} ${}", values.len()));
        };
        let text = |text: &Option<String>| text.clone().map(Value::Text);
        let equal = [("actor =", &self.actor), ("client =", &self.client)];
        for (condition, value) in equal {
            text(value).into_iter().for_each(|value| require(condition, value));
        }
        if let Some(prefix) = &self.kind_prefix {
            require("kind >=", Value::Text(prefix.clone()));
            // The greatest scalar value: no kind has it.
            require("kind <", Value::Text(format!("{prefix}\u{10FFFF}")));
        }
        if let Some(from) = self.from {
            require("time >=", Value::Integer(from.0));
        }
        if let Some(until) = self.until {
            require("time <", Value::Integer(until.0));
        }
        let (beyond, order) = match self.newest_first {
            true => ("position <", "position DESC"),
            false => ("position >", "position"),
        };
        if let Some(after) = self.after {
            require(beyond, Value::Integer(after.cast_signed()));
        }
        let (conditions, limit) = (conditions.join(" AND "), self.limit.min(MOST));
        let statement = query(AssertSqlSafe(format!(
            "SELECT {EVENT_COLUMNS} FROM events WHERE position IN \
             (SELECT position FROM audit_index WHERE {conditions} ORDER BY {order} LIMIT {limit}) ORDER BY {order}"
        )));
        values.into_iter().fold(statement, |query, value| value.bind(query))
    }
}
