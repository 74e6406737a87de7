//! The client's address and scheme, believed only through trusted proxies, and the forwarding headers made from it.

use super::spelling;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const X_FORWARDED_PORT: HeaderName = HeaderName::from_static("x-forwarded-port");
const X_REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");
/// What upstreams are known to learn an address or a scheme from. The edge writes some of them and none other passes.
const FORWARDING: [&str; 11] = [
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-proto",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-prefix",
    "x-forwarded",
    "x-real-ip",
    "x-client-ip",
    "true-client-ip",
    "cf-connecting-ip",
];
/// A longer chain than this is not followed.
const MAX_HOPS: usize = 32;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    Http,
    Https,
}

impl Scheme {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    const fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// The networks whose `X-Forwarded-*` are believed.
#[derive(Debug, Clone, Default)]
pub(crate) struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    pub(crate) fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// An address, and its text, made once: it is sent and logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Peer {
    ip: IpAddr,
    text: HeaderValue,
}

impl Peer {
    /// An IPv4 client on a dual-stack listener is an IPv4 client.
    pub(crate) fn new(ip: IpAddr) -> Self {
        let ip = ip.to_canonical();
        // An address is a valid value.
        let text = HeaderValue::try_from(ip.to_string()).unwrap_or_else(|_| HeaderValue::from_static(""));
        Self { ip, text }
    }

    pub(crate) fn as_str(&self) -> &str {
        self.text.to_str().unwrap_or_default()
    }
}

/// Who asked, and over what, as far as the edge can know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClientAddress {
    pub(crate) scheme: Scheme,
    client: Peer,
    /// The trusted hops between the client and the edge, nearest the client first; without the client.
    hops: Vec<IpAddr>,
}

impl ClientAddress {
    /// Walks `X-Forwarded-For` from the right over trusted proxies; the first untrusted address is the client.
    pub(crate) fn resolve(peer: &Peer, connection: Scheme, headers: &HeaderMap, trusted: &TrustedProxies) -> Self {
        let mut client = Self {
            scheme: connection,
            client: peer.clone(),
            hops: Vec::new(),
        };
        if !trusted.trusts(peer.ip) {
            return client;
        }
        client.scheme = forwarded_scheme(headers).unwrap_or(connection);
        let mut nearest = peer.ip;
        for claimed in forwarded_for(headers).take(MAX_HOPS) {
            let Some(address) = claimed else { break };
            client.hops.insert(0, nearest);
            nearest = address;
            if !trusted.trusts(address) {
                break;
            }
        }
        client.client = Peer::new(nearest);
        client
    }

    pub(crate) fn ip(&self) -> IpAddr {
        self.client.ip
    }

    /// The client's address, without a port.
    pub(crate) fn as_str(&self) -> &str {
        self.client.text.to_str().unwrap_or_default()
    }

    /// The client and every trusted hop after it.
    fn chain(&self) -> HeaderValue {
        let all = std::iter::once(&self.client.ip).chain(&self.hops);
        let chain = all.map(IpAddr::to_string).collect::<Vec<_>>().join(", ");
        HeaderValue::try_from(chain).unwrap_or_else(|_| self.client.text.clone())
    }
}

/// What an upstream is told of a client that asked for a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Forwarded {
    client: ClientAddress,
    host: Option<HeaderValue>,
    chain: HeaderValue,
    port: HeaderValue,
    forwarded: Option<HeaderValue>,
}

impl Forwarded {
    /// `host` is the host the client asked for. `last` is taken if it says the same.
    pub(crate) fn of(client: &ClientAddress, host: Option<&HeaderValue>, last: Option<Arc<Self>>) -> Arc<Self> {
        if let Some(same) = last.filter(|last| last.client == *client && last.host.as_ref() == host) {
            return same;
        }
        let port = host
            .and_then(explicit_port)
            .unwrap_or_else(|| client.scheme.default_port());
        Arc::new(Self {
            client: client.clone(),
            host: host.cloned(),
            chain: client.chain(),
            port: HeaderValue::from(port),
            forwarded: HeaderValue::try_from(forwarded(client, host)).ok(),
        })
    }

