-- Who comes through the doors: categories of persons, rosters, cards, visitors and vehicles. Of persons as little as the doors need.

CREATE TABLE person_categories (
    id         uuid PRIMARY KEY,
    slug       text NOT NULL UNIQUE,
    name       text NOT NULL,
    state      text NOT NULL,
    created_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    revision   integer NOT NULL DEFAULT 1,
    CONSTRAINT person_categories_slug_form CHECK (slug ~ '^[a-z0-9-]{1,63}$'),
    CONSTRAINT person_categories_name_present CHECK (name <> ''),
    CONSTRAINT person_categories_state_known CHECK (state IN ('planned', 'active', 'retired'))
);

-- Lists of persons, imported whole: the newest of a series stands. Its rows and those of the one before are kept, for the
-- report of differences; of older ones only that they were there.
CREATE TABLE rosters (
    id          uuid PRIMARY KEY,
    series      text NOT NULL,  -- "staff", "eoc"
    sha256      bytea NOT NULL,  -- of the file as it came
    persons     integer NOT NULL,
    importer_id uuid REFERENCES principals,  -- null: the operator at the machine
    importer    text NOT NULL,
    imported_at timestamptz NOT NULL,
    CONSTRAINT rosters_series_form CHECK (series ~ '^[a-z0-9-]{1,63}$'),
    CONSTRAINT rosters_whole CHECK (octet_length(sha256) = 32 AND importer <> '' AND persons >= 0)
);
CREATE INDEX rosters_newest ON rosters (series, imported_at DESC, id DESC);

CREATE TABLE roster_persons (
    roster_id  uuid NOT NULL REFERENCES rosters,
    number     text NOT NULL,  -- of the person, in the house's own list
    name       text NOT NULL,
    unit       text NOT NULL DEFAULT '',
    category   text NOT NULL,  -- slug
    valid_from date NOT NULL,
    valid_to   date,  -- the last day; null: until further notice
    PRIMARY KEY (roster_id, number),
    CONSTRAINT roster_persons_texts_present CHECK (number <> '' AND name <> '' AND category <> ''),
    CONSTRAINT roster_persons_in_order CHECK (valid_to >= valid_from)
);

-- The rows of all but the two newest rosters of a series go; a step of an import. How many.
CREATE FUNCTION forget_rosters(series text) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    gone bigint;
BEGIN
    DELETE FROM roster_persons p USING rosters r
    WHERE r.id = p.roster_id AND r.series = $1 AND r.id NOT IN (
        SELECT n.id FROM rosters n WHERE n.series = $1 ORDER BY n.imported_at DESC, n.id DESC LIMIT 2);
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END $$;

-- Cards. Of the number a keyed hash and the last four letters are kept. One person applies, another approves.
CREATE TABLE door_credentials (
    id           uuid PRIMARY KEY,
    card_hmac    bytea NOT NULL,
    last_four    text NOT NULL,
    holder       text NOT NULL,  -- the person's number in a roster, or a name where there is none
    category_id  uuid NOT NULL REFERENCES person_categories,
    valid_from   timestamptz NOT NULL,
    valid_to     timestamptz NOT NULL,
    reason       text NOT NULL,
    state        text NOT NULL DEFAULT 'applied',
    state_reason text NOT NULL DEFAULT '',
    applicant_id uuid NOT NULL REFERENCES principals,
    applicant    text NOT NULL,
    applied_at   timestamptz NOT NULL,
    decider_id   uuid REFERENCES principals,
    decider      text,
    decided_at   timestamptz,
    changed_at   timestamptz NOT NULL,
    revision     integer NOT NULL DEFAULT 1,
    CONSTRAINT door_credentials_hmac_whole CHECK (octet_length(card_hmac) = 32),
    CONSTRAINT door_credentials_last_four_short CHECK (char_length(last_four) <= 4),
    CONSTRAINT door_credentials_texts_present CHECK (holder <> '' AND reason <> '' AND applicant <> ''),
    CONSTRAINT door_credentials_validity CHECK (valid_to > valid_from),
    CONSTRAINT door_credentials_state_known CHECK (state IN ('applied', 'refused', 'active', 'suspended', 'expired')),
    CONSTRAINT door_credentials_decided_whole CHECK (num_nonnulls(decider_id, decider, decided_at) IN (0, 3) AND decider <> ''),
    CONSTRAINT door_credentials_decided CHECK (state = 'applied' OR decider_id IS NOT NULL),
    CONSTRAINT door_credentials_by_another CHECK (decider_id <> applicant_id)
);
-- One card is one person's at a time; afterwards it may be given to another.
CREATE UNIQUE INDEX door_credentials_card_once ON door_credentials (card_hmac) WHERE state IN ('applied', 'active', 'suspended');
CREATE INDEX door_credentials_by_card ON door_credentials (card_hmac, applied_at DESC);

