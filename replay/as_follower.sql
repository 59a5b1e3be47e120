SELECT
    set_config('search_path', 'pg_catalog', true),
    -- a generic plan would not know how few the keys are
    set_config('plan_cache_mode', 'force_custom_plan', true),
    -- rows and checkpoint are lost together, and folded again
    set_config('synchronous_commit', 'off', true)
