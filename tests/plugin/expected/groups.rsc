# Many groups
# Target mikrotik-routeros: of what is forwarded, what these rules do not accept is dropped.
# Not decided here: what goes to the router itself, or leaves it (input, output)
# Load with: /import mikrotik-routeros.swap.rsc, which imports this file and then removes
# an older version, that decides until then. Undo with, for /ip and /ipv6:
#   /ip firewall filter remove [find where comment=flowrules and action=jump]
# Rules of the chain forward that stand before the jump decide before these.

/ip firewall address-list
/ip firewall filter
add chain=flowrules-c93220b9 action=accept connection-state=established,related
add chain=flowrules-c93220b9 action=accept src-address=10.1.1.0/24 dst-address=192.0.2.1 protocol=tcp dst-port=443 comment="from-1"
add chain=flowrules-c93220b9 action=accept src-address=10.1.2.0/24 dst-address=192.0.2.2 protocol=tcp dst-port=443 comment="from-2"
add chain=flowrules-c93220b9 action=accept src-address=10.1.3.0/24 dst-address=192.0.2.3 protocol=tcp dst-port=443 comment="from-3"
add chain=flowrules-c93220b9 action=accept src-address=10.1.4.0/24 dst-address=192.0.2.4 protocol=tcp dst-port=443 comment="from-4"
add chain=flowrules-c93220b9 action=accept src-address=10.1.5.0/24 dst-address=192.0.2.5 protocol=tcp dst-port=443 comment="from-5"
add chain=flowrules-c93220b9 action=accept src-address=10.1.6.0/24 dst-address=192.0.2.6 protocol=tcp dst-port=443 comment="from-6"
add chain=flowrules-c93220b9 action=accept src-address=10.1.7.0/24 dst-address=192.0.2.7 protocol=tcp dst-port=443 comment="from-7"
add chain=flowrules-c93220b9 action=accept src-address=10.1.8.0/24 dst-address=192.0.2.8 protocol=tcp dst-port=443 comment="from-8"
add chain=flowrules-c93220b9 action=accept src-address=10.1.9.0/24 dst-address=192.0.2.9 protocol=tcp dst-port=443 comment="from-9"
add chain=flowrules-c93220b9 action=accept src-address=10.1.10.0/24 dst-address=192.0.2.10 protocol=tcp dst-port=443 comment="from-10"
add chain=flowrules-c93220b9 action=accept src-address=10.1.11.0/24 dst-address=192.0.2.11 protocol=tcp dst-port=443 comment="from-11"
add chain=flowrules-c93220b9 action=accept src-address=10.1.12.0/24 dst-address=192.0.2.12 protocol=tcp dst-port=443 comment="from-12"
add chain=flowrules-c93220b9 action=accept src-address=10.1.13.0/24 dst-address=192.0.2.13 protocol=tcp dst-port=443 comment="from-13"
add chain=flowrules-c93220b9 action=accept src-address=10.1.14.0/24 dst-address=192.0.2.14 protocol=tcp dst-port=443 comment="from-14"
add chain=flowrules-c93220b9 action=accept src-address=10.1.15.0/24 dst-address=192.0.2.15 protocol=tcp dst-port=443 comment="from-15"
add chain=flowrules-c93220b9 action=accept src-address=10.1.16.0/24 dst-address=192.0.2.16 protocol=tcp dst-port=443 comment="from-16"
add chain=flowrules-c93220b9 action=accept src-address=10.1.17.0/24 dst-address=192.0.2.17 protocol=tcp dst-port=443 comment="from-17"
add chain=flowrules-c93220b9 action=accept src-address=10.1.18.0/24 dst-address=192.0.2.18 protocol=tcp dst-port=443 comment="from-18"
add chain=flowrules-c93220b9 action=accept src-address=10.1.4.0/22 dst-address=198.51.100.0/24 protocol=udp dst-port=53 comment="nested"
add chain=flowrules-c93220b9 action=accept src-address=10.1.0.0/16 dst-address=203.0.113.53 protocol=udp dst-port=123 comment="whole-lab"
add chain=flowrules-c93220b9 action=accept src-address=10.1.200.1 dst-address=10.1.201.1 protocol=tcp dst-port=5001 comment="pair-1"
add chain=flowrules-c93220b9 action=accept src-address=10.1.200.2 dst-address=10.1.201.2 protocol=tcp dst-port=5002 comment="pair-2"
add chain=flowrules-c93220b9 action=accept src-address=10.1.200.3 dst-address=10.1.201.3 protocol=tcp dst-port=5003 comment="pair-3"
add chain=flowrules-c93220b9 action=accept src-address=10.1.200.4 dst-address=10.1.201.4 protocol=tcp dst-port=5004 comment="pair-4"
add chain=flowrules-c93220b9 action=accept src-address=10.1.200.5 dst-address=10.1.201.5 protocol=tcp dst-port=5005 comment="pair-5"
add chain=flowrules-c93220b9 action=accept src-address=10.1.200.6 dst-address=10.1.201.6 protocol=tcp dst-port=5006 comment="pair-6"
add chain=flowrules-c93220b9 action=accept src-address=10.1.200.7 dst-address=10.1.201.7 protocol=tcp dst-port=5007 comment="pair-7"
add chain=flowrules-c93220b9 action=accept src-address=10.1.200.8 dst-address=10.1.201.8 protocol=tcp dst-port=5008 comment="pair-8"
add chain=flowrules-c93220b9 action=accept src-address=10.1.200.9 dst-address=10.1.201.9 protocol=tcp dst-port=5009 comment="pair-9"
add chain=flowrules-c93220b9 action=accept src-address=10.1.200.10 dst-address=10.1.201.10 protocol=tcp dst-port=5010 comment="pair-10"
add chain=flowrules-c93220b9 action=accept src-address=10.1.200.11 dst-address=10.1.201.11 protocol=tcp dst-port=5011 comment="pair-11"
add chain=flowrules-c93220b9 action=accept src-address=10.1.200.12 dst-address=10.1.201.12 protocol=tcp dst-port=5012 comment="pair-12"
add chain=flowrules-c93220b9 action=accept src-address=10.1.200.13 dst-address=10.1.201.13 protocol=tcp dst-port=5013 comment="pair-13"
add chain=flowrules-c93220b9 action=accept src-address=10.1.200.14 dst-address=10.1.201.14 protocol=tcp dst-port=5014 comment="pair-14"
add chain=flowrules-c93220b9 action=accept src-address=10.1.200.15 dst-address=10.1.201.15 protocol=tcp dst-port=5015 comment="pair-15"
add chain=flowrules-c93220b9 action=accept src-address=10.1.200.16 dst-address=10.1.201.16 protocol=tcp dst-port=5016 comment="pair-16"
add chain=flowrules-c93220b9 action=accept src-address=10.1.200.17 dst-address=10.1.201.17 protocol=tcp dst-port=5017 comment="pair-17"
add chain=flowrules-c93220b9 action=accept src-address=10.1.200.18 dst-address=10.1.201.18 protocol=tcp dst-port=5018 comment="pair-18"
add chain=flowrules-c93220b9 action=drop
add chain=forward action=jump jump-target=flowrules-c93220b9 comment=flowrules

/ipv6 firewall address-list
/ipv6 firewall filter
add chain=flowrules-c93220b9 action=accept connection-state=established,related
add chain=flowrules-c93220b9 action=drop
add chain=forward action=jump jump-target=flowrules-c93220b9 comment=flowrules
/import mikrotik-routeros.rsc
/ip firewall filter
remove [find where comment=flowrules and action=jump and jump-target!=flowrules-c93220b9]
remove [find where chain~"^flowrules-" and chain!=flowrules-c93220b9]
/ip firewall address-list
remove [find where comment~"^flowrules-" and comment!=flowrules-c93220b9]
/ipv6 firewall filter
remove [find where comment=flowrules and action=jump and jump-target!=flowrules-c93220b9]
remove [find where chain~"^flowrules-" and chain!=flowrules-c93220b9]
/ipv6 firewall address-list
remove [find where comment~"^flowrules-" and comment!=flowrules-c93220b9]
