-- question: When did what a customer pays a month (MRR) change, by how much, and of which kind was that?
-- key: root_customer_id AS customer_id
-- types: customer.subscription_started customer.subscription_upgraded customer.subscription_downgraded customer.subscription_paused customer.subscription_resumed customer.subscription_cancelled customer.subscription_retracted

-- One row per customer, currency and day on which all her subscriptions together come to more or less than before, so
-- closing = opening + amount, and MRR on a day is the sum of all amounts up to it. The kinds are of the customer: one of
-- several subscriptions that ends is a contraction. A paused one brings nothing: if it was the last, that is churn, and
-- going on is reactivation.
WITH told AS (
    SELECT
        root_customer_id,
        stream_id,
        part_id,
        position,
        type,
        (data->>'effective_on')::date AS effective_on,
        data->'mrr' AS mrr,
        CASE type
            WHEN 'customer.subscription_started' THEN 'active'
            WHEN 'customer.subscription_resumed' THEN 'active'
            WHEN 'customer.subscription_paused' THEN 'paused'
            WHEN 'customer.subscription_cancelled' THEN 'cancelled'
        END AS status
    FROM history
), so_far AS (
    SELECT
        *,
        count(status) OVER until AS status_number,
        count(mrr) OVER until AS mrr_number,
        bool_or(type = 'customer.subscription_retracted') OVER (PARTITION BY stream_id, part_id) AS is_retracted
    FROM told
    WINDOW until AS (PARTITION BY stream_id, part_id ORDER BY position)
), agreed AS (
    SELECT
        root_customer_id,
        stream_id,
        part_id,
        position,
        type,
        effective_on,
        coalesce(
            first_value(status) OVER (PARTITION BY stream_id, part_id, status_number ORDER BY position),
            'active'
        ) = 'active' AS is_active,
        first_value(mrr) OVER (PARTITION BY stream_id, part_id, mrr_number ORDER BY position) AS mrr
    FROM so_far
    WHERE NOT is_retracted
), said AS (
    SELECT
        *,
        min(effective_on) OVER (
            PARTITION BY stream_id, part_id
            ORDER BY position
            ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING
        ) AS overruled_from
    FROM agreed
    WHERE mrr IS NOT NULL
        -- what is agreed anew while it rests is not paid before it goes on
        AND (is_active OR type IN ('customer.subscription_paused', 'customer.subscription_cancelled'))
), brings AS (
    SELECT
        root_customer_id,
        position,
        effective_on,
        mrr->>'currency' AS currency,
        CASE WHEN is_active THEN (mrr->>'amount')::numeric ELSE 0 END AS amount,
        lag(mrr->>'currency') OVER subscription AS currency_before,
        lag(CASE WHEN is_active THEN (mrr->>'amount')::numeric ELSE 0 END) OVER subscription AS amount_before
    FROM said
    -- what was said last holds from its day on, whatever was said before of later days
    WHERE overruled_from > effective_on
        OR overruled_from IS NULL
    WINDOW subscription AS (PARTITION BY stream_id, part_id ORDER BY position)
), change AS (
    SELECT
        root_customer_id,
        position,
        effective_on,
        currency,
        amount
    FROM brings
    UNION ALL
    SELECT
        root_customer_id,
        position,
        effective_on,
        currency_before,
        -amount_before
    FROM brings
    WHERE amount_before IS NOT NULL
), movement AS (
    SELECT
        root_customer_id,
        currency,
        effective_on,
        sum(amount) AS amount,
        array_agg(DISTINCT position ORDER BY position) AS positions
    FROM change
    GROUP BY root_customer_id, currency, effective_on
    HAVING sum(amount) <> 0
), balance AS (
    SELECT
        *,
        sum(amount) OVER (PARTITION BY root_customer_id, currency ORDER BY effective_on) AS closing
    FROM movement
), compared AS (
    SELECT
        *,
        closing - amount AS opening,
        max(closing) OVER (
            PARTITION BY root_customer_id, currency
            ORDER BY effective_on
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS highest_before
    FROM balance
)
SELECT
    root_customer_id AS customer_id,
    currency,
    effective_on,
    CASE
        WHEN opening <= 0 AND closing > 0 AND highest_before > 0 THEN 'reactivation'
        WHEN opening <= 0 AND closing > 0 THEN 'new'
        WHEN opening > 0 AND closing <= 0 THEN 'churn'
        WHEN amount > 0 THEN 'expansion'
        ELSE 'contraction'
    END AS kind,
    amount,
    opening,
    closing,
    positions
FROM compared
