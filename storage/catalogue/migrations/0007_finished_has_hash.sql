-- I9: a finished file is known by its hash. The first form of this constraint let a null through: a check that comes out as
-- null counts as kept.
ALTER TABLE segments DROP CONSTRAINT segments_finished_is_whole;
ALTER TABLE segments ADD CONSTRAINT segments_finished_is_whole CHECK (state <> 'finished' OR
    (sha256 IS NOT NULL AND octet_length(sha256) = 32 AND to_at > from_at AND samples > 0 AND path NOT LIKE '%.part'));
