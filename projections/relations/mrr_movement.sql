-- question: How did what customers pay a month change, up to the end of the period?
-- reads: subscription_movement customer_profile workspace_member
-- groups: currency owner segment source team

-- One row per event that made a movement; the amount stands at the first of them, the others bring 0. The days are those
-- of the zone: a movement holds from the beginning of its day. Owner, team, segment and source are today's.
SELECT
    m.customer_id,
    m.currency,
    m.kind,
    m.effective_on,
    m.effective_on < (%(period_from)s AT TIME ZONE %(zone)s)::date AS is_before,
    told.position,
    CASE WHEN told.number = 1 THEN m.amount ELSE 0 END AS amount,
    CASE %(group_by)s::text
        WHEN 'currency' THEN m.currency
        WHEN 'owner' THEN p.owner_id::text
        WHEN 'segment' THEN p.segment
        WHEN 'source' THEN p.source
        WHEN 'team' THEN p.team
    END AS group_key,
    CASE %(group_by)s::text
        WHEN 'currency' THEN m.currency
        WHEN 'owner' THEN w.name
        WHEN 'segment' THEN p.segment
        WHEN 'source' THEN p.source
        WHEN 'team' THEN p.team
    END AS group_label
FROM subscription_movement AS m
CROSS JOIN LATERAL unnest(m.positions) WITH ORDINALITY AS told (position, number)
LEFT JOIN customer_profile AS p
    ON p.customer_id = m.customer_id
LEFT JOIN workspace_member AS w
    ON w.member_id = p.owner_id
WHERE m.effective_on <= (%(as_of)s AT TIME ZONE %(zone)s)::date
    AND m.effective_on < (%(period_to)s AT TIME ZONE %(zone)s)::date

-- span
SELECT
    min(effective_on)::timestamp AT TIME ZONE 'UTC' AS first_at,
    max(effective_on)::timestamp AT TIME ZONE 'UTC' AS last_at
FROM subscription_movement
WHERE effective_on <= (%(as_of)s AT TIME ZONE 'UTC')::date
