#!/bin/sh
# The tiny policy as iptables rules: IPTABLES_RESTORE and IP6TABLES_RESTORE say which iptables.
set -eu
common() {
    cat <<RULES
*filter
:INPUT DROP
:FORWARD ACCEPT
:OUTPUT DROP
-A OUTPUT -o lo -j ACCEPT
-A INPUT -i lo -j ACCEPT
-A OUTPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
-A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
RULES
}
${IPTABLES_RESTORE:-iptables-restore} <<RULES
$(common)
-A OUTPUT -p icmp --icmp-type 3/4 -j ACCEPT
-A INPUT -p icmp --icmp-type 3/4 -j ACCEPT
-A OUTPUT -p tcp ! --syn -j DROP
-A INPUT -p tcp ! --syn -j DROP
-A OUTPUT ! -s 10.0.16.0/24 -j DROP
-A INPUT ! -d 10.0.16.0/24 -j DROP
-A OUTPUT -d 198.51.100.15 -p tcp --dport 443 -j DROP
-A OUTPUT -m iprange --dst-range 198.51.100.10-198.51.100.20 -p tcp -m multiport --dports 443,8000:8010 -j ACCEPT
-A OUTPUT -m iprange --dst-range 198.51.100.10-198.51.100.20 -p udp --dport 123 --sport 123 -j ACCEPT
-A INPUT -s 192.0.2.0/24 -p icmp --icmp-type 8 -j ACCEPT
-A INPUT -s 192.0.2.0/24 -p tcp --dport 6443 -j ACCEPT
COMMIT
RULES
neighbours() {
    for type in 133 134 135 136; do
        echo "-A $1 -p icmpv6 --icmpv6-type $type -m hl --hl-eq 255 -j ACCEPT"
    done
    for type in 130 131 132 143; do
        echo "-A $1 -p icmpv6 --icmpv6-type $type -m hl --hl-eq 1 -j ACCEPT"
    done
    echo "-A $1 -p icmpv6 --icmpv6-type 2 -j ACCEPT"
}
${IP6TABLES_RESTORE:-ip6tables-restore} <<RULES
$(common)
$(neighbours OUTPUT)
$(neighbours INPUT)
-A OUTPUT -p tcp ! --syn -j DROP
-A INPUT -p tcp ! --syn -j DROP
-A OUTPUT ! -s 2001:db8:16::/64 -j DROP
-A INPUT ! -d 2001:db8:16::/64 -j DROP
-A OUTPUT -d 2001:db8:5::10 -p tcp -m multiport --dports 443,8000:8010 -j ACCEPT
-A OUTPUT -d 2001:db8:5::10 -p udp --dport 123 --sport 123 -j ACCEPT
-A INPUT -s 2001:db8:c::/48 -p icmpv6 --icmpv6-type 128 -j ACCEPT
-A INPUT -s 2001:db8:c::/48 -p tcp --dport 6443 -j ACCEPT
COMMIT
RULES
