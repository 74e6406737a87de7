//! One JSON line per request, handed to a writer thread through a bounded buffer: a slow or full disk never blocks a
//! request, it only costs lines, which are counted. `docs/access-log.md` documents the fields.

use super::json_line::JsonLine;
use super::log_queue::{Lines, Queue};
use super::redaction::redact;
use crate::config::settings::{AccessLogSettings, AccessLogTarget};
use prometheus::IntCounter;
use std::borrow::Cow;
use std::cell::RefCell;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Thread;
use std::time::{Duration, SystemTime};

/// Longer values of a client's choosing are cut.
const MAX_TEXT: usize = 2048;
/// Lines leave in pieces of about this size.
const BUFFER: usize = 64 * 1024;

/// What is known of a finished request, or of one whose head could not be read.
#[derive(Debug)]
pub(crate) struct Entry<'r> {
    pub(crate) request_id: &'r str,
    pub(crate) trace_id: Option<&'r str>,
    pub(crate) client_ip: Option<&'r str>,
    pub(crate) method: Option<&'r str>,
    pub(crate) host: Option<&'r str>,
    /// Canonical; absent when the path was refused.
    pub(crate) path: Option<&'r str>,
    pub(crate) raw_path: Option<&'r [u8]>,
    pub(crate) query: Option<&'r str>,
    pub(crate) protocol: Option<http::Version>,
    pub(crate) route: Option<&'r str>,
    pub(crate) status: u16,
    pub(crate) refusal: Option<&'static str>,
    /// The answer broke off.
    pub(crate) broken: bool,
    pub(crate) bytes_sent: u64,
    pub(crate) bytes_received: u64,
    pub(crate) duration: Duration,
    pub(crate) upstream: Option<&'r str>,
    pub(crate) endpoint: Option<&'r str>,
    pub(crate) upstream_status: Option<u16>,
    pub(crate) upstream_duration: Option<Duration>,
    pub(crate) attempts: usize,
    pub(crate) reused: bool,
    pub(crate) user_agent: Option<&'r str>,
}

impl<'r> Entry<'r> {
    /// Of a request that nothing else is known of.
    pub(crate) fn of(request_id: &'r str) -> Self {
        Self {
            request_id,
            trace_id: None,
            client_ip: None,
            method: None,
            host: None,
            path: None,
            raw_path: None,
            query: None,
            protocol: None,
            route: None,
            status: 0,
            refusal: None,
            broken: false,
            bytes_sent: 0,
            bytes_received: 0,
            duration: Duration::ZERO,
            upstream: None,
            endpoint: None,
            upstream_status: None,
            upstream_duration: None,
            attempts: 0,
            reused: false,
            user_agent: None,
        }
    }
}

/// How long a stopping daemon waits for a log that is not read.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// What the writer is asked for beside lines.
#[derive(Debug, Default)]
struct Asked {
    reopen: AtomicBool,
    /// To write what is queued, and to end.
    finish: AtomicBool,
}

/// The sending end; shared by all requests.
#[derive(Debug)]
pub(crate) struct AccessLog {
    queue: Option<Arc<Queue>>,
    redact_query: Vec<String>,
    dropped: IntCounter,
    asked: Arc<Asked>,
    writer: Mutex<Option<Writer>>,
}

