(
    SELECT coalesce(jsonb_object_agg(field.key, field.value), '{{}}')
    FROM jsonb_each(custom_fields) AS field
    WHERE field.key IN (
        SELECT f.field_id
        FROM public.custom_field AS f
        WHERE f.noun = {noun}
            AND NOT f.is_personal
    )
)
