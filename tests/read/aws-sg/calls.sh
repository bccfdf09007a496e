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
groups=${SG-'sg-0123456789abcdef0'} needed=1 shuts='0.0.0.0/0 ::/0' tells='egress ingress'
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

mode=${1-run} number=0
case $mode in
run | --dry-run) ;;
--remove) rules='' needed=0 tells='' ;;
*) stop 2 "usage: $0 [--dry-run | --remove]" ;;
esac

# shellcheck disable=SC2086 # ids, with blanks between
set -- $groups
[ $# -ge "$needed" ] || stop 2 "$0: $needed security groups are needed: SG='sg-... sg-...' says which, first to last"

# What each group lacks and what it has too much, a call a line: VERB GROUP OPTION VALUE
# Everything out, which a new group has, is as a rule of this target that is wanted no more.
calls=$(for group; do
    number=$((number + 1)) wanted=$(echo "$rules" | sed -n "s/^$number //p") present=''
    [ "$group" = new ] || present=$(ec2 describe-security-group-rules --filters "Name=group-id,Values=$group" --query \
        "SecurityGroupRules[].[join('|', [IsEgress && 'egress' || 'ingress',
        IsEgress && IpProtocol == '-1' && contains('${rules:+$shuts}', CidrIpv4 || CidrIpv6 || '-') && '$mark' ||
        Description || '-', SecurityGroupRuleId])]") || exit
    echo "$wanted" | while read -r direction protocol from to rest; do
        for rule in ${rest%%|*}; do
            text="$mark${rule%%>*}:${rest#*|}" peer=${rule#*>} ports="FromPort=$from,ToPort=$to," kind='IpRanges=[{CidrIp'
            case $present in
            *"|$text|"*) continue ;;
            *"|${text%%: *}: "*) verb=update-security-group-rule-descriptions ;;
            *) verb=authorize-security-group ;;
            esac
            case $from in -) ports='' ;; esac
            case $peer in *:*) kind='Ipv6Ranges=[{CidrIpv6' ;; esac
            case $peer in pl-*) kind='PrefixListIds=[{PrefixListId' ;; esac
            case $peer in */*-*) kind="UserIdGroupPairs=[{UserId=${peer%/*},GroupId" peer=${peer#*/} ;; esac
            echo "$verb-$direction $group --ip-permissions IpProtocol=$protocol,$ports$kind=$peer,Description='$text'}]"
        done
    done
    echo "$present" | while IFS='|' read -r direction text id; do
        key=${text#"$mark"}
        case $text$wanted in
        "$mark"*" ${key%%:*}>"*) ;;
        "$mark"*) echo "revoke-security-group-$direction $group --security-group-rule-ids $id" ;;
        *) case $tells in *"${direction:-none}"*) echo "$0: $id of $group is a rule of others, which may allow more" >&2 ;; esac ;;
        esac
    done
done)

# What is authorized comes before what is revoked; with REVOKE_FIRST=1 it comes last, so that there is room.
echo "$calls" | grep . | sort ${REVOKE_FIRST:+-r} | while read -r verb group option value; do
    echo "aws ec2 $verb --group-id $group $option \"$value\""
    [ "$mode" = --dry-run ] || error=$(ec2 "$verb" --group-id "$group" "$option" "$value" 2>&1 >/dev/null) || case $verb:$error in
    authorize-*'(InvalidPermission.Duplicate)'* | revoke-*'(InvalidPermission.NotFound)'* | revoke-*'(InvalidSecurityGroupRuleId.NotFound)'*) ;;
    *) stop 1 "$error" "$0: stopped; mend that and run this again; REVOKE_FIRST=1 makes room for new rules" ;;
    esac
done
[ "$mode" != run ] || echo "$0: done; an interface needs all of: $*"
