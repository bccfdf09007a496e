# What the scripts that load rules of nftables and iptables have in common: options, the check of
# the files that they load, the question whether the session that runs them is shut out, and
# --confirm with its way back. The variables target, script, sums, folder, files and entrances
# precede it; what includes it has the functions remember, go_back and settle.
# @text

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

action=load confirm=0 grace=600 save='' fine=no id=$$
while [ $# -gt 0 ]; do
    case $1 in
    --confirm | --grace | --save | --watch) [ $# -gt 1 ] || wrong "$1 needs a value" ;;
    esac
    case $1 in
    --dry-run) action=try ;;
    --locked-out-is-fine) fine=yes ;;
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

# SSH_CONNECTION of the session that runs this; sudo drops it, and the processes above have it.
session() {
    at=$$ found=${SSH_CONNECTION:-}
    while [ -z "${SSH_CONNECTION+set}$found" ] && [ "${at:-0}" -gt 1 ] &&
        [ -r "/proc/$at/environ" ]; do
        found=$(tr '\0' '\n' <"/proc/$at/environ" | sed -n 's/^SSH_CONNECTION=//p')
        at=$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$at/status")
    done
    echo "$found"
}
# May it open a new connection? The entrances are a list of which the first that holds it decides:
# a(llowed), d(enied), u(nknown).
entrance() { # CLIENT SERVER PORT
    printf '%s\n' "$entrances" | LC_ALL=C awk -v RS=";" -v client="$1" -v server="$2" -v port="$3" '
        function group(text) { return substr("0000" text, length(text) + 1) }
        function hex(text, i, gap, left, right, lefts, rights, digits) {
            sub(/%.*/, "", text)
            text = tolower(text)
            sub(/^::ffff:/, text ~ /\./ ? "" : "&", text)
            if (text !~ /:/) {
                split(text, left, ".")
                return sprintf("%02x%02x%02x%02x", left[1], left[2], left[3], left[4])
            }
            gap = index(text, "::")
            lefts = split(gap ? substr(text, 1, gap - 1) : text, left, ":")
            rights = gap ? split(substr(text, gap + 2), right, ":") : 0
            for (i = 1; i <= lefts; i++) digits = digits group(left[i])
            for (i = lefts + rights; i < 8; i++) digits = digits "0000"
            for (i = 1; i <= rights; i++) digits = digits group(right[i])
            return digits
        }
        BEGIN { from = "x" hex(client); to = "x" hex(server); answer = "d" }
        $1 == "unknown" { answer = "u"; exit }
        length($2) + 1 == length(from) && from >= "x" $2 && from <= "x" $3 &&
        to >= "x" $4 && to <= "x" $5 && port + 0 >= $6 && port + 0 <= $7 { answer = $1; exit }
        END { print answer }'
}
# Nothing is loaded that shuts out whoever loads it.
check_session() {
    [ "$entrances" != none ] || return 0
    # shellcheck disable=SC2046
    set -- $(session)
    [ $# -eq 4 ] && [ "$1" != "$3" ] || return 0
    case $(entrance "$1" "$3" "$4") in
    a) ;;
    d)
        say "these rules shut you out: nobody at $1 could open a new connection to $3" \
            "port $4, as this session did"
        [ "$fine" = no ] || return 0
        say 'Nothing is changed; with --locked-out-is-fine they are loaded all the same'
        exit 1
        ;;
    *) say "whether a new connection from $1 to $3 port $4 could be opened is not known" ;;
    esac
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
    check_session
}

