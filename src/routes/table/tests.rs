//! The trie against a matcher that looks at every route, and the rules of precedence by name.

use super::*;
use crate::filters::header_edits::HeaderEdits;
use crate::routes::conditions::{Conditions, Wanted};
use crate::routes::route::{RouteId, Timeouts};
use crate::routes::target::{Endpoint, Target};
use http::HeaderName;
use proptest::prelude::*;
use std::time::Duration;

fn route(id: usize, patterns: &[&str], methods: &str, named: bool, when: Conditions) -> Route {
    let second = Duration::from_secs(1);
    Route {
        id: RouteId::parse(&format!("r{id}")).expect("an id"),
        about: None,
        hosts: if named {
            RouteHosts::Named(vec![GroupIndex(0)])
        } else {
            RouteHosts::Any
        },
        patterns: patterns
            .iter()
            .map(|text| Pattern::parse(text).expect("a pattern"))
            .collect(),
        when,
        methods: vec![(
            MethodSet::parse(methods).expect("methods"),
            Target::Endpoint(Endpoint::Health),
        )],
        cors: None,
        body_limit: 0,
        timeouts: Timeouts {
            connect: second,
            first_byte: second,
            idle: second,
            total: None,
        },
        stream: None,
        raw: false,
        response_headers: HeaderEdits::default(),
    }
}

fn table(routes: Vec<Route>) -> RouteTable {
    let group = HostGroup {
        name: "own".into(),
        names: vec!["own.test".into()],
        loopback: true,
        successor: None,
    };
    RouteTable::new(routes, vec![group])
}

fn find(table: &RouteTable, method: &str, path: &str, headers: &HeaderMap) -> Result<(usize, Vec<String>), String> {
    let method = Method::from_bytes(method.as_bytes()).expect("a method");
    match table.find(
        GroupIndex(0),
        &Lookup {
            path,
            method: &method,
            headers,
            query: None,
        },
    ) {
        Ok(found) => {
            let captures = (0..found.captures.len())
                .map(|index| found.captures.get(index, path).to_owned())
                .collect();
            Ok((found.index, captures))
        }
        Err(NoMatch::Path) => Err("404".into()),
        Err(NoMatch::Method { allow, .. }) => Err(format!("405 {allow}")),
    }
}

fn simple(patterns: &[&str]) -> RouteTable {
    table(
        patterns
            .iter()
            .enumerate()
            .map(|(id, pattern)| route(id, &[pattern], "any", true, Conditions::default()))
            .collect(),
    )
}

#[test]
fn a_literal_wins_over_a_parameter_and_that_over_a_rest() {
    let map = simple(&["/*", "/a/*", "/a/:x", "/a/b", "/a/:x/c", "/a/b/*", "/:y/b"]);
    let none = HeaderMap::new();
    let cases: [(&str, usize, &[&str]); 10] = [
        ("/", 0, &[""]),
        ("/z/z", 0, &["z/z"]),
        ("/a", 1, &[""]),
        ("/a/", 1, &[""]),
        ("/a/q", 2, &["q"]),
        ("/a/b", 3, &[]),
        ("/a/b/", 3, &[]),
        ("/a/q/c", 4, &["q"]),
        ("/a/b/c", 5, &["c"]),
        ("/z/b", 6, &["z"]),
    ];
    for (path, expected, captures) in cases {
        let captures = captures.iter().map(|&text| text.to_owned()).collect();
        assert_eq!(find(&map, "GET", path, &none), Ok((expected, captures)), "{path}");
    }
}

#[test]
fn the_search_returns_from_a_branch_that_leads_nowhere() {
    let map = simple(&["/a/:x/c/d", "/a/b/:y/e", "/a/*"]);
    let none = HeaderMap::new();
    assert_eq!(find(&map, "GET", "/a/b/c/d", &none), Ok((0, vec!["b".into()])));
    assert_eq!(find(&map, "GET", "/a/b/c/e", &none), Ok((1, vec!["c".into()])));
    assert_eq!(find(&map, "GET", "/a/b/c/f", &none), Ok((2, vec!["b/c/f".into()])));
}

#[test]
fn a_method_that_the_most_specific_path_does_not_answer_is_405_even_under_a_rest() {
    let none = HeaderMap::new();
    let any = Conditions::default;
    let map = table(vec![
        route(0, &["/a"], "GET", true, any()),
        route(1, &["/*"], "any", true, any()),
        route(2, &["/a"], "POST", true, any()),
    ]);
    assert_eq!(find(&map, "POST", "/a", &none), Ok((2, vec![])));
    assert_eq!(find(&map, "HEAD", "/a", &none), Ok((0, vec![])));
    assert_eq!(find(&map, "DELETE", "/a", &none), Err("405 GET, HEAD, POST".into()));
    assert_eq!(find(&map, "DELETE", "/b", &none), Ok((1, vec!["b".into()])));
}

