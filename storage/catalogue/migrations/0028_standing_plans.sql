-- Asked at every request. PostgreSQL plans the body of a function in SQL anew for each statement that calls it; one in
-- PL/pgSQL keeps its plans for the session. The answer is the one that 0023 defined.

CREATE OR REPLACE FUNCTION standing_of(principal uuid, at timestamptz)
    RETURNS TABLE (is_bootstrap boolean, is_departed boolean, is_shut boolean, unit text, cameras uuid[], live_until timestamptz,
        lent_roles text[], roles text[])
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY SELECT NOT h.has, coalesce(a.departed_at <= $2, false),
        coalesce(a.disabled_at <= $2, false) OR coalesce(h.has AND p.kind = 'person' AND a.id IS NULL, false),
        coalesce(a.unit, ''),
        coalesce(a.cameras, '{}') || ARRAY(
            SELECT c.id FROM public.contractor_cameras k JOIN public.cameras c ON c.slug = k.slug
            WHERE k.principal_id = $1 AND k.in_force IS NOT NULL AND c.retired_at IS NULL),
        (SELECT max(l.valid_to) FROM public.live_approvals l
         WHERE l.account_id = $1 AND l.revoked_at IS NULL AND l.valid_from <= $2 AND $2 < l.valid_to),
        coalesce((SELECT array_agg(DISTINCT d.role ORDER BY d.role) FROM public.delegations d
         JOIN public.accounts f ON f.id = d.from_id JOIN public.principals q ON q.id = f.id
         WHERE d.to_id = $1 AND d.revoked_at IS NULL AND d.valid_from <= $2 AND $2 < d.valid_to
           -- Nobody lends what he has no more.
           AND d.role = ANY (q.roles) AND f.departed_at IS NULL AND f.disabled_at IS NULL
           AND q.valid_from <= $2 AND (q.valid_to IS NULL OR $2 < q.valid_to)), '{}'),
        coalesce(p.roles, '{}')
    FROM (SELECT EXISTS (SELECT FROM public.accounts e JOIN public.principals w ON w.id = e.id WHERE w.kind = 'person') AS has) h
    LEFT JOIN public.principals p ON p.id = $1
    LEFT JOIN public.accounts a ON a.id = $1;
END;
$$;
