SELECT pid, virtualtransaction, age FROM log.fence_holder
