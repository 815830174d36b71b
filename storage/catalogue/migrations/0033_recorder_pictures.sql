-- Whether a recorder has a picture of each channel: as last asked. The picture itself is kept nowhere.
CREATE TABLE recorder_pictures (
    recorder     text NOT NULL,
    channel      integer NOT NULL,
    camera       text NOT NULL,
    state        text NOT NULL,
    problem      text NOT NULL,              -- in plain words; empty: it has one
    width        integer NOT NULL,
    height       integer NOT NULL,
    bytes        bigint NOT NULL,            -- of the answer
    asked_at     timestamptz NOT NULL,       -- the same for all of a round
    had_at       timestamptz,                -- when it had one last; a channel that never had one keeps nothing at `degraded`
    usual_width  integer,
    usual_height integer,
    other_since  timestamptz,                -- since when it has another size
    PRIMARY KEY (recorder, channel),
    CONSTRAINT recorder_pictures_channel_positive CHECK (channel >= 1),
    CONSTRAINT recorder_pictures_state_known CHECK (state IN ('ok', 'refused', 'error', 'no_answer', 'no_picture', 'cut_off',
        'too_large', 'flat', 'other_size', 'not_asked')),
    -- What is wrong is said, and what has no size is no picture.
    CONSTRAINT recorder_pictures_explained CHECK ((state = 'ok') = (problem = '')),
    CONSTRAINT recorder_pictures_sized CHECK ((state IN ('ok', 'flat', 'other_size')) = (width > 0 AND height > 0)
        AND width >= 0 AND height >= 0 AND bytes >= 0),
    CONSTRAINT recorder_pictures_usual CHECK ((usual_width IS NULL) = (usual_height IS NULL)
        AND (usual_width IS NULL) = (had_at IS NULL) AND usual_width > 0 AND usual_height > 0),
    CONSTRAINT recorder_pictures_other CHECK ((state = 'other_size') = (other_since IS NOT NULL)),
    CONSTRAINT recorder_pictures_had CHECK (state <> 'ok' OR had_at IS NOT DISTINCT FROM asked_at)
);

-- ---- rights; tests/pg/rights_test.cpp holds the same, written by hand

GRANT SELECT ON recorder_pictures TO sluice_worker, sluice_api, sluice_auditor;
GRANT INSERT ON recorder_pictures TO sluice_worker;
GRANT UPDATE (camera, state, problem, width, height, bytes, asked_at, had_at, usual_width, usual_height, other_since)
    ON recorder_pictures TO sluice_worker;
