#!/bin/sh
# Target prod-policy, version 56557d4e: a network firewall policy of the network prod.
# Try with:   sh prod-policy.policy.sh --dry-run   prints what it would change
# Apply with: sh prod-policy.policy.sh
#   It fills a new policy, gives it to the network in one step, then deletes the old
#   one. It can be repeated, and touches no policies but fr-prod-policy--*.
# Back with:  the script of the version before, which changes policies in one step again
# Undo with:  sh prod-policy.policy.sh --remove
# Names are resolved by Cloud DNS and matched as addresses: a name that does not resolve
# matches nothing, and what shares an address with one is allowed too.
set -eu

dry=no
prefix=fr-prod-policy
policy=fr-prod-policy--56557d4e
network=prod
place=--global scope=--global-firewall-policy listed=--global

policies() {
    if [ "$dry" = yes ] && [ "$1" != list ]; then
        echo "policies $*"
        return
    fi
    gcloud compute network-firewall-policies "$@" --quiet </dev/null
}

enforcement_order() {
    gcloud compute networks describe "$network" \
        --format='value(networkFirewallPolicyEnforcementOrder)' --quiet </dev/null
}

newline='
'

# The policies of all versions of this target, and the policy that the network has now.
old=$(policies list "$listed" --format='value(name)' \
    --filter="name ~ ^$prefix--[0-9a-f]+$ AND description ~ ^flowrules")
current=$(policies list "$listed" --format='value(name)' \
    --filter="associations[].attachmentTarget ~ /networks/$network$")

is_mine() { # NAME
    case $newline$old$newline in
    *"$newline$1$newline"*) return 0 ;;
    *) return 1 ;;
    esac
}

case ${1-} in
'') ;;
--dry-run) dry=yes ;;
--remove)
    if [ -n "$current" ] && is_mine "$current"; then
        policies associations delete --name="$current" --firewall-policy="$current" \
            "$scope"
    fi
    for name in $old; do
        policies delete "$name" "$place"
    done
    exit
    ;;
*)
    echo "usage: $0 [--dry-run | --remove]" >&2
    exit 2
    ;;
esac

# A network has one policy of a kind: another's is not taken away.
if [ -n "$current" ] && ! is_mine "$current"; then
    echo "$0: the network $network has the firewall policy $current, which is not of this " \
        "target: nothing was changed" >&2
    exit 1
fi

rule() { # PRIORITY DIRECTION ACTION FIELD...
    priority=$1 direction=$2 action=$3
    shift 3
    policies rules create "$priority" --firewall-policy="$policy" "$scope" \
        --direction="$direction" --action="$action" "$@"
}

fill() {
    rule 1 EGRESS allow \
        --layer4-configs=udp:53 \
        --src-ip-ranges=10.0.16.0/20 \
        --dest-ip-ranges=8.8.8.8/32 \
        --description='flowrules: dns'
    rule 2 EGRESS allow \
        --layer4-configs=tcp:443 \
        --src-ip-ranges=10.0.16.0/20 \
        --dest-fqdns=hub.example.com \
        --description='flowrules: hub'
    rule 3 INGRESS deny \
        --layer4-configs=all \
        --src-ip-ranges=192.0.2.64/28 \
        --dest-ip-ranges=10.0.16.0/20 \
        --description='flowrules: no-quarantine'
    rule 4 INGRESS deny \
        --layer4-configs=all \
        --src-ip-ranges=192.0.2.64/28 \
        --target-secure-tags=tagValues/100 \
        --description='flowrules: no-quarantine'
    rule 5 INGRESS allow \
        --layer4-configs=tcp:22 \
        --src-secure-tags=tagValues/200 \
        --target-secure-tags=tagValues/100 \
        --enable-logging \
        --description='flowrules: ssh'
    rule 6 INGRESS allow \
        --layer4-configs=tcp:80,tcp:443,tcp:8000-8080 \
        --src-ip-ranges=192.0.2.0/24 \
        --target-secure-tags=tagValues/100 \
        --description='flowrules: web'
    rule 7 INGRESS allow \
        --layer4-configs=tcp:80,tcp:443,tcp:8000-8080 \
        --src-ip-ranges=2001:db8:c::/48 \
        --target-secure-tags=tagValues/100 \
        --description='flowrules: web'
    rule 8 INGRESS allow \
        --layer4-configs=icmp \
        --src-ip-ranges=192.0.2.0/24 \
        --target-secure-tags=tagValues/100 \
        --description='flowrules: ping'
    rule 9 INGRESS allow \
        --layer4-configs=58 \
        --src-ip-ranges=2001:db8:c::/48 \
        --target-secure-tags=tagValues/100 \
        --description='flowrules: ping'
    rule 10 EGRESS deny \
        --layer4-configs=all \
        --target-secure-tags=tagValues/100 \
        --dest-ip-ranges=0.0.0.0/0 \
        --description='flowrules: what no flow allows is denied'
    rule 11 EGRESS deny \
        --layer4-configs=all \
        --src-ip-ranges=10.0.16.0/20 \
        --dest-ip-ranges=0.0.0.0/0 \
        --description='flowrules: what no flow allows is denied'
    rule 12 EGRESS deny \
        --layer4-configs=all \
        --target-secure-tags=tagValues/100 \
        --dest-ip-ranges=::/0 \
        --description='flowrules: what no flow allows is denied'
    rule 13 INGRESS deny \
        --layer4-configs=all \
        --src-ip-ranges=0.0.0.0/0 \
        --target-secure-tags=tagValues/100 \
        --description='flowrules: what no flow allows is denied'
    rule 14 INGRESS deny \
        --layer4-configs=all \
        --src-ip-ranges=0.0.0.0/0 \
        --dest-ip-ranges=10.0.16.0/20 \
        --description='flowrules: what no flow allows is denied'
    rule 15 INGRESS deny \
        --layer4-configs=all \
        --src-ip-ranges=::/0 \
        --target-secure-tags=tagValues/100 \
        --description='flowrules: what no flow allows is denied'
}

if [ "$current" = "$policy" ]; then
    echo "$0: the network $network has this policy already" >&2
else
    if is_mine "$policy"; then # a run that broke off left it
        policies delete "$policy" "$place"
    fi
    policies create "$policy" "$place" --description="flowrules: $prefix"
    fill
    if [ -n "$current" ]; then
        policies associations create --name="$policy" --firewall-policy="$policy" \
            --network="$network" "$scope" --replace-association-on-target
    else
        policies associations create --name="$policy" --firewall-policy="$policy" \
            --network="$network" "$scope"
    fi
fi

for name in $old; do
    if [ "$name" != "$policy" ]; then
        policies delete "$name" "$place"
    fi
done

if [ "$(enforcement_order)" != BEFORE_CLASSIC_FIREWALL ]; then
    echo "$0: note: the VPC firewall rules of $network decide before this policy; it is the " \
        "other way round after: gcloud compute networks update $network" \
        "--network-firewall-policy-enforcement-order=BEFORE_CLASSIC_FIREWALL" >&2
fi
