//! Prometheus metrics. Labels are bounded: a route's id, never a path; known methods, never a client's word.

use crate::upstreams::registry::Upstream;
use http::Method;
use prometheus::{
    Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
    TextEncoder,
};
use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

/// Seconds; the advised buckets of OpenTelemetry's HTTP conventions, and 0.3 for a common latency objective.
const BUCKETS: [f64; 15] = [
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.3, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];
const METHODS: [Method; 7] = [
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
    Method::OPTIONS,
];
const OTHER_METHOD: &str = "_OTHER";
const UNROUTED: &str = "none";
const CODE_CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// Every metric of the daemon.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    durations: HistogramVec,
    upstream_durations: HistogramVec,
    /// 1 up, 0 down.
    pub(crate) upstream_up: IntGaugeVec,
    deprecated_hosts: IntCounterVec,
    config_reloads: IntCounterVec,
    config_last_successful: IntGauge,
    config_last_success_time: IntGauge,
    config_info: IntGaugeVec,
    /// Requests under way.
    pub(crate) inflight: IntGauge,
    pub(crate) websockets: IntGauge,
    pub(crate) sse: IntGauge,
    pub(crate) connections: IntGauge,
    pub(crate) connections_refused: IntCounterVec,
    pub(crate) draining: IntGauge,
    pub(crate) log_lines_dropped: IntCounter,
    /// Requests that no route took.
    pub(crate) unrouted: RouteMetrics,
}

/// The metrics of one route, looked up once.
#[derive(Debug)]
pub(crate) struct RouteMetrics {
    id: String,
    requests: IntCounterVec,
    counters: RwLock<HashMap<(u8, u16), IntCounter>>,
    durations: [Histogram; 5],
}

impl RouteMetrics {
    fn new(id: &str, requests: &IntCounterVec, durations: &HistogramVec) -> Self {
        Self {
            id: id.to_owned(),
            requests: requests.clone(),
            counters: RwLock::default(),
            durations: CODE_CLASSES.map(|class| durations.with_label_values(&[id, class])),
        }
    }

    /// Books a finished request; of an unread head nobody knows the method. How long a stream lasted says nothing about latency, so it is only counted.
    pub(crate) fn observe(&self, method: Option<&Method>, status: u16, duration: Duration, is_stream: bool) {
        self.counter(method, status).inc();
        let class = usize::from(status / 100).clamp(1, CODE_CLASSES.len()) - 1;
        if !is_stream {
            self.durations[class].observe(duration.as_secs_f64());
        }
    }

    fn counter(&self, method: Option<&Method>, status: u16) -> IntCounter {
        let index = METHODS.iter().position(|known| Some(known) == method);
        let key = (
            index.and_then(|index| u8::try_from(index).ok()).unwrap_or(u8::MAX),
            status,
        );
        let known = self
            .counters
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&key)
            .cloned();
        known.unwrap_or_else(|| {
            let label = index.map_or(OTHER_METHOD, |index| METHODS[index].as_str());
            let counter = self
                .requests
                .with_label_values(&[self.id.as_str(), label, status.to_string().as_str()]);
            self.counters
                .write()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(key, counter.clone());
            counter
        })
    }
}

