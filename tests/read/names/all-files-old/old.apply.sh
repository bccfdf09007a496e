#!/bin/sh
# Target old, version 2471d491: what these chains do not accept is dropped.
# Names: dnsmasq fills the sets that end in .4 and .6 as old.dnsmasq.conf tells it;
#   what they hold stays when this is loaded again.
# Loads the files beside this one, as root: tested first, each family in one step.
# A second run changes nothing. IPTABLES, IP6TABLES, IPTABLES_RESTORE,
# IP6TABLES_RESTORE and IPSET name other commands.
# Out of force again:
#   iptables -w -D OUTPUT -j FR-old.OUT
#   ip6tables -w -D OUTPUT -j FR-old.OUT
set -eu

own='FR-old'
version='2471d491'
hooks='OUTPUT.OUT'
files=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)/old

iptables=${IPTABLES:-iptables}
ip6tables=${IP6TABLES:-ip6tables}
iptables_restore=${IPTABLES_RESTORE:-iptables-restore}
ip6tables_restore=${IP6TABLES_RESTORE:-ip6tables-restore}

# Removes own ipsets: the ones of this version (new), or those of all others (old).
remove_sets() {
    command -v "${IPSET:-ipset}" >/dev/null || return 0
    "${IPSET:-ipset}" list -n | while IFS= read -r set; do
        case $1:$set in
        new:"$own.$version."* | old:"$own."*) ;;
        *) continue ;;
        esac
        case $1:$set in
        old:"$own.$version."*) continue ;;
        esac
        # One that a rule still uses stays, by ipset's own check.
        "${IPSET:-ipset}" destroy "$set" 2>/dev/null || :
    done
}

# Sends the built-in chains' packets here, before all else.
hook() { # COMMAND
    for pair in $hooks; do
        "$1" -w -C "${pair%.*}" -j "$own.${pair#*.}" 2>/dev/null ||
            "$1" -w -I "${pair%.*}" 1 -j "$own.${pair#*.}"
    done
}

# Removes the own chains that a file of rules no longer has, and jumps to them.
remove_stale() { # COMMAND RESTORE FILE
    "$1" -w -S | awk -v own="$own" '
    BEGIN { print "*filter" }
    FNR == NR { if (/^:/) keep[substr($1, 2)] = 1; next }
    $1 == "-N" && !($2 in keep) &&
    (index($2, own ".") == 1 || index($2, own "/") == 1) { stale[$2] = 1 }
    $1 == "-A" && $3 == "-j" && ($4 in stale) && !($2 in stale) {
        print "-D", $2, "-j", $4
    }
    END {
        for (chain in stale) print "-F", chain
        for (chain in stale) print "-X", chain
        print "COMMIT"
    }' "$3" - | "$2" -w --noflush
}

# The own chains as they are now, as the start of a file of rules.
own_rules() { # COMMAND
    "$1" -w -S | awk -v own="$own" '
    BEGIN { print "*filter" }
    index($2, own ".") != 1 && index($2, own "/") != 1 { next }
    $1 == "-N" { print ":" $2 " - [0:0]" }
    $1 == "-A" { print }'
}

# The end of that file: chains that a newer file has and this one has not go away.
forget_new() { # NEWER-FILE
    awk '
    FNR == NR { if (/^:/) keep[$1] = 1; next }
    /^:/ && !($1 in keep) { stale[substr($1, 2)] = 1 }
    END {
        for (chain in stale) print "-F", chain
        for (chain in stale) print "-X", chain
        print "COMMIT"
    }' - "$1"
}

failed() {
    status=$?
    trap - EXIT
    if [ "$status" -ne 0 ]; then
        echo "$0: failed: $stage" >&2
        remove_sets new
    fi
    exit "$status"
}
stage='the earlier rules stay in force'
trap failed EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# The rules name them; no rule in force does yet.
"${IPSET:-ipset}" restore -exist <"$files.ipset"
"$iptables_restore" -w --test --noflush <"$files.v4.rules"
"$ip6tables_restore" -w --test --noflush <"$files.v6.rules"

# Each family changes in one step, IPv4 back again should IPv6 fail.
before=$(own_rules "$iptables")
"$iptables_restore" -w --noflush <"$files.v4.rules"
if ! "$ip6tables_restore" -w --noflush <"$files.v6.rules"; then
    {
        printf '%s\n' "$before"
        printf '%s\n' "$before" | forget_new "$files.v4.rules"
    } | "$iptables_restore" -w --noflush
    exit 1
fi
stage='the new rules are loaded, but maybe not hooked'
hook "$iptables"
hook "$ip6tables"

stage='the new rules are in force, old chains are left'
remove_stale "$iptables" "$iptables_restore" "$files.v4.rules"
remove_stale "$ip6tables" "$ip6tables_restore" "$files.v6.rules"
remove_sets old
