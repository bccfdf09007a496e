# Many flows
# Target mikrotik-routeros: of what is forwarded, what these rules do not accept is dropped.
# Not decided here: what goes to the router itself, or leaves it (input, output)
# Load with: /import mikrotik-routeros.swap.rsc, which imports this file and then removes
# an older version, that decides until then. Undo with, for /ip and /ipv6:
#   /ip firewall filter remove [find where comment=flowrules and action=jump]
# Rules of the chain forward that stand before the jump decide before these.

/ip firewall address-list
/ip firewall filter
add chain=flowrules-f6cf8437 action=accept connection-state=established,related
add chain=flowrules-f6cf8437 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.82 protocol=tcp dst-port=22 log=yes log-prefix=logged comment="logged"
add chain=flowrules-f6cf8437 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.1 protocol=tcp dst-port=8001 comment="exact-1, same-place"
add chain=flowrules-f6cf8437 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.2 protocol=tcp dst-port=8002 comment="exact-2"
add chain=flowrules-f6cf8437 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.3 protocol=tcp dst-port=8003 comment="exact-3"
add chain=flowrules-f6cf8437 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.4 protocol=tcp dst-port=8004 comment="exact-4"
add chain=flowrules-f6cf8437 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.5 protocol=tcp dst-port=8005 comment="exact-5"
add chain=flowrules-f6cf8437 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.6 protocol=tcp dst-port=8006 comment="exact-6"
add chain=flowrules-f6cf8437 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.7 protocol=tcp dst-port=8007 comment="exact-7"
add chain=flowrules-f6cf8437 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.8 protocol=tcp dst-port=8008 comment="exact-8"
add chain=flowrules-f6cf8437 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.9 protocol=tcp dst-port=8009 comment="exact-9"
add chain=flowrules-f6cf8437 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.10 protocol=tcp dst-port=8010 comment="exact-10"
add chain=flowrules-f6cf8437 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.11 protocol=tcp dst-port=8011 comment="exact-11"
add chain=flowrules-f6cf8437 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.12 protocol=tcp dst-port=8012 comment="exact-12"
add chain=flowrules-f6cf8437 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.13 protocol=tcp dst-port=8013 comment="exact-13"
add chain=flowrules-f6cf8437 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.14 protocol=tcp dst-port=8014 comment="exact-14"
add chain=flowrules-f6cf8437 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.15 protocol=tcp dst-port=8015 comment="exact-15"
add chain=flowrules-f6cf8437 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.16 protocol=tcp dst-port=8016 comment="exact-16"
add chain=flowrules-f6cf8437 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.17 protocol=tcp dst-port=8017 comment="exact-17"
add chain=flowrules-f6cf8437 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.18 protocol=tcp dst-port=8018 comment="exact-18"
add chain=flowrules-f6cf8437 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.19 protocol=tcp dst-port=8019 comment="exact-19"
add chain=flowrules-f6cf8437 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.20 protocol=tcp dst-port=8020 comment="exact-20"
add chain=flowrules-f6cf8437 action=accept src-address=192.0.2.0/24 dst-address=203.0.113.0/24 protocol=tcp dst-port=443 comment="prefix"
add chain=flowrules-f6cf8437 action=accept src-address=192.0.2.0/24 dst-address=203.0.113.64/26 protocol=tcp dst-port=443-445 comment="prefix-within"
add chain=flowrules-f6cf8437 action=accept src-address=192.0.2.0/24 dst-address=203.0.113.10-203.0.113.20 protocol=udp dst-port=53 comment="range"
add chain=flowrules-f6cf8437 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.77 protocol=tcp dst-port=5000-5010 comment="port-range"
add chain=flowrules-f6cf8437 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.78 protocol=tcp comment="all-ports"
add chain=flowrules-f6cf8437 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.79 comment="any-protocol"
add chain=flowrules-f6cf8437 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.80 protocol=icmp icmp-options=8:0-255 comment="ping"
add chain=flowrules-f6cf8437 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.81 protocol=udp src-port=500 dst-port=500 comment="source-port"
add chain=flowrules-f6cf8437 action=accept src-address=198.51.100.101 dst-address=192.0.2.0/24 protocol=tcp dst-port=22 comment="from-1"
add chain=flowrules-f6cf8437 action=accept src-address=198.51.100.102 dst-address=192.0.2.0/24 protocol=tcp dst-port=22 comment="from-2"
add chain=flowrules-f6cf8437 action=accept src-address=198.51.100.103 dst-address=192.0.2.0/24 protocol=tcp dst-port=22 comment="from-3"
add chain=flowrules-f6cf8437 action=accept src-address=198.51.100.104 dst-address=192.0.2.0/24 protocol=tcp dst-port=22 comment="from-4"
add chain=flowrules-f6cf8437 action=accept src-address=198.51.100.105 dst-address=192.0.2.0/24 protocol=tcp dst-port=22 comment="from-5"
add chain=flowrules-f6cf8437 action=accept src-address=198.51.100.106 dst-address=192.0.2.0/24 protocol=tcp dst-port=22 comment="from-6"
add chain=flowrules-f6cf8437 action=accept src-address=198.51.100.107 dst-address=192.0.2.0/24 protocol=tcp dst-port=22 comment="from-7"
add chain=flowrules-f6cf8437 action=accept src-address=198.51.100.108 dst-address=192.0.2.0/24 protocol=tcp dst-port=22 comment="from-8"
add chain=flowrules-f6cf8437 action=accept src-address=198.51.100.109 dst-address=192.0.2.0/24 protocol=tcp dst-port=22 comment="from-9"
add chain=flowrules-f6cf8437 action=accept src-address=198.51.100.110 dst-address=192.0.2.0/24 protocol=tcp dst-port=22 comment="from-10"
add chain=flowrules-f6cf8437 action=accept src-address=198.51.100.111 dst-address=192.0.2.0/24 protocol=tcp dst-port=22 comment="from-11"
add chain=flowrules-f6cf8437 action=accept src-address=198.51.100.112 dst-address=192.0.2.0/24 protocol=tcp dst-port=22 comment="from-12"
add chain=flowrules-f6cf8437 action=accept src-address=198.51.100.113 dst-address=192.0.2.0/24 protocol=tcp dst-port=22 comment="from-13"
add chain=flowrules-f6cf8437 action=accept src-address=198.51.100.114 dst-address=192.0.2.0/24 protocol=tcp dst-port=22 comment="from-14"
add chain=flowrules-f6cf8437 action=accept src-address=198.51.100.115 dst-address=192.0.2.0/24 protocol=tcp dst-port=22 comment="from-15"
add chain=flowrules-f6cf8437 action=accept src-address=198.51.100.116 dst-address=192.0.2.0/24 protocol=tcp dst-port=22 comment="from-16"
add chain=flowrules-f6cf8437 action=accept src-address=198.51.100.117 dst-address=192.0.2.0/24 protocol=tcp dst-port=22 comment="from-17"
add chain=flowrules-f6cf8437 action=accept src-address=198.51.100.118 dst-address=192.0.2.0/24 protocol=tcp dst-port=22 comment="from-18"
add chain=flowrules-f6cf8437 action=accept src-address=198.51.100.119 dst-address=192.0.2.0/24 protocol=tcp dst-port=22 comment="from-19"
add chain=flowrules-f6cf8437 action=drop
add chain=forward action=jump jump-target=flowrules-f6cf8437 comment=flowrules

