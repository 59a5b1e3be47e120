SELECT
    set_config('search_path', 'pg_catalog', true),
    set_config('row_security', 'off', true),
    set_config('statement_timeout', '0', true),
    set_config('work_mem', '64MB', true),
    set_config('parallel_setup_cost', '0', true),
    set_config('parallel_tuple_cost', '0', true)
