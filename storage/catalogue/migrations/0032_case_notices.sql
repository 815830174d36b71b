-- What the people of a case are told of beside what they were told so far.

ALTER TABLE notices
    DROP CONSTRAINT notices_kind_known,
    ADD CONSTRAINT notices_kind_known CHECK (kind IN ('hold_expiry', 'submitted', 'correction_due', 'countersign_wanted', 'decision',
        'copy_overdue', 'incident_raised', 'incident_due', 'contractor_camera', 'contractor_finding', 'contractor_clip', 'extended',
        'third_party_due', 'inspection_late', 'duty_due', 'follow_up_due', 'repair_opened', 'recorder_finding', 'door_alarm',
        'door_unattended', 'consent_withdrawn', 'copy_due'));

-- A correction that is sent again is the one that is there.
CREATE UNIQUE INDEX register_corrections_once ON register_entries ((facts ->> 'id')) WHERE kind = 'corrected';
