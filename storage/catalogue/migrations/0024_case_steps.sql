-- What cases need beside their first steps: an order of their history, a decision that is put off, third persons who are
-- asked, papers whose time is over; and second factors that their owners set, sealed.

-- ---- history: two steps of the same microsecond have an order, the one in which the case's row was locked

ALTER TABLE request_events ADD COLUMN place bigint GENERATED ALWAYS AS IDENTITY;
DROP INDEX request_events_in_order;
CREATE UNIQUE INDEX request_events_in_order ON request_events (request_id, place);

-- ---- a decision may be put off once

ALTER TABLE requests ADD COLUMN extended_at timestamptz,
    ADD CONSTRAINT requests_extended_accepted CHECK (extended_at IS NULL OR dossier_number IS NOT NULL);
CREATE FUNCTION requests_extended_once() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF OLD.extended_at IS NOT NULL AND NEW.extended_at IS DISTINCT FROM OLD.extended_at THEN
        RAISE EXCEPTION 'a decision is put off once' USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'requests_extended_once';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER requests_extended_once BEFORE UPDATE OF extended_at ON requests FOR EACH ROW EXECUTE FUNCTION requests_extended_once();

-- ---- third persons whom a decision would touch: asked in writing, with a day by which they may answer

CREATE TABLE third_party_inquiries (
    id          uuid PRIMARY KEY,
    request_id  uuid NOT NULL REFERENCES requests,
    person      text NOT NULL,  -- as the worksheet calls the person
    document    text NOT NULL,  -- number of the letter
    asker_id    uuid NOT NULL REFERENCES principals,
    asker       text NOT NULL,
    asked_at    timestamptz NOT NULL,
    due_at      timestamptz NOT NULL,
    answer      text,
    answered_at timestamptz,
    note        text,
    answerer_id uuid REFERENCES principals,  -- who entered the answer
    answerer    text,
    CONSTRAINT third_party_inquiries_texts_present CHECK (person <> '' AND document <> '' AND asker <> ''),
    CONSTRAINT third_party_inquiries_due_later CHECK (due_at > asked_at),
    CONSTRAINT third_party_inquiries_answer_known CHECK (answer IN ('consented', 'objected')),
    CONSTRAINT third_party_inquiries_answered_whole CHECK (num_nonnulls(answer, answered_at, note, answerer_id, answerer) IN (0, 5))
);
CREATE INDEX third_party_inquiries_in_order ON third_party_inquiries (request_id, asked_at, id);
-- Nobody is asked twice at the same time.
CREATE UNIQUE INDEX third_party_inquiries_one_open ON third_party_inquiries (request_id, person) WHERE answered_at IS NULL;
CREATE FUNCTION third_party_inquiries_keep() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF OLD.answered_at IS NOT NULL THEN
        RAISE EXCEPTION 'an answer stays as it was given' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER third_party_inquiries_keep BEFORE UPDATE ON third_party_inquiries
    FOR EACH ROW EXECUTE FUNCTION third_party_inquiries_keep();

ALTER TABLE notices
    DROP CONSTRAINT notices_kind_known,
    ADD CONSTRAINT notices_kind_known CHECK (kind IN ('hold_expiry', 'submitted', 'correction_due', 'countersign_wanted', 'decision',
        'copy_overdue', 'incident_raised', 'incident_due', 'contractor_camera', 'contractor_finding', 'contractor_clip', 'extended',
        'third_party_due'));

-- ---- papers of a dossier that were destroyed when their time was over. Register, history and the list of papers stay.

CREATE TABLE dossier_destructions (
    dossier_number text PRIMARY KEY REFERENCES dossiers,
    at             timestamptz NOT NULL,
    principal_id   uuid NOT NULL REFERENCES principals,
    principal      text NOT NULL,
    document       text NOT NULL,  -- that allows it
    reason         text NOT NULL,
    papers         jsonb NOT NULL, -- id, name and SHA-256 of each
    CONSTRAINT dossier_destructions_texts_present CHECK (principal <> '' AND document <> '' AND reason <> ''),
    CONSTRAINT dossier_destructions_papers_list CHECK (jsonb_typeof(papers) = 'array')
);
-- Article 9(4), whatever the program thought: a closed case, a year after its end. The policy may ask for more.
CREATE FUNCTION dossier_destructions_allowed() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM FROM requests r WHERE r.dossier_number = NEW.dossier_number AND r.state = 'closed' AND r.state_since + interval '1 year' <= NEW.at;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'records are kept for a year at least'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'dossier_destructions_floor';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER dossier_destructions_allowed BEFORE INSERT ON dossier_destructions
    FOR EACH ROW EXECUTE FUNCTION dossier_destructions_allowed();