#[test]
fn named_hosts_win_over_any_host_and_more_conditions_over_fewer() {
    let canary = |value: &str| Conditions {
        headers: vec![(HeaderName::from_static("x-canary"), Wanted::Equals(value.into()))],
        query: Vec::new(),
    };
    let map = table(vec![
        route(0, &["/a"], "any", false, Conditions::default()),
        route(1, &["/a"], "any", true, Conditions::default()),
        route(2, &["/a"], "any", true, canary("1")),
        route(3, &["/a/b"], "any", true, canary("1")),
        route(4, &["/a/:x"], "any", true, Conditions::default()),
    ]);
    let none = HeaderMap::new();
    let with = HeaderMap::from_iter([(HeaderName::from_static("x-canary"), "1".parse().expect("a value"))]);
    assert_eq!(find(&map, "GET", "/a", &none), Ok((1, vec![])));
    assert_eq!(find(&map, "GET", "/a", &with), Ok((2, vec![])));
    assert_eq!(find(&map, "GET", "/a/b", &with), Ok((3, vec![])));
    assert_eq!(
        find(&map, "GET", "/a/b", &none),
        Ok((4, vec!["b".into()])),
        "a condition that fails frees the path"
    );
}

/// Specificity as the documentation says it: compared segment by segment, smaller wins.
fn rank(pattern: &Pattern) -> Vec<u8> {
    let segments = pattern.segments().iter().map(|segment| match segment {
        Segment::Literal(_) => 0,
        Segment::Param(_) => 1,
    });
    segments.chain(pattern.has_splat().then_some(2)).collect()
}

fn fits(pattern: &Pattern, path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let segments = pattern.segments();
    let length_fits = if pattern.has_splat() {
        parts.len() >= segments.len()
    } else {
        parts.len() == segments.len()
    };
    length_fits
        && segments.iter().zip(&parts).all(|(segment, part)| match segment {
            Segment::Literal(name) => name == part,
            Segment::Param(_) => true,
        })
}

fn patterns() -> impl Strategy<Value = Vec<String>> {
    let segment = prop_oneof![Just("a".to_owned()), Just("b".to_owned()), Just(":x".to_owned())];
    let pattern = (proptest::collection::vec(segment, 0..4), any::<bool>()).prop_map(|(segments, splat)| {
        // Parameters of one pattern need names of their own.
        let named = segments.iter().enumerate().map(|(index, text)| {
            if text == ":x" {
                format!(":x{index}")
            } else {
                text.clone()
            }
        });
        let mut text: String = named.map(|segment| format!("/{segment}")).collect();
        if splat {
            text.push_str("/*");
        }
        if text.is_empty() { "/".to_owned() } else { text }
    });
    proptest::collection::btree_set(pattern, 1..12).prop_map(|set| set.into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn the_trie_finds_what_a_look_at_every_route_finds(
        patterns in patterns(),
        parts in proptest::collection::vec(prop_oneof![Just("a"), Just("b"), Just("c")], 0..5),
        trailing in any::<bool>(),
    ) {
        // One route per shape, as the loader demands.
        let mut shapes = std::collections::BTreeSet::new();
        let texts: Vec<&str> = patterns.iter().map(String::as_str).filter(|text| {
            let pattern = Pattern::parse(text).expect("a pattern");
            let literals: Vec<Option<String>> = pattern.segments().iter().map(|segment| match segment {
                Segment::Literal(name) => Some(name.clone()),
                Segment::Param(_) => None,
            }).collect();
            shapes.insert((literals, pattern.has_splat()))
        }).collect();
        let mut path: String = parts.iter().map(|part| format!("/{part}")).collect();
        if trailing || path.is_empty() {
            path.push('/');
        }
        let parsed: Vec<Pattern> = texts.iter().map(|text| Pattern::parse(text).expect("a pattern")).collect();
        let best = parsed.iter().enumerate().filter(|(_, pattern)| fits(pattern, &path)).min_by_key(|(_, pattern)| rank(pattern));
        let found = find(&simple(&texts), "GET", &path, &HeaderMap::new());
        prop_assert_eq!(found.map(|(index, _)| index), best.map(|(index, _)| index).ok_or("404".to_owned()), "{} {:?}", path, texts);
    }
}
