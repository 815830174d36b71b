-- Run before the numbered migrations on every start of `sluice migrate`, as the role that connected (the embedded
-- cluster's superuser, or on another server the database's owner with CREATEROLE). Everything here may run twice.
DO $$
DECLARE
    role_name text;
BEGIN
    FOREACH role_name IN ARRAY ARRAY['sluice_owner', 'sluice_recorder', 'sluice_worker', 'sluice_api', 'sluice_auditor'] LOOP
        BEGIN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) THEN
                EXECUTE format('CREATE ROLE %I %s NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS',
                               role_name, CASE role_name WHEN 'sluice_owner' THEN 'NOLOGIN' ELSE 'LOGIN' END);
            END IF;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;  -- somebody else migrates another database of this cluster at the same moment
        END;
    END LOOP;
    -- A service that could become owner or superuser would make every right below an empty word.
    FOR role_name IN
        SELECT rolname FROM pg_roles r
        WHERE rolname IN ('sluice_recorder', 'sluice_worker', 'sluice_api', 'sluice_auditor')
          AND (rolsuper OR rolcreaterole OR rolbypassrls OR pg_has_role(r.oid, 'sluice_owner', 'MEMBER'))
    LOOP
        RAISE EXCEPTION 'role % has more rights than a service may have (superuser, createrole, bypassrls or member of sluice_owner)',
            role_name USING ERRCODE = 'insufficient_privilege';
    END LOOP;
    IF NOT pg_has_role(current_user, 'sluice_owner', 'MEMBER') THEN
        EXECUTE format('GRANT sluice_owner TO %I', current_user);
    END IF;
END $$;

-- Exclusion constraints over (id, time range). The extension is trusted: a database's owner may create it. In a schema
-- of its own, so that the rights on `public` are those of our own tables and functions only.
CREATE SCHEMA IF NOT EXISTS extensions;
CREATE EXTENSION IF NOT EXISTS btree_gist WITH SCHEMA extensions;

DO $$
DECLARE
    db text := current_database();
BEGIN
    IF NOT has_schema_privilege('sluice_owner', 'public', 'CREATE') THEN
        GRANT USAGE, CREATE ON SCHEMA public TO sluice_owner;
        GRANT USAGE ON SCHEMA extensions TO sluice_owner;
    END IF;
    IF has_database_privilege('sluice_auditor', db, 'TEMPORARY') OR NOT has_database_privilege('sluice_recorder', db, 'CONNECT') THEN
        EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', db);
        EXECUTE format('GRANT CONNECT ON DATABASE %I TO sluice_recorder, sluice_worker, sluice_api, sluice_auditor', db);
    END IF;
END $$;

SET LOCAL ROLE sluice_owner;
CREATE TABLE IF NOT EXISTS public.schema_migrations (
    version    integer PRIMARY KEY CHECK (version >= 1),
    name       text NOT NULL,
    sha256     bytea NOT NULL CHECK (octet_length(sha256) = 32),
    applied_at timestamptz NOT NULL DEFAULT now()
);