    /// The host the client asked for.
    pub(crate) fn host(&self) -> Option<&HeaderValue> {
        self.host.as_ref()
    }

    /// Replaces every forwarding header of a request.
    pub(crate) fn write_headers(&self, request: &mut HeaderMap) {
        remove_other_spellings(request);
        request.insert(X_FORWARDED_FOR, self.chain.clone());
        request.insert(X_FORWARDED_PROTO, HeaderValue::from_static(self.client.scheme.as_str()));
        if let Some(host) = &self.host {
            request.insert(X_FORWARDED_HOST, host.clone());
        }
        request.insert(X_FORWARDED_PORT, self.port.clone());
        request.insert(X_REAL_IP, self.client.client.text.clone());
        if let Some(forwarded) = &self.forwarded {
            request.insert(header::FORWARDED, forwarded.clone());
        }
    }
}

/// RFC 7239 section 4; one element, since the edge vouches for one hop.
fn forwarded(client: &ClientAddress, host: Option<&HeaderValue>) -> String {
    let (open, close) = if client.ip().is_ipv6() {
        ("\"[", "]\"")
    } else {
        ("", "")
    };
    let mut text = ["for=", open, client.as_str(), close, ";proto=", client.scheme.as_str()].concat();
    if let Some(host) = host.and_then(|host| host.to_str().ok()) {
        text.push_str(";host=\"");
        text.push_str(host);
        text.push('"');
    }
    text
}

/// Servers of the CGI kind read `x_real_ip` as `x-real-ip`, so every spelling goes before the edge writes its own.
fn remove_other_spellings(request: &mut HeaderMap) {
    let is_forwarding = |name: &&HeaderName| FORWARDING.iter().any(|known| spelling::same(name.as_str(), known));
    let sent: Vec<HeaderName> = request.keys().filter(is_forwarding).cloned().collect();
    for name in sent {
        request.remove(name);
    }
}

/// The addresses of all `X-Forwarded-For` lines, nearest first; `None` where one does not parse.
fn forwarded_for(headers: &HeaderMap) -> impl Iterator<Item = Option<IpAddr>> {
    let lines = headers
        .get_all(X_FORWARDED_FOR)
        .iter()
        .filter_map(|line| line.to_str().ok());
    let all: Vec<&str> = lines.flat_map(|line| line.split(',')).collect();
    all.into_iter().rev().map(|item| parse_address(item.trim()))
}

/// An address, with or without a port.
fn parse_address(text: &str) -> Option<IpAddr> {
    let bracketed = text.strip_prefix('[').and_then(|rest| rest.split(']').next());
    let address = text
        .parse::<IpAddr>()
        .or_else(|_| text.parse::<SocketAddr>().map(|socket| socket.ip()));
    let address = address.or_else(|error| bracketed.map_or(Err(error), str::parse));
    address.ok().map(|address| address.to_canonical())
}

fn forwarded_scheme(headers: &HeaderMap) -> Option<Scheme> {
    let line = headers.get_all(X_FORWARDED_PROTO).iter().next_back()?.to_str().ok()?;
    match line.rsplit(',').next()?.trim() {
        "https" | "wss" => Some(Scheme::Https),
        "http" | "ws" => Some(Scheme::Http),
        _ => None,
    }
}

