-- The same two functions, asked by the key of each mark: a batch costs what it is long. By the run, or by all ids in one
-- list, the planner took to reading every mark of the run for every batch, dead rows too, so that a day cost by its square.

CREATE OR REPLACE FUNCTION bury_marked(run uuid, ids uuid[], missing bigint, at timestamptz) RETURNS void LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    low    timestamptz;
    high   timestamptz;
    rows   bigint;
    gone   bigint;
    volume bigint;
    more   bigint;
    more_volume bigint;
BEGIN
    PERFORM lock_holds_to_destroy();
    PERFORM FROM purge_runs WHERE id = run AND state = 'running' FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'purge run % is not running', run USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NOT (SELECT is_confirmed FROM catalogue_state) THEN
        RAISE EXCEPTION 'the catalogue is unconfirmed' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    SELECT min(m.from_at), max(m.from_at), count(*) INTO low, high, rows
    FROM unnest(ids) AS i (id) JOIN purge_marks m ON m.segment_id = i.id AND m.run_id = run;
    IF rows <> cardinality(ids) THEN
        RAISE EXCEPTION 'only % of % segments are marked by run %', rows, cardinality(ids), run USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    INSERT INTO tombstones (segment_id, stream_id, from_at, to_at, bytes, sha256, rule, run, at, volume_id, path)
    SELECT s.id, s.stream_id, s.from_at, s.to_at, s.bytes, s.sha256, m.rule, run::text, bury_marked.at, s.volume_id, s.path
    FROM unnest(ids) AS i (id) JOIN purge_marks m ON m.segment_id = i.id JOIN segments s ON s.id = m.segment_id AND s.from_at = m.from_at
    WHERE s.from_at BETWEEN low AND high
    UNION ALL
    SELECT o.id, o.stream_id, o.from_at, o.to_at, o.bytes, o.sha256, m.rule, run::text, bury_marked.at, o.volume_id, o.path
    FROM unnest(ids) AS i (id) JOIN purge_marks m ON m.segment_id = i.id JOIN originals o ON o.id = m.segment_id;
    -- A segment without length (an open row that never grew) leaves no stretch.
    WITH fresh AS (
        SELECT s.stream_id, m.rule, s.from_at, s.to_at
        FROM unnest(ids) AS i (id) JOIN purge_marks m ON m.segment_id = i.id
             JOIN segments s ON s.id = m.segment_id AND s.from_at = m.from_at
        WHERE s.from_at BETWEEN low AND high AND s.from_at < s.to_at
        UNION ALL
        SELECT o.stream_id, m.rule, o.from_at, o.to_at
        FROM unnest(ids) AS i (id) JOIN purge_marks m ON m.segment_id = i.id JOIN originals o ON o.id = m.segment_id
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
    DELETE FROM imported_segments WHERE segment_id = ANY (ids);
    WITH deleted AS (
        DELETE FROM segments WHERE id = ANY (ids) AND from_at BETWEEN low AND high RETURNING bytes
    )
    SELECT count(*), coalesce(sum(bytes), 0) INTO gone, volume FROM deleted;
    WITH deleted AS (
        DELETE FROM originals WHERE id = ANY (ids) RETURNING bytes
    )
    SELECT count(*), coalesce(sum(bytes), 0) INTO more, more_volume FROM deleted;
    IF gone + more <> rows THEN
        RAISE EXCEPTION 'only % of % segments have a row', gone + more, rows USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    DELETE FROM purge_marks m USING unnest(ids) AS i (id) WHERE m.segment_id = i.id;
    UPDATE purge_runs SET destroyed_segments = destroyed_segments + gone + more, destroyed_bytes = destroyed_bytes + volume + more_volume,
        missing_files = missing_files + missing WHERE id = run;
END $$;

-- The look at each segment is dear; without any hold in force there is nothing to look for. The lock keeps it so.
CREATE OR REPLACE FUNCTION destroy_marked(run uuid, ids uuid[], missing bigint, at timestamptz) RETURNS void LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM lock_holds_to_destroy();
    IF EXISTS (SELECT FROM holds h WHERE h.released_at IS NULL AND (h.expires_at IS NULL OR h.expires_at > destroy_marked.at)) THEN
        PERFORM FROM unnest(ids) AS i (id) JOIN purge_marks m ON m.segment_id = i.id
             JOIN segments s ON s.id = m.segment_id AND s.from_at = m.from_at
        WHERE m.run_id = run AND is_held(s.stream_id, s.from_at, s.to_at, m.rule, at);
        IF FOUND THEN
            RAISE EXCEPTION 'a segment is held' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        PERFORM FROM unnest(ids) AS i (id) JOIN purge_marks m ON m.segment_id = i.id JOIN originals o ON o.id = m.segment_id
        WHERE m.run_id = run AND is_held(o.stream_id, o.from_at, o.to_at, m.rule, at);
        IF FOUND THEN
            RAISE EXCEPTION 'a received file is held' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    END IF;
    PERFORM bury_marked(run, ids, missing, at);
END $$;
