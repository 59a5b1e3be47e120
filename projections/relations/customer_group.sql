-- question: Which group is each customer in?
-- reads: customer_profile workspace_member
-- groups: owner segment source team

-- One row per customer, by what holds today. Who asks for no group need not join it: the others guard it by %(group_by)s.
SELECT
    p.customer_id,
    CASE %(group_by)s::text
        WHEN 'owner' THEN p.owner_id::text
        WHEN 'segment' THEN p.segment
        WHEN 'source' THEN p.source
        WHEN 'team' THEN p.team
    END AS group_key,
    CASE %(group_by)s::text
        WHEN 'owner' THEN w.name
        WHEN 'segment' THEN p.segment
        WHEN 'source' THEN p.source
        WHEN 'team' THEN p.team
    END AS group_label
FROM customer_profile AS p
LEFT JOIN workspace_member AS w
    ON w.member_id = p.owner_id
