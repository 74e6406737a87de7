//! The real program, started as operators start it, its first administrator set up, and people who sign in to it.
//!
//! Tests share one: passwords cost what they must. Each test comes from an address of its own, and with accounts of its own.

use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdin, Command};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use super::eventually;
use super::start::Start;

pub(crate) const ISSUER: &str = "https://auth.example.org";
pub(crate) const ADMIN_EMAIL: &str = "admin@example.org";
pub(crate) const PASSWORD: &str = "seven green bottles 41";

/// A gateway that serves.
pub(crate) struct Served {
    pub(crate) base: String,
    /// Its data folder: `auth.db`, `master.key`, `spool`.
    pub(crate) data: PathBuf,
    pub(super) configuration: PathBuf,
    pub(super) database: Database,
    pub(super) printed_token: Option<Mutex<mpsc::Receiver<String>>>,
    pub(super) setup_token: OnceLock<String>,
    pub(super) log: Arc<Mutex<String>>,
    pub(super) reader: Option<JoinHandle<()>>,
    /// Held open, where nobody reads it.
    pub(super) _unread: Option<ChildStderr>,
    pub(super) stdin: Option<ChildStdin>,
    pub(super) child: Child,
}

/// Where a gateway keeps what it knows.
#[derive(Debug, Clone)]
pub(crate) enum Database {
    /// In its data folder.
    Sqlite,
    /// By URL.
    Postgres(String),
}

/// A client at an address of its own.
#[derive(Clone)]
pub(crate) struct Client {
    base: String,
    address: String,
    http: reqwest::Client,
}

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    /// `Null` where it is no JSON.
    pub(crate) body: Value,
    pub(crate) text: String,
}

/// A user with a session.
pub(crate) struct Person {
    pub(crate) client: Client,
    pub(crate) id: String,
    pub(crate) email: String,
    pub(crate) access_token: String,
    pub(crate) refresh_token: String,
}

/// A program that asks in its own name.
pub(crate) struct Service {
    pub(crate) client: Client,
    pub(crate) id: String,
    pub(crate) secret: String,
}

/// The gateway that tests share, with a first administrator.
pub(crate) async fn shared() -> &'static Served {
    static SHARED: OnceCell<Served> = OnceCell::const_new();
    SHARED
        .get_or_init(async || {
            let served = Served::start("");
            served.set_up().await;
            served
        })
        .await
}

impl Served {
    /// Starts one with more lines of configuration, and nobody in it yet.
    pub(crate) fn start(more: &str) -> Self {
        Start::new(more).go()
    }

    pub(crate) fn start_on(database: &Database, more: &str) -> Self {
        Start::new(more).on(database).go()
    }

    /// Starts another on the same data, with the same configuration.
    pub(crate) fn beside(&self, database: &Database) -> Self {
        Start::as_written(&self.configuration)
            .keeping(&self.data)
            .on(database)
            .go()
    }

    /// Starts another on the same data, with other lines.
    pub(crate) fn again(&self, more: &str) -> Self {
        Start::new(more).keeping(&self.data).on(&self.database).go()
    }

    /// What it printed if there was nobody yet. That is printed before it is ready, but read by another thread.
    pub(crate) fn setup_token(&self) -> &str {
        self.setup_token.get_or_init(|| {
            let printed = self
                .printed_token
                .as_ref()
                .expect("it is read")
                .lock()
                .expect("not poisoned");
            let token = printed.recv_timeout(Duration::from_secs(10));
            token.expect("a start without users prints a token")
        })
    }

    /// Makes the first administrator, [`ADMIN_EMAIL`].
    pub(crate) async fn set_up(&self) {
        let body = json!({"token": self.setup_token(), "email": ADMIN_EMAIL, "password": PASSWORD});
        let made = self.client().post("/v1/auth/setup", body).await;
        assert_eq!(made.status, 201, "{}", made.text);
    }

    /// Runs another command of the program on the same data; its standard output.
    pub(crate) fn command(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_auth-gateway"));
        command.args(arguments).arg("--data").arg(&self.data);
        command.arg("--config").arg(&self.configuration);
        if let Database::Postgres(url) = &self.database {
            command.args(["--database-url", url]);
        }
        let ran = command.output().expect("it runs");
        let (stdout, stderr) = (
            String::from_utf8_lossy(&ran.stdout),
            String::from_utf8_lossy(&ran.stderr),
        );
        assert!(ran.status.success(), "{arguments:?}: {stdout}{stderr}");
        stdout.into_owned()
    }

