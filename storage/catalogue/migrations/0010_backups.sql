-- Which backups there are, by the tool that makes them. A row says that the backup was there at that time, not that it is.
CREATE TABLE backups (
    id              uuid PRIMARY KEY,
    made_at         timestamptz NOT NULL,
    folder          text NOT NULL,
    bytes           bigint NOT NULL,
    manifest_sha256 bytea NOT NULL,
    verified_at     timestamptz,  -- restored into a database of its own and counted
    CONSTRAINT backups_folder_absolute CHECK (folder LIKE '/%'),
    CONSTRAINT backups_whole CHECK (bytes > 0 AND octet_length(manifest_sha256) = 32),
    CONSTRAINT backups_verified_after_made CHECK (verified_at >= made_at)
);
CREATE INDEX backups_newest ON backups (made_at DESC);

-- The tool makes backups as sluice_super; nobody else writes here.
GRANT SELECT ON backups TO sluice_worker, sluice_api, sluice_auditor;
