# Ranges and exceptions
# Target mikrotik-routeros: of what is forwarded, what these rules do not accept is dropped.
# Shuts: DNS (udp/53), NTP (udp/123), HTTPS (tcp/443) through
# Not decided here: what goes to the router itself, or leaves it (input, output)
# Load with: /import mikrotik-routeros.swap.rsc, which imports this file and then removes
# an older version, that decides until then. Undo with, for /ip and /ipv6:
#   /ip firewall filter remove [find where comment=flowrules and action=jump]
# Rules of the chain forward that stand before the jump decide before these.

/ip firewall address-list
add list=flowrules-9e1f9643-4-hole address=203.0.113.0-203.0.113.65 comment=flowrules-9e1f9643
add list=flowrules-9e1f9643-4-hole address=203.0.113.67-203.0.113.247 comment=flowrules-9e1f9643
add list=flowrules-9e1f9643-5-nested address=198.51.100.0-198.51.100.9 comment=flowrules-9e1f9643
add list=flowrules-9e1f9643-5-nested address=198.51.100.21-198.51.100.127 comment=flowrules-9e1f9643
add list=flowrules-9e1f9643-5-nested address=203.0.113.0-203.0.113.65 comment=flowrules-9e1f9643
add list=flowrules-9e1f9643-5-nested address=203.0.113.67-203.0.113.247 comment=flowrules-9e1f9643
add list=flowrules-9e1f9643-8-all-but-private address=0.0.0.0-9.255.255.255 comment=flowrules-9e1f9643
add list=flowrules-9e1f9643-8-all-but-private address=11.0.0.0-172.15.255.255 comment=flowrules-9e1f9643
add list=flowrules-9e1f9643-8-all-but-private address=172.32.0.0-192.167.255.255 comment=flowrules-9e1f9643
add list=flowrules-9e1f9643-8-all-but-private address=192.169.0.0-255.255.255.255 comment=flowrules-9e1f9643
add list=flowrules-9e1f9643-9-listed-to address=198.51.100.1 comment=flowrules-9e1f9643
add list=flowrules-9e1f9643-9-listed-to address=198.51.100.3 comment=flowrules-9e1f9643
add list=flowrules-9e1f9643-9-listed-to address=198.51.100.10-198.51.100.20 comment=flowrules-9e1f9643
/ip firewall filter
add chain=flowrules-9e1f9643 action=accept connection-state=established,related
add chain=flowrules-9e1f9643 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.10-198.51.100.20 protocol=tcp dst-port=1 comment="range"
add chain=flowrules-9e1f9643 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.0/25 protocol=tcp dst-port=2 comment="touching"
add chain=flowrules-9e1f9643 action=accept src-address=192.0.2.0/24 dst-address-list=flowrules-9e1f9643-4-hole protocol=tcp dst-port=3 comment="hole"
add chain=flowrules-9e1f9643 action=accept src-address=192.0.2.0/24 dst-address-list=flowrules-9e1f9643-5-nested protocol=tcp dst-port=4 comment="nested"
add chain=flowrules-9e1f9643 action=accept src-address=192.0.2.0/24 dst-address-list=flowrules-9e1f9643-8-all-but-private protocol=tcp dst-port=5 comment="internet"
add chain=flowrules-9e1f9643 action=accept src-address=192.0.2.0/24 dst-address-list=flowrules-9e1f9643-9-listed-to protocol=tcp dst-port=6 comment="listed"
add chain=flowrules-9e1f9643 action=drop
add chain=forward action=jump jump-target=flowrules-9e1f9643 comment=flowrules

/ipv6 firewall address-list
add list=flowrules-9e1f9643-7-nested address=2001:db8:2::/63 comment=flowrules-9e1f9643
add list=flowrules-9e1f9643-7-nested address=2001:db8:2:2::/64 comment=flowrules-9e1f9643
add list=flowrules-9e1f9643-7-nested address=2001:db8:2:4::/62 comment=flowrules-9e1f9643
add list=flowrules-9e1f9643-7-nested address=2001:db8:2:8::/61 comment=flowrules-9e1f9643
add list=flowrules-9e1f9643-7-nested address=2001:db8:2:10::/60 comment=flowrules-9e1f9643
add list=flowrules-9e1f9643-7-nested address=2001:db8:2:20::/59 comment=flowrules-9e1f9643
add list=flowrules-9e1f9643-7-nested address=2001:db8:2:40::/58 comment=flowrules-9e1f9643
add list=flowrules-9e1f9643-7-nested address=2001:db8:2:80::/57 comment=flowrules-9e1f9643
add list=flowrules-9e1f9643-7-nested address=2001:db8:2:100::/56 comment=flowrules-9e1f9643
add list=flowrules-9e1f9643-7-nested address=2001:db8:2:200::/55 comment=flowrules-9e1f9643
add list=flowrules-9e1f9643-7-nested address=2001:db8:2:400::/54 comment=flowrules-9e1f9643
add list=flowrules-9e1f9643-7-nested address=2001:db8:2:800::/53 comment=flowrules-9e1f9643
add list=flowrules-9e1f9643-7-nested address=2001:db8:2:1000::/52 comment=flowrules-9e1f9643
add list=flowrules-9e1f9643-7-nested address=2001:db8:2:2000::/51 comment=flowrules-9e1f9643
add list=flowrules-9e1f9643-7-nested address=2001:db8:2:4000::/50 comment=flowrules-9e1f9643
add list=flowrules-9e1f9643-7-nested address=2001:db8:2:8000::/49 comment=flowrules-9e1f9643
/ipv6 firewall filter
add chain=flowrules-9e1f9643 action=accept connection-state=established,related
add chain=flowrules-9e1f9643 action=accept src-address=2001:db8:1::/64 dst-address-list=flowrules-9e1f9643-7-nested protocol=tcp dst-port=4 comment="nested"
add chain=flowrules-9e1f9643 action=drop
add chain=forward action=jump jump-target=flowrules-9e1f9643 comment=flowrules
/import mikrotik-routeros.rsc
/ip firewall filter
remove [find where comment=flowrules and action=jump and jump-target!=flowrules-9e1f9643]
remove [find where chain~"^flowrules-" and chain!=flowrules-9e1f9643]
/ip firewall address-list
remove [find where comment~"^flowrules-" and comment!=flowrules-9e1f9643]
/ipv6 firewall filter
remove [find where comment=flowrules and action=jump and jump-target!=flowrules-9e1f9643]
remove [find where chain~"^flowrules-" and chain!=flowrules-9e1f9643]
/ipv6 firewall address-list
remove [find where comment~"^flowrules-" and comment!=flowrules-9e1f9643]
