-- How a copy that nobody collects comes to its end; notices of acts that are alike; and appointments that were replaced.

-- ---- copies: the package's last day is the last day to collect it. Then either its recipient has signed, or it is uncollected.

ALTER TABLE copies
    ADD COLUMN uncollected_at timestamptz,
    ADD CONSTRAINT copies_uncollected_sealed CHECK (uncollected_at IS NULL OR sealed_at IS NOT NULL AND received_at IS NULL);
CREATE INDEX copies_waiting ON copies (sealed_at) WHERE sealed_at IS NOT NULL AND received_at IS NULL AND uncollected_at IS NULL;

CREATE OR REPLACE FUNCTION copies_keep() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF OLD.failed_at IS NOT NULL OR OLD.sealed_at IS NOT NULL AND OLD.sealed_at IS DISTINCT FROM NEW.sealed_at
        OR OLD.received_at IS NOT NULL AND OLD.received_at IS DISTINCT FROM NEW.received_at OR OLD.declared_at IS NOT NULL
        OR OLD.uncollected_at IS NOT NULL THEN
        RAISE EXCEPTION 'what became of a copy is not changed' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

-- A file goes after it was said what became of the copy, never before: its case would stay open for ever.
CREATE OR REPLACE FUNCTION packages_keep() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF OLD.destroyed_at IS NOT NULL THEN
        RAISE EXCEPTION 'what became of a package is not changed' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    PERFORM FROM copies c WHERE c.id = NEW.copy_id AND num_nonnulls(c.received_at, c.uncollected_at) = 1;
    IF NEW.destroyed_at IS NOT NULL AND NOT FOUND THEN
        RAISE EXCEPTION 'the copy is neither received nor uncollected'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'packages_destroyed_settled';
    END IF;
    RETURN NEW;
END $$;

-- No state of a case, so its own word in the register.
ALTER TABLE register_entries
    DROP CONSTRAINT register_entries_kind_known,
    ADD CONSTRAINT register_entries_kind_known CHECK (kind IN ('opened', 'session', 'copy', 'completed', 'refused', 'not_held', 'withdrawn',
        'lapsed', 'revoked', 'corrected', 'uncollected'));

-- ---- notices: each act is told of, also the second one of a day that makes the same thing due

ALTER TABLE notices
    ADD COLUMN act_id uuid,  -- the step or the inquiry that it tells of; null: a time has come
    DROP CONSTRAINT notices_kind_known,
    DROP CONSTRAINT notices_once,
    ADD CONSTRAINT notices_kind_known CHECK (kind IN ('hold_expiry', 'submitted', 'correction_due', 'countersign_wanted', 'decision',
        'copy_overdue', 'incident_raised', 'incident_due', 'contractor_camera', 'contractor_finding', 'contractor_clip', 'extended',
        'third_party_due', 'inspection_late', 'duty_due', 'follow_up_due', 'repair_opened', 'recorder_finding', 'door_alarm',
        'door_unattended', 'consent_withdrawn', 'copy_due', 'copy_waiting', 'copy_uncollected')),
    ADD CONSTRAINT notices_once UNIQUE NULLS NOT DISTINCT (kind, subject_id, audience, addressee_id, due_at, days_ahead, act_id);

-- ---- appointments: a request has one; the next one replaces it

ALTER TABLE request_slots
    ADD COLUMN replaced_at timestamptz,
    ADD CONSTRAINT request_slots_replaced_later CHECK (replaced_at >= made_at);
UPDATE request_slots s SET replaced_at = n.next_at
FROM (SELECT id, lead(made_at) OVER (PARTITION BY request_id ORDER BY made_at, id) AS next_at FROM request_slots) n
WHERE n.id = s.id AND n.next_at IS NOT NULL;
CREATE UNIQUE INDEX request_slots_one_in_force ON request_slots (request_id) WHERE replaced_at IS NULL;
DROP INDEX request_slots_newest;

-- ---- rights; tests/pg/rights_test.cpp holds the same, written by hand

GRANT UPDATE (uncollected_at) ON copies TO sluice_worker;
GRANT UPDATE (replaced_at) ON request_slots TO sluice_api;
GRANT SELECT (replaced_at) ON request_slots TO sluice_worker, sluice_auditor;
