-- Days of segments and segment_index. A DEFAULT partition takes what no day was made for, so that no insert ever fails.

CREATE TABLE segments_rest PARTITION OF segments DEFAULT;
CREATE TABLE segment_index_rest PARTITION OF segment_index DEFAULT WITH (toast_tuple_target = 8160);

-- Makes one day of one table, if it is not there, and moves what the default partition held of it. Attaching leaves
-- readers and writers of the parent alone, where CREATE TABLE … PARTITION OF would lock them out.
CREATE FUNCTION make_partition(parent text, day date) RETURNS boolean LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    child text := parent || '_' || to_char(day, 'YYYYMMDD');
    low   timestamptz := day::timestamp AT TIME ZONE 'UTC';
    high  timestamptz := (day + 1)::timestamp AT TIME ZONE 'UTC';
BEGIN
    IF to_regclass('public.' || child) IS NOT NULL THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE TABLE public.%I (LIKE public.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE)', child, parent);
    IF parent = 'segment_index' THEN
        -- A whole index in its row, not in pieces beside it, as long as it fits into a page: one read instead of three.
        EXECUTE format('ALTER TABLE public.%I SET (toast_tuple_target = 8160)', child);
    END IF;
    -- Held while rows move: a row that came into the default partition meanwhile would be missed.
    EXECUTE format('LOCK TABLE public.%I IN ACCESS EXCLUSIVE MODE', parent || '_rest');
    EXECUTE format('WITH moved AS (DELETE FROM public.%I WHERE from_at >= %L AND from_at < %L RETURNING *) INSERT INTO public.%I SELECT * FROM moved',
                   parent || '_rest', low, high, child);
    -- Lets ATTACH skip its own scan of the new table.
    EXECUTE format('ALTER TABLE public.%I ADD CONSTRAINT day CHECK (from_at IS NOT NULL AND from_at >= %L AND from_at < %L)', child, low, high);
    EXECUTE format('ALTER TABLE public.%I ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)', parent, child, low, high);
    EXECUTE format('ALTER TABLE public.%I DROP CONSTRAINT day', child);
    RETURN true;
END $$;

-- Days from first to last, both included. Returns how many partitions were made.
CREATE FUNCTION make_partitions(first_day date, last_day date) RETURNS integer LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    day  date;
    made integer := 0;
BEGIN
    FOR day IN SELECT generate_series(first_day, last_day, interval '1 day')::date LOOP
        CONTINUE WHEN to_regclass('public.segments_' || to_char(day, 'YYYYMMDD')) IS NOT NULL
                  AND to_regclass('public.segment_index_' || to_char(day, 'YYYYMMDD')) IS NOT NULL;
        IF made = 0 THEN
            -- One maker at a time, and all locks in one order before the first change: writers take runs before segments.
            PERFORM pg_advisory_xact_lock(hashtext('sluice.partitions'));
            LOCK TABLE streams, volumes, formats, runs IN SHARE ROW EXCLUSIVE MODE;
        END IF;
        made := made + make_partition('segments', day)::int + make_partition('segment_index', day)::int;
    END LOOP;
    RETURN made;
END $$;

-- What recorder and worker may call. Depends on nothing but `until`: the two weeks that end there. So a clock gone mad
-- makes 15 days that nobody needs, not a million.
CREATE FUNCTION ensure_partitions(until timestamptz) RETURNS integer LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET lock_timeout = '5s' AS $$
DECLARE
    last_day date := (until AT TIME ZONE 'UTC')::date;
BEGIN
    RETURN make_partitions(last_day - 14, last_day);
END $$;
