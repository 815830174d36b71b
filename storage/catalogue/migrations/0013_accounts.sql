-- Accounts: see the migration of that part.
SELECT 1;
