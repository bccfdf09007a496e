/*
 * The shell text that the scripts of nftables and iptables have in common: options, the check of
 * the files that they load, the question whether the session that runs them is shut out, and
 * --confirm with its way back. It stands behind the variables target, script, sums, folder, files
 * and entrances, and asks for the functions remember, go_back and settle.
 */
#ifndef FR_NETFILTER_SCRIPTS_H
#define FR_NETFILTER_SCRIPTS_H

#include "flowrules/backend.h"

#define FR_SCRIPT_OPTIONS                                                                          \
    "\n"                                                                                           \
    "say() {\n"                                                                                    \
    "    printf '%s: %s\\n' \"${0##*/}\" \"$*\" >&2\n"                                             \
    "}\n"                                                                                          \
    "wrong() {\n"                                                                                  \
    "    say \"$*; --help tells more\"\n"                                                          \
    "    exit 2\n"                                                                                 \
    "}\n"                                                                                          \
    "seconds() { # OPTION VALUE\n"                                                                 \
    "    case $2 in\n"                                                                             \
    "    '' | *[!0-9]* | ????????*) wrong \"$1 takes a number of seconds, not '$2'\" ;;\n"         \
    "    esac\n"                                                                                   \
    "}\n"                                                                                          \
    "\n"                                                                                           \
    "action=load confirm=0 grace=600 save='' fine=no id=$$\n"                                      \
    "while [ $# -gt 0 ]; do\n"                                                                     \
    "    case $1 in\n"                                                                             \
    "    --confirm | --grace | --save | --watch) [ $# -gt 1 ] || wrong \"$1 needs a value\" ;;\n"  \
    "    esac\n"                                                                                   \
    "    case $1 in\n"                                                                             \
    "    --dry-run) action=try ;;\n"                                                               \
    "    --locked-out-is-fine) fine=yes ;;\n"                                                      \
    "    --keep) action=keep ;;\n"                                                                 \
    "    --back) action=back ;;\n"                                                                 \
    "    --watch) # of this script alone: the copy that goes back\n"                               \
    "        action=watch id=$2\n"                                                                 \
    "        shift\n"                                                                              \
    "        ;;\n"                                                                                 \
    "    --confirm)\n"                                                                             \
    "        seconds \"$1\" \"$2\"\n"                                                              \
    "        confirm=$2\n"                                                                         \
    "        [ \"$confirm\" -gt 0 ] || wrong \"$1 takes one second or more\"\n"                    \
    "        shift\n"                                                                              \
    "        ;;\n"                                                                                 \
    "    --grace)\n"                                                                               \
    "        seconds \"$1\" \"$2\"\n"                                                              \
    "        grace=$2\n"                                                                           \
    "        shift\n"                                                                              \
    "        ;;\n"                                                                                 \
    "    --save)\n"                                                                                \
    "        save=$2\n"                                                                            \
    "        shift\n"                                                                              \
    "        ;;\n"                                                                                 \
    "    --help)\n"                                                                                \
    "        sed -n '/^#!/d; /^[^#]/q; s/^# \\{0,1\\}//p' \"$0\"\n"                                \
    "        exit 0\n"                                                                             \
    "        ;;\n"                                                                                 \
    "    *) wrong \"unknown option '$1'\" ;;\n"                                                    \
    "    esac\n"                                                                                   \
    "    shift\n"                                                                                  \
    "done\n"                                                                                       \
    "\n"                                                                                           \
    "# What waits for a confirmation: a copy of this script and of what it loads, and the way "    \
    "back. The\n"                                                                                  \
    "# folder is gone when the machine starts again, and the rules with it.\n"                     \
    "state=${FLOWRULES_STATE:-/run/flowrules}/$target\n"                                           \
    "copy=$state/$target$script\n"                                                                 \
    "\n"                                                                                           \
    "# The files that this script loads, by cksum(1): SUFFIX CHECKSUM BYTES of each.\n"            \
    "parts() {\n"                                                                                  \
    "    # shellcheck disable=SC2086\n"                                                            \
    "    set -- $sums\n"                                                                           \
    "    while [ $# -gt 0 ]; do\n"                                                                 \
    "        echo \"$1\"\n"                                                                        \
    "        shift 3\n"                                                                            \
    "    done\n"                                                                                   \
    "}\n"                                                                                          \
    "check_files() {\n"                                                                            \
    "    # shellcheck disable=SC2086\n"                                                            \
    "    set -- $sums\n"                                                                           \
    "    while [ $# -gt 0 ]; do\n"                                                                 \
    "        if [ \"$(cksum <\"$files$1\")\" != \"$2 $3\" ]; then\n"                               \
    "            say \"$files$1 is not the file that this script was written with: of another "    \
    "version,\" \\\n"                                                                              \
    "                \"cut or edited. Nothing is changed; render both again\"\n"                   \
    "            exit 1\n"                                                                         \
    "        fi\n"                                                                                 \
    "        shift 3\n"                                                                            \
    "    done\n"                                                                                   \
    "}\n"                                                                                          \
    "\n"                                                                                           \
    "# The number of the version that waits, or nothing.\n"                                        \
    "waits() {\n"                                                                                  \
    "    for file in \"$state\"/waiting.*; do\n"                                                   \
    "        [ ! -e \"$file\" ] || echo \"${file##*.}\"\n"                                         \
    "    done\n"                                                                                   \
    "}\n"                                                                                          \
    "# Was it kept, or is it back? A way back that broke off can be taken again.\n"                \
    "is_over() {\n"                                                                                \
    "    for file in \"$state\"/kept.* \"$state\"/done.*; do\n"                                    \
    "        [ ! -e \"$file\" ] || return 0\n"                                                     \
    "    done\n"                                                                                   \
    "    return 1\n"                                                                               \
    "}\n"                                                                                          \
    "# Who decides first decides: a file is renamed once.\n"                                       \
    "decide() { # kept|back\n"                                                                     \
    "    id=$(waits)\n"                                                                            \
    "    [ -n \"$id\" ] && mv \"$state/waiting.$id\" \"$state/$1.$id\" 2>/dev/null\n"              \
    "}\n"                                                                                          \
    "\n"                                                                                           \
    "# SSH_CONNECTION of the session that runs this; sudo drops it, and the processes above have " \
    "it.\n"                                                                                        \
    "session() {\n"                                                                                \
    "    at=$$ found=${SSH_CONNECTION:-}\n"                                                        \
    "    while [ -z \"${SSH_CONNECTION+set}$found\" ] && [ \"${at:-0}\" -gt 1 ] &&\n"              \
    "        [ -r \"/proc/$at/environ\" ]; do\n"                                                   \
    "        found=$(tr '\\0' '\\n' <\"/proc/$at/environ\" | sed -n 's/^SSH_CONNECTION=//p')\n"    \
    "        at=$(sed -n 's/^PPid:[[:space:]]*//p' \"/proc/$at/status\")\n"                        \
    "    done\n"                                                                                   \
    "    echo \"$found\"\n"                                                                        \
    "}\n"                                                                                          \
    "# May it open a new connection? The entrances are a list of which the first that holds it "   \
    "decides:\n"                                                                                   \
    "# a(llowed), d(enied), u(nknown).\n"                                                          \
    "entrance() { # CLIENT SERVER PORT\n"                                                          \
    "    printf '%s\\n' \"$entrances\" | LC_ALL=C awk -v RS=\";\" -v client=\"$1\" -v "            \
    "server=\"$2\" -v "                                                                            \
    "port=\"$3\" '\n"                                                                              \
    "        function group(text) { return substr(\"0000\" text, length(text) + 1) }\n"            \
    "        function hex(text, i, gap, left, right, lefts, rights, digits) {\n"                   \
    "            sub(/%.*/, \"\", text)\n"                                                         \
    "            text = tolower(text)\n"                                                           \
    "            sub(/^::ffff:/, text ~ /\\./ ? \"\" : \"&\", text)\n"                             \
    "            if (text !~ /:/) {\n"                                                             \
    "                split(text, left, \".\")\n"                                                   \
    "                return sprintf(\"%02x%02x%02x%02x\", left[1], left[2], left[3], left[4])\n"   \
    "            }\n"                                                                              \
    "            gap = index(text, \"::\")\n"                                                      \
    "            lefts = split(gap ? substr(text, 1, gap - 1) : text, left, \":\")\n"              \
    "            rights = gap ? split(substr(text, gap + 2), right, \":\") : 0\n"                  \
    "            for (i = 1; i <= lefts; i++) digits = digits group(left[i])\n"                    \
    "            for (i = lefts + rights; i < 8; i++) digits = digits \"0000\"\n"                  \
    "            for (i = 1; i <= rights; i++) digits = digits group(right[i])\n"                  \
    "            return digits\n"                                                                  \
    "        }\n"                                                                                  \
    "        BEGIN { from = \"x\" hex(client); to = \"x\" hex(server); answer = \"d\" }\n"         \
    "        $1 == \"unknown\" { answer = \"u\"; exit }\n"                                         \
    "        length($2) + 1 == length(from) && from >= \"x\" $2 && from <= \"x\" $3 &&\n"          \
    "        to >= \"x\" $4 && to <= \"x\" $5 && port + 0 >= $6 && port + 0 <= $7 { answer = $1; " \
    "exit }\n"                                                                                     \
    "        END { print answer }'\n"                                                              \
    "}\n"                                                                                          \
    "# Nothing is loaded that shuts out whoever loads it.\n"                                       \
    "check_session() {\n"                                                                          \
    "    [ \"$entrances\" != none ] || return 0\n"                                                 \
    "    # shellcheck disable=SC2046\n"                                                            \
    "    set -- $(session)\n"                                                                      \
    "    [ $# -eq 4 ] && [ \"$1\" != \"$3\" ] || return 0\n"                                       \
    "    case $(entrance \"$1\" \"$3\" \"$4\") in\n"                                               \
    "    a) ;;\n"                                                                                  \
    "    d)\n"                                                                                     \
    "        say \"these rules shut you out: nobody at $1 could open a new connection to $3\" "    \
    "\\\n"                                                                                         \
    "            \"port $4, as this session did\"\n"                                               \
    "        [ \"$fine\" = no ] || return 0\n"                                                     \
    "        say 'Nothing is changed; with --locked-out-is-fine they are loaded all the same'\n"   \
    "        exit 1\n"                                                                             \
    "        ;;\n"                                                                                 \
    "    *) say \"whether a new connection from $1 to $3 port $4 could be opened is not known\" "  \
    ";;\n"                                                                                         \
    "    esac\n"                                                                                   \
    "}\n"                                                                                          \
    "\n"                                                                                           \
    "save_files() {\n"                                                                             \
    "    [ -n \"$save\" ] || return 0\n"                                                           \
    "    mkdir -p -- \"$save\"\n"                                                                  \
    "    for part in $(parts); do\n"                                                               \
    "        cp -- \"$files$part\" \"$save/.$target$part.new\"\n"                                  \
    "    done\n"                                                                                   \
    "    cp -p -- \"$0\" \"$save/.$target$script.new\"\n"                                          \
    "    for part in $(parts) \"$script\"; do\n"                                                   \
    "        mv -- \"$save/.$target$part.new\" \"$save/$target$part\"\n"                           \
    "    done\n"                                                                                   \
    "    say \"saved in $save; when the machine starts: $save/$target$script --grace 0\"\n"        \
    "}\n"                                                                                          \
    "\n"                                                                                           \
    "# Keeps the way back, and has a process of its own take it in time: it outlives this "        \
    "session.\n"                                                                                   \
    "begin_confirm() {\n"                                                                          \
    "    [ -f \"$0\" ] || wrong '--confirm needs this script as a file'\n"                         \
    "    (umask 077 && mkdir -p -- \"$state\")\n"                                                  \
    "    rm -f -- \"$state\"/*\n"                                                                  \
    "    for part in $(parts); do\n"                                                               \
    "        cp -- \"$files$part\" \"$state/$target$part\"\n"                                      \
    "    done\n"                                                                                   \
    "    cp -- \"$0\" \"$copy\"\n"                                                                 \
    "    if [ -n \"$save\" ]; then\n"                                                              \
    "        mkdir -p -- \"$save\"\n"                                                              \
    "        (CDPATH='' cd -- \"$save\" && pwd) >\"$state/save\"\n"                                \
    "    fi\n"                                                                                     \
    "    remember\n"                                                                               \
    "    : >\"$state/waiting.$$\"\n"                                                               \
    "    detach='nohup'\n"                                                                         \
    "    ! command -v setsid >/dev/null || detach=setsid\n"                                        \
    "    FLOWRULES_COPY=yes \"$detach\" sh \"$copy\" --watch \"$$\" --confirm \"$confirm\" \\\n"   \
    "        </dev/null >\"$state/log\" 2>&1 &\n"                                                  \
    "}\n"                                                                                          \
    "end_confirm() {\n"                                                                            \
    "    : >\"$state/loaded.$$\"\n"                                                                \
    "    say \"loaded; what was in force before comes back in $confirm seconds, unless this is "   \
    "run in\" \\\n"                                                                                \
    "        \"a new session: sh $folder/${0##*/} --keep\"\n"                                      \
    "    while [ -e \"$state/waiting.$$\" ]; do\n"                                                 \
    "        sleep 1\n"                                                                            \
    "    done\n"                                                                                   \
    "    [ ! -e \"$state/kept.$$\" ] || exit 0\n"                                                  \
    "    while [ ! -e \"$state/done.$$\" ] && [ ! -e \"$state/failed.$$\" ]; do\n"                 \
    "        sleep 1\n"                                                                            \
    "    done\n"                                                                                   \
    "    say \"not confirmed: $(cat \"$state/log\")\"\n"                                           \
    "    exit 1\n"                                                                                 \
    "}\n"                                                                                          \
    "go_back_and_tell() {\n"                                                                       \
    "    trap ': >\"$state/failed.$id\"' EXIT\n"                                                   \
    "    go_back\n"                                                                                \
    "    trap - EXIT\n"                                                                            \
    "    say 'what was in force before is in force again'\n"                                       \
    "    : >\"$state/done.$id\"\n"                                                                 \
    "}\n"                                                                                          \
    "# The time begins when all is loaded, or at its end when the script is killed on the way.\n"  \
    "watch() {\n"                                                                                  \
    "    trap '' HUP INT\n"                                                                        \
    "    while [ ! -e \"$state/loaded.$id\" ]; do\n"                                               \
    "        kill -0 \"$id\" 2>/dev/null || confirm=0\n"                                           \
    "        [ \"$confirm\" -gt 0 ] || break\n"                                                    \
    "        sleep 1\n"                                                                            \
    "    done\n"                                                                                   \
    "    while [ \"$confirm\" -gt 0 ] && [ -e \"$state/waiting.$id\" ]; do\n"                      \
    "        sleep 1\n"                                                                            \
    "        confirm=$((confirm - 1))\n"                                                           \
    "    done\n"                                                                                   \
    "    ! mv \"$state/waiting.$id\" \"$state/back.$id\" 2>/dev/null || go_back_and_tell\n"        \
    "}\n"                                                                                          \
    "\n"                                                                                           \
    "# --keep, --back and --watch: of the version that waits, whatever became of the files "       \
    "meanwhile.\n"                                                                                 \
    "if [ \"$action\" != load ] && [ \"$action\" != try ] && [ -z \"${FLOWRULES_COPY:-}\" ]; "     \
    "then\n"                                                                                       \
    "    if [ -z \"$(waits)\" ] && { [ \"$action\" = keep ] || [ ! -e \"$copy\" ] || is_over; }; " \
    "then\n"                                                                                       \
    "        say 'nothing waits for a confirmation'\n"                                             \
    "        exit 1\n"                                                                             \
    "    fi\n"                                                                                     \
    "    FLOWRULES_COPY=yes exec sh \"$copy\" \"--$action\"\n"                                     \
    "fi\n"                                                                                         \
    "decide_now() {\n"                                                                             \
    "    case $action in\n"                                                                        \
    "    keep)\n"                                                                                  \
    "        if ! decide kept; then\n"                                                             \
    "            say 'too late: what was in force before comes back'\n"                            \
    "            exit 1\n"                                                                         \
    "        fi\n"                                                                                 \
    "        save=$(cat \"$state/save\" 2>/dev/null) || save=''\n"                                 \
    "        settle\n"                                                                             \
    "        save_files\n"                                                                         \
    "        say 'confirmed'\n"                                                                    \
    "        exit 0\n"                                                                             \
    "        ;;\n"                                                                                 \
    "    back)\n"                                                                                  \
    "        decide back || id=again\n"                                                            \
    "        go_back_and_tell\n"                                                                   \
    "        exit 0\n"                                                                             \
    "        ;;\n"                                                                                 \
    "    watch)\n"                                                                                 \
    "        watch\n"                                                                              \
    "        exit 0\n"                                                                             \
    "        ;;\n"                                                                                 \
    "    esac\n"                                                                                   \
    "    check_files\n"                                                                            \
    "    if [ -n \"$(waits)\" ] && [ \"$action\" = load ]; then\n"                                 \
    "        say 'a version that was loaded with --confirm still waits: run this with --keep or "  \
    "--back'\n"                                                                                    \
    "        exit 1\n"                                                                             \
    "    fi\n"                                                                                     \
    "    check_session\n"                                                                          \
    "}\n"                                                                                          \
    "\n"

/* The head's lines on the options. */
void fr_netfilter_write_usage(flowrules_writer *w, const flowrules_output *out, const char *suffix);
/* The variables of a script whose name ends in suffix, but for sums. */
void fr_netfilter_write_variables(flowrules_writer *w, const flowrules_output *out,
                                  const char *suffix);

#endif
