#!/bin/sh
# The shell behind the rules of aws-sg in scripts of the third version, which have a function for each
# step: read, and no longer written.
region='' vpc='' name='' groups='' needed=0 numbers='' steps='' keeps='' tells='' mark=''
rules='
# @text
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
# @if ACCOUNT
            */sg-*) peer="UserIdGroupPairs\":[{\"UserId\":\"${peer%/*}\",\"GroupId\":\"${peer#*/}" ;;
# @end
# @if GROUP
            sg-*) peer="UserIdGroupPairs\":[{\"GroupId\":\"$peer" ;;
# @end
# @if LIST
            pl-*) peer="PrefixListIds\":[{\"PrefixListId\":\"$peer" ;;
# @end
# @if IPV6
            *:*) peer="Ipv6Ranges\":[{\"CidrIpv6\":\"$peer" ;;
# @end
# @if IPV4
            *) peer="IpRanges\":[{\"CidrIp\":\"$peer" ;;
# @end
            esac
            change InvalidPermission.Duplicate "$verb-$direction" --ip-permissions \
                "[{$service\"$peer\",\"Description\":\"$text\"}]}]"
        done
    done
}

# @if CLOSES
# A new group lets everything out. The IPv6 rule is there only where the VPC has IPv6.
close() {
    for all in 'IpRanges":[{"CidrIp":"0.0.0.0/0' 'Ipv6Ranges":[{"CidrIpv6":"::/0'; do
# @end
# @if KEEPS
        case "$keeps " in *" $number:${all##*\"} "*) continue ;; esac
# @end
# @if CLOSES
        change InvalidPermission.NotFound revoke-security-group-egress \
            --ip-permissions "[{\"IpProtocol\":\"-1\",\"$all\"}]}]"
    done
}

# @end
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

# @if MADE
# The groups of this target in the VPC, by their names; those that are needed are made.
[ -z "$groups" ] || numbers=''
for number in $numbers; do
    group=$(ec2 describe-security-groups --query 'SecurityGroups[].GroupId' \
        --filters "Name=vpc-id,Values=$vpc" "Name=group-name,Values=$name-$number")
    if [ -z "$group" ] && [ "$number" -le "$needed" ]; then
        set -- create-security-group --group-name "$name-$number" --vpc-id "$vpc" --description "${mark% }"
        echo "aws ec2 $*" && group=new
        [ "$mode" = --dry-run ] || group=$(ec2 "$@" --query GroupId)
    fi
    groups="$groups${groups:+ }$group"
done
# @end
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
