SELECT log.append(
    ARRAY[customer_id],
    (
        '[{"stream_type": "lead", "version": 1, "type": "lead.captured", "schema_version": 1, "data": {"source": "web", '
        '"stage": "new", "inbound": true, "pipeline": "default", "pipeline_version": 1, "probability": "0.1"}, '
        '"personal": {"title": "Ten seats for the workshop"}, "actor": {"id": "00000000-0000-0000-0000-000000000002", '
        '"kind": "api_key"}, "metadata": {"channel": "api"}, "part_id": null, "occurred_at": null, "customer_id": "'
        || customer_id || '", "subject_id": "' || customer_id || '", "stream_id": "' || gen_random_uuid()
        || '", "event_id": "' || gen_random_uuid() || '"}]'
    )::jsonb,
    customer_id,
    gen_random_uuid(),
    '\x3031323334353637383930313233343536373839303132333435363738393031',
    '[]'
)
FROM gen_random_uuid() AS customer_id;
