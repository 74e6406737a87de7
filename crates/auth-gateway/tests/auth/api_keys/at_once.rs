//! Keys made and renamed at once, over two gateways on one database: names stay apart, and the most of a user is the most.

use super::KEYS;
use crate::support::gateway::{Answer, Database, Person, Served};
use futures_util::future::join_all;
use serde_json::{Value, json};

/// The same person at both gateways, in turn.
fn at_both(person: &Person, there: &Served, most: usize) -> Vec<Person> {
    let elsewhere = |index: usize| match index % 2 {
        0 => person.client.clone(),
        _ => person.client.at(there),
    };
    (0..most).map(|index| person.at(elsewhere(index))).collect()
}

fn count(answers: &[Answer], status: u16, code: &str) -> usize {
    let is_so = |answer: &&Answer| (answer.status.as_u16(), answer.code()) == (status, code);
    answers.iter().filter(is_so).count()
}

async fn names(person: &Person) -> Vec<Value> {
    let list = person.get(KEYS).await;
    let keys = list.body["data"].as_array().expect("a list");
    keys.iter().map(|key| key["name"].clone()).collect()
}

#[tokio::test]
async fn of_keys_made_at_once_under_one_name_there_is_one() {
    let here = Served::start("");
    here.set_up().await;
    let there = here.beside(&Database::Sqlite);
    let person = here.admin().await;
    for round in 0..5 {
        let body = json!({"name": format!("twin {round}")});
        let askers = at_both(&person, &there, 12);
        let answers = join_all(askers.iter().map(|asker| asker.post(KEYS, body.clone()))).await;
        assert_eq!(count(&answers, 201, ""), 1, "round {round}");
        assert_eq!(count(&answers, 409, "KEY_EXISTS"), 11, "round {round}");
    }
    assert_eq!(names(&person).await.len(), 5);
}

#[tokio::test]
async fn of_keys_renamed_at_once_to_one_name_one_has_it() {
    let here = Served::start("");
    here.set_up().await;
    let there = here.beside(&Database::Sqlite);
    let person = here.admin().await;
    let mut paths = Vec::new();
    for number in 0..8 {
        let (id, _) = super::named_key(&person, &format!("key {number}")).await;
        paths.push(format!("{KEYS}/{id}"));
    }
    let askers = at_both(&person, &there, paths.len());
    let renamed = askers.iter().zip(&paths);
    let answers = join_all(renamed.map(|(asker, path)| asker.put(path, json!({"name": "twin"})))).await;
    assert_eq!(count(&answers, 200, ""), 1);
    assert_eq!(count(&answers, 409, "KEY_EXISTS"), 7);
    assert_eq!(names(&person).await.iter().filter(|name| *name == "twin").count(), 1);
}

#[tokio::test]
async fn keys_made_at_once_are_no_more_than_a_user_may_have() {
    let here = Served::start("api_keys: { per_user: 5 }");
    here.set_up().await;
    let there = here.beside(&Database::Sqlite);
    let person = here.admin().await;
    let askers = at_both(&person, &there, 20);
    let asked = askers.iter().enumerate();
    let answers =
        join_all(asked.map(async |(number, asker)| asker.post(KEYS, json!({"name": format!("key {number}")})).await))
            .await;
    assert_eq!(count(&answers, 201, ""), 5);
    assert_eq!(count(&answers, 400, "INVALID_REQUEST"), 15);
    assert_eq!(names(&person).await.len(), 5);
}

#[tokio::test]
async fn two_hundred_keys_made_at_once_are_two_hundred_keys() {
    let here = Served::start("api_keys: { per_user: 200 }");
    here.set_up().await;
    let there = here.beside(&Database::Sqlite);
    let person = here.admin().await;
    let askers = at_both(&person, &there, 200);
    let asked = askers.iter().enumerate();
    let answers =
        join_all(asked.map(async |(number, asker)| asker.post(KEYS, json!({"name": format!("key {number}")})).await))
            .await;
    assert_eq!(count(&answers, 201, ""), 200);
    assert_eq!(names(&person).await.len(), 200);
}
