import cisco-asa --set access-list=vpn configurations/lists.cfg
