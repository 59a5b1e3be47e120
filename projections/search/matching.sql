SELECT
    {found_by}
FROM search
WHERE stream_type = {stream_type}
    AND (
        (sought LIKE {longest} AND sought LIKE ALL ({patterns}::text[]))
        OR (kind = 'phone' AND sought LIKE {digits})
        OR (kind <> 'phone' AND {is_alike})
    )
