SELECT set_config('plan_cache_mode', current_setting('everfold.plan_cache_mode'), true)
