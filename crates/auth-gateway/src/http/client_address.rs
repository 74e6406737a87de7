//! The client's address, believed only through trusted proxies.

use crate::domain::client_network::ClientNetwork;
use axum::extract::FromRequestParts;
use http::HeaderMap;
use http::request::Parts;
use ipnet::IpNet;
use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

const X_FORWARDED_FOR: &str = "x-forwarded-for";
/// A longer chain than this is not followed.
const MAX_HOPS: usize = 32;

/// The networks whose `X-Forwarded-For` is believed: where the edge runs.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    pub fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// The other end of the connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// Who asked, as far as this program can know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress(IpAddr);

impl ClientAddress {
    /// Walks `X-Forwarded-For` from the right over trusted proxies; the first untrusted address is the client.
    pub(crate) fn resolve(peer: Peer, headers: &HeaderMap, trusted: &TrustedProxies) -> Self {
        let mut client = peer.0.ip().to_canonical();
        if !trusted.trusts(client) {
            return Self(client);
        }
        for claimed in forwarded_for(headers).take(MAX_HOPS) {
            let Some(address) = claimed else { break };
            client = address;
            if !trusted.trusts(address) {
                break;
            }
        }
        Self(client)
    }

    pub fn ip(self) -> IpAddr {
        self.0
    }

    /// What the limits count by.
    pub(crate) fn network(self) -> ClientNetwork {
        self.0.into()
    }
}

impl<S: Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let resolved = parts.extensions.get::<Self>().copied();
        Ok(resolved.unwrap_or(Self(IpAddr::V4(Ipv4Addr::UNSPECIFIED))))
    }
}

/// The addresses of all `X-Forwarded-For` lines, nearest first; `None` where one does not parse.
fn forwarded_for(headers: &HeaderMap) -> impl Iterator<Item = Option<IpAddr>> {
    let lines = headers
        .get_all(X_FORWARDED_FOR)
        .iter()
        .map(|line| line.to_str().unwrap_or(""));
    let all: Vec<&str> = lines.flat_map(|line| line.split(',')).collect();
    all.into_iter().rev().map(|item| parse_address(item.trim()))
}

/// An address, with or without a port.
fn parse_address(text: &str) -> Option<IpAddr> {
    let bracketed = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let plain = text.parse().ok();
    let with_port = || text.parse::<SocketAddr>().ok().map(|socket| socket.ip());
    let in_brackets = || bracketed?.parse::<Ipv6Addr>().ok().map(IpAddr::V6);
    plain
        .or_else(with_port)
        .or_else(in_brackets)
        .map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn resolve(peer: &str, forwarded: &[&str], trusted: &[&str]) -> ClientAddress {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append(X_FORWARDED_FOR, HeaderValue::from_str(line).expect("a header value"));
        }
        let networks = trusted.iter().map(|net| net.parse().expect("a network")).collect();
        let peer = Peer(SocketAddr::new(peer.parse().expect("an address"), 1));
        ClientAddress::resolve(peer, &headers, &TrustedProxies::new(networks))
    }

    #[test]
    fn the_client_is_the_first_untrusted_address_from_the_right() {
        let cases: [(&str, &[&str], &[&str], &str); 9] = [
            ("203.0.113.9", &["1.1.1.1"], &[], "203.0.113.9"),
            ("127.0.0.1", &[], &["127.0.0.0/8"], "127.0.0.1"),
            ("127.0.0.1", &["1.1.1.1"], &["127.0.0.0/8"], "1.1.1.1"),
            (
                "127.0.0.1",
                &["6.6.6.6, 1.1.1.1, 127.0.0.2"],
                &["127.0.0.0/8"],
                "1.1.1.1",
            ),
            ("127.0.0.1", &["6.6.6.6", "1.1.1.1"], &["127.0.0.0/8"], "1.1.1.1"),
            ("10.0.0.1", &["10.0.0.3, 10.0.0.2"], &["10.0.0.0/8"], "10.0.0.3"),
            ("127.0.0.1", &["1.1.1.1, junk"], &["127.0.0.0/8"], "127.0.0.1"),
            (
                "::ffff:127.0.0.1",
                &["[2001:db8::1]:4711"],
                &["127.0.0.0/8"],
                "2001:db8::1",
            ),
            ("127.0.0.1", &["1.1.1.1:55"], &["127.0.0.0/8"], "1.1.1.1"),
        ];
        for (peer, forwarded, trusted, expected) in cases {
            let client = resolve(peer, forwarded, trusted);
            assert_eq!(client.ip().to_string(), expected, "{peer} {forwarded:?}");
        }
    }
}
