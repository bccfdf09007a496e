#!/bin/sh
# Target prod, version b1ef09cb: VPC firewall rules of the network prod.
# Apply with: sh prod.gcloud.sh
#   It makes what is missing, sets right what was changed, then deletes what only
#   older versions had. It can be repeated, and touches no rules but fr-prod--*.
# Undo with:  sh prod.gcloud.sh --remove
# Rules of others with a priority below 989 decide before these.
set -eu

dry=no
prefix=fr-prod
network=prod

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

rule fr-prod--dns-48ba1c66 EGRESS ALLOW 990 \
    --rules=udp:53 \
    --source-ranges=10.0.16.0/20 \
    --destination-ranges=8.8.8.8/32 \
    --no-enable-logging \
    --description='flowrules: dns'

rule fr-prod--no-quarantine-8b486a92 INGRESS DENY 989 \
    --rules=all \
    --source-ranges=192.0.2.64/28 \
    --destination-ranges=10.0.16.0/20 \
    --no-enable-logging \
    --description='flowrules: no-quarantine'

rule fr-prod--no-quarantine-2-44edd872 INGRESS DENY 989 \
    --rules=all \
    --source-ranges=192.0.2.64/28 \
    --target-tags=web \
    --no-enable-logging \
    --description='flowrules: no-quarantine'

rule fr-prod--ssh-d0b5c441 INGRESS ALLOW 990 \
    --rules=tcp:22 \
    --source-tags=bastion \
    --target-tags=web \
    --enable-logging \
    --description='flowrules: ssh'

rule fr-prod--web-77f896f3 INGRESS ALLOW 990 \
    --rules=tcp:80,tcp:443,tcp:8000-8080 \
    --source-ranges=192.0.2.0/24 \
    --target-tags=web \
    --no-enable-logging \
    --description='flowrules: web'

rule fr-prod--web-2-ba59c516 INGRESS ALLOW 990 \
    --rules=tcp:80,tcp:443,tcp:8000-8080 \
    --source-ranges=2001:db8:c::/48 \
    --target-tags=web \
    --no-enable-logging \
    --description='flowrules: web'

rule fr-prod--ping-0f708c5c INGRESS ALLOW 990 \
    --rules=icmp \
    --source-ranges=192.0.2.0/24 \
    --target-tags=web \
    --no-enable-logging \
    --description='flowrules: ping'

rule fr-prod--ping-2-6f7c79ca INGRESS ALLOW 990 \
    --rules=58 \
    --source-ranges=2001:db8:c::/48 \
    --target-tags=web \
    --no-enable-logging \
    --description='flowrules: ping'

rule fr-prod--0-deny-egress-ipv4-1-cb980dbf EGRESS DENY 999 \
    --rules=all \
    --target-tags=web \
    --destination-ranges=0.0.0.0/0 \
    --no-enable-logging \
    --description='flowrules: what no flow allows is denied'

rule fr-prod--0-deny-egress-ipv4-2-9e020c23 EGRESS DENY 999 \
    --rules=all \
    --source-ranges=10.0.16.0/20 \
    --destination-ranges=0.0.0.0/0 \
    --no-enable-logging \
    --description='flowrules: what no flow allows is denied'

rule fr-prod--0-deny-egress-ipv6-1-bf84c4d5 EGRESS DENY 999 \
    --rules=all \
    --target-tags=web \
    --destination-ranges=::/0 \
    --no-enable-logging \
    --description='flowrules: what no flow allows is denied'

rule fr-prod--0-deny-ingress-ipv4-1-798f215e INGRESS DENY 999 \
    --rules=all \
    --source-ranges=0.0.0.0/0 \
    --target-tags=web \
    --no-enable-logging \
    --description='flowrules: what no flow allows is denied'

rule fr-prod--0-deny-ingress-ipv4-2-f96a4efe INGRESS DENY 999 \
    --rules=all \
    --source-ranges=0.0.0.0/0 \
    --destination-ranges=10.0.16.0/20 \
    --no-enable-logging \
    --description='flowrules: what no flow allows is denied'

rule fr-prod--0-deny-ingress-ipv6-1-1e40e0fc INGRESS DENY 999 \
    --rules=all \
    --source-ranges=::/0 \
    --target-tags=web \
    --no-enable-logging \
    --description='flowrules: what no flow allows is denied'

# What only older versions had.
for name in $old; do
    case $wanted in
    *"$newline$name$newline"*) ;;
    *) firewall_rules delete "$name" ;;
    esac
done
