# A branch office behind a MikroTik router
# Target router: of what is forwarded, what these rules do not accept is dropped.
# Not decided here: what goes to the router itself, or leaves it (input, output)
# Load with: /import router.swap.rsc, which imports this file and then removes
# an older version, that decides until then. Undo with, for /ip and /ipv6:
#   /ip firewall filter remove [find where comment=flowrules and action=jump]
# Rules of the chain forward that stand before the jump decide before these.

/ip firewall address-list
add list=flowrules-84a9dc75-2-headquarters address=10.1.0.0/16 comment=flowrules-84a9dc75
add list=flowrules-84a9dc75-2-headquarters address=10.3.0.0/16 comment=flowrules-84a9dc75
/ip firewall filter
add chain=flowrules-84a9dc75 action=accept connection-state=established,related
add chain=flowrules-84a9dc75 action=drop src-address=10.20.9.0/24 comment="no-printers"
add chain=flowrules-84a9dc75 action=accept src-address-list=flowrules-84a9dc75-2-headquarters dst-address=10.20.8.10-10.20.8.17 protocol=tcp dst-port=8000-8010 log=yes log-prefix=backup comment="backup"
add chain=flowrules-84a9dc75 action=accept src-address=10.20.0.0/16 protocol=tcp dst-port=80,443,8443-8450 comment="web"
add chain=flowrules-84a9dc75 action=accept src-address=10.20.0.0/16 dst-address=9.9.9.9 protocol=tcp dst-port=53 comment="dns"
add chain=flowrules-84a9dc75 action=accept src-address=10.20.0.0/16 dst-address=9.9.9.9 protocol=udp dst-port=53 comment="dns"
add chain=flowrules-84a9dc75 action=accept src-address=10.20.0.0/16 protocol=udp dst-port=123 comment="time"
add chain=flowrules-84a9dc75 action=accept src-address-list=flowrules-84a9dc75-2-headquarters dst-address=10.20.0.0/16 protocol=icmp icmp-options=8:0-255 comment="ping"
add chain=flowrules-84a9dc75 action=drop log=yes log-prefix=the-rest
add chain=forward action=jump jump-target=flowrules-84a9dc75 comment=flowrules

/ipv6 firewall address-list
/ipv6 firewall filter
add chain=flowrules-84a9dc75 action=accept connection-state=established,related
add chain=flowrules-84a9dc75 action=accept src-address=2001:db8:20::/48 protocol=tcp dst-port=80,443,8443-8450 comment="web"
add chain=flowrules-84a9dc75 action=accept src-address=2001:db8:20::/48 dst-address=2620:fe::fe protocol=tcp dst-port=53 comment="dns"
add chain=flowrules-84a9dc75 action=accept src-address=2001:db8:20::/48 dst-address=2620:fe::fe protocol=udp dst-port=53 comment="dns"
add chain=flowrules-84a9dc75 action=accept src-address=2001:db8:20::/48 protocol=udp dst-port=123 comment="time"
add chain=flowrules-84a9dc75 action=drop log=yes log-prefix=the-rest
add chain=forward action=jump jump-target=flowrules-84a9dc75 comment=flowrules
/import router.rsc
/ip firewall filter
remove [find where comment=flowrules and action=jump and jump-target!=flowrules-84a9dc75]
remove [find where chain~"^flowrules-" and chain!=flowrules-84a9dc75]
/ip firewall address-list
remove [find where comment~"^flowrules-" and comment!=flowrules-84a9dc75]
/ipv6 firewall filter
remove [find where comment=flowrules and action=jump and jump-target!=flowrules-84a9dc75]
remove [find where chain~"^flowrules-" and chain!=flowrules-84a9dc75]
/ipv6 firewall address-list
remove [find where comment~"^flowrules-" and comment!=flowrules-84a9dc75]
