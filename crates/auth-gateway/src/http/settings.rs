//! What the configuration says about everything around the endpoints.

use super::client_address::TrustedProxies;
use super::rate_limit::{Allowance, RateLimits};
use super::{BaseSettings, BodyLimits, ConnectionLimits, CorsPolicy};
use crate::config::origin::OriginPattern;
use crate::config::{Settings, settings};

pub(crate) fn base_settings(settings: &Settings) -> BaseSettings {
    let allowance = |allowance: settings::Allowance| Allowance::new(allowance.requests, allowance.window);
    let named = settings
        .rates
        .named
        .iter()
        .map(|(name, allowed)| ((*name).to_owned(), allowance(*allowed)));
    BaseSettings {
        trusted_proxies: TrustedProxies::new(settings.trusted_proxies.clone()),
        cors: CorsPolicy::new(allowed_origins(settings)),
        body: BodyLimits {
            bytes: settings.limits.body,
            time: settings.limits.body_time,
            ..BodyLimits::default()
        },
        rate_limits: RateLimits {
            default: allowance(settings.rates.default),
            named: named.collect(),
        },
        answer_time: settings.limits.request_time,
    }
}

/// The gateway's own pages too: browsers send `Origin` with their forms.
fn allowed_origins(settings: &Settings) -> Vec<OriginPattern> {
    let own = OriginPattern::Exact(settings.issuer.origin().to_owned());
    settings.cors_origins.iter().cloned().chain([own]).collect()
}

pub(crate) fn connection_limits(settings: &Settings) -> ConnectionLimits {
    ConnectionLimits {
        total: settings.limits.connections,
        per_address: settings.limits.connections_per_address,
        unlimited: TrustedProxies::new(settings.trusted_proxies.clone()),
        head_time: settings.limits.header_timeout,
        write_time: settings.limits.request_time,
        drain: settings.drain,
        ..ConnectionLimits::default()
    }
}
