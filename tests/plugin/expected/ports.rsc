# Ports and protocols
# Target mikrotik-routeros: of what is forwarded, what these rules do not accept is dropped.
# Not decided here: what goes to the router itself, or leaves it (input, output)
# Load with: /import mikrotik-routeros.swap.rsc, which imports this file and then removes
# an older version, that decides until then. Undo with, for /ip and /ipv6:
#   /ip firewall filter remove [find where comment=flowrules and action=jump]
# Rules of the chain forward that stand before the jump decide before these.

/ip firewall address-list
/ip firewall filter
add chain=flowrules-2046b474 action=accept connection-state=established,related
add chain=flowrules-2046b474 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.0/24 protocol=tcp dst-port=443 comment="one"
add chain=flowrules-2046b474 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.0/24 protocol=tcp dst-port=8000-8010 comment="range"
add chain=flowrules-2046b474 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.0/24 protocol=tcp dst-port=20-25 comment="touching"
add chain=flowrules-2046b474 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.0/24 protocol=udp dst-port=53,123,5353 comment="list"
add chain=flowrules-2046b474 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.0/24 protocol=tcp dst-port=53 comment="both"
add chain=flowrules-2046b474 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.0/24 protocol=udp dst-port=53 comment="both"
add chain=flowrules-2046b474 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.0/24 protocol=tcp dst-port=80,443 comment="named"
add chain=flowrules-2046b474 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.0/24 protocol=udp dst-port=443 comment="named"
add chain=flowrules-2046b474 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.0/24 protocol=tcp dst-port=1001,1003,1005,1007,1009,1011,1013,1015,1017,1019,1021,1023,1025,1027,1029 comment="sixteen"
add chain=flowrules-2046b474 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.0/24 protocol=tcp dst-port=1031 comment="sixteen"
add chain=flowrules-2046b474 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.0/24 protocol=udp dst-port=1-2,4-5,7-8,10-11,13-14,16-17,19-20 comment="eight-ranges"
add chain=flowrules-2046b474 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.0/24 protocol=udp dst-port=22-23 comment="eight-ranges"
add chain=flowrules-2046b474 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.0/24 protocol=udp src-port=500 dst-port=500 comment="source-port"
add chain=flowrules-2046b474 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.0/24 protocol=tcp src-port=1024-65535 dst-port=179 comment="source-range"
add chain=flowrules-2046b474 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.0/24 protocol=tcp comment="all-tcp"
add chain=flowrules-2046b474 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.0/24 protocol=sctp dst-port=0,65535 comment="edges"
add chain=flowrules-2046b474 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.0/24 protocol=47 comment="tunnels"
add chain=flowrules-2046b474 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.0/24 protocol=50 comment="tunnels"
add chain=flowrules-2046b474 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.0/24 protocol=51 comment="tunnels"
add chain=flowrules-2046b474 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.0/24 protocol=89 comment="by-number"
add chain=flowrules-2046b474 action=drop
add chain=forward action=jump jump-target=flowrules-2046b474 comment=flowrules

/ipv6 firewall address-list
/ipv6 firewall filter
add chain=flowrules-2046b474 action=accept connection-state=established,related
add chain=flowrules-2046b474 action=accept src-address=2001:db8:1::/64 dst-address=2001:db8:2::/64 protocol=tcp dst-port=443 comment="one"
add chain=flowrules-2046b474 action=accept src-address=2001:db8:1::/64 dst-address=2001:db8:2::/64 protocol=tcp dst-port=8000-8010 comment="range"
add chain=flowrules-2046b474 action=accept src-address=2001:db8:1::/64 dst-address=2001:db8:2::/64 protocol=tcp dst-port=20-25 comment="touching"
add chain=flowrules-2046b474 action=accept src-address=2001:db8:1::/64 dst-address=2001:db8:2::/64 protocol=udp dst-port=53,123,5353 comment="list"
add chain=flowrules-2046b474 action=accept src-address=2001:db8:1::/64 dst-address=2001:db8:2::/64 protocol=tcp dst-port=53 comment="both"
add chain=flowrules-2046b474 action=accept src-address=2001:db8:1::/64 dst-address=2001:db8:2::/64 protocol=udp dst-port=53 comment="both"
add chain=flowrules-2046b474 action=accept src-address=2001:db8:1::/64 dst-address=2001:db8:2::/64 protocol=tcp dst-port=80,443 comment="named"
add chain=flowrules-2046b474 action=accept src-address=2001:db8:1::/64 dst-address=2001:db8:2::/64 protocol=udp dst-port=443 comment="named"
add chain=flowrules-2046b474 action=accept src-address=2001:db8:1::/64 dst-address=2001:db8:2::/64 protocol=tcp dst-port=1001,1003,1005,1007,1009,1011,1013,1015,1017,1019,1021,1023,1025,1027,1029 comment="sixteen"
add chain=flowrules-2046b474 action=accept src-address=2001:db8:1::/64 dst-address=2001:db8:2::/64 protocol=tcp dst-port=1031 comment="sixteen"
add chain=flowrules-2046b474 action=accept src-address=2001:db8:1::/64 dst-address=2001:db8:2::/64 protocol=udp dst-port=1-2,4-5,7-8,10-11,13-14,16-17,19-20 comment="eight-ranges"
add chain=flowrules-2046b474 action=accept src-address=2001:db8:1::/64 dst-address=2001:db8:2::/64 protocol=udp dst-port=22-23 comment="eight-ranges"
add chain=flowrules-2046b474 action=accept src-address=2001:db8:1::/64 dst-address=2001:db8:2::/64 protocol=udp src-port=500 dst-port=500 comment="source-port"
add chain=flowrules-2046b474 action=accept src-address=2001:db8:1::/64 dst-address=2001:db8:2::/64 protocol=tcp src-port=1024-65535 dst-port=179 comment="source-range"
add chain=flowrules-2046b474 action=accept src-address=2001:db8:1::/64 dst-address=2001:db8:2::/64 protocol=tcp comment="all-tcp"
add chain=flowrules-2046b474 action=accept src-address=2001:db8:1::/64 dst-address=2001:db8:2::/64 protocol=sctp dst-port=0,65535 comment="edges"
add chain=flowrules-2046b474 action=accept src-address=2001:db8:1::/64 dst-address=2001:db8:2::/64 protocol=47 comment="tunnels"
add chain=flowrules-2046b474 action=accept src-address=2001:db8:1::/64 dst-address=2001:db8:2::/64 protocol=50 comment="tunnels"
add chain=flowrules-2046b474 action=accept src-address=2001:db8:1::/64 dst-address=2001:db8:2::/64 protocol=51 comment="tunnels"
add chain=flowrules-2046b474 action=accept src-address=2001:db8:1::/64 dst-address=2001:db8:2::/64 protocol=89 comment="by-number"
add chain=flowrules-2046b474 action=drop
add chain=forward action=jump jump-target=flowrules-2046b474 comment=flowrules
/import mikrotik-routeros.rsc
/ip firewall filter
remove [find where comment=flowrules and action=jump and jump-target!=flowrules-2046b474]
remove [find where chain~"^flowrules-" and chain!=flowrules-2046b474]
/ip firewall address-list
remove [find where comment~"^flowrules-" and comment!=flowrules-2046b474]
/ipv6 firewall filter
remove [find where comment=flowrules and action=jump and jump-target!=flowrules-2046b474]
remove [find where chain~"^flowrules-" and chain!=flowrules-2046b474]
/ipv6 firewall address-list
remove [find where comment~"^flowrules-" and comment!=flowrules-2046b474]
