import iptables kinds/rules.xz
