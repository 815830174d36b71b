-- Incidents from their detection to their end: what was done, noted and linked, and the times in which they weigh more.
-- Whatever says what somebody did is added to and never changed.

-- ---- special duty periods, and the emergency operation centre

-- While one is in force incidents weigh so many steps more.
CREATE TABLE duty_periods (
    id          uuid PRIMARY KEY,
    kind        text NOT NULL,
    name        text NOT NULL,
    reason      text NOT NULL,
    from_at     timestamptz NOT NULL,
    to_at       timestamptz,  -- null: until it is ended
    raises      integer NOT NULL,  -- steps of severity
    placed_by   uuid NOT NULL REFERENCES principals,
    placer      text NOT NULL,
    placed_at   timestamptz NOT NULL,
    ended_at    timestamptz,
    ended_by    uuid REFERENCES principals,
    ender       text,
    end_reason  text,
    revision    integer NOT NULL DEFAULT 1,
    CONSTRAINT duty_periods_kind_known CHECK (kind IN ('special', 'eoc')),
    CONSTRAINT duty_periods_texts_present CHECK (name <> '' AND reason <> '' AND placer <> ''),
    CONSTRAINT duty_periods_not_empty CHECK (from_at < to_at),
    -- Nobody knows beforehand how long the emergency lasts; a duty period is laid down with its end.
    CONSTRAINT duty_periods_special_ends CHECK (kind = 'eoc' OR to_at IS NOT NULL),
    CONSTRAINT duty_periods_raises_bounded CHECK (raises BETWEEN 0 AND 3),
    CONSTRAINT duty_periods_ended_whole CHECK (num_nonnulls(ended_at, ended_by, ender, end_reason) IN (0, 4)
        AND coalesce(end_reason <> '', true))
);
CREATE INDEX duty_periods_newest ON duty_periods (from_at DESC, id DESC);

-- ---- incidents

ALTER TABLE incidents
    ADD COLUMN severity    text NOT NULL DEFAULT 'medium',
    ADD COLUMN state_since timestamptz,
    ADD COLUMN revision    integer NOT NULL DEFAULT 1,
    DROP CONSTRAINT incidents_state_known,
    ADD CONSTRAINT incidents_state_known CHECK (state IN ('detected', 'triaged', 'reported', 'contained', 'remediated', 'closed',
        'false_alarm', 'exercise')),
    ADD CONSTRAINT incidents_severity_known CHECK (severity IN ('low', 'medium', 'high', 'critical'));
UPDATE incidents SET state_since = opened_at;
ALTER TABLE incidents
    ALTER COLUMN state_since SET NOT NULL,
    ALTER COLUMN severity DROP DEFAULT;
CREATE INDEX incidents_open ON incidents (opened_at, id) WHERE state NOT IN ('closed', 'false_alarm', 'exercise');

-- Who took it from which state to which.
CREATE TABLE incident_steps (
    id           uuid PRIMARY KEY,
    incident_id  uuid NOT NULL REFERENCES incidents,
    at           timestamptz NOT NULL,
    action       text NOT NULL,
    from_state   text NOT NULL,
    to_state     text NOT NULL,
    part         text NOT NULL,
    principal_id uuid NOT NULL REFERENCES principals,
    principal    text NOT NULL,
    facts        jsonb NOT NULL,
    place        bigint GENERATED ALWAYS AS IDENTITY,  -- two steps may fall into one microsecond
    CONSTRAINT incident_steps_words_present CHECK (action <> '' AND part <> '' AND principal <> ''),
    CONSTRAINT incident_steps_facts_object CHECK (jsonb_typeof(facts) = 'object')
);
CREATE INDEX incident_steps_in_order ON incident_steps (incident_id, place);

CREATE TABLE incident_notes (
    id           uuid PRIMARY KEY,
    incident_id  uuid NOT NULL REFERENCES incidents,
    at           timestamptz NOT NULL,
    text         text NOT NULL,
    principal_id uuid REFERENCES principals,  -- null: a program
    principal    text NOT NULL,
    CONSTRAINT incident_notes_texts_present CHECK (text <> '' AND principal <> '')
);
CREATE INDEX incident_notes_in_order ON incident_notes (incident_id, at, id);

