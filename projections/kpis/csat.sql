-- title: Customer satisfaction
-- area: support
-- version: 1
-- question: What share of the customers who answered were content?
-- unit: ratio
-- formula: answers of 4 and 5 / all answers of 1 to 5, given in the period, about a ticket or in a survey; response_rate: tickets that were solved in the period and rated by as_of / tickets solved in the period
-- edge cases: none answered gives null; of a ticket only the last rating by as_of counts, and in the period in which it was given; ratings of merged tickets and of spam do not count
-- of nothing: null
-- source: CSAT as the top two of five
-- reads: csat_answer_at

-- counted: the answers that were given in the period
SELECT
    ticket_id,
    position,
    score,
    group_key,
    group_label
FROM csat_answer_at
WHERE answered_at >= %(period_from)s
    AND answered_at < %(period_to)s

-- figure
SELECT
    group_key,
    max(group_label) AS group_label,
    round(coalesce(sum(answers) FILTER (WHERE score >= 4), 0) / nullif(sum(answers), 0), 10) AS value,
    coalesce(sum(answers) FILTER (WHERE score >= 4), 0)::bigint AS numerator,
    coalesce(sum(answers), 0)::bigint AS denominator,
    coalesce(sum(answers), 0)::bigint AS sample_size,
    0 AS excluded,
    jsonb_build_object(
        'solved', sum(solved)::bigint,
        'rated', sum(rated)::bigint,
        'response_rate', round(sum(rated) / nullif(sum(solved), 0), 10),
        'by_score', coalesce(jsonb_object_agg(score, jsonb_build_object('answers', answers)) FILTER (WHERE answers > 0), '{}')
    ) AS details
FROM (
    SELECT
        group_key,
        max(group_label) AS group_label,
        score,
        sum(answers) AS answers,
        sum(solved) AS solved,
        sum(rated) AS rated
    FROM (
        SELECT
            group_key,
            group_label,
            score,
            1 AS answers,
            0 AS solved,
            0 AS rated
        FROM counted
        UNION ALL
        SELECT
            group_key,
            group_label,
            NULL AS score,
            0 AS answers,
            1 AS solved,
            (score IS NOT NULL)::integer AS rated
        FROM csat_answer_at
        WHERE is_solved
    ) AS one
    GROUP BY group_key, score
) AS by_score
GROUP BY group_key
ORDER BY group_key
