-- What a migration would say if `lead.captured` had once called its source `origin` and kept its title in the form.

CREATE OR REPLACE FUNCTION log.upcast_data(type text, schema_version smallint, data jsonb)
RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN type = 'lead.captured' AND schema_version < 2
            THEN jsonb_set_lax(data - 'origin', '{source}', data->'origin', true, 'return_target')
        ELSE data
    END
$$;

CREATE OR REPLACE FUNCTION log.upcast_personal(type text, schema_version smallint, personal jsonb)
RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN type = 'lead.captured' AND schema_version < 2
            THEN jsonb_set_lax(personal #- '{form,title}', '{title}', personal->'form'->'title', true, 'return_target')
        ELSE personal
    END
$$;
