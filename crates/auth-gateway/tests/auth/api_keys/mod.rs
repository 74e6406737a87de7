//! API keys, over HTTP: made, shown once, listed, changed, rotated, revoked, and what they open.

mod fields;
