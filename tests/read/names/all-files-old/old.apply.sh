#!/bin/sh
# Target old, version 2471d491: what these chains do not accept is dropped.
# Names: dnsmasq fills the sets that end in .4 and .6 as old.dnsmasq.conf tells it;
#   what they hold stays when this is loaded again.
# Loads the files beside this one: tested first, each family in one step. IPTABLES,
# IP6TABLES, IPTABLES_RESTORE, IP6TABLES_RESTORE and IPSET name other commands.
# Out of force again:
#   iptables -w -D OUTPUT -j FR-old.OUT
#   ip6tables -w -D OUTPUT -j FR-old.OUT
#
# As root: sh old.apply.sh [OPTION]...
#   (none)             loads the rules, in place of an earlier version; can be repeated
#   --dry-run          tries it, and changes nothing
#   --confirm SECONDS  loads them, and takes what is in force now back again unless
#                      --keep is given in this time, from a new session, say; it does so
#                      also when this session or script is killed
#   --keep, --back     confirms what waits; goes back at once
#   --save DIR         once they are in force (and confirmed), copies the files there
#   --grace SECONDS    for so long after the first load TCP sessions that were open go
#                      on, until connection tracking knows them (600); 0: they end,
#                      where connections were not tracked before
# The rules are gone when the machine starts again. So what comes back then is what it
# loads by itself: let that be a copy made by --save, never the files as they are rendered.
set -eu

own='FR-old'
version='2471d491'
hooks='OUTPUT.OUT'
open_for='yes'
target='old'
script='.apply.sh'
folder=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
files=$folder/$target
sums='.v4.rules 260934820 1538 .v6.rules 2922671404 2002 .ipset 3083121203 599'

say() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
}
wrong() {
    say "$*; --help tells more"
    exit 2
}
seconds() { # OPTION VALUE
    case $2 in
    '' | *[!0-9]* | ????????*) wrong "$1 takes a number of seconds, not '$2'" ;;
    esac
}

action=load confirm=0 grace=600 save='' id=$$
while [ $# -gt 0 ]; do
    case $1 in
    --confirm | --grace | --save | --watch) [ $# -gt 1 ] || wrong "$1 needs a value" ;;
    esac
    case $1 in
    --dry-run) action=try ;;
    --keep) action=keep ;;
    --back) action=back ;;
    --watch) # of this script alone: the copy that goes back
        action=watch id=$2
        shift
        ;;
    --confirm)
        seconds "$1" "$2"
        confirm=$2
        [ "$confirm" -gt 0 ] || wrong "$1 takes one second or more"
        shift
        ;;
    --grace)
        seconds "$1" "$2"
        grace=$2
        shift
        ;;
    --save)
        save=$2
        shift
        ;;
    --help)
        sed -n '/^#!/d; /^[^#]/q; s/^# \{0,1\}//p' "$0"
        exit 0
        ;;
    *) wrong "unknown option '$1'" ;;
    esac
    shift
done

# What waits for a confirmation: a copy of this script and of what it loads, and the way back. The
# folder is gone when the machine starts again, and the rules with it.
state=${FLOWRULES_STATE:-/run/flowrules}/$target
copy=$state/$target$script

