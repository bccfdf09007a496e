#!/bin/sh
# Target host, version 88627848: VPC firewall rules of the network shared.
# Try with:   sh host.gcloud.sh --dry-run   prints what it would change
# Apply with: sh host.gcloud.sh
#   It makes what is missing, sets right what was changed, then deletes what only
#   older versions had. It can be repeated, and touches no rules but fr-host--*.
# Back with:  the script of the version before, which makes its rules again
# Undo with:  sh host.gcloud.sh --remove
# Rules of others with a priority below 989 decide before these.
# Permits alone: what no rule here allows is left to the rules behind them.
set -eu

dry=no
prefix=fr-host
network=shared

firewall_rules() {
    if [ "$dry" = yes ] && [ "$1" != list ]; then
        echo "firewall_rules $*"
        return
    fi
    gcloud compute firewall-rules "$@" --quiet </dev/null
}

newline='
'

# The rules of all versions of this target: final denies first, then allows, then denies.
mine() {
    firewall_rules list --filter="name ~ ^$prefix-- AND description ~ ^flowrules" \
        --sort-by=~priority --format='value(name)'
}

old=$(mine)
case ${1-} in
'') ;;
--dry-run) dry=yes ;;
--remove)
    for name in $old; do
        firewall_rules delete "$name"
    done
    exit
    ;;
*)
    echo "usage: $0 [--dry-run | --remove]" >&2
    exit 2
    ;;
esac

# Makes a rule, or sets one that is there to what it should be: NAME DIRECTION ACTION PRIORITY
# FIELD...
wanted=$newline
rule() {
    name=$1 direction=$2 action=$3 priority=$4
    shift 4
    wanted=$wanted$name$newline
    case $newline$old$newline in
    *"$newline$name$newline"*)
        firewall_rules update "$name" --priority="$priority" --no-disabled "$@"
        ;;
    *)
        firewall_rules create "$name" --network="$network" --direction="$direction" \
            --action="$action" --priority="$priority" "$@"
        ;;
    esac
}

rule fr-host--out-fea01bbf EGRESS DENY 990 \
    --rules=tcp:25 \
    --source-ranges=198.51.100.0/28 \
    --destination-ranges=192.0.2.0/24 \
    --no-enable-logging \
    --description='flowrules: out'

rule fr-host--web-bd9bbe5e INGRESS ALLOW 990 \
    --rules=tcp:443 \
    --source-ranges=192.0.2.0/24 \
    --destination-ranges=198.51.100.0/28 \
    --no-enable-logging \
    --description='flowrules: web'

# What only older versions had.
for name in $old; do
    case $wanted in
    *"$newline$name$newline"*) ;;
    *) firewall_rules delete "$name" ;;
    esac
done
