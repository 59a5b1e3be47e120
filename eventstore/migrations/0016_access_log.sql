-- Who has seen what is personal about whom. Reading is no part of a customer's history, so it stands beside the log. Only
-- ids, moments and names of routes: nothing here is personal, and an erasure leaves it.

CREATE TABLE access.personal_access (
    customer_id uuid        NOT NULL,
    request_id  uuid        NOT NULL,
    accessed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor       jsonb       NOT NULL,
    way         text        NOT NULL,
    PRIMARY KEY (customer_id, request_id)
);

CREATE FUNCTION access.refuse_change() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'the record of accesses is append-only: % on %.% is refused', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER personal_access_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON access.personal_access
    FOR EACH STATEMENT EXECUTE FUNCTION access.refuse_change();
