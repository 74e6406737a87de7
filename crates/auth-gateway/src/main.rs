//! `auth-gateway`.

fn main() {}
