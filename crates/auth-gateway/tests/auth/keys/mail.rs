//! How letters leave: the folder, the mail server and the program that the file names, and in whose name.

use crate::support::gateway::{PASSWORD, Served, letters, new_address};
use crate::support::start::Start;
use crate::support::{eventually, eventually_async};
use aws_lc_rs::hmac;
use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{MethodRouter, post};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use sqlx::{Connection as _, SqliteConnection};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::Semaphore;

const SECRET: &str = "a secret of at least 24 bytes";

/// What came in, in the order it came.
type Heard = Arc<Mutex<Vec<String>>>;

async fn sign_up(gateway: &Served) -> String {
    let email = new_address();
    let body = json!({"email": email, "password": PASSWORD});
    assert_eq!(gateway.client().post("/v1/auth/signup", body).await.status, 202);
    email
}

#[tokio::test]
async fn letters_are_files_in_the_folder_and_come_from_whom_the_file_says() {
    let folder = tempfile::tempdir().expect("a folder");
    let spool = folder.path().join("letters");
    let gateway = Served::start(&format!(
        "mail: {{ from: \"Example <post@example.org>\", spool: {} }}",
        spool.display()
    ));
    let email = sign_up(&gateway).await;
    eventually_async(async || !letters(&spool, &email).is_empty()).await;
    let letter = letters(&spool, &email).remove(0);
    let from = letter.lines().find(|line| line.starts_with("From:")).expect("a sender");
    assert!(from.contains("post@example.org"), "{from}");
    assert!(letters(&gateway.data.join("spool"), &email).is_empty());
}

/// A mail server that takes everything.
fn mail_server(heard: Heard) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            // Whoever hangs up is heard so far.
            let _ = converse(&stream, &heard);
        }
    });
    port
}

fn converse(mut stream: &TcpStream, heard: &Heard) -> std::io::Result<()> {
    stream.write_all(b"220 test ESMTP\r\n")?;
    let mut in_letter = false;
    for line in BufReader::new(stream).lines() {
        let line = line?;
        let answer = match line.split([' ', ':']).next().unwrap_or_default() {
            _ if in_letter && line != "." => "",
            "EHLO" => "250-test\r\n250 AUTH PLAIN\r\n",
            "DATA" => "354 go on\r\n",
            "AUTH" => "235 welcome\r\n",
            _ => "250 fine\r\n",
        };
        in_letter = (in_letter && line != ".") || line == "DATA";
        heard.lock().expect("not poisoned").push(line);
        stream.write_all(answer.as_bytes())?;
    }
    Ok(())
}

#[tokio::test]
async fn letters_go_to_the_mail_server_that_the_file_names_as_the_user_it_names() {
    let heard = Heard::default();
    let port = mail_server(Arc::clone(&heard));
    let server = format!("host: 127.0.0.1, port: {port}, security: plain, user: postman, password: {{ secret: MAIL }}");
    let gateway = Start::new(&format!("mail: {{ smtp: {{ {server} }} }}"))
        .with_variable("MAIL", "a password for mail")
        .go();
    let email = sign_up(&gateway).await;
    let said = || heard.lock().expect("not poisoned").clone();
    eventually_async(async || said().iter().any(|line| line == ".")).await;
    let login = format!("AUTH PLAIN {}", STANDARD.encode("\0postman\0a password for mail"));
    assert!(said().contains(&login), "{:?}", said());
    assert!(
        said()
            .iter()
            .any(|line| line.starts_with("RCPT") && line.contains(&email)),
        "{:?}",
        said()
    );
}

/// A gateway whose letters go to this program.
async fn posting_to(program: MethodRouter) -> Served {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/mail", listener.local_addr().expect("bound"));
    let router = Router::new().route("/mail", program);
    tokio::spawn(async move { axum::serve(listener, router).await });
    let webhook = format!("mail: {{ webhook: {{ url: \"{url}\", secret: {{ secret: MAIL }} }} }}");
    Start::new(&webhook).with_variable("MAIL", SECRET).go()
}

