//! The client's address and scheme, believed only through trusted proxies, and the forwarding headers made from it.

use super::spelling;
use http::{HeaderMap, HeaderName, HeaderValue};
use ipnet::IpNet;
use pingora_http::RequestHeader;
use std::net::{IpAddr, SocketAddr};

const X_FORWARDED_FOR: &str = "X-Forwarded-For";
const X_FORWARDED_PROTO: &str = "X-Forwarded-Proto";
const X_FORWARDED_HOST: &str = "X-Forwarded-Host";
const X_FORWARDED_PORT: &str = "X-Forwarded-Port";
const X_REAL_IP: &str = "X-Real-IP";
const FORWARDED: &str = "Forwarded";
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

/// Who asked, and over what, as far as the edge can know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClientAddress {
    pub(crate) ip: IpAddr,
    pub(crate) scheme: Scheme,
    /// `ip` as text, made once: it is sent and logged.
    text: String,
    /// The trusted hops between the client and the edge, nearest the client first; without the client.
    hops: Vec<IpAddr>,
}

impl ClientAddress {
    /// Walks `X-Forwarded-For` from the right over trusted proxies; the first untrusted address is the client.
    pub(crate) fn resolve(peer: SocketAddr, connection: Scheme, headers: &HeaderMap, trusted: &TrustedProxies) -> Self {
        let peer_ip = canonical(peer.ip());
        let mut client = Self {
            ip: peer_ip,
            scheme: connection,
            text: peer_ip.to_string(),
            hops: Vec::new(),
        };
        if !trusted.trusts(peer_ip) {
            return client;
        }
        client.scheme = forwarded_scheme(headers).unwrap_or(connection);
        for claimed in forwarded_for(headers).take(MAX_HOPS) {
            let Some(address) = claimed else { break };
            client.hops.insert(0, client.ip);
            client.ip = address;
            if !trusted.trusts(address) {
                break;
            }
        }
        client.text = client.ip.to_string();
        client
    }

    /// The client's address, without a port.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Replaces every forwarding header by what the edge knows. `host` is the host the client asked for.
    pub(crate) fn write_headers(&self, request: &mut RequestHeader, host: Option<&HeaderValue>) {
        remove_other_spellings(request);
        let ip = HeaderValue::from_str(&self.text).ok();
        let chain = match self.hops.as_slice() {
            [] => ip.clone(),
            _ => HeaderValue::try_from(self.chain()).ok(),
        };
        let port = host
            .and_then(explicit_port)
            .unwrap_or_else(|| self.scheme.default_port());
        let scheme = HeaderValue::from_static(self.scheme.as_str());
        set(request, X_FORWARDED_FOR, chain);
        set(request, X_FORWARDED_PROTO, Some(scheme));
        set(request, X_FORWARDED_HOST, host.cloned());
        set(request, X_FORWARDED_PORT, Some(HeaderValue::from(port)));
        set(request, X_REAL_IP, ip);
        set(request, FORWARDED, HeaderValue::try_from(self.forwarded(host)).ok());
    }

    /// The client and every trusted hop after it.
    fn chain(&self) -> String {
        let all = std::iter::once(&self.ip).chain(&self.hops).map(IpAddr::to_string);
        all.collect::<Vec<_>>().join(", ")
    }

    /// RFC 7239 section 4; one element, since the edge vouches for one hop.
    fn forwarded(&self, host: Option<&HeaderValue>) -> String {
        let (open, close) = if self.ip.is_ipv6() { ("\"[", "]\"") } else { ("", "") };
        let mut text = ["for=", open, &self.text, close, ";proto=", self.scheme.as_str()].concat();
        if let Some(host) = host.and_then(|host| host.to_str().ok()) {
            text.push_str(";host=\"");
            text.push_str(host);
            text.push('"');
        }
        text
    }
}

/// Servers of the CGI kind read `x_real_ip` as `x-real-ip`, so every spelling goes before the edge writes its own.
fn remove_other_spellings(request: &mut RequestHeader) {
    let is_forwarding = |name: &&HeaderName| FORWARDING.iter().any(|known| spelling::same(name.as_str(), known));
    let sent: Vec<HeaderName> = request.headers.keys().filter(is_forwarding).cloned().collect();
    for name in &sent {
        request.remove_header(name);
    }
}

fn set(request: &mut RequestHeader, name: &'static str, value: Option<HeaderValue>) {
    match value {
        // Cannot fail below the header map's capacity, and the request head is bounded.
        Some(value) => drop(request.insert_header(name, value)),
        None => drop(request.remove_header(name)),
    }
}

/// An IPv4 client on a dual-stack listener is an IPv4 client.
fn canonical(ip: IpAddr) -> IpAddr {
    ip.to_canonical()
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
    address.ok().map(canonical)
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
        let peer = SocketAddr::new(peer.parse().expect("an address"), 1);
        ClientAddress::resolve(peer, Scheme::Http, &headers, &TrustedProxies::new(networks))
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
                resolve(peer, forwarded, trusted).ip.to_string(),
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
    fn forwarding_headers_are_rewritten_not_appended() {
        let client = resolve("10.0.0.1", &["6.6.6.6, 2001:db8::1"], &["10.0.0.0/8"]);
        let mut request = RequestHeader::build("GET", b"/", None).expect("a valid head");
        for (name, value) in [
            ("x-forwarded-for", "6.6.6.6"),
            ("forwarded", "for=6.6.6.6"),
            ("x-real-ip", "6.6.6.6"),
            ("true-client-ip", "6.6.6.6"),
            ("x_forwarded_for", "6.6.6.6"),
            ("x.real.ip", "6.6.6.6"),
        ] {
            request.append_header(name, value).expect("a valid header");
        }
        client.write_headers(&mut request, Some(&HeaderValue::from_static("api.example:8443")));
        let mut lines: Vec<String> = request
            .headers
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
