//! Use cases, one a file: load, decide, seal, append, answer.
