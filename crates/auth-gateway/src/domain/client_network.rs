//! Whom limits take for one client: an IPv4 address, or the /64 of an IPv6 address, what a household or a server gets (RFC 6177).

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// One client's network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ClientNetwork(IpAddr);

impl From<IpAddr> for ClientNetwork {
    fn from(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V4(v4) => v4.into(),
            IpAddr::V6(v6) => {
                let [a, b, c, d, ..] = v6.segments();
                Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
            }
        })
    }
}

/// Counters are kept under this text: another one would forget them.
impl fmt::Display for ClientNetwork {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpAddr::V4(v4) => v4.fmt(formatter),
            IpAddr::V6(v6) => {
                let [a, b, c, d, ..] = v6.segments();
                write!(formatter, "{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ClientNetwork;

    fn network(text: &str) -> ClientNetwork {
        ClientNetwork::from(text.parse::<std::net::IpAddr>().expect("an address"))
    }

    #[test]
    fn neighbours_in_an_ipv6_network_are_one_client() {
        assert_eq!(network("2001:db8::1"), network("2001:db8::ffff:1"));
        assert_ne!(network("2001:db8::1"), network("2001:db8:0:1::1"));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
        assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
    }

    #[test]
    fn its_text_stays_what_counters_are_kept_under() {
        let texts = ["2001:db8::ffff:1", "::ffff:192.0.2.1"].map(|text| network(text).to_string());
        assert_eq!(texts, ["2001:db8:0:0::/64", "192.0.2.1"]);
    }
}
