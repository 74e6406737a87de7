//! Projections: tables derived from the log by tasks of their own, some time after the append. What a login reads is not
//! made this way (see `Fold`); lists, statistics and search are.
//!
//! A projection's position changes in the transaction that changes its rows, so each event counts once. An event that can't
//! be applied stops its projection, for everyone to see, until it is resumed or rebuilt: no event is passed over.

mod activity;
mod audit;
mod catalog;
mod catch_up;
mod condition;
mod rebuild;
mod runner;
mod step;
mod table;
mod tables;

pub use activity::{Activity, Count};
pub use audit::{Audit, AuditPage, AuditQuery, OwnerOf};
pub use catalog::{NoProjection, ProjectionStatus};
pub use catch_up::CatchUpError;
pub use rebuild::{RebuildError, Rebuilt};
pub use runner::Projecting;
pub use table::{Column, Table, Value};
pub use tables::{ApplyError, Tables};

pub(crate) use step::{begin, events_after, run};

use futures_util::future::BoxFuture;

use crate::event::Event;

/// Derives tables from the log.
pub trait Projection: Send + Sync + 'static {
    /// Lower-case letters and `_`.
    fn name(&self) -> &'static str;

    /// Greater for every change of `tables` or `apply`: the rows of another version are made anew from the whole log, and
    /// replaced when that is done.
    fn version(&self) -> u32;

    /// The tables it makes. No other projection has tables of these names.
    fn tables(&self) -> &'static [Table];

    /// Changes the tables by the next events, of which there is at least one. It sees each once, in order, in batches of
    /// any size; the same events must give the same rows.
    ///
    /// # Errors
    /// When an event can't be applied: nothing of the batch then has an effect, and the projection stops there.
    fn apply<'a>(&'a self, tables: &'a mut Tables<'_>, events: &'a [Event]) -> BoxFuture<'a, Result<(), ApplyError>>;
}
