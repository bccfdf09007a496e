import iptables kinds/rules.txt
