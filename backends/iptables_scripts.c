/*
 * The shell around iptables' rules: how a new version takes the place of the old one without a
 * gap, and what it cleans up. Constant texts; what they need of a plan stands in the variables
 * that iptables.c writes before them: own, version, hooks and, for apply, files.
 */
#include "iptables_scripts.h"

/* Both scripts: ipsets of this backend's own that no rule uses any more. */
#define REMOVE_SETS                                                                                \
    "# Removes own ipsets: the ones of this version (new), or those of all others (old).\n"        \
    "remove_sets() {\n"                                                                            \
    "    command -v \"${IPSET:-ipset}\" >/dev/null || return 0\n"                                  \
    "    \"${IPSET:-ipset}\" list -n | while IFS= read -r set; do\n"                               \
    "        case $1:$set in\n"                                                                    \
    "        new:\"$own.$version.\"* | old:\"$own.\"*) ;;\n"                                       \
    "        *) continue ;;\n"                                                                     \
    "        esac\n"                                                                               \
    "        case $1:$set in\n"                                                                    \
    "        old:\"$own.$version.\"*) continue ;;\n"                                               \
    "        esac\n"                                                                               \
    "        # One that a rule still uses stays, by ipset's own check.\n"                          \
    "        \"${IPSET:-ipset}\" destroy \"$set\" 2>/dev/null || :\n"                              \
    "    done\n"                                                                                   \
    "}\n"                                                                                          \
    "\n"

#define HOOK                                                                                       \
    "# Sends the built-in chains' packets here, before all else.\n"                                \
    "hook() { # COMMAND\n"                                                                         \
    "    for pair in $hooks; do\n"                                                                 \
    "        \"$1\" -w -C \"${pair%.*}\" -j \"$own.${pair#*.}\" 2>/dev/null ||\n"                  \
    "            \"$1\" -w -I \"${pair%.*}\" 1 -j \"$own.${pair#*.}\"\n"                           \
    "    done\n"                                                                                   \
    "}\n"                                                                                          \
    "\n"

/* Ends an awk program: what to do so that no chain in stale is left. */
#define REMOVE_STALE                                                                               \
    "    END {\n"                                                                                  \
    "        for (chain in stale) print \"-F\", chain\n"                                           \
    "        for (chain in stale) print \"-X\", chain\n"                                           \
    "        print \"COMMIT\"\n"                                                                   \
    "    }'"
/* And jumps to them from elsewhere: from the built-in chains. */
#define REMOVE_STALE_AND_JUMPS                                                                     \
    "    $1 == \"-A\" && $3 == \"-j\" && ($4 in stale) && !($2 in stale) {\n"                      \
    "        print \"-D\", $2, \"-j\", $4\n"                                                       \
    "    }\n" REMOVE_STALE

