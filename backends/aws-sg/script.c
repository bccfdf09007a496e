/*
 * The shell around the rules of aws-sg: how a new version takes the place of an older one without
 * a gap, and what it leaves alone. What it needs of a plan precedes it, in variables: see aws_sg.c.
 */
#include "script.h"

#include <stddef.h>

const struct fr_aws_sg_piece fr_aws_sg_shell[] = {
    {0,
     "\n"
     "ec2() { AWS_PAGER='' \"${AWS:-aws}\" ec2 \"$@\" ${region:+--region \"$region\"} --output "
     "text </dev/null; }\n"
     "stop() { status=$1 && shift && printf '%s\\n' \"$@\" >&2 && exit \"$status\"; }\n"
     "\n"
     "mode=${1-run}\n"
     "case $mode in\n"
     "run | --dry-run) ;;\n"
     "--remove) steps=revoke needed=0 rules='' tells='' ;;\n"
     "*) stop 2 \"usage: $0 [--dry-run | --remove]\" ;;\n"
     "esac\n"
     "[ \"${REVOKE_FIRST:-0}\" = 0 ] || steps=\"revoke $steps\"\n"
     "\n"
     "# Changes the group, unless this is a rehearsal; the error CODE is as good as success.\n"
     "change() { # CODE VERB ARGUMENT...\n"
     "    code=$1 verb=$2 && shift 2\n"
     "    set -- \"$verb\" --group-id \"$group\" \"$@\" && echo \"aws ec2 $*\"\n"
     "    [ \"$mode\" = --dry-run ] || error=$(ec2 \"$@\" 2>&1 >/dev/null) || case $error in\n"
     "    *\"($code)\"*) ;;\n"
     "    *) stop 1 \"$error\" \"$0: stopped; mend that and run this again; REVOKE_FIRST=1 makes "
     "room for new rules\" ;;\n"
     "    esac\n"
     "}\n"
     "\n"
     "# What the group lacks. A rule of somebody else that says the same (Duplicate) stays "
     "theirs.\n"
     "authorize() {\n"
     "    echo \"$wanted\" | while read -r direction protocol from to rest; do\n"
     "        service=\"\\\"IpProtocol\\\":\\\"$protocol\\\",\"\n"
     "        [ \"$from\" = - ] || service=\"$service\\\"FromPort\\\":$from,\\\"ToPort\\\":$to,\"\n"
     "        for rule in ${rest%%|*}; do\n"
     "            peer=${rule#*>} text=\"$mark${rule%%>*}:${rest#*|}\" "
     "verb=authorize-security-group\n"
     "            case $present in\n"
     "            *\"|$text|\"*) continue ;;\n"
     "            *\"|${text%%: *}: \"*) verb=update-security-group-rule-descriptions ;;\n"
     "            esac\n"
     "            case $peer in\n"},
    {FR_AWS_SG_ACCOUNT, "            */sg-*) "
                        "peer=\"UserIdGroupPairs\\\":[{\\\"UserId\\\":\\\"${peer%/"
                        "*}\\\",\\\"GroupId\\\":\\\"${peer#*/}\" ;;\n"},
    {FR_AWS_SG_GROUP,
     "            sg-*) peer=\"UserIdGroupPairs\\\":[{\\\"GroupId\\\":\\\"$peer\" ;;\n"},
    {FR_AWS_SG_LIST,
     "            pl-*) peer=\"PrefixListIds\\\":[{\\\"PrefixListId\\\":\\\"$peer\" ;;\n"},
    {FR_AWS_SG_IPV6, "            *:*) peer=\"Ipv6Ranges\\\":[{\\\"CidrIpv6\\\":\\\"$peer\" ;;\n"},
    {FR_AWS_SG_IPV4, "            *) peer=\"IpRanges\\\":[{\\\"CidrIp\\\":\\\"$peer\" ;;\n"},
    {0, "            esac\n"
        "            change InvalidPermission.Duplicate \"$verb-$direction\" --ip-permissions \\\n"
        "                \"[{$service\\\"$peer\\\",\\\"Description\\\":\\\"$text\\\"}]}]\"\n"
        "        done\n"
        "    done\n"
        "}\n"
        "\n"},
    {FR_AWS_SG_CLOSES,
     "# A new group lets everything out. The IPv6 rule is there only where the VPC has IPv6.\n"
     "close() {\n"
     "    for all in 'IpRanges\":[{\"CidrIp\":\"0.0.0.0/0' 'Ipv6Ranges\":[{\"CidrIpv6\":\"::/0'; "
     "do\n"},
    {FR_AWS_SG_CLOSES | FR_AWS_SG_KEEPS,
     "        case \"$keeps \" in *\" $number:${all##*\\\"} \"*) continue ;; esac\n"},
    {FR_AWS_SG_CLOSES,
     "        change InvalidPermission.NotFound revoke-security-group-egress \\\n"
     "            --ip-permissions \"[{\\\"IpProtocol\\\":\\\"-1\\\",\\\"$all\\\"}]}]\"\n"
     "    done\n"
     "}\n"
     "\n"},
    {0, "# What an older version left. All rules of all groups of an interface count, so others "
        "are told.\n"
        "revoke() {\n"
        "    echo \"$present\" | while IFS='|' read -r direction text id; do\n"
        "        key=${text#\"$mark\"}\n"
        "        case $text$wanted in\n"
        "        \"$mark\"*\" ${key%%:*}>\"*) ;;\n"
        "        \"$mark\"*) change InvalidSecurityGroupRuleId.NotFound "
        "\"revoke-security-group-$direction\" \\\n"
        "            --security-group-rule-ids \"$id\" ;;\n"
        "        *) [ \"${tells#*\"${direction:-none}\"}\" = \"$tells\" ] || echo \"$0: $id of "
        "$group is a rule of others, which may allow more\" >&2 ;;\n"
        "        esac\n"
        "    done\n"
        "}\n"
        "\n"},
    {FR_AWS_SG_MADE,
     "# The groups of this target in the VPC, by their names; those that are needed are made.\n"
     "[ -z \"$groups\" ] || numbers=''\n"
     "for number in $numbers; do\n"
     "    group=$(ec2 describe-security-groups --query 'SecurityGroups[].GroupId' \\\n"
     "        --filters \"Name=vpc-id,Values=$vpc\" \"Name=group-name,Values=$name-$number\")\n"
     "    if [ -z \"$group\" ] && [ \"$number\" -le \"$needed\" ]; then\n"
     "        set -- create-security-group --group-name \"$name-$number\" --vpc-id \"$vpc\" "
     "--description \"${mark% }\"\n"
     "        echo \"aws ec2 $*\" && group=new\n"
     "        [ \"$mode\" = --dry-run ] || group=$(ec2 \"$@\" --query GroupId)\n"
     "    fi\n"
     "    groups=\"$groups${groups:+ }$group\"\n"
     "done\n"},
    {0, "# shellcheck disable=SC2086 # ids, with blanks between\n"
        "set -- $groups\n"
        "[ $# -ge \"$needed\" ] ||\n"
        "    stop 2 \"$0: $needed security groups are needed: SG='sg-... sg-...' says which, first "
        "to last\"\n"
        "for step in $steps; do\n"
        "    number=0\n"
        "    for group; do\n"
        "        number=$((number + 1)) present=''\n"
        "        wanted=$(echo \"$rules\" | while read -r n row; do [ \"$n\" != \"$number\" ] || "
        "echo \"$row\"; done)\n"
        "        [ \"$group\" = new ] || present=$(ec2 describe-security-group-rules \\\n"
        "            --filters \"Name=group-id,Values=$group\" --query "
        "\"SecurityGroupRules[].[join('|',\n"
        "                [IsEgress && 'egress' || 'ingress', Description || '-', "
        "SecurityGroupRuleId])]\")\n"
        "        \"$step\"\n"
        "    done\n"
        "done\n"
        "[ \"$mode\" != run ] || echo \"$0: done; an interface needs all of: $*\"\n"},
    {0, NULL},
};
