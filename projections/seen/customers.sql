-- the customers who may be seen, and whoever was merged into them
SELECT c.customer_id
FROM public.customer_360 AS c
WHERE c.owner_id = ANY(%(sight_members)s::uuid[])
    OR c.team = ANY(%(sight_teams)s::text[])
UNION ALL
SELECT a.customer_id
FROM public.customer_alias AS a
JOIN public.customer_360 AS c
    ON c.customer_id = a.root_customer_id
WHERE c.owner_id = ANY(%(sight_members)s::uuid[])
    OR c.team = ANY(%(sight_teams)s::text[])