CREATE TRIGGER dossier_destructions_keep BEFORE UPDATE OR DELETE ON dossier_destructions FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- ---- second factors, by their owners. Whoever changes one has had the password checked: its hash is handed out by begin_login
-- ---- alone, for one attempt that counts as failed. A secret is sealed under a key that is no part of the database.

CREATE TABLE proposed_factors (
    account_id  uuid PRIMARY KEY REFERENCES accounts,
    secret      bytea NOT NULL,
    proposed_at timestamptz NOT NULL,
    CONSTRAINT proposed_factors_sealed CHECK (octet_length(secret) = 48)
);

-- False: the password is another one by now.
CREATE FUNCTION propose_second_factor(account uuid, current_hash text, secret bytea, at timestamptz) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF $2 IS DISTINCT FROM (SELECT p.hash FROM passwords p WHERE p.account_id = $1 ORDER BY p.set_at DESC LIMIT 1) THEN
        RETURN false;
    END IF;
    INSERT INTO proposed_factors AS f (account_id, secret, proposed_at) VALUES ($1, $3, $4)
    ON CONFLICT (account_id) DO UPDATE SET secret = $3, proposed_at = $4;
    RETURN true;
END $$;

-- Null: none was, or longer than ten minutes ago.
CREATE FUNCTION proposed_second_factor(account uuid, at timestamptz) RETURNS bytea
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
BEGIN ATOMIC
    SELECT f.secret FROM public.proposed_factors f WHERE f.account_id = $1 AND $2 < f.proposed_at + interval '10 minutes';
END;

-- Its owner has shown a code of this step. False: another one was proposed meanwhile.
CREATE FUNCTION confirm_second_factor(account uuid, secret bytea, step bigint, at timestamptz) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    DELETE FROM proposed_factors f WHERE f.account_id = $1 AND f.secret = $2 AND $4 < f.proposed_at + interval '10 minutes';
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO second_factors AS f (account_id, secret, set_at, last_step) VALUES ($1, $2, $4, $3)
    ON CONFLICT (account_id) DO UPDATE SET secret = $2, set_at = $4, last_step = $3;
    RETURN true;
END $$;

CREATE FUNCTION end_password_sessions(account uuid, at timestamptz) RETURNS void
    LANGUAGE sql SET search_path = pg_catalog, public, pg_temp
BEGIN ATOMIC
    UPDATE public.sessions s SET ended_at = greatest($2, s.opened_at), end_reason = 'account'
    WHERE s.principal_id = $1 AND s.credential_sha256 IS NULL AND s.ended_at IS NULL;
END;

-- What was opened with it is over. False: the password is another one by now, or there is no second factor.
CREATE FUNCTION remove_second_factor(account uuid, current_hash text, at timestamptz) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF $2 IS DISTINCT FROM (SELECT p.hash FROM passwords p WHERE p.account_id = $1 ORDER BY p.set_at DESC LIMIT 1) THEN
        RETURN false;
    END IF;
    DELETE FROM proposed_factors f WHERE f.account_id = $1;
    DELETE FROM second_factors f WHERE f.account_id = $1;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM end_password_sessions($1, $3);
    RETURN true;
END $$;

-- As change_password; whatever the old one had opened is over.
CREATE FUNCTION change_own_password(account uuid, current_hash text, new_hash text, at timestamptz) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT change_password($1, $2, $3, $4) THEN
        RETURN false;
    END IF;
    PERFORM end_password_sessions($1, $4);
    RETURN true;
END $$;

-- A secret from before they were sealed, and nothing else.
CREATE FUNCTION seal_second_factor(account uuid, plain bytea, sealed bytea) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
BEGIN ATOMIC
    UPDATE public.second_factors f SET secret = $3
    WHERE f.account_id = $1 AND f.secret = $2 AND octet_length($2) = 20 AND octet_length($3) = 48;
END;

-- ---- rights; tests/pg/rights_test.cpp holds the same, written by hand

GRANT UPDATE (extended_at) ON requests TO sluice_api;
GRANT SELECT ON third_party_inquiries, dossier_destructions TO sluice_worker, sluice_api, sluice_auditor;
GRANT INSERT ON third_party_inquiries, dossier_destructions TO sluice_api;
GRANT UPDATE (answer, answered_at, note, answerer_id, answerer) ON third_party_inquiries TO sluice_api;
GRANT EXECUTE ON FUNCTION propose_second_factor(uuid, text, bytea, timestamptz), proposed_second_factor(uuid, timestamptz),
    confirm_second_factor(uuid, bytea, bigint, timestamptz), remove_second_factor(uuid, text, timestamptz),
    change_own_password(uuid, text, text, timestamptz), seal_second_factor(uuid, bytea, bytea) TO sluice_api;
