//! A small domain and random histories of it, for suites that need a log with something in it.

use std::sync::Arc;

use event_store::{
    ClaimChange, Command, Context, Event, Expected, Fold, FoldError, Folded, Idempotency, Lookup, NewEvent, Options,
    RecordChange, Store, StreamId, Timestamp,
};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use uuid::Uuid;

/// The first of March 2026, UTC.
pub(crate) const START: i64 = 1_772_323_200_000;

/// Accounts that are credited and renamed. They are found by their name and by everyone who ever credited them.
pub(crate) struct Accounts;

impl Fold for Accounts {
    fn fold(&self, _stream: &StreamId, state: Option<&str>, events: &[Event]) -> Result<Folded, FoldError> {
        let parse = |text| serde_json::from_str(text).map_err(|error: serde_json::Error| FoldError(error.to_string()));
        let mut state = state.map_or(Ok(json!({"balance": 0, "name": null, "by": []})), parse)?;
        for event in events {
            match event.kind.as_str() {
                "account.credited" => {
                    let balance =
                        state["balance"].as_i64().unwrap_or(0) + event.payload["amount"].as_i64().unwrap_or(0);
                    state["balance"] = balance.into();
                    let by = state["by"].as_array_mut().unwrap();
                    if !by.contains(&Value::from(event.actor.as_str())) {
                        by.push(event.actor.as_str().into());
                    }
                }
                "account.renamed" => state["name"] = event.payload["name"].clone(),
                _ => {}
            }
        }
        let mut lookups: Vec<Lookup> = Vec::new();
        lookups.extend(state["name"].as_str().map(|name| lookup("name", name)));
        lookups.extend(
            state["by"]
                .as_array()
                .unwrap()
                .iter()
                .map(|by| lookup("creditor", by.as_str().unwrap())),
        );
        Ok(Folded {
            state: Some(state.to_string()),
            lookups,
        })
    }
}

fn lookup(kind: &'static str, key: &str) -> Lookup {
    Lookup {
        kind: kind.into(),
        key: key.as_bytes().to_vec(),
    }
}

pub(crate) async fn open(url: &str) -> Store {
    let options = Options {
        create: true,
        ..Options::default()
    };
    Store::open(url, options, Arc::new(Accounts)).await.unwrap()
}

/// Random commands, the same for the same seed.
pub(crate) struct History {
    random: StdRng,
    commands: u64,
}

impl History {
    pub(crate) fn new(seed: u64) -> History {
        History {
            random: StdRng::seed_from_u64(seed),
            commands: 0,
        }
    }

    pub(crate) fn command(&mut self) -> Command {
        self.commands += 1;
        let day = i64::try_from(self.commands).unwrap() * 3_600_000;
        let mut context = Context::new(
            Timestamp(START + day),
            format!("user:{}", self.random.random_range(0..5)),
        );
        context.client = self.random.random_bool(0.5).then(|| "web".to_owned());
        context.request_id = self.random.random_bool(0.3).then(|| format!("r-{}", self.commands));
        let account = self.random.random_range(0..12);
        let events = (0..self.random.random_range(1..4))
            .map(|_| self.event(account))
            .collect();
        let mut command = Command::new(context).append(account_stream(account), Expected::Any, events);
        if self.random.random_bool(0.2) {
            let digest = [self.random.random_range(0..20); 32];
            command = match self.random.random_bool(0.7) {
                true => command.claim(ClaimChange::Take {
                    kind: "number".into(),
                    digest,
                    owner: digest[0].to_string(),
                }),
                false => command.claim(ClaimChange::Release {
                    kind: "number".into(),
                    digest,
                }),
            };
        }
        if self.random.random_bool(0.3) {
            let key = vec![0, self.random.random_range(0..9), 255];
            let expires = self.random.random_bool(0.5).then_some(Timestamp(START + 1_000_000_000));
            let value = self.commands.to_be_bytes().to_vec();
            command = command.record(RecordChange::Put {
                kind: "secret".into(),
                key,
                value,
                expires,
            });
        }
        if self.random.random_bool(0.2) {
            command = command.once(Idempotency {
                key: format!("k-{}", self.commands),
                request: [1; 32],
                response: b"\0\xff done".to_vec(),
                expires: Timestamp(START + 1_000_000_000),
            });
        }
        command
    }

    fn event(&mut self, account: u32) -> NewEvent {
        let id = Uuid::from_u128(self.random.random());
        let event = match self.random.random_range(0..10) {
            0..3 => NewEvent::new(
                id,
                "account.renamed",
                json!({"name": format!("näme-{} 😀", self.random.random_range(0..4))}),
            ),
            3..9 => NewEvent::new(
                id,
                "account.credited",
                json!({"amount": self.random.random_range(-50..100)}),
            ),
            _ => NewEvent::new(
                id,
                "account.noted",
                json!({"note": "it's \"so\"\n", "deep": {"z": 1, "a": [1.5, null]}}),
            ),
        };
        match self.random.random_bool(0.3) {
            true => event.sealed(format!("u-{account}"), (0..40).map(|_| self.random.random()).collect()),
            false => event,
        }
    }

    /// A command with an event that a fold may refuse.
    pub(crate) fn unfoldable(&mut self, account: u32) -> Command {
        let event = NewEvent::new(
            Uuid::from_u128(self.random.random()),
            "account.noted",
            json!({"unfoldable": true}),
        );
        let context = Context::new(Timestamp(START), "user:1");
        Command::new(context).append(account_stream(account), Expected::Any, vec![event])
    }

    /// Appends this many commands, in one transaction where the store likes that.
    pub(crate) async fn append(&mut self, store: &Store, commands: usize) {
        let appending: Vec<_> = (0..commands).map(|_| store.append(self.command())).collect();
        for outcome in futures_util::future::join_all(appending).await {
            outcome.unwrap();
        }
    }
}

pub(crate) fn account_stream(account: u32) -> StreamId {
    StreamId::new("account", format!("a-{account}"))
}
