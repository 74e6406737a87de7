use std::{sync::Arc, time::Duration};

use event_store::Timestamp;
use secrecy::SecretString;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpListener,
    sync::Mutex,
};
use uuid::Uuid;

use super::{SmtpRefused, SmtpSecurity, SmtpSettings, SmtpTransport};
use crate::mail::{
    message::{Content, Message},
    transport::{MailTransport as _, SendError},
};

/// How the test's server behaves.
#[derive(Clone, Copy)]
enum Server {
    Accepts,
    AnswersRecipientWith(&'static str),
    Hangs,
    HangsUp,
}

/// A server on a port of its own; what clients said to it, line by line.
async fn serve(server: Server) -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let said = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&said);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let mut stream = BufReader::new(stream);
            match server {
                Server::Hangs => {
                    let mut line = String::new();
                    stream.read_line(&mut line).await.ok();
                }
                Server::HangsUp => {}
                Server::Accepts => talk(&mut stream, "250 fine", &heard).await,
                Server::AnswersRecipientWith(answer) => talk(&mut stream, answer, &heard).await,
            }
        }
    });
    (port, said)
}

async fn talk(stream: &mut BufReader<tokio::net::TcpStream>, recipient: &str, heard: &Mutex<Vec<String>>) {
    let mut in_data = false;
    stream.write_all(b"220 test ESMTP\r\n").await.unwrap();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
            return;
        }
        let line = line.trim_end().to_owned();
        let answer = match line.split([' ', ':']).next().unwrap().to_uppercase().as_str() {
            _ if in_data && line != "." => "",
            _ if in_data => "250 taken",
            "EHLO" => "250-test\r\n250 AUTH PLAIN",
            "RCPT" => recipient,
            "DATA" => "354 go on",
            "AUTH" => "235 welcome",
            "QUIT" => "221 bye",
            _ => "250 fine",
        };
        in_data = (in_data && line != ".") || (answer.starts_with("354"));
        heard.lock().await.push(line);
        if !answer.is_empty() {
            stream.write_all(format!("{answer}\r\n").as_bytes()).await.unwrap();
        }
    }
}

fn settings(port: u16) -> SmtpSettings {
    SmtpSettings {
        host: "127.0.0.1".into(),
        port,
        security: SmtpSecurity::Plain,
        credentials: None,
        from: "LanOnasis <no-reply@example.org>".parse().unwrap(),
        timeout: Duration::from_secs(10),
    }
}

fn message() -> Message {
    message_to("ada@example.org")
}

fn message_to(address: &str) -> Message {
    let content = Content {
        letter: "test",
        subject: "Hello".into(),
        text: "first\n.\nafter a line with a full stop\n".into(),
        html: "<p>hello</p>".into(),
    };
    Message::new(Uuid::from_u128(1), address, content, Timestamp(1_700_000_000_000)).unwrap()
}

#[tokio::test]
async fn a_message_arrives_whole_at_its_recipient() {
    let (port, said) = serve(Server::Accepts).await;
    SmtpTransport::new(settings(port))
        .unwrap()
        .send(&message())
        .await
        .unwrap();
    let said = said.lock().await.join("\n");
    assert!(said.contains("MAIL FROM:<no-reply@example.org>"), "{said}");
    assert!(said.contains("RCPT TO:<ada@example.org>"), "{said}");
    assert!(
        said.contains("Subject: Hello") && said.contains("<p>hello</p>"),
        "{said}"
    );
    // RFC 5321 section 4.5.2: the line's full stop is doubled on the way.
    assert!(said.contains("first\n..\nafter a line with a full stop"), "{said}");
}

#[tokio::test]
async fn the_server_is_told_who_we_are() {
    let (port, said) = serve(Server::Accepts).await;
    let credentials = Some(("user".to_owned(), SecretString::from("password")));
    SmtpTransport::new(SmtpSettings {
        credentials,
        ..settings(port)
    })
    .unwrap()
    .send(&message())
    .await
    .unwrap();
    // base64 of \0user\0password, RFC 4616.
    assert!(
        said.lock()
            .await
            .contains(&"AUTH PLAIN AHVzZXIAcGFzc3dvcmQ=".to_owned())
    );
}

#[tokio::test]
async fn what_the_server_says_decides_whether_to_try_again() {
    let cases = [
        ("451 ada@example.org is busy", SendError::Later(451), true),
        ("550 no such user: ada@example.org", SendError::Refused(550), false),
        ("530 log in, ada@example.org", SendError::TurnedAway(530), false),
    ];
    for (answer, expected, retryable) in cases {
        let (port, _) = serve(Server::AnswersRecipientWith(answer)).await;
        let error = SmtpTransport::new(settings(port))
            .unwrap()
            .send(&message())
            .await
            .unwrap_err();
        assert_eq!((error, error.is_retryable()), (expected, retryable));
        assert!(!format!("{error} {error:?}").contains("ada"));
    }
}

#[tokio::test]
async fn an_address_beyond_ascii_is_given_up_where_the_server_can_not_carry_it() {
    let (port, _) = serve(Server::Accepts).await;
    let error = SmtpTransport::new(settings(port))
        .unwrap()
        .send(&message_to("jürgen@example.org"))
        .await
        .unwrap_err();
    assert_eq!((error, error.is_retryable()), (SendError::AddressBeyondAscii, false));
}

#[tokio::test]
async fn a_server_that_is_not_there_hangs_or_hangs_up_is_tried_again() {
    let (hanging, _) = serve(Server::Hangs).await;
    let (rude, _) = serve(Server::HangsUp).await;
    let gone = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap().port()
    };
    for (port, expected) in [
        (hanging, SendError::TimedOut),
        (rude, SendError::Unreachable),
        (gone, SendError::Unreachable),
    ] {
        let settings = SmtpSettings {
            timeout: Duration::from_millis(200),
            ..settings(port)
        };
        let error = SmtpTransport::new(settings)
            .unwrap()
            .send(&message())
            .await
            .unwrap_err();
        assert!(error.is_retryable());
        assert_eq!(error, expected);
    }
}

#[tokio::test]
async fn a_server_that_does_not_encrypt_gets_neither_password_nor_message() {
    let (port, said) = serve(Server::Accepts).await;
    let credentials = Some(("user".to_owned(), SecretString::from("password")));
    let settings = SmtpSettings {
        security: SmtpSecurity::StartTls,
        credentials,
        ..settings(port)
    };
    let error = SmtpTransport::new(settings)
        .unwrap()
        .send(&message())
        .await
        .unwrap_err();
    assert_eq!(error, SendError::Tls);
    let said = said.lock().await;
    assert!(
        !said
            .iter()
            .any(|line| line.starts_with("AUTH") || line.starts_with("MAIL") || line.starts_with("DATA")),
        "{said:?}"
    );
}

#[test]
fn plain_connections_are_for_this_machine() {
    for host in ["localhost", "127.0.0.1", "127.9.9.9", "::1"] {
        SmtpTransport::new(SmtpSettings {
            host: host.into(),
            ..settings(25)
        })
        .unwrap();
    }
    for host in ["mail.example.org", "192.0.2.1", "localhost.example.org", "0.0.0.0"] {
        let refused = SmtpTransport::new(SmtpSettings {
            host: host.into(),
            ..settings(25)
        });
        assert_eq!(refused.unwrap_err(), SmtpRefused::PlainBeyondLoopback(host.into()));
    }
    for security in [SmtpSecurity::Implicit, SmtpSecurity::StartTls] {
        SmtpTransport::new(SmtpSettings {
            host: "mail.example.org".into(),
            security,
            ..settings(465)
        })
        .unwrap();
    }
}
