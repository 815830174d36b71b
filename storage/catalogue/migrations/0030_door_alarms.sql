-- What follows from alarms at the doors: holds that end with their incident, notices, the fallback of a silent controller, and
-- alarms that are derived again.

-- ---- holds

-- Whether the incident is still worked on. It stays so until the caller's transaction ends: a hold that is placed for it is
-- there when the incident ends, and ends with it.
CREATE FUNCTION lock_running_incident(incident uuid) RETURNS boolean LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM FROM incidents i WHERE i.id = $1 AND i.state NOT IN ('closed', 'false_alarm', 'exercise') FOR SHARE;
    RETURN FOUND;
END $$;

-- ---- notices

ALTER TABLE notices
    DROP CONSTRAINT notices_kind_known,
    ADD CONSTRAINT notices_kind_known CHECK (kind IN ('hold_expiry', 'submitted', 'correction_due', 'countersign_wanted', 'decision',
        'copy_overdue', 'incident_raised', 'incident_due', 'contractor_camera', 'contractor_finding', 'contractor_clip', 'extended',
        'third_party_due', 'inspection_late', 'duty_due', 'follow_up_due', 'repair_opened', 'recorder_finding', 'door_alarm',
        'door_unattended'));

-- ---- since when something is in use: a controller that never said anything is missed from then on

ALTER TABLE controllers ADD COLUMN activated_at timestamptz;
ALTER TABLE doors ADD COLUMN activated_at timestamptz;
UPDATE controllers SET activated_at = created_at WHERE state = 'active';
UPDATE doors SET activated_at = created_at WHERE state = 'active';
ALTER TABLE controllers ADD CONSTRAINT controllers_activation_told CHECK ((state = 'active') = (activated_at IS NOT NULL));
ALTER TABLE doors ADD CONSTRAINT doors_activation_told CHECK ((state = 'active') = (activated_at IS NOT NULL));

CREATE FUNCTION note_activation() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    NEW.activated_at := CASE WHEN NEW.state <> 'active' THEN NULL
                             WHEN TG_OP = 'INSERT' THEN NEW.created_at
                             WHEN OLD.state = 'active' THEN OLD.activated_at
                             ELSE NEW.changed_at END;
    RETURN NEW;
END $$;
CREATE TRIGGER controllers_note_activation BEFORE INSERT OR UPDATE ON controllers FOR EACH ROW EXECUTE FUNCTION note_activation();
CREATE TRIGGER doors_note_activation BEFORE INSERT OR UPDATE ON doors FOR EACH ROW EXECUTE FUNCTION note_activation();

-- Events and alarms of before `before` go, so many rows at a time: months as a whole, the rest row by row. How many events.
-- Nothing that is younger than a year by the database's own clock, whatever the caller's clock says. That a controller was
-- never heard stays for as long as it is so: it rests on no event, and would be derived again.
CREATE OR REPLACE FUNCTION forget_access_events(before timestamptz, record uuid) RETURNS bigint LANGUAGE plpgsql
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
    DELETE FROM access_alarms a WHERE a.at < before AND NOT (a.event_ids = '{}' AND a.until_at IS NULL AND a.refuted_at IS NULL);
    RETURN gone + amount;
END $$;

-- ---- the fallback of a silent controller: its doors are `manual`, also while nobody is named

ALTER TABLE door_overrides
    DROP CONSTRAINT door_overrides_manual_named,
    ADD CONSTRAINT door_overrides_manual_named CHECK (mode <> 'manual' OR person <> '' OR owner_kind = 'alarm'),
    ADD CONSTRAINT door_overrides_alarm_of_door CHECK (owner_kind <> 'alarm' OR door_id IS NOT NULL);
CREATE INDEX access_alarms_silent ON access_alarms (source) WHERE kind = 'controller_silent' AND until_at IS NULL AND refuted_at IS NULL;

-- ---- times whose alarms are derived again, because it was decided afterwards what the doors should have done then

