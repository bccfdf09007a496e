import iptables kinds/rules.zip
