//! Keys, hashes, sealed facts and tokens.
