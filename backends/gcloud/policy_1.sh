#!/bin/sh
# The constant text of TARGET.policy.sh in its first version: read, and no longer written.
dry=no prefix='' network='' policy='' place='' scope='' listed=''
policies() {
    echo "$dry" "$@"
}
# @text
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
    : # @RULES
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
