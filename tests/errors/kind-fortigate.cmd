import cisco-asa kinds/fortigate.conf
