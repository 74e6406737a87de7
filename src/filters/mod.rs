//! One room per feature: its validated policy and its behaviour. Pure; no I/O.

pub(crate) mod client_address;
pub(crate) mod cookies;
pub(crate) mod cors;
pub(crate) mod header_case;
pub(crate) mod header_edits;
pub(crate) mod host;
pub(crate) mod identity_headers;
pub(crate) mod json_body;
pub(crate) mod request_id;
pub(crate) mod request_target;
pub(crate) mod security_headers;
mod spelling;
pub(crate) mod trace_context;
