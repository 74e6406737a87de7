//! What shows that the log is what it was, what takes it elsewhere, and what looks for mistakes.

use sqlx::{AnyConnection, Connection as _, Row as _};

use crate::installation::{Installation, Run, masked};

/// Changes a database behind the program's back, as its owner could.
async fn tampered(installation: &Installation, statements: &[&str]) {
    sqlx::any::install_default_drivers();
    let url = format!("sqlite:{}", installation.data().join("auth.db").display());
    let mut connection = AnyConnection::connect(&url).await.expect("the database");
    let triggers = sqlx::query("SELECT name FROM sqlite_master WHERE type = 'trigger'");
    for row in triggers.fetch_all(&mut connection).await.expect("triggers") {
        let drop = format!("DROP TRIGGER \"{}\"", row.get::<String, _>(0));
        sqlx::raw_sql(sqlx::AssertSqlSafe(drop))
            .execute(&mut connection)
            .await
            .expect("dropped");
    }
    for statement in statements {
        sqlx::raw_sql(sqlx::AssertSqlSafe((*statement).to_owned()))
            .execute(&mut connection)
            .await
            .expect("changed");
    }
    connection.close().await.expect("closed");
}

#[tokio::test]
async fn a_changed_row_is_found_at_its_position() {
    let installation = Installation::migrated();
    installation.user("ada@example.org");
    assert!(installation.done(&["log", "verify"]).starts_with("sound: "));
    tampered(
        &installation,
        &["UPDATE events SET payload = replace(payload, 'authenticated', 'administrator') WHERE kind = 'user.registered'"],
    )
    .await;
    let run = installation.run(&["log", "verify"]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(1), ""));
    assert!(run.stderr.contains("edited"), "{}", run.stderr);
    let doctor = installation.run(&["doctor"]);
    assert!(
        doctor.code == Some(1) && doctor.stdout.contains("edited"),
        "{}",
        doctor.stdout
    );
}

#[tokio::test]
async fn a_log_verified_from_a_position_says_what_was_not_recomputed() {
    let installation = Installation::migrated();
    installation.user("ada@example.org");
    let verify = |more: &[&str]| installation.run(&[&["log", "verify", "--from", "3"], more].concat());
    let without_head = |run: &Run| {
        assert_eq!(run.code, Some(0), "{run:?}");
        let (before, after) = run.stdout.split_once("head ").expect("a head");
        format!("{before}head {}{}", "x".repeat(64), &after[64..])
    };
    let mut said = vec![("no checkpoint", without_head(&verify(&[])))];
    let elsewhere = installation.beside("elsewhere.checkpoint");
    std::fs::write(&elsewhere, installation.done(&["log", "checkpoint"])).expect("written");
    tampered(&installation, &["DELETE FROM log_checkpoints"]).await;
    std::fs::remove_dir_all(installation.data().join("checkpoints")).expect("removed");
    said.push((
        "a checkpoint elsewhere",
        without_head(&verify(&["--checkpoint", &elsewhere])),
    ));
    tampered(
        &installation,
        &["UPDATE events SET actor = 'nobody' WHERE position = 1"],
    )
    .await;
    said.push(("an edit before the position", without_head(&verify(&[]))));
    tampered(
        &installation,
        &["UPDATE events SET actor = 'nobody' WHERE position = 4"],
    )
    .await;
    said.push(("an edit after the position", verify(&[]).stderr));
    said.push((
        "a position after the end",
        installation.run(&["log", "verify", "--from", "99"]).stderr,
    ));
    said.push(("help", installation.done(&["log", "verify", "--help"])));
    let said: String = said.iter().map(|(what, text)| format!("== {what}\n{text}\n")).collect();
    insta::assert_snapshot!("log-verify-from", said);
}

