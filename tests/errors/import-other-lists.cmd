import cisco-asa configurations/three.cfg
