# Target mikrotik-routeros: of what is forwarded, what these rules do not accept is dropped.
# Shuts: DNS (udp/53), NTP (udp/123), HTTPS (tcp/443) through
# Not decided here: what goes to the router itself, or leaves it (input, output)
# Load with: /import mikrotik-routeros.swap.rsc, which imports this file and then removes
# an older version, that decides until then. Undo with, for /ip and /ipv6:
#   /ip firewall filter remove [find where comment=flowrules and action=jump]
# Rules of the chain forward that stand before the jump decide before these.

/ip firewall address-list
/ip firewall filter
add chain=flowrules-0c5db33c action=accept connection-state=established,related
add chain=flowrules-0c5db33c action=drop src-address=10.50.0.0/16 dst-address=10.10.1.0/24 comment="no-partner"
add chain=flowrules-0c5db33c action=drop dst-address=10.10.1.5 comment="no-host"
add chain=flowrules-0c5db33c action=drop src-address=10.50.1.0/24 dst-address=10.10.1.0/24 comment="no-part"
add chain=flowrules-0c5db33c action=drop src-address=10.9.0.0/16 dst-address=10.10.1.0/24 comment="no-lab"
add chain=flowrules-0c5db33c action=accept src-address=10.0.0.0/8 dst-address=10.10.1.0/24 protocol=tcp dst-port=8080 comment="inside"
add chain=flowrules-0c5db33c action=accept src-address=10.50.0.0/16 dst-address=10.10.1.0/24 protocol=tcp dst-port=80 comment="partner-web"
add chain=flowrules-0c5db33c action=drop
add chain=forward action=jump jump-target=flowrules-0c5db33c comment=flowrules

/ipv6 firewall address-list
/ipv6 firewall filter
add chain=flowrules-0c5db33c action=accept connection-state=established,related
add chain=flowrules-0c5db33c action=drop
add chain=forward action=jump jump-target=flowrules-0c5db33c comment=flowrules
/import mikrotik-routeros.rsc
/ip firewall filter
remove [find where comment=flowrules and action=jump and jump-target!=flowrules-0c5db33c]
remove [find where chain~"^flowrules-" and chain!=flowrules-0c5db33c]
/ip firewall address-list
remove [find where comment~"^flowrules-" and comment!=flowrules-0c5db33c]
/ipv6 firewall filter
remove [find where comment=flowrules and action=jump and jump-target!=flowrules-0c5db33c]
remove [find where chain~"^flowrules-" and chain!=flowrules-0c5db33c]
/ipv6 firewall address-list
remove [find where comment~"^flowrules-" and comment!=flowrules-0c5db33c]
