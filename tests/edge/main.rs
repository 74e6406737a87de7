//! The edge as clients and upstreams see it: one process under test, real sockets on both sides.

#[path = "../support/mod.rs"]
mod support;

mod access_log;
mod body;
mod cors;
mod daemon;
mod failures;
mod h2;
mod headers;
mod health;
mod hosts;
mod limits;
mod paths;
mod proxying;
mod reload;
mod route_map;
mod static_files;
mod streams;