const char fr_iptables_apply_functions[] =
    "\n"
    "iptables=${IPTABLES:-iptables}\n"
    "ip6tables=${IP6TABLES:-ip6tables}\n"
    "iptables_restore=${IPTABLES_RESTORE:-iptables-restore}\n"
    "ip6tables_restore=${IP6TABLES_RESTORE:-ip6tables-restore}\n"
    "\n" REMOVE_SETS HOOK
    "# Removes the own chains that a file of rules no longer has, and jumps to them.\n"
    "remove_stale() { # COMMAND RESTORE FILE\n"
    "    \"$1\" -w -S | awk -v own=\"$own\" '\n"
    "    BEGIN { print \"*filter\" }\n"
    "    FNR == NR { if (/^:/) keep[substr($1, 2)] = 1; next }\n"
    "    $1 == \"-N\" && !($2 in keep) &&\n"
    "    (index($2, own \".\") == 1 || index($2, own \"/\") == 1) { stale[$2] = 1 "
    "}\n" REMOVE_STALE_AND_JUMPS " \"$3\" - | \"$2\" -w --noflush\n"
    "}\n"
    "\n"
    "# The own chains as they are now, as the start of a file of rules.\n"
    "own_rules() { # COMMAND\n"
    "    \"$1\" -w -S | awk -v own=\"$own\" '\n"
    "    BEGIN { print \"*filter\" }\n"
    "    index($2, own \".\") != 1 && index($2, own \"/\") != 1 { next }\n"
    "    $1 == \"-N\" { print \":\" $2 \" - [0:0]\" }\n"
    "    $1 == \"-A\" { print }'\n"
    "}\n"
    "\n"
    "# The end of that file: chains that a newer file has and this one has not go away.\n"
    "forget_new() { # NEWER-FILE\n"
    "    awk '\n"
    "    FNR == NR { if (/^:/) keep[$1] = 1; next }\n"
    "    /^:/ && !($1 in keep) { stale[substr($1, 2)] = 1 }\n" REMOVE_STALE " - \"$1\"\n"
    "}\n"
    "\n"
    "failed() {\n"
    "    status=$?\n"
    "    trap - EXIT\n"
    "    if [ \"$status\" -ne 0 ]; then\n"
    "        echo \"$0: failed: $stage\" >&2\n"
    "        remove_sets new\n"
    "    fi\n"
    "    exit \"$status\"\n"
    "}\n"
    "stage='the earlier rules stay in force'\n"
    "trap failed EXIT\n"
    "trap 'exit 130' INT\n"
    "trap 'exit 143' TERM\n"
    "\n";

const char fr_iptables_apply_steps[] =
    "\"$iptables_restore\" -w --test --noflush <\"$files.v4.rules\"\n"
    "\"$ip6tables_restore\" -w --test --noflush <\"$files.v6.rules\"\n"
    "\n"
    "# Each family changes in one step, IPv4 back again should IPv6 fail.\n"
    "before=$(own_rules \"$iptables\")\n"
    "\"$iptables_restore\" -w --noflush <\"$files.v4.rules\"\n"
    "if ! \"$ip6tables_restore\" -w --noflush <\"$files.v6.rules\"; then\n"
    "    {\n"
    "        printf '%s\\n' \"$before\"\n"
    "        printf '%s\\n' \"$before\" | forget_new \"$files.v4.rules\"\n"
    "    } | \"$iptables_restore\" -w --noflush\n"
    "    exit 1\n"
    "fi\n"
    "stage='the new rules are loaded, but maybe not hooked'\n"
    "hook \"$iptables\"\n"
    "hook \"$ip6tables\"\n"
    "\n"
    "stage='the new rules are in force, old chains are left'\n"
    "remove_stale \"$iptables\" \"$iptables_restore\" \"$files.v4.rules\"\n"
    "remove_stale \"$ip6tables\" \"$ip6tables_restore\" \"$files.v6.rules\"\n"
    "remove_sets old\n";

