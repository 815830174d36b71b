-- The rules as data, what is kept in spite of them, and what somebody has to look at.

-- ---- persons

-- A person has the roles of the rules; a machine keeps those of the bootstrap policy.
ALTER TABLE principals ADD CONSTRAINT principals_person_roles CHECK (kind <> 'person' OR
    (cardinality(roles) > 0 AND roles <@ ARRAY['secretariat', 'ethics', 'level1', 'director', 'unit_head', 'applicant', 'guard',
        'auditor', 'reviewer', 'admin']));
-- Decisions are told apart by name.
CREATE UNIQUE INDEX principals_person_once ON principals (name) WHERE kind = 'person';

-- A token for a person, who is made when nobody has the name. Null: the person is there with other roles.
CREATE FUNCTION create_person_token(principal_id uuid, name text, roles text[], token_sha256 bytea, at timestamptz) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    person public.principals;
BEGIN
    INSERT INTO principals AS p (id, kind, name, roles, valid_from) VALUES ($1, 'person', $2, $3, $5)
    ON CONFLICT DO NOTHING;
    SELECT * INTO STRICT person FROM principals p WHERE p.kind = 'person' AND p.name = $2;
    IF NOT (person.roles @> $3 AND person.roles <@ $3) THEN
        RETURN NULL;
    END IF;
    INSERT INTO credentials (token_sha256, principal_id, valid_from) VALUES ($4, person.id, $5);
    RETURN person.id;
END $$;

-- ---- policy

-- A version is proposed by one and adopted by another; nothing of it is changed afterwards. The rows of a version stand
-- together in `rules`, as config/policy.toml has them.
CREATE TABLE policy_versions (
    number         integer PRIMARY KEY,
    rules          jsonb NOT NULL,
    note           text NOT NULL DEFAULT '',
    proposed_by    uuid REFERENCES principals,  -- null: came with the program
    proposer       text NOT NULL,
    proposed_at    timestamptz NOT NULL,
    adopted_by     uuid REFERENCES principals,
    adopter        text,
    adopted_at     timestamptz,
    document       text,  -- number of the paper on which it was adopted
    valid_from     timestamptz,
    CONSTRAINT policy_versions_number_positive CHECK (number >= 1),
    CONSTRAINT policy_versions_rules_list CHECK (jsonb_typeof(rules) = 'array'),
    CONSTRAINT policy_versions_proposer_present CHECK (proposer <> ''),
    CONSTRAINT policy_versions_adopted_whole CHECK (
        CASE WHEN adopted_at IS NULL THEN num_nonnulls(adopted_by, adopter, document, valid_from) = 0
        ELSE coalesce(adopter <> '' AND document <> '' AND valid_from IS NOT NULL, false) END),
    -- Two persons, article 12; only what came with the program has none.
    CONSTRAINT policy_versions_two_persons CHECK (adopted_at IS NULL OR number = 1
        OR coalesce(adopted_by <> proposed_by, false)),
    -- A rule can't be made for a time that has passed.
    CONSTRAINT policy_versions_not_back CHECK (number = 1 OR valid_from >= adopted_at)
);

-- The customer's draft. tests/pg/policy_test.cpp compares it with config/policy.toml.
INSERT INTO policy_versions (number, rules, note, proposer, proposed_at, adopter, adopted_at, document, valid_from) VALUES (1, '[
    {"id": "RET_FLOOR_30D", "value": 30, "unit": "days", "article": "7(3)"},
    {"id": "RET_CEILING_1Y", "value": 1, "unit": "years", "article": "7(5)"},
    {"id": "RET_KEEP", "value": 30, "unit": "days", "article": "6"},
    {"id": "RET_WHEN_FULL", "value": "overwrite_oldest", "unit": "", "article": "6"},
    {"id": "RET_LAST_RESORT", "value": "stop", "unit": "", "article": "7(3)"},
    {"id": "RET_FLOOR_AT_RISK", "value": 7, "unit": "days", "article": "7(3)"},
    {"id": "RET_PURGE_GUARD", "value": 20, "unit": "percent", "article": "7(3)"},
    {"id": "HOLD_EXPIRY_NOTICE", "value": [30, 7, 1], "unit": "days", "article": "7(4)"}
]', 'the draft of the management rules', 'sluice', clock_timestamp(), 'sluice', clock_timestamp(), 'draft',
    timestamptz '1970-01-01 00:00:00+00');

