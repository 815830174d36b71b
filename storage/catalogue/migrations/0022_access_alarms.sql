-- What follows from events at the doors, and what was handed in as files.

-- Batches and alarms share one order of commits, so that one stream can tell of both.
CREATE FUNCTION next_access_place() RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(7163408118);
    PERFORM pg_notify('sluice_access', '');
    RETURN 1 + greatest((SELECT coalesce(max(b.place), 0) FROM access_batches b), (SELECT coalesce(max(a.place), 0) FROM access_alarms a));
END $$;
CREATE OR REPLACE FUNCTION access_batches_take_place() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    NEW.place := next_access_place();
    RETURN NEW;
END $$;

CREATE TABLE access_alarms (
    id              uuid PRIMARY KEY,  -- of what it is about: derived again it is the same
    place           bigint NOT NULL UNIQUE,
    kind            text NOT NULL,
    severity        text NOT NULL,
    is_after_hours  boolean NOT NULL,
    door            text,
    source          text NOT NULL,
    at              timestamptz NOT NULL,
    until_at        timestamptz,  -- null: it still is
    cause           text NOT NULL,
    event_ids       uuid[] NOT NULL,
    raised_at       timestamptz NOT NULL,
    refuted_at      timestamptz,  -- events that came later say that there was none
    incident_id     uuid REFERENCES incidents,
    hold_id         uuid REFERENCES holds,
    acknowledged_at timestamptz,
    acknowledger_id uuid REFERENCES principals,
    acknowledger    text,
    ack_reason      text,
    resolved_at     timestamptz,
    resolver_id     uuid REFERENCES principals,
    resolver        text,
    resolution      text,
    CONSTRAINT access_alarms_kind_known CHECK (kind IN ('held_open', 'forced_open', 'after_hours_unlocked', 'rear_door_open',
        'entry_not_main_door', 'controller_silent', 'index_gap', 'clock_offset')),
    CONSTRAINT access_alarms_severity_known CHECK (severity IN ('low', 'medium', 'high')),
    CONSTRAINT access_alarms_texts_present CHECK (door <> '' AND source <> '' AND cause <> ''),
    CONSTRAINT access_alarms_in_order CHECK (at <= until_at),
    CONSTRAINT access_alarms_acknowledged_whole CHECK (num_nonnulls(acknowledged_at, acknowledger, ack_reason) IN (0, 3) AND ack_reason <> ''),
    CONSTRAINT access_alarms_resolved_whole CHECK (num_nonnulls(resolved_at, resolver, resolution) IN (0, 3) AND resolution <> '')
);
CREATE INDEX access_alarms_newest ON access_alarms (at DESC, id DESC);
CREATE INDEX access_alarms_by_door ON access_alarms (door, at);
CREATE INDEX access_alarms_without_hold ON access_alarms (at) WHERE incident_id IS NOT NULL AND hold_id IS NULL;

CREATE FUNCTION access_alarms_take_place() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    NEW.place := next_access_place();
    RETURN NEW;
END $$;
CREATE TRIGGER access_alarms_take_place BEFORE INSERT ON access_alarms FOR EACH ROW EXECUTE FUNCTION access_alarms_take_place();

CREATE FUNCTION access_alarms_keep() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF OLD.acknowledged_at IS NOT NULL AND OLD.acknowledged_at IS DISTINCT FROM NEW.acknowledged_at
        OR OLD.resolved_at IS NOT NULL AND OLD.resolved_at IS DISTINCT FROM NEW.resolved_at
        OR OLD.incident_id IS NOT NULL AND OLD.incident_id IS DISTINCT FROM NEW.incident_id
        OR OLD.hold_id IS NOT NULL AND OLD.hold_id IS DISTINCT FROM NEW.hold_id THEN
        RAISE EXCEPTION 'what was said about an alarm is not changed' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER access_alarms_keep BEFORE UPDATE ON access_alarms FOR EACH ROW EXECUTE FUNCTION access_alarms_keep();

