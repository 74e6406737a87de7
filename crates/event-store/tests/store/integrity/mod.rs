//! The log's evidence, its copies and what is derived from it.

mod evidence;
mod projections;
mod states;