    /// A new service client that may do this (`introspect`, `feed`, `audit`).
    pub(crate) fn service(&self, may: &str) -> Service {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let id = format!("service-{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let made = self.command(&["clients", "create", &id, "--may", may, "-o", "json"]);
        let made: Value = serde_json::from_str(&made).expect("JSON");
        Service {
            client: self.client(),
            secret: made["secret"].as_str().expect("shown once").to_owned(),
            id,
        }
    }

    pub(crate) fn client(&self) -> Client {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let [_, high, middle, low] = number.to_be_bytes();
        Client {
            base: self.base.clone(),
            address: format!("10.{high}.{middle}.{low}"),
            http: reqwest::Client::new(),
        }
    }

    /// All that it has logged so far.
    pub(crate) fn logged(&self) -> String {
        self.log.lock().expect("not poisoned").clone()
    }

    /// Tells it to stop.
    pub(crate) fn terminate(&mut self) {
        drop(self.stdin.take());
    }

    /// Stops it: all that it has logged.
    pub(crate) fn stopped(mut self) -> String {
        self.terminate();
        drop(self.child.wait());
        // Whoever wrote the log has ended; who reads it ends with it.
        let reader = self.reader.take().expect("it reads until the end");
        reader.join().expect("did not panic");
        self.logged()
    }

    /// The administrator in a session of their own.
    pub(crate) async fn admin(&self) -> Person {
        Person::log_in(self.client(), ADMIN_EMAIL, PASSWORD).await
    }

    /// A new user who has verified the address, in a session.
    pub(crate) async fn user(&self) -> Person {
        let email = new_address();
        self.register(&email).await;
        Person::log_in(self.client(), &email, PASSWORD).await
    }

    /// Signs up and follows the link in the letter.
    pub(crate) async fn register(&self, email: &str) {
        let client = self.client();
        let body = json!({"email": email, "password": PASSWORD});
        let signed_up = client.post("/v1/auth/signup", body).await;
        assert_eq!(signed_up.status, 202, "{}", signed_up.text);
        let token = self.token_in_letter_to(email).await;
        let verified = client.get(&format!("/v1/auth/verify-email?token={token}")).await;
        assert_eq!(verified.status, 200, "{}", verified.text);
    }

    /// Of the newest letter to the address which has one.
    pub(crate) async fn token_in_letter_to(&self, email: &str) -> String {
        eventually(|| {
            let letters = letters(&self.data.join("spool"), email);
            let (_, rest) = letters.last()?.split_once("token=")?;
            let is_token = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            Some(rest.chars().take_while(|&c| is_token(c)).collect())
        })
        .await
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.stdin.take());
        drop(self.child.wait());
    }
}

impl Client {
    pub(crate) async fn get(&self, path: &str) -> Answer {
        answer(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        answer(self.request(Method::POST, path).json(&body)).await
    }

    /// The same client at another gateway.
    pub(crate) fn at(&self, gateway: &Served) -> Self {
        Self {
            base: gateway.base.clone(),
            ..self.clone()
        }
    }

    /// For requests with headers of their own; send it through [`answer`].
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http
            .request(method, format!("{}{path}", self.base))
            .header("x-forwarded-for", &self.address)
    }
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let name: HeaderName = name.parse().expect("a header's name");
        self.headers.get(name).map(|value| value.to_str().expect("ASCII"))
    }

    /// The names of an object's members, sorted.
    pub(crate) fn fields(&self, pointer: &str) -> Vec<String> {
        fields(
            self.body
                .pointer(pointer)
                .unwrap_or_else(|| panic!("{pointer}: {}", self.text)),
        )
    }

    /// `code` of a refusal.
    pub(crate) fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }
}

impl Person {
    pub(crate) async fn log_in(client: Client, email: &str, password: &str) -> Self {
        let body = json!({"email": email, "password": password, "platform": "cli"});
        let answer = client.post("/v1/auth/login", body).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let text = |pointer: &str| {
            let value = answer.body.pointer(pointer).and_then(Value::as_str);
            value.unwrap_or_else(|| panic!("{pointer}")).to_owned()
        };
        Self {
            id: text("/user/id"),
            email: email.to_owned(),
            access_token: text("/access_token"),
            refresh_token: text("/refresh_token"),
            client,
        }
    }

    /// The same person in the same session, through another client.
    pub(crate) fn at(&self, client: Client) -> Self {
        Self {
            client,
            id: self.id.clone(),
            email: self.email.clone(),
            access_token: self.access_token.clone(),
            refresh_token: self.refresh_token.clone(),
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        answer(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        answer(self.request(Method::POST, path).json(&body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        answer(self.request(Method::PUT, path).json(&body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        answer(self.request(Method::DELETE, path)).await
    }

    /// A request with the access token.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, path).bearer_auth(&self.access_token)
    }
}

impl Service {
    pub(crate) async fn introspect(&self, credential: &str) -> Answer {
        self.introspect_with(json!({ "credential": credential })).await
    }

    pub(crate) async fn introspect_with(&self, body: Value) -> Answer {
        answer(self.request(Method::POST, "/v1/auth/introspect").json(&body)).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        answer(self.request(Method::GET, path)).await
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client
            .request(method, path)
            .basic_auth(&self.id, Some(&self.secret))
    }
}

pub(crate) async fn answer(request: RequestBuilder) -> Answer {
    let response = request.send().await.expect("an answer");
    let (status, headers) = (response.status(), response.headers().clone());
    let text = response.text().await.expect("a body");
    Answer {
        status,
        headers,
        body: serde_json::from_str(&text).unwrap_or_default(),
        text,
    }
}

pub(crate) fn fields(object: &Value) -> Vec<String> {
    let mut names: Vec<String> = object.as_object().expect("an object").keys().cloned().collect();
    names.sort();
    names
}

/// Nobody else's.
pub(crate) fn new_address() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    format!("person{}@example.org", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Oldest first.
pub(crate) fn letters(spool: &Path, email: &str) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(spool) else {
        return Vec::new();
    };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("readable").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "eml"));
    paths.sort();
    let texts = paths
        .iter()
        .map(|path| std::fs::read_to_string(path).expect("readable"));
    texts
        .filter(|text| text.lines().any(|line| line.starts_with("To:") && line.contains(email)))
        .collect()
}