thread_local! {
    /// Where a thread puts its lines together.
    static LINE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

#[derive(Debug)]
struct Writer {
    thread: Thread,
    /// Closed when the thread has ended.
    ended: Receiver<()>,
}

impl AccessLog {
    /// Opens the log and starts its writer.
    pub(crate) fn open(settings: &AccessLogSettings, dropped: IntCounter) -> io::Result<Self> {
        let sink = match &settings.to {
            AccessLogTarget::Off => None,
            AccessLogTarget::Stdout => Some(Sink::Stdout(BufWriter::with_capacity(BUFFER, io::stdout()))),
            AccessLogTarget::File(path) => Some(Sink::open(path.clone())?),
        };
        let mut log = Self {
            queue: None,
            redact_query: settings.redact_query.clone(),
            dropped,
            asked: Arc::default(),
            writer: Mutex::new(None),
        };
        if let Some(sink) = sink {
            let queue = Arc::new(Queue::new(settings.queue));
            let (end, ended) = sync_channel(0);
            let (asked, lines) = (Arc::clone(&log.asked), Arc::clone(&queue));
            let writing = std::thread::Builder::new()
                .name("access-log".to_owned())
                .spawn(move || {
                    write_lines(sink, &lines, &asked);
                    drop(end);
                })?;
            let thread = writing.thread().clone();
            log.queue = Some(queue);
            log.writer = Mutex::new(Some(Writer { thread, ended }));
        }
        Ok(log)
    }

    pub(crate) fn is_off(&self) -> bool {
        self.queue.is_none()
    }

    /// Queues a line, or drops it when the writer is behind.
    pub(crate) fn write(&self, entry: &Entry<'_>) {
        let Some(queue) = &self.queue else { return };
        LINE.with_borrow_mut(|line| {
            write_line(line, entry, &self.redact_query, SystemTime::now());
            if !queue.push(line) {
                self.dropped.inc();
            }
        });
    }

    /// The file is opened again before the next line (after log rotation).
    pub(crate) fn reopen(&self) {
        self.asked.reopen.store(true, Ordering::Release);
    }

    /// Waits until everything queued is written, but not for a reader that never comes. Lines after this are lost.
    pub(crate) fn finish(&self) {
        let Some(writer) = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take() else {
            return;
        };
        self.asked.finish.store(true, Ordering::Release);
        writer.thread.unpark();
        if writer.ended.recv_timeout(LAST_WORDS) == Err(RecvTimeoutError::Timeout) {
            log::warn!("the access log is not read: its last lines are lost");
        }
    }
}

enum Sink {
    Stdout(BufWriter<io::Stdout>),
    File { path: PathBuf, file: BufWriter<File> },
}

impl Sink {
    fn open(path: PathBuf) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(&path)?;
        Ok(Self::File {
            path,
            file: BufWriter::with_capacity(BUFFER, file),
        })
    }

    fn write(&mut self, line: &[u8]) -> io::Result<()> {
        match self {
            Self::Stdout(out) => out.write_all(line),
            Self::File { file, .. } => file.write_all(line),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout(out) => out.flush(),
            Self::File { file, .. } => file.flush(),
        }
    }

    fn reopen(&mut self) -> io::Result<()> {
        if let Self::File { path, .. } = self {
            let path = path.clone();
            self.flush()?;
            *self = Self::open(path)?;
        }
        Ok(())
    }
}

/// How long a line may wait in memory.
const WRITE_EVERY: Duration = Duration::from_millis(50);

/// Writes what has come, then rests: a writer that waited on the queue would have to be woken for every line.
fn write_lines(mut sink: Sink, queue: &Queue, asked: &Asked) {
    let mut trouble = Trouble::default();
    let mut taken = Lines::default();
    loop {
        if asked.reopen.swap(false, Ordering::AcqRel) {
            trouble.note(sink.reopen());
        }
        // Looked at before the queue: what came before the word is written.
        let finish = asked.finish.load(Ordering::Acquire);
        queue.take(&mut taken);
        for line in taken.iter() {
            trouble.note(sink.write(line));
            queue.line_written();
        }
        if !taken.is_empty() {
            trouble.note(sink.flush());
        }
        taken.clear();
        if finish {
            return;
        }
        std::thread::park_timeout(WRITE_EVERY);
    }
}

/// Says once that the log can't be written, and once that it can again.
#[derive(Default)]
struct Trouble {
    failing: bool,
}

impl Trouble {
    fn note(&mut self, result: io::Result<()>) {
        match result {
            Ok(()) if self.failing => log::info!("the access log is written again"),
            Err(error) if !self.failing => log::error!("the access log cannot be written: {error}"),
            _ => return,
        }
        self.failing = !self.failing;
    }
}

