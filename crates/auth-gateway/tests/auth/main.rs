//! The auth gateway as its clients see it: real sockets.

mod api_keys;
mod audit;
mod contract;
mod feed;
mod http_base;
mod keys;
mod log_queue;
mod openapi;
mod support;