CREATE TABLE access_rederivations (
    id         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    from_at    timestamptz NOT NULL,
    to_at      timestamptz NOT NULL,
    cause      text NOT NULL,  -- what alarms say that do not hold any more
    derived_at timestamptz,  -- null: still to be done
    CONSTRAINT access_rederivations_in_order CHECK (from_at <= to_at),
    CONSTRAINT access_rederivations_cause_present CHECK (cause <> '')
);
CREATE INDEX access_rederivations_open ON access_rederivations (from_at, id) WHERE derived_at IS NULL;

ALTER TABLE door_overrides
    ADD COLUMN is_withdrawn boolean NOT NULL DEFAULT false,  -- ended as if it had never been
    ADD CONSTRAINT door_overrides_withdrawn_ended CHECK (NOT is_withdrawn OR ended_at IS NOT NULL);

-- What begins now needs no second look: the newest minutes are derived all the time. A fallback judges nothing.
CREATE FUNCTION door_overrides_rederive() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    told timestamptz := CASE TG_OP WHEN 'INSERT' THEN NEW.placed_at ELSE NEW.ended_at END;
BEGIN
    IF NEW.owner_kind <> 'alarm' AND NEW.from_at < told - interval '1 minute' AND (TG_OP = 'INSERT' OR NEW.is_withdrawn) THEN
        INSERT INTO access_rederivations (from_at, to_at, cause)
        VALUES (NEW.from_at, least(NEW.to_at, told),
                'what the door should have done was ' || CASE TG_OP WHEN 'INSERT' THEN 'decided' ELSE 'decided otherwise' END
                || ' afterwards (door override ' || NEW.id || ')');
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER door_overrides_rederive AFTER INSERT OR UPDATE OF ended_at ON door_overrides
    FOR EACH ROW EXECUTE FUNCTION door_overrides_rederive();

-- Days begin at 00:00 in Asia/Taipei (UTC+8, without summer time).
CREATE FUNCTION calendar_rederive(first date, behind date, told timestamptz, cause text) RETURNS void LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    from_at timestamptz := first::timestamp AT TIME ZONE interval '8 hours';
BEGIN
    IF from_at < told THEN
        INSERT INTO access_rederivations (from_at, to_at, cause)
        VALUES (from_at, least(behind::timestamp AT TIME ZONE interval '8 hours', told), cause);
    END IF;
END $$;
CREATE FUNCTION calendar_overrides_rederive() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM calendar_rederive(NEW.day, NEW.day + 1, NEW.placed_at, 'whether ' || NEW.day || ' was a working day was decided afterwards');
    RETURN NULL;
END $$;
CREATE TRIGGER calendar_overrides_rederive AFTER INSERT ON calendar_overrides
    FOR EACH ROW EXECUTE FUNCTION calendar_overrides_rederive();
CREATE FUNCTION calendar_imports_rederive() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM calendar_rederive(make_date(NEW.year, 1, 1), make_date(NEW.year + 1, 1, 1), NEW.imported_at,
                              'the calendar of ' || NEW.year || ' was imported afterwards');
    RETURN NULL;
END $$;
CREATE TRIGGER calendar_imports_rederive AFTER INSERT ON calendar_imports
    FOR EACH ROW EXECUTE FUNCTION calendar_imports_rederive();

ALTER TABLE access_alarms ADD COLUMN refuted_because text;
UPDATE access_alarms SET refuted_because = 'events that came later say that there was none' WHERE refuted_at IS NOT NULL;
ALTER TABLE access_alarms ADD CONSTRAINT access_alarms_refuted_whole CHECK (
    (refuted_at IS NULL) = (refuted_because IS NULL) AND refuted_because <> '');

-- ---- rights; tests/pg/rights_test.cpp holds the same, written by hand

GRANT EXECUTE ON FUNCTION lock_running_incident(uuid) TO sluice_worker, sluice_api;
GRANT SELECT ON access_rederivations TO sluice_worker, sluice_auditor;
GRANT UPDATE (derived_at) ON access_rederivations TO sluice_worker;
GRANT UPDATE (at, refuted_because) ON access_alarms TO sluice_worker;
GRANT UPDATE (is_withdrawn) ON door_overrides TO sluice_api;
