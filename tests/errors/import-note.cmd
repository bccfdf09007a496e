import cisco-asa configurations/two.cfg
