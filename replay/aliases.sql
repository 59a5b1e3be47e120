LEFT JOIN unnest(%(merged)s::uuid[], %(merged_roots)s::uuid[]) AS merged (member_id, root_id)
        ON merged.member_id = recorded.customer_id
    LEFT JOIN unnest(%(misfiled)s::uuid[], %(misfiled_roots)s::uuid[]) AS misfiled (record_id, root_id)
        ON misfiled.record_id = recorded.stream_id
