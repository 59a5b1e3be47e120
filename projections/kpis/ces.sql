-- title: Customer effort score
-- area: support
-- version: 1
-- question: How much effort did it take customers to get what they needed?
-- unit: score
-- formula: the mean of the answers of 1 to 7 that were given in the period by as_of; the median and the number of each answer beside it; response_rate: customers for whom a ticket was solved in the period and who answered in it / customers for whom a ticket was solved in the period
-- edge cases: none answered gives null; each answer counts; answers off the scale are excluded and counted; whether more is better depends on how the survey asked; merged customers are one, and merged tickets and spam were not solved
-- of nothing: null
-- source: the customer effort score on a scale of seven
-- reads: survey_answer_at

-- counted: the answers that were given in the period
SELECT
    customer_id,
    position,
    score,
    score BETWEEN 1 AND 7 AS is_on_scale,
    group_key,
    group_label
FROM survey_answer_at
WHERE survey = 'ces'

-- figure
SELECT
    group_key,
    max(group_label) AS group_label,
    round(avg(score) FILTER (WHERE is_on_scale), 10) AS value,
    sum(score) FILTER (WHERE is_on_scale) AS numerator,
    count(*) FILTER (WHERE is_on_scale) AS denominator,
    count(*) FILTER (WHERE is_on_scale) AS sample_size,
    count(*) FILTER (WHERE NOT is_on_scale) AS excluded,
    jsonb_build_object(
        'median', percentile_cont(0.5) WITHIN GROUP (ORDER BY score::double precision) FILTER (WHERE is_on_scale),
        'customers', count(DISTINCT customer_id) FILTER (WHERE is_on_scale),
        'solved', count(DISTINCT customer_id) FILTER (WHERE is_solved),
        'rated', count(DISTINCT customer_id) FILTER (WHERE is_solved AND has_answered),
        'response_rate', round(
            (count(DISTINCT customer_id) FILTER (WHERE is_solved AND has_answered))::numeric
            / nullif(count(DISTINCT customer_id) FILTER (WHERE is_solved), 0),
            10
        ),
        'by_score', jsonb_build_object(
            '1', jsonb_build_object('answers', count(*) FILTER (WHERE score = 1)),
            '2', jsonb_build_object('answers', count(*) FILTER (WHERE score = 2)),
            '3', jsonb_build_object('answers', count(*) FILTER (WHERE score = 3)),
            '4', jsonb_build_object('answers', count(*) FILTER (WHERE score = 4)),
            '5', jsonb_build_object('answers', count(*) FILTER (WHERE score = 5)),
            '6', jsonb_build_object('answers', count(*) FILTER (WHERE score = 6)),
            '7', jsonb_build_object('answers', count(*) FILTER (WHERE score = 7))
        )
    ) AS details
FROM (
    SELECT
        customer_id,
        score,
        is_on_scale,
        false AS is_solved,
        false AS has_answered,
        group_key,
        group_label
    FROM counted
    UNION ALL
    SELECT
        s.customer_id,
        NULL AS score,
        NULL AS is_on_scale,
        true AS is_solved,
        EXISTS (SELECT FROM counted WHERE counted.customer_id = s.customer_id AND counted.is_on_scale) AS has_answered,
        s.group_key,
        s.group_label
    FROM survey_answer_at AS s
    WHERE s.survey IS NULL
) AS one
GROUP BY group_key
ORDER BY group_key
