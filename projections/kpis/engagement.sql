-- title: Engagement
-- area: customers
-- version: 1
-- question: How often is a customer in touch with us?
-- unit: interactions
-- formula: interactions in the period, by as_of / customers who are active, at risk or won back at its end, or at as_of if that comes first; the median beside it, and silent: customers who had no interaction
-- edge cases: silent customers count, with 0; interactions of prospects and of customers who had left by then do not count; those on leads and tickets are the customer's too; a corrected interaction counts as it really was, and a retracted one not at all; notes count like any other kind and are told apart in by_kind; merged customers are one
-- of nothing: null
-- source: interactions per customer, as customer success teams report it
-- reads: customer_interaction_at

-- counted: the interactions of the customers there were, and what made the silent ones customers
SELECT
    customer_id,
    coalesce(position, customer_position) AS position,
    kind,
    direction,
    group_key,
    group_label
FROM customer_interaction_at

-- figure
SELECT
    group_key,
    max(group_label) AS group_label,
    round(sum(interactions)::numeric / nullif(count(*), 0), 10) AS value,
    sum(interactions)::bigint AS numerator,
    count(*) AS denominator,
    count(*) AS sample_size,
    0 AS excluded,
    jsonb_build_object(
        'median', percentile_cont(0.5) WITHIN GROUP (ORDER BY interactions::double precision),
        'silent', count(*) FILTER (WHERE interactions = 0),
        'silent_share', round((count(*) FILTER (WHERE interactions = 0))::numeric / nullif(count(*), 0), 10),
        'inbound', sum(inbound)::bigint,
        'outbound', sum(outbound)::bigint,
        'by_kind', jsonb_build_object(
            'call', jsonb_build_object('interactions', sum(calls)::bigint),
            'email', jsonb_build_object('interactions', sum(emails)::bigint),
            'meeting', jsonb_build_object('interactions', sum(meetings)::bigint),
            'note', jsonb_build_object('interactions', sum(notes)::bigint),
            'chat', jsonb_build_object('interactions', sum(chats)::bigint),
            'social', jsonb_build_object('interactions', sum(socials)::bigint),
            'web', jsonb_build_object('interactions', sum(webs)::bigint)
        )
    ) AS details
FROM (
    SELECT
        group_key,
        max(group_label) AS group_label,
        count(kind) AS interactions,
        count(*) FILTER (WHERE direction = 'inbound') AS inbound,
        count(*) FILTER (WHERE direction = 'outbound') AS outbound,
        count(*) FILTER (WHERE kind = 'call') AS calls,
        count(*) FILTER (WHERE kind = 'email') AS emails,
        count(*) FILTER (WHERE kind = 'meeting') AS meetings,
        count(*) FILTER (WHERE kind = 'note') AS notes,
        count(*) FILTER (WHERE kind = 'chat') AS chats,
        count(*) FILTER (WHERE kind = 'social') AS socials,
        count(*) FILTER (WHERE kind = 'web') AS webs
    FROM counted
    GROUP BY group_key, customer_id
) AS by_customer
GROUP BY group_key
ORDER BY group_key