-- Gives the number; versions are numbered without holes.
CREATE FUNCTION propose_policy(rules jsonb, note text, principal uuid, name text, at timestamptz) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    upcoming integer;
BEGIN
    PERFORM FROM principals p WHERE p.id = $3 AND p.kind = 'person' AND 'secretariat' = ANY(p.roles);
    IF NOT FOUND THEN
        RAISE EXCEPTION 'only a person of the secretariat proposes' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    LOCK TABLE policy_versions IN SHARE ROW EXCLUSIVE MODE;
    SELECT coalesce(max(number), 0) + 1 INTO upcoming FROM policy_versions;
    INSERT INTO policy_versions (number, rules, note, proposed_by, proposer, proposed_at) VALUES (upcoming, $1, $2, $3, $4, $5);
    RETURN upcoming;
END $$;

-- Whether it was still a proposal. The table's constraints say the rest.
CREATE FUNCTION adopt_policy(version integer, principal uuid, name text, paper text, since timestamptz, at timestamptz)
    RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM FROM principals p WHERE p.id = $2 AND p.kind = 'person' AND 'director' = ANY(p.roles);
    IF NOT FOUND THEN
        RAISE EXCEPTION 'only the director adopts' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    UPDATE policy_versions SET adopted_by = $2, adopter = $3, document = $4, valid_from = $5, adopted_at = $6
    WHERE number = $1 AND adopted_at IS NULL;
    RETURN FOUND;
END $$;

-- ---- holds

-- Footage of these cameras in [from_at, to_at) is kept: every segment that touches it, also such as are not recorded yet.
-- Whether a hold is in force follows from its times: no program has to run for it to end.
CREATE TABLE holds (
    id             uuid PRIMARY KEY,
    kind           text NOT NULL,
    from_at        timestamptz NOT NULL,
    to_at          timestamptz NOT NULL,
    reason         text NOT NULL,
    owner_kind     text NOT NULL,
    owner_id       uuid NOT NULL,
    owner          text NOT NULL,
    legal_basis    text NOT NULL DEFAULT '',  -- statute or case number
    custodian      text NOT NULL DEFAULT '',
    review_at      timestamptz,
    expires_at     timestamptz,
    placed_by      uuid NOT NULL REFERENCES principals,
    placer         text NOT NULL,
    placed_at      timestamptz NOT NULL,
    released_by    uuid REFERENCES principals,
    releaser       text,
    released_at    timestamptz,
    release_reason text,
    revision       integer NOT NULL DEFAULT 1,
    CONSTRAINT holds_kind_known CHECK (kind IN ('flag', 'request', 'case', 'special', 'incident', 'duty_period', 'judicial', 'legal')),
    CONSTRAINT holds_interval_not_empty CHECK (from_at < to_at),
    CONSTRAINT holds_reason_present CHECK (reason <> '' AND owner <> '' AND placer <> ''),
    CONSTRAINT holds_owner_known CHECK (owner_kind IN ('principal', 'request', 'case', 'incident', 'duty_period')),
    -- Article 7(5): only these pass the ceiling, and only with statute or case number.
    CONSTRAINT holds_law_has_basis CHECK (kind NOT IN ('judicial', 'legal') OR legal_basis <> ''),
    CONSTRAINT holds_others_end CHECK (kind IN ('judicial', 'legal') OR expires_at IS NOT NULL),
    -- Article 7(4).
    CONSTRAINT holds_special_has_custodian CHECK (kind <> 'special' OR (custodian <> '' AND review_at IS NOT NULL)),
    CONSTRAINT holds_expiry_after_placing CHECK (expires_at > placed_at),
    CONSTRAINT holds_release_whole CHECK (num_nonnulls(releaser, released_at, release_reason) IN (0, 3)
        AND coalesce(release_reason <> '', true) AND (released_at IS NOT NULL OR released_by IS NULL))
);
CREATE INDEX holds_by_time ON holds USING gist (tstzrange(from_at, to_at)) WHERE released_at IS NULL;
CREATE INDEX holds_newest ON holds (placed_at DESC, id DESC);

CREATE TABLE hold_cameras (
    hold_id   uuid NOT NULL REFERENCES holds,
    camera_id uuid NOT NULL REFERENCES cameras,
    PRIMARY KEY (hold_id, camera_id)
);
CREATE INDEX hold_cameras_by_camera ON hold_cameras (camera_id);

