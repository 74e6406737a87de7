-- Lookups follow from their streams, are written together with them and can be made anew: a foreign key, which asked for the
-- stream at each of them, guarded nothing. SQLite drops one only with its table.
CREATE TABLE lookups_alone (
    kind        TEXT NOT NULL,
    key         BLOB NOT NULL,
    stream_kind TEXT NOT NULL,
    stream_id   TEXT NOT NULL,
    PRIMARY KEY (kind, key, stream_kind, stream_id)
) STRICT, WITHOUT ROWID;
INSERT INTO lookups_alone SELECT kind, key, stream_kind, stream_id FROM lookups;
DROP TABLE lookups;
ALTER TABLE lookups_alone RENAME TO lookups;
CREATE INDEX lookups_of_stream ON lookups (stream_kind, stream_id);
