INSERT INTO public.projected_lead (
    lead_id,
    version,
    status,
    title,
    source,
    pipeline,
    stage,
    owner_id,
    team,
    amount,
    currency,
    product_ids,
    recycled_until,
    merged_into
)
VALUES (
    %(lead_id)s,
    %(version)s,
    %(status)s,
    %(title)s,
    %(source)s,
    %(pipeline)s,
    %(stage)s,
    %(owner_id)s,
    %(team)s,
    %(amount)s,
    %(currency)s,
    %(product_ids)s,
    %(recycled_until)s,
    %(merged_into)s
)
ON CONFLICT (lead_id) DO UPDATE
SET
    version = excluded.version,
    status = excluded.status,
    title = excluded.title,
    source = excluded.source,
    pipeline = excluded.pipeline,
    stage = excluded.stage,
    owner_id = excluded.owner_id,
    team = excluded.team,
    amount = excluded.amount,
    currency = excluded.currency,
    product_ids = excluded.product_ids,
    recycled_until = excluded.recycled_until,
    merged_into = excluded.merged_into
