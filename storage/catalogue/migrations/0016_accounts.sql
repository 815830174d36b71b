-- Accounts of persons and of machines other than those of the bootstrap policy; passwords, second factors, sessions by
-- password; powers that are lent; standing approvals to see live.

ALTER TABLE principals DROP CONSTRAINT principals_machine_roles;
ALTER TABLE principals ADD CONSTRAINT principals_machine_roles CHECK (kind <> 'machine' OR
    (cardinality(roles) > 0 AND roles <@ ARRAY['operator', 'viewer', 'metrics', 'contractor', 'door_controller']));

-- A principal whose owner is known. The first one of a person ends the bootstrap policy, for good: no row is ever deleted.
CREATE TABLE accounts (
    id                    uuid PRIMARY KEY REFERENCES principals,
    -- What the name looks like, made by the program: nobody is taken for somebody else.
    name_key              text NOT NULL UNIQUE,
    unit                  text NOT NULL DEFAULT '',
    cameras               uuid[] NOT NULL DEFAULT '{}',  -- of a contractor's machine
    -- The confidentiality acknowledgement, article 7(2): number and date of the paper.
    acknowledged_document text NOT NULL,
    acknowledged_on       date NOT NULL,
    created_at            timestamptz NOT NULL,
    disabled_at           timestamptz,
    disable_reason        text,
    departed_at           timestamptz,
    departure_document    text,
    departure_on          date,
    revision              integer NOT NULL DEFAULT 1,
    CONSTRAINT accounts_name_key_present CHECK (name_key <> ''),
    CONSTRAINT accounts_acknowledged CHECK (acknowledged_document <> ''),
    CONSTRAINT accounts_disabled_whole CHECK ((disabled_at IS NULL) = (disable_reason IS NULL) AND disable_reason <> ''),
    CONSTRAINT accounts_departed_whole CHECK (
        CASE WHEN departed_at IS NULL THEN num_nonnulls(departure_document, departure_on) = 0
        ELSE coalesce(departure_document <> '' AND departure_on IS NOT NULL, false) END)
);

-- Hashes of argon2id with their parameters; the newest counts, the older ones are what a new password must not be.
CREATE TABLE passwords (
    account_id uuid NOT NULL REFERENCES accounts,
    set_at     timestamptz NOT NULL,
    hash       text NOT NULL,
    -- Somebody else knows it: it is good for setting another one.
    is_initial boolean NOT NULL,
    PRIMARY KEY (account_id, set_at),
    CONSTRAINT passwords_argon2id CHECK (hash LIKE '$argon2id$%')
);

-- Shared secrets of RFC 6238. A time step is used once.
CREATE TABLE second_factors (
    account_id uuid PRIMARY KEY REFERENCES accounts,
    secret     bytea NOT NULL,
    set_at     timestamptz NOT NULL,
    last_step  bigint NOT NULL DEFAULT 0,
    CONSTRAINT second_factors_secret_whole CHECK (octet_length(secret) >= 20)
);

-- Attempts since the last success. Each counts as failed until it has succeeded, so that many at once are counted too.
CREATE TABLE login_attempts (
    account_id   uuid PRIMARY KEY REFERENCES accounts,
    failures     integer NOT NULL DEFAULT 0,
    locked_until timestamptz,
    CONSTRAINT login_attempts_not_negative CHECK (failures >= 0)
);

-- An approver's power in other hands, on paper and for a time.
CREATE TABLE delegations (
    id         uuid PRIMARY KEY,
    role       text NOT NULL,
    from_id    uuid NOT NULL REFERENCES accounts,
    to_id      uuid NOT NULL REFERENCES accounts,
    valid_from timestamptz NOT NULL,
    valid_to   timestamptz NOT NULL,
    document   text NOT NULL,
    created_at timestamptz NOT NULL,
    revoked_at timestamptz,
    CONSTRAINT delegations_role_known CHECK (role IN ('director', 'level1')),
    CONSTRAINT delegations_to_another CHECK (from_id <> to_id),
    CONSTRAINT delegations_validity CHECK (valid_to > valid_from),
    CONSTRAINT delegations_on_paper CHECK (document <> '')
);
CREATE INDEX delegations_by_delegate ON delegations (to_id) WHERE revoked_at IS NULL;

