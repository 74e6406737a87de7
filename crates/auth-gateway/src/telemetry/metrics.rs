//! Prometheus metrics. Labels are bounded: a route's template, never a path; known methods, never a client's word.

use super::letters::Letters;
use crate::crypto::password_hasher::Meters;
use http::Method;
use prometheus::{
    Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
    TextEncoder,
};
use std::sync::Arc;
use std::time::Duration;

/// Seconds; the advised buckets of OpenTelemetry's HTTP conventions, with finer ones below for introspection.
const BUCKETS: [f64; 14] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];
const UNROUTED: &str = "none";
const OTHER_METHOD: &str = "_OTHER";

/// Every metric of the program.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    durations: HistogramVec,
    in_flight: IntGauge,
    rate_limited: IntCounterVec,
    connections_refused: IntCounterVec,
    delivery_backlog: IntGaugeVec,
    /// Open connections of both listeners.
    pub connections: IntGauge,
    pub(crate) password_hashes: Meters,
    pub(crate) letters: Letters,
}

/// A request under way.
#[derive(Debug)]
pub(crate) struct InFlight(Arc<Metrics>);

impl InFlight {
    /// Books the request's end and returns its method as a label. Without `latency` it is only counted: how long a stream
    /// lasted says nothing.
    pub(crate) fn ends(
        &self,
        route: Option<&str>,
        method: &Method,
        status: u16,
        latency: Option<Duration>,
    ) -> &'static str {
        let route = route.unwrap_or(UNROUTED);
        let method = method_label(method);
        let metrics = &self.0;
        let code = status.to_string();
        metrics.requests.with_label_values(&[route, method, &code]).inc();
        if let Some(latency) = latency {
            let class = format!("{}xx", status / 100);
            metrics
                .durations
                .with_label_values(&[route, &class])
                .observe(latency.as_secs_f64());
        }
        method
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.dec();
    }
}

impl Metrics {
    /// # Errors
    /// Only if two metrics share a name.
    pub fn new() -> prometheus::Result<Self> {
        let registry = Registry::new();
        let make = Maker(&registry);
        #[cfg(target_os = "linux")]
        registry.register(Box::new(prometheus::process_collector::ProcessCollector::for_self()))?;
        Ok(Self {
            requests: make.counters(
                "auth_http_requests_total",
                "Requests by route, method and status code",
                &["route", "method", "code"],
            )?,
            durations: make.histograms(
                "auth_http_request_duration_seconds",
                "From the request's head to the answer's end, streams left out",
                &["route", "code_class"],
            )?,
            in_flight: make.gauge("auth_http_inflight_requests", "Requests under way, streams included")?,
            rate_limited: make.counters(
                "auth_rate_limited_total",
                "Requests refused by a limit by address",
                &["limit"],
            )?,
            connections_refused: make.counters(
                "auth_connections_refused_total",
                "Connections closed at once, by the cap they met",
                &["cap"],
            )?,
            delivery_backlog: make.gauges(
                "auth_delivery_backlog",
                "Events that a receiver has not been told of yet",
                &["name"],
            )?,
            connections: make.gauge("auth_connections", "Open connections")?,
            letters: Letters(make.counters(
                "auth_letters_total",
                "Letters, and failed tries to send one, by what became of them",
                &Letters::LABELS,
            )?),
            password_hashes: Meters {
                waiting: make.gauge(
                    "auth_password_hashes_waiting",
                    "Passwords that wait for their turn to be hashed",
                )?,
                running: make.gauge("auth_password_hashes_running", "Passwords being hashed")?,
                refused: make.counter(
                    "auth_password_hashes_refused_total",
                    "Hashings refused because too many waited",
                )?,
                durations: make.histogram("auth_password_hash_duration_seconds", "One hashing, waiting left out")?,
            },
            registry,
        })
    }

    /// For metrics that another module makes and keeps.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// The text exposition format.
    pub fn render(&self) -> String {
        TextEncoder::new()
            .encode_to_string(&self.registry.gather())
            .unwrap_or_else(|error| {
                tracing::error!(%error, "metrics could not be encoded");
                String::new()
            })
    }

