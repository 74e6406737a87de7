//! The event store on real databases: every test runs on SQLite and on PostgreSQL.

mod appending;
mod databases;
mod history;
mod integrity;
