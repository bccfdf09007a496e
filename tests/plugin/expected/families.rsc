# Address families
# Target mikrotik-routeros: of what is forwarded, what these rules do not accept is dropped.
# Shuts: NTP (udp/123) through
# Not decided here: what goes to the router itself, or leaves it (input, output)
# Load with: /import mikrotik-routeros.swap.rsc, which imports this file and then removes
# an older version, that decides until then. Undo with, for /ip and /ipv6:
#   /ip firewall filter remove [find where comment=flowrules and action=jump]
# Rules of the chain forward that stand before the jump decide before these.

/ip firewall address-list
/ip firewall filter
add chain=flowrules-11af7799 action=accept connection-state=established,related
add chain=flowrules-11af7799 action=accept src-address=192.0.2.0/25 dst-address=198.51.100.0/24 protocol=tcp dst-port=4 comment="to-four"
add chain=flowrules-11af7799 action=accept src-address=192.0.2.0/25 dst-address=203.0.113.0/24 protocol=tcp dst-port=46 comment="to-both"
add chain=flowrules-11af7799 action=accept src-address=192.0.2.0/25 protocol=tcp dst-port=443 comment="to-any"
add chain=flowrules-11af7799 action=accept src-address=198.51.100.0/24 dst-address=192.0.2.0/25 protocol=tcp dst-port=4 comment="from-four"
add chain=flowrules-11af7799 action=accept dst-address=192.0.2.0/25 protocol=tcp dst-port=22 comment="from-any"
add chain=flowrules-11af7799 action=accept src-address=192.0.2.0/25 protocol=udp dst-port=53 comment="any-to-any"
add chain=flowrules-11af7799 action=accept dst-address=192.0.2.0/25 protocol=udp dst-port=53 comment="any-to-any"
add chain=flowrules-11af7799 action=accept src-address=192.0.2.0/25 protocol=udp dst-port=4000 comment="every-ipv4"
add chain=flowrules-11af7799 action=drop
add chain=forward action=jump jump-target=flowrules-11af7799 comment=flowrules

/ipv6 firewall address-list
/ipv6 firewall filter
add chain=flowrules-11af7799 action=accept connection-state=established,related
add chain=flowrules-11af7799 action=accept src-address=2001:db8:1::/64 dst-address=2001:db8:2::/64 protocol=tcp dst-port=6 comment="to-six"
add chain=flowrules-11af7799 action=accept src-address=2001:db8:1::/64 dst-address=2001:db8:3::/64 protocol=tcp dst-port=46 comment="to-both"
add chain=flowrules-11af7799 action=accept src-address=2001:db8:1::/64 protocol=tcp dst-port=443 comment="to-any"
add chain=flowrules-11af7799 action=accept src-address=2001:db8:2::/64 dst-address=2001:db8:1::/64 protocol=tcp dst-port=6 comment="from-six"
add chain=flowrules-11af7799 action=accept dst-address=2001:db8:1::/64 protocol=tcp dst-port=22 comment="from-any"
add chain=flowrules-11af7799 action=accept src-address=2001:db8:1::/64 protocol=udp dst-port=53 comment="any-to-any"
add chain=flowrules-11af7799 action=accept dst-address=2001:db8:1::/64 protocol=udp dst-port=53 comment="any-to-any"
add chain=flowrules-11af7799 action=accept src-address=2001:db8:1::/64 protocol=udp dst-port=6000 comment="every-ipv6"
add chain=flowrules-11af7799 action=drop
add chain=forward action=jump jump-target=flowrules-11af7799 comment=flowrules
/import mikrotik-routeros.rsc
/ip firewall filter
remove [find where comment=flowrules and action=jump and jump-target!=flowrules-11af7799]
remove [find where chain~"^flowrules-" and chain!=flowrules-11af7799]
/ip firewall address-list
remove [find where comment~"^flowrules-" and comment!=flowrules-11af7799]
/ipv6 firewall filter
remove [find where comment=flowrules and action=jump and jump-target!=flowrules-11af7799]
remove [find where chain~"^flowrules-" and chain!=flowrules-11af7799]
/ipv6 firewall address-list
remove [find where comment~"^flowrules-" and comment!=flowrules-11af7799]
