-- question: Who speaks for a customer, and with which part in the buying committee?
-- key: root_customer_id AS customer_id
-- types: customer.contact_person_* customer.person_forgotten

-- Who does not speak for the customer any more stays, with the moment she left: records still name her.
WITH told AS (
    SELECT
        root_customer_id AS customer_id,
        part_id AS person_id,
        position,
        type,
        data,
        nullif(personal->'name', '{"forgotten": true}') #>> '{}' AS name,
        occurred_at,
        type IN ('customer.contact_person_removed', 'customer.person_forgotten') AS has_left
    FROM history
), person AS (
    SELECT
        customer_id,
        person_id,
        (array_agg(name ORDER BY position DESC) FILTER (WHERE type = 'customer.contact_person_added'))[1] AS name,
        (array_agg(data ORDER BY position DESC) FILTER (WHERE NOT has_left))[1] AS part,
        coalesce(
            (array_agg(occurred_at ORDER BY position DESC) FILTER (WHERE type = 'customer.contact_person_added'))[1],
            min(occurred_at)
        ) AS added_at,
        (array_agg(CASE WHEN has_left THEN occurred_at END ORDER BY position DESC))[1] AS removed_at,
        max(position) AS position
    FROM told
    GROUP BY customer_id, person_id
)
SELECT
    customer_id,
    person_id,
    name,
    part->>'role' AS role,
    (part->>'valid_from')::date AS valid_from,
    (part->>'valid_to')::date AS valid_to,
    added_at,
    removed_at,
    position
FROM person
