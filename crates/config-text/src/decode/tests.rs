use std::time::Duration;

mod mistakes;

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{Decode, Entries, OneOrMany, decode_scalar, list_of};
use crate::diagnostic::{Diagnostics, Sources, Spanned};
use crate::environment::Environment;
use crate::units::ByteSize;
use crate::yaml::{self, Node};

crate::choice! {
    /// When the HSTS header is sent.
    enum HstsOn {
        Https = "https",
        Always = "always",
        Never = "never",
    }
}

crate::record! {
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

crate::record! {
    struct Samples as "samples" {
        text: optional String,
        flag: optional bool,
        port: optional u16,
        big: optional u64,
        wait: optional Duration,
        size: optional ByteSize,
        list: optional Vec<bool>,
        many: optional OneOrMany<String>,
        word: optional HstsOn,
        json: optional Value,
        host: optional HostName,
        boxed: optional Box<Spanned<u32>>,
        texts as "free-texts": default({ "a": "b" }) Entries<String>,
        ports: default([80, 443]) Vec<u16>,
    }
}

/// A scalar with a parser of its own, as other modules have them.
#[derive(Clone, Debug, PartialEq)]
struct HostName(String);

impl Decode for HostName {
    const WHAT: &'static str = "a host name";

    fn decode(node: &Node, cx: &mut Diagnostics) -> Option<Self> {
        decode_scalar(node, cx, Self::WHAT, |text| match text.contains('/') {
            false => Ok(Self(text.to_owned())),
            true => Err("a host name has no `/`".to_owned()),
        })
    }

    fn schema() -> Value {
        json!({ "type": "string", "format": "hostname" })
    }
}

crate::record! {
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

/// What was made of a text that nothing was said about.
fn taken<T: Decode>(text: &str) -> T {
    let (value, said) = load(text);
    assert_eq!(said, "", "{text}");
    value.unwrap()
}

/// What was said about a text.
fn said<T: Decode>(text: &str) -> String {
    load::<T>(text).1
}

#[test]
fn a_record_takes_what_is_written_and_its_defaults() {
    let upstream: Upstream = taken("endpoints: http://a\nbody: 64KiB\nhsts: never\n");
    assert_eq!(upstream.endpoints[0].value, "http://a");
    assert_eq!(upstream.base_path, None);
    assert!(!upstream.critical);
    assert_eq!(upstream.pool_idle, Duration::from_secs(60));
    assert_eq!(upstream.body_limit, Some(ByteSize::from_bytes(65536)));
    assert_eq!(upstream.hsts, HstsOn::Never);
    assert_eq!((upstream.span.start, upstream.span.end), (0, 43));
}

#[test]
fn a_default_is_decoded_as_if_it_had_been_written() {
    let samples: Samples = taken("{}");
    assert_eq!(samples.ports, [80, 443]);
    assert_eq!(samples.texts[0].0.value, "a");
    assert_eq!(samples.texts[0].1, "b");
}

#[test]
fn every_type_takes_its_own_values() {
    let samples: Samples = taken(
        r#"
        text: "8080"
        flag: true
        port: 65535
        big: 18446744073709551615
        wait: 500ms
        size: 1024
        list: [true, false]
        many: [a, b]
        word: always
        json: { a: [1, -2.5, null, true, x, "1"], "b": {} }
        host: example.org
        boxed: 7
        free-texts: { z: "1", a: "2" }
        ports: []
        "#,
    );
    assert_eq!(samples.text.unwrap(), "8080");
    assert!(samples.flag.unwrap());
    assert_eq!(samples.port, Some(65535));
    assert_eq!(samples.big, Some(u64::MAX));
    assert_eq!(samples.wait, Some(Duration::from_millis(500)));
    assert_eq!(samples.size, Some(ByteSize::from_bytes(1024)));
    assert_eq!(samples.list, Some(vec![true, false]));
    assert_eq!(*samples.many.unwrap(), ["a", "b"]);
    assert_eq!(samples.word, Some(HstsOn::Always));
    let expected = json!({ "a": [1, -2.5, null, true, "x", "1"], "b": {} });
    assert_eq!(samples.json, Some(expected));
    assert_eq!(samples.host, Some(HostName("example.org".to_owned())));
    assert_eq!(samples.boxed.unwrap().value, 7);
    let texts: Vec<_> = samples.texts.into_iter().map(|(key, text)| (key.value, text)).collect();
    assert_eq!(
        texts,
        [("z".to_owned(), "1".to_owned()), ("a".to_owned(), "2".to_owned())]
    );
    assert!(samples.ports.is_empty());
}

#[test]
fn a_value_from_the_environment_is_whatever_is_wanted_even_in_quotes() {
    let samples: Samples =
        taken("{ port: \"${PORT}\", text: \"${PORT}\", flag: \"${FLAG:-true}\", wait: \"${WAIT:-1s}\" }");
    assert_eq!(samples.port, Some(8081));
    assert_eq!(samples.text.unwrap(), "8081");
    assert_eq!(samples.flag, Some(true));
    let samples: Samples = taken("port: ${PORT:-8080}\n");
    assert_eq!(samples.port, Some(8081));
}

#[test]
fn one_bad_value_costs_no_more_than_itself() {
    let (file, said) =
        load::<File>("version: 1\nupstreams:\n  a: { endpoints: [x, 1], critical: 2, hots: 3 }\n  b: 1\n");
    assert_eq!(said.matches("error[").count(), 4, "{said}");
    let file = file.unwrap();
    assert_eq!(file.version, 1);
    let upstreams = file.upstreams;
    let names: Vec<&str> = upstreams.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["a"]);
    assert_eq!(upstreams[0].1.endpoints.len(), 1);
    assert!(load::<Vec<bool>>("[1]").0.is_none(), "not an empty list");
    assert!(upstreams.names("a") && upstreams.names("b") && !upstreams.names("c"));
}

#[test]
fn lists_are_named_after_their_items() {
    let cases = [
        ("a URL", "a list of URLs"),
        ("an upstream", "a list of upstreams"),
        ("a policy", "a list of policies"),
        ("a key", "a list of keys"),
        ("", "a list"),
    ];
    for (what, expected) in cases {
        assert_eq!(list_of(what), expected);
    }
}

#[test]
fn a_schema_says_what_the_decoder_takes() {
    let schema = serde_json::to_string_pretty(&Upstream::schema()).unwrap();
    assert_snapshot!(schema, @r#"
    {
      "type": "object",
      "description": "One group of backends that serve the same thing.",
      "properties": {
        "endpoints": {
          "anyOf": [
            {
              "type": "string"
            },
            {
              "type": "array",
              "items": {
                "type": "string"
              },
              "minItems": 1
            }
          ],
          "description": "Base URLs, tried in turn."
        },
        "base_path": {
          "type": "string",
          "description": "Put before every path."
        },
        "critical": {
          "type": "boolean",
          "description": "Whether the platform is down without it.",
          "default": false
        },
        "pool_idle": {
          "type": "string",
          "pattern": "^[0-9]+(ms|s|m|h|d)$",
          "description": "Idle connections are kept this long.",
          "default": "60s"
        },
        "body": {
          "anyOf": [
            {
              "type": "integer",
              "minimum": 0
            },
            {
              "type": "string",
              "pattern": "^[0-9]+(B|KiB|MiB|GiB)$"
            }
          ],
          "description": "The largest body."
        },
        "hsts": {
          "description": "When the HSTS header is sent.",
          "enum": [
            "https",
            "always",
            "never"
          ],
          "default": "https"
        }
      },
      "required": [
        "endpoints"
      ],
      "additionalProperties": false
    }
    "#);
}
