-- The catalogue: what is recorded, where it lies, and what is missing. Times are UTC with microseconds; intervals are
-- half-open, [from_at, to_at). Ids are made by the recorder (UUIDv7), so it can name things while no database runs.

-- Programs pass times as microseconds since 1970. Seconds and rest apart, because a factor of an interval is a double;
-- through timestamp, because only that is immutable: so the planner knows the day and looks at one partition.
CREATE FUNCTION from_us(us bigint) RETURNS timestamptz LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN (timestamp 'epoch' + (us / 1000000) * interval '1 second' + (us % 1000000) * interval '1 microsecond') AT TIME ZONE 'UTC';
CREATE FUNCTION to_us(at timestamptz) RETURNS bigint LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN (extract(epoch FROM at AT TIME ZONE 'UTC') * 1000000)::bigint;

CREATE TABLE volumes (
    id              uuid PRIMARY KEY,
    installation_id uuid NOT NULL,
    path            text NOT NULL,
    -- A relative path would mean another folder in every program.
    CONSTRAINT volumes_path_absolute CHECK (path LIKE '/%')
);

CREATE TABLE recorders (
    id              uuid PRIMARY KEY,
    installation_id uuid NOT NULL,
    slug            text NOT NULL,
    name            text NOT NULL,
    vendor          text NOT NULL,
    retired_at      timestamptz,
    -- Slugs stand in URLs and paths.
    CONSTRAINT recorders_slug_form CHECK (slug ~ '^[a-z0-9-]{1,63}$'),
    -- Two devices of one name can't be told apart. Only among those in use: a lost state.json makes new ids for old
    -- slugs, and the footage of the former ones stays. Deferred, so that one transaction may hand a slug over.
    CONSTRAINT recorders_slug_unique EXCLUDE USING btree (installation_id WITH =, slug WITH =)
        WHERE (retired_at IS NULL) DEFERRABLE INITIALLY DEFERRED
);

CREATE TABLE channels (
    recorder_id uuid NOT NULL REFERENCES recorders,
    number      integer NOT NULL,
    PRIMARY KEY (recorder_id, number),
    -- Vendors count from one; zero would be a camera without a channel.
    CONSTRAINT channels_number_positive CHECK (number >= 1)
);

