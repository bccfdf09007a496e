#!/bin/sh
# The shell behind the rules of aws-sg in scripts of the second version, which call a function for
# each line of rules: read, and no longer written.
region='' vpc='' name='' groups='' most=0 needed=0 closes=no keeps='' only='' mark=''
rules() {
    :
# @text
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
