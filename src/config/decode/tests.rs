use std::time::Duration;

use insta::assert_snapshot;

use super::{Decode, Entries, OneOrMany, choice, record};
use crate::config::environment::Environment;
use crate::config::units::ByteSize;
use crate::config::yaml;
use crate::diagnostic::{Diagnostics, Sources, Spanned};

choice! {
    /// When the HSTS header is sent.
    enum HstsOn {
        Https = "https",
        Always = "always",
        Never = "never",
    }
}

record! {
    /// One group of backends
    /// that serve the same thing.
    struct Upstream as "an upstream" {
        /// Base URLs, tried in turn.
        endpoints: required OneOrMany<Spanned<String>>,
        /// Put before every path.
        base_path: optional String,
        /// Whether the platform is down without it.
        critical: default(false) bool,
        /// Idle connections are kept this long.
        pool_idle: default("60s") Duration,
        /// The largest body.
        body_limit as "body": optional ByteSize,
        hsts: default("https") HstsOn,
    }
}

record! {
    /// The whole file.
    struct File as "a file" {
        version: required u32,
        upstreams: required Entries<Upstream>,
    }
}

/// What was made of the text, and what was said about it.
fn load<T: Decode>(text: &str) -> (Option<T>, String) {
    let mut sources = Sources::default();
    let mut cx = Diagnostics::default();
    let file = sources.add("routes.yaml", text);
    let env = Environment::from_pairs([("PORT", "8081"), ("PRIVATE", "hunter2")]);
    let value = yaml::parse(file, text, &env, &mut cx).and_then(|node| T::decode(&node, &mut cx));
    (value, cx.render(&sources, false))
}

#[test]
fn a_record_takes_what_is_written_and_its_defaults() {
    let (upstream, said) = load::<Upstream>("endpoints: http://a\nbody: 64KiB\nhsts: never\n");
    assert_eq!(said, "");
    let upstream = upstream.unwrap();
    assert_eq!(upstream.endpoints[0].value, "http://a");
    assert_eq!(upstream.base_path, None);
    assert!(!upstream.critical);
    assert_eq!(upstream.pool_idle, Duration::from_secs(60));
    assert_eq!(upstream.body_limit, Some(ByteSize::from_bytes(65536)));
    assert_eq!(upstream.hsts, HstsOn::Never);
}