-- What belongs to it: `target` is the id of one of the kind; access events are named `source id`.
CREATE TABLE incident_links (
    incident_id  uuid NOT NULL REFERENCES incidents,
    kind         text NOT NULL,
    target       text NOT NULL,
    note         text NOT NULL DEFAULT '',
    at           timestamptz NOT NULL,
    principal_id uuid REFERENCES principals,
    principal    text NOT NULL,
    PRIMARY KEY (incident_id, kind, target),
    CONSTRAINT incident_links_kind_known CHECK (kind IN ('event', 'alarm', 'request', 'repair', 'follow_up', 'incident')),
    CONSTRAINT incident_links_texts_present CHECK (target <> '' AND principal <> '')
);
CREATE INDEX incident_links_by_target ON incident_links (kind, target);

-- Pointers: opening the footage obeys article 7 as always.
CREATE TABLE incident_footage (
    id           uuid PRIMARY KEY,
    incident_id  uuid NOT NULL REFERENCES incidents,
    camera_id    uuid NOT NULL REFERENCES cameras,
    from_at      timestamptz NOT NULL,
    to_at        timestamptz NOT NULL,
    note         text NOT NULL DEFAULT '',
    at           timestamptz NOT NULL,
    principal_id uuid REFERENCES principals,
    principal    text NOT NULL,
    CONSTRAINT incident_footage_not_empty CHECK (from_at < to_at),
    CONSTRAINT incident_footage_once UNIQUE (incident_id, camera_id, from_at, to_at),
    CONSTRAINT incident_footage_principal_present CHECK (principal <> '')
);

CREATE TRIGGER incident_steps_keep BEFORE UPDATE OR DELETE ON incident_steps FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER incident_notes_keep BEFORE UPDATE OR DELETE ON incident_notes FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER incident_links_keep BEFORE UPDATE OR DELETE ON incident_links FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER incident_footage_keep BEFORE UPDATE OR DELETE ON incident_footage FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- An end is an end.
CREATE FUNCTION incidents_keep() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF OLD.state IN ('closed', 'false_alarm', 'exercise') THEN
        RAISE EXCEPTION 'an incident that has ended stays so' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER incidents_keep BEFORE UPDATE ON incidents FOR EACH ROW EXECUTE FUNCTION incidents_keep();

-- At the commit: no state without the step that led to it.
CREATE FUNCTION incidents_step_is_written() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM FROM incident_steps s WHERE s.incident_id = NEW.id AND s.at = NEW.state_since
        AND s.from_state = OLD.state AND s.to_state = NEW.state;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no step leads to %', NEW.state
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'incidents_step_is_written';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER incidents_step_is_written AFTER UPDATE OF state ON incidents DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION incidents_step_is_written();

-- ---- notices

ALTER TABLE notices
    DROP CONSTRAINT notices_kind_known,
    ADD CONSTRAINT notices_kind_known CHECK (kind IN ('hold_expiry', 'submitted', 'correction_due', 'countersign_wanted', 'decision',
        'copy_overdue', 'incident_raised', 'incident_due'));

-- ---- rights; tests/pg/rights_test.cpp holds the same, written by hand

GRANT SELECT ON duty_periods, incident_steps, incident_notes, incident_links, incident_footage
    TO sluice_worker, sluice_api, sluice_auditor;
GRANT INSERT ON duty_periods, incident_steps TO sluice_api;
GRANT INSERT ON incident_notes, incident_links, incident_footage TO sluice_api, sluice_worker;
GRANT UPDATE (to_at, ended_at, ended_by, ender, end_reason, revision) ON duty_periods TO sluice_api;
GRANT UPDATE (state, state_since, severity, revision) ON incidents TO sluice_api;
