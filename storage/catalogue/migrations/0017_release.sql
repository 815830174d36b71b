-- What a grant opens: escorted sessions, what they delivered, copies and their packages.

-- A slot that has begun. The escort opens it, the viewer joins; nothing plays before both are there, nor when the escort
-- has not said for a while that he is (article 9(4)).
CREATE TABLE viewing_sessions (
    id            uuid PRIMARY KEY,
    request_id    uuid NOT NULL REFERENCES requests,
    grant_id      uuid NOT NULL REFERENCES grants,
    slot_id       uuid NOT NULL REFERENCES request_slots,
    escort_id     uuid NOT NULL REFERENCES principals,
    escort        text NOT NULL,
    viewer_id     uuid REFERENCES principals,  -- null: has no account
    viewer        text NOT NULL,
    opened_at     timestamptz NOT NULL,
    presence_to   timestamptz NOT NULL,
    joined_at     timestamptz,
    token_sha256  bytea,  -- of the viewer's token, which opens this session and nothing else
    ended_at      timestamptz,
    end_reason    text,
    register_line bigint UNIQUE REFERENCES register_entries,
    CONSTRAINT viewing_sessions_two_persons CHECK (viewer_id IS DISTINCT FROM escort_id),
    CONSTRAINT viewing_sessions_names_present CHECK (escort <> '' AND viewer <> ''),
    CONSTRAINT viewing_sessions_joined_whole CHECK ((joined_at IS NULL) = (token_sha256 IS NULL) AND octet_length(token_sha256) = 32
        AND joined_at >= opened_at),
    CONSTRAINT viewing_sessions_ended_whole CHECK ((ended_at IS NULL) = (end_reason IS NULL) AND ended_at >= opened_at),
    CONSTRAINT viewing_sessions_reason_known CHECK (end_reason IN ('ended', 'presence_lost', 'slot_over', 'request_moved')),
    -- A session that somebody joined ends with its line in the register (專簿), and no other has one.
    CONSTRAINT viewing_sessions_entered CHECK ((register_line IS NOT NULL) = (ended_at IS NOT NULL AND joined_at IS NOT NULL))
);
CREATE UNIQUE INDEX viewing_sessions_one_open ON viewing_sessions (request_id) WHERE ended_at IS NULL;
CREATE INDEX viewing_sessions_by_request ON viewing_sessions (request_id, opened_at);

CREATE FUNCTION viewing_sessions_keep() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF OLD.ended_at IS NOT NULL OR OLD.joined_at IS NOT NULL AND OLD.joined_at IS DISTINCT FROM NEW.joined_at THEN
        RAISE EXCEPTION 'a session that has ended, or was joined, stays so' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER viewing_sessions_keep BEFORE UPDATE ON viewing_sessions FOR EACH ROW EXECUTE FUNCTION viewing_sessions_keep();

-- When a playlist began to grow, so that every process of the service gives the same one. A seek begins another.
CREATE TABLE viewing_playlists (
    session_id uuid NOT NULL REFERENCES viewing_sessions,
    camera_id  uuid NOT NULL REFERENCES cameras,
    stream     text NOT NULL,
    from_at    timestamptz NOT NULL,  -- of the footage
    began_at   timestamptz NOT NULL,
    PRIMARY KEY (session_id, camera_id, stream, from_at),
    CONSTRAINT viewing_playlists_stream_known CHECK (stream IN ('main', 'sub'))
);

-- Until when what a camera has given in a session lasts, shown without a pause: the pace over all its playlists.
CREATE TABLE viewing_paces (
    session_id uuid NOT NULL REFERENCES viewing_sessions,
    camera_id  uuid NOT NULL REFERENCES cameras,
    paid_until timestamptz NOT NULL,
    PRIMARY KEY (session_id, camera_id)
);

-- What was given out: a row is committed before its bytes go.
CREATE TABLE deliveries (
    id             uuid PRIMARY KEY,
    session_id     uuid NOT NULL REFERENCES viewing_sessions,
    camera_id      uuid NOT NULL REFERENCES cameras,
    stream         text NOT NULL,
    from_at        timestamptz NOT NULL,
    to_at          timestamptz NOT NULL,
    segment_id     uuid NOT NULL,
    first_fragment integer NOT NULL,
    end_fragment   integer NOT NULL,
    bytes          bigint NOT NULL,
    at             timestamptz NOT NULL,
    CONSTRAINT deliveries_stream_known CHECK (stream IN ('main', 'sub')),
    CONSTRAINT deliveries_not_empty CHECK (from_at < to_at AND bytes > 0 AND 0 <= first_fragment AND first_fragment < end_fragment)
);
CREATE INDEX deliveries_in_order ON deliveries (session_id, at, id);

