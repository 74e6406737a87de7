//! Holds the page about events against the code, both ways: every kind, with its public and its personal fields.

use super::kinds::KINDS;
use super::login::{LoginEvent, LoginFailure, failed};
use super::platform::Platform;
use super::{api_key, client, session, signing_key, user};
use event_store::Event;
use identity_contract::AuthMethod;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::path::Path;

/// `stream kind | public fields | personal fields`
type Rows = BTreeSet<String>;

#[test]
fn the_page_about_events_says_what_the_code_writes() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/auth/events.md");
    let page = documented(&std::fs::read_to_string(path).unwrap());
    let code = written();
    let missing: Vec<&String> = code.difference(&page).collect();
    let wrong: Vec<&String> = page.difference(&code).collect();
    assert!(
        missing.is_empty() && wrong.is_empty(),
        "missing: {missing:#?}\nwrong: {wrong:#?}"
    );
}

#[test]
fn every_kind_of_event_happens_in_the_histories() {
    let known = [
        kinds::<user::UserEvent>("user"),
        kinds::<session::SessionEvent>("session"),
        kinds::<api_key::ApiKeyEvent>("api_key"),
        kinds::<client::ClientEvent>("client"),
        kinds::<signing_key::SigningKeyEvent>("signing_keys"),
        kinds::<LoginEvent>("login"),
    ];
    let known: BTreeSet<String> = known.into_iter().flatten().collect();
    let listed: BTreeSet<&str> = KINDS.into_iter().collect();
    let kinds: BTreeSet<&str> = known.iter().filter_map(|row| Some(row.split_once(' ')?.1)).collect();
    assert_eq!(listed, kinds);
    let happened = written()
        .iter()
        .map(|row| row.split(" | ").next().unwrap().to_owned())
        .collect();
    assert_eq!(known, happened);
}

/// serde names every variant when it meets none of them.
fn kinds<E: DeserializeOwned>(stream: &str) -> Vec<String> {
    let refused = serde_json::from_value::<E>(json!({"kind": "?", "payload": {}}));
    let text = refused.err().expect("no kind is called ?").to_string();
    let (_, expected) = text.split_once("expected").unwrap();
    expected
        .split('`')
        .skip(1)
        .step_by(2)
        .map(|kind| format!("{stream} {kind}"))
        .collect()
}

fn written() -> Rows {
    let events = [
        user::tests::every_event(),
        session::tests::every_event(),
        api_key::tests::every_event(),
        client::tests::every_event(),
        signing_key::tests::every_event(),
    ];
    let mut rows: Rows = events.iter().flatten().map(row_of).collect();
    let attempt = failed(
        AuthMethod::Password,
        LoginFailure::UnknownAccount,
        None,
        Platform::Web,
        &<_>::default(),
    );
    let personal = attempt.personal.unwrap().facts;
    rows.insert(row("login", &attempt.kind, &names(&attempt.payload), &names(&personal)));
    rows
}

fn row_of(event: &Event) -> String {
    let mut payload = event.payload.clone();
    payload.as_object_mut().unwrap().shift_remove("from_the_future");
    let personal: Value = event.sealed.as_deref().map_or(Value::Object(Map::new()), |bytes| {
        serde_json::from_slice(bytes).unwrap()
    });
    row(&event.stream.kind, &event.kind, &names(&payload), &names(&personal))
}

fn names(object: &Value) -> BTreeSet<String> {
    object.as_object().unwrap().keys().cloned().collect()
}

fn row(stream: &str, kind: &str, public: &BTreeSet<String>, personal: &BTreeSet<String>) -> String {
    let list = |names: &BTreeSet<String>| names.iter().map(String::as_str).collect::<Vec<_>>().join(" ");
    format!("{stream} {kind} | {} | {}", list(public), list(personal))
}

/// The page's tables: `## Stream` headings with the stream's name in backticks; rows of kind, when, public, personal.
fn documented(page: &str) -> Rows {
    let quoted = |cell: &str| {
        cell.split('`')
            .skip(1)
            .step_by(2)
            .map(str::to_owned)
            .collect::<BTreeSet<_>>()
    };
    let mut stream = String::new();
    let mut rows = Rows::new();
    for line in page.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            stream = quoted(heading).pop_first().unwrap_or_default();
        }
        let cells: Vec<&str> = line.split('|').collect();
        if let [_, kind, _when, public, personal, _] = cells[..]
            && let Some(kind) = quoted(kind).pop_first()
        {
            rows.insert(row(&stream, &kind, &quoted(public), &quoted(personal)));
        }
    }
    rows
}
