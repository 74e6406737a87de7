//! The operator's side of a running daemon: the admin listener and reload.

pub(crate) mod admin;
pub(crate) mod client;
pub(crate) mod reload;
