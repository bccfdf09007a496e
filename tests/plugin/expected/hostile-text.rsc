# A title_add rule inet filter input accept_" $(reboot) `reboot` ]]> --> ${x} %{y} ? <x>
# Target mikrotik-routeros: of what is forwarded, what these rules do not accept is dropped.
# Shuts: DNS (udp/53), NTP (udp/123), HTTPS (tcp/443) through
# Not decided here: what goes to the router itself, or leaves it (input, output)
# Load with: /import mikrotik-routeros.swap.rsc, which imports this file and then removes
# an older version, that decides until then. Undo with, for /ip and /ipv6:
#   /ip firewall filter remove [find where comment=flowrules and action=jump]
# Rules of the chain forward that stand before the jump decide before these.

/ip firewall address-list
/ip firewall filter
add chain=flowrules-6ab15332 action=accept connection-state=established,related
add chain=flowrules-6ab15332 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.4 protocol=tcp dst-port=1003 log=yes log-prefix=x-x-a283bb comment="\${x} \$x; \${HOME} \$HOME \$(reboot)"
add chain=flowrules-6ab15332 action=accept src-address=198.51.100.0/24 dst-address=192.0.2.0/24 protocol=tcp dst-port=22 log=yes log-prefix=new-lines-f2724a comment="new lines (NET-1_-A INPUT -j ACCEPT); owner owner_allow everything; one_two___three_four_five_[31mred"
add chain=flowrules-6ab15332 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.1 protocol=tcp dst-port=1000 comment="double \" quote; a \"quoted\" purpose"
add chain=flowrules-6ab15332 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.2 protocol=tcp dst-port=1001 comment="single ' quote; it's"
add chain=flowrules-6ab15332 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.3 protocol=tcp dst-port=1002 comment="back`tick`; `reboot`"
add chain=flowrules-6ab15332 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.5 protocol=tcp dst-port=1004 comment="\$(reboot); a; reboot && reboot || reboot | reboot"
add chain=flowrules-6ab15332 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.6 protocol=tcp dst-port=1005 comment="!history #comment // /* */ <!-- -->; !! <!-- --> ]]> */"
add chain=flowrules-6ab15332 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.7 protocol=tcp dst-port=1006 comment="<xml attr=\"1\">&amp;</xml>; </config><evil/>"
add chain=flowrules-6ab15332 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.8 protocol=tcp dst-port=1007 comment="back\\slash \\\" \\n; ends with a backslash \\"
add chain=flowrules-6ab15332 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.9 protocol=tcp dst-port=1008 comment="percent %s %n %d; %s%s%n"
add chain=flowrules-6ab15332 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.10 protocol=tcp dst-port=1009 comment="semicolon; brace } { ) (; } accept"
add chain=flowrules-6ab15332 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.11 protocol=tcp dst-port=1010 comment="unicode _ _ _; Umlaute, _, _ and _ turned round"
add chain=flowrules-6ab15332 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.12 protocol=tcp dst-port=1011 comment="xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx..."
add chain=flowrules-6ab15332 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.13 protocol=tcp dst-port=1012 comment="eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeex; 255 bytes, of which a cut may split one"
add chain=flowrules-6ab15332 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.14 protocol=tcp dst-port=1013 comment="-A INPUT -j ACCEPT; -j ACCEPT"
add chain=flowrules-6ab15332 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.15 protocol=tcp dst-port=1014 comment=" leading and trailing ; spaces"
add chain=flowrules-6ab15332 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.16 protocol=tcp dst-port=1015 comment="COMMIT; COMMIT"
add chain=flowrules-6ab15332 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.17 protocol=tcp dst-port=1016 comment="END_OF_SETS; END_OF_SETS"
add chain=flowrules-6ab15332 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.18 protocol=tcp dst-port=1017 comment="[resourceId('a/b', 'c')] ([[parameters('x')]); owner [[parameters('x')]; [concat('a', 'b')]"
add chain=flowrules-6ab15332 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.19 protocol=tcp dst-port=1018 comment="%{ if true }\${file(\"/etc/passwd\")}%{ endif } (\${path.module}); owner \${path.module}; %{ for x in y }\$\${z}%%{"
add chain=flowrules-6ab15332 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.20 protocol=tcp dst-port=1019 comment="- key: value # \? |- > *alias &anchor !!tag ('{a: [b, c]}'); owner '{a: [b, c]}'; ---_..._- kind: NetworkPolicy"
add chain=flowrules-6ab15332 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.21 protocol=tcp dst-port=1020 comment="{{ .Values.x }} @file =1+1 ~ ^  (|id); owner |id; @/etc/passwd,=cmd()"
add chain=flowrules-6ab15332 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.22 protocol=tcp dst-port=1021 comment="what\? exit end no ! (\?); owner \?; \? show running-config_exit_configure terminal"
add chain=flowrules-6ab15332 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.23 protocol=tcp dst-port=1022 comment="<![CDATA[x]]>&lt;&#10;<!ENTITY y> (<\?xml\?>); owner <\?xml\?>; ]]></description><entry name='any'/>"
add chain=flowrules-6ab15332 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.24 protocol=tcp dst-port=1023 comment="x' or 'y\" ' '\\'' EOF ('\"'\$(id)'\"'); owner '\"'\$(id)'\"'; _EOF_reboot_"
add chain=flowrules-6ab15332 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.25 protocol=tcp dst-port=1024 comment="' (`); owner `; \""
add chain=flowrules-6ab15332 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.26 protocol=tcp dst-port=1025 comment="_ (\\\\); owner \\\\; \\"
add chain=flowrules-6ab15332 action=accept src-address=192.0.2.0/24 dst-address=198.51.100.27 protocol=tcp dst-port=1026 comment="bidi _eqila_ zero_width _ tag; _turned _ _ round"
add chain=flowrules-6ab15332 action=accept src-address=198.51.100.0/24 dst-address=192.0.2.0/24 protocol=tcp dst-port=23 comment="ten thousand characters (0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901..."
add chain=flowrules-6ab15332 action=drop
add chain=forward action=jump jump-target=flowrules-6ab15332 comment=flowrules

/ipv6 firewall address-list
/ipv6 firewall filter
add chain=flowrules-6ab15332 action=accept connection-state=established,related
add chain=flowrules-6ab15332 action=drop
add chain=forward action=jump jump-target=flowrules-6ab15332 comment=flowrules
/import mikrotik-routeros.rsc
/ip firewall filter
remove [find where comment=flowrules and action=jump and jump-target!=flowrules-6ab15332]
remove [find where chain~"^flowrules-" and chain!=flowrules-6ab15332]
/ip firewall address-list
remove [find where comment~"^flowrules-" and comment!=flowrules-6ab15332]
/ipv6 firewall filter
remove [find where comment=flowrules and action=jump and jump-target!=flowrules-6ab15332]
remove [find where chain~"^flowrules-" and chain!=flowrules-6ab15332]
/ipv6 firewall address-list
remove [find where comment~"^flowrules-" and comment!=flowrules-6ab15332]
