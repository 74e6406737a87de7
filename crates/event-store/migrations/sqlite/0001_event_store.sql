-- The last event: locking this row orders all writers, so that positions have no gaps and follow the commits.
CREATE TABLE log_head (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    position INTEGER NOT NULL,
    hash     BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;
INSERT INTO log_head VALUES (1, 0, zeroblob(32));

CREATE TABLE events (
    position    INTEGER PRIMARY KEY,
    stream_kind TEXT NOT NULL,
    stream_id   TEXT NOT NULL,
    version     INTEGER NOT NULL,
    id          TEXT NOT NULL UNIQUE,
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

CREATE TRIGGER events_are_never_changed BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'events are never changed'); END;
CREATE TRIGGER events_are_never_deleted BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'events are never deleted'); END;
-- INSERT OR REPLACE deletes without asking the trigger above.
CREATE TRIGGER events_are_never_replaced BEFORE INSERT ON events
WHEN EXISTS (SELECT 1 FROM events WHERE position = NEW.position)
    OR EXISTS (SELECT 1 FROM events WHERE id = NEW.id)
    OR EXISTS (SELECT 1 FROM events
               WHERE stream_kind = NEW.stream_kind AND stream_id = NEW.stream_id AND version = NEW.version)
BEGIN SELECT RAISE(ABORT, 'events are never replaced'); END;

-- Version, snapshot and inline projection of each stream in one row.
CREATE TABLE streams (
    kind     TEXT NOT NULL,
    id       TEXT NOT NULL,
    version  INTEGER NOT NULL,
    -- Of the stream's last event.
    position INTEGER NOT NULL,
    state    TEXT,
    -- Digest of the stream's rows in lookups; NULL without any.
    lookups  BLOB,
    PRIMARY KEY (kind, id)
) STRICT;

CREATE TABLE lookups (
    kind        TEXT NOT NULL,
    key         BLOB NOT NULL,
    stream_kind TEXT NOT NULL,
    stream_id   TEXT NOT NULL,
    PRIMARY KEY (kind, key, stream_kind, stream_id),
    FOREIGN KEY (stream_kind, stream_id) REFERENCES streams (kind, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX lookups_of_stream ON lookups (stream_kind, stream_id);

CREATE TABLE claims (
    kind   TEXT NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    owner  TEXT NOT NULL,
    PRIMARY KEY (kind, digest)
) STRICT, WITHOUT ROWID;
CREATE INDEX claims_of_owner ON claims (owner);

-- Idempotency keys that were used.
CREATE TABLE commands (
    key      TEXT NOT NULL PRIMARY KEY,
    request  BLOB NOT NULL CHECK (length(request) = 32),
    response BLOB NOT NULL,
    expires  INTEGER NOT NULL
) STRICT;
CREATE INDEX commands_by_expiry ON commands (expires);

CREATE TABLE records (
    kind    TEXT NOT NULL,
    key     BLOB NOT NULL,
    count   INTEGER NOT NULL,
    value   BLOB NOT NULL,
    expires INTEGER,
    PRIMARY KEY (kind, key)
) STRICT;
CREATE INDEX records_by_expiry ON records (expires) WHERE expires IS NOT NULL;

-- How far each asynchronous projection is, and what stopped it.
CREATE TABLE projections (
    name     TEXT NOT NULL,
    version  INTEGER NOT NULL,
    position INTEGER NOT NULL,
    error    TEXT,
    PRIMARY KEY (name, version)
) STRICT;

CREATE TABLE log_checkpoints (
    position INTEGER PRIMARY KEY,
    time     INTEGER NOT NULL,
    note     TEXT NOT NULL,
    -- What the next one continues: the roots of the Merkle tree's perfect subtrees.
    tree     BLOB NOT NULL
) STRICT;