/ipv6 firewall address-list
/ipv6 firewall filter
add chain=flowrules-f6cf8437 action=accept connection-state=established,related
add chain=flowrules-f6cf8437 action=accept src-address=2001:db8:1::/64 dst-address=2001:db8:2::1 protocol=udp dst-port=54 comment="exact6-1"
add chain=flowrules-f6cf8437 action=accept src-address=2001:db8:1::/64 dst-address=2001:db8:2::2 protocol=udp dst-port=55 comment="exact6-2"
add chain=flowrules-f6cf8437 action=accept src-address=2001:db8:1::/64 dst-address=2001:db8:2::3 protocol=udp dst-port=56 comment="exact6-3"
add chain=flowrules-f6cf8437 action=accept src-address=2001:db8:1::/64 dst-address=2001:db8:2::4 protocol=udp dst-port=57 comment="exact6-4"
add chain=flowrules-f6cf8437 action=drop
add chain=forward action=jump jump-target=flowrules-f6cf8437 comment=flowrules
/import mikrotik-routeros.rsc
/ip firewall filter
remove [find where comment=flowrules and action=jump and jump-target!=flowrules-f6cf8437]
remove [find where chain~"^flowrules-" and chain!=flowrules-f6cf8437]
/ip firewall address-list
remove [find where comment~"^flowrules-" and comment!=flowrules-f6cf8437]
/ipv6 firewall filter
remove [find where comment=flowrules and action=jump and jump-target!=flowrules-f6cf8437]
remove [find where chain~"^flowrules-" and chain!=flowrules-f6cf8437]
/ipv6 firewall address-list
remove [find where comment~"^flowrules-" and comment!=flowrules-f6cf8437]