const char fr_iptables_script_functions[] =
    "\n"
    "iptables() {\n"
    "    command \"${IPTABLES:-iptables}\" -w \"$@\"\n"
    "}\n"
    "ip6tables() {\n"
    "    command \"${IP6TABLES:-ip6tables}\" -w \"$@\"\n"
    "}\n"
    "iptables_restore() {\n"
    "    command \"${IPTABLES_RESTORE:-iptables-restore}\" -w --noflush\n"
    "}\n"
    "ip6tables_restore() {\n"
    "    command \"${IP6TABLES_RESTORE:-ip6tables-restore}\" -w --noflush\n"
    "}\n"
    "\n" REMOVE_SETS HOOK "# The slot that the hooked chains point to: a, b or nothing.\n"
    "live_slot() { # COMMAND\n"
    "    \"$1\" -S | awk -v own=\"$own\" '\n"
    "    $1 == \"-A\" && index($2, own \".\") == 1 && $3 == \"-j\" &&\n"
    "    (index($4, own \"/a.\") == 1 || index($4, own \"/b.\") == 1) {\n"
    "        slot = substr($4, length(own) + 2, 1)\n"
    "    }\n"
    "    END { print slot }'\n"
    "}\n"
    "\n"
    "# Points all hooked chains to a slot, in one step.\n"
    "point() { # RESTORE SLOT\n"
    "    {\n"
    "        echo '*filter'\n"
    "        for pair in $hooks; do\n"
    "            echo \":$own.${pair#*.} - [0:0]\"\n"
    "            echo \"-A $own.${pair#*.} -j $own/$2.${pair#*.}\"\n"
    "        done\n"
    "        echo COMMIT\n"
    "    } | \"$1\"\n"
    "}\n"
    "\n"
    "# Removes the chains of a slot or, with \"but\" before it, all others of this target.\n"
    "remove_slot() { # COMMAND RESTORE [but] SLOT\n"
    "    but=''\n"
    "    [ \"$3\" != but ] || but=but\n"
    "    \"$1\" -S | awk -v own=\"$own\" -v but=\"$but\" -v slot=\"$own/${4:-$3}\" -v "
    "hooks=\"$hooks\" '\n"
    "    BEGIN {\n"
    "        print \"*filter\"\n"
    "        count = split(hooks, pairs)\n"
    "        for (i = 1; i <= count; i++) hooked[own substr(pairs[i], index(pairs[i], \".\"))] = "
    "1\n"
    "    }\n"
    "    $1 == \"-N\" && (index($2, own \".\") == 1 || index($2, own \"/\") == 1) {\n"
    "        in_slot = index($2, slot \".\") == 1 || index($2, slot \"/\") == 1\n"
    "        if (but ? !in_slot && !($2 in hooked) : in_slot) stale[$2] = 1\n"
    "    }\n" REMOVE_STALE_AND_JUMPS " | \"$2\"\n"
    "}\n"
    "\n"
    "s4=a\n"
    "s6=a\n"
    "old4=$(live_slot iptables)\n"
    "old6=$(live_slot ip6tables)\n"
    "[ \"$old4\" != a ] || s4=b\n"
    "[ \"$old6\" != a ] || s6=b\n"
    "\n"
    "# A failure on the way leaves the old version in force.\n"
    "failed() {\n"
    "    status=$?\n"
    "    trap - EXIT\n"
    "    if [ \"$status\" -ne 0 ]; then\n"
    "        set +e\n"
    "        echo \"$0: failed: $stage\" >&2\n"
    "        [ \"$(live_slot iptables)\" = \"$s4\" ] || remove_slot iptables iptables_restore "
    "\"$s4\"\n"
    "        [ \"$(live_slot ip6tables)\" = \"$s6\" ] || remove_slot ip6tables ip6tables_restore "
    "\"$s6\"\n"
    "        remove_sets new\n"
    "    fi\n"
    "    exit \"$status\"\n"
    "}\n"
    "stage='the earlier rules stay in force'\n"
    "trap failed EXIT\n"
    "trap 'exit 130' INT\n"
    "trap 'exit 143' TERM\n"
    "\n"
    "# What a run that was killed may have left.\n"
    "remove_slot iptables iptables_restore \"$s4\"\n"
    "remove_slot ip6tables ip6tables_restore \"$s6\"\n"
    "\n";

const char fr_iptables_script_switch[] =
    "\n# All is built: switch, IPv4 back again should IPv6 fail.\n"
    "point iptables_restore \"$s4\"\n"
    "if ! point ip6tables_restore \"$s6\"; then\n"
    "    [ -z \"$old4\" ] || point iptables_restore \"$old4\"\n"
    "    exit 1\n"
    "fi\n"
    "stage='the new rules are loaded, but maybe not hooked'\n"
    "hook iptables\n"
    "hook ip6tables\n"
    "\n"
    "stage='the new rules are in force, old chains are left'\n"
    "remove_slot iptables iptables_restore but \"$s4\"\n"
    "remove_slot ip6tables ip6tables_restore but \"$s6\"\n"
    "remove_sets old\n";
