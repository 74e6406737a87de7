//! How a step ends, on a SQLite file.

use std::sync::Arc;

use serde_json::json;
use tempfile::TempDir;
use uuid::Uuid;

use super::*;
use crate::command::{Command, Expected};
use crate::database::Role;
use crate::event::{Context, NewEvent};
use crate::fold::{Fold, FoldError, Folded};
use crate::options::Options;
use crate::projection::Activity;
use crate::projection::catalog::enroll;
use crate::store::Store;
use crate::stream::StreamId;
use crate::timestamp::Timestamp;

struct Stateless;

impl Fold for Stateless {
    fn fold(&self, _: &StreamId, _: Option<&str>, _: &[Event]) -> Result<Folded, FoldError> {
        Ok(Folded::default())
    }
}

async fn store_of(folder: &TempDir, events: u128) -> Store {
    let url = format!("sqlite:{}", folder.path().join("events.db").display());
    let options = Options {
        create: true,
        ..Options::default()
    };
    let store = Store::open(&url, options, Arc::new(Stateless)).await.unwrap();
    let events = (0..events).map(|number| NewEvent::new(Uuid::from_u128(number), "happened", json!({})));
    let context = Context::new(Timestamp(0), "test");
    let command = Command::new(context).append(StreamId::new("thing", "a"), Expected::Nothing, events.collect());
    store.append(command).await.unwrap();
    store
}

#[tokio::test]
async fn a_step_that_took_all_there_was_says_that_no_other_is_needed() {
    for (most, ends) in [
        (10, vec![Step::CaughtUp]),
        (2, vec![Step::Applied(2), Step::CaughtUp]),
        (3, vec![Step::Applied(3), Step::CaughtUp]),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let store = store_of(&folder, 3).await;
        let database = &store.inner.database;
        let mut connection = database.connect(Role::Deriver).await.unwrap();
        enroll(&mut connection, &database.engine, &Activity).await.unwrap();
        let target = Target {
            projection: &Activity,
            prefix: "",
        };
        for end in ends {
            let step = target.step(&mut connection, &database.engine, most).await.unwrap();
            assert_eq!(step, end, "of at most {most}");
        }
        let reached = target.lock(&mut connection, &database.engine).await.unwrap();
        assert_eq!(reached, Some((3, None)), "of at most {most}");
    }
}
