//! A gateway with the base around it and endpoints of a test's own, and the log it writes.

pub(crate) mod gateway;
pub(crate) mod start;

use auth_gateway::http::route::{Route, router};
use auth_gateway::http::{BaseSettings, Check, ConnectionLimits, Probe, Readiness, serve};
use auth_gateway::telemetry::{log, metrics::Metrics};
use axum::extract::FromRef;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

#[derive(Debug, Clone)]
pub(crate) struct State {
    probe: Arc<Probe>,
}

impl FromRef<State> for Arc<Probe> {
    fn from_ref(state: &State) -> Self {
        Arc::clone(&state.probe)
    }
}

/// What a test's dependencies say.
#[derive(Debug, Clone)]
pub(crate) struct Says {
    pub(crate) issuer: Option<&'static str>,
    pub(crate) database: Check,
    pub(crate) mail: Check,
}

impl Default for Says {
    fn default() -> Self {
        Self {
            issuer: Some("https://auth.example.org"),
            database: Check::Pass,
            mail: Check::Pass,
        }
    }
}

#[async_trait::async_trait]
impl Readiness for Says {
    fn issuer(&self) -> Option<String> {
        self.issuer.map(str::to_owned)
    }
    async fn database(&self) -> Check {
        self.database
    }
    async fn sessions(&self) -> Check {
        self.database
    }
    async fn signing_keys(&self) -> Check {
        Check::Pass
    }
    async fn mail(&self) -> Check {
        self.mail
    }
    fn draining(&self) -> bool {
        false
    }
}

pub(crate) struct Gateway {
    pub(crate) address: SocketAddr,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) client: reqwest::Client,
    stop: Option<oneshot::Sender<()>>,
    served: JoinHandle<()>,
}

impl Gateway {
    pub(crate) async fn with(table: Vec<Route<State>>) -> Self {
        Self::start(
            table,
            BaseSettings::default(),
            ConnectionLimits::default(),
            Says::default(),
        )
        .await
    }

    pub(crate) async fn start(
        table: Vec<Route<State>>,
        settings: BaseSettings,
        limits: ConnectionLimits,
        says: Says,
    ) -> Self {
        logged();
        let metrics = Arc::new(Metrics::new().expect("distinct names"));
        let probe = Arc::new(Probe::new(Arc::new(says)));
        let router = router(table, State { probe }, &settings, &metrics);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let (stop, stopped) = oneshot::channel::<()>();
        let shutdown = async { drop(stopped.await) };
        let served = tokio::spawn(serve(listener, router, limits, Arc::clone(&metrics), shutdown));
        Self {
            address,
            metrics,
            client: reqwest::Client::new(),
            stop: Some(stop),
            served,
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) async fn get(&self, path: &str) -> reqwest::Response {
        self.client.get(self.url(path)).send().await.expect("an answer")
    }

    /// Begins the shutdown.
    pub(crate) fn stop(&mut self) {
        drop(self.stop.take());
    }

    /// After `stop`: completes when nothing is served any more.
    pub(crate) async fn served(self) {
        self.served.await.expect("did not panic");
    }
}

pub(crate) fn header<'r>(response: &'r reqwest::Response, name: &str) -> Option<&'r str> {
    response.headers().get(name).map(|value| value.to_str().expect("ASCII"))
}

/// Polls until `found` finds something.
pub(crate) async fn eventually<T>(mut found: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(Instant::now() < deadline, "did not happen");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Asks again until it is so.
pub(crate) async fn eventually_async(mut is_so: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !is_so().await {
        assert!(Instant::now() < deadline, "did not happen");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("not poisoned").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Everything this test binary's gateways have logged so far.
pub(crate) fn logged() -> String {
    static LINES: OnceLock<Lines> = OnceLock::new();
    let lines = LINES.get_or_init(|| {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = log::subscriber("trace", move || writer.clone()).expect("a filter");
        tracing::subscriber::set_global_default(subscriber).expect("the only one");
        log::report_panics_by_place();
        lines
    });
    String::from_utf8(lines.0.lock().expect("not poisoned").clone()).expect("UTF-8")
}

/// The access line of a request.
pub(crate) async fn access_line(request_id: &str) -> serde_json::Value {
    eventually(|| {
        let text = logged();
        let of_request = |line: &&str| line.contains(request_id) && line.contains(r#""target":"access""#);
        text.lines()
            .find(of_request)
            .map(|line| serde_json::from_str(line).expect("JSON"))
    })
    .await
}
