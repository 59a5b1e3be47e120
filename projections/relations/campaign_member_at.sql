-- question: Whom had each campaign reached by as_of, and who had answered it?
-- reads: campaign_contact campaign customer_profile
-- groups: campaign channel kind segment

-- One row per member of a campaign, or with group_by channel one per member and channel that ever reached her: a contact
-- person, or the customer herself. Reached is whose message stood as delivered at as_of. Only campaigns that reached anybody, or
-- tried to, in the period. The campaign's name and kind and the customer's segment are today's.
WITH told AS (
    SELECT *
    FROM campaign_contact
    WHERE happened_at <= %(as_of)s
        AND (ended_at IS NULL OR ended_at > %(as_of)s)
        AND campaign_id IN (
            SELECT c.campaign_id
            FROM campaign_contact AS c
            WHERE c.happened_at >= %(period_from)s
                AND c.happened_at < %(period_to)s
        )
), member AS (
    SELECT
        campaign_id,
        customer_id,
        subject_id,
        min(happened_at) FILTER (WHERE kind = 'delivered') AS reached_at,
        (array_agg(position ORDER BY happened_at, position) FILTER (WHERE kind = 'delivered'))[1] AS reached_position,
        min(happened_at) FILTER (WHERE kind = 'bounced') AS bounced_at,
        (array_agg(position ORDER BY happened_at, position) FILTER (WHERE kind = 'bounced'))[1] AS bounced_position,
        min(happened_at) FILTER (WHERE kind = 'responded') AS responded_at,
        (array_agg(position ORDER BY happened_at, position) FILTER (WHERE kind = 'responded'))[1] AS responded_position,
        array_agg(DISTINCT channel) FILTER (WHERE kind = 'delivered') AS channels
    FROM told
    GROUP BY campaign_id, customer_id, subject_id
)
SELECT
    m.campaign_id,
    m.customer_id,
    m.subject_id,
    m.reached_at,
    m.reached_position,
    m.bounced_at,
    m.bounced_position,
    m.responded_at,
    m.responded_position,
    CASE %(group_by)s::text
        WHEN 'campaign' THEN m.campaign_id::text
        WHEN 'channel' THEN reach.channel
        WHEN 'kind' THEN c.kind
        WHEN 'segment' THEN p.segment
    END AS group_key,
    CASE %(group_by)s::text
        WHEN 'campaign' THEN c.name
        WHEN 'channel' THEN reach.channel
        WHEN 'kind' THEN c.kind
        WHEN 'segment' THEN p.segment
    END AS group_label
FROM member AS m
CROSS JOIN LATERAL unnest(CASE %(group_by)s::text
    WHEN 'channel' THEN coalesce(m.channels, ARRAY[NULL::text])
    ELSE ARRAY[NULL::text]
END) AS reach (channel)
LEFT JOIN campaign AS c
    ON c.campaign_id = m.campaign_id
LEFT JOIN customer_profile AS p
    ON p.customer_id = m.customer_id

-- span
SELECT
    min(happened_at) AS first_at,
    max(happened_at) AS last_at
FROM campaign_contact
WHERE happened_at <= %(as_of)s
