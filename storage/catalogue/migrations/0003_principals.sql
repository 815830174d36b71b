-- Who may ask, and by what token. Only a token's SHA-256 is here: who reads this table can't use it.

CREATE TABLE principals (
    id         uuid PRIMARY KEY,
    kind       text NOT NULL,
    name       text NOT NULL,
    roles      text[] NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_to   timestamptz,
    CONSTRAINT principals_kind_known CHECK (kind IN ('person', 'machine', 'system')),
    -- Decisions are logged under this name.
    CONSTRAINT principals_name_present CHECK (name <> ''),
    -- A machine has the three roles of the bootstrap policy and none of a person's.
    CONSTRAINT principals_machine_roles CHECK (kind <> 'machine' OR
        (cardinality(roles) > 0 AND roles <@ ARRAY['operator', 'viewer', 'metrics'])),
    CONSTRAINT principals_validity CHECK (valid_to > valid_from)
);

CREATE TABLE credentials (
    token_sha256 bytea PRIMARY KEY,
    principal_id uuid NOT NULL REFERENCES principals,
    valid_from   timestamptz NOT NULL,
    valid_to     timestamptz,
    revoked_at   timestamptz,
    -- To tell credentials apart in lists: the hash's last four digits. The token's own are not known here.
    last_four    text NOT NULL GENERATED ALWAYS AS (right(encode(token_sha256, 'hex'), 4)) STORED,
    -- A truncated hash would let other tokens in.
    CONSTRAINT credentials_hash_whole CHECK (octet_length(token_sha256) = 32),
    CONSTRAINT credentials_validity CHECK (valid_to > valid_from)
);
CREATE INDEX credentials_by_principal ON credentials (principal_id);

CREATE FUNCTION create_machine_token(principal_id uuid, name text, role text, token_sha256 bytea, at timestamptz)
    RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
BEGIN ATOMIC
    INSERT INTO public.principals (id, kind, name, roles, valid_from) VALUES ($1, 'machine', $2, ARRAY[$3], $5);
    INSERT INTO public.credentials (token_sha256, principal_id, valid_from) VALUES ($4, $1, $5);
END;

-- The API asks with a hash and gets one answer; it never sees the list.
CREATE FUNCTION principal_of_token(token_sha256 bytea, at timestamptz)
    RETURNS TABLE (id uuid, kind text, name text, roles text[], valid_from timestamptz, valid_to timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
BEGIN ATOMIC
    SELECT p.id, p.kind, p.name, p.roles, greatest(p.valid_from, c.valid_from), least(p.valid_to, c.valid_to)
    FROM public.credentials c JOIN public.principals p ON p.id = c.principal_id
    WHERE c.token_sha256 = $1 AND c.revoked_at IS NULL
      AND c.valid_from <= $2 AND (c.valid_to IS NULL OR $2 < c.valid_to)
      AND p.valid_from <= $2 AND (p.valid_to IS NULL OR $2 < p.valid_to);
END;