-- Who may see live, until when. Live view is use of personal data: it has a paper and an end.
CREATE TABLE live_approvals (
    id          uuid PRIMARY KEY,
    account_id  uuid NOT NULL REFERENCES accounts,
    valid_from  timestamptz NOT NULL,
    valid_to    timestamptz NOT NULL,
    document    text NOT NULL,
    reason      text NOT NULL,
    approved_by uuid NOT NULL REFERENCES principals,
    approver    text NOT NULL,
    approved_at timestamptz NOT NULL,
    revoked_at  timestamptz,
    revoked_by  uuid REFERENCES principals,
    revoker     text,
    CONSTRAINT live_approvals_validity CHECK (valid_to > valid_from),
    CONSTRAINT live_approvals_on_paper CHECK (document <> '' AND reason <> ''),
    CONSTRAINT live_approvals_by_another CHECK (account_id <> approved_by),
    CONSTRAINT live_approvals_revoked_whole CHECK (
        CASE WHEN revoked_at IS NULL THEN num_nonnulls(revoked_by, revoker) = 0
        ELSE coalesce(revoker <> '' AND revoked_by IS NOT NULL, false) END)
);
CREATE INDEX live_approvals_by_account ON live_approvals (account_id) WHERE revoked_at IS NULL;

-- ---- sessions by password

ALTER TABLE sessions ALTER credential_sha256 DROP NOT NULL;
ALTER TABLE sessions ADD COLUMN has_second_factor boolean NOT NULL DEFAULT false;
ALTER TABLE sessions DROP CONSTRAINT sessions_reason_known;
ALTER TABLE sessions ADD CONSTRAINT sessions_reason_known CHECK (end_reason IN ('closed', 'idle', 'expired', 'token_invalid', 'account'));

CREATE FUNCTION has_person_account() RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
BEGIN ATOMIC
    SELECT EXISTS (SELECT FROM public.accounts a JOIN public.principals p ON p.id = a.id WHERE p.kind = 'person');
END;

-- What is known of a principal besides its row. A person without an account is nobody once there are accounts.
CREATE FUNCTION standing_of(principal uuid, at timestamptz)
    RETURNS TABLE (is_bootstrap boolean, is_departed boolean, is_shut boolean, unit text, cameras uuid[], live_until timestamptz,
        lent_roles text[], roles text[])
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
BEGIN ATOMIC
    SELECT NOT h.has, coalesce(a.departed_at <= $2, false),
        coalesce(a.disabled_at <= $2, false) OR coalesce(h.has AND p.kind = 'person' AND a.id IS NULL, false),
        coalesce(a.unit, ''), coalesce(a.cameras, '{}'),
        (SELECT max(l.valid_to) FROM public.live_approvals l
         WHERE l.account_id = $1 AND l.revoked_at IS NULL AND l.valid_from <= $2 AND $2 < l.valid_to),
        coalesce((SELECT array_agg(DISTINCT d.role ORDER BY d.role) FROM public.delegations d
         JOIN public.accounts f ON f.id = d.from_id JOIN public.principals q ON q.id = f.id
         WHERE d.to_id = $1 AND d.revoked_at IS NULL AND d.valid_from <= $2 AND $2 < d.valid_to
           -- Nobody lends what he has no more.
           AND d.role = ANY (q.roles) AND f.departed_at IS NULL AND f.disabled_at IS NULL
           AND q.valid_from <= $2 AND (q.valid_to IS NULL OR $2 < q.valid_to)), '{}'),
        coalesce(p.roles, '{}')
    FROM (SELECT public.has_person_account() AS has) h
    LEFT JOIN public.principals p ON p.id = $1
    LEFT JOIN public.accounts a ON a.id = $1;
END;

-- The name's hash and secret, and as many older hashes as are asked for, for one attempt that counts as failed until
-- `finish_login`: whoever collects hashes locks the accounts. No row: no such account, or it is locked, disabled, or has no
-- password; who asks can't tell which.
CREATE FUNCTION begin_login(name_key text, at timestamptz, most_failures integer, lock_us bigint, older integer)
    RETURNS TABLE (id uuid, hash text, secret bytea, set_at timestamptz, is_initial boolean, is_departed boolean, older_hashes text[])
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    account public.accounts;
    attempts public.login_attempts;
