# 2026-11-23 10:14:05 by RouterOS 7.20.4
# software id = AAAA-BBBB
#
# model = RB5009UPr+S+
/interface bridge
add admin-mac=48:8F:5A:00:00:01 auto-mac=no comment=defconf name=bridge
/interface ethernet
set [ find default-name=ether1 ] comment="to the provider; \"fibre\"" name=wan
/interface list member
add interface=bridge list=LAN
/ip address
add address=10.20.0.1/16 interface=bridge network=10.20.0.0
/ip firewall address-list
add address=10.1.0.0/16 comment="by \$hand" list="head quarters"
add address=10.3.0.0/16 list="head quarters"
add address=192.0.2.9 disabled=yes list="head quarters"
add address=198.51.100.7 list=blocked timeout=1d
/ip firewall filter
add action=accept chain=input comment=\
    "defconf: accept established,related,untracked" connection-state=\
    established,related,untracked
add action=drop chain=input in-interface-list=!LAN
add action=fasttrack-connection chain=forward comment="defconf: fasttrack" \
    connection-state=established,related hw-offload=yes
add action=accept chain=forward connection-state=established,related
add action=log chain=forward connection-state=new log-prefix=seen
add action=accept chain=forward comment="not in use" disabled=yes
add action=jump chain=forward comment="what the office may" jump-target=office
add action=accept chain=elsewhere
add action=drop chain=office comment="the printers stay where they are, and whoe\
    ver puts one into another network is told so" src-address=10.20.9.0/24
add action=accept chain=office dst-address=10.20.8.10-10.20.8.17 dst-port=\
    8000-8010 log=yes log-prefix=backup protocol=tcp src-address-list=\
    "head quarters"
add action=accept chain=office dst-port=80,443,8443-8450 protocol=tcp \
    src-address=10.20.0.0/16
add action=accept chain=office dst-port=53,123 protocol=udp src-address=\
    10.20.0.0/16 dst-address=9.9.9.9
add action=accept chain=office dst-port=53 protocol=tcp src-address=10.20.0.0/16 dst-address=9.9.9.9
add action=accept chain=office dst-port=123 protocol=udp src-address=10.20.0.0/16
add action=accept chain=office dst-address=10.20.0.0/16 icmp-options=8:0-255 protocol=icmp src-address-list="head quarters"
add action=reject chain=office reject-with=icmp-admin-prohibited
/ip firewall nat
add action=masquerade chain=srcnat out-interface-list=WAN
/ip/firewall/service-port
set ftp disabled=yes
/ipv6 firewall filter add action=accept chain=forward connection-state=established,related
/ipv6 firewall filter add action=accept chain=forward dst-port=80,443,8443-8450 protocol=tcp src-address=2001:db8:20::/48
/ipv6/firewall/filter/add chain=forward dst-port=53 protocol=tcp src-address=2001:db8:20::/48 dst-address=2620:fe::fe/128
/ipv6 firewall filter add action=accept chain=forward dst-port=53 protocol=udp src-address=2001:db8:20::/48 dst-address=2620:fe::fe/128
/ipv6 firewall filter add action=accept chain=forward dst-port=123 protocol=udp src-address=2001:db8:20::/48
/ipv6 firewall filter add action=drop chain=forward
/system identity
set name="office: \"north\""
