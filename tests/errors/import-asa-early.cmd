import cisco-asa configurations/early.cfg
