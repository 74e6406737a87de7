//! The validated route map: pure, no I/O. `path` and `pattern` parse, `table` matches, `target` says what happens.

pub(crate) mod conditions;
pub(crate) mod hosts;
pub(crate) mod method;
pub(crate) mod path;
pub(crate) mod pattern;
pub(crate) mod query;
pub(crate) mod route;
pub(crate) mod table;
pub(crate) mod target;
pub(crate) mod template;
