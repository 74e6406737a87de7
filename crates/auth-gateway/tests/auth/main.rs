//! The auth gateway as its clients see it: real sockets.

mod api_keys;
mod contract;
mod audit;
mod feed;
mod http_base;
mod openapi;
mod support;
