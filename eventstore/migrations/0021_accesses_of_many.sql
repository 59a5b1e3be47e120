-- An answer may show many customers, as a list does: one row for it, and not one for each of them.

DROP TRIGGER personal_access_is_append_only ON access.personal_access;
ALTER TABLE access.personal_access RENAME TO personal_access_before;
ALTER INDEX access.personal_access_pkey RENAME TO personal_access_before_pkey;

CREATE TABLE access.personal_access (
    request_id  uuid        NOT NULL,
    accessed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor       jsonb       NOT NULL,
    way         text        NOT NULL,
    customers   uuid[]      NOT NULL
);

CREATE INDEX personal_access_to ON access.personal_access USING gin (customers);

INSERT INTO access.personal_access (request_id, accessed_at, actor, way, customers)
SELECT
    request_id,
    min(accessed_at),
    actor,
    way,
    array_agg(customer_id ORDER BY customer_id)
FROM access.personal_access_before
GROUP BY request_id, actor, way;

DROP TABLE access.personal_access_before;

CREATE TRIGGER personal_access_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON access.personal_access
    FOR EACH STATEMENT EXECUTE FUNCTION access.refuse_change();
