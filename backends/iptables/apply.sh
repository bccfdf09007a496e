#!/bin/sh
# TARGET.apply.sh of iptables' restore files, which loads them: how a new version takes the place
# of the old one without a gap, what it cleans up, and the way back.
# @text
#!/bin/sh
# @HEAD
# Loads the files beside this one: tested first, each family in one step. IPTABLES,
# IP6TABLES, IPTABLES_RESTORE, IP6TABLES_RESTORE and IPSET name other commands.
# @UNDO
#
# As root: sh @TARGET@.apply.sh [OPTION]...
# @include backends/kits/netfilter_usage.part.sh
set -eu

own='@OWN@'
version='@VERSION@'
hooks='@HOOKS@'
open_for='@OPEN_FOR@'
target='@TARGET@'
script='.apply.sh'
folder=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
files=$folder/$target
entrances='@ENTRANCES@'
sums='@SUMS@'
# @include backends/kits/netfilter_options.part.sh
iptables=${IPTABLES:-iptables}
ip6tables=${IP6TABLES:-ip6tables}
iptables_restore=${IPTABLES_RESTORE:-iptables-restore}
ip6tables_restore=${IP6TABLES_RESTORE:-ip6tables-restore}

load_sets() {
    "${IPSET:-ipset}" restore -exist
}

# @include backends/iptables/common.part.sh
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

# A file of rules, with a way for open sessions at the head of each hooked chain.
rules() { # FILE SET
    if [ "$open" = no ]; then
        cat -- "$1"
        return
    fi
    awk -v own="$own" -v set="$2" '
    $1 == "-A" && index($2, own ".") == 1 && !($2 in seen) {
        seen[$2] = 1
        print "-A", $2, "-p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN",
            "-m set --match-set", set, "src -j ACCEPT"
    }
    { print }' "$1"
}

# The way back: the own chains as they are now, or none.
remember() {
    own_rules "$iptables" >"$state/before4"
    own_rules "$ip6tables" >"$state/before6"
    hooked "$iptables" >"$state/hooked4"
    hooked "$ip6tables" >"$state/hooked6"
}
back_to() { # COMMAND RESTORE 4|6
    unhook_but "$1" "$state/hooked$3"
    {
        cat "$state/before$3"
        forget_new "$files.v$3.rules" <"$state/before$3"
    } | "$2" -w --noflush
}
go_back() {
    back_to "$iptables" "$iptables_restore" 4
    back_to "$ip6tables" "$ip6tables_restore" 6
    remove_sets new
}
settle() {
    stage='the new rules are in force, old chains are left'
    remove_stale "$iptables" "$iptables_restore" "$files.v4.rules"
    remove_stale "$ip6tables" "$ip6tables_restore" "$files.v6.rules"
    remove_sets old
}
in_force() {
    [ -n "$(hooked "$iptables")" ]
}

# Sets that were made for a trial go again.
end_trial() {
    [ "$action" = try ] || return 0
    { "${IPSET:-ipset}" list -n 2>/dev/null || :; } | while IFS= read -r set; do
        case $set in "$own."*) ;; *) continue ;; esac
        printf '%s\n' "$sets_before" | grep -Fqx -e "$set" ||
            "${IPSET:-ipset}" destroy "$set"
    done
}

failed() {
    status=$?
    trap - EXIT
    if [ "$status" -ne 0 ]; then
        say "failed: $stage"
        rm -f -- "$state/waiting.$$"
        end_trial
        remove_sets new
    fi
    exit "$status"
}

decide_now
stage='the earlier rules stay in force'
open=no
[ "$grace" -eq 0 ] || [ -z "$open_for" ] || in_force || open=yes
sets_before=$("${IPSET:-ipset}" list -n 2>/dev/null) || sets_before=''
trap failed EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
[ "$confirm" -eq 0 ] || begin_confirm
[ "$open" = no ] || open_sets

# @if IPSET
# The rules name them; no rule in force does yet.
load_sets <"$files.ipset"
# @end
rules "$files.v4.rules" "$own.open4" | "$iptables_restore" -w --test --noflush
rules "$files.v6.rules" "$own.open6" | "$ip6tables_restore" -w --test --noflush
if [ "$action" = try ]; then
    end_trial
    say 'the rules can be loaded; nothing is changed'
    exit 0
fi

[ "$open" = no ] || open_sets # once more: their time begins now

# Each family changes in one step, IPv4 back again should IPv6 fail.
before=$(own_rules "$iptables")
rules "$files.v4.rules" "$own.open4" | "$iptables_restore" -w --noflush
if ! rules "$files.v6.rules" "$own.open6" | "$ip6tables_restore" -w --noflush; then
    {
        printf '%s\n' "$before"
        printf '%s\n' "$before" | forget_new "$files.v4.rules"
    } | "$iptables_restore" -w --noflush
    exit 1
fi
stage='the new rules are loaded, but maybe not hooked'
hook "$iptables"
hook "$ip6tables"
[ "$open" = no ] || say "TCP sessions that are open pass for $grace seconds (--grace)"
if [ "$confirm" -gt 0 ]; then
    trap - EXIT INT TERM
    end_confirm
fi

settle
save_files
