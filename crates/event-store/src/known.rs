//! The streams' rows as this appender last wrote them. A row changes only together with the head, so as long as the head is
//! where this appender left it, what it wrote is what is there, and need not be read. A rebuild, which replaces rows without
//! an event, moves the head's number of rebuilds.
//!
//! Who writes alone can also presume that the head is there, and have the database say so when it writes.

use crate::head::Head;
use crate::plan::StreamRow;
use crate::stream::StreamId;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Rows that are kept at most; a row is a few hundred bytes.
const MOST: usize = 8192;

#[derive(Debug, Default)]
pub(crate) struct Known {
    /// Where the head was left; `None`: nothing is known.
    head: Option<Head>,
    /// Nobody else had moved it when it was last looked at.
    undisturbed: bool,
    streams: HashMap<StreamId, StreamRow>,
}

impl Known {
    /// The head is `head`, as a transaction found it that has locked it. All is forgotten if somebody else has moved it.
    pub(crate) fn found(&mut self, head: Head) {
        if self.head != Some(head) {
            self.forget();
        }
        self.undisturbed = self.head.is_some();
    }

    /// Where the head still is, unless somebody else has begun to write.
    pub(crate) fn presumed_head(&self) -> Option<Head> {
        self.head.filter(|_| self.undisturbed)
    }

    /// The rows among `wanted` that need not be read, now that the head is `head`; the others stay in `wanted`. All is
    /// forgotten if somebody else has moved the head, be it by a rebuild.
    pub(crate) fn take(&mut self, head: Head, wanted: &mut BTreeSet<&StreamId>) -> BTreeMap<StreamId, StreamRow> {
        if self.head != Some(head) {
            self.forget();
            return BTreeMap::new();
        }
        let mut found = BTreeMap::new();
        wanted.retain(|stream| match self.streams.remove_entry(*stream) {
            Some((stream, row)) => found.insert(stream, row).is_some(),
            None => true,
        });
        found
    }

    /// `streams` were written, and the head left at `head`, by a transaction that need not have ended: unless it is committed,
    /// all must be forgotten.
    pub(crate) fn keep(&mut self, head: Head, streams: BTreeMap<StreamId, StreamRow>) {
        if self.streams.len() + streams.len() > MOST {
            self.streams.clear();
        }
        self.head = Some(head);
        for (stream, row) in streams {
            // As a row that was read has it.
            let lookups = Vec::new();
            self.streams.insert(stream, StreamRow { lookups, ..row });
        }
    }

    pub(crate) fn forget(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests;
