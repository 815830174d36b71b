-- Requests to view or copy footage: the cases, what was signed and shown in them, dossiers, register, and what was granted.
-- Whatever says what somebody did is added to and never changed: no role has the right, and a trigger says so to the owner.

CREATE TABLE requests (
    id              uuid PRIMARY KEY,
    channel         text NOT NULL,
    kind            text NOT NULL,
    state           text NOT NULL DEFAULT 'draft',
    state_since     timestamptz NOT NULL,
    revision        integer NOT NULL DEFAULT 1,
    applicant_id    uuid REFERENCES principals,  -- null: has no account
    applicant       text NOT NULL,
    unit            text NOT NULL DEFAULT '',
    cameras         uuid[] NOT NULL DEFAULT '{}',
    from_at         timestamptz,
    to_at           timestamptz,
    form            jsonb NOT NULL,
    entered_by      uuid NOT NULL REFERENCES principals,
    enterer         text NOT NULL,
    created_at      timestamptz NOT NULL,
    submitted_at    timestamptz,
    handler_id      uuid REFERENCES principals,  -- who accepted it
    handler         text,
    accepted_at     timestamptz,
    policy_version  integer REFERENCES policy_versions,  -- of the acceptance; an open case keeps it
    dossier_number  text,
    due_at          timestamptz,  -- when what is waited for is late, or over
    asked_units     text[] NOT NULL DEFAULT '{}',  -- beside the ethics office
    decision        jsonb,        -- the last one: reasons, grounds, conditions, remedy
    decided_at      timestamptz,
    CONSTRAINT requests_channel_known CHECK (channel IN ('internal', 'external', 'judicial')),
    CONSTRAINT requests_kind_known CHECK (kind IN ('view', 'copy')),
    CONSTRAINT requests_state_known CHECK (state IN ('draft', 'submitted', 'correction', 'accepted', 'screening', 'countersigning',
        'deciding', 'granted', 'granted_partial', 'refused', 'scheduled', 'in_session', 'completed', 'closed', 'withdrawn', 'lapsed',
        'not_held', 'appealed', 'revoked')),
    CONSTRAINT requests_names_present CHECK (enterer <> ''),
    CONSTRAINT requests_form_object CHECK (jsonb_typeof(form) = 'object'),
    -- Asked for to the minute.
    CONSTRAINT requests_interval CHECK (from_at < to_at AND date_trunc('minute', from_at) = from_at AND date_trunc('minute', to_at) = to_at),
    CONSTRAINT requests_submitted_whole CHECK (state IN ('draft', 'withdrawn')
        OR num_nonnulls(submitted_at, from_at, to_at) = 3 AND applicant <> '' AND unit <> '' AND cardinality(cameras) > 0),
    -- Accepting opens the dossier; without one nothing goes on (articles 8, 12).
    CONSTRAINT requests_accepted_whole CHECK (num_nonnulls(handler_id, handler, accepted_at, policy_version, dossier_number) IN (0, 5)),
    CONSTRAINT requests_dossier_before_more CHECK (dossier_number IS NOT NULL
        OR state IN ('draft', 'submitted', 'correction', 'withdrawn', 'lapsed', 'closed')),
    CONSTRAINT requests_decision_whole CHECK (num_nonnulls(decision, decided_at) IN (0, 2)
        AND (decision IS NOT NULL OR state NOT IN ('granted', 'granted_partial', 'refused', 'scheduled', 'in_session', 'completed')))
);
CREATE INDEX requests_newest ON requests (created_at DESC, id DESC);
CREATE INDEX requests_by_state ON requests (state, created_at DESC, id DESC);
CREATE INDEX requests_by_applicant ON requests (applicant_id, created_at DESC, id DESC);
CREATE UNIQUE INDEX requests_by_dossier ON requests (dossier_number);
CREATE INDEX requests_by_camera ON requests USING gin (cameras);
CREATE INDEX requests_due ON requests (due_at) WHERE due_at IS NOT NULL;

