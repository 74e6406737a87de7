//! One endpoint's live state: its addresses, whether it is up, and what its last check said.

use super::connector::Connector;
use super::spec::EndpointUrl;
use arc_swap::ArcSwap;
use serde::Serialize;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Why an endpoint counts as down, or what its last check found. Never carries anything of a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CheckError {
    #[error("the host name does not resolve")]
    Unresolved,
    #[error("no connection: {0}")]
    Connect(String),
    #[error("no answer within {0:?}")]
    Timeout(Duration),
    #[error("answered with status {0}")]
    Status(u16),
    #[error("broken answer: {0}")]
    Answer(String),
}

#[derive(Debug, Clone, Default)]
struct Streak {
    successes: u32,
    failures: u32,
    latency: Option<Duration>,
    last_error: Option<CheckError>,
}

#[derive(Debug)]
pub(crate) struct Endpoint {
    pub(crate) url: EndpointUrl,
    pub(crate) backup: bool,
    pub(crate) connector: Arc<Connector>,
    addresses: ArcSwap<Vec<SocketAddr>>,
    next_address: AtomicUsize,
    up: AtomicBool,
    streak: Mutex<Streak>,
}

/// The state view of an endpoint.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct EndpointState {
    pub(crate) url: String,
    pub(crate) backup: bool,
    pub(crate) up: bool,
    /// Milliseconds of the last successful check.
    pub(crate) latency_ms: Option<f64>,
    pub(crate) last_error: Option<String>,
}

impl Endpoint {
    pub(crate) fn new(url: EndpointUrl, backup: bool, connector: Connector) -> Self {
        let literal: Vec<SocketAddr> = url
            .host
            .parse()
            .map(|ip| vec![SocketAddr::new(ip, url.port)])
            .unwrap_or_default();
        Self {
            url,
            backup,
            connector: Arc::new(connector),
            addresses: ArcSwap::from_pointee(literal),
            next_address: AtomicUsize::new(0),
            up: AtomicBool::new(true),
            streak: Mutex::default(),
        }
    }

    /// Up until a check says otherwise.
    pub(crate) fn is_up(&self) -> bool {
        self.up.load(Ordering::Relaxed)
    }

    /// The next of its addresses; resolves the name when it has none yet.
    pub(crate) async fn address(&self) -> Result<SocketAddr, CheckError> {
        if self.addresses.load().is_empty() {
            self.resolve().await?;
        }
        let addresses = self.addresses.load();
        let turn = self.next_address.fetch_add(1, Ordering::Relaxed);
        addresses
            .get(turn % addresses.len().max(1))
            .copied()
            .ok_or(CheckError::Unresolved)
    }

    /// Looks a host name up again; the old addresses stay when that fails.
    pub(crate) async fn resolve(&self) -> Result<(), CheckError> {
        if self.url.host.parse::<std::net::IpAddr>().is_ok() {
            return Ok(());
        }
        let found = tokio::net::lookup_host((self.url.host.as_str(), self.url.port)).await;
        let mut addresses: Vec<SocketAddr> = found.map_err(|_| CheckError::Unresolved)?.collect();
        // IPv4 first: a host without IPv6 connectivity still gets AAAA records.
        addresses.sort_by_key(SocketAddr::is_ipv6);
        addresses.dedup();
        if addresses.is_empty() {
            return Err(CheckError::Unresolved);
        }
        self.addresses.store(Arc::new(addresses));
        Ok(())
    }

    /// Books a check's result; returns the new state when it changed.
    pub(crate) fn record(
        &self,
        result: Result<Duration, CheckError>,
        unhealthy_after: u32,
        healthy_after: u32,
    ) -> Option<bool> {
        let mut streak = self.streak();
        match result {
            Ok(latency) => {
                *streak = Streak {
                    successes: streak.successes.saturating_add(1),
                    failures: 0,
                    latency: Some(latency),
                    last_error: None,
                };
            }
            Err(error) => {
                let failures = streak.failures.saturating_add(1);
                *streak = Streak {
                    successes: 0,
                    failures,
                    latency: streak.latency,
                    last_error: Some(error),
                };
            }
        }
        let was_up = self.is_up();
        let up = if was_up {
            streak.failures < unhealthy_after
        } else {
            streak.successes >= healthy_after
        };
        self.up.store(up, Ordering::Relaxed);
        (up != was_up).then_some(up)
    }

    pub(crate) fn state(&self) -> EndpointState {
        let streak = self.streak().clone();
        EndpointState {
            url: self.url.to_string(),
            backup: self.backup,
            up: self.is_up(),
            latency_ms: streak
                .latency
                .map(|latency| (latency.as_secs_f64() * 1e6).round() / 1e3),
            last_error: streak.last_error.map(|error| error.to_string()),
        }
    }

    fn streak(&self) -> MutexGuard<'_, Streak> {
        self.streak.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_goes_down_and_up_after_the_configured_streaks() {
        let url = EndpointUrl::parse("http://127.0.0.1:1").expect("valid");
        let endpoint = Endpoint::new(url, false, Connector::plain());
        let fail = || Err(CheckError::Status(500));
        let succeed = || Ok(Duration::from_millis(3));
        assert_eq!(endpoint.record(fail(), 2, 2), None);
        assert_eq!(endpoint.record(succeed(), 2, 2), None);
        assert_eq!(endpoint.record(fail(), 2, 2), None);
        assert_eq!(endpoint.record(fail(), 2, 2), Some(false));
        assert_eq!(endpoint.state().last_error.as_deref(), Some("answered with status 500"));
        assert_eq!(endpoint.record(succeed(), 2, 2), None);
        assert_eq!(endpoint.record(succeed(), 2, 2), Some(true));
        assert_eq!(endpoint.state().latency_ms, Some(3.0));
    }
}
