#!/bin/sh
# TARGET.sh of iptables, which builds new chains beside those in force and then switches to them;
# what it cleans up, and the way back.
# @text
#!/bin/sh
# @HEAD
# Builds the new chains beside the old ones, then switches. IPTABLES, IP6TABLES,
# IPTABLES_RESTORE, IP6TABLES_RESTORE and IPSET name other commands.
# @UNDO
#
# As root: sh @TARGET@.sh [OPTION]...
# @include backends/kits/netfilter_usage.part.sh
set -eu

own='@OWN@'
version='@VERSION@'
hooks='@HOOKS@'
open_for='@OPEN_FOR@'
target='@TARGET@'
script='.sh'
folder=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
files=$folder/$target
entrances='@ENTRANCES@'
sums=''
# @include backends/kits/netfilter_options.part.sh
# With --dry-run, what would change is printed.
shown() { # COMMAND ARGUMENT...
    if [ "$action" != try ]; then
        command "$@"
        return
    fi
    case " $* " in
    *' -S '* | *' -C '*) command "$@" ;;
    *'-restore '* | *' restore '*)
        echo "$* <<'END'"
        cat
        echo END
        ;;
    *) echo "$*" ;;
    esac
}
iptables() {
    shown "${IPTABLES:-iptables}" -w "$@"
}
ip6tables() {
    shown "${IP6TABLES:-ip6tables}" -w "$@"
}
iptables_restore() {
    shown "${IPTABLES_RESTORE:-iptables-restore}" -w --noflush
}
ip6tables_restore() {
    shown "${IP6TABLES_RESTORE:-ip6tables-restore}" -w --noflush
}
load_sets() {
    shown "${IPSET:-ipset}" restore -exist
}

# @include backends/iptables/common.part.sh
# The slot that the hooked chains point to: a, b or nothing.
live_slot() { # COMMAND
    "$1" -S | awk -v own="$own" '
    $1 == "-A" && index($2, own ".") == 1 && $3 == "-j" &&
    (index($4, own "/a.") == 1 || index($4, own "/b.") == 1) {
        slot = substr($4, length(own) + 2, 1)
    }
    END { print slot }'
}

# Points all hooked chains to a slot, in one step.
point() { # RESTORE SLOT
    {
        echo '*filter'
        for pair in $hooks; do
            echo ":$own.${pair#*.} - [0:0]"
            echo "-A $own.${pair#*.} -j $own/$2.${pair#*.}"
        done
        echo COMMIT
    } | "$1"
}

# Removes the chains of a slot or, with "but" before it, all others of this target.
remove_slot() { # COMMAND RESTORE [but] SLOT
    but=''
    [ "$3" != but ] || but=but
    "$1" -S | awk -v own="$own" -v but="$but" -v slot="$own/${4:-$3}" -v hooks="$hooks" '
    BEGIN {
        print "*filter"
        count = split(hooks, pairs)
        for (i = 1; i <= count; i++) hooked[own substr(pairs[i], index(pairs[i], "."))] = 1
    }
    $1 == "-N" && (index($2, own ".") == 1 || index($2, own "/") == 1) {
        in_slot = index($2, slot ".") == 1 || index($2, slot "/") == 1
        if (but ? !in_slot && !($2 in hooked) : in_slot) stale[$2] = 1
    }
    $1 == "-A" && $3 == "-j" && ($4 in stale) && !($2 in stale) {
        print "-D", $2, "-j", $4
    }
    END {
        for (chain in stale) print "-F", chain
        for (chain in stale) print "-X", chain
        print "COMMIT"
    }' | "$2"
}
# Removes all chains of this target.
remove_own() { # COMMAND RESTORE
    "$1" -S | awk -v own="$own" '
    BEGIN { print "*filter" }
    $1 == "-N" && (index($2, own ".") == 1 || index($2, own "/") == 1) { stale[$2] = 1 }
    END {
        for (chain in stale) print "-F", chain
        for (chain in stale) print "-X", chain
        print "COMMIT"
    }' | "$2"
}

# A way for open sessions, at the head of each chain of a slot that is to be hooked.
let_open() { # COMMAND SLOT SET
    for pair in $hooks; do
        "$1" -I "$own/$2.${pair#*.}" 1 -p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN \
            -m set --match-set "$3" src -j ACCEPT
    done
}

# The way back: the slots as they are now.
remember() {
    printf 'old4=%s old6=%s s4=%s s6=%s\n' "$old4" "$old6" "$s4" "$s6" >"$state/slots"
    hooked iptables >"$state/hooked4"
    hooked ip6tables >"$state/hooked6"
}
back_to() { # COMMAND RESTORE 4|6 OLD-SLOT NEW-SLOT
    unhook_but "$1" "$state/hooked$3"
    if [ -n "$4" ]; then
        point "$2" "$4"
        remove_slot "$1" "$2" "$5"
    else
        remove_own "$1" "$2"
    fi
}
go_back() {
    # shellcheck disable=SC1091
    . "$state/slots"
    back_to iptables iptables_restore 4 "$old4" "$s4"
    back_to ip6tables ip6tables_restore 6 "$old6" "$s6"
    remove_sets new
}
settle() {
    # shellcheck disable=SC1091
    [ "$action" != keep ] || . "$state/slots"
    stage='the new rules are in force, old chains are left'
    remove_slot iptables iptables_restore but "$s4"
    remove_slot ip6tables ip6tables_restore but "$s6"
    remove_sets old
}

# A failure on the way leaves the old version in force.
failed() {
    status=$?
    trap - EXIT
    if [ "$status" -ne 0 ]; then
        set +e
        say "failed: $stage"
        rm -f -- "$state/waiting.$$"
        [ "$(live_slot iptables)" = "$s4" ] || remove_slot iptables iptables_restore "$s4"
        [ "$(live_slot ip6tables)" = "$s6" ] || remove_slot ip6tables ip6tables_restore "$s6"
        remove_sets new
    fi
    exit "$status"
}

decide_now
s4=a
s6=a
old4=$(live_slot iptables)
old6=$(live_slot ip6tables)
[ "$old4" != a ] || s4=b
[ "$old6" != a ] || s6=b
stage='the earlier rules stay in force'
open=no
[ "$grace" -eq 0 ] || [ -z "$open_for" ] || [ -n "$old4" ] || open=yes
trap failed EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
[ "$confirm" -eq 0 ] || begin_confirm
[ "$open" = no ] || open_sets

# What a run that was killed may have left.
remove_slot iptables iptables_restore "$s4"
remove_slot ip6tables ip6tables_restore "$s6"

# @if SETS
load_sets <<'END_OF_SETS'
# @SET_LINES
END_OF_SETS

# @end
# @RULES

# All is built: switch, IPv4 back again should IPv6 fail.
[ "$open" = no ] || let_open iptables "$s4" "$own.open4"
[ "$open" = no ] || let_open ip6tables "$s6" "$own.open6"
[ "$open" = no ] || open_sets # once more: their time begins now
point iptables_restore "$s4"
if ! point ip6tables_restore "$s6"; then
    [ -z "$old4" ] || point iptables_restore "$old4"
    exit 1
fi
stage='the new rules are loaded, but maybe not hooked'
hook iptables
hook ip6tables
[ "$action" != try ] || exit 0
[ "$open" = no ] || say "TCP sessions that are open pass for $grace seconds (--grace)"
if [ "$confirm" -gt 0 ]; then
    trap - EXIT INT TERM
    end_confirm
fi

settle
save_files
