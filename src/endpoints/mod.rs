//! What the edge answers itself: health, status, the public view of its policy, and static files.

mod health;
mod route_policy;
pub(crate) mod static_files;

use crate::answer::{Denied, Reply};
use crate::config::settings::Audience;
use crate::live::{Gateway, Snapshot};
use crate::routes::target::Endpoint;
use http::{HeaderValue, header};
use std::net::IpAddr;

/// Answers a built-in endpoint. `client` is who asked, through trusted proxies.
pub(crate) fn answer(
    endpoint: Endpoint,
    gateway: &Gateway,
    snapshot: &Snapshot,
    client: Option<IpAddr>,
) -> Result<Reply, Denied> {
    let reply = match endpoint {
        Endpoint::Health => health::summary(gateway, snapshot),
        Endpoint::HealthFull if may_read(&snapshot.settings.health_full, client) => health::full(gateway, snapshot),
        Endpoint::HealthFull => return Err(Denied::PrivateEndpoint),
        Endpoint::Status => health::status(gateway, snapshot),
        Endpoint::RoutePolicy => route_policy::answer(snapshot),
    };
    Ok(reply.with(header::CACHE_CONTROL, HeaderValue::from_static("no-store")))
}

/// The JSON of the admin listener's state view.
pub(crate) fn state(gateway: &Gateway, snapshot: &Snapshot) -> serde_json::Value {
    health::state(gateway, snapshot)
}

fn may_read(audience: &Audience, client: Option<IpAddr>) -> bool {
    match (audience, client) {
        (Audience::Anyone, _) => true,
        (Audience::Private, Some(ip)) => is_private(ip),
        (Audience::Networks(networks), Some(ip)) => networks.iter().any(|network| network.contains(&ip)),
        (Audience::Private | Audience::Networks(_), None) => false,
    }
}

/// Loopback, private (RFC 1918), unique local (RFC 4193) and link-local addresses.
fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_audience_may_read_the_full_health() {
        let ip = |text: &str| Some(text.parse::<IpAddr>().expect("an address"));
        for private in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.1.1",
            "::1",
            "fd00::1",
            "fe80::1",
        ] {
            assert!(may_read(&Audience::Private, ip(private)), "{private}");
        }
        for public in ["8.8.8.8", "172.32.0.1", "2001:db8::1"] {
            assert!(!may_read(&Audience::Private, ip(public)), "{public}");
            assert!(may_read(&Audience::Anyone, ip(public)));
        }
        let one = Audience::Networks(vec!["8.8.8.0/24".parse().expect("a network")]);
        assert!(may_read(&one, ip("8.8.8.8")));
        assert!(!may_read(&one, ip("127.0.0.1")));
        assert!(!may_read(&Audience::Private, None));
    }
}
