-- A case that an appeal ends has its line in the register as every other one.

-- At the commit: a case that has come to an end has its line in the register, and what is granted has its grant. What a decision
-- in part has refused is entered when the appeal against it has failed; whatever else is closed has its line from before.
CREATE OR REPLACE FUNCTION requests_end_is_entered() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    appealed text;
BEGIN
    IF NEW.dossier_number IS NOT NULL AND NEW.state IN ('completed', 'refused', 'not_held', 'withdrawn', 'lapsed', 'revoked') THEN
        PERFORM FROM register_entries e WHERE e.dossier_number = NEW.dossier_number AND e.kind = NEW.state AND e.at = NEW.state_since;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'no entry % in the register', NEW.state
                USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'requests_end_is_entered';
        END IF;
    END IF;
    IF NEW.dossier_number IS NOT NULL AND NEW.state = 'closed' THEN
        IF OLD.state = 'appealed' THEN
            SELECT v.from_state INTO appealed FROM request_events v
            WHERE v.request_id = NEW.id AND v.action = 'appeal' ORDER BY v.place DESC LIMIT 1;
        END IF;
        PERFORM FROM register_entries e WHERE e.dossier_number = NEW.dossier_number
            AND CASE WHEN appealed = 'granted_partial' THEN e.kind = 'refused' AND e.at = NEW.state_since
                ELSE e.kind IN ('completed', 'refused', 'not_held', 'withdrawn', 'lapsed', 'revoked') END;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'closed, and no entry in the register says how it ended'
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

-- ---- notices: what has lapsed

ALTER TABLE notices
    DROP CONSTRAINT notices_kind_known,
    ADD CONSTRAINT notices_kind_known CHECK (kind IN ('hold_expiry', 'submitted', 'correction_due', 'countersign_wanted', 'decision',
        'copy_overdue', 'incident_raised', 'incident_due', 'contractor_camera', 'contractor_finding', 'contractor_clip', 'extended',
        'third_party_due', 'inspection_late', 'duty_due', 'follow_up_due', 'repair_opened', 'recorder_finding', 'door_alarm',
        'door_unattended', 'consent_withdrawn', 'copy_due', 'copy_waiting', 'copy_uncollected', 'lapsed'));
