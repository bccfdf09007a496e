#!/bin/sh
# TARGET.policy.sh, a network firewall policy: it is filled before the network is given it, in the
# place of the old one, in one step, so that no packet ever meets half a policy. It stops at the
# first command that fails, and can be run again.
# @text
#!/bin/sh
# @if TITLE
# @TITLE@
# @end
# Target @TARGET@, version @VERSION@: a network firewall policy of the network @NETWORK@.
# Try with:   sh @TARGET@.policy.sh --dry-run   prints what it would change
# Apply with: sh @TARGET@.policy.sh
#   It fills a new policy, gives it to the network in one step, then deletes the old
#   one. It can be repeated, and touches no policies but @PREFIX@--*.
# Back with:  the script of the version before, which changes policies in one step again
# Undo with:  sh @TARGET@.policy.sh --remove
# Names are resolved by Cloud DNS and matched as addresses: a name that does not resolve
# matches nothing, and what shares an address with one is allowed too.
# @NOTES
set -eu

dry=no project=@PROJECT@ prefix=@PREFIX@ network=@NETWORK@ policy=@PREFIX@--@HASH@
# @if REGION
place=--region=@REGION@ scope=--firewall-policy-region=@REGION@ listed=--regions=@REGION@
# @end
# @if GLOBAL
place=--global scope=--global-firewall-policy listed=--global
# @end

policies() {
    if [ "$dry" = yes ] && [ "$1" != list ]; then echo "policies $*" && return; fi
    gcloud compute network-firewall-policies "$@" ${project:+"--project=$project"} --quiet </dev/null
}

# The policies of all versions of this target, and the policy that the network has now.
old=$(policies list "$listed" --format='value(name)' \
    --filter="name ~ ^$prefix--[0-9a-f]+$ AND description ~ ^flowrules")
current=$(policies list "$listed" --format='value(name)' \
    --filter="associations[].attachmentTarget ~ /networks/$network$")
is_mine() { printf '%s\n' "$old" | grep -Fqx -e "$1"; }
case ${1-} in
'') ;;
--dry-run) dry=yes ;;
--remove)
    [ -z "$current" ] || ! is_mine "$current" ||
        policies associations delete --name="$current" --firewall-policy="$current" "$scope"
    for name in $old; do policies delete "$name" "$place"; done
    exit ;;
*) echo "usage: $0 [--dry-run | --remove]" >&2 && exit 2 ;;
esac

# A network has one policy of a kind: another's is not taken away.
if [ -n "$current" ] && ! is_mine "$current"; then
    echo "$0: the network $network has the firewall policy $current, which is not of this target:" \
        "nothing was changed" >&2 && exit 1
fi

rule() { # PRIORITY DIRECTION ACTION FIELD...
    priority=$1 direction=$2 action=$3
    shift 3
    policies rules create "$priority" --firewall-policy="$policy" "$scope" \
        --direction="$direction" --action="$action" "$@"
}

fill() {
    : # @RULES
}

if [ "$current" = "$policy" ]; then
    echo "$0: the network $network has this policy already" >&2
else
    ! is_mine "$policy" || policies delete "$policy" "$place" # a run that broke off left it
    policies create "$policy" "$place" --description="flowrules: $prefix"
    fill
    policies associations create --name="$policy" --firewall-policy="$policy" \
        --network="$network" "$scope" ${current:+--replace-association-on-target}
fi
for name in $old; do
    [ "$name" = "$policy" ] || policies delete "$name" "$place"
done
order=$(gcloud compute networks describe "$network" ${project:+"--project=$project"} --quiet \
    --format='value(networkFirewallPolicyEnforcementOrder)' </dev/null)
[ "$order" = BEFORE_CLASSIC_FIREWALL ] ||
    echo "$0: note: the VPC firewall rules of $network decide before this policy; it is the" \
        "other way round after: gcloud compute networks update $network" \
        "--network-firewall-policy-enforcement-order=BEFORE_CLASSIC_FIREWALL" >&2
