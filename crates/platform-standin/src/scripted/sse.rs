//! An event stream whose events the test sends.

use tokio::sync::broadcast;

use super::{Conn, Script};

/// The test's end of the streams. What it sends goes to every stream open at that moment.
#[derive(Clone)]
pub struct EventSource(broadcast::Sender<Step>);

#[derive(Clone)]
enum Step {
    Event(String),
    End,
}

impl EventSource {
    pub fn new() -> EventSource {
        EventSource(broadcast::channel(1024).0)
    }

    /// Sends these very characters, as one chunk: `"event: x\ndata: 1\n\n"`.
    pub fn send(&self, text: impl Into<String>) {
        // Nobody may be listening; the test can ask.
        let _ = self.0.send(Step::Event(text.into()));
    }

    /// Ends every open stream in order.
    pub fn end(&self) {
        let _ = self.0.send(Step::End);
    }

    /// Streams that are open now.
    pub fn listeners(&self) -> usize {
        self.0.receiver_count()
    }
}

impl Default for EventSource {
    fn default() -> EventSource {
        EventSource::new()
    }
}

/// Answers every request with a stream of the source's events, chunked; its head is sent at once.
pub fn event_stream(source: &EventSource) -> impl Fn(Conn) -> Script + Send + Sync + 'static {
    let source = source.clone();
    move |mut conn| {
        let source = source.clone();
        Box::pin(async move {
            while conn.read_request().await?.is_some() {
                // Before the head: a client that has the head gets every event sent from then on.
                let mut steps = source.0.subscribe();
                conn.write("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-cache\r\ntransfer-encoding: chunked\r\n\r\n").await?;
                loop {
                    tokio::select! {
                        step = steps.recv() => match step {
                            Ok(Step::Event(text)) => conn.write(format!("{:x}\r\n{text}\r\n", text.len())).await?,
                            Ok(Step::End) => break,
                            // More than a thousand events behind, or no source any more: a broken stream says so.
                            Err(_) => return conn.reset(),
                        },
                        // A client sends nothing on a stream: if there is something to read, it is the end.
                        _ = conn.read() => return Ok(()),
                    }
                }
                conn.write("0\r\n\r\n").await?;
            }
            Ok(())
        })
    }
}
