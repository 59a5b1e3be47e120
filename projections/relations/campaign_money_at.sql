-- question: What did campaigns cost in the period, and what was won through them, as far as as_of?
-- reads: campaign_spending campaign campaign_contact lead_stage_interval lead workspace_member
-- groups: campaign kind owner
-- parameter attribution: first; one of first last_response; to which campaign a won deal goes: the one it was captured from, or the one that the customer answered last before it was won

-- One row per cost and per won deal that goes to a campaign. What a deal is worth is what it is at as_of; the campaign's
-- name, kind and owner are today's.
SELECT
    money.*,
    CASE %(group_by)s::text
        WHEN 'campaign' THEN money.campaign_id::text
        WHEN 'kind' THEN c.kind
        WHEN 'owner' THEN c.owner_id::text
    END AS group_key,
    CASE %(group_by)s::text
        WHEN 'campaign' THEN c.name
        WHEN 'kind' THEN c.kind
        WHEN 'owner' THEN m.name
    END AS group_label
FROM (
    SELECT
        campaign_id,
        position,
        'spent' AS kind,
        amount,
        currency
    FROM campaign_spending
    WHERE spent_at >= %(period_from)s
        AND spent_at < %(period_to)s
        AND spent_at <= %(as_of)s
    UNION ALL
    SELECT
        attributed.campaign_id,
        i.status_position AS position,
        'won' AS kind,
        i.amount,
        i.currency
    FROM lead_stage_interval AS i
    JOIN lead AS l
        ON l.lead_id = i.lead_id
    CROSS JOIN LATERAL (
        SELECT CASE %(attribution)s::text
            WHEN 'first' THEN l.campaign_id
            ELSE (
                SELECT answer.campaign_id
                FROM campaign_contact AS answer
                WHERE answer.customer_id = i.customer_id
                    AND answer.kind = 'responded'
                    AND answer.happened_at <= i.status_since
                ORDER BY answer.happened_at DESC, answer.position DESC
                LIMIT 1
            )
        END
    ) AS attributed (campaign_id)
    WHERE i.status = 'won'
        AND i.status_since >= %(period_from)s
        AND i.status_since < %(period_to)s
        AND i.valid_from <= %(as_of)s
        AND (i.valid_to IS NULL OR i.valid_to > %(as_of)s)
        AND attributed.campaign_id IS NOT NULL
) AS money
LEFT JOIN campaign AS c
    ON c.campaign_id = money.campaign_id
LEFT JOIN workspace_member AS m
    ON m.member_id = c.owner_id

-- span
SELECT
    min(spent_at) AS first_at,
    max(spent_at) AS last_at
FROM campaign_spending
WHERE spent_at <= %(as_of)s
