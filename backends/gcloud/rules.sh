#!/bin/sh
# TARGET.gcloud.sh, VPC firewall rules: what is there already, what is made, what goes, in an
# order in which nothing is open that neither the old version nor the new one opens. It stops at
# the first command that fails, and can be run again. The name of a rule holds a hash of all that
# it says: a changed rule has a new name, is made before the old one goes, and no rule has to
# change its direction or action, which it can't.
# @text
#!/bin/sh
# @if TITLE
# @TITLE@
# @end
# Target @TARGET@, version @VERSION@: VPC firewall rules of the network @NETWORK@.
# Try with:   sh @TARGET@.gcloud.sh --dry-run   prints what it would change
# Apply with: sh @TARGET@.gcloud.sh
#   It makes what is missing, sets right what was changed, then deletes what only
#   older versions had. It can be repeated, and touches no rules but @PREFIX@--*.
# Back with:  the script of the version before, which makes its rules again
# Undo with:  sh @TARGET@.gcloud.sh --remove
# Rules of others with a priority below @PRIORITY@ decide before these.
# @NOTES
set -eu

dry=no project=@PROJECT@ prefix=@PREFIX@ network=@NETWORK@

firewall_rules() {
    if [ "$dry" = yes ] && [ "$1" != list ]; then echo "firewall_rules $*" && return; fi
    gcloud compute firewall-rules "$@" ${project:+"--project=$project"} --quiet </dev/null
}

# The rules of all versions of this target: final denies first, then allows, then denies.
old=$(firewall_rules list --filter="name ~ ^$prefix-- AND description ~ ^flowrules" \
    --sort-by=~priority --format='value(name)')
wanted=
case ${1-} in
'') ;;
--dry-run) dry=yes ;;
--remove)
    for name in $old; do firewall_rules delete "$name"; done
    exit ;;
*) echo "usage: $0 [--dry-run | --remove]" >&2 && exit 2 ;;
esac

# Makes a rule, or sets one that is there to what it should be.
rule() { # NAME DIRECTION ACTION PRIORITY FIELD...
    name=$1 direction=$2 action=$3 priority=$4 wanted="$wanted$1 "
    shift 4
    if printf '%s\n' "$old" | grep -Fqx -e "$name"; then
        firewall_rules update "$name" --priority="$priority" --no-disabled "$@"
    else
        firewall_rules create "$name" --network="$network" --direction="$direction" \
            --action="$action" --priority="$priority" "$@"
    fi
}
# @RULES

# What only older versions had.
for name in $old; do
    case " $wanted" in *" $name "*) ;; *) firewall_rules delete "$name" ;; esac
done
