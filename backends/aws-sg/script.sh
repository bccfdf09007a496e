#!/bin/sh
# TARGET.sh of aws-sg: how a new version takes the place of an older one without a gap, and what
# it leaves alone. It has only the lines that its rules and groups need.
region='' vpc='' name='' numbers='' groups='' needed=0 shuts='' keeps='' tells=''
# @text
#!/bin/sh
# @if TITLE
# @TITLE@
# @end
# Target @TARGET@, version @VERSION@: rules of AWS security groups, set with the AWS CLI.
# @SHUTS
# Try with:  ./@TARGET@.sh --dry-run   tells what would change
# Run with:  ./@TARGET@.sh             on the groups below, or SG='sg-... sg-...'
#   It can be repeated, and changes rules alone whose description begins as below.
#   What is new is authorized before what is old is revoked@WITH_DEFAULT@.
# @if PERMITS
#   Permits alone: what the rules of others let pass, passes.
# @end
# Back with: the script of the version before, which is run in the same way
# Undo with: ./@TARGET@.sh --remove    revokes these rules, and opens nothing
# @DAY
set -euf

mark='@MARK@'@VARIABLES@
# GROUP DIRECTION PROTOCOL FROM TO KEY>PEER... | DESCRIPTION
rules='
# @RULES
'

ec2() { AWS_PAGER='' "${AWS:-aws}" ec2 "$@" ${region:+--region "$region"} --output text </dev/null; }
stop() { status=$1 && shift && printf '%s\n' "$@" >&2 && exit "$status"; }

mode=${1-run} number=0
case $mode in
run | --dry-run) ;;
--remove) rules='' needed=0 tells='' ;;
*) stop 2 "usage: $0 [--dry-run | --remove]" ;;
esac

# @if MADE
# The groups of this target in the VPC, by their names; those that are needed are made.
[ -n "$groups" ] || for n in $numbers; do
    group=$(ec2 describe-security-groups --query 'SecurityGroups[].GroupId' \
        --filters "Name=vpc-id,Values=$vpc" "Name=group-name,Values=$name-$n")
    if [ -z "$group" ] && [ "$n" -le "$needed" ]; then
        set -- create-security-group --group-name "$name-$n" --vpc-id "$vpc" --description "${mark% }"
        echo "aws ec2 $*" && group=new
# @end
# @if OPENS
        made=yes
# @end
# @if MADE
        [ "$mode" = --dry-run ] || group=$(ec2 "$@" --query GroupId)
    fi
    groups="$groups $group"
done
# @end
# shellcheck disable=SC2086 # ids, with blanks between
set -- $groups
[ $# -ge "$needed" ] || stop 2 "$0: $needed security groups are needed: SG='sg-... sg-...' says which, first to last"

# What each group lacks and what it has too much, a call a line: VERB GROUP OPTION VALUE
# @if CLOSES
# Everything out, which a new group has, is as a rule of this target that is wanted no more.
# @end
calls=$(for group; do
    number=$((number + 1)) wanted=$(echo "$rules" | sed -n "s/^$number //p") present=''
    [ "$group" = new ] || present=$(ec2 describe-security-group-rules --filters "Name=group-id,Values=$group" --query \
        "SecurityGroupRules[].[join('|', [IsEgress && 'egress' || 'ingress',
# @if KEEPS
        !contains('$keeps ', join('', [' $number:', CidrIpv4 || CidrIpv6 || '-', ' '])) &&
# @end
# @if CLOSES
        IsEgress && IpProtocol == '-1' && contains('${rules:+$shuts}', CidrIpv4 || CidrIpv6 || '-') && '$mark' ||
# @end
        Description || '-', SecurityGroupRuleId])]") || exit
    echo "$wanted" | while read -r direction protocol from to rest; do
        for rule in ${rest%%|*}; do
            text="$mark${rule%%>*}:${rest#*|}" peer=${rule#*>} ports="FromPort=$from,ToPort=$to," kind='IpRanges=[{CidrIp'
            case $present in
            *"|$text|"*) continue ;;
            *"|${text%%: *}: "*) verb=update-security-group-rule-descriptions ;;
            *) verb=authorize-security-group ;;
            esac
# @if BARE
            case $from in -) ports='' ;; esac
# @end
# @if IPV6
            case $peer in *:*) kind='Ipv6Ranges=[{CidrIpv6' ;; esac
# @end
# @if LIST
            case $peer in pl-*) kind='PrefixListIds=[{PrefixListId' ;; esac
# @end
# @if GROUP
            case $peer in sg-*) kind='UserIdGroupPairs=[{GroupId' ;; esac
# @end
# @if ACCOUNT
            case $peer in */*-*) kind="UserIdGroupPairs=[{UserId=${peer%/*},GroupId" peer=${peer#*/} ;; esac
# @end
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
# @if OPENS4
    [ -z "${made-}" ] || echo "revoke-security-group-egress $group --ip-permissions IpProtocol=-1,IpRanges=[{CidrIp=0.0.0.0/0}]"
# @end
# @if OPENS6
    [ -z "${made-}" ] || echo "revoke-security-group-egress $group --ip-permissions IpProtocol=-1,Ipv6Ranges=[{CidrIpv6=::/0}]"
# @end
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
