//! The event store on real databases: every test runs on SQLite and on PostgreSQL.
#![allow(clippy::unwrap_used, reason = "what a test does not get ends it")]

mod appending;
mod at_once;
mod claims;
mod concurrency;
mod crash;
mod databases;
mod foreign;
mod full_disk;
mod history;
mod idempotency;
mod immutability;
mod integrity;
mod line;
mod lookups;
mod migrations;
mod model;
mod outage;
mod records;
mod remains;
mod silence;
mod writer;
