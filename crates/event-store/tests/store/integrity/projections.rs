//! Projections on both databases: exactly once, loud when an event can't be applied, and the same when made anew.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use event_store::projection::{
    Activity, ApplyError, Audit, AuditQuery, CatchUpError, Column, NoProjection, Projection, ProjectionStatus,
    RebuildError, Table, Tables, Value,
};
use event_store::{Event, Options, Store, Timestamp};
use futures_util::future::BoxFuture;
use sqlx::{AnyConnection, AssertSqlSafe, Connection, raw_sql};

use crate::databases::{Database, on_both_databases};
use crate::history::{Accounts, History, START, open};

on_both_databases! {
    a_running_projection_follows_the_log
    several_runners_apply_each_event_once
    every_projection_rebuilt_equals_the_live_rows
    a_rebuild_mends_rows_that_were_changed
    a_rebuild_while_events_are_appended_misses_none
    a_poison_event_stops_its_projection_loudly_and_is_never_skipped
    a_rebuild_that_meets_a_poison_event_leaves_the_live_rows
    a_new_version_replaces_the_rows_of_the_old_one
    a_new_version_that_can_not_be_made_is_tried_again
    an_older_program_leaves_the_rows_of_a_newer_one
    an_unknown_projection_can_not_be_resumed
    events_are_found_by_everything_the_index_has
    events_are_found_by_whom_their_stream_belongs_to
    activity_counts_events_by_day_and_kind
}

/// Until it holds, and that within a time that only a failure reaches.
async fn eventually<F: Future<Output = bool>>(what: &str, condition: impl Fn() -> F) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !condition().await {
        assert!(Instant::now() < deadline, "never: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn status(store: &Store, name: &str) -> Option<ProjectionStatus> {
    let all = store.projections().await.unwrap();
    all.into_iter().find(|status| status.name == name)
}

async fn is_at_head(store: &Store, name: &str) -> bool {
    let status = status(store, name).await;
    let head = store.head().await.unwrap();
    status.is_some_and(|status| status.position == head && status.lag == 0)
}

async fn events(store: &Store) -> Vec<Event> {
    store.events_after(0, 10_000).await.unwrap()
}

async fn tamper(database: &Database, sql: &str) {
    sqlx::any::install_default_drivers();
    let mut connection = AnyConnection::connect(&database.url).await.unwrap();
    raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

const BALANCES: Table = Table {
    name: "balances",
    columns: &[
        ("account", Column::Text),
        ("amount", Column::Integer),
        ("steps", Column::Integer),
    ],
    key: &["account"],
    indexes: &[&["amount"]],
};

/// The balance of each account, and how many events made it; applying an event twice would show. It refuses the event at
/// `poison` as long as that is not 0.
struct Balances {
    version: u32,
    poison: AtomicU32,
    /// How often it met that one alone, which is how it is found.
    met: AtomicU32,
}

impl Balances {
    fn new(version: u32) -> Balances {
        Balances {
            version,
            poison: AtomicU32::new(0),
            met: AtomicU32::new(0),
        }
    }
}

impl Projection for Balances {
    fn name(&self) -> &'static str {
        "balances"
    }

    fn version(&self) -> u32 {
        self.version
    }

    fn tables(&self) -> &'static [Table] {
        &[BALANCES]
    }

    fn apply<'a>(&'a self, tables: &'a mut Tables<'_>, events: &'a [Event]) -> BoxFuture<'a, Result<(), ApplyError>> {
        Box::pin(async move {
            for event in events {
                let poison = u64::from(self.poison.load(Ordering::SeqCst));
                let values = vec![
                    Value::Text(event.stream.id.clone()),
                    Value::Integer(event.payload["amount"].as_i64().unwrap_or(0)),
                ];
                let add = "INSERT INTO {balances} AS b (account, amount, steps) VALUES ($1, $2, 1) \
                           ON CONFLICT (account) DO UPDATE SET amount = b.amount + excluded.amount, steps = b.steps + 1";
                tables.execute(add, values).await?;
                if event.position == poison {
                    self.met.fetch_add(u32::from(events.len() == 1), Ordering::SeqCst);
                    return Err(ApplyError::Refused("not of this world".to_owned()));
                }
            }
            Ok(())
        })
    }
}

async fn balances(database: &Database) -> BTreeMap<String, (i64, i64)> {
    sqlx::any::install_default_drivers();
    let mut connection = AnyConnection::connect(&database.url).await.unwrap();
    let rows: Vec<(String, i64, i64)> = sqlx::query_as("SELECT account, amount, steps FROM balances")
        .fetch_all(&mut connection)
        .await
        .unwrap();
    rows.into_iter()
        .map(|(account, amount, steps)| (account, (amount, steps)))
        .collect()
}