impl Metrics {
    /// Fails only if two metrics share a name.
    #[expect(clippy::too_many_lines, reason = "the list of all metrics is long, not deep")]
    pub(crate) fn new() -> prometheus::Result<Self> {
        let registry = Registry::new();
        let make = Maker(&registry);
        let requests = make.counters(
            "edge_http_requests_total",
            "Requests by route, method and status code",
            &["route", "method", "code"],
        )?;
        let durations = make.histograms(
            "edge_http_request_duration_seconds",
            "From the request's head to the answer's end, streams left out",
            &["route", "code_class"],
        )?;
        let build = make.gauges("edge_build_info", "The running build", &["version", "profile"])?;
        build
            .with_label_values(&[env!("CARGO_PKG_VERSION"), crate::build_profile()])
            .set(1);
        #[cfg(target_os = "linux")]
        registry.register(Box::new(prometheus::process_collector::ProcessCollector::for_self()))?;
        Ok(Self {
            unrouted: RouteMetrics::new(UNROUTED, &requests, &durations),
            requests,
            durations,
            upstream_durations: make.histograms(
                "edge_upstream_request_duration_seconds",
                "From the choice of an endpoint to the head of its answer",
                &["upstream"],
            )?,
            upstream_up: make.gauges(
                "edge_upstream_up",
                "Whether an endpoint is up (1) or down (0)",
                &["upstream", "endpoint"],
            )?,
            deprecated_hosts: make.counters(
                "edge_deprecated_host_requests_total",
                "Requests to hosts that have a successor",
                &["hosts"],
            )?,
            config_reloads: make.counters(
                "edge_config_reloads_total",
                "Attempts to load a configuration",
                &["result"],
            )?,
            config_last_successful: make.gauge(
                "edge_config_last_reload_successful",
                "Whether the last attempt to load a configuration succeeded",
            )?,
            config_last_success_time: make.gauge(
                "edge_config_last_reload_success_timestamp_seconds",
                "When the running configuration was loaded",
            )?,
            config_info: make.gauges("edge_config_info", "The running route map", &["hash"])?,
            inflight: make.gauge("edge_inflight_requests", "Requests under way, streams included")?,
            websockets: make.gauge("edge_ws_connections", "Open WebSockets")?,
            sse: make.gauge("edge_sse_connections", "Open event streams")?,
            connections: make.gauge("edge_connections", "Open client connections")?,
            connections_refused: make.counters(
                "edge_connections_refused_total",
                "Connections closed at once, by the cap they met",
                &["cap"],
            )?,
            draining: make.gauge("edge_draining_connections", "Client connections left while draining")?,
            log_lines_dropped: make.counter(
                "edge_access_log_dropped_total",
                "Access-log lines dropped because the log's writer was too slow",
            )?,
            registry,
        })
    }

    pub(crate) fn route(&self, id: &str) -> RouteMetrics {
        RouteMetrics::new(id, &self.requests, &self.durations)
    }

    /// From the choice of an endpoint to the head of its answer.
    pub(crate) fn upstream_durations(&self, upstream: &str) -> Histogram {
        self.upstream_durations.with_label_values(&[upstream])
    }

    /// Shows which endpoints of an upstream are up.
    pub(crate) fn publish_upstream(&self, upstream: &Upstream) {
        for endpoint in &upstream.endpoints {
            let labels = [upstream.spec.name.as_str(), &endpoint.url.to_string()];
            self.upstream_up
                .with_label_values(&labels)
                .set(i64::from(endpoint.is_up()));
        }
    }

    pub(crate) fn deprecated_host(&self, group: &str) {
        self.deprecated_hosts.with_label_values(&[group]).inc();
    }

    pub(crate) fn config_reload(&self, successful: bool) {
        self.config_reloads
            .with_label_values(&[if successful { "success" } else { "failure" }])
            .inc();
        self.config_last_successful.set(i64::from(successful));
    }

    pub(crate) fn config_loaded(&self, hash: &str) {
        self.config_info.reset();
        self.config_info.with_label_values(&[hash]).set(1);
        self.config_last_successful.set(1);
        self.config_last_success_time
            .set(i64::try_from(super::unix_now()).unwrap_or(i64::MAX));
    }

    /// The text exposition format.
    pub(crate) fn render(&self) -> String {
        TextEncoder::new()
            .encode_to_string(&self.registry.gather())
            .unwrap_or_else(|error| {
                log::error!("metrics could not be encoded: {error}");
                String::new()
            })
    }
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

    fn gauges(&self, name: &str, help: &str, labels: &[&str]) -> prometheus::Result<IntGaugeVec> {
        let metric = IntGaugeVec::new(Opts::new(name, help), labels)?;
        self.0.register(Box::new(metric.clone()))?;
        Ok(metric)
    }

    fn gauge(&self, name: &str, help: &str) -> prometheus::Result<IntGauge> {
        let metric = IntGauge::new(name, help)?;
        self.0.register(Box::new(metric.clone()))?;
        Ok(metric)
    }

    fn histograms(&self, name: &str, help: &str, labels: &[&str]) -> prometheus::Result<HistogramVec> {
        let metric = HistogramVec::new(HistogramOpts::new(name, help).buckets(BUCKETS.to_vec()), labels)?;
        self.0.register(Box::new(metric.clone()))?;
        Ok(metric)
    }
}
