SELECT t.ticket_id
FROM public.ticket AS t
WHERE t.assignee_id = ANY(%(sight_members)s::uuid[])
    OR t.team = ANY(%(sight_teams)s::text[])
