#!/bin/sh
# The constant text of TARGET.gcloud.sh in its first version: read, and no longer written.
dry=no project='' prefix='' network=''
firewall_rules() {
    echo "$dry" "$project" "$@"
}
# @text
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
# @RULES

# What only older versions had.
for name in $old; do
    case $wanted in
    *"$newline$name$newline"*) ;;
    *) firewall_rules delete "$name" ;;
    esac
done
