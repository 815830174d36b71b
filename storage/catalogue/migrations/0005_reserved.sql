-- Holds the number for a change that is made elsewhere at the same time. It goes when that one is merged.
SELECT 1;
