-- The office calendar that deadlines run on, and how people are told what waits for them.

-- ---- calendar: what the government published, and what was decided against it. Added to, never changed: a date that was
-- ---- computed earlier can be explained later.

CREATE TABLE calendar_imports (
    id           uuid PRIMARY KEY,
    year         integer NOT NULL,
    sha256       bytea NOT NULL,  -- of the file as it came
    importer_id  uuid REFERENCES principals,  -- null: the operator at the machine
    importer     text NOT NULL,
    imported_at  timestamptz NOT NULL,
    CONSTRAINT calendar_imports_year_known CHECK (year BETWEEN 1912 AND 2411),
    CONSTRAINT calendar_imports_whole CHECK (octet_length(sha256) = 32 AND importer <> '')
);
CREATE INDEX calendar_imports_newest ON calendar_imports (year, imported_at DESC, id DESC);

CREATE TABLE calendar_days (
    import_id uuid NOT NULL REFERENCES calendar_imports,
    day       date NOT NULL,
    is_off    boolean NOT NULL,
    note      text NOT NULL DEFAULT '',
    PRIMARY KEY (import_id, day)
);

CREATE TABLE calendar_overrides (
    id         uuid PRIMARY KEY,
    day        date NOT NULL,
    is_off     boolean NOT NULL,
    reason     text NOT NULL,
    approver   text NOT NULL,  -- who decided it: the mayor, the director
    placer_id  uuid NOT NULL REFERENCES principals,
    placer     text NOT NULL,
    placed_at  timestamptz NOT NULL,
    CONSTRAINT calendar_overrides_texts_present CHECK (reason <> '' AND approver <> '' AND placer <> '')
);
CREATE INDEX calendar_overrides_newest ON calendar_overrides (day, placed_at DESC, id DESC);

-- At the commit: a year is whole, or deadlines would run over days that nobody published.
CREATE FUNCTION calendar_import_is_whole() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF (SELECT count(*) FROM calendar_days d WHERE d.import_id = NEW.id AND extract(year FROM d.day) = NEW.year)
            <> make_date(NEW.year + 1, 1, 1) - make_date(NEW.year, 1, 1) THEN
        RAISE EXCEPTION 'the calendar of % is not whole', NEW.year
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'calendar_import_is_whole';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER calendar_import_is_whole AFTER INSERT ON calendar_imports DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION calendar_import_is_whole();

-- ---- notices

ALTER TABLE notices
    ADD COLUMN place        bigint,  -- in the order of commits; null: not committed yet
    ADD COLUMN addressee_id uuid REFERENCES principals,  -- null: everybody of the audience
    ALTER COLUMN due_at DROP NOT NULL,
    DROP CONSTRAINT notices_kind_known,
    DROP CONSTRAINT notices_once,
    ADD CONSTRAINT notices_kind_known CHECK (kind IN ('hold_expiry', 'submitted', 'correction_due', 'countersign_wanted', 'decision',
        'copy_overdue')),
    -- Only what comes before a day can be told days ahead of it; a hold that is extended is told of again.
    ADD CONSTRAINT notices_ahead CHECK (due_at IS NOT NULL OR days_ahead = 0),
    ADD CONSTRAINT notices_once UNIQUE NULLS NOT DISTINCT (kind, subject_id, audience, addressee_id, due_at, days_ahead);
UPDATE notices n SET place = o.place FROM (SELECT id, row_number() OVER (ORDER BY created_at, id) AS place FROM notices) o
WHERE o.id = n.id;
CREATE UNIQUE INDEX notices_in_order ON notices (place);

-- Who follows the notices asks for those behind the last place that it has seen. So places are given at the commit, one
-- transaction after the other: none appears behind one that was seen already.
CREATE FUNCTION notices_take_place() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(7163408116);
    UPDATE notices SET place = (SELECT coalesce(max(place), 0) + 1 FROM notices) WHERE id = NEW.id;
    PERFORM pg_notify('sluice_notices', '');
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER notices_take_place AFTER INSERT ON notices DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION notices_take_place();

-- What goes out by e-mail or webhook: a row for each notice and each configured target.
CREATE TABLE notice_deliveries (
    id         uuid PRIMARY KEY,
    notice_id  uuid NOT NULL REFERENCES notices,
    channel    text NOT NULL,
    target     text NOT NULL,  -- name of the webhook, or the address
    state      text NOT NULL DEFAULT 'waiting',
    tries      integer NOT NULL DEFAULT 0,
    next_at    timestamptz NOT NULL,
    problem    text NOT NULL DEFAULT '',  -- of the last try
    ended_at   timestamptz,
    CONSTRAINT notice_deliveries_once UNIQUE (notice_id, channel, target),
    CONSTRAINT notice_deliveries_channel_known CHECK (channel IN ('mail', 'webhook')),
    CONSTRAINT notice_deliveries_state_known CHECK (state IN ('waiting', 'sent', 'dead')),
    CONSTRAINT notice_deliveries_ended_whole CHECK ((state = 'waiting') = (ended_at IS NULL)),
    CONSTRAINT notice_deliveries_target_present CHECK (target <> '' AND tries >= 0)
);
CREATE INDEX notice_deliveries_waiting ON notice_deliveries (next_at) WHERE state = 'waiting';
CREATE INDEX notice_deliveries_dead ON notice_deliveries (ended_at DESC, id DESC) WHERE state = 'dead';

-- Up to which place notices have their deliveries.
CREATE TABLE notice_outbox (
    only_row boolean PRIMARY KEY DEFAULT true,
    place    bigint NOT NULL,
    CONSTRAINT notice_outbox_one_row CHECK (only_row)
);
INSERT INTO notice_outbox (place) SELECT coalesce(max(place), 0) FROM notices;

-- ---- rights; tests/pg/rights_test.cpp holds the same, written by hand

GRANT SELECT ON calendar_imports, calendar_days, calendar_overrides, notice_deliveries TO sluice_worker, sluice_api, sluice_auditor;
GRANT INSERT ON calendar_imports, calendar_days, calendar_overrides TO sluice_api;
GRANT INSERT ON notices TO sluice_api;
GRANT INSERT ON notice_deliveries TO sluice_worker;
GRANT UPDATE (state, tries, next_at, problem, ended_at) ON notice_deliveries TO sluice_worker, sluice_api;
GRANT SELECT ON notice_outbox TO sluice_worker, sluice_auditor;
GRANT UPDATE (place) ON notice_outbox TO sluice_worker;
