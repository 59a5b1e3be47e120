SELECT
    c.tables,
    EXISTS (
        SELECT
        FROM unnest(c.tables) AS name
        JOIN pg_depend AS d
            ON d.refclassid = 'pg_class'::regclass
            AND d.refobjid = to_regclass(quote_ident(c.schema_name) || '.' || quote_ident(name))
            -- what belongs to a table depends on it automatically
            AND d.deptype = 'n'
    ) AS is_used
FROM replay.checkpoint AS c
WHERE c.projection = %(projection)s
    AND c.schema_name = %(schema)s
