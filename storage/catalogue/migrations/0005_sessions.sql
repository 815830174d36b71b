-- Browser sessions, and where live playlists have counted to. Only a cookie's SHA-256 is here, as with tokens.

CREATE TABLE sessions (
    id                uuid PRIMARY KEY,
    cookie_sha256     bytea NOT NULL UNIQUE,
    -- A session lives on the token it was opened with: what is revoked or out of validity opens nothing any more.
    credential_sha256 bytea NOT NULL REFERENCES credentials,
    principal_id      uuid NOT NULL REFERENCES principals,
    opened_at         timestamptz NOT NULL,
    seen_at           timestamptz NOT NULL,
    -- The latest end, whatever happens in between.
    expires_at        timestamptz NOT NULL,
    idle_us           bigint NOT NULL,
    ended_at          timestamptz,
    end_reason        text,
    CONSTRAINT sessions_hash_whole CHECK (octet_length(cookie_sha256) = 32),
    CONSTRAINT sessions_expiry CHECK (expires_at > opened_at AND seen_at >= opened_at AND idle_us > 0),
    -- Why a session ended is known exactly when it has ended.
    CONSTRAINT sessions_end_has_reason CHECK ((ended_at IS NULL) = (end_reason IS NULL)),
    CONSTRAINT sessions_reason_known CHECK (end_reason IN ('closed', 'idle', 'expired', 'token_invalid'))
);
-- The few that are open, for the search for those that are over.
CREATE INDEX sessions_open ON sessions (id) WHERE ended_at IS NULL;
CREATE INDEX sessions_by_principal ON sessions (principal_id, opened_at);

-- With a valid token only. No row: the token is not valid.
CREATE FUNCTION open_session(session_id uuid, cookie_sha256 bytea, token_sha256 bytea, at timestamptz, latest_end timestamptz, idle_us bigint)
    RETURNS TABLE (expires_at timestamptz)
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
BEGIN ATOMIC
    INSERT INTO public.sessions (id, cookie_sha256, credential_sha256, principal_id, opened_at, seen_at, expires_at, idle_us)
    SELECT $1, $2, $3, p.id, $4, $4, least($5, p.valid_to), $6 FROM public.principal_of_token($3, $4) AS p
    RETURNING sessions.expires_at;
END;

-- Who stands behind a cookie, as principal_of_token says it. Being asked keeps a session awake; that is written once
-- a minute at most.
CREATE FUNCTION principal_of_session(cookie_sha256 bytea, at timestamptz)
    RETURNS TABLE (id uuid, kind text, name text, roles text[], valid_from timestamptz, valid_to timestamptz)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE public.sessions s SET seen_at = $2
    WHERE s.cookie_sha256 = $1 AND s.ended_at IS NULL AND $2 < s.expires_at
      AND s.seen_at + interval '1 minute' <= $2 AND $2 < s.seen_at + s.idle_us * interval '1 microsecond';
    RETURN QUERY
    SELECT p.id, p.kind, p.name, p.roles, s.opened_at, least(s.expires_at, p.valid_to)
    FROM public.sessions s, LATERAL public.principal_of_token(s.credential_sha256, $2) p
    WHERE s.cookie_sha256 = $1 AND s.ended_at IS NULL AND $2 < s.expires_at
      AND $2 < s.seen_at + s.idle_us * interval '1 microsecond';
END $$;

-- By its owner. The row says which, for the log; none: it was over already.
CREATE FUNCTION close_session(cookie_sha256 bytea, at timestamptz)
    RETURNS TABLE (id uuid, name text, ended_at timestamptz, end_reason text)
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
BEGIN ATOMIC
    UPDATE public.sessions s SET ended_at = greatest($2, s.opened_at), end_reason = 'closed'
    FROM public.principals p WHERE p.id = s.principal_id AND s.cookie_sha256 = $1 AND s.ended_at IS NULL
    RETURNING s.id, p.name, s.ended_at, s.end_reason;
END;

-- Marks those that ended by themselves, each exactly once, with the time at which they did.
CREATE FUNCTION end_stale_sessions(at timestamptz)
    RETURNS TABLE (id uuid, name text, ended_at timestamptz, end_reason text)
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
BEGIN ATOMIC
    WITH stale AS (
        SELECT s.id, e.at, e.reason
        FROM public.sessions s
        JOIN public.credentials c ON c.token_sha256 = s.credential_sha256
        JOIN public.principals p ON p.id = s.principal_id,
        LATERAL (VALUES (s.expires_at, 'expired'), (s.seen_at + s.idle_us * interval '1 microsecond', 'idle'),
                        (least(c.revoked_at, c.valid_to, p.valid_to), 'token_invalid')) AS e (at, reason)
        WHERE s.ended_at IS NULL AND e.at <= $1
    ), first_end AS (
        SELECT DISTINCT ON (stale.id) stale.id, stale.at, stale.reason FROM stale ORDER BY stale.id, stale.at, stale.reason
    )
    UPDATE public.sessions s SET ended_at = greatest(f.at, s.opened_at), end_reason = f.reason
    FROM first_end f, public.principals p WHERE f.id = s.id AND p.id = s.principal_id AND s.ended_at IS NULL
    RETURNING s.id, p.name, s.ended_at, s.end_reason;
END;

-- The number that the first HLS segment of a stream's file has: counting goes on from here in another process and
-- after a restart. Not evidence: when it is lost, live numbers begin anew, higher than before.
CREATE TABLE live_marks (
    stream_id       uuid PRIMARY KEY REFERENCES streams,
    file_id         uuid NOT NULL,
    number          bigint NOT NULL,
    discontinuities bigint NOT NULL,
    CONSTRAINT live_marks_not_negative CHECK (number >= 0 AND discontinuities >= 0)
);

GRANT EXECUTE ON FUNCTION open_session(uuid, bytea, bytea, timestamptz, timestamptz, bigint), principal_of_session(bytea, timestamptz),
    close_session(bytea, timestamptz), end_stale_sessions(timestamptz) TO sluice_api;
GRANT SELECT (id, principal_id, opened_at, seen_at, expires_at, idle_us, ended_at, end_reason) ON sessions TO sluice_worker, sluice_auditor;
GRANT SELECT ON live_marks TO sluice_api, sluice_worker, sluice_auditor;
GRANT INSERT ON live_marks TO sluice_api;
GRANT UPDATE (file_id, number, discontinuities) ON live_marks TO sluice_api;
