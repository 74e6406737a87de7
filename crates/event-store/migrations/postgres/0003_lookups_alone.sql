-- Lookups follow from their streams, are written together with them and can be made anew: a foreign key, which asked for the
-- stream at each of them, guarded nothing.
ALTER TABLE lookups DROP CONSTRAINT lookups_stream_kind_stream_id_fkey;
