-- Was a customer a prospect, active, at risk or lost at any moment?
-- key: root_customer_id AS customer_id
-- types: customer.registered customer.activated customer.marked_at_risk customer.churned customer.won_back customer.archived customer.restored customer.forgotten customer.purchase_recorded customer.purchase_retracted customer.subscription_started customer.subscription_retracted lead.captured lead.won lead.lost lead.disqualified lead.reopened lead.recycled ticket.opened

-- What somebody said of the customer holds before what her purchases tell, and what is known of the survivor before
-- what is known of those who were merged into her. As with the stages of a lead, what held at a moment is what was
-- recorded last among the events that had happened by then.
WITH told AS (
    SELECT
        root_customer_id AS customer_id,
        customer_id = root_customer_id AS is_own,
        position,
        type,
        data,
        occurred_at,
        CASE type
            WHEN 'customer.activated' THEN 'active'
            WHEN 'customer.marked_at_risk' THEN 'at_risk'
            WHEN 'customer.churned' THEN 'churned'
            WHEN 'customer.won_back' THEN 'won_back'
        END AS said,
        CASE
            -- what was taken back was never bought
            WHEN type IN ('customer.purchase_recorded', 'customer.subscription_started') THEN NOT bool_or(
                type IN ('customer.purchase_retracted', 'customer.subscription_retracted')
            ) OVER (PARTITION BY stream_id, data->>'purchase_id', data->>'subscription_id')
            -- and a lead that was opened again is not sold yet
            WHEN type = 'lead.won' THEN position = max(position) FILTER (WHERE type <> 'lead.captured') OVER (
                PARTITION BY stream_id
            )
            ELSE false
        END AS is_sale
    FROM history
), in_time AS (
    SELECT
        *,
        min(occurred_at) OVER of_customer AS first_at,
        min(occurred_at) FILTER (WHERE is_sale) OVER of_customer AS first_sale_at,
        min(occurred_at) FILTER (WHERE is_sale AND is_own) OVER of_customer AS first_own_sale_at
    FROM told
    WINDOW of_customer AS (PARTITION BY customer_id)
), telling AS (
    -- nothing else can change the status: of a thousand leads and purchases the first tell all
    SELECT
        customer_id,
        is_own,
        position,
        type,
        data,
        occurred_at,
        said,
        is_sale
    FROM in_time
    WHERE said IS NOT NULL
        OR type IN ('customer.archived', 'customer.restored', 'customer.forgotten')
        OR occurred_at IN (first_at, first_sale_at, first_own_sale_at)
), so_far AS (
    SELECT
        customer_id,
        occurred_at,
        row_number() OVER (PARTITION BY customer_id, occurred_at ORDER BY position) AS rank_at_moment,
        max(position) FILTER (WHERE said IS NOT NULL AND is_own) OVER until AS own_said,
        max(position) FILTER (WHERE said IS NOT NULL AND NOT is_own) OVER until AS other_said,
        bool_or(is_sale AND is_own) OVER until AS has_own_sale,
        bool_or(is_sale) OVER until AS has_sale,
        max(position) FILTER (WHERE type IN ('customer.archived', 'customer.restored') AND is_own) OVER until AS archiving,
        bool_or(type = 'customer.forgotten') OVER until AS is_forgotten,
        -- of what happened at one moment, the last that can tell what she is
        coalesce(
            max(position) FILTER (
                WHERE said IS NOT NULL
                    OR is_sale
                    OR type IN ('customer.archived', 'customer.restored', 'customer.forgotten')
            ) OVER at_moment,
            max(position) OVER at_moment
        ) AS position
    FROM telling
    WINDOW
        until AS (PARTITION BY customer_id ORDER BY occurred_at),
        at_moment AS (PARTITION BY customer_id, occurred_at)
), held AS (
    SELECT
        m.customer_id,
        m.occurred_at,
        CASE
            WHEN own.said IS NOT NULL THEN own.said
            WHEN m.has_own_sale THEN 'active'
            WHEN other.said IS NOT NULL THEN other.said
            WHEN m.has_sale THEN 'active'
            ELSE 'prospect'
        END AS status,
        coalesce(archiving.type = 'customer.archived', false) AS is_archived,
        m.is_forgotten,
        m.position,
        CASE
            WHEN own.said = 'churned' THEN own.data
            WHEN other.said = 'churned' AND own.said IS NULL AND NOT m.has_own_sale THEN other.data
        END AS churn
    FROM so_far AS m
    LEFT JOIN telling AS own
        ON own.customer_id = m.customer_id
        AND own.position = m.own_said
    LEFT JOIN telling AS other
        ON other.customer_id = m.customer_id
        AND other.position = m.other_said
    LEFT JOIN telling AS archiving
        ON archiving.customer_id = m.customer_id
        AND archiving.position = m.archiving
    WHERE m.rank_at_moment = 1
), change AS (
    SELECT
        *,
        lag(ROW(status, is_archived, is_forgotten)) OVER (PARTITION BY customer_id ORDER BY occurred_at) AS before
    FROM held
), stretch AS (
    SELECT
        *,
        status IN ('active', 'at_risk', 'won_back') AND NOT is_archived AND NOT is_forgotten AS is_active
    FROM change
    WHERE ROW(status, is_archived, is_forgotten) IS DISTINCT FROM before
)
SELECT
    customer_id,
    occurred_at AS valid_from,
    lead(occurred_at) OVER customer AS valid_to,
    status,
    is_archived,
    is_forgotten,
    is_active,
    -- whether she buys from us for the first time, and whether she did until now
    is_active AND NOT coalesce(bool_or(is_active) OVER (customer ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), false) AS is_new,
    coalesce(lag(is_active) OVER customer, false) AS was_active,
    churn->>'kind' AS churn_kind,
    (churn->>'effective_on')::date AS churn_effective_on,
    position
FROM stretch
WINDOW customer AS (PARTITION BY customer_id ORDER BY occurred_at)
