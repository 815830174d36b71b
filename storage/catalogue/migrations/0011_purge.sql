-- Destruction: what is marked, what is gone and why, and the certificates that say so. Only the worker's role destroys, and
-- only through destroy_marked: no role has DELETE on footage.

CREATE TABLE purge_runs (
    id                 uuid PRIMARY KEY,   -- its certificate has the same id
    kind               text NOT NULL,      -- rules: what is due; space: what a full disk needs
    state              text NOT NULL DEFAULT 'planned',
    principal_id       uuid REFERENCES principals,  -- null: the worker itself, or the tool
    principal          text NOT NULL,
    policy_version     integer NOT NULL REFERENCES policy_versions,
    planned_at         timestamptz NOT NULL,  -- the moment for which the rules were judged
    started_at         timestamptz,
    ended_at           timestamptz,
    planned_segments   bigint NOT NULL,
    planned_bytes      bigint NOT NULL,
    destroyed_segments bigint NOT NULL DEFAULT 0,
    destroyed_bytes    bigint NOT NULL DEFAULT 0,
    missing_files      bigint NOT NULL DEFAULT 0,  -- destroyed rows whose file was gone already
    kept_segments      bigint NOT NULL DEFAULT 0,  -- marked, and then held before they were unlinked
    error              text,
    CONSTRAINT purge_runs_kind_known CHECK (kind IN ('rules', 'space')),
    CONSTRAINT purge_runs_state_known CHECK (state IN ('planned', 'running', 'verified', 'certified', 'aborted')),
    CONSTRAINT purge_runs_principal_present CHECK (principal <> ''),
    CONSTRAINT purge_runs_not_negative CHECK (planned_segments >= 0 AND planned_bytes >= 0 AND destroyed_segments >= 0
        AND destroyed_bytes >= 0 AND missing_files >= 0 AND kept_segments >= 0),
    CONSTRAINT purge_runs_end_has_time CHECK ((state IN ('certified', 'aborted')) = (ended_at IS NOT NULL)),
    -- Whoever aborts says why, and has destroyed nothing: what was destroyed is certified.
    CONSTRAINT purge_runs_aborted_whole CHECK (state <> 'aborted' OR (coalesce(error, '') <> '' AND destroyed_segments = 0))
);
CREATE INDEX purge_runs_newest ON purge_runs (planned_at DESC, id DESC);
CREATE INDEX purge_runs_unfinished ON purge_runs (planned_at) WHERE state IN ('planned', 'running', 'verified');

-- A state is never taken back.
CREATE FUNCTION purge_runs_keep_order() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT (NEW.state = OLD.state AND OLD.state NOT IN ('certified', 'aborted')
        OR (OLD.state, NEW.state) IN (('planned', 'running'), ('planned', 'aborted'), ('running', 'verified'),
            ('running', 'aborted'), ('verified', 'certified'))) THEN
        RAISE EXCEPTION 'a purge run that is % does not become %', OLD.state, NEW.state USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER purge_runs_keep_order BEFORE UPDATE ON purge_runs FOR EACH ROW EXECUTE FUNCTION purge_runs_keep_order();

-- What a run has marked and not yet destroyed. A row is there before its file is unlinked and goes with the tombstone, in
-- one transaction: whatever a crash leaves is found here and finished.
CREATE TABLE purge_marks (
    segment_id uuid PRIMARY KEY,
    from_at    timestamptz NOT NULL,  -- names the partition
    run_id     uuid NOT NULL REFERENCES purge_runs,
    rule       text NOT NULL,
    CONSTRAINT purge_marks_rule_destroys CHECK (rule IN ('RET_WINDOW', 'RET_CEILING_1Y', 'RET_SPACE', 'RET_BREACH_FLOOR'))
);
CREATE INDEX purge_marks_by_run ON purge_marks (run_id);

-- Where the file was: one that comes back (a disk from a backup) is unlinked again.
ALTER TABLE tombstones ADD COLUMN volume_id uuid, ADD COLUMN path text;
CREATE INDEX tombstones_by_run ON tombstones (run, segment_id);

-- Destroyed footage as long stretches, one run of the purge at a time: what coverage and the answer 410 read.
CREATE TABLE destroyed (
    stream_id uuid NOT NULL REFERENCES streams,
    run_id    uuid NOT NULL REFERENCES purge_runs,
    rule      text NOT NULL,
    from_at   timestamptz NOT NULL,
    to_at     timestamptz NOT NULL,
    CONSTRAINT destroyed_not_empty CHECK (from_at < to_at)
);
CREATE INDEX destroyed_by_time ON destroyed USING gist (stream_id, tstzrange(from_at, to_at));
CREATE INDEX destroyed_by_run ON destroyed (run_id);