-- Whoever destroys takes this lock shared, in the transaction that reads the holds and ends after the destruction of its
-- batch; whoever places or extends a hold takes it alone. So a hold waits for the batch under way and then counts for
-- everything that is left.
CREATE FUNCTION lock_holds_to_change() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(7163408110);
    RETURN NULL;
END $$;
CREATE FUNCTION lock_holds_to_destroy() RETURNS void LANGUAGE sql SET search_path = pg_catalog, public, pg_temp
BEGIN ATOMIC
    SELECT pg_advisory_xact_lock_shared(7163408110);
END;
CREATE TRIGGER holds_change BEFORE INSERT OR UPDATE ON holds FOR EACH STATEMENT EXECUTE FUNCTION lock_holds_to_change();
CREATE TRIGGER hold_cameras_change BEFORE INSERT ON hold_cameras FOR EACH STATEMENT EXECUTE FUNCTION lock_holds_to_change();

-- ---- incidents and notices, in the form that retention needs; what is done about them comes later

CREATE TABLE incidents (
    id           uuid PRIMARY KEY,
    kind         text NOT NULL,
    state        text NOT NULL DEFAULT 'detected',
    opened_at    timestamptz NOT NULL,
    cause        text NOT NULL,
    subject      jsonb NOT NULL,
    principal_id uuid REFERENCES principals,  -- null: a program
    principal    text NOT NULL,
    CONSTRAINT incidents_kind_known CHECK (kind IN ('door_forced', 'door_held', 'controller_failure', 'power', 'camera_fault',
        'recording_gap', 'storage', 'floor_violation', 'facility_damage', 'suspicious_person', 'privacy_breach', 'leak', 'cyber', 'break_glass')),
    CONSTRAINT incidents_state_known CHECK (state IN ('detected')),
    CONSTRAINT incidents_texts_present CHECK (cause <> '' AND principal <> ''),
    CONSTRAINT incidents_subject_object CHECK (jsonb_typeof(subject) = 'object')
);
CREATE INDEX incidents_newest ON incidents (opened_at DESC, id DESC);

CREATE TABLE notices (
    id              uuid PRIMARY KEY,
    kind            text NOT NULL,
    subject_id      uuid NOT NULL,
    audience        text NOT NULL,  -- a role
    due_at          timestamptz NOT NULL,
    days_ahead      integer NOT NULL,
    created_at      timestamptz NOT NULL,
    acknowledged_at timestamptz,
    acknowledger    text,
    CONSTRAINT notices_kind_known CHECK (kind IN ('hold_expiry')),
    CONSTRAINT notices_acknowledged_whole CHECK ((acknowledged_at IS NULL) = (acknowledger IS NULL)),
    -- A hold that is extended is told of again.
    CONSTRAINT notices_once UNIQUE (kind, subject_id, due_at, days_ahead)
);
CREATE INDEX notices_open ON notices (created_at DESC, id DESC) WHERE acknowledged_at IS NULL;

-- ---- rights; tests/pg/rights_test.cpp holds the same, written by hand

GRANT EXECUTE ON FUNCTION create_person_token(uuid, text, text[], bytea, timestamptz) TO sluice_worker;
GRANT SELECT ON policy_versions, holds, hold_cameras, incidents, notices TO sluice_worker, sluice_api, sluice_auditor;
GRANT SELECT ON policy_versions TO sluice_recorder;
GRANT EXECUTE ON FUNCTION propose_policy(jsonb, text, uuid, text, timestamptz) TO sluice_api;
GRANT EXECUTE ON FUNCTION adopt_policy(integer, uuid, text, text, timestamptz, timestamptz) TO sluice_api;
GRANT INSERT ON holds, hold_cameras TO sluice_api;
GRANT UPDATE (expires_at, review_at, released_by, releaser, released_at, release_reason, revision) ON holds TO sluice_api;
GRANT EXECUTE ON FUNCTION lock_holds_to_destroy() TO sluice_worker;
GRANT INSERT ON incidents TO sluice_worker, sluice_api;
GRANT INSERT ON notices TO sluice_worker;
GRANT UPDATE (acknowledged_at, acknowledger) ON notices TO sluice_api;
