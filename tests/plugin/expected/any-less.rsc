# Any less something
# Target mikrotik-routeros: of what is forwarded, what these rules do not accept is dropped.
# Shuts: DNS (udp/53), NTP (udp/123) through
# Not decided here: what goes to the router itself, or leaves it (input, output)
# Load with: /import mikrotik-routeros.swap.rsc, which imports this file and then removes
# an older version, that decides until then. Undo with, for /ip and /ipv6:
#   /ip firewall filter remove [find where comment=flowrules and action=jump]
# Rules of the chain forward that stand before the jump decide before these.

/ip firewall address-list
add list=flowrules-4f653ea4-1-outside address=0.0.0.0-9.255.255.255 comment=flowrules-4f653ea4
add list=flowrules-4f653ea4-1-outside address=11.0.0.0-255.255.255.255 comment=flowrules-4f653ea4
add list=flowrules-4f653ea4-4-not-batch address=10.10.1.0/24 comment=flowrules-4f653ea4
add list=flowrules-4f653ea4-4-not-batch address=192.0.2.0/24 comment=flowrules-4f653ea4
add list=flowrules-4f653ea4-5-some-batch address=10.10.2.128/25 comment=flowrules-4f653ea4
add list=flowrules-4f653ea4-5-some-batch address=192.0.2.0/24 comment=flowrules-4f653ea4
/ip firewall filter
add chain=flowrules-4f653ea4 action=accept connection-state=established,related
add chain=flowrules-4f653ea4 action=drop src-address-list=flowrules-4f653ea4-1-outside dst-address=10.10.1.0/24 protocol=tcp dst-port=22 comment="no-outside"
add chain=flowrules-4f653ea4 action=drop src-address-list=flowrules-4f653ea4-1-outside dst-address=203.0.113.9 comment="not-outside"
add chain=flowrules-4f653ea4 action=accept src-address-list=flowrules-4f653ea4-1-outside dst-address=10.10.1.0/24 protocol=tcp dst-port=443 comment="from-outside"
add chain=flowrules-4f653ea4 action=accept src-address=10.10.1.0/24 dst-address-list=flowrules-4f653ea4-1-outside protocol=tcp dst-port=443 comment="to-outside"
add chain=flowrules-4f653ea4 action=accept src-address-list=flowrules-4f653ea4-4-not-batch dst-address=10.10.1.0/24 protocol=tcp dst-port=80 comment="not-batch"
add chain=flowrules-4f653ea4 action=accept src-address-list=flowrules-4f653ea4-5-some-batch dst-address=10.10.1.0/24 protocol=tcp dst-port=81 comment="some-batch"
add chain=flowrules-4f653ea4 action=drop
add chain=forward action=jump jump-target=flowrules-4f653ea4 comment=flowrules

/ipv6 firewall address-list
/ipv6 firewall filter
add chain=flowrules-4f653ea4 action=accept connection-state=established,related
add chain=flowrules-4f653ea4 action=drop
add chain=forward action=jump jump-target=flowrules-4f653ea4 comment=flowrules
/import mikrotik-routeros.rsc
/ip firewall filter
remove [find where comment=flowrules and action=jump and jump-target!=flowrules-4f653ea4]
remove [find where chain~"^flowrules-" and chain!=flowrules-4f653ea4]
/ip firewall address-list
remove [find where comment~"^flowrules-" and comment!=flowrules-4f653ea4]
/ipv6 firewall filter
remove [find where comment=flowrules and action=jump and jump-target!=flowrules-4f653ea4]
remove [find where chain~"^flowrules-" and chain!=flowrules-4f653ea4]
/ipv6 firewall address-list
remove [find where comment~"^flowrules-" and comment!=flowrules-4f653ea4]
