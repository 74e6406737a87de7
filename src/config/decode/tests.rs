use std::time::Duration;

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{Decode, Entries, OneOrMany, choice, decode_scalar, list_of, record};
use crate::config::environment::Environment;
use crate::config::units::ByteSize;
use crate::config::yaml::{self, Node};
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
    let texts: Vec<_> = samples
        .texts
        .into_iter()
        .map(|(key, text)| (key.value, text))
        .collect();
    assert_eq!(
        texts,
        [
            ("z".to_owned(), "1".to_owned()),
            ("a".to_owned(), "2".to_owned())
        ]
    );
    assert!(samples.ports.is_empty());
}

#[test]
fn a_value_from_the_environment_is_whatever_is_wanted_even_in_quotes() {
    let samples: Samples = taken(
        "{ port: \"${PORT}\", text: \"${PORT}\", flag: \"${FLAG:-true}\", wait: \"${WAIT:-1s}\" }",
    );
    assert_eq!(samples.port, Some(8081));
    assert_eq!(samples.text.unwrap(), "8081");
    assert_eq!(samples.flag, Some(true));
    let samples: Samples = taken("port: ${PORT:-8080}\n");
    assert_eq!(samples.port, Some(8081));
}

#[test]
fn every_mistake_is_found_in_one_run() {
    let text = "\
version: one
upstreams:
  docs:
    endpoits: [http://127.0.0.1:4005]
    critical: yes
    critical: true
  legacy: [1, 2]
  mcp:
    endpoints: [2, \"${MCP_URL}\"]
    pool_idle: 5
    hsts: alwys
    retries: 3
  memory: {}
";
    assert_snapshot!(said::<File>(text), @r#"
    error[wrong-type]: expected a whole number, found text
     --> routes.yaml:1:10
      |
    1 | version: one
      |          ^^^

    error[unknown-key]: an upstream has no key `endpoits`
     --> routes.yaml:4:5
      |
    4 |     endpoits: [http://127.0.0.1:4005]
      |     ^^^^^^^^ unknown key
      |
      = help: did you mean `endpoints`?

    error[wrong-type]: expected true or false, found text
     --> routes.yaml:5:15
      |
    5 |     critical: yes
      |               ^^^
      |
      = help: did you mean `true`?

    error[duplicate-key]: the key `critical` appears twice
     --> routes.yaml:6:5
      |
    5 |     critical: yes
      |     -------- first time
    6 |     critical: true
      |     ^^^^^^^^ second time

    error[wrong-type]: expected an upstream, found a list
     --> routes.yaml:7:11
      |
    7 |   legacy: [1, 2]
      |           ^^^^^^

    error[wrong-type]: expected text, found a number
     --> routes.yaml:9:17
      |
    9 |     endpoints: [2, "${MCP_URL}"]
      |                 ^
      |
      = help: put it in quotes: "2"

    error[unset-variable]: the environment variable `MCP_URL` is not set
     --> routes.yaml:9:21
      |
    9 |     endpoints: [2, "${MCP_URL}"]
      |                     ^^^^^^^^^^ has no value and no default
      |
      = help: set it, or write `${MCP_URL:-default}`

    error[invalid-value]: `5` is not a duration
      --> routes.yaml:10:16
       |
    10 |     pool_idle: 5
       |                ^ a duration is a number and a unit: `500ms`, `30s`, `5m`, `2h` or `1d`

    error[invalid-value]: expected `https`, `always` or `never`, found `alwys`
      --> routes.yaml:11:11
       |
    11 |     hsts: alwys
       |           ^^^^^
       |
       = help: did you mean `always`?

    error[unknown-key]: an upstream has no key `retries`
      --> routes.yaml:12:5
       |
    12 |     retries: 3
       |     ^^^^^^^ unknown key
       |
       = help: known keys: endpoints, base_path, critical, pool_idle, body, hsts

    error[missing-key]: an upstream needs the key `endpoints`
      --> routes.yaml:13:11
       |
    13 |   memory: {}
       |           ^^ missing `endpoints`
    "#);
}

#[test]
fn a_wrong_type_names_what_was_wanted_and_what_was_found() {
    let text = "\
text: 8080
flag: \"true\"
port: \"80\"
big: text
wait:
size: [1]
list: true
many: { a: b }
word: [always]
json: .inf
host: null
boxed: true
free-texts: text
ports: 80
";
    assert_snapshot!(said::<Samples>(text), @r#"
    error[wrong-type]: expected text, found a number
     --> routes.yaml:1:7
      |
    1 | text: 8080
      |       ^^^^
      |
      = help: put it in quotes: "8080"

    error[wrong-type]: expected true or false, found text
     --> routes.yaml:2:7
      |
    2 | flag: "true"
      |       ^^^^^^
      |
      = help: remove the quotes

    error[wrong-type]: expected a whole number, found text
     --> routes.yaml:3:7
      |
    3 | port: "80"
      |       ^^^^
      |
      = help: remove the quotes

    error[wrong-type]: expected a whole number, found text
     --> routes.yaml:4:6
      |
    4 | big: text
      |      ^^^^

    error[wrong-type]: expected a duration, found nothing
     --> routes.yaml:5:5
      |
    5 | wait:
      |     ^

    error[wrong-type]: expected a size, found a list
     --> routes.yaml:6:7
      |
    6 | size: [1]
      |       ^^^

    error[wrong-type]: expected a list of booleans, found a boolean
     --> routes.yaml:7:7
      |
    7 | list: true
      |       ^^^^

    error[wrong-type]: expected text, found a mapping
     --> routes.yaml:8:7
      |
    8 | many: { a: b }
      |       ^^^^^^^^

    error[wrong-type]: expected `https`, `always` or `never`, found a list
     --> routes.yaml:9:7
      |
    9 | word: [always]
      |       ^^^^^^^^

    error[invalid-value]: `.inf` is not a JSON number
      --> routes.yaml:10:7
       |
    10 | json: .inf
       |       ^^^^ JSON has no way to write this number

    error[wrong-type]: expected a host name, found nothing
      --> routes.yaml:11:7
       |
    11 | host: null
       |       ^^^^

    error[wrong-type]: expected a whole number, found a boolean
      --> routes.yaml:12:8
       |
    12 | boxed: true
       |        ^^^^

    error[wrong-type]: expected a mapping, found text
      --> routes.yaml:13:13
       |
    13 | free-texts: text
       |             ^^^^

    error[wrong-type]: expected a list of whole numbers, found a number
      --> routes.yaml:14:8
       |
    14 | ports: 80
       |        ^^
    "#);
}

#[test]
fn a_value_that_cannot_be_used_says_why() {
    let text = "\
port: 65536
big: -1
wait: 5
size: 10MB
many: []
word: Alwais
host: a/b
boxed: 1.5
";
    assert_snapshot!(said::<Samples>(text), @"
    error[invalid-value]: `65536` is not a whole number that fits
     --> routes.yaml:1:7
      |
    1 | port: 65536
      |       ^^^^^ only digits, and at most 65535

    error[invalid-value]: `-1` is not a whole number that fits
     --> routes.yaml:2:6
      |
    2 | big: -1
      |      ^^ only digits, and at most 18446744073709551615

    error[invalid-value]: `5` is not a duration
     --> routes.yaml:3:7
      |
    3 | wait: 5
      |       ^ a duration is a number and a unit: `500ms`, `30s`, `5m`, `2h` or `1d`

    error[invalid-value]: `10MB` is not a size
     --> routes.yaml:4:7
      |
    4 | size: 10MB
      |       ^^^^ a size is a number of bytes, or a number and a unit: `64KiB`, `10MiB` or `1GiB`

    error[invalid-value]: expected text or a list of texts, found an empty list
     --> routes.yaml:5:7
      |
    5 | many: []
      |       ^^

    error[invalid-value]: expected `https`, `always` or `never`, found `Alwais`
     --> routes.yaml:6:7
      |
    6 | word: Alwais
      |       ^^^^^^
      |
      = help: did you mean `always`?

    error[invalid-value]: `a/b` is not a host name
     --> routes.yaml:7:7
      |
    7 | host: a/b
      |       ^^^ a host name has no `/`

    error[invalid-value]: `1.5` is not a whole number that fits
     --> routes.yaml:8:8
      |
    8 | boxed: 1.5
      |        ^^^ only digits, and at most 4294967295
    ");
}

#[test]
fn a_missing_key_is_shown_at_the_first_key_of_its_mapping() {
    assert_snapshot!(said::<Upstream>("critical: true\nhsts: never\n"), @"
    error[missing-key]: an upstream needs the key `endpoints`
     --> routes.yaml:1:1
      |
    1 | critical: true
      | ^^^^^^^^ missing `endpoints`
    ");
    assert_snapshot!(said::<Upstream>("{}\n"), @"
    error[missing-key]: an upstream needs the key `endpoints`
     --> routes.yaml:1:1
      |
    1 | {}
      | ^^ missing `endpoints`
    ");
}

#[test]
fn a_private_value_is_not_repeated() {
    let text = "wait: ${PRIVATE}\nport: ${PRIVATE}\nword: ${PRIVATE}\nhost: x${PRIVATE}/\nflag: ${PRIVATE}\n";
    let text = said::<Samples>(text);
    assert_eq!(text.matches("error[").count(), 5, "{text}");
    assert!(!text.contains("hunter2"), "{text}");
}

#[test]
fn one_bad_value_costs_no_more_than_itself() {
    let (file, said) = load::<File>(
        "version: 1\nupstreams:\n  a: { endpoints: [x, 1], critical: 2, hots: 3 }\n  b: 1\n",
    );
    assert_eq!(said.matches("error[").count(), 4, "{said}");
    let upstreams = file.unwrap().upstreams;
    let names: Vec<&str> = upstreams.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["a"]);
    assert_eq!(upstreams[0].1.endpoints.len(), 1);
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