BEGIN
    SELECT a.* INTO account FROM public.accounts a JOIN public.principals p ON p.id = a.id
    WHERE a.name_key = $1 AND a.disabled_at IS NULL AND p.kind = 'person'
      AND p.valid_from <= $2 AND (p.valid_to IS NULL OR $2 < p.valid_to);
    IF NOT FOUND THEN
        RETURN;
    END IF;
    INSERT INTO public.login_attempts AS l (account_id) VALUES (account.id) ON CONFLICT DO NOTHING;
    SELECT * INTO STRICT attempts FROM public.login_attempts l WHERE l.account_id = account.id FOR UPDATE;
    IF attempts.locked_until > $2 THEN
        RETURN;
    END IF;
    -- A lock that is over leaves as many attempts as there were before.
    UPDATE public.login_attempts l SET
        failures = CASE WHEN attempts.locked_until IS NULL THEN attempts.failures + 1 ELSE 1 END,
        locked_until = CASE WHEN attempts.locked_until IS NULL AND attempts.failures + 1 >= $3
            THEN $2 + $4 * interval '1 microsecond' END
    WHERE l.account_id = account.id;
    RETURN QUERY
    SELECT account.id, p.hash, f.secret, p.set_at, p.is_initial, account.departed_at IS NOT NULL,
        ARRAY(SELECT o.hash FROM public.passwords o WHERE o.account_id = account.id ORDER BY o.set_at DESC LIMIT $5 OFFSET 1)
    FROM public.passwords p LEFT JOIN public.second_factors f ON f.account_id = account.id
    WHERE p.account_id = account.id ORDER BY p.set_at DESC LIMIT 1;
END $$;

-- The password was right, and so was the code of this time step if there is one. False: the step was used before.
CREATE FUNCTION finish_login(account uuid, step bigint) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF $2 IS NOT NULL THEN
        UPDATE public.second_factors f SET last_step = $2 WHERE f.account_id = $1 AND f.last_step < $2;
        IF NOT FOUND THEN
            RETURN false;
        END IF;
    END IF;
    UPDATE public.login_attempts l SET failures = 0, locked_until = NULL WHERE l.account_id = $1;
    RETURN true;
END $$;

CREATE FUNCTION open_password_session(session_id uuid, cookie_sha256 bytea, account uuid, has_second_factor boolean, at timestamptz,
        latest_end timestamptz, idle_us bigint)
    RETURNS TABLE (expires_at timestamptz, name text, roles text[])
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
BEGIN ATOMIC
    WITH opened AS (
        INSERT INTO public.sessions (id, cookie_sha256, principal_id, has_second_factor, opened_at, seen_at, expires_at, idle_us)
        SELECT $1, $2, p.id, $4, $5, $5, least($6, p.valid_to), $7
        FROM public.accounts a JOIN public.principals p ON p.id = a.id
        WHERE a.id = $3 AND a.departed_at IS NULL AND a.disabled_at IS NULL
          AND p.valid_from <= $5 AND (p.valid_to IS NULL OR $5 < p.valid_to)
        RETURNING sessions.expires_at, sessions.principal_id
    )
    SELECT o.expires_at, p.name, p.roles FROM opened o JOIN public.principals p ON p.id = o.principal_id;
END;

DROP FUNCTION principal_of_session(bytea, timestamptz);
-- As before; a session by password stands on its account.
CREATE FUNCTION principal_of_session(cookie_sha256 bytea, at timestamptz)
    RETURNS TABLE (id uuid, kind text, name text, roles text[], valid_from timestamptz, valid_to timestamptz, has_second_factor boolean)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE public.sessions s SET seen_at = $2
    WHERE s.cookie_sha256 = $1 AND s.ended_at IS NULL AND $2 < s.expires_at
      AND s.seen_at + interval '1 minute' <= $2 AND $2 < s.seen_at + s.idle_us * interval '1 microsecond';
    RETURN QUERY
    WITH open AS (
        SELECT * FROM public.sessions s
        WHERE s.cookie_sha256 = $1 AND s.ended_at IS NULL AND $2 < s.expires_at
          AND $2 < s.seen_at + s.idle_us * interval '1 microsecond'
    )
    SELECT p.id, p.kind, p.name, p.roles, o.opened_at, least(o.expires_at, p.valid_to), false
    FROM open o, LATERAL public.principal_of_token(o.credential_sha256, $2) p
    UNION ALL
    SELECT p.id, p.kind, p.name, p.roles, o.opened_at, least(o.expires_at, p.valid_to), o.has_second_factor
    FROM open o JOIN public.principals p ON p.id = o.principal_id
    WHERE o.credential_sha256 IS NULL AND p.valid_from <= $2 AND (p.valid_to IS NULL OR $2 < p.valid_to);
