-- Received files are read again like segments: what is found wrong with one stays known.
ALTER TABLE originals ADD COLUMN damage text;
ALTER TABLE originals ADD COLUMN damaged_at timestamptz;
ALTER TABLE originals ADD CONSTRAINT originals_damage_known CHECK (damage IN ('content', 'lost'));
ALTER TABLE originals ADD CONSTRAINT originals_damage_dated CHECK ((damage IS NULL) = (damaged_at IS NULL));

-- The first mark stays: whatever is found later, the file was not what came from then on.
CREATE FUNCTION mark_original(clip uuid, damage text, at timestamptz) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
BEGIN ATOMIC
    UPDATE public.originals o SET damage = $2, damaged_at = $3 WHERE o.id = $1 AND o.damage IS NULL;
END;

-- A camera whose machine account is over goes on under another one of the contractor's. What it says is a proposal again, beside what
-- is in force. False: its own account is still good, or the other one is no contractor's.
CREATE FUNCTION take_over_contractor_camera(camera uuid, machine uuid, at timestamptz) RETURNS boolean LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE contractor_cameras k SET principal_id = machine, changed_at = at, revision = k.revision + 1,
        state = CASE WHEN k.state = 'refused' THEN k.state ELSE 'proposed' END
    FROM principals former LEFT JOIN accounts a ON a.id = former.id
    WHERE k.id = camera AND former.id = k.principal_id AND former.id <> machine AND (former.valid_to <= at OR a.departed_at <= at)
      AND EXISTS (SELECT FROM principals p WHERE p.id = machine AND 'contractor' = ANY (p.roles) AND (p.valid_to IS NULL OR at < p.valid_to));
    RETURN FOUND;
END $$;

-- ---- rights; tests/pg/rights_test.cpp holds the same, written by hand

GRANT EXECUTE ON FUNCTION mark_original(uuid, text, timestamptz) TO sluice_worker;
GRANT EXECUTE ON FUNCTION take_over_contractor_camera(uuid, uuid, timestamptz) TO sluice_api;
