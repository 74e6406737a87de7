//! The route table: a trie of path segments per host group. Specificity decides, never the order of the file.
//!
//! At each segment a literal wins over `:param`, and that over `*`; at the end a route of named hosts wins over
//! one of any host, and more conditions over fewer.

use super::hosts::{GroupIndex, HostGroup, HostIndex};
use super::method::MethodSet;
use super::pattern::{Pattern, Segment};
use super::route::{Route, RouteHosts};
use super::target::Target;
use super::template::Captures;
use crate::filters::host::Host;
use http::{HeaderMap, Method};

/// One way to reach a route: its index, and the index of its pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) route: usize,
    pub(crate) pattern: usize,
    /// The route names this host group, rather than every host.
    pub(crate) named_host: bool,
}

#[derive(Debug, Default)]
struct Node {
    /// Sorted by name.
    literals: Vec<(Box<str>, Node)>,
    param: Option<Box<Node>>,
    /// Routes whose pattern ends here, the most specific first.
    exact: Vec<Candidate>,
    /// Routes with a `*` from here on, the most specific first.
    splat: Vec<Candidate>,
}

/// All routes, and the index that finds one.
#[derive(Debug)]
pub(crate) struct RouteTable {
    routes: Vec<Route>,
    groups: Vec<HostGroup>,
    hosts: HostIndex,
    /// One trie per host group.
    tries: Vec<Node>,
}

/// What a request is looked up by. `path` is in canonical form.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lookup<'r> {
    pub(crate) path: &'r str,
    pub(crate) method: &'r Method,
    pub(crate) headers: &'r HeaderMap,
    pub(crate) query: Option<&'r str>,
}

/// Evidence that a route, a pattern and a method's target fit the request.
#[derive(Debug)]
pub(crate) struct RouteMatch<'t> {
    pub(crate) index: usize,
    pub(crate) route: &'t Route,
    pub(crate) pattern: &'t Pattern,
    pub(crate) target: &'t Target,
    pub(crate) captures: Captures,
}

/// Why no target was found.
#[derive(Debug)]
pub(crate) enum NoMatch<'t> {
    Path,
    /// The path matched; these are the methods it answers. The route lends its policies to the refusal.
    Method {
        allow: MethodSet,
        route: &'t Route,
    },
}

impl RouteTable {
    pub(crate) fn new(routes: Vec<Route>, groups: Vec<HostGroup>) -> Self {
        let mut tries: Vec<Node> = groups.iter().map(|_| Node::default()).collect();
        for (index, route) in routes.iter().enumerate() {
            for (pattern_index, pattern) in route.patterns.iter().enumerate() {
                for (group, trie) in tries.iter_mut().enumerate() {
                    let named_host = match &route.hosts {
                        RouteHosts::Any => false,
                        RouteHosts::Named(named) if named.contains(&GroupIndex(group)) => true,
                        RouteHosts::Named(_) => continue,
                    };
                    trie.insert(
                        pattern,
                        Candidate {
                            route: index,
                            pattern: pattern_index,
                            named_host,
                        },
                    );
                }
            }
        }
        for trie in &mut tries {
            trie.rank(&routes);
        }
        Self {
            hosts: HostIndex::new(&groups),
            routes,
            groups,
            tries,
        }
    }

    pub(crate) fn routes(&self) -> &[Route] {
        &self.routes
    }

    pub(crate) fn groups(&self) -> &[HostGroup] {
        &self.groups
    }

    pub(crate) fn group_of(&self, host: &Host<'_>) -> Option<GroupIndex> {
        self.hosts.find(host)
    }

    /// The most specific route whose path and conditions fit, and its target for the method.
    pub(crate) fn find<'t>(&'t self, group: GroupIndex, lookup: &Lookup<'_>) -> Result<RouteMatch<'t>, NoMatch<'t>> {
        let mut search = Search {
            table: self,
            lookup,
            captures: Captures::default(),
        };
        match search.descend(&self.tries[group.0], Rest::of(lookup.path)) {
            Some(leaf) => search.choose(leaf),
            None => Err(NoMatch::Path),
        }
    }

    /// Every leaf the path reaches, best first: what `explain` prints.
    pub(crate) fn candidates(&self, group: GroupIndex, path: &str) -> Vec<Candidate> {
        let mut all = Vec::new();
        collect(&self.tries[group.0], Rest::of(path), &mut all);
        all
    }

    /// All lists of routes that share a pattern's shape in a group: what the ambiguity check looks at.
    pub(crate) fn leaves(&self) -> Vec<(GroupIndex, &[Candidate])> {
        let mut leaves = Vec::new();
        for (group, trie) in self.tries.iter().enumerate() {
            let mut of_group = Vec::new();
            trie.leaves(&mut of_group);
            leaves.extend(of_group.into_iter().map(|leaf| (GroupIndex(group), leaf)));
        }
        leaves
    }
}

impl Node {
    fn insert(&mut self, pattern: &Pattern, candidate: Candidate) {
        let node = pattern.segments().iter().fold(self, |node, segment| match segment {
            Segment::Literal(name) => node.literal_mut(name),
            Segment::Param(_) => node.param.get_or_insert_default(),
        });
        if pattern.has_splat() {
            node.splat.push(candidate);
        } else {
            node.exact.push(candidate);
        }
    }

