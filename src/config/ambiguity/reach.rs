//! Patterns that no request can reach, because more specific routes take all of them.

use std::collections::{BTreeMap, HashMap};

use crate::routes::hosts::GroupIndex;
use crate::routes::pattern::{Pattern, Segment};
use crate::routes::route::Route;
use crate::routes::table::{Candidate, RouteTable};

/// A pattern of a route, and who takes its requests.
#[derive(Debug)]
pub(super) struct Unreachable {
    pub(super) candidate: Candidate,
    pub(super) winners: Vec<Candidate>,
}

pub(super) fn unreachable(table: &RouteTable) -> Vec<Unreachable> {
    let leaves = Leaves::of(table);
    // Per pattern, the winners of the first group; emptied for good by a group in which it can be chosen.
    let mut beaten: BTreeMap<(usize, usize), Option<Unreachable>> = BTreeMap::new();
    for (group, leaf) in table.leaves() {
        for (rank, candidate) in leaf.iter().enumerate() {
            let winners = winners_at_leaf(*candidate, &leaf[..rank], table.routes())
                .or_else(|| leaves.winners_before(group, *candidate));
            let here = winners.map(|winners| Unreachable {
                candidate: *candidate,
                winners,
            });
            let known = beaten.entry((candidate.route, candidate.pattern));
            known
                .and_modify(|known| {
                    if here.is_none() {
                        *known = None;
                    }
                })
                .or_insert(here);
        }
    }
    beaten.into_values().flatten().collect()
}

/// The candidates ranked above that together answer all its methods whenever its conditions hold. These name the host
/// where it does not: one with more conditions leaves it the requests that fail them.
fn winners_at_leaf(candidate: Candidate, above: &[Candidate], routes: &[Route]) -> Option<Vec<Candidate>> {
    let route = &routes[candidate.route];
    let mut left = route.allowed();
    let mut winners = Vec::new();
    for rival in above
        .iter()
        .take_while(|rival| rival.named_host && !candidate.named_host)
    {
        let takes = routes[rival.route].allowed();
        if !left.intersection(takes).is_empty() && routes[rival.route].when.hold_wherever(&route.when) {
            left = left.minus(takes);
            winners.push(*rival);
        }
        if left.is_empty() {
            return Some(winners);
        }
    }
    None
}

/// The leaves of every group by the shape of their pattern.
struct Leaves<'t> {
    routes: &'t [Route],
    by_shape: HashMap<(GroupIndex, Shape), &'t [Candidate]>,
}

/// A pattern without the names of its parameters.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Shape {
    /// `None` for a parameter.
    segments: Vec<Option<String>>,
    splat: bool,
}

impl Shape {
    fn of(pattern: &Pattern) -> Self {
        let segments = pattern.segments().iter().map(|segment| match segment {
            Segment::Literal(text) => Some(text.clone()),
            Segment::Param(_) => None,
        });
        Self {
            segments: segments.collect(),
            splat: pattern.has_splat(),
        }
    }

    fn exact(&self) -> Self {
        Self {
            segments: self.segments.clone(),
            splat: false,
        }
    }

    /// One parameter deeper.
    fn deeper(&self) -> Self {
        let segments = self.segments.iter().cloned().chain([None]);
        Self {
            segments: segments.collect(),
            ..*self
        }
    }
}

impl<'t> Leaves<'t> {
    fn of(table: &'t RouteTable) -> Self {
        let routes = table.routes();
        let shaped = table.leaves().into_iter().filter_map(|(group, leaf)| {
            let first = leaf.first()?;
            let pattern = &routes[first.route].patterns[first.pattern];
            Some(((group, Shape::of(pattern)), leaf))
        });
        Self {
            routes,
            by_shape: shaped.collect(),
        }
    }

    /// What a `*` would take is taken before: the path that ends there by an exact route, and every longer one by
    /// routes below a parameter. A leaf takes a path whatever the method, so methods do not count here.
    fn winners_before(&self, group: GroupIndex, candidate: Candidate) -> Option<Vec<Candidate>> {
        let pattern = &self.routes[candidate.route].patterns[candidate.pattern];
        if !pattern.has_splat() {
            return None;
        }
        let shape = Shape::of(pattern);
        let ending = self.winner(group, &shape.exact(), candidate)?;
        let mut winners = self.winners_of_all(group, &shape.deeper(), candidate)?;
        winners.insert(0, ending);
        Some(winners)
    }

    /// Who takes every path that reaches this far, however it goes on.
    fn winners_of_all(&self, group: GroupIndex, splat: &Shape, candidate: Candidate) -> Option<Vec<Candidate>> {
        if let Some(winner) = self.winner(group, splat, candidate) {
            return Some(vec![winner]);
        }
        let ending = self.winner(group, &splat.exact(), candidate)?;
        let mut winners = self.winners_of_all(group, &splat.deeper(), candidate)?;
        winners.insert(0, ending);
        Some(winners)
    }

    /// A candidate of that shape whose conditions hold whenever those of `candidate` do.
    fn winner(&self, group: GroupIndex, shape: &Shape, candidate: Candidate) -> Option<Candidate> {
        let when = &self.routes[candidate.route].when;
        let leaf = self.by_shape.get(&(group, shape.clone()))?;
        leaf.iter()
            .find(|rival| self.routes[rival.route].when.hold_wherever(when))
            .copied()
    }
}
