//! Two routes that claim the same request, and routes that can never be chosen. Works on the finished table, so it
//! judges by the very order in which requests are matched.

mod claims;
mod reach;

use crate::config::code;
use crate::routes::table::{Candidate, RouteTable};
use claims::Clash;
use config_text::diagnostic::{Diagnostic, Diagnostics, Span};
use reach::Unreachable;

/// Where a route's patterns stand in the file, in the order of the route's own.
#[derive(Debug)]
pub(crate) struct RoutePlace {
    pub(crate) patterns: Vec<Span>,
}

/// `places` are those of the table's routes, in the same order.
pub(crate) fn check(table: &RouteTable, places: &[RoutePlace], cx: &mut Diagnostics) {
    let place = |candidate: Candidate| places[candidate.route].patterns[candidate.pattern];
    for clash in claims::clashes(table) {
        cx.push(ambiguous(table, &clash, place));
    }
    for unreachable in reach::unreachable(table) {
        cx.push(never_chosen(table, &unreachable, place));
    }
}

fn ambiguous(table: &RouteTable, clash: &Clash, place: impl Fn(Candidate) -> Span) -> Diagnostic {
    let [first, second] = [clash.first, clash.second].map(|candidate| &table.routes()[candidate.route]);
    let shared = first.allowed().intersection(second.allowed()).to_string();
    let methods = if shared.is_empty() {
        "extension methods"
    } else {
        &shared
    };
    let group = &table.groups()[clash.group.0].name;
    let message = format!(
        "`{}` and `{}` claim the same requests, and neither is more specific",
        first.id, second.id
    );
    Diagnostic::error(code::AMBIGUOUS_ROUTE, place(clash.second), message)
        .label(format!("claims {methods} on the hosts of `{group}`"))
        .note_at(place(clash.first), "and so does this")
        .help("tell them apart by a literal segment, a named host, a condition under `when`, or methods; or merge them")
}

fn never_chosen(table: &RouteTable, unreachable: &Unreachable, place: impl Fn(Candidate) -> Span) -> Diagnostic {
    let route = &table.routes()[unreachable.candidate.route];
    let pattern = &route.patterns[unreachable.candidate.pattern];
    let message = format!("`{}` can never be chosen for `{}`", route.id, pattern.as_str());
    let label = "more specific routes take every request that this could match";
    let diagnostic = Diagnostic::error(code::UNREACHABLE_ROUTE, place(unreachable.candidate), message).label(label);
    unreachable.winners.iter().fold(diagnostic, |diagnostic, winner| {
        let id = &table.routes()[winner.route].id;
        diagnostic.note_at(place(*winner), format!("`{id}` wins here"))
    })
}

#[cfg(test)]
mod tests;
