-- Moves whenever a rebuild of streams and lookups begins, and when it replaces them: one that is under way sees that it is
-- not the last any more.
ALTER TABLE log_head ADD COLUMN rebuilds BIGINT NOT NULL DEFAULT 0;