-- The text is kept as it was hashed into the audit log.
CREATE TABLE purge_certificates (
    id        uuid PRIMARY KEY REFERENCES purge_runs,
    issued_at timestamptz NOT NULL,
    body      text NOT NULL,
    CONSTRAINT purge_certificates_json CHECK (jsonb_typeof(body::jsonb) = 'object')
);

-- When the kernel of an installation's host last said that its clock is synchronised.
CREATE TABLE clock_sightings (
    installation_id uuid PRIMARY KEY,
    synchronised_at timestamptz NOT NULL
);

-- A hold in force that touches the segment, but for one that the rule passes: article 7(5) lets only law outlive a year.
CREATE FUNCTION is_held(stream uuid, began timestamptz, ended timestamptz, rule text, at timestamptz) RETURNS boolean
    LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp
BEGIN ATOMIC
    SELECT EXISTS (
        SELECT FROM public.streams t JOIN public.hold_cameras c ON c.camera_id = t.camera_id JOIN public.holds h ON h.id = c.hold_id
        WHERE t.id = stream AND h.released_at IS NULL AND (h.expires_at IS NULL OR h.expires_at > at)
          AND h.from_at < ended AND h.to_at > began
          AND (rule <> 'RET_CEILING_1Y' OR h.kind IN ('judicial', 'legal')));
END;

-- The end of marked segments whose files are gone for good: tombstone and stretch in, rows out. All or none. The worker
-- judges by its rules; this is the last look, so that no fault there reaches a held segment.
CREATE FUNCTION destroy_marked(run uuid, ids uuid[], missing bigint, at timestamptz) RETURNS void LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    low    timestamptz;
    high   timestamptz;
    rows   bigint;
    gone   bigint;
    volume bigint;
BEGIN
    PERFORM lock_holds_to_destroy();
    PERFORM FROM purge_runs WHERE id = run AND state = 'running' FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'purge run % is not running', run USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NOT (SELECT is_confirmed FROM catalogue_state) THEN
        RAISE EXCEPTION 'the catalogue is unconfirmed' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    SELECT min(from_at), max(from_at), count(*) INTO low, high, rows FROM purge_marks WHERE run_id = run AND segment_id = ANY (ids);
    IF rows <> cardinality(ids) THEN
        RAISE EXCEPTION 'only % of % segments are marked by run %', rows, cardinality(ids), run USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    PERFORM FROM purge_marks m JOIN segments s ON s.id = m.segment_id AND s.from_at = m.from_at
    WHERE m.run_id = run AND m.segment_id = ANY (ids) AND s.from_at BETWEEN low AND high
      AND is_held(s.stream_id, s.from_at, s.to_at, m.rule, at);
    IF FOUND THEN
        RAISE EXCEPTION 'a segment is held' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    INSERT INTO tombstones (segment_id, stream_id, from_at, to_at, bytes, sha256, rule, run, at, volume_id, path)
    SELECT s.id, s.stream_id, s.from_at, s.to_at, s.bytes, s.sha256, m.rule, run::text, destroy_marked.at, s.volume_id, s.path
    FROM purge_marks m JOIN segments s ON s.id = m.segment_id AND s.from_at = m.from_at
    WHERE m.run_id = run AND m.segment_id = ANY (ids) AND s.from_at BETWEEN low AND high;
    -- A segment without length (an open row that never grew) leaves no stretch.
    WITH fresh AS (
        SELECT s.stream_id, m.rule, s.from_at, s.to_at
        FROM purge_marks m JOIN segments s ON s.id = m.segment_id AND s.from_at = m.from_at
        WHERE m.run_id = run AND m.segment_id = ANY (ids) AND s.from_at BETWEEN low AND high AND s.from_at < s.to_at
    ), box AS (
        SELECT stream_id, f.rule, min(from_at) - coverage_tolerance() AS low, max(to_at) + coverage_tolerance() AS high
        FROM fresh f GROUP BY stream_id, f.rule
    ), touched AS (
        DELETE FROM destroyed d USING box b
        WHERE d.run_id = run AND d.stream_id = b.stream_id AND d.rule = b.rule
          AND tstzrange(d.from_at, d.to_at) && tstzrange(b.low, b.high, '[]')
        RETURNING d.stream_id, d.rule, d.from_at, d.to_at
    ), united AS (
        SELECT p.stream_id, p.rule, unnest(range_agg(tstzrange(p.from_at, p.to_at + coverage_tolerance()))) AS stretch
        FROM (TABLE fresh UNION ALL TABLE touched) AS p GROUP BY p.stream_id, p.rule
    )
    INSERT INTO destroyed (stream_id, run_id, rule, from_at, to_at)
    SELECT u.stream_id, run, u.rule, lower(u.stretch), upper(u.stretch) - coverage_tolerance() FROM united u;
    DELETE FROM segment_index WHERE segment_id = ANY (ids) AND from_at BETWEEN low AND high;
    DELETE FROM segment_damage WHERE segment_id = ANY (ids);
    DELETE FROM segment_copies WHERE segment_id = ANY (ids);
    WITH deleted AS (
        DELETE FROM segments WHERE id = ANY (ids) AND from_at BETWEEN low AND high RETURNING bytes
    )
    SELECT count(*), coalesce(sum(bytes), 0) INTO gone, volume FROM deleted;
    IF gone <> rows THEN
        RAISE EXCEPTION 'only % of % segments have a row', gone, rows USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    DELETE FROM purge_marks WHERE run_id = run AND segment_id = ANY (ids);
    UPDATE purge_runs SET destroyed_segments = destroyed_segments + gone, destroyed_bytes = destroyed_bytes + volume,
        missing_files = missing_files + missing WHERE id = run;
