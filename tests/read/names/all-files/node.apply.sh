#!/bin/sh
# Target node, version 002c00bb: loads node.nft beside this file, and with it
# what its sets of names hold now, in one transaction.
# NFT names another nft.
#
# As root: sh node.apply.sh [OPTION]...
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

target='node'
script='.apply.sh'
folder=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
files=$folder/$target
sums='.nft 1192046635 2476'
table='inet flowrules_node'
chains='output'
sets='names_7497fc928acd.4
names_7497fc928acd.6
names_f9d885f80218.4
names_f9d885f80218.6
names_46b98d84b1be.4
names_46b98d84b1be.6'

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
open_sessions() {
    echo "add set $table open_sessions { type inet_proto; flags timeout; }"
    echo "add element $table open_sessions { tcp timeout ${grace}s }"
    for chain in $chains; do
        echo "insert rule $table $chain meta l4proto @open_sessions" \
            "tcp flags & (fin | syn | rst | ack) != syn accept comment \"open before these rules\""
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
