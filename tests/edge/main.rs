//! The edge as clients and upstreams see it: one process under test, real sockets on both sides.

#![allow(unreachable_pub, reason = "a test binary has no users")]

#[path = "../support/mod.rs"]
mod support;

mod access_log;
mod body;
mod cors;
mod daemon;
mod daemon_keys;
mod failures;
mod h2;
mod headers;
mod health;
mod hosts;
mod keys;
mod limits;
mod old_clients;
mod paths;
mod proxying;
mod reload;
mod route_map;
mod static_files;
mod streams;
mod targets;
mod timeouts;
mod unread_heads;
mod upstream_tls;
mod upstreams;
