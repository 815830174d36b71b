-- What the office does day by day: the inspection sheet with the machine's evidence beside it, duties that recur, repairs,
-- tracked follow-ups and the asset register. Entries are added to; what is corrected stands beside what was there.

-- ---- the daily inspection sheet

-- A version stands beside the earlier ones; the highest counts.
CREATE TABLE inspections (
    day             date NOT NULL,  -- in Taiwan
    version         integer NOT NULL,
    access_works    boolean NOT NULL,
    access_problem  boolean NOT NULL,
    cctv_works      boolean NOT NULL,
    cctv_problem    boolean NOT NULL,
    remark          text NOT NULL,
    reason          text NOT NULL,  -- of a correction
    person_id       uuid NOT NULL REFERENCES principals,
    person          text NOT NULL,
    at              timestamptz NOT NULL,
    PRIMARY KEY (day, version),
    CONSTRAINT inspections_version_positive CHECK (version >= 1 AND (version > 1) = (reason <> '')),
    CONSTRAINT inspections_person_present CHECK (person <> ''),
    -- What is not in order is explained.
    CONSTRAINT inspections_fault_has_remark CHECK (remark <> ''
        OR access_works AND NOT access_problem AND cctv_works AND NOT cctv_problem)
);

-- What the machine saw of a day, days off too, taken when it was over.
CREATE TABLE inspection_evidence (
    day       date PRIMARY KEY,
    taken_at  timestamptz NOT NULL,
    cctv_ok   boolean NOT NULL,
    access_ok boolean,  -- null: no controller of which it would be known
    facts     jsonb NOT NULL,
    CONSTRAINT inspection_evidence_facts_object CHECK (jsonb_typeof(facts) = 'object')
);

-- A month is closed by the head of the unit; then its days take no entry any more.
CREATE TABLE inspection_months (
    month     date PRIMARY KEY,  -- its first day
    closed_at timestamptz NOT NULL,
    closer_id uuid NOT NULL REFERENCES principals,
    closer    text NOT NULL,
    missed    date[] NOT NULL,  -- working days without an entry
    CONSTRAINT inspection_months_first_day CHECK (extract(day FROM month) = 1),
    CONSTRAINT inspection_months_closer_present CHECK (closer <> '')
);

CREATE FUNCTION inspections_keep_closed() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM FROM inspection_months m WHERE m.month = date_trunc('month', NEW.day)::date;
    IF FOUND THEN
        RAISE EXCEPTION 'the month is closed'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'inspections_month_open';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER inspections_keep_closed BEFORE INSERT ON inspections FOR EACH ROW EXECUTE FUNCTION inspections_keep_closed();
CREATE TRIGGER inspections_keep BEFORE UPDATE OR DELETE ON inspections FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER inspection_evidence_keep BEFORE UPDATE OR DELETE ON inspection_evidence FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER inspection_months_keep BEFORE UPDATE OR DELETE ON inspection_months FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- ---- duties

CREATE TABLE duties (
    id          uuid PRIMARY KEY,
    kind        text NOT NULL,
    name        text NOT NULL,
    owner       text NOT NULL,  -- a role
    recurs      text NOT NULL,
    on_weekday  integer,  -- 1 Monday … 7 Sunday
    on_month    integer,
    on_day      integer,  -- of the month; beyond its end: the last one
    starts_on   date NOT NULL,
    retired_at  timestamptz,
    placer_id   uuid REFERENCES principals,  -- null: came with the program
    placer      text NOT NULL,
    CONSTRAINT duties_kind_known CHECK (kind IN ('backup', 'cleaning', 'xvr_check', 'password_change', 'ups_test', 'other')),
    CONSTRAINT duties_texts_present CHECK (name <> '' AND owner <> '' AND placer <> ''),
    CONSTRAINT duties_recurrence CHECK (CASE recurs
        WHEN 'working_daily' THEN num_nonnulls(on_weekday, on_month, on_day) = 0
        WHEN 'weekly' THEN on_weekday IS NOT NULL AND num_nonnulls(on_month, on_day) = 0
        WHEN 'monthly' THEN on_day IS NOT NULL AND num_nonnulls(on_weekday, on_month) = 0
        WHEN 'yearly' THEN num_nonnulls(on_month, on_day) = 2 AND on_weekday IS NULL
        ELSE false END),
    CONSTRAINT duties_days_known CHECK (on_weekday BETWEEN 1 AND 7 AND on_month BETWEEN 1 AND 12 AND on_day BETWEEN 1 AND 31)
);

