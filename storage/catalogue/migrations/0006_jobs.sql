-- What the worker works on, and what it and `sluice check` find: jobs, damage, copies of suspect files, the scrub's
-- place, and whether the catalogue was made again from files.

-- A job is a row from the request on; whoever holds its lease runs it. Times are the database's: it is the one clock that
-- workers share.
CREATE TABLE jobs (
    id              uuid PRIMARY KEY,
    kind            text NOT NULL,
    arguments       jsonb NOT NULL DEFAULT '{}',
    state           text NOT NULL DEFAULT 'queued',
    -- Two jobs that would do the same work must not wait side by side.
    same_work       text NOT NULL,
    principal_id    uuid REFERENCES principals,  -- null: the worker itself
    principal       text NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    not_before      timestamptz NOT NULL DEFAULT clock_timestamp(),
    started_at      timestamptz,
    finished_at     timestamptz,
    attempts        integer NOT NULL DEFAULT 0,
    lease_owner     text,
    lease_until     timestamptz,
    cancel_asked_at timestamptz,
    done_bytes      bigint NOT NULL DEFAULT 0,
    total_bytes     bigint NOT NULL DEFAULT 0,  -- 0: not known
    note            text NOT NULL DEFAULT '',
    result          jsonb,
    error           text,
    CONSTRAINT jobs_kind_known CHECK (kind IN ('check', 'scrub', 'copy_suspect')),
    CONSTRAINT jobs_arguments_object CHECK (jsonb_typeof(arguments) = 'object'),
    CONSTRAINT jobs_state_known CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
    CONSTRAINT jobs_principal_present CHECK (principal <> ''),
    CONSTRAINT jobs_numbers_not_negative CHECK (attempts >= 0 AND done_bytes >= 0 AND total_bytes >= 0),
    -- A lease belongs to a running job and to no other.
    CONSTRAINT jobs_lease_while_running CHECK ((state = 'running') = (lease_owner IS NOT NULL)
        AND (lease_owner IS NULL) = (lease_until IS NULL)),
    CONSTRAINT jobs_end_has_time CHECK ((state IN ('done', 'failed', 'cancelled')) = (finished_at IS NOT NULL)),
    -- A failure says why.
    CONSTRAINT jobs_failure_has_error CHECK (state <> 'failed' OR coalesce(error, '') <> '')
);
CREATE INDEX jobs_waiting ON jobs (not_before, created_at) WHERE state IN ('queued', 'running');
CREATE INDEX jobs_by_time ON jobs (created_at DESC, id DESC);
CREATE UNIQUE INDEX jobs_same_work_once ON jobs (same_work) WHERE state IN ('queued', 'running');

-- The API asks; what is running ends at its worker's next word, what waits ends at once. False: it had ended already.
CREATE FUNCTION cancel_job(job uuid) RETURNS boolean LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE jobs SET cancel_asked_at = coalesce(cancel_asked_at, clock_timestamp()),
        state = CASE state WHEN 'queued' THEN 'cancelled' ELSE state END,
        finished_at = CASE state WHEN 'queued' THEN clock_timestamp() END
    WHERE id = job AND state IN ('queued', 'running');
    RETURN FOUND;
END $$;

-- Which bytes of a finished segment are not what was recorded. Rows are only added: what was once found stays said.
CREATE TABLE segment_damage (
    segment_id uuid NOT NULL,
    from_at    timestamptz NOT NULL,  -- of the segment: names its partition
    from_byte  bigint NOT NULL,
    to_byte    bigint NOT NULL,
    what       text NOT NULL,
    found_at   timestamptz NOT NULL,
    PRIMARY KEY (segment_id, from_byte, to_byte, what),
    CONSTRAINT segment_damage_not_empty CHECK (0 <= from_byte AND from_byte < to_byte),
    -- box: the head of a file or fragment; content: anywhere in the range, a hash can't tell where; index: the
    -- catalogue's index of these bytes, the file being sound; lost: the file ends before.
    CONSTRAINT segment_damage_what_known CHECK (what IN ('box', 'content', 'index', 'lost'))
);