END $$;

CREATE OR REPLACE FUNCTION end_stale_sessions(at timestamptz)
    RETURNS TABLE (id uuid, name text, ended_at timestamptz, end_reason text)
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
BEGIN ATOMIC
    WITH stale AS (
        SELECT s.id, e.at, e.reason
        FROM public.sessions s
        JOIN public.principals p ON p.id = s.principal_id
        LEFT JOIN public.credentials c ON c.token_sha256 = s.credential_sha256
        LEFT JOIN public.accounts a ON a.id = s.principal_id,
        LATERAL (VALUES (s.expires_at, 'expired'), (s.seen_at + s.idle_us * interval '1 microsecond', 'idle'),
                        (least(c.revoked_at, c.valid_to), 'token_invalid'),
                        (p.valid_to, CASE WHEN s.credential_sha256 IS NULL THEN 'account' ELSE 'token_invalid' END),
                        (least(a.departed_at, a.disabled_at), 'account')) AS e (at, reason)
        WHERE s.ended_at IS NULL AND e.at <= $1
    ), first_end AS (
        SELECT DISTINCT ON (stale.id) stale.id, stale.at, stale.reason FROM stale ORDER BY stale.id, stale.at, stale.reason
    )
    UPDATE public.sessions s SET ended_at = greatest(f.at, s.opened_at), end_reason = f.reason
    FROM first_end f, public.principals p WHERE f.id = s.id AND p.id = s.principal_id AND s.ended_at IS NULL
    RETURNING s.id, p.name, s.ended_at, s.end_reason;
END;

-- ---- keeping accounts; each call is one step of an act that the caller records in the same transaction

-- A person who has a token already keeps the id. Null: there is an account that looks the same.
CREATE FUNCTION create_account(account uuid, kind text, name text, name_key text, roles text[], unit text, cameras uuid[],
        valid_from timestamptz, valid_to timestamptz, document text, acknowledged_on date, password text, at timestamptz) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    made uuid;
BEGIN
    IF $2 NOT IN ('person', 'machine') OR ($2 = 'machine' AND NOT $5 <@ ARRAY['contractor', 'door_controller']) THEN
        RAISE EXCEPTION 'no account has such a role' USING ERRCODE = 'check_violation';
    END IF;
    IF EXISTS (SELECT FROM accounts a WHERE a.name_key = $4) THEN
        RETURN NULL;
    END IF;
    IF $2 = 'person' THEN
        UPDATE principals p SET roles = $5, valid_from = $8, valid_to = $9 WHERE p.kind = 'person' AND p.name = $3
        RETURNING p.id INTO made;
    END IF;
    IF made IS NULL THEN
        INSERT INTO principals (id, kind, name, roles, valid_from, valid_to) VALUES ($1, $2, $3, $5, $8, $9);
        made := $1;
    END IF;
    INSERT INTO accounts (id, name_key, unit, cameras, acknowledged_document, acknowledged_on, created_at)
    VALUES (made, $4, $6, $7, $10, $11, $13);
    IF $12 IS NOT NULL THEN
        INSERT INTO passwords (account_id, set_at, hash, is_initial) VALUES (made, $13, $12, true);
    END IF;
    RETURN made;
END $$;

-- False: another change came first, or the owner has left.
CREATE FUNCTION change_account(account uuid, seen_revision integer, roles text[], unit text, cameras uuid[], valid_to timestamptz)
    RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE accounts a SET unit = $4, cameras = $5, revision = a.revision + 1
    WHERE a.id = $1 AND a.revision = $2 AND a.departed_at IS NULL;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE principals p SET roles = $3, valid_to = $6 WHERE p.id = $1;
    RETURN true;
END $$;

-- False: it was disabled, or its owner had left.
CREATE FUNCTION disable_account(account uuid, reason text, at timestamptz) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE accounts a SET disabled_at = $3, disable_reason = $2, revision = a.revision + 1
    WHERE a.id = $1 AND a.disabled_at IS NULL AND a.departed_at IS NULL;
    RETURN FOUND;
END $$;

