-- The recorder's starts and stops, and the role in which somebody filed a job: both belong into the audit log.

ALTER TABLE recorder_events DROP CONSTRAINT recorder_events_kind_known;
ALTER TABLE recorder_events ADD CONSTRAINT recorder_events_kind_known
    CHECK (kind IN ('started', 'stopped', 'config_loaded', 'refused', 'unplaced'));

-- Of older jobs and of the worker's own nobody knows a role.
ALTER TABLE jobs ADD COLUMN role text;
ALTER TABLE jobs ADD CONSTRAINT jobs_role_present CHECK (role <> '');
GRANT INSERT (role) ON jobs TO sluice_api, sluice_worker;
