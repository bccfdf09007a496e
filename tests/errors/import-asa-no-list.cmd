import cisco-asa --set access-list=nowhere configurations/lists.cfg
