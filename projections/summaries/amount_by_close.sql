-- What open deals come to: by currency, because currencies are not added up, and by the month in which they are expected to
-- be closed. `counted` gives what each is `worth`, null where that is not known, its `expected_close`, and if it `is_overdue`.
SELECT
    group_key,
    max(group_label) AS group_label,
    CASE WHEN max(currencies) FILTER (WHERE facet = 'all') = 1 THEN max(one_worth) FILTER (WHERE facet = 'all') END AS value,
    NULL::numeric AS numerator,
    NULL::numeric AS denominator,
    coalesce(sum(priced) FILTER (WHERE facet = 'all'), 0)::bigint AS sample_size,
    coalesce(sum(leads - priced) FILTER (WHERE facet = 'all'), 0)::bigint AS excluded,
    jsonb_build_object(
        'by_currency', (jsonb_agg(told) FILTER (WHERE facet = 'all'))->0,
        'overdue', coalesce(
            (jsonb_agg(jsonb_build_object('leads', leads, 'value', worths)) FILTER (WHERE facet = 'overdue'))->0,
            '{"leads": 0, "value": {}}'
        ),
        'by_expected_close', jsonb_agg(jsonb_build_object('month', month, 'leads', leads, 'value', worths) ORDER BY month)
            FILTER (WHERE facet = 'month')
    ) AS details
FROM (
    SELECT
        group_key,
        max(group_label) AS group_label,
        facet,
        month,
        sum(leads) AS leads,
        sum(priced) AS priced,
        count(worth) AS currencies,
        max(worth) AS one_worth,
        coalesce(jsonb_object_agg(currency, worth) FILTER (WHERE worth IS NOT NULL), '{}') AS worths,
        coalesce(
            jsonb_object_agg(currency, jsonb_build_object('value', worth, 'deals', priced)) FILTER (WHERE worth IS NOT NULL), '{}'
        ) AS told
    FROM (
        SELECT
            counted.group_key,
            max(counted.group_label) AS group_label,
            split.facet,
            split.month,
            counted.currency,
            count(*) AS leads,
            count(counted.worth) AS priced,
            round(sum(counted.worth), 6) AS worth
        FROM counted
        CROSS JOIN LATERAL (VALUES
            ('all', NULL, true),
            ('overdue', NULL, counted.is_overdue),
            ('month', to_char(counted.expected_close, 'YYYY-MM'), true)
        ) AS split (facet, month, is_in)
        WHERE split.is_in
        GROUP BY counted.group_key, split.facet, split.month, counted.currency
    ) AS by_currency
    GROUP BY group_key, facet, month
) AS by_facet
GROUP BY group_key
ORDER BY group_key
