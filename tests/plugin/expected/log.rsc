# Logging
# Target mikrotik-routeros: of what is forwarded, what these rules do not accept is dropped.
# Shuts: DNS (udp/53), NTP (udp/123) through
# Not decided here: what goes to the router itself, or leaves it (input, output)
# Load with: /import mikrotik-routeros.swap.rsc, which imports this file and then removes
# an older version, that decides until then. Undo with, for /ip and /ipv6:
#   /ip firewall filter remove [find where comment=flowrules and action=jump]
# Rules of the chain forward that stand before the jump decide before these.

/ip firewall address-list
/ip firewall filter
add chain=flowrules-5d72c8f7 action=accept connection-state=established,related
add chain=flowrules-5d72c8f7 action=drop src-address=192.0.2.0/24 dst-address=198.51.100.66 log=yes log-prefix=told-deny comment="told-deny"
add chain=flowrules-5d72c8f7 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.0/24 protocol=tcp dst-port=443 log=yes log-prefix=told comment="told"
add chain=flowrules-5d72c8f7 action=accept src-address=198.51.100.0/24 dst-address=192.0.2.0/24 protocol=tcp dst-port=22 log=yes log-prefix=in comment="in"
add chain=flowrules-5d72c8f7 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.0/24 protocol=tcp dst-port=80 comment="quiet"
add chain=flowrules-5d72c8f7 action=drop
add chain=forward action=jump jump-target=flowrules-5d72c8f7 comment=flowrules

/ipv6 firewall address-list
/ipv6 firewall filter
add chain=flowrules-5d72c8f7 action=accept connection-state=established,related
add chain=flowrules-5d72c8f7 action=drop
add chain=forward action=jump jump-target=flowrules-5d72c8f7 comment=flowrules
/import mikrotik-routeros.rsc
/ip firewall filter
remove [find where comment=flowrules and action=jump and jump-target!=flowrules-5d72c8f7]
remove [find where chain~"^flowrules-" and chain!=flowrules-5d72c8f7]
/ip firewall address-list
remove [find where comment~"^flowrules-" and comment!=flowrules-5d72c8f7]
/ipv6 firewall filter
remove [find where comment=flowrules and action=jump and jump-target!=flowrules-5d72c8f7]
remove [find where chain~"^flowrules-" and chain!=flowrules-5d72c8f7]
/ipv6 firewall address-list
remove [find where comment~"^flowrules-" and comment!=flowrules-5d72c8f7]
