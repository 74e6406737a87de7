//! `limits`, `rate_limits` and `api_keys`: bounds of what clients may do.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use config_text::bounded::{Count, Patience, Size, TimeLimit, Within};
use config_text::diagnostic::{Diagnostic, Diagnostics, Spanned};
use config_text::units::write_duration;

use crate::config::code::CONFLICTING_VALUES;
use crate::config::settings::{Allowance, ApiKeys, Limits, RateLimits};

config_text::record! {
    /// Bounds of one connection and one request.
    pub(super) struct RawLimits as "the `limits` section" {
        /// A longer body is answered 413.
        body: default("100KiB") Size<1024>,
        /// From a request's last header to the last byte of its body.
        body_time: default("10s") TimeLimit,
        /// From a request's last header to its answer; event streams have no such limit.
        request_time: default("30s") TimeLimit,
        /// Open connections, in all.
        connections: default(4096) Count<1, { usize::MAX }>,
        /// Open connections of one address; trusted proxies have the total alone.
        connections_per_address: default(128) Count<1, { usize::MAX }>,
        /// For a request's whole head, and between two requests of a connection.
        header_timeout: default("10s") TimeLimit,
    }
}

config_text::record! {
    /// Limits on guessing, by client address. Each has a counter of its own.
    pub(super) struct RawRateLimits as "the `rate_limits` section" {
        /// For those that are not written here.
        default: default({ "requests": 10, "window": "1m" }) RawAllowance,
        /// Logins with a password.
        login: optional RawAllowance,
        /// Registrations.
        signup: optional RawAllowance,
        /// Refreshes of tokens.
        refresh: optional RawAllowance,
        /// Requests for a message with a link: verification of an address, reset of a password.
        mail: optional RawAllowance,
        /// Questions whether a token or key that the caller sends is valid.
        verify: optional RawAllowance,
    }
}

config_text::record! {
    /// So many requests at once, and as many again over the window.
    pub(super) struct RawAllowance as "a rate limit" {
        /// Requests of one client.
        requests: required Count<1, 1_000_000>,
        /// From a second to a day.
        window: required Within<1, 86_400>,
    }
}

config_text::record! {
    /// Keys that users make for programs.
    pub(super) struct RawApiKeys as "the `api_keys` section" {
        /// How long a rotated key still works, unless the caller says otherwise.
        rotation_overlap: default("1d") Spanned<Patience>,
        /// The longest that a caller may ask for.
        longest_overlap: default("30d") Patience,
        /// Keys of one user that are neither revoked nor expired.
        per_user: default(100) Count<1, 100_000>,
    }
}

pub(super) fn limits(raw: &RawLimits) -> Limits {
    Limits {
        body: usize::try_from(raw.body.0.bytes()).unwrap_or(usize::MAX),
        body_time: raw.body_time.0,
        request_time: raw.request_time.0,
        connections: raw.connections.0,
        connections_per_address: raw.connections_per_address.0,
        header_timeout: raw.header_timeout.0,
    }
}

pub(super) fn rate_limits(raw: &RawRateLimits) -> RateLimits {
    let written = [
        ("login", &raw.login),
        ("signup", &raw.signup),
        ("refresh", &raw.refresh),
        ("mail", &raw.mail),
        ("verify", &raw.verify),
    ];
    let named = written
        .into_iter()
        .filter_map(|(name, raw)| Some((name, allowance(raw.as_ref()?))));
    RateLimits {
        default: allowance(&raw.default),
        named: named.collect::<BTreeMap<_, _>>(),
    }
}

fn allowance(raw: &RawAllowance) -> Allowance {
    let requests = u32::try_from(raw.requests.0).unwrap_or(u32::MAX);
    Allowance {
        requests: NonZeroU32::new(requests).unwrap_or(NonZeroU32::MIN),
        window: raw.window.0,
    }
}

pub(super) fn api_keys(raw: &RawApiKeys, cx: &mut Diagnostics) -> ApiKeys {
    if raw.rotation_overlap.value.0 > raw.longest_overlap.0 {
        let message = "rotation would leave the old key alive for longer than anyone may ask for";
        let label = format!("at most `longest_overlap`, {}", write_duration(raw.longest_overlap.0));
        cx.push(Diagnostic::error(CONFLICTING_VALUES, raw.rotation_overlap.span, message).label(label));
    }
    ApiKeys {
        rotation_overlap: raw.rotation_overlap.value.0,
        longest_overlap: raw.longest_overlap.0,
        per_user: raw.per_user.0,
    }
}
