-- title: Net promoter score
-- area: customers
-- version: 1
-- question: How many more would recommend us than would not?
-- unit: points
-- formula: 100 * (promoters - detractors) / answers, from -100 to 100: promoters answered 9 or 10, detractors 0 to 6, in the period by as_of; low and high: the interval that holds the score of all customers in 95 of 100 such samples, by the normal approximation
-- edge cases: none answered gives null; of a person who answers again within window_days only the later answer counts, as long as it is in the period; each of a customer's people has a voice, and so has the customer; answers off the scale of 0 to 10 are excluded and counted; with few answers the interval is too narrow, and it has no width where all answer alike; merged customers are one
-- of nothing: null
-- parameter window_days: 90; from 0 to 3650; days within which a person who answers again has thought again
-- source: net promoter score as Reichheld defined it
-- reads: survey_answer_at

-- counted: the last answers of each person in the period
SELECT
    *
FROM (
    SELECT
        subject_id,
        position,
        score,
        lead(answered_at) OVER (
            PARTITION BY customer_id, subject_id
            ORDER BY answered_at, position
        ) - answered_at <= make_interval(secs => (%(window_days)s * 86400)::double precision) AS is_superseded,
        group_key,
        group_label
    FROM survey_answer_at
    WHERE survey = 'nps'
        AND score BETWEEN 0 AND 10
    UNION ALL
    SELECT
        subject_id,
        position,
        NULL AS score,
        false AS is_superseded,
        group_key,
        group_label
    FROM survey_answer_at
    WHERE survey = 'nps'
        AND score NOT BETWEEN 0 AND 10
) AS answered
WHERE is_superseded IS NOT TRUE

-- figure
SELECT
    group_key,
    group_label,
    round(100 * score, 6) AS value,
    (promoters - detractors)::numeric AS numerator,
    answers::numeric AS denominator,
    answers AS sample_size,
    excluded,
    jsonb_build_object(
        'promoters', promoters,
        'passives', answers - promoters - detractors,
        'detractors', detractors,
        'low', round(100 * greatest(score - margin, -1), 6),
        'high', round(100 * least(score + margin, 1), 6),
        'margin', round(100 * margin, 6)
    ) AS details
FROM (
    SELECT
        *,
        -- 1.96 standard errors to each side
        1.959964 * sqrt(greatest((promoters + detractors)::numeric / nullif(answers, 0) - score * score, 0) / nullif(answers, 0)) AS margin
    FROM (
        SELECT
            group_key,
            max(group_label) AS group_label,
            count(*) FILTER (WHERE score >= 9) AS promoters,
            count(*) FILTER (WHERE score <= 6) AS detractors,
            count(score) AS answers,
            count(*) - count(score) AS excluded,
            (count(*) FILTER (WHERE score >= 9) - count(*) FILTER (WHERE score <= 6))::numeric / nullif(count(score), 0) AS score
        FROM counted
        GROUP BY group_key
    ) AS summed
) AS scored
ORDER BY group_key
