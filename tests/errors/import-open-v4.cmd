import iptables configurations/open.v4
