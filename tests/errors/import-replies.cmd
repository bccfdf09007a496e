import iptables configurations/replies.v4
