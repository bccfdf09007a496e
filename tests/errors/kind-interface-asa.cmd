import cisco-asa configurations/interface-only.cfg