fn balances_of(events: &[Event]) -> BTreeMap<String, (i64, i64)> {
    let mut balances: BTreeMap<String, (i64, i64)> = BTreeMap::new();
    for event in events {
        let (amount, steps) = balances.entry(event.stream.id.clone()).or_default();
        *amount += event.payload["amount"].as_i64().unwrap_or(0);
        *steps += 1;
    }
    balances
}

async fn a_running_projection_follows_the_log(database: Database) {
    let store = open(&database.url).await;
    let mut history = History::new(1);
    history.append(&store, 10).await;
    let _projecting = store.project(vec![Arc::new(Balances::new(1))]);
    for _ in 0..3 {
        history.append(&store, 10).await;
        eventually("up to date", || is_at_head(&store, "balances")).await;
        assert_eq!(balances(&database).await, balances_of(&events(&store).await));
    }
}

async fn several_runners_apply_each_event_once(database: Database) {
    let stores = [open(&database.url).await, open(&database.url).await];
    let _projecting: Vec<_> = stores
        .iter()
        .map(|store| store.project(vec![Arc::new(Balances::new(1))]))
        .collect();
    History::new(1).append(&stores[0], 40).await;
    eventually("up to date", || is_at_head(&stores[1], "balances")).await;
    assert_eq!(balances(&database).await, balances_of(&events(&stores[0]).await));
}

async fn every_projection_rebuilt_equals_the_live_rows(database: Database) {
    let store = open(&database.url).await;
    let projections: [&dyn Projection; 3] = [&owned(), &Activity, &Balances::new(1)];
    let mut history = History::new(rand::random());
    for _ in 0..3 {
        // Live rows that came in pieces, and events that are not in them yet.
        for projection in projections {
            store.catch_up(projection).await.unwrap();
        }
        history.append(&store, 15).await;
        for projection in projections {
            let rebuilt = store.rebuild_projection(projection).await.unwrap();
            assert_eq!(rebuilt.replaced, Some(rebuilt.checksum), "{}", rebuilt.name);
            assert_eq!(rebuilt.position, store.head().await.unwrap());
            assert!(rebuilt.rows > 0, "{}", rebuilt.name);
            assert!(is_at_head(&store, projection.name()).await);
        }
    }
    assert_eq!(balances(&database).await, balances_of(&events(&store).await));
    assert_eq!(
        store.projections().await.unwrap().len(),
        3,
        "nothing is left of the rebuilds"
    );
}

async fn a_rebuild_mends_rows_that_were_changed(database: Database) {
    let store = open(&database.url).await;
    History::new(1).append(&store, 20).await;
    store.catch_up(&Balances::new(1)).await.unwrap();
    tamper(
        &database,
        "UPDATE balances SET amount = amount + 1 WHERE account = 'a-1'",
    )
    .await;
    let rebuilt = store.rebuild_projection(&Balances::new(1)).await.unwrap();
    assert_ne!(rebuilt.replaced, Some(rebuilt.checksum));
    assert_eq!(balances(&database).await, balances_of(&events(&store).await));
}

async fn a_rebuild_while_events_are_appended_misses_none(database: Database) {
    let store = open(&database.url).await;
    let mut history = History::new(1);
    history.append(&store, 30).await;
    let _projecting = store.project(vec![Arc::new(Balances::new(1))]);
    let done = Arc::new(AtomicBool::new(false));
    let writer = tokio::spawn({
        let (store, done) = (store.clone(), Arc::clone(&done));
        async move {
            while !done.load(Ordering::SeqCst) {
                history.append(&store, 1).await;
            }
        }
    });
    for _ in 0..3 {
        store.rebuild_projection(&Balances::new(1)).await.unwrap();
    }
    done.store(true, Ordering::SeqCst);
    writer.await.unwrap();
    eventually("up to date", || is_at_head(&store, "balances")).await;
    assert_eq!(balances(&database).await, balances_of(&events(&store).await));
}

