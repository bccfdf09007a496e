import cisco-asa --set interface=dmz configurations/lists.cfg
