-- title: Response rate
-- area: campaigns
-- version: 1
-- question: What share of those whom our campaigns reached answered them?
-- unit: ratio
-- formula: members of campaigns who were first reached in the period and had responded by as_of / members who were first reached in the period
-- edge cases: a member counts once for each campaign, however many messages and answers there were; opening a message or following its link is no response; what came back was not delivered, unless it arrived later, and who had only such messages in the period is excluded and counted; a member and her response count for every channel that reached her; who responded in the period without any known delivery is told apart; each of a customer's people is a member, and so is the customer; merged customers are one
-- of nothing: null
-- source: the usual marketing definition, by members and not by messages
-- reads: campaign_member_at

-- counted: who was first reached in the period, or only in vain, and their first responses
SELECT
    m.campaign_id,
    m.customer_id,
    m.subject_id,
    event.position,
    event.is_member,
    m.state,
    m.responded_at IS NOT NULL AS has_responded,
    m.group_key,
    m.group_label
FROM (
    SELECT
        *,
        CASE
            WHEN reached_at IS NOT NULL THEN 'reached'
            WHEN responded_at IS NOT NULL THEN 'unreached'
            ELSE 'bounced'
        END AS state,
        coalesce(reached_at, responded_at, bounced_at) AS happened_at,
        coalesce(reached_position, responded_position, bounced_position) AS position
    FROM campaign_member_at
) AS m
CROSS JOIN LATERAL (VALUES
    (m.position, true),
    (CASE WHEN m.state = 'reached' THEN m.responded_position END, false)
) AS event (position, is_member)
WHERE m.happened_at >= %(period_from)s
    AND m.happened_at < %(period_to)s
    AND event.position IS NOT NULL

-- figure
SELECT
    group_key,
    max(group_label) AS group_label,
    round(
        (count(*) FILTER (WHERE state = 'reached' AND has_responded))::numeric / nullif(count(*) FILTER (WHERE state = 'reached'), 0),
        10
    ) AS value,
    count(*) FILTER (WHERE state = 'reached' AND has_responded) AS numerator,
    count(*) FILTER (WHERE state = 'reached') AS denominator,
    count(*) FILTER (WHERE state = 'reached') AS sample_size,
    count(*) FILTER (WHERE state = 'bounced') AS excluded,
    jsonb_build_object(
        'responded', count(*) FILTER (WHERE state = 'reached' AND has_responded),
        'responded_unreached', count(*) FILTER (WHERE state = 'unreached'),
        'bounced', count(*) FILTER (WHERE state = 'bounced')
    ) AS details
FROM counted
WHERE is_member
GROUP BY group_key
ORDER BY group_key
