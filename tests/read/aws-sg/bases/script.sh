#!/bin/sh
# Target web, version 8aae6ac7: rules of AWS security groups, set with the AWS CLI.
# Try with:  ./web.sh --dry-run   tells what would change
# Run with:  ./web.sh             on the groups below, or SG='sg-... sg-...'
#   It can be repeated, and changes rules alone whose description begins as below.
#   What is new is authorized before what is old is revoked, and with it the default egress.
# Back with: the script of the version before, which is run in the same way
# Undo with: ./web.sh --remove    revokes these rules, and opens nothing
set -euf

mark='flowrules web ' region='' vpc='' name='flowrules-web'
groups=${SG-'sg-0123456789abcdef0'} needed=1 most=5 closes=yes keeps='' only=''

rules() {
    allow 1 egress tcp 5432 5432 'postgres' 4a7da7b229a8=10.0.32.0/20
    allow 1 egress tcp 443 443 'objects' b336025b445a=pl-6da54004
    allow 1 egress udp 53 53 'dns' 2ef905b2905b=0.0.0.0/0 9b725cd638ac=::/0
    allow 1 ingress tcp 8000 8010 'from-balancer' 68efb4a31526=111122223333/sg-0a1b2c3d4e5f60718
    allow 1 ingress tcp 22 22 'ssh' 1668f80285d0=192.0.2.0/24 9cbf0ba7000f=2001:db8:c::/48
    allow 1 ingress icmp 8 0 'ping' 85901fa64efd=192.0.2.0/24
    allow 1 ingress icmpv6 128 -1 'ping6' 24c51ec01954=2001:db8:c::/48
    allow 1 ingress 47 - - 'tunnel' 1e00ec104494=198.51.100.1/32
    allow 1 ingress 50 - - 'tunnel' 37113fcdfd9f=198.51.100.1/32
}

export AWS_PAGER=
newline='
'
tab=$(printf '\t')
ec2() { "${AWS:-aws}" ec2 "$@" ${region:+--region "$region"} --output text </dev/null; }
stop() { status=$1 && shift && printf '%s\n' "$@" >&2 && exit "$status"; }

# Changes something, unless this is a rehearsal; the error CODE is as good as success.
change() { # CODE VERB ARGUMENT...
    code=$1 hint='stopped; once that is mended, run this again'
    shift && echo "aws ec2 $*"
    [ "$mode" != dry-run ] || return 0
    message=$(ec2 "$@" 2>&1 >/dev/null) && return 0
    case $message in
    *"($code)"*) return 0 ;;
    *"(RulesPerSecurityGroupLimitExceeded)"*)
        hint='old and new rules do not fit side by side: with REVOKE_FIRST=1 the old ones go first' ;;
    esac
    stop 1 "$message" "$0: $hint"
}

# The rules of this target in the group: is it egress, id, description.
ours() {
    [ "$group" = new ] ||
        ec2 describe-security-group-rules --filters "Name=group-id,Values=$group" --query \
            "SecurityGroupRules[?starts_with(not_null(Description, ''), '$mark')].[IsEgress, SecurityGroupRuleId, Description]"
}

# Rules, each known by its key: they are wanted and, in the first step, authorized where the group
# lacks them. A rule of somebody else that says the same (Duplicate) stays theirs.
allow() { # GROUP DIRECTION PROTOCOL FROM TO NOTES KEY=PEER...
    [ "$1" = "$number" ] || return 0
    direction=$2 notes=$6 service="\"IpProtocol\":\"$3\","
    [ "$4" = - ] || service="$service\"FromPort\":$4,\"ToPort\":$5,"
    shift 6
    for rule; do
        key=${rule%%=*} peer=${rule#*=}
        wanted="$wanted $key" description="$mark$key: $notes"
        [ "$step" = authorize ] || continue
        case $present in
        *"$tab$description$newline"*) continue ;;
        *"$tab$mark$key: "*) verb=update-security-group-rule-descriptions code=none ;;
        *) verb=authorize-security-group code=InvalidPermission.Duplicate ;;
        esac
        case $peer in
        */sg-*) peer="UserIdGroupPairs\":[{\"GroupId\":\"${peer#*/}\",\"UserId\":\"${peer%/*}" ;;
        sg-*) peer="UserIdGroupPairs\":[{\"GroupId\":\"$peer" ;;
        pl-*) peer="PrefixListIds\":[{\"PrefixListId\":\"$peer" ;;
        *:*) peer="Ipv6Ranges\":[{\"CidrIpv6\":\"$peer" ;;
        *) peer="IpRanges\":[{\"CidrIp\":\"$peer" ;;
        esac
        change "$code" "$verb-$direction" --group-id "$group" --ip-permissions \
            "[{$service\"$peer\",\"Description\":\"$description\"}]}]"
    done
}

