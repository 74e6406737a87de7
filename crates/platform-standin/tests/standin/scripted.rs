use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use platform_standin::Certificate;
use platform_standin::scripted::*;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::client::{connect, exchange, get, no_forks, parse, read_until, wait_until};

const GET: &[u8] = b"GET /x HTTP/1.1\r\nhost: h\r\n\r\n";

fn read_some(stream: &mut TcpStream) -> String {
    let mut bytes = [0; 4096];
    let length = stream.read(&mut bytes).unwrap();
    String::from_utf8_lossy(&bytes[..length]).into_owned()
}

#[test]
fn refused_port_refuses() {
    let refused = Refused::reserve().unwrap();
    let error = TcpStream::connect(refused.address()).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
}

#[test]
fn unreachable_port_neither_accepts_nor_refuses() {
    let unreachable = Unreachable::start().unwrap();
    let error = TcpStream::connect_timeout(&unreachable.address(), Duration::from_millis(300)).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
}

#[test]
fn black_hole_accepts_and_stays_silent() {
    let server = Server::start(black_hole()).unwrap();
    let mut stream = connect(server.port());
    stream.write_all(GET).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    let error = stream.read(&mut [0; 1]).unwrap_err();
    assert_eq!((error.kind(), server.connections()), (io::ErrorKind::WouldBlock, 1));
}

#[test]
fn gate_holds_an_answer_until_it_opens() {
    let gate = Gate::closed();
    let server = Server::start(gated(&gate, ok("late"))).unwrap();
    let mut stream = connect(server.port());
    stream.write_all(GET).unwrap();
    wait_until("the request is at the gate", || gate.waiting() == 1);
    stream.set_nonblocking(true).unwrap();
    assert_eq!(stream.read(&mut [0; 1]).unwrap_err().kind(), io::ErrorKind::WouldBlock);
    stream.set_nonblocking(false).unwrap();
    gate.open();
    assert!(read_until(&mut stream, "late").starts_with("HTTP/1.1 200 OK\r\n"));
}

#[test]
fn truncated_answers_end_in_the_middle() {
    let by_length = Server::start(truncated_length()).unwrap();
    let reply = exchange(by_length.port(), GET);
    assert_eq!((reply.header("content-length"), reply.body.len()), (vec!["1000"], 500));

    let chunked = Server::start(truncated_chunked()).unwrap();
    let reply = exchange(chunked.port(), GET);
    let expected = format!("1f4\r\n{}\r\n1f4\r\n{}", "x".repeat(500), "y".repeat(250));
    assert_eq!(
        (reply.header("transfer-encoding"), reply.body.as_str()),
        (vec!["chunked"], expected.as_str())
    );
}

#[test]
fn fixed_answer_is_sent_for_every_request_of_a_connection() {
    let server = Server::start(fixed(ok("same"))).unwrap();
    let mut stream = connect(server.port());
    for _ in 0..3 {
        stream.write_all(GET).unwrap();
        read_until(&mut stream, "\r\n\r\nsame");
    }
    assert_eq!(server.connections(), 1);
}

#[test]
fn strict_server_counts_requests_and_any_byte_between_them() {
    let strays: [&[u8]; 4] = [b"0\r\n\r\n", b"\r\n", b"\n", b"get / HTTP/1.1\r\n\r\n"];
    for stray in strays {
        let counts = Strictness::new();
        let server = Server::start(strict(&counts)).unwrap();
        let mut stream = connect(server.port());
        for request in [
            GET,
            b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
        ] {
            stream.write_all(request).unwrap();
            read_until(&mut stream, "strict");
        }
        assert_eq!((counts.requests(), counts.stray_bytes()), (2, 0));
        stream.write_all(stray).unwrap();
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).unwrap();
        assert_eq!(
            (parse(&rest).status, counts.requests(), counts.stray_bytes()),
            (400, 2, stray.len()),
            "{stray:?}"
        );
    }
}

#[test]
fn instant_101_accepts_with_the_right_key_and_echoes_bytes() {
    let server = Server::start(instant_101()).unwrap();
    let mut stream = connect(server.port());
    let key = "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==";
    write!(
        stream,
        "GET /ws HTTP/1.1\r\nhost: h\r\nupgrade: websocket\r\nconnection: upgrade\r\n{key}\r\n\r\nearly"
    )
    .unwrap();
    let head = read_until(&mut stream, "\r\n\r\n");
    assert!(
        head.starts_with("HTTP/1.1 101 ") && head.contains("sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"),
        "{head}"
    );
    assert_eq!(read_until(&mut stream, "early"), "early");
    stream.write_all(b"\x81\x00later").unwrap();
    read_until(&mut stream, "later");
}

