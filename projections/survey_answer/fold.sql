-- question: What did customers answer when they were asked how content they are?
-- key: root_customer_id AS customer_id
-- types: customer.survey_answered ticket.rated

-- every answer counts here; which of several of one person or ticket counts depends on the figure
SELECT
    position,
    root_customer_id AS customer_id,
    (data->>'person_id')::uuid AS person_id,
    CASE WHEN type = 'ticket.rated' THEN stream_id END AS ticket_id,
    CASE WHEN type = 'ticket.rated' THEN 'csat' ELSE data->>'survey' END AS survey,
    coalesce(data->>'score', data->>'csat')::integer AS score,
    nullif(personal->'comment', '{"forgotten": true}') #>> '{}' AS comment,
    occurred_at AS answered_at
FROM history
