-- Doors and what opens them: controllers, doors, their readers and the cameras that see them; what was decided against
-- a door's schedule.

CREATE TABLE controllers (
    id                      uuid PRIMARY KEY,
    slug                    text NOT NULL UNIQUE,
    name                    text NOT NULL,
    make                    text NOT NULL DEFAULT 'unknown',
    kind                    text NOT NULL,
    state                   text NOT NULL,
    source                  text UNIQUE,  -- of its events; null: not known
    account_id              uuid UNIQUE REFERENCES accounts,  -- the machine that posts for it
    heartbeat_seconds       integer,  -- null: it is not expected to say anything by itself
    clock                   text NOT NULL,
    clock_tolerance_seconds integer NOT NULL,
    created_at              timestamptz NOT NULL,
    changed_at              timestamptz NOT NULL,
    revision                integer NOT NULL DEFAULT 1,
    CONSTRAINT controllers_slug_form CHECK (slug ~ '^[a-z0-9-]{1,63}$'),
    CONSTRAINT controllers_texts_present CHECK (name <> '' AND make <> '' AND source <> ''),
    CONSTRAINT controllers_kind_known CHECK (kind IN ('unknown', 'csv_import', 'http_push', 'uhppote', 'zkteco_push')),
    CONSTRAINT controllers_state_known CHECK (state IN ('planned', 'active', 'retired')),
    CONSTRAINT controllers_clock_known CHECK (clock IN ('taipei', 'utc')),
    CONSTRAINT controllers_seconds_positive CHECK (heartbeat_seconds > 0 AND clock_tolerance_seconds > 0)
);

CREATE TABLE doors (
    id                uuid PRIMARY KEY,
    slug              text NOT NULL UNIQUE,
    name              text NOT NULL,
    kind              text NOT NULL,
    leaves            integer NOT NULL,
    fail_mode         text NOT NULL,
    boundary          text NOT NULL,
    state             text NOT NULL,
    is_main           boolean NOT NULL DEFAULT false,
    is_rear           boolean NOT NULL DEFAULT false,
    held_open_seconds integer NOT NULL,
    controller_id     uuid REFERENCES controllers,
    labels            text[] NOT NULL DEFAULT '{}',  -- other names of it, as controllers write them
    created_at        timestamptz NOT NULL,
    changed_at        timestamptz NOT NULL,
    revision          integer NOT NULL DEFAULT 1,
    CONSTRAINT doors_slug_form CHECK (slug ~ '^[a-z0-9-]{1,63}$'),
    CONSTRAINT doors_name_present CHECK (name <> ''),
    CONSTRAINT doors_kind_known CHECK (kind IN ('eml', 'anode_bolt', 'strike', 'turnstile', 'other')),
    CONSTRAINT doors_leaves_one_or_two CHECK (leaves IN (1, 2)),
    CONSTRAINT doors_fail_mode_known CHECK (fail_mode IN ('fail_safe', 'fail_secure', 'unknown')),
    CONSTRAINT doors_boundary_known CHECK (boundary IN ('building', 'section', 'room', 'unplaced')),
    CONSTRAINT doors_state_known CHECK (state IN ('planned', 'active', 'retired')),
    -- At 18:00 one is the way in and the other is blocked: no door is both.
    CONSTRAINT doors_main_or_rear CHECK (NOT (is_main AND is_rear)),
    CONSTRAINT doors_held_open_positive CHECK (held_open_seconds > 0)
);
CREATE INDEX doors_by_label ON doors USING gin (labels);

CREATE TABLE door_cameras (
    door_id   uuid NOT NULL REFERENCES doors,
    camera_id uuid NOT NULL REFERENCES cameras,
    PRIMARY KEY (door_id, camera_id)
);

-- The cameras that see the door become these; a step of an act that the caller records in the same transaction.
CREATE FUNCTION set_door_cameras(door uuid, cameras uuid[]) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
BEGIN ATOMIC
    DELETE FROM public.door_cameras d WHERE d.door_id = $1 AND d.camera_id <> ALL ($2);
    INSERT INTO public.door_cameras (door_id, camera_id) SELECT DISTINCT $1, unnest($2) ON CONFLICT DO NOTHING;
END;

