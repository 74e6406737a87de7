//! Two routes that claim the same request, and routes that can never be chosen.

use std::collections::HashSet;

use crate::diagnostic::{Code, Diagnostic, Diagnostics, Span};
use crate::routes::table::{Candidate, RouteTable};

/// Where a route's patterns stand.
#[derive(Debug)]
pub(crate) struct RoutePlace {
    pub(crate) patterns: Vec<Span>,
}

pub(crate) fn check(table: &RouteTable, places: &[RoutePlace], cx: &mut Diagnostics) {
    let _ = (table, places, cx);
}