-- False: its owner had left. What was lent by or to him ends too.
CREATE FUNCTION depart_account(account uuid, document text, acknowledged_on date, at timestamptz) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE accounts a SET departed_at = $4, departure_document = $2, departure_on = $3, revision = a.revision + 1
    WHERE a.id = $1 AND a.departed_at IS NULL;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE delegations d SET revoked_at = $4 WHERE (d.from_id = $1 OR d.to_id = $1) AND d.revoked_at IS NULL;
    RETURN true;
END $$;

-- The order of an account's passwords holds also when the clock has been set back.
CREATE FUNCTION password_time(account uuid, at timestamptz) RETURNS timestamptz
    LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp
BEGIN ATOMIC
    SELECT greatest($2, max(p.set_at) + interval '1 microsecond') FROM public.passwords p WHERE p.account_id = $1;
END;

-- By its owner, who had the current one checked. False: it is another one by now.
CREATE FUNCTION change_password(account uuid, current_hash text, new_hash text, at timestamptz) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF $2 IS DISTINCT FROM (SELECT p.hash FROM passwords p WHERE p.account_id = $1 ORDER BY p.set_at DESC LIMIT 1) THEN
        RETURN false;
    END IF;
    INSERT INTO passwords (account_id, set_at, hash, is_initial) VALUES ($1, password_time($1, $4), $3, false);
    RETURN true;
END $$;

-- By the tool. What was tried with the old one is forgotten, and what it opened is over.
CREATE FUNCTION reset_password(account uuid, hash text, at timestamptz) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
BEGIN ATOMIC
    INSERT INTO public.passwords (account_id, set_at, hash, is_initial) VALUES ($1, public.password_time($1, $3), $2, true);
    DELETE FROM public.login_attempts l WHERE l.account_id = $1;
    UPDATE public.sessions s SET ended_at = greatest($3, s.opened_at), end_reason = 'account'
    WHERE s.principal_id = $1 AND s.credential_sha256 IS NULL AND s.ended_at IS NULL;
END;

-- By the tool; null takes the second factor away.
CREATE FUNCTION set_second_factor(account uuid, secret bytea, at timestamptz) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    DELETE FROM second_factors f WHERE f.account_id = $1;
    IF $2 IS NOT NULL THEN
        INSERT INTO second_factors (account_id, secret, set_at) VALUES ($1, $2, $3);
    END IF;
END $$;

-- A token of a machine that has an account.
CREATE FUNCTION create_account_token(account uuid, token_sha256 bytea, at timestamptz, valid_to timestamptz) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
BEGIN ATOMIC
    INSERT INTO public.credentials (token_sha256, principal_id, valid_from, valid_to) VALUES ($2, $1, $3, $4);
END;

-- ---- rights; tests/pg/rights_test.cpp holds the same, written by hand

GRANT SELECT ON accounts, delegations, live_approvals TO sluice_worker, sluice_api, sluice_auditor;
-- Names and roles are shown with an account; whether a token is good is still a function's business.
GRANT SELECT ON principals TO sluice_api;
GRANT INSERT ON delegations, live_approvals TO sluice_api;
GRANT UPDATE (revoked_at) ON delegations TO sluice_api;
GRANT UPDATE (revoked_at, revoked_by, revoker) ON live_approvals TO sluice_api;
GRANT SELECT (account_id, set_at, is_initial) ON passwords TO sluice_worker, sluice_auditor;
GRANT SELECT (account_id, set_at) ON second_factors TO sluice_worker, sluice_auditor;
GRANT SELECT ON login_attempts TO sluice_worker, sluice_auditor;
GRANT SELECT (has_second_factor) ON sessions TO sluice_worker, sluice_auditor;
GRANT EXECUTE ON FUNCTION has_person_account(), standing_of(uuid, timestamptz) TO sluice_api, sluice_worker;
GRANT EXECUTE ON FUNCTION begin_login(text, timestamptz, integer, bigint, integer), finish_login(uuid, bigint),
    open_password_session(uuid, bytea, uuid, boolean, timestamptz, timestamptz, bigint), principal_of_session(bytea, timestamptz)
    TO sluice_api;
GRANT EXECUTE ON FUNCTION create_account(uuid, text, text, text, text[], text, uuid[], timestamptz, timestamptz, text, date, text, timestamptz),
    change_account(uuid, integer, text[], text, uuid[], timestamptz), disable_account(uuid, text, timestamptz),
    depart_account(uuid, text, date, timestamptz), change_password(uuid, text, text, timestamptz) TO sluice_api;
