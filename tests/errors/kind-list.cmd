import iptables kinds/list.txt
