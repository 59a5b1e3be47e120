CREATE TABLE search (
    stream_id   uuid   NOT NULL,
    kind        text   NOT NULL,
    item        text   NOT NULL,
    stream_type text   NOT NULL,
    customer_id uuid   NOT NULL,
    position    bigint NOT NULL,
    text        text   NOT NULL,
    sought      text   NOT NULL,
    PRIMARY KEY (stream_id, kind, item)
);

CREATE INDEX search_of_customer ON search (customer_id);

-- Without the extension, or without the right to use it, every search reads the whole table.
DO $$
DECLARE
    trigrams text;
BEGIN
    SELECT extnamespace::regnamespace
    INTO trigrams
    FROM pg_extension
    WHERE extname = 'pg_trgm'
        AND has_schema_privilege(extnamespace, 'USAGE');
    IF trigrams IS NOT NULL THEN
        EXECUTE format('CREATE INDEX search_by_trigram ON search USING gin (sought %s.gin_trgm_ops)', trigrams);
        -- names are compared with each other, which is many times as fast where there is nothing else
        EXECUTE format(
            'CREATE INDEX search_of_customer_names ON search USING gin (sought %s.gin_trgm_ops)'
            ' WHERE kind = ''name'' AND stream_type = ''customer''',
            trigrams
        );
    END IF;
END
$$;