    pub(crate) fn request_begins(self: &Arc<Self>) -> InFlight {
        self.in_flight.inc();
        InFlight(Arc::clone(self))
    }

    pub(crate) fn rate_limited(&self, limit: &str) {
        self.rate_limited.with_label_values(&[limit]).inc();
    }

    /// `name` is the receiver's in the configuration.
    pub(crate) fn delivery_backlog(&self, name: &str, events: u64) {
        let events = i64::try_from(events).unwrap_or(i64::MAX);
        self.delivery_backlog.with_label_values(&[name]).set(events);
    }

    pub(crate) fn connection_refused(&self, cap: &str) {
        self.connections_refused.with_label_values(&[cap]).inc();
    }
}

fn method_label(method: &Method) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    let known = KNOWN.into_iter().find(|known| *known == method.as_str());
    known.unwrap_or(OTHER_METHOD)
}

struct Maker<'r>(&'r Registry);

impl Maker<'_> {
    fn counters(&self, name: &str, help: &str, labels: &[&str]) -> prometheus::Result<IntCounterVec> {
        let metric = IntCounterVec::new(Opts::new(name, help), labels)?;
        self.0.register(Box::new(metric.clone()))?;
        Ok(metric)
    }

    fn counter(&self, name: &str, help: &str) -> prometheus::Result<IntCounter> {
        let metric = IntCounter::new(name, help)?;
        self.0.register(Box::new(metric.clone()))?;
        Ok(metric)
    }

    fn gauge(&self, name: &str, help: &str) -> prometheus::Result<IntGauge> {
        let metric = IntGauge::new(name, help)?;
        self.0.register(Box::new(metric.clone()))?;
        Ok(metric)
    }

    fn gauges(&self, name: &str, help: &str, labels: &[&str]) -> prometheus::Result<IntGaugeVec> {
        let metric = IntGaugeVec::new(Opts::new(name, help), labels)?;
        self.0.register(Box::new(metric.clone()))?;
        Ok(metric)
    }

    fn histograms(&self, name: &str, help: &str, labels: &[&str]) -> prometheus::Result<HistogramVec> {
        let metric = HistogramVec::new(HistogramOpts::new(name, help).buckets(BUCKETS.to_vec()), labels)?;
        self.0.register(Box::new(metric.clone()))?;
        Ok(metric)
    }

    fn histogram(&self, name: &str, help: &str) -> prometheus::Result<Histogram> {
        let metric = Histogram::with_opts(HistogramOpts::new(name, help).buckets(BUCKETS.to_vec()))?;
        self.0.register(Box::new(metric.clone()))?;
        Ok(metric)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_come_from_the_program_and_never_from_a_client() {
        let metrics = Arc::new(Metrics::new().expect("distinct names"));
        let method = Method::from_bytes(b"S3CRET").expect("a token");
        assert_eq!(metrics.request_begins().ends(None, &method, 404, None), "_OTHER");
        let text = metrics.render();
        assert!(
            text.contains(r#"auth_http_requests_total{code="404",method="_OTHER",route="none"} 1"#),
            "{text}"
        );
        assert!(text.contains("auth_http_inflight_requests 0"), "{text}");
    }

    #[test]
    fn every_metric_is_documented() {
        let document = include_str!("../../../../docs/auth/metrics.md");
        let metrics = Arc::new(Metrics::new().expect("distinct names"));
        metrics
            .request_begins()
            .ends(None, &Method::GET, 200, Some(Duration::ZERO));
        metrics.rate_limited("x");
        metrics.connection_refused("total");
        metrics.delivery_backlog("x", 1);
        metrics.letters.count("x", "sent");
        let families = metrics.registry().gather();
        let ours = families
            .iter()
            .map(prometheus::proto::MetricFamily::name)
            .filter(|name| name.starts_with("auth_"));
        let missing: Vec<&str> = ours
            .filter(|name| !document.contains(&format!("| `{name}` |")))
            .collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}
