use std::collections::BTreeSet;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use proptest::prelude::*;

use super::{claims, reach};
use crate::filters::header_edits::HeaderEdits;
use crate::routes::conditions::{Conditions, Wanted};
use crate::routes::hosts::{GroupIndex, HostGroup};
use crate::routes::method::MethodSet;
use crate::routes::pattern::{Pattern, Segment};
use crate::routes::route::{Route, RouteHosts, RouteId, Timeouts};
use crate::routes::table::{Lookup, RouteTable};
use crate::routes::target::{Endpoint, Target};

const GROUPS: usize = 2;
const X: HeaderName = HeaderName::from_static("x");
const Y: HeaderName = HeaderName::from_static("y");

fn route(id: usize, hosts: RouteHosts, patterns: &[String], methods: &str, when: Conditions) -> Route {
    let second = Duration::from_secs(1);
    Route {
        id: RouteId::parse(&format!("r{id}")).unwrap(),
        about: None,
        hosts,
        patterns: patterns.iter().map(|text| Pattern::parse(text).unwrap()).collect(),
        when,
        methods: vec![(MethodSet::parse(methods).unwrap(), Target::Endpoint(Endpoint::Health))],
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
    let group = |name: usize| HostGroup {
        name: format!("g{name}"),
        names: vec![format!("{name}.example")],
        loopback: false,
        successor: None,
    };
    RouteTable::new(routes, (0..GROUPS).map(group).collect())
}

fn any_hosts() -> impl Strategy<Value = RouteHosts> {
    prop_oneof![
        Just(RouteHosts::Any),
        Just(RouteHosts::Named(vec![GroupIndex(0)])),
        Just(RouteHosts::Named(vec![GroupIndex(0), GroupIndex(1)])),
    ]
}

fn any_pattern() -> impl Strategy<Value = String> {
    // Few, so that routes meet.
    let texts = ["/", "/*", "/a", "/a/*", "/:p", "/:q", "/:p/*", "/:p/:q", "/:p/:q/*"];
    proptest::sample::select(texts.to_vec()).prop_map(str::to_owned)
}

fn any_conditions() -> impl Strategy<Value = Conditions> {
    let wanted = || {
        let equals = |text: &str| Some(Wanted::Equals(text.to_owned()));
        prop_oneof![3 => Just(None), 1 => Just(Some(Wanted::Present)), 1 => Just(equals("1")), 1 => Just(equals("2"))]
    };
    (wanted(), wanted()).prop_map(|(x, y)| Conditions {
        headers: x
            .map(|wanted| (X, wanted))
            .into_iter()
            .chain(y.map(|wanted| (Y, wanted)))
            .collect(),
        query: Vec::new(),
    })
}

fn any_routes() -> impl Strategy<Value = Vec<Route>> {
    let methods = proptest::sample::select(vec!["any", "GET", "HEAD", "POST", "GET, POST"]);
    let one = (
        any_hosts(),
        proptest::collection::vec(any_pattern(), 1..3),
        methods,
        any_conditions(),
    );
    proptest::collection::vec(one, 1..6).prop_map(|all| {
        let made = all
            .into_iter()
            .enumerate()
            .map(|(id, (hosts, mut patterns, methods, when))| {
                let shape = |text: &str| text.replace(":q", ":p");
                if patterns.len() == 2 && shape(&patterns[0]) == shape(&patterns[1]) {
                    patterns.pop();
                }
                route(id, hosts, &patterns, methods, when)
            });
        made.collect()
    })
}

/// Every request that could tell small maps apart: `z` and `9` stand for all that no route names.
fn each_request(mut visit: impl FnMut(GroupIndex, &Lookup<'_>)) {
    let mut paths = vec!["/".to_owned()];
    let mut longest = vec![String::new()];
    for _ in 0..4 {
        longest = longest
            .iter()
            .flat_map(|path| [format!("{path}/a"), format!("{path}/z")])
            .collect();
        paths.extend(longest.iter().cloned());
    }
    let report = Method::from_bytes(b"REPORT").unwrap();
    let values = [None, Some("1"), Some("2"), Some("9")];
    for x in values {
        for y in values {
            let mut headers = HeaderMap::new();
            for (name, value) in [(X, x), (Y, y)] {
                headers.extend(value.map(|value| (name, HeaderValue::from_static(value))));
            }
            for path in &paths {
                for method in [&Method::GET, &Method::HEAD, &Method::POST, &report] {
                    for group in 0..GROUPS {
                        visit(
                            GroupIndex(group),
                            &Lookup {
                                path,
                                method,
                                headers: &headers,
                                query: None,
                            },
                        );
                    }
                }
            }
        }
    }
}

/// Whether the pattern matches, by the definition and not by the table.
fn matches(pattern: &Pattern, path: &str) -> bool {
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let fits = |(wanted, segment): (&Segment, &&str)| match wanted {
        Segment::Literal(text) => text == segment,
        Segment::Param(_) => true,
    };
    let long_enough = match pattern.has_splat() {
        true => segments.len() >= pattern.segments().len(),
        false => segments.len() == pattern.segments().len(),
    };
    long_enough && pattern.segments().iter().zip(&segments).all(fits)
}

fn shape(pattern: &Pattern) -> String {
    pattern.as_str().replace(":q", ":p")
}

/// What is known of one route about one request.
fn claims_it(route: &Route, group: GroupIndex, lookup: &Lookup<'_>) -> Option<BTreeSet<String>> {
    let served = match &route.hosts {
        RouteHosts::Any => true,
        RouteHosts::Named(groups) => groups.contains(&group),
    };
    let fits = served && route.target(lookup.method).is_some() && route.when.hold(lookup.headers, lookup.query);
    let patterns = route.patterns.iter().filter(|pattern| matches(pattern, lookup.path));
    let shapes: BTreeSet<String> = patterns.map(shape).collect();
    (fits && !shapes.is_empty()).then_some(shapes)
}

fn brute_force_clashes(routes: &[Route]) -> BTreeSet<(usize, usize)> {
    let rank = |route: &Route| (matches!(route.hosts, RouteHosts::Named(_)), route.when.len());
    let mut found = BTreeSet::new();
    each_request(|group, lookup| {
        let claims: Vec<_> = routes.iter().map(|route| claims_it(route, group, lookup)).collect();
        for (b, of_b) in claims.iter().enumerate() {
            for (a, of_a) in claims[..b].iter().enumerate() {
                let shares = |(a, b): (&BTreeSet<String>, &BTreeSet<String>)| !a.is_disjoint(b);
                if of_a.as_ref().zip(of_b.as_ref()).is_some_and(shares) && rank(&routes[a]) == rank(&routes[b]) {
                    found.insert((a, b));
                }
            }
        }
    });
    found
}

fn brute_force_unreachable(table: &RouteTable) -> BTreeSet<(usize, String)> {
    let every = table.routes().iter().enumerate();
    let every = every.flat_map(|(id, route)| {
        route
            .patterns
            .iter()
            .map(move |pattern| (id, pattern.as_str().to_owned()))
    });
    let mut left: BTreeSet<(usize, String)> = every.collect();
    each_request(|group, lookup| {
        if let Ok(found) = table.find(group, lookup) {
            left.remove(&(found.index, found.pattern.as_str().to_owned()));
        }
    });
    left
}

fn clashes(table: &RouteTable) -> BTreeSet<(usize, usize)> {
    let clashes = claims::clashes(table);
    let count = clashes.len();
    let pairs: BTreeSet<_> = clashes
        .iter()
        .map(|clash| (clash.first.route, clash.second.route))
        .collect();
    assert_eq!(pairs.len(), count, "one for each pair");
    pairs
}

fn unreachable(table: &RouteTable) -> BTreeSet<(usize, String)> {
    let found = reach::unreachable(table).into_iter().map(|unreachable| {
        let route = &table.routes()[unreachable.candidate.route];
        let pattern = route.patterns[unreachable.candidate.pattern].as_str().to_owned();
        (unreachable.candidate.route, pattern)
    });
    found.collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn routes_clash_where_some_request_has_no_better_claim(routes in any_routes()) {
        let expected = brute_force_clashes(&routes);
        prop_assert_eq!(clashes(&table(routes)), expected);
    }

    #[test]
    fn a_pattern_is_unreachable_where_no_request_is_ever_given_to_it(routes in any_routes()) {
        let table = table(routes);
        // Between routes that clash the order of the file decides, which is an error of its own.
        prop_assume!(clashes(&table).is_empty());
        prop_assert_eq!(unreachable(&table), brute_force_unreachable(&table));
    }
}

fn equals(name: HeaderName, value: String) -> Conditions {
    Conditions {
        headers: vec![(name, Wanted::Equals(value))],
        query: Vec::new(),
    }
}

#[test]
fn routes_at_one_place_that_a_condition_tells_apart_are_found_among_many() {
    let path = ["/tenants/:id".to_owned()];
    let mut routes: Vec<Route> = (0..100)
        .map(|id| route(id, RouteHosts::Any, &path, "any", equals(X, id.to_string())))
        .collect();
    assert_eq!(clashes(&table(routes.clone())), BTreeSet::new());
    routes.push(route(100, RouteHosts::Any, &path, "any", equals(X, "7".to_owned())));
    routes.push(route(101, RouteHosts::Any, &path, "any", equals(Y, "1".to_owned())));
    let expected: BTreeSet<_> = [(7, 100)].into_iter().chain((0..=100).map(|id| (id, 101))).collect();
    assert_eq!(clashes(&table(routes)), expected);
}

#[test]
fn a_map_of_copies_is_not_compared_to_its_end() {
    let routes = (0..10_000).map(|id| route(id, RouteHosts::Any, &["/a".to_owned()], "any", Conditions::default()));
    assert_eq!(clashes(&table(routes.collect())).len(), 200);
}

/// Not a measurement: a quadratic check would take minutes.
#[test]
fn ten_thousand_routes_are_checked_in_one_go() {
    let apart = (0..5_000).map(|id| {
        let paths = [format!("/api/{id}/:a"), format!("/api/{id}/*"), format!("/v2/:x/{id}")];
        route(id, RouteHosts::Any, &paths, "any", Conditions::default())
    });
    let together = (5_000..10_000).map(|id| {
        route(
            id,
            RouteHosts::Any,
            &["/tenant/*".to_owned()],
            "any",
            equals(X, id.to_string()),
        )
    });
    let table = table(apart.chain(together).collect());
    assert_eq!((clashes(&table).len(), unreachable(&table).len()), (0, 0));
}
