//! What surrounds every endpoint.

mod answers;
mod bodies;
mod connections;
mod cors;
mod limits;
mod logs;
mod probes;
