# ICMP
# Target mikrotik-routeros: of what is forwarded, what these rules do not accept is dropped.
# Not decided here: what goes to the router itself, or leaves it (input, output)
# Load with: /import mikrotik-routeros.swap.rsc, which imports this file and then removes
# an older version, that decides until then. Undo with, for /ip and /ipv6:
#   /ip firewall filter remove [find where comment=flowrules and action=jump]
# Rules of the chain forward that stand before the jump decide before these.

/ip firewall address-list
/ip firewall filter
add chain=flowrules-288ed1df action=accept connection-state=established,related
add chain=flowrules-288ed1df action=accept src-address=198.51.100.0/24 dst-address=192.0.2.0/24 protocol=icmp icmp-options=8:0-255 comment="ping"
add chain=flowrules-288ed1df action=accept src-address=192.0.2.0/24 protocol=icmp icmp-options=8:0-255 comment="ping-out"
add chain=flowrules-288ed1df action=accept src-address=192.0.2.0/24 dst-address=198.51.100.0/24 protocol=icmp icmp-options=11:0 comment="time-exceeded"
add chain=flowrules-288ed1df action=accept src-address=192.0.2.0/24 dst-address=198.51.100.0/24 protocol=icmp icmp-options=3:0 comment="unreachable"
add chain=flowrules-288ed1df action=accept src-address=192.0.2.0/24 dst-address=198.51.100.0/24 protocol=icmp icmp-options=3:1 comment="unreachable"
add chain=flowrules-288ed1df action=accept src-address=192.0.2.0/24 dst-address=198.51.100.0/24 protocol=icmp icmp-options=3:3 comment="unreachable"
add chain=flowrules-288ed1df action=accept src-address=192.0.2.0/24 dst-address=203.0.113.0/24 protocol=icmp icmp-options=0:0-255 comment="many"
add chain=flowrules-288ed1df action=accept src-address=192.0.2.0/24 dst-address=203.0.113.0/24 protocol=icmp icmp-options=1:0-255 comment="many"
add chain=flowrules-288ed1df action=accept src-address=192.0.2.0/24 dst-address=203.0.113.0/24 protocol=icmp icmp-options=2:0-255 comment="many"
add chain=flowrules-288ed1df action=accept src-address=192.0.2.0/24 dst-address=203.0.113.0/24 protocol=icmp icmp-options=3:0-255 comment="many"
add chain=flowrules-288ed1df action=accept src-address=192.0.2.0/24 dst-address=203.0.113.0/24 protocol=icmp icmp-options=4:0-255 comment="many"
add chain=flowrules-288ed1df action=accept src-address=192.0.2.0/24 dst-address=203.0.113.0/24 protocol=icmp icmp-options=5:0-255 comment="many"
add chain=flowrules-288ed1df action=accept src-address=192.0.2.0/24 dst-address=203.0.113.0/24 protocol=icmp icmp-options=6:0-255 comment="many"
add chain=flowrules-288ed1df action=accept src-address=192.0.2.0/24 dst-address=203.0.113.0/24 protocol=icmp icmp-options=7:0-255 comment="many"
add chain=flowrules-288ed1df action=accept src-address=192.0.2.0/24 dst-address=203.0.113.0/24 protocol=icmp icmp-options=9:0-255 comment="many"
add chain=flowrules-288ed1df action=accept src-address=192.0.2.0/24 dst-address=203.0.113.0/24 protocol=icmp icmp-options=10:0-255 comment="many"
add chain=flowrules-288ed1df action=accept src-address=192.0.2.0/24 dst-address=203.0.113.0/24 protocol=icmp icmp-options=11:0-255 comment="many"
add chain=flowrules-288ed1df action=accept src-address=192.0.2.0/24 dst-address=203.0.113.0/24 protocol=icmp icmp-options=12:0-255 comment="many"
add chain=flowrules-288ed1df action=accept src-address=192.0.2.0/24 dst-address=203.0.113.0/24 protocol=icmp icmp-options=14:0-255 comment="many"
add chain=flowrules-288ed1df action=accept src-address=198.51.100.0/24 dst-address=192.0.2.0/24 protocol=icmp comment="all-icmp"
add chain=flowrules-288ed1df action=accept src-address=198.51.100.7 dst-address=192.0.2.0/24 comment="everything"
add chain=flowrules-288ed1df action=drop
add chain=forward action=jump jump-target=flowrules-288ed1df comment=flowrules

/ipv6 firewall address-list
/ipv6 firewall filter
add chain=flowrules-288ed1df action=accept connection-state=established,related
add chain=flowrules-288ed1df action=accept src-address=2001:db8:2::/64 dst-address=2001:db8:1::/64 protocol=icmpv6 icmp-options=128:0-255 comment="ping"
add chain=flowrules-288ed1df action=accept src-address=2001:db8:1::/64 protocol=icmpv6 icmp-options=128:0-255 comment="ping-out"
add chain=flowrules-288ed1df action=accept src-address=2001:db8:1::/64 dst-address=2001:db8:2::/64 protocol=icmpv6 icmp-options=3:0-255 comment="parameter-problem"
add chain=flowrules-288ed1df action=accept src-address=2001:db8:1::/64 dst-address=2001:db8:2::/64 protocol=icmpv6 icmp-options=4:0-255 comment="parameter-problem"
add chain=flowrules-288ed1df action=accept src-address=2001:db8:2::/64 dst-address=2001:db8:1::/64 protocol=icmpv6 comment="all-icmpv6"
add chain=flowrules-288ed1df action=drop
add chain=forward action=jump jump-target=flowrules-288ed1df comment=flowrules
/import mikrotik-routeros.rsc
/ip firewall filter
remove [find where comment=flowrules and action=jump and jump-target!=flowrules-288ed1df]
remove [find where chain~"^flowrules-" and chain!=flowrules-288ed1df]
/ip firewall address-list
remove [find where comment~"^flowrules-" and comment!=flowrules-288ed1df]
/ipv6 firewall filter
remove [find where comment=flowrules and action=jump and jump-target!=flowrules-288ed1df]
remove [find where chain~"^flowrules-" and chain!=flowrules-288ed1df]
/ipv6 firewall address-list
remove [find where comment~"^flowrules-" and comment!=flowrules-288ed1df]
