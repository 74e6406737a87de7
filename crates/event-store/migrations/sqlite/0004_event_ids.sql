-- An event is told from all others by its stream and version. Its id is random, nobody looks an event up by it, and an index of
-- them was an eighth of the work of an append. SQLite drops one only with its table, whose triggers go with it.
CREATE TABLE events_copied (
    position    INTEGER PRIMARY KEY,
    stream_kind TEXT NOT NULL,
    stream_id   TEXT NOT NULL,
    version     INTEGER NOT NULL,
    id          TEXT NOT NULL,
    kind        TEXT NOT NULL,
    time        INTEGER NOT NULL,
    actor       TEXT NOT NULL,
    client      TEXT,
    request_id  TEXT,
    subject     TEXT,
    payload     TEXT NOT NULL,
    sealed      BLOB,
    hash        BLOB NOT NULL CHECK (length(hash) = 32),
    UNIQUE (stream_kind, stream_id, version)
) STRICT;
INSERT INTO events_copied SELECT position, stream_kind, stream_id, version, id, kind, time, actor, client, request_id, subject,
    payload, sealed, hash FROM events ORDER BY position;
DROP TABLE events;
ALTER TABLE events_copied RENAME TO events;

CREATE TRIGGER events_are_never_changed BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'events are never changed'); END;
CREATE TRIGGER events_are_never_deleted BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'events are never deleted'); END;
-- INSERT OR REPLACE deletes without asking the trigger above.
CREATE TRIGGER events_are_never_replaced BEFORE INSERT ON events
WHEN EXISTS (SELECT 1 FROM events WHERE position = NEW.position)
    OR EXISTS (SELECT 1 FROM events
               WHERE stream_kind = NEW.stream_kind AND stream_id = NEW.stream_id AND version = NEW.version)
BEGIN SELECT RAISE(ABORT, 'events are never replaced'); END;
