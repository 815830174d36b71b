-- Clips and pictures of a granted copy are handed out in its session, to its viewer's own account, and each is a row of
-- `deliveries` like the pieces of a viewing.

ALTER TABLE deliveries
    ADD COLUMN kind         text NOT NULL DEFAULT 'piece',
    ADD COLUMN copy_id      uuid REFERENCES copies,      -- that a clip or a picture belongs to
    ADD COLUMN principal_id uuid REFERENCES principals,  -- who asked with an account; null: with the session's token
    ALTER COLUMN segment_id DROP NOT NULL,
    ALTER COLUMN first_fragment DROP NOT NULL,
    ALTER COLUMN end_fragment DROP NOT NULL,
    ADD CONSTRAINT deliveries_kind_known CHECK (kind IN ('piece', 'clip', 'snapshot')),
    ADD CONSTRAINT deliveries_kind_whole CHECK (CASE kind
        WHEN 'piece' THEN num_nonnulls(segment_id, first_fragment, end_fragment) = 3 AND copy_id IS NULL
        ELSE num_nonnulls(segment_id, first_fragment, end_fragment) = 0 AND num_nonnulls(copy_id, principal_id) = 2 END);

-- The last look, whatever the program thought: a grant that is in force, of the right kind and needs no mask, an escort who is
-- there, a viewer who has come, and not a microsecond outside what was granted. Who asks with an account is that viewer; a copy's
-- custodian has ordered it in this session. The session's row is locked, so that an end or a look at all deliveries waits for this
-- one, and this one for the end.
CREATE OR REPLACE FUNCTION deliveries_allowed() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    session viewing_sessions;
BEGIN
    SELECT * INTO session FROM viewing_sessions s WHERE s.id = NEW.session_id FOR SHARE;
    PERFORM FROM grants g JOIN requests r ON r.id = g.request_id JOIN request_slots t ON t.id = session.slot_id
    WHERE g.id = session.grant_id AND g.kind = CASE NEW.kind WHEN 'piece' THEN 'view' ELSE 'copy' END
      AND NOT g.is_masked AND g.revoked_at IS NULL AND NEW.at < g.valid_to
      AND r.state = 'in_session' AND t.from_at <= NEW.at AND NEW.at < t.to_at
      AND session.ended_at IS NULL AND session.joined_at <= NEW.at AND NEW.at < session.presence_to
      AND (NEW.principal_id IS NULL OR NEW.principal_id = session.viewer_id)
      AND (NEW.kind = 'piece' OR EXISTS (SELECT FROM copies c WHERE c.id = NEW.copy_id AND c.session_id = session.id
           AND c.grant_id = g.id AND c.failed_at IS NULL));
    IF NOT FOUND THEN
        RAISE EXCEPTION 'nothing plays without grant, escort and viewer'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'deliveries_escorted';
    END IF;
    PERFORM FROM grant_items i WHERE i.grant_id = session.grant_id AND i.camera_id = NEW.camera_id AND i.stream = NEW.stream
    HAVING range_agg(tstzrange(i.from_at, i.to_at)) @> tstzrange(NEW.from_at, NEW.to_at);
    IF NOT FOUND THEN
        RAISE EXCEPTION 'nothing plays outside the granted interval'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'deliveries_granted';
    END IF;
    RETURN NEW;
END $$;

-- Whoever asks for footage is looked up with each request.
CREATE INDEX request_slots_by_viewer ON request_slots (viewer_id, request_id) WHERE viewer_id IS NOT NULL;
