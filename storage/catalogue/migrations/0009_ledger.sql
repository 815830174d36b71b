-- The audit log: every act as a record, and the Merkle tree over the records (RFC 6962). A record is inserted by the act's
-- own transaction; the worker alone gives it its place in the tree and signs.

CREATE TABLE ledger_records (
    id         uuid PRIMARY KEY,
    at         timestamptz NOT NULL,
    -- By the database's clock: the one that tells how long a record has been waiting.
    filed_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    action     text NOT NULL,
    record     text,   -- RFC 8785; null: erased
    salt       bytea,
    leaf_index bigint UNIQUE,
    leaf_data  bytea,  -- HMAC-SHA-256(salt, record), kept when both are erased
    erased_by  uuid REFERENCES ledger_records,
    CONSTRAINT ledger_records_action_form CHECK (action ~ '^[a-z0-9_]+(\.[a-z0-9_]+)+$'),
    -- A shorter salt could be guessed, and with it what an erased record said.
    CONSTRAINT ledger_records_salt_whole CHECK (octet_length(salt) = 32),
    -- A leaf's place and its content belong together.
    CONSTRAINT ledger_records_leaf_whole CHECK (CASE WHEN leaf_index IS NULL THEN leaf_data IS NULL
        ELSE coalesce(leaf_index >= 0 AND octet_length(leaf_data) = 32, false) END),
    -- Only what is in the tree can be erased, only as a whole, and never without a record that says why.
    CONSTRAINT ledger_records_whole_or_erased CHECK (CASE WHEN erased_by IS NULL THEN record IS NOT NULL AND salt IS NOT NULL
        ELSE record IS NULL AND salt IS NULL AND leaf_index IS NOT NULL AND erased_by <> id END)
);
-- What waits for its place, in the order in which it will be given.
CREATE INDEX ledger_records_waiting ON ledger_records (filed_at, id) WHERE leaf_index IS NULL;

-- Wakes the worker at the commit, whoever inserted.
CREATE FUNCTION ledger_wake() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM pg_notify('sluice_ledger', '');
    RETURN NULL;
END $$;
CREATE TRIGGER ledger_wake AFTER INSERT ON ledger_records FOR EACH STATEMENT EXECUTE FUNCTION ledger_wake();

-- The hashes above the leaves that tiles need: level 1 is the root over 256 leaves, level 2 over 256 of those, and so on.
CREATE TABLE ledger_nodes (
    level  integer NOT NULL,
    number bigint NOT NULL,
    hash   bytea NOT NULL,
    PRIMARY KEY (level, number),
    CONSTRAINT ledger_nodes_place CHECK (level BETWEEN 1 AND 7 AND number >= 0),
    CONSTRAINT ledger_nodes_hash_whole CHECK (octet_length(hash) = 32)
);

-- One row: how far the tree reaches, and what was signed about it. `trouble`: why the worker does not go on, if so.
CREATE TABLE ledger_tree (
    only_row   boolean PRIMARY KEY DEFAULT true,
    size       bigint NOT NULL DEFAULT 0,
    root       bytea NOT NULL DEFAULT sha256(''),
    checkpoint text,
    signed_at  timestamptz,
    trouble    text NOT NULL DEFAULT '',
    key        text NOT NULL DEFAULT '',  -- the log's verifier key, as its worker says it
    CONSTRAINT ledger_tree_one_row CHECK (only_row),
    CONSTRAINT ledger_tree_root_whole CHECK (size >= 0 AND octet_length(root) = 32),
    CONSTRAINT ledger_tree_signed CHECK ((checkpoint IS NULL) = (signed_at IS NULL) AND (size = 0 OR checkpoint IS NOT NULL))
);
INSERT INTO ledger_tree DEFAULT VALUES;

-- The tree grows by what the worker has computed: all of a step or nothing of it. Another size or root than the worker
-- knows means that two wrote at once, or that this is not the database it was.
CREATE FUNCTION ledger_extend(old_size bigint, old_root bytea, records uuid[], leaves bytea[], levels integer[], numbers bigint[], hashes bytea[],
                              new_root bytea, note text, at timestamptz)
    RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    placed bigint;
