-- The contractor's cameras, what it says of them, and the clips that it hands over. Custody of a clip begins with its receipt.

-- An announcement is a proposal until somebody of the house has accepted it; `in_force` is what was accepted last. Article 5
-- takes cameras of public areas and no others: one that covers none leaves no row.
CREATE TABLE contractor_cameras (
    id                 uuid PRIMARY KEY,
    principal_id       uuid NOT NULL REFERENCES principals,  -- whose machine announced it
    slug               text NOT NULL UNIQUE,
    name               text NOT NULL,
    place              text NOT NULL,
    covers_public_area boolean NOT NULL,
    url                text NOT NULL DEFAULT '',  -- without user and password, which lie in contractor_secrets; empty: it pushes clips
    installed_at       timestamptz,
    state              text NOT NULL DEFAULT 'proposed',
    announced_at       timestamptz NOT NULL,
    changed_at         timestamptz NOT NULL,
    decided_at         timestamptz,
    decider            text NOT NULL DEFAULT '',
    reason             text NOT NULL DEFAULT '',
    in_force           jsonb,
    health             text NOT NULL DEFAULT 'unknown',
    health_detail      text NOT NULL DEFAULT '',
    health_at          timestamptz,
    last_recorded_at   timestamptz,
    revision           integer NOT NULL DEFAULT 1,
    CONSTRAINT contractor_cameras_slug_form CHECK (slug ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
    CONSTRAINT contractor_cameras_named CHECK (name <> '' AND place <> ''),
    CONSTRAINT contractor_cameras_public CHECK (covers_public_area),
    CONSTRAINT contractor_cameras_url_bare CHECK (url = '' OR (url ~ '^rtsps?://[^@/?#\s]+' AND url !~ '^[^/]*//[^/?#]*@')),
    CONSTRAINT contractor_cameras_state_known CHECK (state IN ('proposed', 'accepted', 'refused')),
    CONSTRAINT contractor_cameras_accepted_is_in_force CHECK (state <> 'accepted' OR in_force IS NOT NULL),
    CONSTRAINT contractor_cameras_refused_is_not CHECK (state <> 'refused' OR (in_force IS NULL AND reason <> '')),
    CONSTRAINT contractor_cameras_in_force_object CHECK (jsonb_typeof(in_force) = 'object'),
    CONSTRAINT contractor_cameras_health_known CHECK (health IN ('unknown', 'ok', 'degraded', 'down'))
);

-- User and password of a camera, from the announcement until the recorder's configuration has them. The service writes them
-- and can't read them again.
CREATE TABLE contractor_secrets (
    camera_id uuid PRIMARY KEY REFERENCES contractor_cameras,
    username  text NOT NULL,
    password  text NOT NULL,
    kept_at   timestamptz NOT NULL,
    CONSTRAINT contractor_secrets_whole CHECK (username <> '' AND password <> '')
);

-- The last word of each machine.
CREATE TABLE contractor_heartbeats (
    principal_id uuid PRIMARY KEY REFERENCES principals,
    said_at      timestamptz NOT NULL,  -- by its clock
    received_at  timestamptz NOT NULL,
    software     text NOT NULL DEFAULT ''
);

-- How many cameras there are is data: a row for each that the map or the text names, until somebody has looked.
CREATE TABLE contractor_slots (
    number      integer PRIMARY KEY,
    state       text NOT NULL,
    camera_slug text NOT NULL DEFAULT '',
    note        text NOT NULL DEFAULT '',
    decided_at  timestamptz NOT NULL,
    decider     text NOT NULL,
    CONSTRAINT contractor_slots_number_sane CHECK (number BETWEEN 1 AND 1000),
    CONSTRAINT contractor_slots_state_known CHECK (state IN ('confirmed', 'to_verify', 'absent')),
    CONSTRAINT contractor_slots_decider_present CHECK (decider <> '')
);

CREATE TABLE contractor_clips (
    id              uuid PRIMARY KEY,  -- the received file has the same, and so has its tombstone
    principal_id    uuid NOT NULL REFERENCES principals,
    client_id       text NOT NULL,     -- as the contractor calls it
    camera_id       uuid NOT NULL REFERENCES contractor_cameras,
    name            text NOT NULL,     -- of the file at the contractor's
    bytes           bigint NOT NULL,
    sha256          bytea NOT NULL,
    said_from       timestamptz NOT NULL,  -- by the contractor's clock
    said_to         timestamptz NOT NULL,
    clock_offset_us bigint NOT NULL,       -- its clock minus real time
    from_at         timestamptz NOT NULL,  -- said, less the offset
    to_at           timestamptz NOT NULL,
    state           text NOT NULL DEFAULT 'receiving',
    received_bytes  bigint NOT NULL DEFAULT 0,  -- durable in the spool
    announced_at    timestamptz NOT NULL,
    changed_at      timestamptz NOT NULL,
    received_at     timestamptz,  -- the last byte was durable: custody
    ended_at        timestamptz,
    reason_code     text NOT NULL DEFAULT '',
    reason          text NOT NULL DEFAULT '',
    is_playable     boolean,
    media           jsonb,
    spool_freed_at  timestamptz,
    CONSTRAINT contractor_clips_once UNIQUE (principal_id, client_id),
    CONSTRAINT contractor_clips_client_id_form CHECK (client_id ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$'),
    CONSTRAINT contractor_clips_sha256_whole CHECK (octet_length(sha256) = 32),
    CONSTRAINT contractor_clips_interval CHECK (from_at < to_at AND to_at <= from_at + interval '24 hours'
        AND to_at - from_at = said_to - said_from),
    CONSTRAINT contractor_clips_bytes CHECK (bytes > 0 AND received_bytes BETWEEN 0 AND bytes),
    CONSTRAINT contractor_clips_state_known CHECK (state IN ('receiving', 'received', 'imported', 'quarantined', 'abandoned')),
    CONSTRAINT contractor_clips_received_whole CHECK ((state IN ('received', 'imported', 'quarantined')) = (received_at IS NOT NULL)
        AND (received_at IS NULL OR received_bytes = bytes)),
    CONSTRAINT contractor_clips_end_has_time CHECK ((state IN ('imported', 'quarantined', 'abandoned')) = (ended_at IS NOT NULL)),
    CONSTRAINT contractor_clips_refusal_has_reason CHECK (state <> 'quarantined' OR (reason_code <> '' AND reason <> '')),
    CONSTRAINT contractor_clips_imported_whole CHECK ((state = 'imported') = (is_playable IS NOT NULL)),
    -- Not while it may still be read from there.
    CONSTRAINT contractor_clips_freed_after_end CHECK (spool_freed_at IS NULL OR ended_at IS NOT NULL)
);
CREATE INDEX contractor_clips_newest ON contractor_clips (announced_at DESC, id DESC);
-- The same bytes of the same time are taken once, under whatever name they come again.
CREATE UNIQUE INDEX contractor_clips_same ON contractor_clips (camera_id, sha256, from_at) WHERE state IN ('receiving', 'received', 'imported');
CREATE INDEX contractor_clips_in_spool ON contractor_clips (changed_at) WHERE spool_freed_at IS NULL;

-- The received file, unchanged, beside the segments made of it. All of a clip is kept and destroyed under one set of facts.
CREATE TABLE originals (
    id          uuid PRIMARY KEY REFERENCES contractor_clips,
    stream_id   uuid NOT NULL REFERENCES streams,
    volume_id   uuid NOT NULL REFERENCES volumes,
    path        text NOT NULL,
    from_at     timestamptz NOT NULL,
    to_at       timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    bytes       bigint NOT NULL,
    sha256      bytea NOT NULL,
    CONSTRAINT originals_path_inside CHECK (starts_with(path, 'imported/') AND path !~ '(^|/)\.\.?(/|$)'),
    CONSTRAINT originals_interval CHECK (from_at < to_at),
    CONSTRAINT originals_whole CHECK (bytes > 0 AND octet_length(sha256) = 32)
);
CREATE INDEX originals_by_time ON originals (from_at);

-- Which segments were made of which clip.
CREATE TABLE imported_segments (
    segment_id uuid PRIMARY KEY,
    from_at    timestamptz NOT NULL,  -- names the partition
    clip_id    uuid NOT NULL REFERENCES contractor_clips
);
CREATE INDEX imported_segments_by_clip ON imported_segments (clip_id);

-- What was refused after it had come. It stays until its time is over or the room for it is.
CREATE TABLE quarantined_clips (
    clip_id    uuid PRIMARY KEY REFERENCES contractor_clips,
    volume_id  uuid NOT NULL REFERENCES volumes,
    path       text NOT NULL,
    bytes      bigint NOT NULL,
    since      timestamptz NOT NULL,
    removed_at timestamptz,
    rule       text,
    CONSTRAINT quarantined_clips_path_inside CHECK (starts_with(path, 'imported/') AND path !~ '(^|/)\.\.?(/|$)'),
    CONSTRAINT quarantined_clips_rule_known CHECK (rule IN ('QUARANTINE_KEEP', 'QUARANTINE_FULL')),
    CONSTRAINT quarantined_clips_removed_whole CHECK ((removed_at IS NULL) = (rule IS NULL))
);
CREATE INDEX quarantined_clips_kept ON quarantined_clips (since) WHERE removed_at IS NULL;

-- Replaces what was kept before: the newest announcement counts.
CREATE FUNCTION keep_contractor_secret(camera uuid, username text, password text, at timestamptz) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
BEGIN ATOMIC
    INSERT INTO public.contractor_secrets AS s (camera_id, username, password, kept_at) VALUES ($1, $2, $3, $4)
    ON CONFLICT (camera_id) DO UPDATE SET username = excluded.username, password = excluded.password, kept_at = excluded.kept_at;
END;
-- The recorder's configuration has it, or nobody wants it any more.
CREATE FUNCTION drop_contractor_secret(camera uuid) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
BEGIN ATOMIC
    DELETE FROM public.contractor_secrets s WHERE s.camera_id = $1;
END;

-- A part is durable in the spool up to `upto`. False: another one came first, or the clip is not being received.
CREATE FUNCTION take_clip_part(clip uuid, began bigint, upto bigint, at timestamptz) RETURNS boolean LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE contractor_clips c SET received_bytes = upto, changed_at = at,
        state = CASE WHEN upto = c.bytes THEN 'received' ELSE c.state END,
        received_at = CASE WHEN upto = c.bytes THEN at END
    WHERE c.id = clip AND c.state = 'receiving' AND c.received_bytes = began AND upto > began;
    RETURN FOUND;
END $$;

-- Nothing came for too long: what there is of it goes.
CREATE FUNCTION abandon_clip(clip uuid, untouched_since timestamptz, at timestamptz) RETURNS boolean LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE contractor_clips c SET state = 'abandoned', ended_at = at
    WHERE c.id = clip AND c.state = 'receiving' AND c.changed_at < untouched_since;
    RETURN FOUND;
END $$;

-- Its bytes are gone from the spool.
CREATE FUNCTION free_clip(clip uuid, at timestamptz) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
BEGIN ATOMIC
    UPDATE public.contractor_clips c SET spool_freed_at = $2 WHERE c.id = $1 AND c.ended_at IS NOT NULL AND c.spool_freed_at IS NULL;
END;

-- Runs of a clip, whose ends are known: it was recorded elsewhere, and that is over.
CREATE FUNCTION import_runs(ids uuid[], stream uuid, starts bigint[], ends bigint[], fps double precision[]) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
BEGIN ATOMIC
    INSERT INTO public.runs (id, stream_id, from_at, to_at, footage_to, end_cause, measured_fps, media_rate)
    SELECT u.id, $2, public.from_us(u.start), public.from_us(u.finish), public.from_us(u.finish), 'shutdown', u.fps, 1
    FROM unnest($1, $3, $4, $5) AS u (id, start, finish, fps) ON CONFLICT (id) DO NOTHING;
END;

CREATE FUNCTION import_formats(ids uuid[], codecs text[], widths integer[], heights integer[], configs bytea[], strings text[]) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
BEGIN ATOMIC
    INSERT INTO public.formats (id, codec, width, height, decoder_config, codec_string)
    SELECT * FROM unnest($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO NOTHING;
END;

-- Segments of a clip that is still to be imported; files below imported/ and nowhere else. Their run and format are there.
CREATE FUNCTION import_segments(clip uuid, stream uuid, volume uuid, ids uuid[], runs uuid[], formats uuid[], sequences integer[],
        starts bigint[], ends bigint[], sizes bigint[], paths text[], hashes bytea[], samples integer[], keys integer[],
        fragments integer[], durations integer[], compositions integer[], sample_bytes bigint[], ticks bigint[], has_composition boolean[],
        indexes bytea[]) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM FROM contractor_clips c WHERE c.id = clip AND c.state = 'received' FOR UPDATE;
    IF NOT FOUND OR EXISTS (SELECT FROM unnest(paths) AS p WHERE NOT starts_with(p, 'imported/')) THEN
        RAISE EXCEPTION 'clip % takes no segments', clip USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    INSERT INTO segments (id, stream_id, run_id, volume_id, format_id, sequence, from_at, to_at, bytes, state, path, sha256, samples,
        key_samples, fragments, duration_runs, composition_runs, sample_bytes, ticks, has_composition)
    SELECT u.id, stream, u.run, volume, u.format, u.sequence, from_us(u.start), from_us(u.finish), u.size, 'finished', u.path, u.hash,
        u.samples, u.keys, u.fragments, u.durations, u.compositions, u.sample_bytes, u.ticks, u.has_composition
    FROM unnest(ids, runs, formats, sequences, starts, ends, sizes, paths, hashes, samples, keys, fragments, durations, compositions,
                sample_bytes, ticks, has_composition)
         AS u (id, run, format, sequence, start, finish, size, path, hash, samples, keys, fragments, durations, compositions,
               sample_bytes, ticks, has_composition);
    INSERT INTO segment_index (segment_id, from_at, data)
    SELECT u.id, from_us(u.start), u.data FROM unnest(ids, starts, indexes) AS u (id, start, data);
    INSERT INTO imported_segments (segment_id, from_at, clip_id) SELECT u.id, from_us(u.start), clip FROM unnest(ids, starts) AS u (id, start);
END $$;

-- The last step of an import: the received file lies beside its segments.
CREATE FUNCTION finish_import(clip uuid, stream uuid, volume uuid, path text, playable boolean, media jsonb, reason_code text, reason text,
        at timestamptz) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE contractor_clips c SET state = 'imported', ended_at = finish_import.at, is_playable = playable, media = finish_import.media,
        reason_code = finish_import.reason_code, reason = finish_import.reason
    WHERE c.id = clip AND c.state = 'received';
    IF NOT FOUND THEN
        RAISE EXCEPTION 'clip % is not to be imported', clip USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    INSERT INTO originals (id, stream_id, volume_id, path, from_at, to_at, received_at, bytes, sha256)
    SELECT c.id, stream, volume, finish_import.path, c.from_at, c.to_at, c.received_at, c.bytes, c.sha256 FROM contractor_clips c WHERE c.id = clip;
END $$;

CREATE FUNCTION quarantine_clip(clip uuid, volume uuid, path text, reason_code text, reason text, at timestamptz) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE contractor_clips c SET state = 'quarantined', ended_at = quarantine_clip.at, reason_code = quarantine_clip.reason_code,
        reason = quarantine_clip.reason
    WHERE c.id = clip AND c.state = 'received';
    IF NOT FOUND THEN
        RAISE EXCEPTION 'clip % is not to be imported', clip USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    INSERT INTO quarantined_clips (clip_id, volume_id, path, bytes, since)
    SELECT c.id, volume, quarantine_clip.path, c.bytes, quarantine_clip.at FROM contractor_clips c WHERE c.id = clip;
END $$;

-- ---- destruction: as before, and received files beside segments. The id of a received file is marked like a segment's.

CREATE OR REPLACE FUNCTION destroy_marked(run uuid, ids uuid[], missing bigint, at timestamptz) RETURNS void LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
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
    PERFORM FROM purge_marks m JOIN originals o ON o.id = m.segment_id
    WHERE m.run_id = run AND m.segment_id = ANY (ids) AND is_held(o.stream_id, o.from_at, o.to_at, m.rule, at);
    IF FOUND THEN
        RAISE EXCEPTION 'a received file is held' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    INSERT INTO tombstones (segment_id, stream_id, from_at, to_at, bytes, sha256, rule, run, at, volume_id, path)
    SELECT s.id, s.stream_id, s.from_at, s.to_at, s.bytes, s.sha256, m.rule, run::text, destroy_marked.at, s.volume_id, s.path
    FROM purge_marks m JOIN segments s ON s.id = m.segment_id AND s.from_at = m.from_at
    WHERE m.run_id = run AND m.segment_id = ANY (ids) AND s.from_at BETWEEN low AND high
    UNION ALL
    SELECT o.id, o.stream_id, o.from_at, o.to_at, o.bytes, o.sha256, m.rule, run::text, destroy_marked.at, o.volume_id, o.path
    FROM purge_marks m JOIN originals o ON o.id = m.segment_id WHERE m.run_id = run AND m.segment_id = ANY (ids);
    -- A segment without length (an open row that never grew) leaves no stretch.
    WITH fresh AS (
        SELECT s.stream_id, m.rule, s.from_at, s.to_at
        FROM purge_marks m JOIN segments s ON s.id = m.segment_id AND s.from_at = m.from_at
        WHERE m.run_id = run AND m.segment_id = ANY (ids) AND s.from_at BETWEEN low AND high AND s.from_at < s.to_at
        UNION ALL
        SELECT o.stream_id, m.rule, o.from_at, o.to_at
        FROM purge_marks m JOIN originals o ON o.id = m.segment_id WHERE m.run_id = run AND m.segment_id = ANY (ids)
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
    DELETE FROM purge_marks WHERE run_id = run AND segment_id = ANY (ids);
    UPDATE purge_runs SET destroyed_segments = destroyed_segments + gone + more, destroyed_bytes = destroyed_bytes + volume + more_volume,
        missing_files = missing_files + missing WHERE id = run;
END $$;

-- As before; a contractor's machine also has the cameras that it announced and that are in force.
CREATE OR REPLACE FUNCTION standing_of(principal uuid, at timestamptz)
    RETURNS TABLE (is_bootstrap boolean, is_departed boolean, is_shut boolean, unit text, cameras uuid[], live_until timestamptz,
        lent_roles text[], roles text[])
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
BEGIN ATOMIC
    SELECT NOT h.has, coalesce(a.departed_at <= $2, false),
        coalesce(a.disabled_at <= $2, false) OR coalesce(h.has AND p.kind = 'person' AND a.id IS NULL, false),
        coalesce(a.unit, ''),
        coalesce(a.cameras, '{}') || ARRAY(
            SELECT c.id FROM public.contractor_cameras k JOIN public.cameras c ON c.slug = k.slug
            WHERE k.principal_id = $1 AND k.in_force IS NOT NULL AND c.retired_at IS NULL),
        (SELECT max(l.valid_to) FROM public.live_approvals l
         WHERE l.account_id = $1 AND l.revoked_at IS NULL AND l.valid_from <= $2 AND $2 < l.valid_to),
        coalesce((SELECT array_agg(DISTINCT d.role ORDER BY d.role) FROM public.delegations d
         JOIN public.accounts f ON f.id = d.from_id JOIN public.principals q ON q.id = f.id
         WHERE d.to_id = $1 AND d.revoked_at IS NULL AND d.valid_from <= $2 AND $2 < d.valid_to
           -- Nobody lends what he has no more.
           AND d.role = ANY (q.roles) AND f.departed_at IS NULL AND f.disabled_at IS NULL
           AND q.valid_from <= $2 AND (q.valid_to IS NULL OR $2 < q.valid_to)), '{}'),
        coalesce(p.roles, '{}')
    FROM (SELECT public.has_person_account() AS has) h
    LEFT JOIN public.principals p ON p.id = $1
    LEFT JOIN public.accounts a ON a.id = $1;
END;

-- ---- words of tables that are there

ALTER TABLE jobs DROP CONSTRAINT jobs_kind_known;
ALTER TABLE jobs ADD CONSTRAINT jobs_kind_known CHECK (kind IN ('check', 'scrub', 'copy_suspect', 'purge', 'export', 'import', 'configure'));
ALTER TABLE notices DROP CONSTRAINT notices_kind_known;
ALTER TABLE notices ADD CONSTRAINT notices_kind_known CHECK (kind IN ('hold_expiry', 'submitted', 'correction_due', 'countersign_wanted',
    'decision', 'copy_overdue', 'incident_raised', 'incident_due', 'contractor_camera', 'contractor_finding', 'contractor_clip'));

-- ---- rights; tests/pg/rights_test.cpp holds the same, written by hand

GRANT SELECT ON contractor_cameras, contractor_heartbeats, contractor_slots, contractor_clips, originals, imported_segments,
    quarantined_clips TO sluice_worker, sluice_api, sluice_auditor;
GRANT SELECT ON contractor_secrets TO sluice_worker;
GRANT INSERT ON contractor_cameras, contractor_heartbeats, contractor_slots, contractor_clips TO sluice_api;
GRANT UPDATE (name, place, url, installed_at, state, changed_at, decided_at, decider, reason, in_force, health, health_detail, health_at,
    last_recorded_at, revision) ON contractor_cameras TO sluice_api;
GRANT UPDATE (said_at, received_at, software) ON contractor_heartbeats TO sluice_api;
GRANT UPDATE (state, camera_slug, note, decided_at, decider) ON contractor_slots TO sluice_api;
GRANT UPDATE (removed_at, rule) ON quarantined_clips TO sluice_worker;
GRANT EXECUTE ON FUNCTION keep_contractor_secret(uuid, text, text, timestamptz), take_clip_part(uuid, bigint, bigint, timestamptz),
    abandon_clip(uuid, timestamptz, timestamptz), free_clip(uuid, timestamptz) TO sluice_api;
GRANT EXECUTE ON FUNCTION drop_contractor_secret(uuid), import_runs(uuid[], uuid, bigint[], bigint[], double precision[]),
    import_formats(uuid[], text[], integer[], integer[], bytea[], text[]),
    import_segments(uuid, uuid, uuid, uuid[], uuid[], uuid[], integer[], bigint[], bigint[], bigint[], text[], bytea[], integer[], integer[],
        integer[], integer[], integer[], bigint[], bigint[], boolean[], bytea[]),
    finish_import(uuid, uuid, uuid, text, boolean, jsonb, text, text, timestamptz),
    quarantine_clip(uuid, uuid, text, text, text, timestamptz) TO sluice_worker;
