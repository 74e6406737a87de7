-- The last event: locking this row orders all writers, so that positions have no gaps and follow the commits.
CREATE TABLE log_head (
    only_row BIGINT PRIMARY KEY CHECK (only_row = 1),
    position BIGINT NOT NULL,
    hash     BYTEA NOT NULL CHECK (length(hash) = 32)
);
INSERT INTO log_head VALUES (1, 0, decode(repeat('00', 32), 'hex'));

CREATE TABLE events (
    position    BIGINT PRIMARY KEY,
    stream_kind TEXT COLLATE "C" NOT NULL,
    stream_id   TEXT COLLATE "C" NOT NULL,
    version     BIGINT NOT NULL,
    id          TEXT COLLATE "C" NOT NULL UNIQUE,
    kind        TEXT COLLATE "C" NOT NULL,
    time        BIGINT NOT NULL,
    actor       TEXT NOT NULL,
    client      TEXT,
    request_id  TEXT,
    subject     TEXT,
    payload     TEXT NOT NULL,
    sealed      BYTEA,
    hash        BYTEA NOT NULL CHECK (length(hash) = 32),
    UNIQUE (stream_kind, stream_id, version)
);

CREATE FUNCTION refuse_to_change_events() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'events are never changed, deleted or truncated';
END
$$;
CREATE TRIGGER events_are_never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_events();

-- Version, snapshot and inline projection of each stream in one row.
CREATE TABLE streams (
    kind     TEXT COLLATE "C" NOT NULL,
    id       TEXT COLLATE "C" NOT NULL,
    version  BIGINT NOT NULL,
    -- Of the stream's last event.
    position BIGINT NOT NULL,
    state    TEXT,
    -- Digest of the stream's rows in lookups; NULL without any.
    lookups  BYTEA,
    PRIMARY KEY (kind, id)
) WITH (fillfactor = 70);

CREATE TABLE lookups (
    kind        TEXT COLLATE "C" NOT NULL,
    key         BYTEA NOT NULL,
    stream_kind TEXT COLLATE "C" NOT NULL,
    stream_id   TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (kind, key, stream_kind, stream_id),
    FOREIGN KEY (stream_kind, stream_id) REFERENCES streams (kind, id)
);
CREATE INDEX lookups_of_stream ON lookups (stream_kind, stream_id);

CREATE TABLE claims (
    kind   TEXT COLLATE "C" NOT NULL,
    digest BYTEA NOT NULL CHECK (length(digest) = 32),
    owner  TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (kind, digest)
);
CREATE INDEX claims_of_owner ON claims (owner);

-- Idempotency keys that were used.
CREATE TABLE commands (
    key      TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    request  BYTEA NOT NULL CHECK (length(request) = 32),
    response BYTEA NOT NULL,
    expires  BIGINT NOT NULL
);
CREATE INDEX commands_by_expiry ON commands (expires);

CREATE TABLE records (
    kind    TEXT COLLATE "C" NOT NULL,
    key     BYTEA NOT NULL,
    count   BIGINT NOT NULL,
    value   BYTEA NOT NULL,
    expires BIGINT,
    PRIMARY KEY (kind, key)
);
CREATE INDEX records_by_expiry ON records (expires) WHERE expires IS NOT NULL;

-- How far each asynchronous projection is, and what stopped it.
CREATE TABLE projections (
    name     TEXT COLLATE "C" NOT NULL,
    version  BIGINT NOT NULL,
    position BIGINT NOT NULL,
    error    TEXT,
    PRIMARY KEY (name, version)
);

CREATE TABLE log_checkpoints (
    position BIGINT PRIMARY KEY,
    time     BIGINT NOT NULL,
    note     TEXT NOT NULL,
    -- What the next one continues: the roots of the Merkle tree's perfect subtrees.
    tree     BYTEA NOT NULL
);
