-- Second copies of footage under special holds (article 7(4)), and the certificates of their destruction.

-- The text is kept as it was hashed into the audit log. Found under the same route as those of purges.
CREATE TABLE hold_certificates (
    id        uuid PRIMARY KEY,
    hold_id   uuid NOT NULL REFERENCES holds,
    issued_at timestamptz NOT NULL,
    body      text NOT NULL,
    CONSTRAINT hold_certificates_json CHECK (jsonb_typeof(body::jsonb) = 'object')
);
CREATE INDEX hold_certificates_by_hold ON hold_certificates (hold_id);

-- One segment's copy for one hold. The row is there before its file and stays after it, so that no crash leaves a file of
-- which nobody knows. Its own times: the segment may be destroyed before it.
CREATE TABLE hold_copies (
    hold_id          uuid NOT NULL REFERENCES holds,
    segment_id       uuid NOT NULL,
    stream_id        uuid NOT NULL REFERENCES streams,
    from_at          timestamptz NOT NULL,
    to_at            timestamptz NOT NULL,
    source_volume_id uuid NOT NULL REFERENCES volumes,
    volume_id        uuid NOT NULL REFERENCES volumes,
    path             text NOT NULL,
    bytes            bigint NOT NULL,
    sha256           bytea NOT NULL,        -- of the segment: the copy's is the same, or it is not verified
    tried_at         timestamptz NOT NULL,  -- last attempt at copying or destroying it
    problem          text NOT NULL DEFAULT '',
    verified_at      timestamptz,           -- read back from the disk, and durable
    destroyed_at     timestamptz,
    rule             text,                  -- why
    certificate_id   uuid REFERENCES hold_certificates,
    PRIMARY KEY (hold_id, segment_id),
    CONSTRAINT hold_copies_other_volume CHECK (volume_id <> source_volume_id),
    CONSTRAINT hold_copies_path_inside CHECK (starts_with(path, 'held/' || hold_id || '/') AND path !~ '(^|/)\.\.?(/|$)'),
    CONSTRAINT hold_copies_interval CHECK (from_at <= to_at),
    CONSTRAINT hold_copies_bytes_positive CHECK (bytes > 0),
    CONSTRAINT hold_copies_sha256_whole CHECK (octet_length(sha256) = 32),
    CONSTRAINT hold_copies_rule_known CHECK (rule IN ('HOLD_ENDED', 'RET_CEILING_1Y')),
    CONSTRAINT hold_copies_destroyed_whole CHECK ((destroyed_at IS NULL) = (rule IS NULL)),
    CONSTRAINT hold_copies_certified_is_destroyed CHECK (certificate_id IS NULL OR destroyed_at IS NOT NULL)
);
CREATE INDEX hold_copies_open ON hold_copies (hold_id) WHERE certificate_id IS NULL;

-- The worker judges by its rules; this is the last look: what is verified or destroyed stays so, and a copy is destroyed
-- only after its hold, or near its ceiling (a year has 363 days and more until the day before its anniversary).
CREATE FUNCTION hold_copies_keep() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF OLD.verified_at IS DISTINCT FROM NEW.verified_at AND (OLD.verified_at IS NOT NULL OR OLD.destroyed_at IS NOT NULL)
        OR OLD.destroyed_at IS NOT NULL AND (OLD.destroyed_at, OLD.rule) IS DISTINCT FROM (NEW.destroyed_at, NEW.rule)
        OR OLD.certificate_id IS NOT NULL AND OLD.certificate_id IS DISTINCT FROM NEW.certificate_id THEN
        RAISE EXCEPTION 'what became of a copy is not changed' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.destroyed_at IS NOT NULL OR NEW.destroyed_at IS NULL THEN
        RETURN NEW;
    END IF;
    PERFORM lock_holds_to_destroy();
    IF NOT (SELECT is_confirmed FROM catalogue_state) THEN
        RAISE EXCEPTION 'the catalogue is unconfirmed' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.rule = 'RET_CEILING_1Y' AND NEW.destroyed_at < NEW.from_at + interval '363 days' THEN
        RAISE EXCEPTION 'the footage is not a year old' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    PERFORM FROM holds h WHERE h.id = NEW.hold_id AND h.released_at IS NULL
        AND (h.expires_at IS NULL OR h.expires_at > NEW.destroyed_at);
    IF FOUND AND NEW.rule = 'HOLD_ENDED' THEN
        RAISE EXCEPTION 'the hold of the copy is in force' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER hold_copies_keep BEFORE UPDATE ON hold_copies FOR EACH ROW EXECUTE FUNCTION hold_copies_keep();

-- Why a hold has no copies, or not all of them; empty: nothing stands against it.
CREATE TABLE hold_copy_problems (
    hold_id uuid PRIMARY KEY REFERENCES holds,
    problem text NOT NULL,
    since   timestamptz NOT NULL
);

-- ---- rights; tests/pg/rights_test.cpp holds the same, written by hand

GRANT SELECT ON hold_certificates, hold_copies, hold_copy_problems TO sluice_worker, sluice_api, sluice_auditor;
GRANT INSERT ON hold_certificates, hold_copies TO sluice_worker;
GRANT UPDATE (tried_at, problem, verified_at, destroyed_at, rule, certificate_id) ON hold_copies TO sluice_worker;
GRANT INSERT, UPDATE (problem, since) ON hold_copy_problems TO sluice_worker;
