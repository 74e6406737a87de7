//! The log's evidence, its copies and what is derived from it.

mod backup;
mod evidence;
mod projections;
mod rebuilds;
mod second_verifier;
mod states;
