# Not optimized
# Target mikrotik-routeros: of what is forwarded, what these rules do not accept is dropped.
# Shuts: DNS (udp/53), NTP (udp/123), HTTPS (tcp/443) through
# Not decided here: what goes to the router itself, or leaves it (input, output)
# Load with: /import mikrotik-routeros.swap.rsc, which imports this file and then removes
# an older version, that decides until then. Undo with, for /ip and /ipv6:
#   /ip firewall filter remove [find where comment=flowrules and action=jump]
# Rules of the chain forward that stand before the jump decide before these.

/ip firewall address-list
/ip firewall filter
add chain=flowrules-969d0c23 action=accept connection-state=established,related
add chain=flowrules-969d0c23 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.1 protocol=tcp dst-port=8001 comment="flow-1"
add chain=flowrules-969d0c23 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.2 protocol=tcp dst-port=8002 comment="flow-2"
add chain=flowrules-969d0c23 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.3 protocol=tcp dst-port=8003 comment="flow-3"
add chain=flowrules-969d0c23 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.4 protocol=tcp dst-port=8004 comment="flow-4"
add chain=flowrules-969d0c23 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.5 protocol=tcp dst-port=8005 comment="flow-5"
add chain=flowrules-969d0c23 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.6 protocol=tcp dst-port=8006 comment="flow-6"
add chain=flowrules-969d0c23 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.7 protocol=tcp dst-port=8007 comment="flow-7"
add chain=flowrules-969d0c23 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.8 protocol=tcp dst-port=8008 comment="flow-8"
add chain=flowrules-969d0c23 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.9 protocol=tcp dst-port=8009 comment="flow-9"
add chain=flowrules-969d0c23 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.10 protocol=tcp dst-port=8010 comment="flow-10"
add chain=flowrules-969d0c23 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.11 protocol=tcp dst-port=8011 comment="flow-11"
add chain=flowrules-969d0c23 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.12 protocol=tcp dst-port=8012 comment="flow-12"
add chain=flowrules-969d0c23 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.13 protocol=tcp dst-port=8013 comment="flow-13"
add chain=flowrules-969d0c23 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.14 protocol=tcp dst-port=8014 comment="flow-14"
add chain=flowrules-969d0c23 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.15 protocol=tcp dst-port=8015 comment="flow-15"
add chain=flowrules-969d0c23 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.16 protocol=tcp dst-port=8016 comment="flow-16"
add chain=flowrules-969d0c23 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.17 protocol=tcp dst-port=8017 comment="flow-17"
add chain=flowrules-969d0c23 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.18 protocol=tcp dst-port=8018 comment="flow-18"
add chain=flowrules-969d0c23 action=drop
add chain=forward action=jump jump-target=flowrules-969d0c23 comment=flowrules

/ipv6 firewall address-list
/ipv6 firewall filter
add chain=flowrules-969d0c23 action=accept connection-state=established,related
add chain=flowrules-969d0c23 action=drop
add chain=forward action=jump jump-target=flowrules-969d0c23 comment=flowrules
/import mikrotik-routeros.rsc
/ip firewall filter
remove [find where comment=flowrules and action=jump and jump-target!=flowrules-969d0c23]
remove [find where chain~"^flowrules-" and chain!=flowrules-969d0c23]
/ip firewall address-list
remove [find where comment~"^flowrules-" and comment!=flowrules-969d0c23]
/ipv6 firewall filter
remove [find where comment=flowrules and action=jump and jump-target!=flowrules-969d0c23]
remove [find where chain~"^flowrules-" and chain!=flowrules-969d0c23]
/ipv6 firewall address-list
remove [find where comment~"^flowrules-" and comment!=flowrules-969d0c23]