-- One a turn, which is named by the day that the recurrence gives before days off are looked at.
CREATE TABLE duty_turns (
    duty_id   uuid NOT NULL REFERENCES duties,
    turn      date NOT NULL,
    done_at   timestamptz NOT NULL,
    note      text NOT NULL,
    evidence  jsonb NOT NULL,
    person_id uuid NOT NULL REFERENCES principals,
    person    text NOT NULL,
    PRIMARY KEY (duty_id, turn),
    CONSTRAINT duty_turns_texts_present CHECK (note <> '' AND person <> ''),
    CONSTRAINT duty_turns_evidence_object CHECK (jsonb_typeof(evidence) = 'object')
);
CREATE TRIGGER duty_turns_keep BEFORE UPDATE OR DELETE ON duty_turns FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- Drafts, to be replaced by the office. They begin a week after the installation, so that nobody is late on the first day.
INSERT INTO duties (id, kind, name, owner, recurs, on_weekday, on_month, on_day, starts_on, placer)
SELECT gen_random_uuid(), kind, name, owner, recurs, on_weekday, on_month, on_day,
       (clock_timestamp() AT TIME ZONE 'Asia/Taipei')::date + 8, 'sluice'
FROM (VALUES
    ('backup', '資料備份', 'admin', 'weekly', 5, NULL::integer, NULL::integer),
    ('cleaning', '機房及設備清潔', 'secretariat', 'weekly', 3, NULL, NULL),
    ('xvr_check', '錄影主機使用者、覆寫設定及硬碟檢查', 'admin', 'monthly', NULL, NULL, 5),
    ('password_change', '更換密碼', 'admin', 'yearly', NULL, 1, 10),
    ('ups_test', '不斷電系統測試', 'secretariat', 'yearly', NULL, 5, 10)
) AS d (kind, name, owner, recurs, on_weekday, on_month, on_day);

-- ---- assets, repairs, follow-ups

CREATE TABLE assets (
    id                  uuid PRIMARY KEY,
    property_number     text NOT NULL UNIQUE,  -- 財產編號
    name                text NOT NULL,
    maker               text NOT NULL,
    model               text NOT NULL,
    location            text NOT NULL,
    warranty_until      date,
    is_restricted_brand boolean NOT NULL,
    camera_id           uuid REFERENCES cameras,
    note                text NOT NULL,
    retired_at          timestamptz,
    revision            integer NOT NULL DEFAULT 1,
    CONSTRAINT assets_texts_present CHECK (property_number <> '' AND name <> '' AND location <> '')
);

CREATE TABLE repairs (
    id          uuid PRIMARY KEY,
    source      text NOT NULL,  -- what it comes from: "inspection:DAY:cctv", "gap:ID", "incident:ID", "person:ID"
    title       text NOT NULL,
    detail      text NOT NULL,
    camera_id   uuid REFERENCES cameras,
    door        text NOT NULL DEFAULT '',  -- slug
    asset_id    uuid REFERENCES assets,
    opened_at   timestamptz NOT NULL,
    opener_id   uuid REFERENCES principals,  -- null: a program
    opener      text NOT NULL,
    ended_at    timestamptz,
    ender_id    uuid REFERENCES principals,
    ender       text,
    result      text,
    CONSTRAINT repairs_source_once UNIQUE (source),
    CONSTRAINT repairs_texts_present CHECK (source <> '' AND title <> '' AND opener <> ''),
    CONSTRAINT repairs_ended_whole CHECK (num_nonnulls(ended_at, ender_id, ender, result) IN (0, 4)
        AND coalesce(result <> '' AND ended_at >= opened_at, true))
);
CREATE INDEX repairs_newest ON repairs (opened_at DESC, id DESC);

