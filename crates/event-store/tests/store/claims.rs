//! What only one may hold.

use crate::databases::{Database, context, event, on_both_databases, stream};
use event_store::{AppendError, ClaimChange, Command, Expected, Outcome, Store};
use serde_json::json;

on_both_databases! {
    a_claim_has_one_owner
    a_stream_is_found_by_what_its_id_claims
    a_taken_claim_fails_the_whole_command
    of_fifty_parallel_takers_one_wins
}

fn take(digest: u8, owner: &str) -> ClaimChange {
    ClaimChange::Take {
        kind: "email".into(),
        digest: [digest; 32],
        owner: owner.to_owned(),
    }
}

fn release(digest: u8) -> ClaimChange {
    ClaimChange::Release {
        kind: "email".into(),
        digest: [digest; 32],
    }
}

async fn change(store: &Store, changes: Vec<ClaimChange>) -> Result<Outcome, AppendError> {
    let command = changes.into_iter().fold(Command::new(context()), Command::claim);
    store.append(command).await
}

async fn a_claim_has_one_owner(database: Database) {
    let store = database.open().await;
    let owner = async |digest: u8| store.claim("email", &[digest; 32]).await.unwrap();
    change(&store, vec![take(1, "ada"), take(2, "ada")]).await.unwrap();
    assert_eq!(owner(1).await.as_deref(), Some("ada"));
    assert_eq!(store.claim("name", &[1; 32]).await.unwrap(), None);

    let error = change(&store, vec![take(1, "bob")]).await.unwrap_err();
    assert!(
        matches!(&error, AppendError::ClaimTaken { kind, owner } if kind == "email" && owner == "ada"),
        "{error}"
    );
    change(&store, vec![take(1, "ada")]).await.unwrap();

    change(&store, vec![release(1), take(1, "bob"), release(3)])
        .await
        .unwrap();
    assert_eq!(owner(1).await.as_deref(), Some("bob"));
    change(&store, vec![take(4, "eve"), release(4)]).await.unwrap();
    assert_eq!(owner(4).await, None);
    let outcome = change(&store, vec![release(1)]).await.unwrap();
    assert_eq!(owner(1).await, None);
    assert_eq!(owner(2).await.as_deref(), Some("ada"));
    assert_eq!(outcome, Outcome::Done { first: 1, last: 0 });
}

async fn a_stream_is_found_by_what_its_id_claims(database: Database) {
    let store = database.open().await;
    let found = async |kind: &str, digest: u8, stream_kind: &str| {
        store.claimant(kind, &[digest; 32], stream_kind).await.unwrap()
    };
    for id in ["ada", "bob"] {
        let append = Command::new(context()).append(stream(id), Expected::Nothing, vec![event(json!({}))]);
        store.append(append).await.unwrap();
    }
    let nobody = "no stream";
    change(&store, vec![take(1, "ada"), take(2, "bob"), take(3, nobody)])
        .await
        .unwrap();
    for (digest, id) in [(1, "ada"), (2, "bob")] {
        let state = store.state(&stream(id)).await.unwrap();
        assert!(state.is_some());
        assert_eq!(found("email", digest, "thing").await, state);
    }
    assert_eq!(found("email", 3, "thing").await, None);
    assert_eq!(found("email", 4, "thing").await, None);
    assert_eq!(found("name", 1, "thing").await, None);
    assert_eq!(found("email", 1, "other").await, None);
}

async fn a_taken_claim_fails_the_whole_command(database: Database) {
    let store = database.open().await;
    change(&store, vec![take(1, "ada")]).await.unwrap();
    let command = Command::new(context())
        .append(stream("bob"), Expected::Nothing, vec![event(json!({}))])
        .claim(take(2, "bob"))
        .claim(take(1, "bob"));
    assert!(matches!(
        store.append(command).await,
        Err(AppendError::ClaimTaken { .. })
    ));
    assert_eq!(store.claim("email", &[2; 32]).await.unwrap(), None);
    assert_eq!(store.head().await.unwrap(), 0);
}

async fn of_fifty_parallel_takers_one_wins(database: Database) {
    let store = database.open().await;
    let takers = (0..50).map(|n| {
        let store = store.clone();
        async move { change(&store, vec![take(1, &n.to_string())]).await }
    });
    let outcomes = futures_util::future::join_all(takers).await;
    let winner = outcomes.iter().position(Result::is_ok).unwrap().to_string();
    assert_eq!(store.claim("email", &[1; 32]).await.unwrap(), Some(winner.clone()));
    let losers = outcomes
        .iter()
        .filter(|outcome| matches!(outcome, Err(AppendError::ClaimTaken { owner, .. }) if *owner == winner));
    assert_eq!(losers.count(), 49);
}
