#!/bin/sh
# Target web, version 8aae6ac7: rules of AWS security groups, set with the AWS CLI.
# Try with:  ./web.sh --dry-run   tells what would change
# Run with:  ./web.sh             on the groups below, or SG='sg-... sg-...'
#   It can be repeated, and changes rules alone whose description begins as below.
#   What is new is authorized before what is old is revoked, and with it the default egress.
# Back with: the script of the version before, which is run in the same way
# Undo with: ./web.sh --remove    revokes these rules, and opens nothing
set -euf

mark='flowrules web ' region=''
groups=${SG-'sg-0123456789abcdef0'} needed=1 steps='authorize close revoke' tells='egress ingress'
# GROUP DIRECTION PROTOCOL FROM TO KEY>PEER... | DESCRIPTION
rules='
1 egress tcp 5432 5432 4a7da7b229a8>10.0.32.0/20 | postgres
1 egress tcp 443 443 b336025b445a>pl-6da54004 | objects
1 egress udp 53 53 2ef905b2905b>0.0.0.0/0 9b725cd638ac>::/0 | dns
1 ingress tcp 8000 8010 68efb4a31526>111122223333/sg-0a1b2c3d4e5f60718 | from-balancer
1 ingress tcp 22 22 1668f80285d0>192.0.2.0/24 9cbf0ba7000f>2001:db8:c::/48 | ssh
1 ingress icmp 8 0 85901fa64efd>192.0.2.0/24 | ping
1 ingress icmpv6 128 -1 24c51ec01954>2001:db8:c::/48 | ping6
1 ingress 47 - - 1e00ec104494>198.51.100.1/32 | tunnel
1 ingress 50 - - 37113fcdfd9f>198.51.100.1/32 | tunnel
'

ec2() { AWS_PAGER='' "${AWS:-aws}" ec2 "$@" ${region:+--region "$region"} --output text </dev/null; }
stop() { status=$1 && shift && printf '%s\n' "$@" >&2 && exit "$status"; }

mode=${1-run}
case $mode in
run | --dry-run) ;;
--remove) steps=revoke needed=0 rules='' tells='' ;;
*) stop 2 "usage: $0 [--dry-run | --remove]" ;;
esac
[ "${REVOKE_FIRST:-0}" = 0 ] || steps="revoke $steps"

# Changes the group, unless this is a rehearsal; the error CODE is as good as success.
change() { # CODE VERB ARGUMENT...
    code=$1 verb=$2 && shift 2
    set -- "$verb" --group-id "$group" "$@" && echo "aws ec2 $*"
