import paloalto kinds/junos.conf
