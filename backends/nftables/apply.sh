#!/bin/sh
# TARGET.apply.sh of nftables, which loads TARGET.nft: it keeps the sessions that are open and
# what the sets of names hold, and knows the way back.
# @text
#!/bin/sh
# Target @TARGET@, version @VERSION@: loads @TARGET@.nft beside this file@WITH_SETS@, in one transaction.
# NFT names another nft.
#
# As root: sh @TARGET@.apply.sh [OPTION]...
# @include backends/kits/netfilter_usage.part.sh
set -eu

target='@TARGET@'
script='.apply.sh'
folder=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
files=$folder/$target
entrances='@ENTRANCES@'
sums='.nft @SUM@'
table='inet @TABLE@'
chains='@CHAINS@'
sets='@SETS@'
# @include backends/kits/netfilter_options.part.sh
nft=${NFT:-nft}

in_force() {
    # shellcheck disable=SC2086
    "$nft" list table $table >/dev/null 2>&1
}

# What a set holds, as a command that puts it there again; nothing where there is no such set.
held() { # SET
    # shellcheck disable=SC2086
    { "$nft" list set $table "$1" 2>/dev/null || :; } | tr '\n\t' '  ' |
        sed -n "s/.*elements = { \([^}]*\)}.*/add element $table $1 { \1}/p"
    echo
}

# TCP sessions that were opened before the rules: connection tracking takes them up with the first
# packets that pass. The kernel ends this by itself, and the next load without it removes the rule.
# The set stands last: behind it, nft 1.1 takes no 'tcp flags'.
open_sessions() {
    echo "add set $table open_sessions { type inet_proto; flags timeout; }"
    echo "add element $table open_sessions { tcp timeout ${grace}s }"
    for chain in $chains; do
        echo "insert rule $table $chain tcp flags & (fin | syn | rst | ack) != syn" \
            "meta l4proto @open_sessions accept comment \"open before these rules\""
    done
}
rules() {
    cat -- "$files.nft"
    for set in $sets; do
        held "$set"
    done
    [ "$open" = no ] || open_sessions
}

# The way back: the own table as it is now, or none.
remember() {
    {
        echo "add table $table"
        echo "delete table $table"
        # shellcheck disable=SC2086
        ! in_force || "$nft" list table $table
    } >"$state/before.nft"
    "$nft" -c -f "$state/before.nft"
}
go_back() {
    "$nft" -f "$state/before.nft"
}
settle() {
    :
}

decide_now
open=no
[ "$grace" -eq 0 ] || [ -z "$chains" ] || in_force || open=yes
if [ "$action" = try ]; then
    rules | "$nft" -c -f -
    say 'the rules can be loaded; nothing is changed'
    exit 0
fi
failed() {
    status=$?
    trap - EXIT
    [ "$status" -eq 0 ] || rm -f -- "$state/waiting.$$"
    exit "$status"
}
trap failed EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
[ "$confirm" -eq 0 ] || begin_confirm
rules | "$nft" -f -
trap - EXIT INT TERM
[ "$open" = no ] || say "TCP sessions that are open pass for $grace seconds (--grace)"
[ "$confirm" -eq 0 ] || end_confirm
save_files