/// The fields of a line, in their order.
fn write_line(buffer: &mut Vec<u8>, entry: &Entry<'_>, redact_query: &[String], now: SystemTime) {
    let path = entry
        .path
        .map(Cow::Borrowed)
        .or_else(|| entry.raw_path.map(refused_path));
    let query = entry.query.map(|query| redact(cut(query), redact_query));
    let attempts = (entry.attempts > 1).then_some(entry.attempts as u64);
    let status = |status: u16| u64::from(status);
    JsonLine::begin(buffer)
        .time("ts", now)
        .word("request_id", entry.request_id)
        .maybe("trace_id", entry.trace_id, JsonLine::word)
        .nullable("client_ip", entry.client_ip, JsonLine::word)
        .nullable("method", entry.method.map(cut), JsonLine::text)
        .nullable("host", entry.host.map(cut), JsonLine::text)
        .nullable("path", path.as_deref().map(cut), JsonLine::text)
        .maybe("query", query.as_deref(), JsonLine::text)
        .nullable("protocol", entry.protocol.map(protocol), JsonLine::word)
        .nullable("route", entry.route, JsonLine::word)
        .number("status", status(entry.status))
        .maybe("refusal", entry.refusal, JsonLine::word)
        .flag("broken", entry.broken)
        .number("bytes_sent", entry.bytes_sent)
        .number("bytes_received", entry.bytes_received)
        .seconds("duration", entry.duration)
        .maybe("upstream", entry.upstream, JsonLine::text)
        .maybe("endpoint", entry.endpoint, JsonLine::text)
        .maybe("upstream_status", entry.upstream_status.map(status), JsonLine::number)
        .maybe("upstream_duration", entry.upstream_duration, JsonLine::seconds)
        .maybe("attempts", attempts, JsonLine::number)
        .flag("reused", entry.reused)
        .maybe("user_agent", entry.user_agent.map(cut), JsonLine::text)
        .finish();
}

/// A refused path may hold anything, so a query in it is not looked at.
fn refused_path(raw: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(raw.split(|byte| *byte == b'?').next().unwrap_or_default())
}

fn protocol(version: http::Version) -> &'static str {
    match version {
        http::Version::HTTP_2 => "HTTP/2.0",
        http::Version::HTTP_11 => "HTTP/1.1",
        http::Version::HTTP_10 => "HTTP/1.0",
        _ => "HTTP/0.9",
    }
}

fn cut(text: &str) -> &str {
    let mut end = text.len().min(MAX_TEXT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> Entry<'static> {
        Entry {
            request_id: "0190b2f0-7d5c-7c3a-9b1e-2f6a1c0d9e8f",
            trace_id: None,
            client_ip: Some("203.0.113.9"),
            method: Some("GET"),
            host: Some("api.example"),
            path: Some("/api/v1/memories"),
            raw_path: Some(b"//api/v1/memories?access_token=tok"),
            query: Some("limit=1&access_token=tok&ACCESS%5FTOKEN=tok&access%255Ftoken=tok&flag"),
            protocol: Some(http::Version::HTTP_11),
            route: Some("memory-collection"),
            status: 200,
            refusal: None,
            broken: false,
            bytes_sent: 12,
            bytes_received: 0,
            duration: Duration::from_micros(1500),
            upstream: Some("supabase"),
            endpoint: Some("127.0.0.1:4100"),
            upstream_status: Some(200),
            upstream_duration: Some(Duration::from_millis(1)),
            attempts: 1,
            reused: true,
            user_agent: Some("curl/8"),
        }
    }

    fn text(entry: &Entry<'_>) -> String {
        let names = ["access_token".to_owned()];
        let now = SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_123);
        let mut line = b"what was there before".to_vec();
        write_line(&mut line, entry, &names, now);
        String::from_utf8(line).expect("UTF-8")
    }

    #[test]
    fn a_line_is_one_json_object() {
        insta::assert_snapshot!(text(&entry()), @r#"{"ts":"2023-11-14T22:13:20.123Z","request_id":"0190b2f0-7d5c-7c3a-9b1e-2f6a1c0d9e8f","client_ip":"203.0.113.9","method":"GET","host":"api.example","path":"/api/v1/memories","query":"limit=1&access_token=[redacted]&ACCESS%5FTOKEN=[redacted]&access%255Ftoken=[redacted]&flag","protocol":"HTTP/1.1","route":"memory-collection","status":200,"bytes_sent":12,"bytes_received":0,"duration":0.001500,"upstream":"supabase","endpoint":"127.0.0.1:4100","upstream_status":200,"upstream_duration":0.001000,"reused":true,"user_agent":"curl/8"}"#);
    }

    #[test]
    fn of_an_unread_head_the_line_says_null() {
        insta::assert_snapshot!(text(&Entry { status: 400, ..Entry::of("id") }), @r#"{"ts":"2023-11-14T22:13:20.123Z","request_id":"id","client_ip":null,"method":null,"host":null,"path":null,"protocol":null,"route":null,"status":400,"bytes_sent":0,"bytes_received":0,"duration":0.000000}"#);
    }

    #[test]
    fn a_refused_path_is_logged_without_its_query() {
        let refused = Entry {
            path: None,
            query: None,
            ..entry()
        };
        assert!(text(&refused).contains(r#""path":"//api/v1/memories""#));
        assert!(!text(&refused).contains("tok"));
    }
}
