#!/bin/sh
# The shell behind the rules of aws-sg in scripts of the first version, which have a line for each
# address: read, and no longer written.
region='' vpc='' name='' groups='' most=0 needed=0 closes=no keeps='' only='' mark=''
rules() {
    :
# @text
}

AWS_PAGER=
export AWS_PAGER
step=
newline='
'
tab=$(printf '\t')

ec2() { # VERB ARGUMENT...
    [ -z "$region" ] || set -- "$@" --region "$region"
    "${AWS:-aws}" ec2 "$@" --output text </dev/null
}

stop() { # STATUS MESSAGE...
    status=$1
    shift
    printf '%s\n' "$@" >&2
    exit "$status"
}

# Changes something, unless this is a rehearsal; the error CODE is as good as success.
change() { # CODE VERB ARGUMENT...
    code=$1
    shift
    echo "aws ec2 $*"
    [ "$mode" != dry-run ] || return 0
    message=$(ec2 "$@" 2>&1 >/dev/null) && return 0
    hint='stopped; once that is mended, run this again'
    case $message in
    *"($code)"*) return 0 ;;
    *"(RulesPerSecurityGroupLimitExceeded)"*)
        hint='old and new rules do not fit side by side: with REVOKE_FIRST=1 the old ones go first' ;;
    esac
    stop 1 "$message" "$0: $hint"
}

# The rules of this target in the group: is it egress, id, description.
ours() {
    [ "$group" != new ] || return 0
    ec2 describe-security-group-rules --filters "Name=group-id,Values=$group" --query \
        "SecurityGroupRules[?starts_with(not_null(Description, ''), '$mark')].[IsEgress, SecurityGroupRuleId, Description]"
}

permission() { # PROTOCOL FROM TO KIND PEER DESCRIPTION
    ports=
    peer=$5
    [ "$2" = - ] || ports="\"FromPort\":$2,\"ToPort\":$3,"
    case $4 in
    ipv4) peers="\"IpRanges\":[{\"CidrIp\":\"$peer\"" ;;
    ipv6) peers="\"Ipv6Ranges\":[{\"CidrIpv6\":\"$peer\"" ;;
    prefix-list) peers="\"PrefixListIds\":[{\"PrefixListId\":\"$peer\"" ;;
    group) peers="\"UserIdGroupPairs\":[{\"GroupId\":\"${peer#*/}\"" ;;
    esac
    case $4:$peer in
    group:*/*) peers="$peers,\"UserId\":\"${peer%/*}\"" ;;
    esac
    printf '[{"IpProtocol":"%s",%s%s,"Description":"%s"}]}]' "$1" "$ports" "$peers" "$6"
}

# A rule, known by its key: it is wanted and, in the first step, authorized where the group lacks
# it. A rule of somebody else that says the same (Duplicate) stays theirs.
allow() { # DIRECTION KEY PROTOCOL FROM TO KIND PEER FLOWS
    wanted="$wanted $2"
    [ "$step" = authorize ] || return 0
    description="$mark$2: $8"
    case $present in
    *"$tab$description$newline"*) return 0 ;;
    *"$tab$mark$2: "*) verb=update-security-group-rule-descriptions-$1 code=none ;;
    *) verb=authorize-security-group-$1 code=InvalidPermission.Duplicate ;;
    esac
    change "$code" "$verb" --group-id "$group" \
        --ip-permissions "$(permission "$3" "$4" "$5" "$6" "$7" "$description")"
}

authorize_missing() {
    step=authorize
    wanted=
    present=$(ours)$newline
    rules "$number"
}

# What an older version of this target left: its key is wanted no more.
revoke_stale() {
    step=list
    wanted=
    present=$(ours)
    [ "$mode" = remove ] || rules "$number"
    while IFS=$tab read -r egress id description; do
        key=${description#"$mark"}
        case "$wanted " in *" ${key%%:*} "*) continue ;; esac
        case $egress in
        True) direction=egress ;;
        False) direction=ingress ;;
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
    for permission in \
        ipv4='[{"IpProtocol":"-1","IpRanges":[{"CidrIp":"0.0.0.0/0"}]}]' \
        ipv6='[{"IpProtocol":"-1","Ipv6Ranges":[{"CidrIpv6":"::/0"}]}]'; do
        case " $keeps " in *" $number:${permission%%=*} "*) continue ;; esac
        change InvalidPermission.NotFound revoke-security-group-egress --group-id "$group" \
            --ip-permissions "${permission#*=}"
    done
}

# All rules of all groups of an interface count: those of others may allow more.
tell_others() {
    [ "$group" != new ] || return 0
    others=$(ec2 describe-security-group-rules --filters "Name=group-id,Values=$group" --query \
        "SecurityGroupRules[?!starts_with(not_null(Description, ''), '$mark')$only].SecurityGroupRuleId")
    # shellcheck disable=SC2086 # ids, with tabs between
    [ -z "$others" ] ||
        echo "$0: $group has rules of others, which may allow more:" $others >&2
}

# The groups of this target in the VPC, by their names; those that are needed are made.
find_groups() {
    number=1
    while [ "$number" -le "$most" ]; do
        group=$(ec2 describe-security-groups --query 'SecurityGroups[].GroupId' \
            --filters "Name=vpc-id,Values=$vpc" "Name=group-name,Values=$name-$number")
        if [ -z "$group" ]; then
            if [ "$number" -gt "$needed" ] || [ "$mode" = remove ]; then
                break
            fi
            set -- create-security-group --group-name "$name-$number" --vpc-id "$vpc" \
                --description "${mark% }"
            echo "aws ec2 $*"
            group=new
            [ "$mode" = dry-run ] || group=$(ec2 "$@" --query GroupId)
        fi
        groups="$groups $group"
        number=$((number + 1))
    done
}

each() { # STEP
    number=0
    for group in $groups; do
        number=$((number + 1))
        "$1"
    done
}

case ${1-} in
'') mode=run ;;
--dry-run) mode=dry-run ;;
--remove) mode=remove ;;
*) stop 2 "usage: $0 [--dry-run | --remove]" ;;
esac
[ -n "$groups" ] || [ -z "$vpc" ] || find_groups
if [ "$mode" = remove ]; then
    each revoke_stale
    exit
fi
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
