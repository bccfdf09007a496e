# Denies
# Target mikrotik-routeros: of what is forwarded, what these rules do not accept is dropped.
# Not decided here: what goes to the router itself, or leaves it (input, output)
# Load with: /import mikrotik-routeros.swap.rsc, which imports this file and then removes
# an older version, that decides until then. Undo with, for /ip and /ipv6:
#   /ip firewall filter remove [find where comment=flowrules and action=jump]
# Rules of the chain forward that stand before the jump decide before these.

/ip firewall address-list
/ip firewall filter
add chain=flowrules-62c219d5 action=accept connection-state=established,related
add chain=flowrules-62c219d5 action=drop src-address=192.0.2.0/24 protocol=tcp dst-port=25 log=yes log-prefix=no-smtp-out comment="no-smtp-out"
add chain=flowrules-62c219d5 action=drop src-address=198.51.100.64/28 dst-address=192.0.2.0/24 comment="no-quarantine"
add chain=flowrules-62c219d5 action=drop dst-address=192.0.2.0/24 protocol=tcp dst-port=23 comment="no-telnet"
add chain=flowrules-62c219d5 action=accept src-address=198.51.100.0/24 dst-address=192.0.2.0/24 protocol=tcp dst-port=80,443 comment="web"
add chain=flowrules-62c219d5 action=accept src-address=192.0.2.0/24 comment="anything-out"
add chain=flowrules-62c219d5 action=drop
add chain=forward action=jump jump-target=flowrules-62c219d5 comment=flowrules

/ipv6 firewall address-list
/ipv6 firewall filter
add chain=flowrules-62c219d5 action=accept connection-state=established,related
add chain=flowrules-62c219d5 action=drop src-address=2001:db8:1::/64 protocol=tcp dst-port=25 log=yes log-prefix=no-smtp-out-2 comment="no-smtp-out"
add chain=flowrules-62c219d5 action=drop dst-address=2001:db8:1::/64 protocol=tcp dst-port=23 comment="no-telnet"
add chain=flowrules-62c219d5 action=accept src-address=2001:db8:2::/64 dst-address=2001:db8:1::/64 protocol=tcp dst-port=80,443 comment="web"
add chain=flowrules-62c219d5 action=accept src-address=2001:db8:1::/64 comment="anything-out"
add chain=flowrules-62c219d5 action=drop
add chain=forward action=jump jump-target=flowrules-62c219d5 comment=flowrules
/import mikrotik-routeros.rsc
/ip firewall filter
remove [find where comment=flowrules and action=jump and jump-target!=flowrules-62c219d5]
remove [find where chain~"^flowrules-" and chain!=flowrules-62c219d5]
/ip firewall address-list
remove [find where comment~"^flowrules-" and comment!=flowrules-62c219d5]
/ipv6 firewall filter
remove [find where comment=flowrules and action=jump and jump-target!=flowrules-62c219d5]
remove [find where chain~"^flowrules-" and chain!=flowrules-62c219d5]
/ipv6 firewall address-list
remove [find where comment~"^flowrules-" and comment!=flowrules-62c219d5]