-- Up to which batch alarms were derived. Whoever derives holds this row.
CREATE TABLE access_derivation (
    only_row boolean PRIMARY KEY DEFAULT true,
    place    bigint NOT NULL,
    CONSTRAINT access_derivation_one_row CHECK (only_row)
);
INSERT INTO access_derivation (place) SELECT coalesce(max(place), 0) FROM access_batches;

-- Of a source what stood there last before a time and first behind it.
CREATE INDEX access_events_by_source ON access_events (source, at, id);

-- A file that was handed in, and what became of its rows.
CREATE TABLE access_imports (
    id          uuid PRIMARY KEY,
    sha256      bytea NOT NULL,
    profile     text NOT NULL,  -- slug of the controller that wrote it
    rows_read   integer NOT NULL,
    accepted    integer NOT NULL,
    duplicates  integer NOT NULL,
    conflicts   integer NOT NULL,
    faulty      integer NOT NULL,
    faults      jsonb NOT NULL,
    importer_id uuid REFERENCES principals,  -- null: the operator at the machine
    importer    text NOT NULL,
    imported_at timestamptz NOT NULL,
    CONSTRAINT access_imports_whole CHECK (octet_length(sha256) = 32 AND profile <> '' AND importer <> ''),
    CONSTRAINT access_imports_counted CHECK (rows_read = accepted + duplicates + conflicts + faulty
        AND least(accepted, duplicates, conflicts, faulty) >= 0),
    CONSTRAINT access_imports_faults_list CHECK (jsonb_typeof(faults) = 'array')
);

-- Events and alarms of before `before` go, so many rows at a time: months as a whole, the rest row by row. How many events.
-- Nothing that is younger than a year by the database's own clock, whatever the caller's clock says.
CREATE FUNCTION forget_access_events(before timestamptz, record uuid) RETURNS bigint LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET lock_timeout = '5s' AS $$
DECLARE
    child  text;
    gone   bigint := 0;
    amount bigint;
BEGIN
    IF before > clock_timestamp() - interval '1 year' THEN
        RAISE EXCEPTION 'events younger than a year are not forgotten' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    PERFORM FROM ledger_records r WHERE r.id = $2 AND r.action = 'access.forgotten';
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no record says that events are forgotten' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    FOR child IN SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
                 WHERE i.inhparent = 'access_events'::regclass AND c.relname ~ '^access_events_[0-9]{6}$'
                   AND (to_date(right(c.relname, 6), 'YYYYMM') + interval '1 month')::timestamp AT TIME ZONE 'UTC' <= before
    LOOP
        EXECUTE format('SELECT count(*) FROM public.%I', child) INTO amount;
        EXECUTE format('DROP TABLE public.%I', child);
        gone := gone + amount;
    END LOOP;
    DELETE FROM access_events e WHERE e.at < before;
    GET DIAGNOSTICS amount = ROW_COUNT;
    DELETE FROM access_event_keys k WHERE k.at < before;
    DELETE FROM access_alarms a WHERE a.at < before;
    RETURN gone + amount;
END $$;

-- ---- rights; tests/pg/rights_test.cpp holds the same, written by hand

GRANT SELECT ON access_alarms, access_imports TO sluice_worker, sluice_api, sluice_auditor;
GRANT SELECT ON access_derivation TO sluice_worker, sluice_auditor;
GRANT UPDATE (place) ON access_derivation TO sluice_worker;
GRANT INSERT (id, kind, severity, is_after_hours, door, source, at, until_at, cause, event_ids, raised_at, incident_id)
    ON access_alarms TO sluice_worker;
GRANT UPDATE (severity, is_after_hours, until_at, cause, event_ids, refuted_at, incident_id, hold_id) ON access_alarms TO sluice_worker;
GRANT UPDATE (acknowledged_at, acknowledger_id, acknowledger, ack_reason, resolved_at, resolver_id, resolver, resolution)
    ON access_alarms TO sluice_api;
GRANT INSERT ON access_imports TO sluice_api;
GRANT EXECUTE ON FUNCTION next_access_place() TO sluice_worker, sluice_api;
GRANT EXECUTE ON FUNCTION forget_access_events(timestamptz, uuid) TO sluice_worker;
