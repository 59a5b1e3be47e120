-- title: Customer health
-- area: customers
-- version: 1
-- question: How well do customers stand with us?
-- unit: score
-- formula: the mean score of the customers who are active, at risk or won back at the end of the period, or at as_of if that comes first. The rule health@1 gives 25, 10 or 0 points for each of four signals: contact: the last interaction is at most contact_days ago, at most three times as long, or longer; promises: none, one or more of the unsolved tickets have a broken promise; rating: the mean of the ratings of rating_days is at least 4, at least 3, or less; revenue: over trend_days what is paid a month did not fall, fell, or ended. The score is 100 * points / the most that the known signals could give
-- edge cases: a signal of which nothing is known does not count: who was not asked has no rating, and who does not subscribe no revenue; who never was in touch has 0 for contact; in several currencies revenue fell where it fell in any; healthy is from 70 on, watch from 40 on, at risk below; details say for each signal how many customers had which points; merged customers are one
-- of nothing: null
-- source: our own rule, health@1
-- judged: at a moment
-- reads: customer_health_at

-- counted: the customers there were, what made them so, and what each signal was seen by
SELECT
    h.customer_id,
    told.position,
    told.number = 1 AS is_customer,
    contact,
    promises,
    rating,
    revenue,
    100.0 * (contact + promises + coalesce(rating, 0) + coalesce(revenue, 0)) / (25 * num_nonnulls(contact, promises, rating, revenue)) AS score,
    group_key,
    group_label
FROM customer_health_at AS h
CROSS JOIN LATERAL unnest(positions) WITH ORDINALITY AS told (position, number)

-- figure
SELECT
    group_key,
    max(group_label) AS group_label,
    round(avg(score), 6) AS value,
    round(sum(score), 6) AS numerator,
    count(*) AS denominator,
    count(*) AS sample_size,
    0 AS excluded,
    jsonb_build_object(
        'rule', 'health@1',
        'median', percentile_cont(0.5) WITHIN GROUP (ORDER BY score::double precision),
        'healthy', count(*) FILTER (WHERE score >= 70),
        'watch', count(*) FILTER (WHERE score >= 40 AND score < 70),
        'at_risk', count(*) FILTER (WHERE score < 40),
        'contact', jsonb_build_object(
            'mean', round(avg(contact), 6),
            'good', count(*) FILTER (WHERE contact = 25),
            'fair', count(*) FILTER (WHERE contact = 10),
            'poor', count(*) FILTER (WHERE contact = 0)
        ),
        'promises', jsonb_build_object(
            'mean', round(avg(promises), 6),
            'good', count(*) FILTER (WHERE promises = 25),
            'fair', count(*) FILTER (WHERE promises = 10),
            'poor', count(*) FILTER (WHERE promises = 0)
        ),
        'rating', jsonb_build_object(
            'mean', round(avg(rating), 6),
            'good', count(*) FILTER (WHERE rating = 25),
            'fair', count(*) FILTER (WHERE rating = 10),
            'poor', count(*) FILTER (WHERE rating = 0)
        ),
        'revenue', jsonb_build_object(
            'mean', round(avg(revenue), 6),
            'good', count(*) FILTER (WHERE revenue = 25),
            'fair', count(*) FILTER (WHERE revenue = 10),
            'poor', count(*) FILTER (WHERE revenue = 0)
        )
    ) AS details
FROM counted
WHERE is_customer
GROUP BY group_key
ORDER BY group_key
