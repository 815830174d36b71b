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
        'third_party_due', 'inspection_late', 'duty_due', 'follow_up_due', 'repair_opened', 'recorder_finding', 'door_alarm'));

-- ---- rights; tests/pg/rights_test.cpp holds the same, written by hand

GRANT EXECUTE ON FUNCTION lock_running_incident(uuid) TO sluice_worker, sluice_api;