-- Every step: who took it, from which state to which.
CREATE TABLE request_events (
    id           uuid PRIMARY KEY,
    request_id   uuid NOT NULL REFERENCES requests,
    at           timestamptz NOT NULL,
    action       text NOT NULL,
    from_state   text,  -- null: it was made
    to_state     text NOT NULL,
    part         text NOT NULL,
    principal_id uuid REFERENCES principals,  -- null: the clock
    principal    text NOT NULL,
    facts        jsonb NOT NULL DEFAULT '{}',
    CONSTRAINT request_events_words_present CHECK (action <> '' AND part <> '' AND principal <> ''),
    CONSTRAINT request_events_facts_object CHECK (jsonb_typeof(facts) = 'object')
);
CREATE INDEX request_events_in_order ON request_events (request_id, at, id);

-- What was handed in. The file stands encrypted in the API's spool under the row's id; a later one of the same name
-- stands beside the earlier one.
CREATE TABLE request_evidence (
    id         uuid PRIMARY KEY,
    request_id uuid NOT NULL REFERENCES requests,
    name       text NOT NULL,
    kind       text NOT NULL,
    media_type text NOT NULL,
    bytes      bigint NOT NULL,
    sha256     bytea NOT NULL,  -- of what was handed in
    note       text NOT NULL DEFAULT '',
    added_by   uuid NOT NULL REFERENCES principals,
    adder      text NOT NULL,
    added_at   timestamptz NOT NULL,
    CONSTRAINT request_evidence_name_form CHECK (name <> '' AND name !~ '[/\\[:cntrl:]]' AND name NOT LIKE '.%'),
    CONSTRAINT request_evidence_kind_known CHECK (kind IN ('police_report_form', 'police_report_certificate', 'official_letter', 'consent',
        'undertaking', 'exception_document', 'appeal', 'outcome', 'signed_paper', 'signature')),
    CONSTRAINT request_evidence_type_known CHECK (media_type IN ('application/pdf', 'image/jpeg', 'image/png')),
    CONSTRAINT request_evidence_whole CHECK (bytes > 0 AND octet_length(sha256) = 32 AND adder <> '')
);
CREATE INDEX request_evidence_in_order ON request_evidence (request_id, added_at, id);

-- One person once in a chain, one person a seat; a round is begun anew when a case comes back to screening.
CREATE TABLE request_signatures (
    request_id uuid NOT NULL REFERENCES requests,
    chain      text NOT NULL,
    round      integer NOT NULL,
    seat       text NOT NULL,
    unit       text NOT NULL DEFAULT '',  -- of a consulted one
    signer_id  uuid NOT NULL REFERENCES principals,
    signer     text NOT NULL,
    signed_at  timestamptz NOT NULL,
    note       text NOT NULL DEFAULT '',
    PRIMARY KEY (request_id, chain, round, seat, unit),
    CONSTRAINT request_signatures_person_once UNIQUE (request_id, chain, round, signer_id),
    CONSTRAINT request_signatures_chain_known CHECK (chain IN ('a', 'b')),
    CONSTRAINT request_signatures_seat_known CHECK (seat IN ('applicant', 'unit_head', 'reviewer', 'level1', 'director', 'handler',
        'secretariat_head', 'ethics', 'consulted')),
    CONSTRAINT request_signatures_round_positive CHECK (round >= 1),
    CONSTRAINT request_signatures_signer_present CHECK (signer <> '')
);

