//! The stand-ins over real sockets: what the other tests and the demo rely on.

mod client;
mod command;
mod echo;
mod lifetime;
mod scripted;
mod streams;
mod supabase;
mod upstreams;