-- Range and mark in one transaction, for a finished row only; nothing else of a row can be changed by it.
CREATE FUNCTION mark_damaged(segment uuid, began timestamptz, from_bytes bigint[], to_bytes bigint[], whats text[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM FROM segments WHERE id = segment AND from_at = began AND state = 'finished';
    IF NOT FOUND THEN
        RAISE EXCEPTION 'segment % is not finished', segment USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    INSERT INTO segment_damage (segment_id, from_at, from_byte, to_byte, what, found_at)
    SELECT segment, began, f, t, w, clock_timestamp() FROM unnest(from_bytes, to_bytes, whats) AS n (f, t, w)
    ON CONFLICT DO NOTHING;
    UPDATE segments SET is_damaged = true WHERE id = segment AND from_at = began AND NOT is_damaged;
END $$;

-- The readable part of a suspect file, copied into a new synced one. The segment's row stays suspect: what was copied was
-- never safely written. Without path: there was nothing to copy, and `problem` says why.
CREATE TABLE segment_copies (
    segment_id uuid PRIMARY KEY,
    from_at    timestamptz NOT NULL,
    volume_id  uuid NOT NULL REFERENCES volumes,
    path       text,
    bytes      bigint NOT NULL DEFAULT 0,
    sha256     bytea,
    to_at      timestamptz,  -- wall end of the last fragment copied
    problem    text NOT NULL DEFAULT '',
    copied_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT segment_copies_whole_or_why CHECK (CASE WHEN path IS NULL THEN problem <> ''
        ELSE coalesce(octet_length(sha256) = 32 AND bytes > 0 AND to_at > from_at, false) END),
    CONSTRAINT segment_copies_path_inside CHECK (path LIKE 'copies/%' AND ('/' || path || '/') NOT LIKE '%/../%')
);

-- Where the scrub of each volume stands. A cycle looks at what had begun before it did, in the order of time, so its next
-- segment is always the one whose last look is the longest ago.
CREATE TABLE scrub_cycles (
    volume_id     uuid PRIMARY KEY REFERENCES volumes,
    began_at      timestamptz NOT NULL,
    ended_at      timestamptz,
    position_at   timestamptz NOT NULL,
    position_id   uuid NOT NULL,
    segments      bigint NOT NULL DEFAULT 0,
    bytes         bigint NOT NULL DEFAULT 0,
    damaged       bigint NOT NULL DEFAULT 0,
    last_ended_at timestamptz,  -- of the cycle before
    CONSTRAINT scrub_cycles_end_after_start CHECK (ended_at >= began_at),
    CONSTRAINT scrub_cycles_not_negative CHECK (segments >= 0 AND bytes >= 0 AND damaged >= 0)
);

-- One row. After a rebuild from files nobody has compared holds and tombstones with a backup yet: nothing may be
-- deleted until somebody has.
CREATE TABLE catalogue_state (
    only_row         boolean PRIMARY KEY DEFAULT true,
    is_confirmed     boolean NOT NULL DEFAULT true,
    rebuild_began_at timestamptz,
    rebuild_ended_at timestamptz,
    CONSTRAINT catalogue_state_one_row CHECK (only_row),
    CONSTRAINT catalogue_state_doubt_has_reason CHECK (is_confirmed OR rebuild_began_at IS NOT NULL),
    CONSTRAINT catalogue_state_end_after_start CHECK (rebuild_ended_at >= rebuild_began_at)
);
INSERT INTO catalogue_state DEFAULT VALUES;

-- ---- rights; tests/pg/rights_test.cpp holds the same, written by hand

GRANT SELECT ON jobs, segment_damage, segment_copies, scrub_cycles, catalogue_state TO sluice_worker, sluice_api, sluice_auditor;
GRANT SELECT ON catalogue_state TO sluice_recorder;
-- The API files a request and nothing else: state, lease and result are the worker's.
GRANT INSERT (id, kind, arguments, same_work, principal_id, principal) ON jobs TO sluice_api, sluice_worker;
GRANT UPDATE (state, not_before, started_at, finished_at, attempts, lease_owner, lease_until, done_bytes, total_bytes, note,
    result, error) ON jobs TO sluice_worker;
GRANT EXECUTE ON FUNCTION cancel_job(uuid) TO sluice_api, sluice_worker;
GRANT EXECUTE ON FUNCTION mark_damaged(uuid, timestamptz, bigint[], bigint[], text[]) TO sluice_worker;
GRANT INSERT ON segment_copies, scrub_cycles TO sluice_worker;
GRANT UPDATE (path, bytes, sha256, to_at, problem, copied_at) ON segment_copies TO sluice_worker;
GRANT UPDATE (began_at, ended_at, position_at, position_id, segments, bytes, damaged, last_ended_at) ON scrub_cycles TO sluice_worker;

-- A few rows, found again each minute by whoever copies them.
CREATE INDEX segments_suspect ON segments (volume_id, from_at) WHERE state = 'suspect';