CREATE TABLE readers (
    id         uuid PRIMARY KEY,
    slug       text NOT NULL UNIQUE,
    name       text NOT NULL,
    door_id    uuid NOT NULL REFERENCES doors,
    side       text NOT NULL,
    state      text NOT NULL,
    labels     text[] NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    revision   integer NOT NULL DEFAULT 1,
    CONSTRAINT readers_slug_form CHECK (slug ~ '^[a-z0-9-]{1,63}$'),
    CONSTRAINT readers_name_present CHECK (name <> ''),
    CONSTRAINT readers_side_known CHECK (side IN ('in', 'out', 'unknown')),
    CONSTRAINT readers_state_known CHECK (state IN ('planned', 'active', 'retired'))
);
CREATE INDEX readers_by_door ON readers (door_id);

-- What was decided against the schedule, for a time. Ended, never changed: late events are judged by what stood then.
CREATE TABLE door_overrides (
    id         uuid PRIMARY KEY,
    door_id    uuid REFERENCES doors,  -- null: every door
    mode       text NOT NULL,
    from_at    timestamptz NOT NULL,
    to_at      timestamptz,  -- null: until somebody ends it
    reason     text NOT NULL,
    document   text NOT NULL DEFAULT '',
    person     text NOT NULL DEFAULT '',  -- who stands at the door
    owner_kind text NOT NULL,
    owner_id   uuid,  -- of what placed it, where that is no person
    placer_id  uuid REFERENCES principals,
    placer     text NOT NULL,
    placed_at  timestamptz NOT NULL,
    ended_at   timestamptz,
    ender_id   uuid REFERENCES principals,
    ender      text,
    end_reason text,
    CONSTRAINT door_overrides_mode_known CHECK (mode IN ('free', 'controlled', 'blocked', 'eoc', 'duty_period', 'manual', 'fire_release',
        'lockdown')),
    CONSTRAINT door_overrides_in_order CHECK (to_at > from_at),
    CONSTRAINT door_overrides_texts_present CHECK (reason <> '' AND placer <> ''),
    CONSTRAINT door_overrides_manual_named CHECK (mode <> 'manual' OR person <> ''),
    CONSTRAINT door_overrides_owner_known CHECK (owner_kind IN ('person', 'eoc', 'duty_period', 'alarm')),
    CONSTRAINT door_overrides_owned CHECK ((owner_kind = 'person') = (owner_id IS NULL)),
    CONSTRAINT door_overrides_ended_whole CHECK (
        CASE WHEN ended_at IS NULL THEN num_nonnulls(ender, ender_id, end_reason) = 0
        ELSE coalesce(ended_at >= placed_at AND ender <> '' AND end_reason <> '', false) END)
);
CREATE INDEX door_overrides_by_time ON door_overrides (from_at);
CREATE INDEX door_overrides_by_owner ON door_overrides (owner_id) WHERE ended_at IS NULL;

CREATE FUNCTION door_overrides_end_once() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF OLD.ended_at IS NOT NULL THEN
        RAISE EXCEPTION 'the end of an override is not changed' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER door_overrides_end_once BEFORE UPDATE ON door_overrides FOR EACH ROW EXECUTE FUNCTION door_overrides_end_once();

-- ---- rights; tests/pg/rights_test.cpp holds the same, written by hand

GRANT SELECT ON controllers, doors, door_cameras, readers, door_overrides TO sluice_worker, sluice_api, sluice_auditor;
GRANT INSERT ON controllers, doors, readers TO sluice_api;
GRANT UPDATE (name, make, kind, state, source, account_id, heartbeat_seconds, clock, clock_tolerance_seconds, changed_at, revision)
    ON controllers TO sluice_api;
GRANT UPDATE (name, kind, leaves, fail_mode, boundary, state, is_main, is_rear, held_open_seconds, controller_id, labels, changed_at, revision)
    ON doors TO sluice_api;
GRANT UPDATE (name, door_id, side, state, labels, changed_at, revision) ON readers TO sluice_api;
GRANT EXECUTE ON FUNCTION set_door_cameras(uuid, uuid[]) TO sluice_api;
-- The worker places what follows from an alarm, a duty period or an emergency.
GRANT INSERT ON door_overrides TO sluice_worker, sluice_api;
GRANT UPDATE (ended_at, ender_id, ender, end_reason) ON door_overrides TO sluice_worker, sluice_api;
