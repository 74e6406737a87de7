//! An append-only, hash-chained event store on SQLite or PostgreSQL. It knows nothing of what the events mean.

pub mod chain;
