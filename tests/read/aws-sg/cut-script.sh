#!/bin/sh
# Target web, version 91a4e364: rules of AWS security groups, set with the AWS CLI.
# Try with:  ./web.sh --dry-run   tells what would change
# Run with:  ./web.sh             on the groups below, or SG='sg-... sg-...'
#   It can be repeated, and changes rules alone whose description begins as below.
#   What is new is authorized before what is old is revoked, and with it the default egress.
# Undo with: ./web.sh --remove    revokes these rules, and opens nothing
set -euf

mark='flowrules web '
region=''
vpc=''
name='flowrules-web'
groups=${SG-'sg-0123456789abcdef0'}
needed=1
most=5
closes=yes
keeps=''
only=''

rules() { # NUMBER OF A GROUP
    case $1 in
    1)
        allow egress 4a7da7b229a8 tcp 5432 5432 ipv4 10.0.32.0/20 'postgres'
        allow egress b336025b445a tcp 443 443 prefix-list pl-6da54004 'objects'
        allow egress 2ef905b2905b udp 53 53 ipv4 0.0.0.0/0 'dns'
        allow egress 9b725cd638ac udp 53 53 ipv6 ::/0 'dns'
        allow ingress 68efb4a31526 tcp 8000 8010 group 111122223333/sg-0a1b2c3d4e5f60718 'from-balancer'
        allow ingress 1668f80285d0 tcp 22 22 ipv4 192.0.2.0/24 'ssh'
        allow ingress 9cbf0ba7000f tcp 22 22 ipv6 2001:db8:c::/48 'ssh'
        allow ingress 85901fa64efd icmp 8 0 ipv4 192.0.2.0/24 'ping'
        allow ingress 24c51ec01954 icmpv6 128 -1 ipv6 2001:db8:c::/48 'ping6'
        allow ingress 1e00ec104494 47 - - ipv4 198.51.100.1/32 'tunnel'
        allow ingress 37113fcdfd9f 50 - - ipv4 198.51.100.1/32 'tunnel'
        ;;
    esac
}

AWS_PAGER=
export AWS_PAGER
