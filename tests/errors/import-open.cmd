import cisco-asa --set access-list=A configurations/open.cfg