END $$;

-- What is not destroyed after all: held meanwhile, or its volume is away.
CREATE FUNCTION unmark(run uuid, ids uuid[], is_held boolean) RETURNS void LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    rows bigint;
BEGIN
    DELETE FROM purge_marks WHERE run_id = run AND segment_id = ANY (ids);
    GET DIAGNOSTICS rows = ROW_COUNT;
    IF is_held THEN
        UPDATE purge_runs SET kept_segments = kept_segments + rows WHERE id = run;
    END IF;
END $$;

-- After a rebuild or a restore the catalogue is in doubt: nothing is destroyed until somebody has compared it.
ALTER TABLE catalogue_state ADD COLUMN confirmed_at timestamptz;
-- False: there was no doubt.
CREATE FUNCTION confirm_catalogue(at timestamptz) RETURNS boolean LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE catalogue_state SET is_confirmed = true, confirmed_at = at WHERE NOT is_confirmed;
    RETURN FOUND;
END $$;

-- What the worker last foresaw of each volume, and of all together (without volume).
CREATE TABLE forecasts (
    place          text PRIMARY KEY,  -- a volume's id, or 'all'
    made_at        timestamptz NOT NULL,
    bytes_per_day  bigint NOT NULL,
    footage_bytes  bigint NOT NULL,
    held_bytes     bigint NOT NULL,
    free_bytes     bigint NOT NULL,
    floor_days     integer NOT NULL,
    days_held      double precision,  -- null: nothing is being recorded
    at_risk_at     timestamptz,       -- null: never at this rate
    is_at_risk     boolean NOT NULL,
    CONSTRAINT forecasts_not_negative CHECK (bytes_per_day >= 0 AND footage_bytes >= 0 AND held_bytes >= 0 AND free_bytes >= 0
        AND floor_days >= 0 AND days_held >= 0)
);

ALTER TABLE jobs DROP CONSTRAINT jobs_kind_known;
ALTER TABLE jobs ADD CONSTRAINT jobs_kind_known CHECK (kind IN ('check', 'scrub', 'copy_suspect', 'purge'));

-- ---- rights; tests/pg/rights_test.cpp holds the same, written by hand

GRANT SELECT ON purge_runs, purge_marks, destroyed, purge_certificates, clock_sightings, forecasts
    TO sluice_worker, sluice_api, sluice_auditor;
GRANT INSERT (id, kind, principal_id, principal, policy_version, planned_at, planned_segments, planned_bytes) ON purge_runs TO sluice_worker;
GRANT UPDATE (state, started_at, ended_at, error) ON purge_runs TO sluice_worker;
GRANT INSERT ON purge_marks, purge_certificates TO sluice_worker;
GRANT INSERT, UPDATE (synchronised_at) ON clock_sightings TO sluice_worker;
GRANT INSERT, UPDATE (made_at, bytes_per_day, footage_bytes, held_bytes, free_bytes, floor_days, days_held, at_risk_at, is_at_risk)
    ON forecasts TO sluice_worker;
GRANT EXECUTE ON FUNCTION destroy_marked(uuid, uuid[], bigint, timestamptz), unmark(uuid, uuid[], boolean), confirm_catalogue(timestamptz)
    TO sluice_worker;
