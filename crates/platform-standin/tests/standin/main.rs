//! The stand-ins over real sockets: what the other tests and the demo rely on.

#![allow(clippy::unwrap_used, reason = "what a helper does not get ends its test")]

mod client;
mod command;
mod echo;
mod lifetime;
mod scripted;
mod streams;
mod supabase;
mod upstreams;