# The files that this script loads, by cksum(1): SUFFIX CHECKSUM BYTES of each.
parts() {
    # shellcheck disable=SC2086
    set -- $sums
    while [ $# -gt 0 ]; do
        echo "$1"
        shift 3
    done
}
check_files() {
    # shellcheck disable=SC2086
    set -- $sums
    while [ $# -gt 0 ]; do
        if [ "$(cksum <"$files$1")" != "$2 $3" ]; then
            say "$files$1 is not the file that this script was written with: of another version," \
                "cut or edited. Nothing is changed; render both again"
            exit 1
        fi
        shift 3
    done
}

# The number of the version that waits, or nothing.
waits() {
    for file in "$state"/waiting.*; do
        [ ! -e "$file" ] || echo "${file##*.}"
    done
}
# Was it kept, or is it back? A way back that broke off can be taken again.
is_over() {
    for file in "$state"/kept.* "$state"/done.*; do
        [ ! -e "$file" ] || return 0
    done
    return 1
}
# Who decides first decides: a file is renamed once.
decide() { # kept|back
    id=$(waits)
    [ -n "$id" ] && mv "$state/waiting.$id" "$state/$1.$id" 2>/dev/null
}

save_files() {
    [ -n "$save" ] || return 0
    mkdir -p -- "$save"
    for part in $(parts); do
        cp -- "$files$part" "$save/.$target$part.new"
    done
    cp -p -- "$0" "$save/.$target$script.new"
    for part in $(parts) "$script"; do
        mv -- "$save/.$target$part.new" "$save/$target$part"
    done
    say "saved in $save; when the machine starts: $save/$target$script --grace 0"
}

# Keeps the way back, and has a process of its own take it in time: it outlives this session.
begin_confirm() {
    [ -f "$0" ] || wrong '--confirm needs this script as a file'
    (umask 077 && mkdir -p -- "$state")
    rm -f -- "$state"/*
    for part in $(parts); do
        cp -- "$files$part" "$state/$target$part"
    done
    cp -- "$0" "$copy"
    if [ -n "$save" ]; then
        mkdir -p -- "$save"
        (CDPATH='' cd -- "$save" && pwd) >"$state/save"
    fi
    remember
    : >"$state/waiting.$$"
    detach='nohup'
    ! command -v setsid >/dev/null || detach=setsid
    FLOWRULES_COPY=yes "$detach" sh "$copy" --watch "$$" --confirm "$confirm" \
        </dev/null >"$state/log" 2>&1 &
}
end_confirm() {
    : >"$state/loaded.$$"
    say "loaded; what was in force before comes back in $confirm seconds, unless this is run in" \
        "a new session: sh $folder/${0##*/} --keep"
    while [ -e "$state/waiting.$$" ]; do
        sleep 1
    done
    [ ! -e "$state/kept.$$" ] || exit 0
    while [ ! -e "$state/done.$$" ] && [ ! -e "$state/failed.$$" ]; do
        sleep 1
    done
    say "not confirmed: $(cat "$state/log")"
    exit 1
}
go_back_and_tell() {
    trap ': >"$state/failed.$id"' EXIT
    go_back
    trap - EXIT
    say 'what was in force before is in force again'
    : >"$state/done.$id"
}
# The time begins when all is loaded, or at its end when the script is killed on the way.
watch() {
    trap '' HUP INT
    while [ ! -e "$state/loaded.$id" ]; do
        kill -0 "$id" 2>/dev/null || confirm=0
        [ "$confirm" -gt 0 ] || break
        sleep 1
    done
    while [ "$confirm" -gt 0 ] && [ -e "$state/waiting.$id" ]; do
        sleep 1
        confirm=$((confirm - 1))
    done
    ! mv "$state/waiting.$id" "$state/back.$id" 2>/dev/null || go_back_and_tell
}

# --keep, --back and --watch: of the version that waits, whatever became of the files meanwhile.
if [ "$action" != load ] && [ "$action" != try ] && [ -z "${FLOWRULES_COPY:-}" ]; then
    if [ -z "$(waits)" ] && { [ "$action" = keep ] || [ ! -e "$copy" ] || is_over; }; then
        say 'nothing waits for a confirmation'
        exit 1
    fi
    FLOWRULES_COPY=yes exec sh "$copy" "--$action"
fi
decide_now() {
    case $action in
    keep)
        if ! decide kept; then
            say 'too late: what was in force before comes back'
            exit 1
        fi
        save=$(cat "$state/save" 2>/dev/null) || save=''
        settle
        save_files
        say 'confirmed'
        exit 0
        ;;
    back)
        decide back || id=again
        go_back_and_tell
        exit 0
        ;;
    watch)
        watch
        exit 0
        ;;
    esac
    check_files
    if [ -n "$(waits)" ] && [ "$action" = load ]; then
        say 'a version that was loaded with --confirm still waits: run this with --keep or --back'
        exit 1
    fi
}

iptables=${IPTABLES:-iptables}
ip6tables=${IP6TABLES:-ip6tables}
iptables_restore=${IPTABLES_RESTORE:-iptables-restore}
ip6tables_restore=${IP6TABLES_RESTORE:-ip6tables-restore}

load_sets() {
    "${IPSET:-ipset}" restore -exist
}

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

# The rules name them; no rule in force does yet.
load_sets <"$files.ipset"
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