-- 列管
CREATE TABLE follow_ups (
    id         uuid PRIMARY KEY,
    item       text NOT NULL,
    owner      text NOT NULL,
    source     text NOT NULL,  -- where it comes from: an inspection, a meeting
    due_on     date NOT NULL,
    opened_at  timestamptz NOT NULL,
    opener_id  uuid NOT NULL REFERENCES principals,
    opener     text NOT NULL,
    closed_at  timestamptz,
    closer_id  uuid REFERENCES principals,
    closer     text,
    evidence   text,
    CONSTRAINT follow_ups_texts_present CHECK (item <> '' AND owner <> '' AND source <> '' AND opener <> ''),
    CONSTRAINT follow_ups_closed_whole CHECK (num_nonnulls(closed_at, closer_id, closer, evidence) IN (0, 4)
        AND coalesce(evidence <> '', true))
);
CREATE INDEX follow_ups_newest ON follow_ups (opened_at DESC, id DESC);

-- An end is an end.
CREATE FUNCTION repairs_keep() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF OLD.ended_at IS NOT NULL THEN
        RAISE EXCEPTION 'a repair that has ended stays so' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER repairs_keep BEFORE UPDATE ON repairs FOR EACH ROW EXECUTE FUNCTION repairs_keep();
CREATE FUNCTION follow_ups_keep() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF OLD.closed_at IS NOT NULL THEN
        RAISE EXCEPTION 'a follow-up that was closed stays so' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER follow_ups_keep BEFORE UPDATE ON follow_ups FOR EACH ROW EXECUTE FUNCTION follow_ups_keep();

-- ---- the checklist of a duty period

CREATE TABLE duty_period_items (
    period_id uuid NOT NULL REFERENCES duty_periods,
    number    integer NOT NULL,
    text      text NOT NULL,
    done_at   timestamptz,
    doer_id   uuid REFERENCES principals,
    doer      text,
    note      text,
    PRIMARY KEY (period_id, number),
    CONSTRAINT duty_period_items_text_present CHECK (number >= 1 AND text <> ''),
    CONSTRAINT duty_period_items_done_whole CHECK (num_nonnulls(done_at, doer_id, doer, note) IN (0, 4))
);

-- ---- notices

ALTER TABLE notices
    DROP CONSTRAINT notices_kind_known,
    ADD CONSTRAINT notices_kind_known CHECK (kind IN ('hold_expiry', 'submitted', 'correction_due', 'countersign_wanted', 'decision',
        'copy_overdue', 'incident_raised', 'incident_due', 'contractor_camera', 'contractor_finding', 'contractor_clip', 'extended',
        'third_party_due', 'inspection_late', 'duty_due', 'follow_up_due', 'repair_opened'));

-- ---- rights; tests/pg/rights_test.cpp holds the same, written by hand

GRANT SELECT ON inspections, inspection_evidence, inspection_months, duties, duty_turns, assets, repairs, follow_ups, duty_period_items
    TO sluice_worker, sluice_api, sluice_auditor;
GRANT INSERT ON inspections, inspection_months, duties, duty_turns, assets, repairs, follow_ups, duty_period_items TO sluice_api;
GRANT INSERT ON inspection_evidence, repairs TO sluice_worker;
GRANT UPDATE (retired_at) ON duties TO sluice_api;
GRANT UPDATE (name, maker, model, location, warranty_until, is_restricted_brand, camera_id, note, retired_at, revision) ON assets TO sluice_api;
GRANT UPDATE (ended_at, ender_id, ender, result) ON repairs TO sluice_api;
GRANT UPDATE (closed_at, closer_id, closer, evidence) ON follow_ups TO sluice_api;
GRANT UPDATE (done_at, doer_id, doer, note) ON duty_period_items TO sluice_api;
