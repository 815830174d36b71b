-- Who may do what. Nothing is granted to PUBLIC; what is not named here is refused. tests/pg/rights_test.cpp holds the
-- same table, written by hand.

REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC;
ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON TABLES FROM PUBLIC;
ALTER DEFAULT PRIVILEGES REVOKE ALL ON FUNCTIONS FROM PUBLIC;

-- Everybody can see which version is there.
GRANT SELECT ON schema_migrations TO sluice_recorder, sluice_worker, sluice_api, sluice_auditor;

-- Footage and its inventory: read by all services. Partitions have no grants: the way in is the parent.
GRANT SELECT ON volumes, recorders, channels, cameras, streams, runs, formats, segments, segment_index, coverage, gaps, tombstones
    TO sluice_recorder, sluice_worker, sluice_api, sluice_auditor;
GRANT SELECT ON journal_positions, recorder_events TO sluice_recorder, sluice_worker, sluice_auditor;

-- The recorder fills the catalogue. It deletes nothing, and what it may change is named by column: not whose a stream
-- is, not a tombstone, not a format, not an index.
GRANT INSERT ON volumes, recorders, channels, cameras, streams, runs, formats, segments, segment_index, gaps,
    journal_positions, recorder_events TO sluice_recorder;
GRANT UPDATE (path) ON volumes TO sluice_recorder;
GRANT UPDATE (slug, name, vendor, retired_at) ON recorders TO sluice_recorder;
GRANT UPDATE (recorder_id, slug, name, channel, tags, zone, owner, is_enabled, retired_at) ON cameras TO sluice_recorder;
GRANT UPDATE (from_at, to_at, footage_to, end_cause, clock_synchronised, measured_fps, media_rate, is_overlapping)
    ON runs TO sluice_recorder;
GRANT UPDATE (format_id, from_at, to_at, bytes, sample_bytes, ticks, samples, key_samples, fragments, duration_runs,
    composition_runs, has_composition, is_damaged, state, path, sha256) ON segments TO sluice_recorder;
GRANT UPDATE (from_at, to_at, cause, detail) ON gaps TO sluice_recorder;
GRANT UPDATE (file, byte_offset) ON journal_positions TO sluice_recorder;
GRANT EXECUTE ON FUNCTION ensure_partitions(timestamptz) TO sluice_recorder, sluice_worker;
GRANT EXECUTE ON FUNCTION from_us(bigint), to_us(timestamptz), coverage_tolerance() TO sluice_recorder, sluice_worker, sluice_api, sluice_auditor;

-- The tool gives out tokens as sluice_worker; the API can only ask about one.
GRANT EXECUTE ON FUNCTION create_machine_token(uuid, text, text, bytea, timestamptz) TO sluice_worker;
GRANT EXECUTE ON FUNCTION principal_of_token(bytea, timestamptz) TO sluice_api;
GRANT SELECT ON principals TO sluice_worker, sluice_auditor;
GRANT SELECT (principal_id, valid_from, valid_to, revoked_at, last_four) ON credentials TO sluice_worker, sluice_auditor;
