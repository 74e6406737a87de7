//! What systemd is told, at the socket that it names in `NOTIFY_SOCKET` (sd_notify(3)).

use std::net::TcpStream;
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use crate::installation::Installation;

#[test]
fn the_service_manager_is_told_when_the_port_is_bound_and_when_the_program_ends() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("notify");
    let manager = UnixDatagram::bind(&path).expect("a socket");
    manager
        .set_read_timeout(Some(Duration::from_secs(20)))
        .expect("a timeout");
    let told = || {
        let mut message = [0; 256];
        let length = manager.recv(&mut message).expect("a message");
        String::from_utf8(message[..length].to_vec()).expect("text")
    };
    let installation = Installation::migrated().with_variable("NOTIFY_SOCKET", path.to_str().expect("UTF-8"));

    let serving = installation.serve();
    assert_eq!(told(), "READY=1\n");
    TcpStream::connect(serving.address()).expect("a port that is bound");
    serving.terminate();
    assert_eq!(told(), "STOPPING=1\n");
}
