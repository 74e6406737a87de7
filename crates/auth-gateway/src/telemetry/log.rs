//! JSON log lines through `tracing`.
//!
//! Nothing secret is put into a line to begin with: secrets have types that print as `[redacted]`, and requests are named by
//! their route's template. Other crates are heard from `warn` on only, whatever the operator asks for: below that they print
//! mails, statements and headers.

use super::ACCESS;
use std::panic::PanicHookInfo;
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::filter::{EnvFilter, FilterFn, ParseError};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry::Registry;

/// Targets that are ours.
const OURS: [&str; 4] = ["auth_gateway", "event_store", "config_text", ACCESS];

/// A subscriber that writes lines to `writer`. `filter` is in `EnvFilter`'s language, such as `info,auth_gateway=debug`.
///
/// # Errors
/// When `filter` can't be read.
pub fn subscriber<W>(filter: &str, writer: W) -> Result<impl Subscriber + Send + Sync, ParseError>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_writer(writer)
        .with_filter(FilterFn::new(may_speak));
    Ok(Registry::default().with(EnvFilter::try_new(filter)?).with(lines))
}

fn may_speak(metadata: &Metadata<'_>) -> bool {
    let module = metadata.target().split("::").next().unwrap_or_default();
    OURS.contains(&module) || *metadata.level() <= Level::WARN
}

/// Logs where a panic happened and leaves out its text, which may hold anything.
pub fn report_panics_by_place() {
    std::panic::set_hook(Box::new(|panic: &PanicHookInfo<'_>| {
        let place = panic.location().map(tracing::field::display);
        tracing::error!(place, "panicked");
    }));
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;
    use std::sync::{Arc, Mutex};

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

    fn logged(filter: &str, speak: impl FnOnce()) -> String {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = subscriber(filter, move || writer.clone()).expect("a filter");
        tracing::subscriber::with_default(subscriber, speak);
        let bytes = lines.0.lock().expect("not poisoned").clone();
        String::from_utf8(bytes).expect("UTF-8")
    }

    #[test]
    fn a_line_is_one_json_object_with_its_fields_on_top() {
        let text = logged("info", || {
            tracing::warn!(user.id = "u1", "cannot reach\nthe mail server");
        });
        let line: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let fields = ["level", "message", "user.id"].map(|name| line[name].clone());
        assert_eq!(fields, ["WARN", "cannot reach\nthe mail server", "u1"]);
        assert!(line["timestamp"].as_str().expect("text").ends_with('Z'));
    }

    #[test]
    fn other_crates_are_not_heard_below_warn() {
        let text = logged("trace", || {
            tracing::debug!(target: "sqlx::query", "SELECT secret");
            tracing::debug!(target: "auth_gateway::app", "own");
            tracing::warn!(target: "hyper::proto", "theirs");
        });
        assert!(
            !text.contains("secret") && text.contains("own") && text.contains("theirs"),
            "{text}"
        );
    }
}
