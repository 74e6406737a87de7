//! A PostgreSQL server of one's own, for tests, benchmarks and trials: a new cluster in a temporary folder, on a free port
//! of the loopback interface, made by the programs of the installed Debian packages.

mod programs;
mod server;

pub use server::{Durability, Server};
