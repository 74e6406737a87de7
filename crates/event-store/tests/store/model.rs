//! Random commands against a model that is a few maps.

use crate::databases::{Database, NOW, context, event, stream};
use event_store::{
    AppendError, ClaimChange, Command, Context, Expected, Idempotency, Outcome, RecordChange, Store, Timestamp,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;
use std::collections::BTreeMap;
use tokio::runtime::Handle;
use tokio::task::block_in_place;

/// One command, in small numbers so that they meet.
#[derive(Debug, Clone)]
struct Step {
    /// Moments later than the step before.
    later: i64,
    appends: Vec<(u8, Expected, u8, Option<u8>)>,
    claims: Vec<(u8, Option<u8>)>,
    records: Vec<(u8, Change)>,
    once: Option<(u8, u8, i64)>,
}

#[derive(Debug, Clone, Copy)]
enum Change {
    Put(u8, Option<i64>),
    Consume,
    AtMost(i64),
    CountUp(i64),
    Delete,
}

#[derive(Debug, Clone, PartialEq)]
struct Row {
    count: i64,
    value: Vec<u8>,
    expires: Option<i64>,
}

/// What the store should hold.
#[derive(Debug, Clone, Default, PartialEq)]
struct Model {
    head: u64,
    /// Version, and what its last event is found by.
    streams: BTreeMap<u8, (u64, Option<u8>)>,
    claims: BTreeMap<u8, u8>,
    records: BTreeMap<u8, Row>,
    keys: BTreeMap<u8, (u8, u8, i64)>,
}

/// An outcome without the texts.
#[derive(Debug, Clone, PartialEq)]
enum Seen {
    Done { first: u64, last: u64 },
    Repeated(u8),
    WrongVersion(u64),
    ClaimTaken(String),
    RecordGone,
    CountedOften,
    KeyReused,
}

impl Model {
    fn alive(&self, key: u8, now: i64) -> Option<&Row> {
        let row = self.records.get(&key);
        row.filter(|row| row.expires.is_none_or(|expires| expires > now))
    }

    fn step(&mut self, step: &Step, number: u8, now: i64) -> Seen {
        let mut after = self.clone();
        let seen = after.try_step(step, number, now);
        if let Ok(Seen::Done { .. }) = seen {
            *self = after;
        }
        seen.unwrap_or_else(|failed| failed)
    }

    fn try_step(&mut self, step: &Step, number: u8, now: i64) -> Result<Seen, Seen> {
        if let Some((key, request, life)) = step.once {
            match self.keys.get(&key).filter(|(.., expires)| *expires > now) {
                Some((used, response, _)) if *used == request => return Ok(Seen::Repeated(*response)),
                Some(_) => return Err(Seen::KeyReused),
                None => drop(self.keys.insert(key, (request, number, now + life))),
            }
        }
        for (claim, owner) in &step.claims {
            match (owner, self.claims.get(claim)) {
                (Some(owner), Some(holder)) if owner != holder => return Err(Seen::ClaimTaken(holder.to_string())),
                (Some(owner), _) => drop(self.claims.insert(*claim, *owner)),
                (None, _) => drop(self.claims.remove(claim)),
            }
        }
        for (key, change) in &step.records {
            let alive = self.alive(*key, now).cloned();
            match change {
                Change::Put(value, life) => {
                    let row = Row {
                        count: 0,
                        value: vec![*value],
                        expires: life.map(|life| now + life),
                    };
                    self.records.insert(*key, row);
                }
                Change::Consume if alive.is_none() => return Err(Seen::RecordGone),
                Change::Consume | Change::Delete => drop(self.records.remove(key)),
                Change::AtMost(count) if alive.as_ref().is_some_and(|row| row.count > *count) => {
                    return Err(Seen::CountedOften);
                }
                Change::AtMost(_) => {}
                Change::CountUp(life) => {
                    let mut row = alive.unwrap_or(Row {
                        count: 0,
                        value: Vec::new(),
                        expires: Some(now),
                    });
                    row.count += 1;
                    row.expires = row.expires.map(|expires| expires.max(now + life));
                    self.records.insert(*key, row);
                }
            }
        }
        let first = self.head + 1;
        for (id, expected, events, found_by) in &step.appends {
            let (version, by) = self.streams.entry(*id).or_default();
            let holds = match expected {
                Expected::Nothing => *version == 0,
                Expected::Exact(exact) => exact == version,
                Expected::Any => true,
            };
            if !holds {
                return Err(Seen::WrongVersion(*version));
            }
            *version += u64::from(*events);
            *by = *found_by;
            self.head += u64::from(*events);
        }
        let last = self.head;
        Ok(Seen::Done { first, last })
    }
}

fn steps() -> impl Strategy<Value = Vec<Vec<Step>>> {
    let expected =
        prop_oneof![4 => Just(Expected::Any), 1 => Just(Expected::Nothing), 2 => (0..6_u64).prop_map(Expected::Exact)];
    let append = (0..4_u8, expected, 1..4_u8, option::of(0..3_u8));
    let change = prop_oneof![
        (any::<u8>(), option::of(0..6_i64)).prop_map(|(value, life)| Change::Put(value, life)),
        Just(Change::Consume),
        (0..3_i64).prop_map(Change::AtMost),
        (1..6_i64).prop_map(Change::CountUp),
        Just(Change::Delete),
    ];
    let step = (
        0..3_i64,
        vec(append, 0..3),
        vec((0..4_u8, option::of(0..3_u8)), 0..3),
        vec((0..4_u8, change), 0..3),
        option::of((0..6_u8, 0..2_u8, 1..6_i64)),
    );
    let step = step.prop_map(|(later, appends, claims, records, once)| Step {
        later,
        appends,
        claims,
        records,
        once,
    });
    // Steps of one group are sent together and may share a transaction.
    vec(vec(step, 1..8), 1..8)
}

fn command(step: &Step, number: u8, now: i64) -> Command {
    let mut command = Command::new(Context {
        time: Timestamp(now),
        ..context()
    });
    for (id, expected, events, found_by) in &step.appends {
        let found_by: Vec<String> = found_by.iter().map(u8::to_string).collect();
        let events = (0..*events).map(|_| event(json!({"find_by": found_by}))).collect();
        command = command.append(stream(id.to_string()), *expected, events);
    }
    for (claim, owner) in &step.claims {
        let (kind, digest) = ("claim".into(), [*claim; 32]);
        command = command.claim(match owner {
            Some(owner) => ClaimChange::Take {
                kind,
                digest,
                owner: owner.to_string(),
            },
            None => ClaimChange::Release { kind, digest },
        });
    }
    for (key, change) in &step.records {
        let (kind, key) = ("record".into(), vec![*key]);
        command = command.record(match change {
            Change::Put(value, life) => {
                let expires = life.map(|life| Timestamp(now + life));
                RecordChange::Put {
                    kind,
                    key,
                    value: vec![*value],
                    expires,
                }
            }
            Change::Consume => RecordChange::Consume { kind, key },
            Change::AtMost(count) => RecordChange::AtMost {
                kind,
                key,
                count: *count,
            },
            Change::CountUp(life) => RecordChange::CountUp {
                kind,
                key,
                expires: Timestamp(now + life),
            },
            Change::Delete => RecordChange::Delete { kind, key },
        });
    }
    if let Some((key, request, life)) = step.once {
        command = command.once(Idempotency {
            key: key.to_string(),
            request: [request; 32],
            response: vec![number],
            expires: Timestamp(now + life),
        });
    }
    command
}

fn seen(outcome: Result<Outcome, AppendError>) -> Seen {
    match outcome {
        Ok(Outcome::Done { first, last }) => Seen::Done { first, last },
        Ok(Outcome::Repeated { response }) => Seen::Repeated(response[0]),
        Err(AppendError::WrongVersion { actual, .. }) => Seen::WrongVersion(actual),
        Err(AppendError::ClaimTaken { owner, .. }) => Seen::ClaimTaken(owner),
        Err(AppendError::RecordGone { .. }) => Seen::RecordGone,
        Err(AppendError::CountedOften { .. }) => Seen::CountedOften,
        Err(AppendError::KeyReused) => Seen::KeyReused,
        Err(error) => panic!("{error}"),
    }
}

async fn follow(database: Database, groups: Vec<Vec<Step>>) {
    let store = database.open().await;
    let mut model = Model::default();
    let (mut now, mut number) = (NOW.0, 0);
    for group in groups {
        let mut expected = Vec::new();
        let mut commands = Vec::new();
        for step in &group {
            now += step.later;
            number += 1;
            expected.push(model.step(step, number, now));
            commands.push(command(step, number, now));
        }
        // Asked in this order, as each asks when it is first polled.
        let outcomes = futures_util::future::join_all(commands.into_iter().map(|command| store.append(command))).await;
        let outcomes: Vec<Seen> = outcomes.into_iter().map(seen).collect();
        assert_eq!(outcomes, expected);
        assert_holds(&store, &model, now).await;
    }
}

async fn assert_holds(store: &Store, model: &Model, now: i64) {
    assert_eq!(store.head().await.unwrap(), model.head);
    let states = store.states("thing", None, 100).await.unwrap();
    let versions: BTreeMap<u8, u64> = states
        .iter()
        .map(|state| (state.stream.id.parse().unwrap(), state.version))
        .collect();
    assert_eq!(
        versions,
        model
            .streams
            .iter()
            .filter(|(_, (version, _))| *version > 0)
            .map(|(id, (version, _))| (*id, *version))
            .collect()
    );
    for key in 0..6_u8 {
        let owner = store.claim("claim", &[key; 32]).await.unwrap();
        assert_eq!(owner, model.claims.get(&key).map(u8::to_string));
        let record = store.record("record", &[key], Timestamp(now)).await.unwrap();
        let found = record.map(|record| Row {
            count: record.count,
            value: record.value,
            expires: record.expires.map(|expires| expires.0),
        });
        assert_eq!(found.as_ref(), model.alive(key, now));
        let mut found: Vec<u8> = Vec::new();
        for state in store.find("test", key.to_string().as_bytes()).await.unwrap() {
            found.push(state.stream.id.parse().unwrap());
        }
        found.sort_unstable();
        let by_key = model
            .streams
            .iter()
            .filter(|(_, (_, by))| *by == Some(key))
            .map(|(id, _)| *id);
        assert_eq!(found, by_key.collect::<Vec<_>>());
    }
}

fn follows_the_model(cases: u32, database: fn() -> Database) {
    let config = Config {
        failure_persistence: None,
        ..Config::with_cases(cases)
    };
    let follows = |groups| {
        Handle::current().block_on(follow(database(), groups));
        Ok(())
    };
    block_in_place(|| TestRunner::new(config).run(&steps(), follows)).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_commands_follow_the_model_on_sqlite() {
    follows_the_model(100, Database::sqlite);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_commands_follow_the_model_on_postgres() {
    // Keeps the server between the cases.
    let _kept = Database::postgres();
    follows_the_model(25, Database::postgres);
}
