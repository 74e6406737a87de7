//! Configuration files, from text to typed values: every mistake of a file is found in one run and shown at its place.
//! Knows no key of any program. Modules in reading order; each uses only those below it.

pub mod load;
pub mod page;
pub mod schema;
pub mod addresses;
pub mod headers;
pub mod secret;
pub mod names;
pub mod files;
pub mod version;
pub mod bounded;
pub mod written;
pub mod decode;
pub mod yaml;
mod substitution;
pub mod environment;
mod unreadable;
pub mod units;
pub mod suggest;
pub mod diagnostic;
pub mod code;

/// For the macros, which name it in crates that may not depend on it.
#[doc(hidden)]
pub use serde_json;
