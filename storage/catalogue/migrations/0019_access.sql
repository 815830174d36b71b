-- What happened at the doors, by month of the event's own time. A DEFAULT partition takes what no month was made for, so
-- that no event is ever refused for its date.

-- Events come in batches, each with one record in the audit log. `place` is their order of commits: who follows the events
-- asks for the batches behind the last place that it has seen.
CREATE TABLE access_batches (
    id           uuid PRIMARY KEY,
    place        bigint NOT NULL UNIQUE,
    channel      text NOT NULL,
    received_at  timestamptz NOT NULL,
    principal_id uuid REFERENCES principals,  -- null: a program
    principal    text NOT NULL,
    events       integer NOT NULL,
    from_at      timestamptz NOT NULL,  -- of its first and its last event
    last_at      timestamptz NOT NULL,
    record_id    uuid NOT NULL REFERENCES ledger_records,
    CONSTRAINT access_batches_channel_known CHECK (channel IN ('post', 'import', 'adapter', 'recorder')),
    CONSTRAINT access_batches_principal_present CHECK (principal <> ''),
    CONSTRAINT access_batches_not_empty CHECK (events > 0 AND from_at <= last_at)
);

-- One batch after the other takes its place and commits: none appears behind one that was seen already.
CREATE FUNCTION access_batches_take_place() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(7163408118);
    NEW.place := (SELECT coalesce(max(b.place), 0) + 1 FROM access_batches b);
    PERFORM pg_notify('sluice_access', '');
    RETURN NEW;
END $$;
CREATE TRIGGER access_batches_take_place BEFORE INSERT ON access_batches FOR EACH ROW EXECUTE FUNCTION access_batches_take_place();

-- Which events are known: (source, id) as one hash, and a hash of what the event says, so that another event under a used
-- id is told from a repetition. Apart from the events, whose primary key must hold the month.
CREATE TABLE access_event_keys (
    id     uuid PRIMARY KEY,
    at     timestamptz NOT NULL,  -- where the event is
    digest bytea NOT NULL,
    CONSTRAINT access_event_keys_digest_whole CHECK (octet_length(digest) = 32)
);
CREATE INDEX access_event_keys_by_age ON access_event_keys (at);

CREATE TABLE access_events (
    id               uuid NOT NULL,
    at               timestamptz NOT NULL,  -- the device's time where it is plausible, else the receipt
    batch_id         uuid NOT NULL,         -- the batch is inserted last
    source           text NOT NULL,
    event_id         text NOT NULL,
    code             text NOT NULL,
    device_time      timestamptz,
    received_at      timestamptz NOT NULL,
    door             text,  -- slug, as sent: the event stays when the door goes
    reader           text,
    direction        text NOT NULL,
    card_hmac        bytea,
    card_last_four   text,
    person_category  text,
    unit             text,
    controller_index bigint,
    clip_camera      text,  -- slug: a pointer, never a grant
    clip_from        timestamptz,
    clip_to          timestamptz,
    data             text NOT NULL,
    PRIMARY KEY (id, at),
    CONSTRAINT access_events_named CHECK (source <> '' AND event_id <> ''),
    CONSTRAINT access_events_code_form CHECK (code ~ '^[a-z][a-z0-9_]*(\.[a-z0-9_]+)+$'),
    CONSTRAINT access_events_direction_known CHECK (direction IN ('unknown', 'in', 'out')),
    -- A card is its keyed hash and four letters. A number in clear has no place here.
    CONSTRAINT access_events_card_whole CHECK ((card_hmac IS NULL) = (card_last_four IS NULL)
        AND octet_length(card_hmac) = 32 AND length(card_last_four) <= 4),
    CONSTRAINT access_events_clip_whole CHECK (num_nonnulls(clip_camera, clip_from, clip_to) IN (0, 3) AND clip_from < clip_to),
    CONSTRAINT access_events_present CHECK (door <> '' AND reader <> '' AND person_category <> '' AND unit <> '')
) PARTITION BY RANGE (at);
CREATE INDEX access_events_by_door ON access_events (door, at, id);
CREATE INDEX access_events_in_order ON access_events (at, id);
CREATE TABLE access_events_rest PARTITION OF access_events DEFAULT;

-- Makes one month, if it is not there, and moves what the default partition held of it. As make_partition does for days.
CREATE FUNCTION make_access_partition(month date) RETURNS boolean LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    child text := 'access_events_' || to_char(month, 'YYYYMM');
    low   timestamptz := date_trunc('month', month::timestamp) AT TIME ZONE 'UTC';
    high  timestamptz := (date_trunc('month', month::timestamp) + interval '1 month') AT TIME ZONE 'UTC';
BEGIN
    IF to_regclass('public.' || child) IS NOT NULL THEN
        RETURN false;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('sluice.partitions'));
    IF to_regclass('public.' || child) IS NOT NULL THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE TABLE public.%I (LIKE public.access_events INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE)', child);
    LOCK TABLE public.access_events_rest IN ACCESS EXCLUSIVE MODE;
    EXECUTE format('WITH moved AS (DELETE FROM public.access_events_rest WHERE at >= %L AND at < %L RETURNING *) INSERT INTO public.%I SELECT * FROM moved',
                   low, high, child);
    EXECUTE format('ALTER TABLE public.%I ADD CONSTRAINT month CHECK (at >= %L AND at < %L)', child, low, high);
    EXECUTE format('ALTER TABLE public.access_events ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)', child, low, high);
    EXECUTE format('ALTER TABLE public.%I DROP CONSTRAINT month', child);
    RETURN true;
END $$;

-- The two weeks of segments that end at `until`, and the months of events that they lie in.
CREATE OR REPLACE FUNCTION ensure_partitions(until timestamptz) RETURNS integer LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET lock_timeout = '5s' AS $$
DECLARE
    last_day date := (until AT TIME ZONE 'UTC')::date;
BEGIN
    RETURN make_partitions(last_day - 14, last_day) + make_access_partition(last_day - 14)::int + make_access_partition(last_day)::int;
END $$;

-- ---- rights; tests/pg/rights_test.cpp holds the same, written by hand

GRANT SELECT ON access_batches, access_events TO sluice_worker, sluice_api, sluice_auditor;
GRANT SELECT ON access_event_keys TO sluice_worker, sluice_api;
GRANT INSERT ON access_event_keys, access_events TO sluice_worker, sluice_api;
GRANT INSERT (id, channel, received_at, principal_id, principal, events, from_at, last_at, record_id) ON access_batches
    TO sluice_worker, sluice_api;