async fn a_poison_event_stops_its_projection_loudly_and_is_never_skipped(database: Database) {
    let store = open(&database.url).await;
    History::new(1).append(&store, 20).await;
    let projection = Arc::new(Balances::new(1));
    projection.poison.store(9, Ordering::SeqCst);
    let _projecting = store.project(vec![Arc::clone(&projection) as Arc<dyn Projection>, Arc::new(Activity)]);
    let stopped = async || {
        status(&store, "balances")
            .await
            .is_some_and(|status| status.error.is_some())
    };
    eventually("stopped", stopped).await;
    let found = status(&store, "balances").await.unwrap();
    assert_eq!(found.error.as_deref(), Some("event at position 9: not of this world"));
    assert_eq!((found.position, found.lag), (8, store.head().await.unwrap() - 8));
    assert_eq!(balances(&database).await, balances_of(&events(&store).await[..8]));
    eventually("others go on", || is_at_head(&store, "activity")).await;

    store.resume_projection("balances").await.unwrap();
    eventually("stopped again", stopped).await;
    assert_eq!(status(&store, "balances").await.unwrap().position, 8);

    projection.poison.store(0, Ordering::SeqCst);
    store.resume_projection("balances").await.unwrap();
    eventually("up to date", || is_at_head(&store, "balances")).await;
    assert_eq!(balances(&database).await, balances_of(&events(&store).await));
}

async fn a_rebuild_that_meets_a_poison_event_leaves_the_live_rows(database: Database) {
    let store = open(&database.url).await;
    History::new(1).append(&store, 20).await;
    let projection = Balances::new(1);
    store.catch_up(&projection).await.unwrap();
    projection.poison.store(9, Ordering::SeqCst);
    let refused = store.rebuild_projection(&projection).await;
    let expected = "event at position 9: not of this world";
    assert!(
        matches!(&refused, Err(RebuildError::Poisoned(error)) if error == expected),
        "{refused:?}"
    );
    assert_eq!(balances(&database).await, balances_of(&events(&store).await));
    assert_eq!(store.projections().await.unwrap().len(), 1);
}

async fn a_new_version_replaces_the_rows_of_the_old_one(database: Database) {
    let store = open(&database.url).await;
    History::new(1).append(&store, 20).await;
    store.catch_up(&Balances::new(1)).await.unwrap();
    tamper(&database, "UPDATE balances SET amount = 0").await;
    assert!(matches!(
        store.catch_up(&Balances::new(2)).await,
        Err(CatchUpError::OtherVersion)
    ));
    let _projecting = store.project(vec![Arc::new(Balances::new(2))]);
    eventually("version 2", async || {
        status(&store, "balances")
            .await
            .is_some_and(|status| status.version == 2)
    })
    .await;
    eventually("up to date", || is_at_head(&store, "balances")).await;
    assert_eq!(balances(&database).await, balances_of(&events(&store).await));
}

async fn a_new_version_that_can_not_be_made_is_tried_again(database: Database) {
    open(&database.url).await;
    let options = Options {
        poll: Duration::from_millis(10),
        ..Options::default()
    };
    let store = Store::open(&database.url, options, Arc::new(Accounts)).await.unwrap();
    History::new(1).append(&store, 20).await;
    store.catch_up(&Balances::new(1)).await.unwrap();
    let newer = Arc::new(Balances::new(2));
    newer.poison.store(9, Ordering::SeqCst);
    let _projecting = store.project(vec![Arc::clone(&newer) as Arc<dyn Projection>]);
    eventually("met twice", async || newer.met.load(Ordering::SeqCst) >= 2).await;
    assert_eq!(status(&store, "balances").await.unwrap().version, 1);
    newer.poison.store(0, Ordering::SeqCst);
    eventually("version 2", async || {
        status(&store, "balances")
            .await
            .is_some_and(|status| status.version == 2)
    })
    .await;
}

async fn an_older_program_leaves_the_rows_of_a_newer_one(database: Database) {
    let store = open(&database.url).await;
    History::new(1).append(&store, 5).await;
    store.catch_up(&Balances::new(2)).await.unwrap();
    let refused = store.rebuild_projection(&Balances::new(1)).await;
    assert!(
        matches!(refused, Err(RebuildError::Newer { found: 2, known: 1 })),
        "{refused:?}"
    );
    assert_eq!(status(&store, "balances").await.unwrap().version, 2);
}

async fn an_unknown_projection_can_not_be_resumed(database: Database) {
    let store = open(&database.url).await;
    let refused = store.resume_projection("nothing").await;
    assert!(matches!(refused, Err(NoProjection::Unknown { .. })), "{refused:?}");
}

type Condition<'c> = Box<dyn Fn(&Event) -> bool + 'c>;