#[tokio::test]
async fn a_log_cut_short_is_found_by_a_checkpoint_kept_elsewhere() {
    let installation = Installation::migrated();
    installation.user("ada@example.org");
    let note = installation.done(&["log", "checkpoint"]);
    let elsewhere = installation.beside("elsewhere.checkpoint");
    std::fs::write(&elsewhere, &note).expect("written");
    assert!(note.starts_with("127.0.0.1\n"), "{note}");
    assert!(installation.done(&["log", "checkpoint-key"]).starts_with("127.0.0.1+"));
    tampered(
        &installation,
        &[
            "DELETE FROM events WHERE position = (SELECT position FROM log_head)",
            "DELETE FROM log_checkpoints",
            "UPDATE log_head SET position = position - 1, \
             hash = (SELECT hash FROM events ORDER BY position DESC LIMIT 1)",
        ],
    )
    .await;
    std::fs::remove_dir_all(installation.data().join("checkpoints")).expect("removed");
    assert!(installation.done(&["log", "verify"]).starts_with("sound: "));
    let run = installation.run(&["log", "verify", "--checkpoint", &elsewhere]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(1), ""));
    assert!(run.stderr.contains("truncated"), "{}", run.stderr);
}

#[test]
fn a_checkpoint_of_another_log_is_refused() {
    let (ours, other) = (Installation::migrated(), Installation::migrated());
    ours.user("ada@example.org");
    other.user("ada@example.org");
    let foreign = other.beside("foreign.checkpoint");
    std::fs::write(&foreign, other.done(&["log", "checkpoint"])).expect("written");
    let run = ours.run(&["log", "verify", "--checkpoint", &foreign]);
    assert!(
        run.code == Some(1) && run.stderr.contains("not signed by"),
        "{}",
        run.stderr
    );
}

#[test]
fn checkpoints_are_signed_while_the_program_serves() {
    let installation = Installation::migrated();
    installation.user("ada@example.org");
    let serving = installation.serve();
    let latest = installation.data().join("checkpoints/latest.checkpoint");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(crate::installation::eventually("a checkpoint", || {
        latest.exists().then_some(())
    }));
    serving.terminate();
    assert!(
        installation
            .done(&["log", "verify"])
            .contains("checkpoints confirmed: 2")
    );
}

#[test]
fn a_backup_made_while_serving_is_restored() {
    let (from, to) = (Installation::migrated(), Installation::empty());
    let id = from.user("ada@example.org");
    let serving = from.serve();
    let file = from.beside("backup.jsonl");
    from.done(&["backup", &file]);
    assert_eq!(
        from.done(&["backup", "-"]).lines().count(),
        std::fs::read_to_string(&file).expect("kept").lines().count()
    );
    serving.terminate();
    std::fs::create_dir(to.data()).expect("made");
    std::fs::copy(from.data().join("master.key"), to.data().join("master.key")).expect("copied");
    to.done(&["restore", &file]);
    assert_eq!(to.json(&["users", "show", "ada@example.org"])["id"], id.as_str());
    assert!(to.done(&["log", "verify"]).starts_with("sound: "));
    let again = to.run(&["restore", &file]);
    assert!(
        again.code == Some(1) && again.stderr.contains("not empty"),
        "{}",
        again.stderr
    );
}

#[test]
fn the_log_is_exported_from_a_position_on() {
    let installation = Installation::migrated();
    installation.user("ada@example.org");
    let all = installation.done(&["log", "export"]);
    let later = installation.done(&["log", "export", "--from", "2"]);
    assert_eq!(
        all.lines().skip(2).collect::<Vec<_>>(),
        later.lines().collect::<Vec<_>>()
    );
    assert!(!all.contains("ada@example.org"));
}

#[tokio::test]
async fn states_that_disagree_with_the_log_are_found_and_made_anew() {
    let installation = Installation::migrated();
    installation.user("ada@example.org");
    installation.done(&["projections", "compare", "states"]);
    tampered(
        &installation,
        &["UPDATE streams SET state = replace(state, 'authenticated', 'admin') WHERE kind = 'user'"],
    )
    .await;
    assert_eq!(installation.run(&["projections", "compare", "states"]).code, Some(1));
    installation.done(&["projections", "rebuild", "states"]);
    installation.done(&["projections", "compare", "states"]);
    assert_eq!(
        installation.json(&["users", "show", "ada@example.org"])["role"],
        "authenticated"
    );
}