CREATE TABLE cameras (
    id              uuid PRIMARY KEY,
    installation_id uuid NOT NULL,
    recorder_id     uuid NOT NULL REFERENCES recorders,
    slug            text NOT NULL,
    name            text NOT NULL,
    channel         integer,
    tags            text[] NOT NULL DEFAULT '{}',
    zone            text NOT NULL DEFAULT '',
    owner           text NOT NULL DEFAULT '',
    is_enabled      boolean NOT NULL,
    retired_at      timestamptz,
    FOREIGN KEY (recorder_id, channel) REFERENCES channels,
    CONSTRAINT cameras_slug_form CHECK (slug ~ '^[a-z0-9-]{1,63}$'),
    -- The official name is printed on releases of footage: never empty.
    CONSTRAINT cameras_name_present CHECK (name <> ''),
    -- As for recorders: among those in use.
    CONSTRAINT cameras_slug_unique EXCLUDE USING btree (installation_id WITH =, slug WITH =)
        WHERE (retired_at IS NULL) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX cameras_by_slug ON cameras (slug);

CREATE TABLE streams (
    id        uuid PRIMARY KEY,
    camera_id uuid NOT NULL REFERENCES cameras,
    kind      text NOT NULL,
    CONSTRAINT streams_kind_known CHECK (kind IN ('main', 'sub')),
    -- `stream=main` in a URL has one meaning.
    CONSTRAINT streams_one_of_a_kind UNIQUE (camera_id, kind)
);

-- The spelling of a cause is part of journal, files and answers (config/base/words.hpp).
CREATE DOMAIN gap_cause AS text
    CONSTRAINT gap_cause_known CHECK (VALUE IN (
        'camera_unreachable', 'auth_failed', 'stream_stalled', 'packet_loss', 'waiting_key_frame', 'disk_slow', 'disk_full',
        'volume_missing', 'recorder_crash', 'shutdown', 'power', 'clock_step', 'maintenance', 'disabled_by_operator', 'unknown'));

CREATE TABLE runs (
    id                 uuid PRIMARY KEY,
    stream_id          uuid NOT NULL REFERENCES streams,
    from_at            timestamptz NOT NULL,
    to_at              timestamptz,
    -- End of the run's footage so far; stands in for to_at while that is open (a crashed run never gets one).
    footage_to         timestamptz,
    end_cause          gap_cause,
    clock_synchronised boolean,
    measured_fps       double precision NOT NULL DEFAULT 0,
    media_rate         double precision NOT NULL DEFAULT 0,
    -- Legal after a step of the host's clock: said, never refused.
    is_overlapping     boolean NOT NULL DEFAULT false,
    CONSTRAINT runs_end_after_start CHECK (to_at >= from_at),
    -- Why a run ended is known exactly when it has ended.
    CONSTRAINT runs_end_has_cause CHECK ((to_at IS NULL) = (end_cause IS NULL)),
    CONSTRAINT runs_rates_not_negative CHECK (measured_fps >= 0 AND media_rate >= 0)
);
-- For the search for overlapping runs. A run without footage and without end takes no time.
CREATE INDEX runs_by_time ON runs USING gist (stream_id, tstzrange(from_at, greatest(from_at, coalesce(to_at, footage_to))));

CREATE TABLE formats (
    id             uuid PRIMARY KEY,
    codec          text NOT NULL,
    width          integer NOT NULL,
    height         integer NOT NULL,
    decoder_config bytea NOT NULL,
    codec_string   text NOT NULL,
    CONSTRAINT formats_codec_known CHECK (codec IN ('h264', 'h265')),
    -- A picture without size can't be decoded, and a clip's head would be refused by players.
    CONSTRAINT formats_size_sane CHECK (width BETWEEN 1 AND 65535 AND height BETWEEN 1 AND 65535),
    CONSTRAINT formats_config_present CHECK (octet_length(decoder_config) > 0)
);

-- 21 million rows in a year of 40 cameras: one partition a UTC day. The key holds from_at because a partition's must;
-- ids are found by the millisecond inside a UUIDv7.
CREATE TABLE segments (
    id               uuid NOT NULL,
    stream_id        uuid NOT NULL REFERENCES streams,
    run_id           uuid NOT NULL REFERENCES runs,
    volume_id        uuid NOT NULL REFERENCES volumes,
    format_id        uuid NOT NULL REFERENCES formats,
    from_at          timestamptz NOT NULL,
    to_at            timestamptz NOT NULL,
    bytes            bigint NOT NULL,
    sample_bytes     bigint NOT NULL DEFAULT 0,
    ticks            bigint NOT NULL DEFAULT 0,
    sequence         integer NOT NULL,
    samples          integer NOT NULL DEFAULT 0,
    key_samples      integer NOT NULL DEFAULT 0,
    fragments        integer NOT NULL DEFAULT 0,
    duration_runs    integer NOT NULL DEFAULT 0,
    composition_runs integer NOT NULL DEFAULT 0,
    has_composition  boolean NOT NULL DEFAULT false,
    is_damaged       boolean NOT NULL DEFAULT false,
    state            text NOT NULL,
    path             text NOT NULL,
    sha256           bytea,
    PRIMARY KEY (id, from_at),
    CONSTRAINT segments_state_known CHECK (state IN ('open', 'finished', 'suspect')),
    CONSTRAINT segments_end_after_start CHECK (to_at >= from_at),
    -- Readers look back one day for the segment that reaches into their interval; a longer one would be missed.
    CONSTRAINT segments_at_most_a_day CHECK (to_at <= from_at + interval '24 hours'),
    CONSTRAINT segments_counts_not_negative CHECK (bytes >= 0 AND sequence >= 0 AND samples >= 0 AND key_samples >= 0
        AND fragments >= 0 AND duration_runs >= 0 AND composition_runs >= 0 AND sample_bytes >= 0 AND ticks >= 0),
    -- Below the volume's root and nowhere else, whatever a file name said.
    CONSTRAINT segments_path_inside CHECK (path <> '' AND path NOT LIKE '/%' AND ('/' || path || '/') NOT LIKE '%/../%'),
    -- I9: a finished file is known by its hash, and a .part is never called finished (I3).
    CONSTRAINT segments_finished_is_whole CHECK (state <> 'finished' OR
        (octet_length(sha256) = 32 AND to_at > from_at AND samples > 0 AND path NOT LIKE '%.part'))
) PARTITION BY RANGE (from_at);

-- Serves lists (ordered by from, id) and "what reaches into this interval": to_at is judged inside the index, so the
-- day of looking back touches no table page.
CREATE INDEX segments_by_stream ON segments (stream_id, from_at, id, to_at);
-- A few rows, one a camera: coverage asks for them with every question.
CREATE INDEX segments_open ON segments (stream_id) WHERE state = 'open';

-- Apart from segments because lists never read it and it is twenty times as long. No foreign key to segments: both are
-- written in one transaction, and a key into a partitioned table would cost a look-up in every row and lock all of
-- its partitions when a day is dropped.
CREATE TABLE segment_index (
    segment_id uuid NOT NULL,
    from_at    timestamptz NOT NULL,
    data       bytea NOT NULL,
    PRIMARY KEY (segment_id, from_at),
    CONSTRAINT segment_index_present CHECK (octet_length(data) > 0)
) PARTITION BY RANGE (from_at);
-- Varints do not compress; trying would cost time at every write.
ALTER TABLE segment_index ALTER COLUMN data SET STORAGE EXTERNAL;

-- Finished footage as few long stretches: a month of a quiet camera is one row. Kept by triggers on segments, so it
-- can't be forgotten by a writer, and derived: it can be thrown away and made again.
CREATE TABLE coverage (
    stream_id uuid NOT NULL REFERENCES streams,
    run_id    uuid NOT NULL REFERENCES runs,
    from_at   timestamptz NOT NULL,
    to_at     timestamptz NOT NULL,
    CONSTRAINT coverage_not_empty CHECK (from_at < to_at),
    -- Within one run time is covered once.
    CONSTRAINT coverage_once_in_a_run EXCLUDE USING gist (run_id WITH =, tstzrange(from_at, to_at) WITH &&)
);
CREATE INDEX coverage_by_time ON coverage USING gist (stream_id, tstzrange(from_at, to_at));

CREATE TABLE gaps (
    id        uuid PRIMARY KEY,
    stream_id uuid NOT NULL REFERENCES streams,
    from_at   timestamptz NOT NULL,
    to_at     timestamptz,
    cause     gap_cause NOT NULL,
    detail    text NOT NULL DEFAULT '',
    CONSTRAINT gaps_end_after_start CHECK (to_at >= from_at)
);
-- An open gap has no end: its range is unbounded and so overlaps everything after it.
CREATE INDEX gaps_by_time ON gaps USING gist (stream_id, tstzrange(from_at, to_at));

-- What was destroyed: the id is never adopted again (I12).
CREATE TABLE tombstones (
    segment_id uuid PRIMARY KEY,
    stream_id  uuid NOT NULL,
    from_at    timestamptz NOT NULL,
    to_at      timestamptz NOT NULL,
    bytes      bigint NOT NULL,
    sha256     bytea,
    rule       text NOT NULL,
    run        text NOT NULL,
    at         timestamptz NOT NULL,
    CONSTRAINT tombstones_end_after_start CHECK (to_at >= from_at),
    -- Nothing is destroyed without a reason that can be named.
    CONSTRAINT tombstones_rule_present CHECK (rule <> '')
);
CREATE INDEX tombstones_by_stream ON tombstones (stream_id, from_at);

-- How far each volume's journal has been read into this database (I13).
CREATE TABLE journal_positions (
    volume_id   uuid PRIMARY KEY REFERENCES volumes,
    file        text NOT NULL,
    byte_offset bigint NOT NULL,
    CONSTRAINT journal_positions_offset_not_negative CHECK (byte_offset >= 0)
);

-- What the recorder said of itself in the journal. `unplaced`: a line about a stream or gap this database does not
-- know (an older database, a lost inventory); kept whole, so that nothing is lost and the reading never stops.
CREATE TABLE recorder_events (
    id        uuid PRIMARY KEY,
    volume_id uuid NOT NULL REFERENCES volumes,
    at        timestamptz NOT NULL,
    kind      text NOT NULL,
    detail    jsonb NOT NULL,
    CONSTRAINT recorder_events_kind_known CHECK (kind IN ('config_loaded', 'refused', 'unplaced'))
);
CREATE INDEX recorder_events_by_time ON recorder_events (at);

-- I3, I4: what a finished or suspect row says of a file never changes; only damage found later may be marked.
CREATE FUNCTION segments_keep_final() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF to_jsonb(NEW) - 'is_damaged' IS DISTINCT FROM to_jsonb(OLD) - 'is_damaged' THEN
        RAISE EXCEPTION 'segment % is %: its row is final', OLD.id, OLD.state USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER segments_keep_final BEFORE UPDATE ON segments
    FOR EACH ROW WHEN (OLD.state <> 'open') EXECUTE FUNCTION segments_keep_final();

-- Two neighbours of one run are one stretch when the second begins at most this long after the end of the first.
CREATE FUNCTION coverage_tolerance() RETURNS interval LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN interval '500 milliseconds';

-- Unites the finished rows of a statement with the stored stretches they touch. The order of arrival does not matter,
-- and a row that comes twice changes nothing.
CREATE FUNCTION coverage_add() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    -- One writer a run at a time: two of them could each miss the other's stretch.
    PERFORM FROM runs WHERE id IN (SELECT run_id FROM new_rows WHERE state = 'finished') ORDER BY id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    WITH fresh AS (
        SELECT stream_id, run_id, from_at, to_at FROM new_rows WHERE state = 'finished'
    ), box AS (
        SELECT run_id, min(from_at) - coverage_tolerance() AS low, max(to_at) + coverage_tolerance() AS high
        FROM fresh GROUP BY run_id
    ), touched AS (
        DELETE FROM coverage c USING box b
        WHERE c.run_id = b.run_id AND tstzrange(c.from_at, c.to_at) && tstzrange(b.low, b.high, '[]')
        RETURNING c.stream_id, c.run_id, c.from_at, c.to_at
    ), united AS (
        SELECT stream_id, run_id, unnest(range_agg(tstzrange(from_at, to_at + coverage_tolerance()))) AS stretch
        FROM (TABLE fresh UNION ALL TABLE touched) AS pieces GROUP BY stream_id, run_id
    )
    INSERT INTO coverage (stream_id, run_id, from_at, to_at)
    SELECT stream_id, run_id, lower(stretch), upper(stretch) - coverage_tolerance() FROM united;
    RETURN NULL;
END $$;

-- The other direction: rows that went take their time out of the stretches.
CREATE FUNCTION coverage_remove() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM FROM runs WHERE id IN (SELECT run_id FROM old_rows WHERE state = 'finished') ORDER BY id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    WITH gone AS (
        SELECT run_id, range_agg(tstzrange(from_at, to_at)) AS times FROM old_rows WHERE state = 'finished' GROUP BY run_id
    ), touched AS (
        DELETE FROM coverage c USING gone g
        WHERE c.run_id = g.run_id AND tstzrange(c.from_at, c.to_at) && g.times
        RETURNING c.stream_id, c.run_id, tstzmultirange(tstzrange(c.from_at, c.to_at)) - g.times AS rest
    )
    INSERT INTO coverage (stream_id, run_id, from_at, to_at)
    SELECT stream_id, run_id, lower(piece), upper(piece) FROM touched, LATERAL unnest(rest) AS piece;
    RETURN NULL;
END $$;

CREATE TRIGGER segments_inserted AFTER INSERT ON segments REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION coverage_add();
CREATE TRIGGER segments_updated AFTER UPDATE ON segments REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION coverage_add();
CREATE TRIGGER segments_deleted AFTER DELETE ON segments REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION coverage_remove();