BEGIN
    PERFORM FROM ledger_tree t WHERE t.size = old_size AND t.root = old_root FOR UPDATE;
    IF NOT FOUND OR cardinality(records) <> cardinality(leaves) THEN
        RAISE EXCEPTION 'the ledger is not the tree of % leaves that was to grow', old_size USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    UPDATE ledger_records r SET leaf_index = old_size + n.place - 1, leaf_data = n.leaf
    FROM unnest(records, leaves) WITH ORDINALITY AS n (id, leaf, place) WHERE r.id = n.id AND r.leaf_index IS NULL;
    GET DIAGNOSTICS placed = ROW_COUNT;
    IF placed <> cardinality(records) THEN
        RAISE EXCEPTION 'only % of % records can be placed', placed, cardinality(records) USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    INSERT INTO ledger_nodes (level, number, hash) SELECT * FROM unnest(levels, numbers, hashes);
    UPDATE ledger_tree t SET size = old_size + placed, root = new_root, checkpoint = note, signed_at = at, trouble = '';
END $$;

-- Why the tree does not grow; said by the worker, shown by the API.
CREATE FUNCTION ledger_say_trouble(what text) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
BEGIN ATOMIC
    UPDATE public.ledger_tree SET trouble = $1 WHERE trouble <> $1;
END;

CREATE FUNCTION ledger_say_key(verifier_key text) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
BEGIN ATOMIC
    UPDATE public.ledger_tree SET key = $1 WHERE key <> $1;
END;

-- The text and salt of a record that is in the tree; `reason` is the record of the erasure itself. False: not there, not yet
-- in the tree, or erased already.
CREATE FUNCTION ledger_erase(record_id uuid, reason uuid) RETURNS boolean LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM FROM ledger_records WHERE id = reason AND action = 'ledger.erased' AND record IS NOT NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no record gives a reason for the erasure' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    UPDATE ledger_records SET record = NULL, salt = NULL, erased_by = reason
    WHERE id = record_id AND leaf_index IS NOT NULL AND erased_by IS NULL AND action <> 'ledger.erased';
    RETURN FOUND;
END $$;

-- What witnesses said: they saw the tree of this size with this root, consistent with all that they had seen before.
CREATE TABLE ledger_cosignatures (
    size        bigint NOT NULL,
    root        bytea NOT NULL,
    witness     text NOT NULL,  -- name of its key
    key_id      bigint NOT NULL,
    signed_at   timestamptz NOT NULL,
    checkpoint  text NOT NULL,  -- the note's text and the log's signature, as the witness saw them
    line        text NOT NULL,  -- its own line of the note
    received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (size, witness, key_id),
    CONSTRAINT ledger_cosignatures_root_whole CHECK (size >= 0 AND octet_length(root) = 32),
    CONSTRAINT ledger_cosignatures_present CHECK (witness <> '' AND line <> '' AND checkpoint <> '')
);

-- Hours of recording that have their record: how many segments it names, so that those adopted later get one more.
CREATE TABLE ledger_hours (
    stream_id uuid NOT NULL REFERENCES streams,
    hour      timestamptz NOT NULL,
    segments  bigint NOT NULL,
    record_id uuid NOT NULL REFERENCES ledger_records,
    PRIMARY KEY (stream_id, hour, segments),
    CONSTRAINT ledger_hours_not_empty CHECK (segments > 0)
);

-- ---- rights; tests/pg/rights_test.cpp holds the same, written by hand

-- Who acts, says so; nobody changes or removes what was said. Place, leaf and time of filing are not theirs to choose.
GRANT INSERT (id, at, action, record, salt) ON ledger_records TO sluice_recorder, sluice_worker, sluice_api;
GRANT SELECT ON ledger_records, ledger_nodes, ledger_tree, ledger_cosignatures TO sluice_worker, sluice_api, sluice_auditor;
GRANT INSERT (size, root, witness, key_id, signed_at, checkpoint, line) ON ledger_cosignatures TO sluice_api;
GRANT SELECT ON ledger_hours TO sluice_worker, sluice_auditor;
GRANT INSERT ON ledger_hours TO sluice_worker;
GRANT EXECUTE ON FUNCTION ledger_extend(bigint, bytea, uuid[], bytea[], integer[], bigint[], bytea[], bytea, text, timestamptz),
    ledger_say_trouble(text), ledger_say_key(text), ledger_erase(uuid, uuid) TO sluice_worker;
