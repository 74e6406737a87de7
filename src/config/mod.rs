//! Text to typed configuration, once.

pub(crate) mod decode;
pub(crate) mod environment;
mod substitution;
mod suggest;
pub(crate) mod units;
pub(crate) mod yaml;
