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
    [ "$mode" = --dry-run ] || error=$(ec2 "$@" 2>&1 >/dev/null) || case $error in
    *"($code)"*) ;;
    *) stop 1 "$error" "$0: stopped; mend that and run this again; REVOKE_FIRST=1 makes room for new rules" ;;
    esac
}

# What the group lacks. A rule of somebody else that says the same (Duplicate) stays theirs.
authorize() {
    echo "$wanted" | while read -r direction protocol from to rest; do
        service="\"IpProtocol\":\"$protocol\","
        [ "$from" = - ] || service="$service\"FromPort\":$from,\"ToPort\":$to,"
        for rule in ${rest%%|*}; do
            peer=${rule#*>} text="$mark${rule%%>*}:${rest#*|}" verb=authorize-security-group
            case $present in
            *"|$text|"*) continue ;;
            *"|${text%%: *}: "*) verb=update-security-group-rule-descriptions ;;
            esac
            case $peer in
            */sg-*) peer="UserIdGroupPairs\":[{\"UserId\":\"${peer%/*}\",\"GroupId\":\"${peer#*/}" ;;
            pl-*) peer="PrefixListIds\":[{\"PrefixListId\":\"$peer" ;;
            *:*) peer="Ipv6Ranges\":[{\"CidrIpv6\":\"$peer" ;;
            *) peer="IpRanges\":[{\"CidrIp\":\"$peer" ;;
            esac
            change InvalidPermission.Duplicate "$verb-$direction" --ip-permissions \
                "[{$service\"$peer\",\"Description\":\"$text\"}]}]"
        done
    done
}

# A new group lets everything out. The IPv6 rule is there only where the VPC has IPv6.
close() {
    for all in 'IpRanges":[{"CidrIp":"0.0.0.0/0' 'Ipv6Ranges":[{"CidrIpv6":"::/0'; do
        change InvalidPermission.NotFound revoke-security-group-egress \
            --ip-permissions "[{\"IpProtocol\":\"-1\",\"$all\"}]}]"
    done
}

# What an older version left. All rules of all groups of an interface count, so others are told.
revoke() {
    echo "$present" | while IFS='|' read -r direction text id; do
        key=${text#"$mark"}
        case $text$wanted in
        "$mark"*" ${key%%:*}>"*) ;;
        "$mark"*) change InvalidSecurityGroupRuleId.NotFound "revoke-security-group-$direction" \
            --security-group-rule-ids "$id" ;;
        *) [ "${tells#*"${direction:-none}"}" = "$tells" ] || echo "$0: $id of $group is a rule of others, which may allow more" >&2 ;;
        esac
    done
}

# shellcheck disable=SC2086 # ids, with blanks between
set -- $groups
[ $# -ge "$needed" ] ||
    stop 2 "$0: $needed security groups are needed: SG='sg-... sg-...' says which, first to last"
for step in $steps; do
    number=0
    for group; do
        number=$((number + 1)) present=''
        wanted=$(echo "$rules" | while read -r n row; do [ "$n" != "$number" ] || echo "$row"; done)
        [ "$group" = new ] || present=$(ec2 describe-security-group-rules \
            --filters "Name=group-id,Values=$group" --query "SecurityGroupRules[].[join('|',
                [IsEgress && 'egress' || 'ingress', Description || '-', SecurityGroupRuleId])]")
        "$step"
    done
done
[ "$mode" != run ] || echo "$0: done; an interface needs all of: $*"
