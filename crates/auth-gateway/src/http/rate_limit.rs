//! Limits on guessing, by client address: one counter for each limit and client, shared only by newcomers for whom there is
//! no room.
//!
//! Limits by account are the use cases' own. Callers that act for many people, such as the edge asking what a credential is
//! worth, use routes without a limit.

mod clients;

use super::client_address::ClientAddress;
use super::error::{Refusal, whole_seconds};
use crate::domain::client_network::ClientNetwork;
use crate::telemetry::metrics::Metrics;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use clients::Clients;
use governor::clock::{Clock, MonotonicClock, Reference};
use governor::middleware::StateInformationMiddleware;
use governor::{Quota, RateLimiter};
use http::{HeaderMap, HeaderName, HeaderValue};
use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
/// Clients remembered by one limit. Beyond it newcomers share one counter.
const MAX_CLIENTS: usize = 200_000;
/// A full table is looked through for old clients so often at most: each time it is locked for milliseconds.
const FORGETTING: Duration = Duration::from_secs(5);

/// So many requests at once, and as many again over the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    pub requests: NonZeroU32,
    pub window: Duration,
}

impl Allowance {
    pub const fn new(requests: NonZeroU32, window: Duration) -> Self {
        Self { requests, window }
    }

    fn quota(self) -> Quota {
        let each = (self.window / self.requests.get()).max(Duration::from_nanos(1));
        Quota::with_period(each)
            .expect("longer than nothing")
            .allow_burst(self.requests)
    }
}

/// The allowances by limit name, as the configuration has them.
#[derive(Debug, Clone)]
pub struct RateLimits {
    pub default: Allowance,
    pub named: HashMap<String, Allowance>,
}

impl Default for RateLimits {
    fn default() -> Self {
        Self {
            default: Allowance::new(NonZeroU32::new(10).expect("ten"), Duration::from_secs(60)),
            named: HashMap::new(),
        }
    }
}

impl RateLimits {
    pub(crate) fn allowance(&self, name: &str) -> Allowance {
        self.named.get(name).copied().unwrap_or(self.default)
    }
}

/// The counters of one limit. Routes that lead to the same thing share one.
#[derive(Debug)]
pub(crate) struct GuessLimit<C: Clock = MonotonicClock> {
    name: &'static str,
    allowance: Allowance,
    clients: RateLimiter<ClientNetwork, Clients, C, StateInformationMiddleware>,
    clock: C,
    max_clients: usize,
    forgot_at: Mutex<Option<C::Instant>>,
}

/// A request was within its limit. `left` more are, at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Admitted {
    left: u32,
}

impl<C: Clock + Clone> GuessLimit<C> {
    pub(crate) fn new(name: &'static str, allowance: Allowance, clock: C) -> Self {
        Self::for_clients(MAX_CLIENTS, name, allowance, clock)
    }

    fn for_clients(max_clients: usize, name: &'static str, allowance: Allowance, clock: C) -> Self {
        Self {
            name,
            allowance,
            clients: RateLimiter::new(allowance.quota(), Clients::at_most(max_clients), clock.clone()),
            clock,
            max_clients,
            forgot_at: Mutex::default(),
        }
    }

    /// Counts one request of `client`.
    ///
    /// # Errors
    /// How long until the next one is within the limit.
    pub(crate) fn admit(&self, client: ClientNetwork) -> Result<Admitted, Duration> {
        if self.clients.len() >= self.max_clients {
            self.forget_old_clients();
        }
        match self.clients.check_key(&client) {
            Ok(state) => Ok(Admitted {
                left: state.remaining_burst_capacity(),
            }),
            Err(not_until) => Err(not_until.wait_time_from(self.clock.now())),
        }
    }

    fn forget_old_clients(&self) {
        let now = self.clock.now();
        let mut forgot_at = self.forgot_at.lock().unwrap_or_else(PoisonError::into_inner);
        if forgot_at.is_none_or(|before| now.duration_since(before) >= FORGETTING.into()) {
            *forgot_at = Some(now);
            self.clients.retain_recent();
        }
    }

    /// The fields of the IETF's draft on rate-limit headers, version 10.
    fn write_headers(&self, left: u32, wait: Option<Duration>, headers: &mut HeaderMap) {
        let name = self.name;
        let reset = wait.map_or_else(String::new, |wait| format!(";t={}", whole_seconds(wait)));
        let quota = self.allowance.requests;
        let window = whole_seconds(self.allowance.window);
        let texts = [
            (RATE_LIMIT, format!("\"{name}\";r={left}{reset}")),
            (RATE_LIMIT_POLICY, format!("\"{name}\";q={quota};w={window}")),
        ];
        for (header, text) in texts {
            headers.insert(
                header,
                HeaderValue::try_from(text).expect("a limit's name is plain ASCII"),
            );
        }
    }
}

