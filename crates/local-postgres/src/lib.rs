//! A PostgreSQL server of one's own, for tests, benchmarks and trials: a new cluster in a temporary folder, reached through
//! a socket there, made by the programs of the installed Debian packages.

mod programs;
mod server;

pub use server::{Durability, Server};
