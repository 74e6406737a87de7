//! What a plan changes, table by table.

use super::{Plan, StreamRow};
use crate::fold::Lookup;
use crate::job::{ClaimKey, RecordKey};
use crate::record::Record;
use crate::stream::StreamId;

impl Plan<'_> {
    /// Streams whose stored lookups are to go: others follow, or none.
    pub(crate) fn outdated_lookups(&self) -> impl Iterator<Item = &StreamId> {
        let streams = self.with_other_lookups().map(|(stream, _)| stream);
        streams.filter(|stream| self.before.streams.get(stream).is_some_and(StreamRow::has_lookups))
    }

    pub(crate) fn new_lookups(&self) -> impl Iterator<Item = (&StreamId, &Lookup)> {
        self.with_other_lookups()
            .flat_map(|(stream, row)| row.lookups.iter().map(move |lookup| (stream, lookup)))
    }

    fn with_other_lookups(&self) -> impl Iterator<Item = (&StreamId, &StreamRow)> {
        self.after.streams.iter().filter(|(stream, row)| {
            let before = self.before.streams.get(stream).and_then(|row| row.lookups_digest);
            before != row.lookups_digest
        })
    }

    pub(crate) fn claims_taken(&self) -> impl Iterator<Item = (&ClaimKey, &String)> {
        let claims = self.after.claims.iter();
        claims.filter_map(|(key, owner)| Some((key, owner.as_ref()?)))
    }

    pub(crate) fn claims_released(&self) -> impl Iterator<Item = &ClaimKey> {
        let claims = self.after.claims.iter();
        claims.filter(|(_, owner)| owner.is_none()).map(|(key, _)| key)
    }

    pub(crate) fn records_put(&self) -> impl Iterator<Item = (&RecordKey, &Record)> {
        let records = self.after.records.iter();
        records.filter_map(|(key, record)| Some((key, record.as_ref()?)))
    }

    pub(crate) fn records_deleted(&self) -> impl Iterator<Item = &RecordKey> {
        let records = self.after.records.iter();
        records.filter(|(_, record)| record.is_none()).map(|(key, _)| key)
    }
}

impl StreamRow {
    fn has_lookups(&self) -> bool {
        self.lookups_digest.is_some()
    }
}
