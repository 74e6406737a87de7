//! Pure rules of identity: states, commands, events. No clock, no I/O, no cryptography; times, ids and hashes come in as arguments.
//!
//! An aggregate decides (`decide(state, command, now)` gives facts or a refusal) and folds (`apply(state, event)` gives the next
//! state). `fold` is where the event store calls in; `sealed` and `fact` are how personal facts stay out of what is stored in clear.

pub(crate) mod fold;
pub(crate) mod login;
pub(crate) mod signing_key;
pub(crate) mod client;
pub(crate) mod client_network;
pub(crate) mod api_key;
pub(crate) mod session;
pub(crate) mod user;
pub(crate) mod device;
pub(crate) mod aggregate;
pub(crate) mod kinds;
pub(crate) mod fact;
pub(crate) mod sealed;
pub(crate) mod owner;
pub(crate) mod email_address;
pub(crate) mod key_hash;
pub(crate) mod person_name;
pub(crate) mod platform;
pub(crate) mod project_scope;
pub(crate) mod role;
pub(crate) mod ids;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod documented;
