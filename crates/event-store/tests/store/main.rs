//! The event store on real databases: every test runs on SQLite and on PostgreSQL.
#![allow(clippy::unwrap_used, reason = "what a test does not get ends it")]

mod appending;
mod databases;
mod history;
mod integrity;