CREATE TABLE request_opinions (
    request_id uuid NOT NULL REFERENCES requests,
    round      integer NOT NULL,
    part       text NOT NULL,
    unit       text NOT NULL DEFAULT '',
    stance     text NOT NULL,
    ground     text NOT NULL DEFAULT '',
    text       text NOT NULL DEFAULT '',
    giver_id   uuid NOT NULL REFERENCES principals,
    giver      text NOT NULL,
    given_at   timestamptz NOT NULL,
    PRIMARY KEY (request_id, round, part, unit),
    CONSTRAINT request_opinions_part_known CHECK (part IN ('ethics', 'consulted')),
    CONSTRAINT request_opinions_unit CHECK ((part = 'consulted') = (unit <> '')),
    CONSTRAINT request_opinions_stance_known CHECK (stance IN ('agree', 'agree_with_conditions', 'object')),
    -- An objection rests on something.
    CONSTRAINT request_opinions_objection_grounded CHECK (stance <> 'object' OR ground <> ''),
    CONSTRAINT request_opinions_giver_present CHECK (giver <> '')
);

-- The screening worksheet; the newest answer to a ground counts, the older ones stay.
CREATE TABLE request_grounds (
    id          uuid PRIMARY KEY,
    request_id  uuid NOT NULL REFERENCES requests,
    ground      text NOT NULL,
    answer      text NOT NULL,
    evidence    text NOT NULL DEFAULT '',
    places      jsonb NOT NULL DEFAULT '[]',  -- camera, interval and person where it holds; none: everywhere
    answerer_id uuid NOT NULL REFERENCES principals,
    answerer    text NOT NULL,
    answered_at timestamptz NOT NULL,
    CONSTRAINT request_grounds_known CHECK (ground IN ('statutory_secret', 'investigation', 'fair_trial', 'life_safety', 'third_party')),
    CONSTRAINT request_grounds_answer_known CHECK (answer IN ('no', 'yes', 'unknown')),
    CONSTRAINT request_grounds_yes_has_evidence CHECK (answer <> 'yes' OR evidence <> ''),
    CONSTRAINT request_grounds_places_list CHECK (jsonb_typeof(places) = 'array'),
    CONSTRAINT request_grounds_answerer_present CHECK (answerer <> '')
);
CREATE INDEX request_grounds_in_order ON request_grounds (request_id, ground, answered_at, id);

-- Written consent of an affected person, article 10(3).
CREATE TABLE consents (
    id              uuid PRIMARY KEY,
    request_id      uuid NOT NULL REFERENCES requests,
    person          text NOT NULL,  -- as the worksheet calls the person
    is_minor        boolean NOT NULL,
    representative  text NOT NULL DEFAULT '',
    evidence_id     uuid NOT NULL REFERENCES request_evidence,
    cameras         uuid[] NOT NULL,
    from_at         timestamptz NOT NULL,
    to_at           timestamptz NOT NULL,
    kinds           text[] NOT NULL,
    recipient       text NOT NULL,
    recorder_id     uuid NOT NULL REFERENCES principals,
    recorder        text NOT NULL,
    recorded_at     timestamptz NOT NULL,
    withdrawn_at    timestamptz,
    withdrawer_id   uuid REFERENCES principals,
    withdrawer      text,
    withdraw_reason text,
    CONSTRAINT consents_texts_present CHECK (person <> '' AND recipient <> '' AND recorder <> ''),
    -- A minor's consent is the legal representative's.
    CONSTRAINT consents_minor_represented CHECK (NOT is_minor OR representative <> ''),
    CONSTRAINT consents_scope CHECK (from_at < to_at AND cardinality(cameras) > 0 AND cardinality(kinds) > 0
        AND kinds <@ ARRAY['view', 'copy']),
    CONSTRAINT consents_withdrawn_whole CHECK (num_nonnulls(withdrawn_at, withdrawer_id, withdrawer, withdraw_reason) IN (0, 4))
);
CREATE INDEX consents_by_request ON consents (request_id, recorded_at, id);