#[test]
fn recorded_requests_show_head_and_body_as_they_came() {
    let log = Log::new();
    let server = Server::start(recording(&log, ok(""))).unwrap();
    let head = "POST /a%2F?b HTTP/1.1\r\nX-B: 1\r\nx-a:  2\r\nX-B: 3\r\nTransfer-Encoding: chunked\r\n\r\n";
    let body = "2\r\nab\r\n1\r\nc\r\n0\r\nTrailer: t\r\n\r\n";
    let mut stream = connect(server.port());
    stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
    read_until(&mut stream, "\r\n\r\n");

    let [request] = log.requests().try_into().unwrap();
    assert_eq!(
        (request.head.raw.as_slice(), request.raw_body.as_slice()),
        (head.as_bytes(), body.as_bytes())
    );
    assert_eq!(
        (request.head.target.as_str(), request.text().as_str()),
        ("/a%2F?b", "abc")
    );
    assert_eq!(
        (request.head.header("x-a"), request.head.header_values("x-b")),
        (Some("2"), vec!["1", "3"])
    );
}

#[test]
fn event_stream_sends_what_the_test_sends() {
    let source = EventSource::new();
    let server = Server::start(event_stream(&source)).unwrap();
    let mut stream = connect(server.port());
    stream.write_all(GET).unwrap();
    read_until(&mut stream, "\r\n\r\n");
    assert_eq!(source.listeners(), 1);
    source.send("data: 1\n\n");
    assert_eq!(read_until(&mut stream, "\n\n\r\n"), "9\r\ndata: 1\n\n\r\n");
    source.end();
    assert_eq!(read_until(&mut stream, "0\r\n\r\n"), "0\r\n\r\n");

    stream.write_all(GET).unwrap();
    read_until(&mut stream, "\r\n\r\n");
    drop(stream);
    wait_until("the stream of a client that left is over", || source.listeners() == 0);
}

#[test]
fn script_may_be_a_closure_and_reset_its_connection() {
    let server = Server::start(|mut conn: Conn| async move {
        let head = conn.read_head().await?.unwrap();
        conn.write(format!("{} {}", conn.number(), head.method)).await?;
        if conn.number() == 1 {
            conn.reset()
        } else {
            conn.close().await
        }
    })
    .unwrap();
    for expected in ["0 GET", "1 GET"] {
        let mut stream = connect(server.port());
        stream.write_all(GET).unwrap();
        assert_eq!(read_until(&mut stream, "GET"), expected);
        let end = stream.read(&mut [0; 1]).map_err(|error| error.kind());
        assert_eq!(
            end,
            if expected == "0 GET" {
                Ok(0)
            } else {
                Err(io::ErrorKind::ConnectionReset)
            }
        );
    }
}

#[test]
fn server_starts_on_a_chosen_port_and_leaves_it_when_dropped() {
    let first = Server::start(black_hole()).unwrap();
    let port = first.port();
    let _forks = no_forks();
    drop(first);
    let second = Server::start_on(port, truncated_length()).unwrap();
    assert_eq!((second.port(), get(port, "/", &[]).status), (port, 200));
}

async fn tls_get(address: SocketAddr, ca_pem: &str, name: &'static str) -> io::Result<String> {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(ca_pem.as_bytes()).unwrap())
        .unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let tcp = tokio::net::TcpStream::connect(address).await?;
    let mut tls = TlsConnector::from(Arc::new(config))
        .connect(ServerName::try_from(name).unwrap(), tcp)
        .await?;
    tls.write_all(GET).await?;
    let mut text = String::new();
    tls.read_to_string(&mut text).await?;
    Ok(text)
}

#[tokio::test]
async fn tls_server_is_trusted_by_its_own_authority_under_its_own_names() {
    let certificate = Certificate::for_names(&["upstream.test", "127.0.0.1"]);
    let server = Server::start_tls(&certificate, |mut conn: Conn| async move {
        conn.read_head().await?;
        let name = conn.server_name().unwrap_or("none").to_owned();
        conn.write(ok(&name)).await?;
        conn.close().await
    })
    .unwrap();
    let port = server.port();
    assert_eq!(server.url(), format!("https://127.0.0.1:{port}"));

    let by_name = tls_get(server.address(), certificate.ca_pem(), "upstream.test")
        .await
        .unwrap();
    assert!(by_name.ends_with("\r\n\r\nupstream.test"), "{by_name}");
    let by_address = tls_get(server.address(), certificate.ca_pem(), "127.0.0.1")
        .await
        .unwrap();
    assert!(by_address.ends_with("\r\n\r\nnone"), "{by_address}");

    assert!(
        tls_get(server.address(), certificate.ca_pem(), "other.test")
            .await
            .is_err()
    );
    let stranger = Certificate::for_names(&["upstream.test"]);
    assert!(
        tls_get(server.address(), stranger.ca_pem(), "upstream.test")
            .await
            .is_err()
    );
}

#[test]
fn read_some_sees_bytes_as_scripts_write_them() {
    let gate = Gate::closed();
    let second = gate.clone();
    let server = Server::start(move |mut conn: Conn| {
        let gate = second.clone();
        async move {
            conn.write("one").await?;
            gate.pass().await;
            conn.write("two").await
        }
    })
    .unwrap();
    let mut stream = connect(server.port());
    assert_eq!(read_some(&mut stream), "one");
    gate.open();
    assert_eq!(read_some(&mut stream), "two");
}
