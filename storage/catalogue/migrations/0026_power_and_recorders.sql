-- What a UPS says of the power, and what recorders with channels (XVR) tell of themselves.

-- ---- power: lines of the recorder's journal, from which the worker makes events and incidents, each once

ALTER TABLE recorder_events
    ADD COLUMN derived_at timestamptz,
    DROP CONSTRAINT recorder_events_kind_known,
    ADD CONSTRAINT recorder_events_kind_known
        CHECK (kind IN ('started', 'stopped', 'config_loaded', 'refused', 'unplaced', 'power'));
CREATE INDEX recorder_events_power ON recorder_events (at, id) WHERE kind = 'power';
CREATE INDEX recorder_events_underived ON recorder_events (at, id) WHERE kind = 'power' AND derived_at IS NULL;

-- ---- recorders: by slug, as the configuration names them; a row stays when its recorder goes

-- The stream of events: one row a recorder, as it stands now.
CREATE TABLE recorder_links (
    recorder  text PRIMARY KEY,
    state     text NOT NULL,
    since     timestamptz NOT NULL,
    problem   text NOT NULL DEFAULT '',
    heard_at  timestamptz,  -- the last part of its stream, a heartbeat too
    unread    bigint NOT NULL DEFAULT 0,   -- parts that nobody could read, since the worker's start
    dropped   bigint NOT NULL DEFAULT 0,   -- events for which there was no room while the database was away
    ignored   bigint NOT NULL DEFAULT 0,   -- events of the configured ignored_events
    CONSTRAINT recorder_links_state_known CHECK (state IN ('off', 'connecting', 'connected', 'closed', 'silent', 'refused', 'no_stream', 'unreachable')),
    CONSTRAINT recorder_links_counts CHECK (unread >= 0 AND dropped >= 0 AND ignored >= 0)
);

-- Evidence of each recorder's clock: what it shows minus ours.
CREATE TABLE recorder_clock_readings (
    recorder      text NOT NULL,
    at            timestamptz NOT NULL,
    offset_ms     bigint NOT NULL,
    round_trip_ms bigint NOT NULL,
    PRIMARY KEY (recorder, at),
    CONSTRAINT recorder_clock_readings_round_trip CHECK (round_trip_ms >= 0)
);

-- The titles that a recorder writes into its pictures, beside the official names: as last seen.
CREATE TABLE recorder_titles (
    recorder text NOT NULL,
    channel  integer NOT NULL,
    camera   text NOT NULL,
    official text NOT NULL,
    shown    text NOT NULL,
    seen_at  timestamptz NOT NULL,
    PRIMARY KEY (recorder, channel),
    CONSTRAINT recorder_titles_channel_positive CHECK (channel >= 1)
);

-- What somebody did at a recorder itself, and what it belongs to.
CREATE TABLE recorder_acts (
    event_id    uuid PRIMARY KEY,  -- of access_events, whose key has the month as well
    at          timestamptz NOT NULL,
    recorder    text NOT NULL,
    code        text NOT NULL,
    who         text NOT NULL DEFAULT '',
    verdict     text NOT NULL,
    request_id  uuid REFERENCES requests,
    incident_id uuid REFERENCES incidents,
    CONSTRAINT recorder_acts_code_known CHECK (code IN ('recorder.login', 'recorder.playback', 'recorder.export')),
    CONSTRAINT recorder_acts_verdict_known CHECK (verdict IN ('own', 'request', 'incident')),
    -- Each is explained, or somebody has to explain it. Only a log-in of our own account needs neither.
    CONSTRAINT recorder_acts_explained CHECK ((verdict = 'request') = (request_id IS NOT NULL)
        AND (verdict = 'incident') = (incident_id IS NOT NULL) AND (verdict <> 'own' OR code = 'recorder.login'))
);
CREATE INDEX recorder_acts_newest ON recorder_acts (recorder, at DESC, event_id DESC);

-- ---- holds that a rule of the configuration places: nobody's, so the placer is null

ALTER TABLE holds
    ALTER COLUMN placed_by DROP NOT NULL,
    DROP CONSTRAINT holds_owner_known,
    ADD CONSTRAINT holds_owner_known CHECK (owner_kind IN ('principal', 'request', 'case', 'incident', 'duty_period', 'rule')),
    ADD CONSTRAINT holds_placer_known CHECK (placed_by IS NOT NULL OR owner_kind IN ('rule', 'incident'));
CREATE INDEX holds_by_rule ON holds (owner, placed_at) WHERE owner_kind = 'rule';

-- ---- notices

ALTER TABLE notices
    DROP CONSTRAINT notices_kind_known,
    ADD CONSTRAINT notices_kind_known CHECK (kind IN ('hold_expiry', 'submitted', 'correction_due', 'countersign_wanted', 'decision',
        'copy_overdue', 'incident_raised', 'incident_due', 'contractor_camera', 'contractor_finding', 'contractor_clip', 'extended',
        'third_party_due', 'inspection_late', 'duty_due', 'follow_up_due', 'repair_opened', 'recorder_finding'));

-- ---- rights; tests/pg/rights_test.cpp holds the same, written by hand

GRANT UPDATE (derived_at) ON recorder_events TO sluice_worker;
GRANT SELECT ON recorder_links, recorder_clock_readings, recorder_titles, recorder_acts TO sluice_worker, sluice_api, sluice_auditor;
GRANT INSERT ON recorder_links, recorder_clock_readings, recorder_titles, recorder_acts TO sluice_worker;
GRANT UPDATE (state, since, problem, heard_at, unread, dropped, ignored) ON recorder_links TO sluice_worker;
GRANT UPDATE (camera, official, shown, seen_at) ON recorder_titles TO sluice_worker;
GRANT INSERT ON holds, hold_cameras TO sluice_worker;