-- applied → active | refused; active ⇄ suspended; either → expired, which is the end.
CREATE FUNCTION door_credentials_go_on() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN (('applied', 'active'), ('applied', 'refused'), ('active', 'suspended'),
            ('suspended', 'active'), ('active', 'expired'), ('suspended', 'expired'))
        OR OLD.decider_id IS NOT NULL AND NEW.decider_id IS DISTINCT FROM OLD.decider_id THEN
        RAISE EXCEPTION 'a card does not go from % to %', OLD.state, NEW.state USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER door_credentials_go_on BEFORE UPDATE ON door_credentials FOR EACH ROW EXECUTE FUNCTION door_credentials_go_on();

CREATE TABLE visitors (
    id           uuid PRIMARY KEY,
    name         text NOT NULL,
    organisation text NOT NULL DEFAULT '',
    purpose      text NOT NULL,
    voucher      text NOT NULL,  -- who of the house vouches
    valid_from   timestamptz NOT NULL,
    valid_to     timestamptz NOT NULL,
    in_at        timestamptz,
    out_at       timestamptz,
    registrar_id uuid NOT NULL REFERENCES principals,
    registrar    text NOT NULL,
    created_at   timestamptz NOT NULL,
    revision     integer NOT NULL DEFAULT 1,
    CONSTRAINT visitors_texts_present CHECK (name <> '' AND purpose <> '' AND voucher <> '' AND registrar <> ''),
    CONSTRAINT visitors_validity CHECK (valid_to > valid_from),
    CONSTRAINT visitors_in_before_out CHECK (out_at IS NULL OR coalesce(out_at >= in_at, false))
);
CREATE INDEX visitors_newest ON visitors (created_at DESC, id DESC);

CREATE TABLE vehicle_permits (
    id            uuid PRIMARY KEY,
    plate         text NOT NULL,
    holder        text NOT NULL,
    purpose       text NOT NULL,
    voucher       text NOT NULL,
    valid_from    timestamptz NOT NULL,
    valid_to      timestamptz NOT NULL,
    in_at         timestamptz,  -- the last time
    out_at        timestamptz,
    revoked_at    timestamptz,
    revoke_reason text,
    registrar_id  uuid NOT NULL REFERENCES principals,
    registrar     text NOT NULL,
    created_at    timestamptz NOT NULL,
    revision      integer NOT NULL DEFAULT 1,
    CONSTRAINT vehicle_permits_texts_present CHECK (plate <> '' AND holder <> '' AND purpose <> '' AND voucher <> '' AND registrar <> ''),
    CONSTRAINT vehicle_permits_validity CHECK (valid_to > valid_from),
    CONSTRAINT vehicle_permits_in_before_out CHECK (out_at IS NULL OR coalesce(out_at >= in_at, false)),
    CONSTRAINT vehicle_permits_revoked_whole CHECK ((revoked_at IS NULL) = (revoke_reason IS NULL) AND revoke_reason <> '')
);
CREATE INDEX vehicle_permits_newest ON vehicle_permits (created_at DESC, id DESC);

-- ---- rights; tests/pg/rights_test.cpp holds the same, written by hand

GRANT SELECT ON person_categories, rosters TO sluice_worker, sluice_api, sluice_auditor;
GRANT INSERT ON person_categories, rosters, roster_persons, door_credentials, visitors, vehicle_permits TO sluice_api;
GRANT UPDATE (name, state, changed_at, revision) ON person_categories TO sluice_api;
-- Names of persons are nothing that the worker needs.
GRANT SELECT ON roster_persons, door_credentials, visitors, vehicle_permits TO sluice_api, sluice_auditor;
GRANT SELECT (id, card_hmac, last_four, category_id, valid_from, valid_to, state, applied_at) ON door_credentials TO sluice_worker;
GRANT UPDATE (state, state_reason, decider_id, decider, decided_at, changed_at, revision) ON door_credentials TO sluice_api;
GRANT UPDATE (in_at, out_at, revision) ON visitors, vehicle_permits TO sluice_api;
GRANT UPDATE (revoked_at, revoke_reason) ON vehicle_permits TO sluice_api;
GRANT EXECUTE ON FUNCTION forget_rosters(text) TO sluice_api;
