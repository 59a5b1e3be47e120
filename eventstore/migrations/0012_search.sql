-- Search forgives typing errors by the trigrams of Postgres' own extension pg_trgm. Where that is not there, or this login
-- may not add it, search finds what is written exactly; once somebody has added it, `crm replay search` makes use of it.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_trgm')
        AND EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_trgm')
    THEN
        CREATE SCHEMA trigram;
        CREATE EXTENSION pg_trgm SCHEMA trigram;
    END IF;
EXCEPTION
    WHEN insufficient_privilege THEN
        RAISE NOTICE 'pg_trgm was not added: this login may not';
END
$$;
