SELECT asked.id
FROM unnest(%(ids)s::uuid[]) AS asked (id)
WHERE asked.id IN ({seen})
