//! The same commands on PostgreSQL, and the way from SQLite to it.

use local_postgres::{Durability, Server};

use crate::installation::Installation;

#[tokio::test(flavor = "multi_thread")]
async fn commands_work_on_postgresql_and_a_backup_moves_there() {
    let (server, url) = tokio::task::spawn_blocking(|| {
        let server = Server::start(Durability::None).expect("PostgreSQL");
        let url = server.create_database().expect("a database");
        let other = server.create_database().expect("a database");
        (server, [url, other])
    })
    .await
    .expect("started");
    let [fresh, moved] = url;

    let installation = Installation::empty().with_option("--database-url", &fresh);
    let early = installation.run(&["users", "list"]);
    assert!(
        early.code == Some(1) && early.stderr.contains("auth-gateway migrate"),
        "{}",
        early.stderr
    );
    installation.done(&["migrate"]);
    let id = installation.user("ada@example.org");
    assert_eq!(installation.json(&["users", "list"])[0]["id"], id.as_str());
    assert!(installation.done(&["log", "verify"]).starts_with("sound: "));
    installation.done(&["projections", "rebuild", "audit"]);
    installation.done(&["projections", "compare", "audit"]);

    let sqlite = Installation::migrated();
    let id = sqlite.user("bob@example.org");
    let file = sqlite.beside("backup.jsonl");
    sqlite.done(&["backup", &file]);
    let target = Installation::empty().with_option("--database-url", &moved);
    std::fs::create_dir(target.data()).expect("made");
    std::fs::copy(sqlite.data().join("master.key"), target.data().join("master.key")).expect("copied");
    target.done(&["restore", &file]);
    assert_eq!(target.json(&["users", "show", "bob@example.org"])["id"], id.as_str());
    assert_eq!(target.done(&["log", "export"]), sqlite.done(&["log", "export"]));
    let serving = target.serve();
    assert_eq!(serving.login("bob@example.org").await, 200);
    serving.terminate();
    tokio::task::spawn_blocking(move || drop(server))
        .await
        .expect("stopped");
}
