//! One endpoint a file: parse, call the use case, answer.

pub(crate) mod health;
pub(crate) mod openapi;
pub(crate) mod ready;
