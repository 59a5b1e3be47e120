-- Of what was there at the start, how much a part of it is: by currency, because currencies are not added up. `counted` gives
-- `opening` and `part` of each row, null where it brings nothing to one of them, and what the part is called.
SELECT
    group_key,
    max(group_label) AS group_label,
    CASE WHEN count(*) = 1 THEN round(max(part) / nullif(max(opening), 0), 10) END AS value,
    CASE WHEN count(*) = 1 THEN max(part) END AS numerator,
    CASE WHEN count(*) = 1 THEN max(opening) END AS denominator,
    sum(customers)::bigint AS sample_size,
    0 AS excluded,
    jsonb_build_object(
        'by_currency', jsonb_object_agg(currency, jsonb_build_object(
            'value', round(part / nullif(opening, 0), 10),
            'opening', opening,
            part_name, part,
            'customers', customers
        ))
    ) AS details
FROM (
    SELECT
        group_key,
        max(group_label) AS group_label,
        currency,
        max(part_name) AS part_name,
        coalesce(sum(opening), 0) AS opening,
        coalesce(sum(part), 0) AS part,
        count(*) FILTER (WHERE opening > 0) AS customers
    FROM (
        SELECT
            group_key,
            max(group_label) AS group_label,
            currency,
            customer_id,
            max(part_name) AS part_name,
            sum(opening) AS opening,
            sum(part) AS part
        FROM counted
        GROUP BY group_key, currency, customer_id
    ) AS by_customer
    GROUP BY group_key, currency
) AS by_currency
GROUP BY group_key
ORDER BY group_key