-- Who comes when, with whom. The code proves a viewer without an account, who is told it once.
CREATE TABLE request_slots (
    id          uuid PRIMARY KEY,
    request_id  uuid NOT NULL REFERENCES requests,
    from_at     timestamptz NOT NULL,
    to_at       timestamptz NOT NULL,
    kind        text NOT NULL,
    escort_id   uuid NOT NULL REFERENCES principals,
    escort      text NOT NULL,
    viewer_id   uuid REFERENCES principals,  -- null: has no account
    viewer      text NOT NULL,
    code_sha256 bytea,
    tries       integer NOT NULL DEFAULT 0,
    made_by     uuid NOT NULL REFERENCES principals,
    maker       text NOT NULL,
    made_at     timestamptz NOT NULL,
    CONSTRAINT request_slots_interval CHECK (from_at < to_at),
    CONSTRAINT request_slots_kind_known CHECK (kind IN ('view', 'copy')),
    CONSTRAINT request_slots_names_present CHECK (escort <> '' AND viewer <> '' AND maker <> ''),
    -- Escort and viewer are two persons.
    CONSTRAINT request_slots_two_persons CHECK (viewer_id IS DISTINCT FROM escort_id),
    CONSTRAINT request_slots_viewer_proves CHECK ((viewer_id IS NULL) = (code_sha256 IS NOT NULL)),
    CONSTRAINT request_slots_code_whole CHECK (octet_length(code_sha256) = 32),
    CONSTRAINT request_slots_tries_not_negative CHECK (tries >= 0)
);
CREATE INDEX request_slots_newest ON request_slots (request_id, made_at DESC, id DESC);

-- ---- dossiers (專卷) and the register (專簿)

-- The last number of a year. Drawn in the transaction of the acceptance, whose end the next one waits for: no hole, no double.
CREATE TABLE dossier_counters (
    year integer PRIMARY KEY,  -- of the Republic
    last integer NOT NULL,
    CONSTRAINT dossier_counters_positive CHECK (year > 0 AND last > 0)
);

CREATE TABLE dossiers (
    number     text PRIMARY KEY,
    year       integer NOT NULL,
    serial     integer NOT NULL,
    request_id uuid NOT NULL UNIQUE REFERENCES requests,
    opened_at  timestamptz NOT NULL,
    CONSTRAINT dossiers_serial_once UNIQUE (year, serial),
    CONSTRAINT dossiers_number_form CHECK (serial > 0 AND number = year || '/' || to_char(serial, 'FM000009'))
);
ALTER TABLE requests ADD CONSTRAINT requests_dossier_there FOREIGN KEY (dossier_number) REFERENCES dossiers;

CREATE TABLE register_counter (
    only_row boolean PRIMARY KEY DEFAULT true,
    last     bigint NOT NULL DEFAULT 0,
    CONSTRAINT register_counter_one_row CHECK (only_row)
);
INSERT INTO register_counter DEFAULT VALUES;

CREATE TABLE register_entries (
    line           bigint PRIMARY KEY,
    dossier_number text NOT NULL REFERENCES dossiers,
    kind           text NOT NULL,
    facts          jsonb NOT NULL,
    principal_id   uuid REFERENCES principals,  -- null: a program
    principal      text NOT NULL,
    at             timestamptz NOT NULL,
    CONSTRAINT register_entries_line_positive CHECK (line > 0),
    CONSTRAINT register_entries_kind_known CHECK (kind IN ('opened', 'session', 'copy', 'completed', 'refused', 'not_held', 'withdrawn',
        'lapsed', 'revoked', 'corrected')),
    CONSTRAINT register_entries_facts_object CHECK (jsonb_typeof(facts) = 'object'),
    CONSTRAINT register_entries_principal_present CHECK (principal <> '')
);
CREATE INDEX register_entries_by_dossier ON register_entries (dossier_number, line);
CREATE INDEX register_entries_by_time ON register_entries (at, line);
CREATE UNIQUE INDEX register_entries_opened_once ON register_entries (dossier_number) WHERE kind = 'opened';

