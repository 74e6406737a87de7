//! The running configuration: one immutable snapshot, swapped whole on reload; counts that outlive every swap.

use crate::config::{GatewaySettings, RouteMap};
use crate::telemetry::access_log::AccessLog;
use crate::telemetry::metrics::{Metrics, RouteMetrics};
use crate::telemetry::unix_now;
use crate::upstreams::registry::Registry;
use arc_swap::ArcSwap;
use prometheus::Histogram;
use serde::Serialize;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// Everything a request needs, consistent in itself for the request's whole life.
#[derive(Debug)]
pub(crate) struct Snapshot {
    pub(crate) settings: GatewaySettings,
    pub(crate) map: RouteMap,
    pub(crate) registry: Registry,
    /// In the order of the route table.
    pub(crate) route_metrics: Vec<RouteMetrics>,
    /// Seconds to an upstream's answer, in the order of the registry.
    pub(crate) upstream_durations: Vec<Histogram>,
}

/// How the last attempt to load a configuration ended.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct LastReload {
    /// Seconds since the Unix epoch.
    pub(crate) at: u64,
    pub(crate) successful: bool,
    /// The first line of what was wrong.
    pub(crate) error: Option<String>,
}

/// Shared by every part of the daemon.
#[derive(Debug)]
pub(crate) struct Gateway {
    current: ArcSwap<Snapshot>,
    pub(crate) metrics: Metrics,
    pub(crate) access_log: AccessLog,
    pub(crate) started: Instant,
    draining: AtomicBool,
    ready: AtomicBool,
    last_reload: Mutex<LastReload>,
    pub(crate) open: OpenCounts,
}

/// Requests and streams under way.
#[derive(Debug, Default)]
pub(crate) struct OpenCounts {
    pub(crate) requests: AtomicU64,
    pub(crate) websockets: AtomicU64,
    pub(crate) sse: AtomicU64,
}

/// Counts one while it lives.
#[derive(Debug)]
pub(crate) struct OpenGuard {
    gateway: Arc<Gateway>,
    count: fn(&OpenCounts) -> &AtomicU64,
}

impl OpenGuard {
    pub(crate) fn new(gateway: &Arc<Gateway>, count: fn(&OpenCounts) -> &AtomicU64) -> Self {
        count(&gateway.open).fetch_add(1, Ordering::Relaxed);
        Self {
            gateway: Arc::clone(gateway),
            count,
        }
    }
}

impl Drop for OpenGuard {
    fn drop(&mut self) {
        (self.count)(&self.gateway.open).fetch_sub(1, Ordering::Relaxed);
    }
}

impl Gateway {
    pub(crate) fn new(first: Snapshot, metrics: Metrics, access_log: AccessLog) -> Self {
        metrics.config_loaded(&first.map.hash);
        Self {
            current: ArcSwap::from_pointee(first),
            metrics,
            access_log,
            started: Instant::now(),
            draining: AtomicBool::new(false),
            ready: AtomicBool::new(false),
            last_reload: Mutex::new(LastReload {
                at: unix_now(),
                successful: true,
                error: None,
            }),
            open: OpenCounts::default(),
        }
    }

    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        self.current.load_full()
    }

    /// Takes a new configuration live.
    pub(crate) fn replace(&self, next: Snapshot) {
        self.metrics.config_loaded(&next.map.hash);
        self.current.store(Arc::new(next));
        self.note_reload(None);
    }

    /// Books a failed reload: the running configuration stays.
    pub(crate) fn reload_failed(&self, error: String) {
        self.note_reload(Some(error));
    }

    fn note_reload(&self, error: Option<String>) {
        self.metrics.config_reload(error.is_none());
        let outcome = LastReload {
            at: unix_now(),
            successful: error.is_none(),
            error,
        };
        *self.last_reload.lock().unwrap_or_else(PoisonError::into_inner) = outcome;
    }

    pub(crate) fn last_reload(&self) -> LastReload {
        self.last_reload.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn start_draining(&self) {
        self.draining.store(true, Ordering::Release);
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }

    pub(crate) fn set_ready(&self) {
        self.ready.store(true, Ordering::Release);
    }

    /// Listeners serve and no drain has begun.
    pub(crate) fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Acquire) && !self.is_draining()
    }
}