-- The last look, whatever the program thought: a grant to view that is in force and needs no mask, an escort who is there,
-- a viewer who has come, and not a microsecond outside what was granted. The session's row is locked, so that an end or a
-- look at all deliveries waits for this one, and this one for the end.
CREATE FUNCTION deliveries_allowed() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    session viewing_sessions;
BEGIN
    SELECT * INTO session FROM viewing_sessions s WHERE s.id = NEW.session_id FOR SHARE;
    PERFORM FROM grants g JOIN requests r ON r.id = g.request_id JOIN request_slots t ON t.id = session.slot_id
    WHERE g.id = session.grant_id AND g.kind = 'view' AND NOT g.is_masked AND g.revoked_at IS NULL AND NEW.at < g.valid_to
      AND r.state = 'in_session' AND t.from_at <= NEW.at AND NEW.at < t.to_at
      AND session.ended_at IS NULL AND session.joined_at <= NEW.at AND NEW.at < session.presence_to;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'nothing plays without grant, escort and viewer'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'deliveries_escorted';
    END IF;
    PERFORM FROM grant_items i WHERE i.grant_id = session.grant_id AND i.camera_id = NEW.camera_id AND i.stream = NEW.stream
    HAVING range_agg(tstzrange(i.from_at, i.to_at)) @> tstzrange(NEW.from_at, NEW.to_at);
    IF NOT FOUND THEN
        RAISE EXCEPTION 'nothing plays outside the granted interval'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'deliveries_granted';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER deliveries_allowed BEFORE INSERT ON deliveries FOR EACH ROW EXECUTE FUNCTION deliveries_allowed();
CREATE TRIGGER deliveries_keep BEFORE UPDATE OR DELETE ON deliveries FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- ---- copies

-- One for each decision: a further copy needs another one.
CREATE TABLE copies (
    id             uuid PRIMARY KEY,
    request_id     uuid NOT NULL REFERENCES requests,
    grant_id       uuid NOT NULL REFERENCES grants,
    session_id     uuid NOT NULL REFERENCES viewing_sessions,
    number         integer NOT NULL,  -- of the request's copies
    job_id         uuid NOT NULL UNIQUE REFERENCES jobs,
    custodian_id   uuid NOT NULL REFERENCES principals,
    custodian      text NOT NULL,
    escort         text NOT NULL,
    recipient      text NOT NULL,
    ordered_at     timestamptz NOT NULL,
    due_at         timestamptz NOT NULL,  -- returned or destroyed by then, article 7(5)
    failed_at      timestamptz,
    failure        text,
    sealed_at      timestamptz,
    received_at    timestamptz,  -- the recipient has signed for it
    receiver_note  text,
    declaration    text,
    declared_at    timestamptz,
    declarer_id    uuid REFERENCES principals,
    declarer       text,
    declared_note  text,
    CONSTRAINT copies_number_once UNIQUE (request_id, number),
    CONSTRAINT copies_names_present CHECK (number > 0 AND custodian <> '' AND escort <> '' AND recipient <> ''),
    CONSTRAINT copies_due_later CHECK (due_at > ordered_at),
    CONSTRAINT copies_failed_whole CHECK ((failed_at IS NULL) = (failure IS NULL) AND (failed_at IS NULL OR sealed_at IS NULL)),
    CONSTRAINT copies_received_sealed CHECK (received_at IS NULL OR sealed_at IS NOT NULL AND receiver_note IS NOT NULL),
    CONSTRAINT copies_declaration_known CHECK (declaration IN ('returned', 'destroyed')),
    CONSTRAINT copies_declared_whole CHECK (num_nonnulls(declaration, declared_at, declarer_id, declarer, declared_note) IN (0, 5)
        AND (declared_at IS NULL OR received_at IS NOT NULL))
);
CREATE UNIQUE INDEX copies_one_per_decision ON copies (grant_id) WHERE failed_at IS NULL;
CREATE INDEX copies_newest ON copies (ordered_at DESC, id DESC);
CREATE INDEX copies_out ON copies (due_at) WHERE received_at IS NOT NULL AND declared_at IS NULL;