-- Draws the line: lines have no hole either, so that a missing one is seen.
CREATE FUNCTION add_register_entry(dossier text, kind text, facts jsonb, principal uuid, name text, at timestamptz) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    drawn bigint;
BEGIN
    UPDATE register_counter c SET last = c.last + 1 RETURNING c.last INTO drawn;
    INSERT INTO register_entries (line, dossier_number, kind, facts, principal_id, principal, at) VALUES (drawn, $1, $2, $3, $4, $5, $6);
    RETURN drawn;
END $$;

-- Opens the dossier of a request that is being accepted and enters it into the register. The year is the one of `at` in
-- Taiwan.
CREATE FUNCTION open_dossier(request uuid, facts jsonb, principal uuid, name text, at timestamptz) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    roc_year integer := extract(year FROM at AT TIME ZONE 'Asia/Taipei')::integer - 1911;
    drawn integer;
    made text;
BEGIN
    PERFORM FROM requests r WHERE r.id = request AND r.state = 'submitted' FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'only a submitted request is accepted' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    INSERT INTO dossier_counters AS c (year, last) VALUES (roc_year, 1)
    ON CONFLICT (year) DO UPDATE SET last = c.last + 1 RETURNING c.last INTO drawn;
    made := roc_year || '/' || to_char(drawn, 'FM000009');
    INSERT INTO dossiers (number, year, serial, request_id, opened_at) VALUES (made, roc_year, drawn, request, at);
    PERFORM add_register_entry(made, 'opened', facts, principal, name, at);
    RETURN made;
END $$;

-- ---- grants: what a decision opens

CREATE TABLE grants (
    id         uuid PRIMARY KEY,
    request_id uuid NOT NULL REFERENCES requests,
    kind       text NOT NULL,
    decided_at timestamptz NOT NULL,
    valid_to   timestamptz NOT NULL,
    is_masked  boolean NOT NULL,  -- not to be played or copied before a masked rendering is there
    conditions text NOT NULL DEFAULT '',
    decider_id uuid NOT NULL REFERENCES principals,
    decider    text NOT NULL,
    revoked_at timestamptz,
    CONSTRAINT grants_kind_known CHECK (kind IN ('view', 'copy')),
    CONSTRAINT grants_validity CHECK (valid_to > decided_at),
    CONSTRAINT grants_decider_present CHECK (decider <> '')
);
-- A new decision ends the one before.
CREATE UNIQUE INDEX grants_one_in_force ON grants (request_id) WHERE revoked_at IS NULL;

CREATE TABLE grant_items (
    grant_id   uuid NOT NULL REFERENCES grants,
    camera_id  uuid NOT NULL REFERENCES cameras,
    stream     text NOT NULL,
    asked_from timestamptz NOT NULL,
    asked_to   timestamptz NOT NULL,
    from_at    timestamptz NOT NULL,  -- as resolved to frames
    to_at      timestamptz NOT NULL,
    is_outward boolean NOT NULL DEFAULT false,  -- the decision names the times outside what was asked
    PRIMARY KEY (grant_id, camera_id, stream, from_at),
    CONSTRAINT grant_items_stream_known CHECK (stream IN ('main', 'sub')),
    CONSTRAINT grant_items_interval CHECK (asked_from < asked_to AND from_at < to_at),
    CONSTRAINT grant_items_inward CHECK (is_outward OR from_at >= asked_from AND to_at <= asked_to)
);

-- An account in force that is named in a case: an escort, a viewer.
CREATE FUNCTION find_person(wanted text, at timestamptz) RETURNS TABLE (id uuid, name text, roles text[])
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
BEGIN ATOMIC
    SELECT p.id, p.name, p.roles FROM public.principals p
    WHERE p.kind = 'person' AND p.name = $1 AND p.valid_from <= $2 AND (p.valid_to IS NULL OR $2 < p.valid_to);
END;

