use super::*;

#[test]
fn a_server_outlives_a_kill_and_ends_with_its_value() {
    let mut server = Server::start(Durability::Fsync).unwrap();
    let url = server.create_database().unwrap();
    assert_ne!(url, server.create_database().unwrap());
    let count = |server: &Server| server.psql("SELECT count(*) FROM pg_database");
    let before = count(&server).unwrap();

    server.kill_9().unwrap();
    assert!(count(&server).is_err());
    server.restart().unwrap();
    assert_eq!(count(&server).unwrap(), before);

    server.stop().unwrap();
    assert!(count(&server).is_err());
    server.restart().unwrap();

    let folder = server.folder.path().to_owned();
    drop(server);
    assert!(!folder.exists());
}

/// On ports they sometimes met: the one that came second spoke to the first, and lost it with the first one's end.
#[test]
fn servers_that_start_at_once_are_never_each_other() {
    let start = || Server::start(Durability::None).unwrap();
    let servers: Vec<Server> = thread::scope(|scope| {
        let starting: Vec<_> = (0..4).map(|_| scope.spawn(start)).collect();
        starting.into_iter().map(|server| server.join().unwrap()).collect()
    });
    for server in &servers {
        let data = server.psql("SHOW data_directory").unwrap();
        assert!(data.contains(&server.data().display().to_string()), "{data}");
    }
}