fn explicit_port(host: &HeaderValue) -> Option<u16> {
    // The host was found valid before: what follows its last colon, outside an IPv6 address's brackets, is the port.
    host.to_str().ok()?.rsplit_once(':')?.1.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(peer: &str, forwarded: &[&str], trusted: &[&str]) -> ClientAddress {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append(X_FORWARDED_FOR, HeaderValue::from_str(line).expect("a header value"));
        }
        headers.insert(X_FORWARDED_PROTO, HeaderValue::from_static("https"));
        let networks = trusted.iter().map(|net| net.parse().expect("a network")).collect();
        let peer = Peer::new(peer.parse().expect("an address"));
        ClientAddress::resolve(&peer, Scheme::Http, &headers, &TrustedProxies::new(networks))
    }

    #[test]
    fn the_client_is_the_first_untrusted_address_from_the_right() {
        let cases: [(&str, &[&str], &[&str], &str); 8] = [
            ("203.0.113.9", &["1.1.1.1"], &[], "203.0.113.9"),
            ("10.0.0.1", &["1.1.1.1"], &["10.0.0.0/8"], "1.1.1.1"),
            ("10.0.0.1", &["6.6.6.6, 1.1.1.1, 10.0.0.2"], &["10.0.0.0/8"], "1.1.1.1"),
            ("10.0.0.1", &["6.6.6.6", "1.1.1.1"], &["10.0.0.0/8"], "1.1.1.1"),
            ("10.0.0.1", &["10.0.0.3, 10.0.0.2"], &["10.0.0.0/8"], "10.0.0.3"),
            ("10.0.0.1", &["1.1.1.1, junk"], &["10.0.0.0/8"], "10.0.0.1"),
            (
                "::ffff:10.0.0.1",
                &["[2001:db8::1]:4711"],
                &["10.0.0.0/8"],
                "2001:db8::1",
            ),
            ("10.0.0.1", &["1.1.1.1:55"], &["10.0.0.0/8"], "1.1.1.1"),
        ];
        for (peer, forwarded, trusted, expected) in cases {
            assert_eq!(
                resolve(peer, forwarded, trusted).as_str(),
                expected,
                "{peer} {forwarded:?}"
            );
        }
    }

    #[test]
    fn the_scheme_is_believed_from_trusted_proxies_only() {
        assert_eq!(resolve("203.0.113.9", &[], &[]).scheme, Scheme::Http);
        assert_eq!(resolve("10.0.0.1", &[], &["10.0.0.0/8"]).scheme, Scheme::Https);
    }

    #[test]
    fn what_was_told_last_is_told_again_only_of_the_same_client_and_host() {
        let (host, other_host) = (HeaderValue::from_static("a"), HeaderValue::from_static("b"));
        let client = resolve("203.0.113.9", &[], &[]);
        let last = Forwarded::of(&client, Some(&host), None);
        let again = |client: &ClientAddress, host: &HeaderValue| {
            let told = Forwarded::of(client, Some(host), Some(Arc::clone(&last)));
            assert_eq!(*told, *Forwarded::of(client, Some(host), None));
            Arc::ptr_eq(&told, &last)
        };
        assert!(again(&client, &host));
        assert!(!again(&client, &other_host));
        assert!(!again(&resolve("203.0.113.8", &[], &[]), &host));
    }

    #[test]
    fn forwarding_headers_are_rewritten_not_appended() {
        let client = resolve("10.0.0.1", &["6.6.6.6, 2001:db8::1"], &["10.0.0.0/8"]);
        let mut request = HeaderMap::new();
        for (name, value) in [
            ("x-forwarded-for", "6.6.6.6"),
            ("forwarded", "for=6.6.6.6"),
            ("x-real-ip", "6.6.6.6"),
            ("true-client-ip", "6.6.6.6"),
            ("x_forwarded_for", "6.6.6.6"),
            ("x.real.ip", "6.6.6.6"),
        ] {
            request.append(name, HeaderValue::from_static(value));
        }
        let host = HeaderValue::from_static("api.example:8443");
        Forwarded::of(&client, Some(&host), None).write_headers(&mut request);
        let mut lines: Vec<String> = request
            .iter()
            .map(|(n, v)| format!("{n}: {}", v.to_str().expect("ascii")))
            .collect();
        lines.sort();
        assert_eq!(
            lines,
            [
                "forwarded: for=\"[2001:db8::1]\";proto=https;host=\"api.example:8443\"",
                "x-forwarded-for: 2001:db8::1, 10.0.0.1",
                "x-forwarded-host: api.example:8443",
                "x-forwarded-port: 8443",
                "x-forwarded-proto: https",
                "x-real-ip: 2001:db8::1",
            ]
        );
    }
}