#[tokio::test]
async fn letters_are_posted_signed_to_the_program_that_the_file_names() {
    let heard = Heard::default();
    let taken = Arc::clone(&heard);
    let take = async move |headers: HeaderMap, body: String| {
        let header = |name: &str| headers[name].to_str().expect("ASCII").to_owned();
        let signed = format!("{}.{}.{body}", header("webhook-id"), header("webhook-timestamp"));
        let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
        let right = format!("v1,{}", STANDARD.encode(hmac::sign(&key, signed.as_bytes())));
        if header("webhook-signature") == right {
            taken.lock().expect("not poisoned").push(body);
        }
        StatusCode::NO_CONTENT
    };
    let gateway = posting_to(post(take)).await;
    let email = sign_up(&gateway).await;
    eventually_async(async || !heard.lock().expect("not poisoned").is_empty()).await;
    let letter: Value = serde_json::from_str(&heard.lock().expect("not poisoned")[0]).expect("JSON");
    assert_eq!(
        (&letter["to"], &letter["letter"]),
        (&json!(email), &json!("verify_email"))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn letters_that_wait_leave_before_the_end_though_the_database_fails() {
    const LETTERS: usize = 5;
    let (heard, gate) = (Arc::new(AtomicUsize::new(0)), Arc::new(Semaphore::new(0)));
    let (taken, closed) = (Arc::clone(&heard), Arc::clone(&gate));
    let take = async move || {
        taken.fetch_add(1, Ordering::SeqCst);
        drop(closed.acquire().await);
        StatusCode::NO_CONTENT
    };
    let mut gateway = posting_to(post(take)).await;
    for _ in 0..LETTERS {
        sign_up(&gateway).await;
    }
    eventually(|| (heard.load(Ordering::SeqCst) == LETTERS - 1).then_some(())).await;
    let database = gateway.data.join("auth.db");
    let mut database = SqliteConnection::connect(&format!("sqlite:{}", database.display()))
        .await
        .expect("the database");
    let broken = sqlx::raw_sql("ALTER TABLE records RENAME TO lost").execute(&mut database);
    broken.await.expect("renamed");
    gateway.terminate();
    eventually(|| {
        gateway
            .logged()
            .contains("what is done now and then could not be done")
            .then_some(())
    })
    .await;
    gate.add_permits(LETTERS);
    gateway.stopped();
    assert_eq!(heard.load(Ordering::SeqCst), LETTERS);
}

#[tokio::test]
async fn mail_that_does_not_leave_is_told_to_the_operator_without_the_address() {
    let (nobody, admin) = (super::free_port(), super::free_port());
    let smtp = format!("mail: {{ smtp: {{ host: 127.0.0.1, port: {nobody}, security: plain }} }}");
    let gateway = Served::start(&format!("{smtp}\nadmin: 127.0.0.1:{admin}\nlog: {{ level: warn }}"));
    let mail = async || gateway.client().get("/ready").await.body["checks"]["mail"].clone();
    assert_eq!(mail().await["healthy"], true, "nothing was tried yet");
    let email = sign_up(&gateway).await;
    let failed = r#"auth_letters_total{letter="verify_email",outcome="failed"}"#;
    eventually_async(async || super::metrics(admin).await.contains(failed)).await;
    eventually_async(async || mail().await["healthy"] == false).await;
    assert_eq!(
        gateway.client().get("/ready").await.status,
        200,
        "mail alone is no reason"
    );
    let logged = gateway.logged();
    let line = logged
        .lines()
        .find(|line| line.contains("could not be delivered"))
        .expect("a line");
    let line: Value = serde_json::from_str(line).expect("JSON");
    assert_eq!(
        (&line["level"], &line["mail.letter"]),
        (&json!("WARN"), &json!("verify_email"))
    );
    assert!(line["request_id"].is_string() && !logged.contains(&email), "{logged}");
}
