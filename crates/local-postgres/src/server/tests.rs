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
    let port = server.port;
    drop(server);
    assert!(!folder.exists());
    assert!(std::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err());
}