authorize_missing() {
    step=authorize wanted='' present=$(ours)$newline
    rules
}

# What an older version of this target left: its key is wanted no more.
revoke_stale() {
    step=list wanted='' present=$(ours)
    [ "$mode" = remove ] || rules
    while IFS=$tab read -r egress id description; do
        key=${description#"$mark"}
        case "$egress:$wanted " in
        *" ${key%%:*} "*) continue ;;
        True:*) direction=egress ;;
        False:*) direction=ingress ;;
        *) continue ;;
        esac
        change InvalidSecurityGroupRuleId.NotFound "revoke-security-group-$direction" \
            --group-id "$group" --security-group-rule-ids "$id"
    done <<EOF
$present
EOF
}

# A new group lets everything out. The IPv6 rule is there only where the VPC has IPv6.
revoke_default() {
    for range in 'ipv4:IpRanges":[{"CidrIp":"0.0.0.0/0' 'ipv6:Ipv6Ranges":[{"CidrIpv6":"::/0'; do
        case " $keeps " in *" $number:${range%%:*} "*) continue ;; esac
        change InvalidPermission.NotFound revoke-security-group-egress --group-id "$group" \
            --ip-permissions "[{\"IpProtocol\":\"-1\",\"${range#*:}\"}]}]"
    done
}

# All rules of all groups of an interface count: those of others may allow more.
tell_others() {
    [ "$group" != new ] || return 0
    others=$(ec2 describe-security-group-rules --filters "Name=group-id,Values=$group" --query \
        "SecurityGroupRules[?!starts_with(not_null(Description, ''), '$mark')$only].SecurityGroupRuleId")
    # shellcheck disable=SC2086 # ids, with tabs between
    [ -z "$others" ] || echo "$0: $group has rules of others, which may allow more:" $others >&2
}

# The groups of this target in the VPC, by their names; those that are needed are made.
find_groups() {
    number=1
    while [ "$number" -le "$most" ]; do
        group=$(ec2 describe-security-groups --query 'SecurityGroups[].GroupId' \
            --filters "Name=vpc-id,Values=$vpc" "Name=group-name,Values=$name-$number")
        if [ -z "$group" ]; then
            if [ "$number" -gt "$needed" ] || [ "$mode" = remove ]; then break; fi
            set -- create-security-group --group-name "$name-$number" --vpc-id "$vpc" --description "${mark% }"
            echo "aws ec2 $*" && group=new
            [ "$mode" = dry-run ] || group=$(ec2 "$@" --query GroupId)
        fi
        groups="$groups $group" number=$((number + 1))
    done
}

each() { # STEP
    number=0
    for group in $groups; do number=$((number + 1)); "$1"; done
}

case ${1-} in
'') mode=run ;;
--dry-run | --remove) mode=${1#--} ;;
*) stop 2 "usage: $0 [--dry-run | --remove]" ;;
esac
[ -n "$groups" ] || [ -z "$vpc" ] || find_groups
if [ "$mode" = remove ]; then each revoke_stale; exit; fi
# shellcheck disable=SC2086 # ids, with spaces between
set -- $groups
[ $# -ge "$needed" ] ||
    stop 2 "$0: $needed security groups are needed: SG='sg-... sg-...' says which, first to last"
[ "${REVOKE_FIRST:-0}" = 0 ] || each revoke_stale
each authorize_missing
each revoke_stale
[ "$closes" = no ] || each revoke_default
each tell_others
[ "$mode" = dry-run ] || echo "$0: done; an interface needs all of:$(printf ' %s' "$@")"
