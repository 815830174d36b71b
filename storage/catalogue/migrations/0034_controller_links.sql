-- How the worker's connections with controllers are that it speaks with itself: when it heard one last, whatever was said, and
-- what went wrong last. What goes wrong is no event of the controller.
CREATE TABLE controller_links (
    source     text PRIMARY KEY,  -- of the controller's events
    heard_at   timestamptz,
    error_kind text,
    error_at   timestamptz,
    CONSTRAINT controller_links_source_named CHECK (source <> ''),
    CONSTRAINT controller_links_error_known CHECK (error_kind IN ('no_answer', 'unreachable', 'other_serial', 'unreadable')),
    CONSTRAINT controller_links_error_whole CHECK ((error_kind IS NULL) = (error_at IS NULL))
);

-- ---- rights; tests/pg/rights_test.cpp holds the same, written by hand

GRANT SELECT ON controller_links TO sluice_worker, sluice_api, sluice_auditor;
GRANT INSERT ON controller_links TO sluice_worker;
GRANT UPDATE (heard_at, error_kind, error_at) ON controller_links TO sluice_worker;