#[tokio::test]
async fn derived_tables_are_compared_and_made_anew() {
    let installation = Installation::migrated();
    installation.user("ada@example.org");
    for name in ["audit", "activity"] {
        installation.done(&["projections", "rebuild", name]);
        installation.done(&["projections", "compare", name]);
    }
    insta::assert_snapshot!("projections-list", installation.done(&["projections", "list"]));
    tampered(&installation, &["UPDATE audit_index SET actor = 'nobody'"]).await;
    assert_eq!(installation.run(&["projections", "compare", "audit"]).code, Some(1));
    assert_eq!(
        installation.run(&["projections", "compare", "audit"]).code,
        Some(1),
        "it mends nothing"
    );
    installation.done(&["projections", "rebuild", "audit"]);
    installation.done(&["projections", "compare", "audit"]);
    installation.done(&["projections", "resume", "audit"]);
    let unknown = installation.run(&["projections", "rebuild", "nonsense"]);
    assert!(
        unknown.code == Some(1) && unknown.stderr.contains("states, audit, activity"),
        "{}",
        unknown.stderr
    );
}

#[test]
fn doctor_finds_the_wrong_master_key() {
    let installation = Installation::migrated();
    installation.user("ada@example.org");
    installation.done(&["log", "checkpoint"]);
    let healthy = installation.done(&["doctor"]);
    let data = installation.data().display().to_string();
    insta::assert_snapshot!("doctor", masked(&healthy.replace(&data, "DATA")));
    std::fs::write(installation.data().join("master.key"), [7; 32]).expect("written");
    let run = installation.run(&["doctor", "-o", "json"]);
    assert_eq!(run.code, Some(1));
    let looks: serde_json::Value = serde_json::from_str(&run.stdout).expect("JSON");
    let of = |what: &str| {
        let looks = looks.as_array().expect("a list").iter();
        looks.clone().find(|look| look["what"] == what).expect("looked at")["verdict"].clone()
    };
    assert_eq!(
        (of("database"), of("keys"), of("log")),
        ("ok".into(), "error".into(), "error".into())
    );
}

#[test]
fn who_reads_only_the_beginning_of_an_export_is_told_of_no_error() {
    let installation = Installation::migrated();
    installation.user("ada@example.org");
    for command in [&["log", "export"][..], &["users", "list"]] {
        let run = installation.run_unread(command);
        assert_eq!(run.code, Some(0), "{command:?}: {run:?}");
        assert!(!run.stderr.contains("error"), "{run:?}");
    }
}

#[test]
fn a_checkpoint_of_another_issuer_is_signed_only_when_asked_for() {
    let installation = Installation::configured("");
    installation.done(&["migrate"]);
    installation.user("ada@example.org");
    installation.done(&["log", "checkpoint"]);
    let file = installation.beside("auth.yaml");
    let before = std::fs::read_to_string(&file).expect("the configuration");
    let moved = before.replace("issuer: http://127.0.0.1:4000", "issuer: http://localhost:4000");
    std::fs::write(&file, &moved).expect("written");
    let refused = installation.run(&["log", "checkpoint"]);
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(1), ""));
    assert!(refused.stderr.contains("log checkpoint --anew"), "{}", refused.stderr);
    std::fs::write(&file, &before).expect("written");
    assert!(installation.done(&["log", "verify"]).starts_with("sound: "));
    std::fs::write(&file, &moved).expect("written");
    assert!(
        installation
            .done(&["log", "checkpoint", "--anew"])
            .starts_with("localhost\n")
    );
    assert!(installation.done(&["log", "verify"]).starts_with("sound: "));
}