async fn events_are_found_by_everything_the_index_has(database: Database) {
    let store = open(&database.url).await;
    History::new(1).append(&store, 60).await;
    assert!(
        store.audit(&AuditQuery::default()).await.is_err(),
        "there is no index yet"
    );
    store.catch_up(&Audit::default()).await.unwrap();
    let all = events(&store).await;
    let any = AuditQuery {
        limit: 1000,
        ..AuditQuery::default()
    };
    let (from, until) = (all[10].time, all[40].time);
    let cases: Vec<(AuditQuery, Condition<'_>)> = vec![
        (any.clone(), Box::new(|_| true)),
        (
            AuditQuery {
                subject: Some("u-3".to_owned()),
                ..any.clone()
            },
            Box::new(|event| event.subject.as_deref() == Some("u-3")),
        ),
        (
            AuditQuery {
                subject: Some(all[0].stream.id.clone()),
                ..any.clone()
            },
            Box::new(|event| event.stream.id == all[0].stream.id),
        ),
        (
            AuditQuery {
                actor: Some("user:2".to_owned()),
                ..any.clone()
            },
            Box::new(|event| event.actor == "user:2"),
        ),
        (
            AuditQuery {
                client: Some("web".to_owned()),
                ..any.clone()
            },
            Box::new(|event| event.client.as_deref() == Some("web")),
        ),
        (
            AuditQuery {
                kind_prefix: Some("account.re".to_owned()),
                ..any.clone()
            },
            Box::new(|event| event.kind == "account.renamed"),
        ),
        (
            AuditQuery {
                kind_prefix: Some("account.Re".to_owned()),
                ..any.clone()
            },
            Box::new(|_| false),
        ),
        (
            AuditQuery {
                from: Some(from),
                until: Some(until),
                ..any.clone()
            },
            Box::new(|event| event.time >= from && event.time < until),
        ),
        (
            AuditQuery {
                actor: Some("user:1".to_owned()),
                kind_prefix: Some("account.credited".to_owned()),
                after: Some(20),
                ..any.clone()
            },
            Box::new(|event| event.actor == "user:1" && event.kind == "account.credited" && event.position > 20),
        ),
    ];
    for (query, condition) in cases {
        let expected: Vec<Event> = all.iter().filter(|event| condition(event)).cloned().collect();
        let page = store.audit(&query).await.unwrap();
        assert_eq!(page.events, expected, "{query:?}");
        assert_eq!(page.up_to, all.last().unwrap().position);
    }
    let newest = AuditQuery {
        newest_first: true,
        limit: 3,
        after: Some(50),
        ..any
    };
    let positions: Vec<u64> = store
        .audit(&newest)
        .await
        .unwrap()
        .events
        .iter()
        .map(|event| event.position)
        .collect();
    assert_eq!(positions, [49, 48, 47]);
}

/// An index in which a stream belongs to the subject of its first event.
fn owned() -> Audit {
    Audit::with_owners(|event| event.subject.clone())
}

async fn events_are_found_by_whom_their_stream_belongs_to(database: Database) {
    let store = open(&database.url).await;
    let mut history = History::new(1);
    // In two pieces: the second has streams that began in the first.
    for _ in 0..2 {
        history.append(&store, 40).await;
        store.catch_up(&owned()).await.unwrap();
    }
    let all = events(&store).await;
    let firsts = all.iter().filter(|event| event.version == 1);
    let owners: BTreeMap<_, _> = firsts.map(|event| (&event.stream, &event.subject)).collect();
    let (_, owner) = owners
        .iter()
        .find(|(_, owner)| owner.is_some())
        .expect("an owned stream");
    let expected: Vec<Event> = all
        .iter()
        .filter(|event| event.subject == **owner || owners[&event.stream] == *owner)
        .cloned()
        .collect();
    assert!(expected.iter().any(|event| event.subject != **owner));
    let query = AuditQuery {
        subject: (*owner).clone(),
        limit: 1000,
        ..AuditQuery::default()
    };
    assert_eq!(store.audit(&query).await.unwrap().events, expected);
}

async fn activity_counts_events_by_day_and_kind(database: Database) {
    let store = open(&database.url).await;
    History::new(1).append(&store, 60).await;
    store.catch_up(&Activity).await.unwrap();
    let day = |event: &Event| event.time.0.div_euclid(86_400_000) * 86_400_000;
    let mut expected: BTreeMap<(i64, String), u64> = BTreeMap::new();
    for event in events(&store).await {
        *expected.entry((day(&event), event.kind)).or_default() += 1;
    }
    let counts = store
        .activity(Timestamp(START), Timestamp(START + 10 * 86_400_000))
        .await
        .unwrap();
    let counts: BTreeMap<(i64, String), u64> = counts
        .into_iter()
        .map(|count| ((count.day.0, count.kind), count.events))
        .collect();
    assert_eq!(counts, expected);
    assert!(
        counts
            .keys()
            .map(|(day, _)| day)
            .collect::<std::collections::BTreeSet<_>>()
            .len()
            > 1
    );
}
