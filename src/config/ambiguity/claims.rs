//! Pairs of routes that claim the same request with equal specificity.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::ControlFlow;

use crate::routes::conditions::{Conditions, Wanted};
use crate::routes::hosts::GroupIndex;
use crate::routes::route::Route;
use crate::routes::table::{Candidate, RouteTable};

/// Nobody reads more; a map of copies has millions.
const MAX_CLASHES: usize = 200;

/// More routes than this at one place are told apart by a condition before they are compared one by one.
const FEW: usize = 32;

/// Two routes at one place, in the order of the file.
#[derive(Debug)]
pub(super) struct Clash {
    pub(super) group: GroupIndex,
    pub(super) first: Candidate,
    pub(super) second: Candidate,
}

/// One clash for each pair of routes, however many patterns and host groups they share.
pub(super) fn clashes(table: &RouteTable) -> Vec<Clash> {
    let routes = table.routes();
    let mut seen: HashSet<(usize, usize)> = HashSet::new();
    let mut found = Vec::new();
    for (group, leaf) in table.leaves() {
        let rank = |candidate: &Candidate| (candidate.named_host, routes[candidate.route].when.len());
        for equals in leaf.chunk_by(|a, b| rank(a) == rank(b)) {
            let stop = each_pair(equals, routes, &mut |a, b| {
                if clash(&routes[a.route], &routes[b.route]) && a.route != b.route {
                    let (first, second) = if a.route < b.route { (a, b) } else { (b, a) };
                    if seen.insert((first.route, second.route)) {
                        found.push(Clash { group, first, second });
                    }
                }
                match found.len() {
                    MAX_CLASHES => ControlFlow::Break(()),
                    _ => ControlFlow::Continue(()),
                }
            });
            if stop.is_break() {
                return found;
            }
        }
    }
    found
}

fn clash(a: &Route, b: &Route) -> bool {
    !a.allowed().intersection(b.allowed()).is_empty() && !a.when.exclude(&b.when)
}

type Visit<'v> = &'v mut dyn FnMut(Candidate, Candidate) -> ControlFlow<()>;

/// Every pair but those that one condition plainly tells apart.
fn each_pair(candidates: &[Candidate], routes: &[Route], visit: Visit<'_>) -> ControlFlow<()> {
    if candidates.len() <= FEW {
        return pairs_within(candidates, visit);
    }
    let Some(key) = most_telling(candidates, routes) else {
        return pairs_within(candidates, visit);
    };
    let mut by_value: BTreeMap<&str, Vec<Candidate>> = BTreeMap::new();
    let mut any_value = Vec::new();
    for candidate in candidates {
        match demanded(&routes[candidate.route].when, key) {
            Some(value) => by_value.entry(value).or_default().push(*candidate),
            None => any_value.push(*candidate),
        }
    }
    pairs_within(&any_value, visit)?;
    for same_value in by_value.values() {
        pairs_within(same_value, visit)?;
        for a in &any_value {
            for b in same_value {
                visit(*a, *b)?;
            }
        }
    }
    ControlFlow::Continue(())
}

fn pairs_within(candidates: &[Candidate], visit: Visit<'_>) -> ControlFlow<()> {
    for (position, a) in candidates.iter().enumerate() {
        for b in &candidates[position + 1..] {
            visit(*a, *b)?;
        }
    }
    ControlFlow::Continue(())
}

/// A header or parameter that a condition may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Key<'r> {
    Header(&'r str),
    Query(&'r str),
}

fn demands(when: &Conditions) -> impl Iterator<Item = (Key<'_>, &str)> {
    let headers = when
        .headers
        .iter()
        .map(|(name, wanted)| (Key::Header(name.as_str()), wanted));
    let query = when.query.iter().map(|(name, wanted)| (Key::Query(name), wanted));
    headers.chain(query).filter_map(|(key, wanted)| match wanted {
        Wanted::Equals(value) => Some((key, value.as_str())),
        Wanted::Present => None,
    })
}

fn demanded<'r>(when: &'r Conditions, key: Key<'_>) -> Option<&'r str> {
    demands(when).find(|(other, _)| *other == key).map(|(_, value)| value)
}

/// What is asked for with the most different values.
fn most_telling<'r>(candidates: &[Candidate], routes: &'r [Route]) -> Option<Key<'r>> {
    let mut values: HashMap<Key<'r>, HashSet<&str>> = HashMap::new();
    for (key, value) in candidates
        .iter()
        .flat_map(|candidate| demands(&routes[candidate.route].when))
    {
        values.entry(key).or_default().insert(value);
    }
    let most = values.into_iter().max_by_key(|(key, values)| (values.len(), *key));
    most.map(|(key, _)| key)
}