CREATE FUNCTION copies_keep() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF OLD.failed_at IS NOT NULL OR OLD.sealed_at IS NOT NULL AND OLD.sealed_at IS DISTINCT FROM NEW.sealed_at
        OR OLD.received_at IS NOT NULL AND OLD.received_at IS DISTINCT FROM NEW.received_at OR OLD.declared_at IS NOT NULL THEN
        RAISE EXCEPTION 'what became of a copy is not changed' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER copies_keep BEFORE UPDATE ON copies FOR EACH ROW EXECUTE FUNCTION copies_keep();

-- A copy's file in the spool. The row stays when the file is gone.
CREATE TABLE packages (
    copy_id       uuid PRIMARY KEY REFERENCES copies,
    name          text NOT NULL UNIQUE,  -- in the spool's folder
    bytes         bigint NOT NULL,
    sha256        bytea NOT NULL,
    signing_key   text NOT NULL,  -- verifier key
    manifest      text NOT NULL,
    receipt       text NOT NULL,  -- the page that the recipient signs; outlives the file
    recorded_from timestamptz NOT NULL,  -- begin of its oldest footage: the ceiling counts from it
    sealed_at     timestamptz NOT NULL,
    expires_at    timestamptz NOT NULL,
    destroyed_at  timestamptz,
    rule          text,
    certificate   text,  -- as it was hashed into the audit log
    CONSTRAINT packages_name_plain CHECK (name ~ '^[A-Za-z0-9][A-Za-z0-9._-]*\.tar$'),
    CONSTRAINT packages_whole CHECK (bytes > 0 AND octet_length(sha256) = 32 AND signing_key <> '' AND jsonb_typeof(manifest::jsonb) = 'object'),
    CONSTRAINT packages_expires_later CHECK (expires_at > sealed_at AND recorded_from < sealed_at),
    -- A year has 363 days and more until the day before its anniversary; one day more where that begins later elsewhere.
    CONSTRAINT packages_below_ceiling CHECK (expires_at <= recorded_from + interval '366 days'),
    CONSTRAINT packages_rule_known CHECK (rule IN ('PACKAGE_KEEP', 'RET_CEILING_1Y')),
    CONSTRAINT packages_destroyed_whole CHECK (num_nonnulls(destroyed_at, rule, certificate) IN (0, 3)),
    CONSTRAINT packages_destroyed_expired CHECK (destroyed_at IS NULL OR destroyed_at >= expires_at)
);
CREATE INDEX packages_to_go ON packages (expires_at) WHERE destroyed_at IS NULL;

CREATE FUNCTION packages_keep() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF OLD.destroyed_at IS NOT NULL THEN
        RAISE EXCEPTION 'what became of a package is not changed' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER packages_keep BEFORE UPDATE ON packages FOR EACH ROW EXECUTE FUNCTION packages_keep();

ALTER TABLE jobs DROP CONSTRAINT jobs_kind_known;
ALTER TABLE jobs ADD CONSTRAINT jobs_kind_known CHECK (kind IN ('check', 'scrub', 'copy_suspect', 'purge', 'export'));

-- ---- rights; tests/pg/rights_test.cpp holds the same, written by hand

GRANT SELECT ON viewing_playlists, viewing_paces, deliveries, copies, packages TO sluice_worker, sluice_api, sluice_auditor;
-- Nobody reads the hash of a token but who compares it.
GRANT SELECT ON viewing_sessions TO sluice_api;
GRANT SELECT (id, request_id, grant_id, slot_id, escort_id, escort, viewer_id, viewer, opened_at, presence_to, joined_at, ended_at, end_reason,
    register_line) ON viewing_sessions TO sluice_worker, sluice_auditor;
GRANT INSERT ON viewing_sessions, viewing_playlists, viewing_paces, deliveries, copies TO sluice_api;
GRANT UPDATE (presence_to, joined_at, token_sha256, ended_at, end_reason, register_line) ON viewing_sessions TO sluice_api;
GRANT UPDATE (paid_until) ON viewing_paces TO sluice_api;
GRANT UPDATE (received_at, receiver_note, declaration, declared_at, declarer_id, declarer, declared_note) ON copies TO sluice_api;
-- The worker ends what nobody ended, seals, and destroys what has expired.
GRANT UPDATE (ended_at, end_reason, register_line) ON viewing_sessions TO sluice_worker;
GRANT UPDATE (failed_at, failure, sealed_at) ON copies TO sluice_worker;
GRANT INSERT ON packages TO sluice_worker;
GRANT UPDATE (destroyed_at, rule, certificate) ON packages TO sluice_worker;
