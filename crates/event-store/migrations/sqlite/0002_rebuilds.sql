-- Moves whenever a rebuild of streams and lookups begins, so that one under way sees that it is not the last any more, and when
-- it replaces them, so that no appender goes on with rows that it remembers.
ALTER TABLE log_head ADD COLUMN rebuilds INTEGER NOT NULL DEFAULT 0;
