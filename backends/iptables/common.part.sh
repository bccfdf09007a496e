# What both scripts of iptables have: ipsets, the hooks in the built-in chains, and sessions that
# are open. Asks for the variables own, version, hooks, action and grace, and the functions
# load_sets and say.
# @text
# Removes own ipsets: the ones of this version (new), or those of all others (old).
remove_sets() {
    [ "$action" != try ] || return 0
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
# The hooks that are there now, and taking away those that were not.
hooked() { # COMMAND
    for pair in $hooks; do
        ! "$1" -w -C "${pair%.*}" -j "$own.${pair#*.}" 2>/dev/null || echo "$pair"
    done
}
unhook_but() { # COMMAND FILE
    for pair in $hooks; do
        grep -Fqx "$pair" "$2" ||
            "$1" -w -D "${pair%.*}" -j "$own.${pair#*.}" 2>/dev/null || :
    done
}

# TCP sessions that were opened before the rules: connection tracking takes them up with the first
# packets that pass. These sets hold every address; the kernel empties them in time, and the next
# load without them removes the rules.
open_sets() {
    if ! command -v "${IPSET:-ipset}" >/dev/null; then
        say "ipset is needed, so that TCP sessions that are open pass for $grace seconds;" \
            "--grace 0 loads without: they end, that of SSH too"
        exit 1
    fi
    {
        echo "create $own.open4 hash:net family inet timeout 0"
        echo "create $own.open6 hash:net family inet6 timeout 0"
        for net in 0.0.0.0/1 128.0.0.0/1; do
            echo "add $own.open4 $net timeout $grace"
        done
        for net in ::/1 8000::/1; do
            echo "add $own.open6 $net timeout $grace"
        done
    } | load_sets
}

