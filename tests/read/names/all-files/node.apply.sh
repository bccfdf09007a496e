#!/bin/sh
# Target node, version 002c00bb: loads node.nft beside this file, as root, and with it what
# its sets of names hold now, in one transaction. It can be repeated. NFT names
# another nft.
set -eu

table='inet flowrules_node'
sets='names_7497fc928acd.4
names_7497fc928acd.6
names_f9d885f80218.4
names_f9d885f80218.6
names_46b98d84b1be.4
names_46b98d84b1be.6'
rules=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)/node.nft
nft=${NFT:-nft}

# What a set holds, as a command that puts it there again; nothing where there is no such set.
held() { # SET
    # shellcheck disable=SC2086
    { "$nft" list set $table "$1" 2>/dev/null || :; } | tr '\n\t' '  ' |
        sed -n "s/.*elements = { \([^}]*\)}.*/add element $table $1 { \1}/p"
    echo
}

{
    cat -- "$rules"
    for set in $sets; do
        held "$set"
    done
} | "$nft" -f -
