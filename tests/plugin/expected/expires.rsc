# Flows that end
# Target mikrotik-routeros: of what is forwarded, what these rules do not accept is dropped.
# Shuts: DNS (udp/53), NTP (udp/123), HTTPS (tcp/443) through
# Not decided here: what goes to the router itself, or leaves it (input, output)
# Load with: /import mikrotik-routeros.swap.rsc, which imports this file and then removes
# an older version, that decides until then. Undo with, for /ip and /ipv6:
#   /ip firewall filter remove [find where comment=flowrules and action=jump]
# Rules of the chain forward that stand before the jump decide before these.

/ip firewall address-list
/ip firewall filter
add chain=flowrules-32727c36 action=accept connection-state=established,related
add chain=flowrules-32727c36 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.0/24 protocol=tcp dst-port=1 comment="for-ever"
add chain=flowrules-32727c36 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.0/24 protocol=tcp dst-port=2 comment="until-today (until 2026-11-23)"
add chain=flowrules-32727c36 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.0/24 protocol=tcp dst-port=4 comment="until-next-year (until 2027-06-30)"
add chain=flowrules-32727c36 action=drop
add chain=forward action=jump jump-target=flowrules-32727c36 comment=flowrules

/ipv6 firewall address-list
/ipv6 firewall filter
add chain=flowrules-32727c36 action=accept connection-state=established,related
add chain=flowrules-32727c36 action=drop
add chain=forward action=jump jump-target=flowrules-32727c36 comment=flowrules
/import mikrotik-routeros.rsc
/ip firewall filter
remove [find where comment=flowrules and action=jump and jump-target!=flowrules-32727c36]
remove [find where chain~"^flowrules-" and chain!=flowrules-32727c36]
/ip firewall address-list
remove [find where comment~"^flowrules-" and comment!=flowrules-32727c36]
/ipv6 firewall filter
remove [find where comment=flowrules and action=jump and jump-target!=flowrules-32727c36]
remove [find where chain~"^flowrules-" and chain!=flowrules-32727c36]
/ipv6 firewall address-list
remove [find where comment~"^flowrules-" and comment!=flowrules-32727c36]