-- ---- what stays as it is

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION '% is added to and never changed', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER register_entries_keep BEFORE UPDATE OR DELETE ON register_entries FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER request_events_keep BEFORE UPDATE OR DELETE ON request_events FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER dossiers_keep BEFORE UPDATE OR DELETE ON dossiers FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- What a case was accepted with, stays with it; what was asked is changed only before that.
CREATE FUNCTION requests_keep() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF OLD.dossier_number IS NOT NULL AND (OLD.handler_id, OLD.accepted_at, OLD.policy_version, OLD.dossier_number, OLD.kind, OLD.applicant, OLD.unit,
            OLD.cameras, OLD.from_at, OLD.to_at) IS DISTINCT FROM (NEW.handler_id, NEW.accepted_at, NEW.policy_version, NEW.dossier_number, NEW.kind, NEW.applicant,
            NEW.unit, NEW.cameras, NEW.from_at, NEW.to_at) THEN
        RAISE EXCEPTION 'an accepted request stays as it was accepted' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER requests_keep BEFORE UPDATE ON requests FOR EACH ROW EXECUTE FUNCTION requests_keep();

-- At the commit: a case that has come to an end has its line in the register, and what is granted has its grant.
CREATE FUNCTION requests_end_is_entered() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NEW.dossier_number IS NOT NULL AND NEW.state IN ('completed', 'refused', 'not_held', 'withdrawn', 'lapsed', 'revoked') THEN
        PERFORM FROM register_entries e WHERE e.dossier_number = NEW.dossier_number AND e.kind = NEW.state AND e.at = NEW.state_since;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'no entry % in the register', NEW.state
                USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'requests_end_is_entered';
        END IF;
    END IF;
    IF NEW.state IN ('granted', 'granted_partial', 'scheduled', 'in_session') THEN
        PERFORM FROM grants g JOIN grant_items i ON i.grant_id = g.id WHERE g.request_id = NEW.id AND g.revoked_at IS NULL;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'nothing is granted'
                USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'requests_grant_is_there';
        END IF;
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER requests_end_is_entered AFTER INSERT OR UPDATE OF state ON requests DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION requests_end_is_entered();

-- ---- rights; tests/pg/rights_test.cpp holds the same, written by hand

GRANT SELECT ON requests, request_events, request_evidence, request_signatures, request_opinions, request_grounds, consents,
    dossiers, register_entries, grants, grant_items TO sluice_worker, sluice_api, sluice_auditor;
-- Nobody reads the hash of a code but who compares it.
GRANT SELECT ON request_slots TO sluice_api;
GRANT SELECT (id, request_id, from_at, to_at, kind, escort_id, escort, viewer_id, viewer, tries, made_by, maker, made_at) ON request_slots
    TO sluice_worker, sluice_auditor;
GRANT INSERT ON requests, request_events, request_evidence, request_signatures, request_opinions, request_grounds, consents,
    request_slots, grants, grant_items TO sluice_api;
GRANT UPDATE (kind, state, state_since, revision, applicant, unit, cameras, from_at, to_at, form, submitted_at, handler_id, handler, accepted_at,
    policy_version, dossier_number, due_at, asked_units, decision, decided_at) ON requests TO sluice_api;
GRANT UPDATE (withdrawn_at, withdrawer_id, withdrawer, withdraw_reason) ON consents TO sluice_api;
GRANT UPDATE (tries) ON request_slots TO sluice_api;
GRANT UPDATE (revoked_at) ON grants TO sluice_api, sluice_worker;
GRANT EXECUTE ON FUNCTION find_person(text, timestamptz) TO sluice_api;
GRANT EXECUTE ON FUNCTION open_dossier(uuid, jsonb, uuid, text, timestamptz) TO sluice_api;
GRANT EXECUTE ON FUNCTION add_register_entry(text, text, jsonb, uuid, text, timestamptz) TO sluice_api, sluice_worker;
-- The worker lapses what is overdue.
GRANT INSERT ON request_events TO sluice_worker;
GRANT UPDATE (state, state_since, revision, due_at) ON requests TO sluice_worker;
-- The hold of a lapsed request ends with it.
GRANT UPDATE (expires_at, revision) ON holds TO sluice_worker;
