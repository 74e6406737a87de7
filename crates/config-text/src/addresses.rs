//! Addresses to listen on, and networks to trust.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;
use serde_json::{Value, json};

use crate::decode::Decode;
use crate::diagnostic::Diagnostics;
use crate::written::decode_parsed;
use crate::yaml::Node;

/// A network, or one address.
#[derive(Clone, Copy, Debug)]
pub struct Network(pub IpNet);

impl Decode for Network {
    const WHAT: &'static str = "a network";

    fn decode(node: &Node, cx: &mut Diagnostics) -> Option<Self> {
        decode_parsed(node, cx, Self::WHAT, |text| {
            let network = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
            let problem = "a network is an address, or an address and a prefix length: `10.0.0.0/8`";
            network.map(Self).map_err(|_| problem.to_owned())
        })
    }

    fn schema() -> Value {
        json!({ "type": "string" })
    }
}

impl Decode for SocketAddr {
    const WHAT: &'static str = "an address with a port";

    fn decode(node: &Node, cx: &mut Diagnostics) -> Option<Self> {
        decode_parsed(node, cx, Self::WHAT, |text| {
            let problem = "write an IP address and a port: `127.0.0.1:8080` or `[::]:8080`";
            text.parse().map_err(|_| problem.to_owned())
        })
    }

    fn schema() -> Value {
        json!({ "type": "string", "pattern": ":[0-9]+$" })
    }
}
