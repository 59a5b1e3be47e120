SELECT
    set_config('search_path', 'pg_catalog', true),
    -- a chunk of events, or a customer of many years, is sorted in memory
    set_config('work_mem', '64MB', true),
    -- rows and checkpoint are lost together, and folded again
    set_config('synchronous_commit', 'off', true)