    fn literal_mut(&mut self, name: &str) -> &mut Self {
        let position = match self.literals.binary_search_by(|(known, _)| (**known).cmp(name)) {
            Ok(position) => position,
            Err(position) => {
                self.literals.insert(position, (name.into(), Self::default()));
                position
            }
        };
        &mut self.literals[position].1
    }

    fn literal(&self, name: &str) -> Option<&Self> {
        let position = self.literals.binary_search_by(|(known, _)| (**known).cmp(name)).ok()?;
        Some(&self.literals[position].1)
    }

    fn rank(&mut self, routes: &[Route]) {
        let specificity = |candidate: &Candidate| {
            (
                !candidate.named_host,
                std::cmp::Reverse(routes[candidate.route].when.len()),
            )
        };
        self.exact.sort_by_key(specificity);
        self.splat.sort_by_key(specificity);
        for (_, child) in &mut self.literals {
            child.rank(routes);
        }
        if let Some(param) = &mut self.param {
            param.rank(routes);
        }
    }

    fn leaves<'n>(&'n self, out: &mut Vec<&'n [Candidate]>) {
        out.extend(
            [&self.exact[..], &self.splat[..]]
                .into_iter()
                .filter(|leaf| !leaf.is_empty()),
        );
        for (_, child) in &self.literals {
            child.leaves(out);
        }
        if let Some(param) = &self.param {
            param.leaves(out);
        }
    }
}

/// The part of a path that is still to be matched: `start` is after a slash, or past the end.
#[derive(Clone, Copy)]
struct Rest<'p> {
    path: &'p str,
    start: usize,
}

impl<'p> Rest<'p> {
    fn of(path: &'p str) -> Self {
        Self { path, start: 1 }
    }

    /// Nothing left but, perhaps, one trailing slash.
    fn is_end(self) -> bool {
        self.start >= self.path.len()
    }

    /// The next segment and what follows it. Canonical paths have no empty segment but the last.
    fn next(self) -> Option<(&'p str, Self)> {
        let text = self.path.get(self.start..).filter(|text| !text.is_empty())?;
        let length = text.find('/').unwrap_or(text.len());
        Some((
            &text[..length],
            Self {
                path: self.path,
                start: self.start + length + 1,
            },
        ))
    }
}

struct Search<'t, 'l, 'r> {
    table: &'t RouteTable,
    lookup: &'l Lookup<'r>,
    captures: Captures,
}

impl<'t> Search<'t, '_, '_> {
    /// Depth first, the most specific branch first. A node is visited at most once, so the work is bounded by the trie.
    fn descend(&mut self, node: &'t Node, rest: Rest<'_>) -> Option<&'t [Candidate]> {
        match rest.next() {
            None => {
                if self.any_fits(&node.exact) {
                    return Some(&node.exact);
                }
            }
            Some((segment, after)) => {
                if let Some(found) = node.literal(segment).and_then(|child| self.descend(child, after)) {
                    return Some(found);
                }
                if let Some(child) = &node.param {
                    let depth = self.captures.len();
                    self.captures.push(rest.start..rest.start + segment.len());
                    if let Some(found) = self.descend(child, after) {
                        return Some(found);
                    }
                    self.captures.truncate(depth);
                }
            }
        }
        if !self.any_fits(&node.splat) {
            return None;
        }
        let end = rest.path.len();
        self.captures.push(rest.start.min(end)..end);
        Some(&node.splat)
    }

    fn fits(&self, candidate: Candidate) -> bool {
        let when = &self.table.routes[candidate.route].when;
        when.len() == 0 || when.hold(self.lookup.headers, self.lookup.query)
    }

    fn any_fits(&self, candidates: &[Candidate]) -> bool {
        candidates.iter().any(|candidate| self.fits(*candidate))
    }

    fn choose(self, leaf: &'t [Candidate]) -> Result<RouteMatch<'t>, NoMatch<'t>> {
        let mut refused: Option<(MethodSet, &'t Route)> = None;
        for candidate in leaf.iter().filter(|candidate| self.fits(**candidate)) {
            let route = &self.table.routes[candidate.route];
            if let Some(target) = route.target(self.lookup.method) {
                let pattern = &route.patterns[candidate.pattern];
                return Ok(RouteMatch {
                    index: candidate.route,
                    route,
                    pattern,
                    target,
                    captures: self.captures,
                });
            }
            let (allow, first) = refused.unwrap_or((MethodSet::default(), route));
            refused = Some((allow.union(route.allowed()), first));
        }
        match refused {
            Some((allow, route)) => Err(NoMatch::Method { allow, route }),
            None => Err(NoMatch::Path),
        }
    }
}

fn collect(node: &Node, rest: Rest<'_>, all: &mut Vec<Candidate>) {
    match rest.next() {
        None => all.extend(&node.exact),
        Some((segment, after)) => {
            if let Some(child) = node.literal(segment) {
                collect(child, after, all);
            }
            if let Some(child) = &node.param {
                collect(child, after, all);
            }
        }
    }
    debug_assert!(rest.is_end() || rest.start <= rest.path.len());
    all.extend(&node.splat);
}

#[cfg(test)]
mod tests;
