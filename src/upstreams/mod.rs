//! The live state of backends: endpoints and their addresses, health, choice, and connections to them.

pub(crate) mod abort_handle;
pub(crate) mod connection;
pub(crate) mod connector;
pub(crate) mod deadline;
pub(crate) mod endpoint;
pub(crate) mod handles;
pub(crate) mod health;
pub(crate) mod idle;
pub(crate) mod loan;
pub(crate) mod registry;
mod socket;
pub(crate) mod spec;
pub(crate) mod tls;
pub(crate) mod upgrade_gate;
pub(crate) mod upload;