/// What the middleware of one route needs.
#[derive(Debug, Clone)]
pub(crate) struct RouteLimit {
    pub(crate) limit: Arc<GuessLimit>,
    pub(crate) metrics: Arc<Metrics>,
}

pub(crate) async fn rate_limit(
    State(route): State<RouteLimit>,
    client: ClientAddress,
    request: Request,
    next: Next,
) -> Response {
    let admitted = route.limit.admit(client.network());
    let (mut response, left, wait) = match admitted {
        Ok(Admitted { left }) => (next.run(request).await, left, None),
        Err(retry_after) => {
            route.metrics.rate_limited(route.limit.name);
            (
                Refusal::RateLimited { retry_after }.into_response(),
                0,
                Some(retry_after),
            )
        }
    };
    route.limit.write_headers(left, wait, response.headers_mut());
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use governor::clock::FakeRelativeClock;

    fn three_in_half_a_minute() -> Allowance {
        Allowance::new(NonZeroU32::new(3).expect("three"), Duration::from_secs(30))
    }

    fn limit(clock: &FakeRelativeClock) -> GuessLimit<FakeRelativeClock> {
        GuessLimit::new("sign-in", three_in_half_a_minute(), clock.clone())
    }

    fn client(text: &str) -> ClientNetwork {
        text.parse::<std::net::IpAddr>().expect("an address").into()
    }

    #[test]
    fn a_client_has_its_requests_and_gets_one_back_at_a_time() {
        let clock = FakeRelativeClock::default();
        let limit = limit(&clock);
        let one = client("192.0.2.1");
        let left = [2, 1, 0].map(|left| (limit.admit(one), left));
        assert!(
            left.iter()
                .all(|(admitted, left)| *admitted == Ok(Admitted { left: *left }))
        );
        assert_eq!(limit.admit(one), Err(Duration::from_secs(10)));
        clock.advance(Duration::from_secs(10));
        assert!(limit.admit(one).is_ok());
        assert!(limit.admit(one).is_err());
    }

    #[test]
    fn clients_do_not_share_a_counter() {
        let limit = limit(&FakeRelativeClock::default());
        while limit.admit(client("192.0.2.1")).is_ok() {}
        assert!(limit.admit(client("192.0.2.2")).is_ok());
    }

    #[test]
    fn old_clients_are_forgotten_when_there_are_too_many() {
        let clock = FakeRelativeClock::default();
        let limit = GuessLimit::for_clients(2, "sign-in", three_in_half_a_minute(), clock.clone());
        let [one, two, three] = ["192.0.2.1", "192.0.2.2", "192.0.2.3"].map(client);
        while limit.admit(one).is_ok() {}
        assert!(limit.admit(two).is_ok());
        assert_eq!(limit.admit(three), Ok(Admitted { left: 2 }));
        assert_eq!(limit.clients.len(), 2, "no room");
        clock.advance(Duration::from_secs(60));
        assert_eq!(limit.admit(three), Ok(Admitted { left: 2 }));
        assert_eq!(limit.clients.len(), 1);
    }

    #[test]
    fn a_full_table_lets_through_neither_who_is_known_nor_newcomers_together() {
        let limit = GuessLimit::for_clients(2, "sign-in", three_in_half_a_minute(), FakeRelativeClock::default());
        let [one, two, three, four] = ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"].map(client);
        while limit.admit(one).is_ok() {}
        assert_eq!(limit.admit(two), Ok(Admitted { left: 2 }));
        let newcomers = [three, four, three].map(|newcomer| limit.admit(newcomer));
        assert_eq!(newcomers, [2, 1, 0].map(|left| Ok(Admitted { left })));
        for exhausted in [one, three, four] {
            assert_eq!(limit.admit(exhausted), Err(Duration::from_secs(10)));
        }
        assert_eq!(
            limit.admit(two),
            Ok(Admitted { left: 1 }),
            "known, with a counter of its own"
        );
    }

    #[test]
    fn a_full_table_is_looked_through_now_and_then_only() {
        let clock = FakeRelativeClock::default();
        let limit = GuessLimit::for_clients(1, "sign-in", three_in_half_a_minute(), clock.clone());
        let [one, two] = ["192.0.2.1", "192.0.2.2"].map(client);
        assert!(limit.admit(one).is_ok());
        clock.advance(Duration::from_secs(19));
        assert!(
            limit.admit(two).is_ok(),
            "looked through too early for anybody to be old"
        );
        clock.advance(Duration::from_secs(4));
        assert_eq!(limit.admit(two), Ok(Admitted { left: 1 }), "not looked through again");
        clock.advance(Duration::from_secs(1));
        assert_eq!(limit.admit(two), Ok(Admitted { left: 2 }));
    }
}
