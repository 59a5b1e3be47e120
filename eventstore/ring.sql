-- Nothing is lost with a notification, so its commit need not wait for the disk.
SELECT
    set_config('synchronous_commit', 'off', true),
    pg_notify('everfold_appended', '')
