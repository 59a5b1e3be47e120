SELECT
    -- as the fold has it: without accents, in small letters
    lower(regexp_replace(normalize(%(sought)s::text, NFD), '[\u0300-\u036f]', '', 'g')) AS words,
    (
        SELECT n.nspname
        FROM pg_extension AS e
        JOIN pg_namespace AS n
            ON n.oid = e.extnamespace
        WHERE e.extname = 'pg_trgm'
            AND has_schema_privilege(n.oid, 'USAGE')
    ) AS trigrams
