SELECT l.lead_id
FROM public.lead AS l
WHERE l.owner_id = ANY(%(sight_members)s::uuid[])
    OR l.team = ANY(%(sight_teams)s::text[])
