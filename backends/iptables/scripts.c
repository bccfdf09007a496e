/*
 * The shell around iptables' rules: how a new version takes the place of the old one without a
 * gap, and what it cleans up. Constant texts; what they need of a plan stands in the variables
 * that iptables.c writes before them: own, version, hooks, open_for and those of all scripts.
 */
#include "scripts.h"

#include "netfilter_scripts.h"

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

/* Both scripts. */
#define COMMON_FUNCTIONS                                                                           \
    "# Removes own ipsets: the ones of this version (new), or those of all others (old).\n"        \
    "remove_sets() {\n"                                                                            \
    "    [ \"$action\" != try ] || return 0\n"                                                     \
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
    "\n"                                                                                           \
    "# Sends the built-in chains' packets here, before all else.\n"                                \
    "hook() { # COMMAND\n"                                                                         \
    "    for pair in $hooks; do\n"                                                                 \
    "        \"$1\" -w -C \"${pair%.*}\" -j \"$own.${pair#*.}\" 2>/dev/null ||\n"                  \
    "            \"$1\" -w -I \"${pair%.*}\" 1 -j \"$own.${pair#*.}\"\n"                           \
    "    done\n"                                                                                   \
    "}\n"                                                                                          \
    "# The hooks that are there now, and taking away those that were not.\n"                       \
    "hooked() { # COMMAND\n"                                                                       \
    "    for pair in $hooks; do\n"                                                                 \
    "        ! \"$1\" -w -C \"${pair%.*}\" -j \"$own.${pair#*.}\" 2>/dev/null || echo \"$pair\"\n" \
    "    done\n"                                                                                   \
    "}\n"                                                                                          \
    "unhook_but() { # COMMAND FILE\n"                                                              \
    "    for pair in $hooks; do\n"                                                                 \
    "        grep -Fqx \"$pair\" \"$2\" ||\n"                                                      \
    "            \"$1\" -w -D \"${pair%.*}\" -j \"$own.${pair#*.}\" 2>/dev/null || :\n"            \
    "    done\n"                                                                                   \
    "}\n"                                                                                          \
    "\n"                                                                                           \
    "# TCP sessions that were opened before the rules: connection tracking takes them up with "    \
    "the first\n"                                                                                  \
    "# packets that pass. These sets hold every address; the kernel empties them in time, and "    \
    "the next\n"                                                                                   \
    "# load without them removes the rules.\n"                                                     \
    "open_sets() {\n"                                                                              \
    "    if ! command -v \"${IPSET:-ipset}\" >/dev/null; then\n"                                   \
    "        say \"ipset is needed, so that TCP sessions that are open pass for $grace "           \
    "seconds;\" \\\n"                                                                              \
    "            \"--grace 0 loads without: they end, that of SSH too\"\n"                         \
    "        exit 1\n"                                                                             \
    "    fi\n"                                                                                     \
    "    {\n"                                                                                      \
    "        echo \"create $own.open4 hash:net family inet timeout 0\"\n"                          \
    "        echo \"create $own.open6 hash:net family inet6 timeout 0\"\n"                         \
    "        for net in 0.0.0.0/1 128.0.0.0/1; do\n"                                               \
    "            echo \"add $own.open4 $net timeout $grace\"\n"                                    \
    "        done\n"                                                                               \
    "        for net in ::/1 8000::/1; do\n"                                                       \
    "            echo \"add $own.open6 $net timeout $grace\"\n"                                    \
    "        done\n"                                                                               \
    "    } | load_sets\n"                                                                          \
    "}\n"                                                                                          \
    "\n"

const char fr_iptables_apply_functions[] = FR_SCRIPT_OPTIONS
    "iptables=${IPTABLES:-iptables}\n"
    "ip6tables=${IP6TABLES:-ip6tables}\n"
    "iptables_restore=${IPTABLES_RESTORE:-iptables-restore}\n"
    "ip6tables_restore=${IP6TABLES_RESTORE:-ip6tables-restore}\n"
    "\n"
    "load_sets() {\n"
    "    \"${IPSET:-ipset}\" restore -exist\n"
    "}\n"
    "\n" COMMON_FUNCTIONS
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
    "# A file of rules, with a way for open sessions at the head of each hooked chain.\n"
    "rules() { # FILE SET\n"
    "    if [ \"$open\" = no ]; then\n"
    "        cat -- \"$1\"\n"
    "        return\n"
    "    fi\n"
    "    awk -v own=\"$own\" -v set=\"$2\" '\n"
    "    $1 == \"-A\" && index($2, own \".\") == 1 && !($2 in seen) {\n"
    "        seen[$2] = 1\n"
    "        print \"-A\", $2, \"-p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN\",\n"
    "            \"-m set --match-set\", set, \"src -j ACCEPT\"\n"
    "    }\n"
    "    { print }' \"$1\"\n"
    "}\n"
    "\n"
    "# The way back: the own chains as they are now, or none.\n"
    "remember() {\n"
    "    own_rules \"$iptables\" >\"$state/before4\"\n"
    "    own_rules \"$ip6tables\" >\"$state/before6\"\n"
    "    hooked \"$iptables\" >\"$state/hooked4\"\n"
    "    hooked \"$ip6tables\" >\"$state/hooked6\"\n"
    "}\n"
    "back_to() { # COMMAND RESTORE 4|6\n"
    "    unhook_but \"$1\" \"$state/hooked$3\"\n"
    "    {\n"
    "        cat \"$state/before$3\"\n"
    "        forget_new \"$files.v$3.rules\" <\"$state/before$3\"\n"
    "    } | \"$2\" -w --noflush\n"
    "}\n"
    "go_back() {\n"
    "    back_to \"$iptables\" \"$iptables_restore\" 4\n"
    "    back_to \"$ip6tables\" \"$ip6tables_restore\" 6\n"
    "    remove_sets new\n"
    "}\n"
    "settle() {\n"
    "    stage='the new rules are in force, old chains are left'\n"
    "    remove_stale \"$iptables\" \"$iptables_restore\" \"$files.v4.rules\"\n"
    "    remove_stale \"$ip6tables\" \"$ip6tables_restore\" \"$files.v6.rules\"\n"
    "    remove_sets old\n"
    "}\n"
    "in_force() {\n"
    "    [ -n \"$(hooked \"$iptables\")\" ]\n"
    "}\n"
    "\n"
    "# Sets that were made for a trial go again.\n"
    "end_trial() {\n"
    "    [ \"$action\" = try ] || return 0\n"
    "    { \"${IPSET:-ipset}\" list -n 2>/dev/null || :; } | while IFS= read -r set; do\n"
    "        case $set in \"$own.\"*) ;; *) continue ;; esac\n"
    "        printf '%s\\n' \"$sets_before\" | grep -Fqx -e \"$set\" ||\n"
    "            \"${IPSET:-ipset}\" destroy \"$set\"\n"
    "    done\n"
    "}\n"
    "\n"
    "failed() {\n"
    "    status=$?\n"
    "    trap - EXIT\n"
    "    if [ \"$status\" -ne 0 ]; then\n"
    "        say \"failed: $stage\"\n"
    "        rm -f -- \"$state/waiting.$$\"\n"
    "        end_trial\n"
    "        remove_sets new\n"
    "    fi\n"
    "    exit \"$status\"\n"
    "}\n"
    "\n"
    "decide_now\n"
    "stage='the earlier rules stay in force'\n"
    "open=no\n"
    "[ \"$grace\" -eq 0 ] || [ -z \"$open_for\" ] || in_force || open=yes\n"
    "sets_before=$(\"${IPSET:-ipset}\" list -n 2>/dev/null) || sets_before=''\n"
    "trap failed EXIT\n"
    "trap 'exit 130' INT\n"
    "trap 'exit 143' TERM\n"
    "[ \"$confirm\" -eq 0 ] || begin_confirm\n"
    "[ \"$open\" = no ] || open_sets\n"
    "\n";

const char fr_iptables_apply_steps[] =
    "rules \"$files.v4.rules\" \"$own.open4\" | \"$iptables_restore\" -w --test --noflush\n"
    "rules \"$files.v6.rules\" \"$own.open6\" | \"$ip6tables_restore\" -w --test --noflush\n"
    "if [ \"$action\" = try ]; then\n"
    "    end_trial\n"
    "    say 'the rules can be loaded; nothing is changed'\n"
    "    exit 0\n"
    "fi\n"
    "\n"
    "[ \"$open\" = no ] || open_sets # once more: their time begins now\n"
    "\n"
    "# Each family changes in one step, IPv4 back again should IPv6 fail.\n"
    "before=$(own_rules \"$iptables\")\n"
    "rules \"$files.v4.rules\" \"$own.open4\" | \"$iptables_restore\" -w --noflush\n"
    "if ! rules \"$files.v6.rules\" \"$own.open6\" | \"$ip6tables_restore\" -w --noflush; then\n"
    "    {\n"
    "        printf '%s\\n' \"$before\"\n"
    "        printf '%s\\n' \"$before\" | forget_new \"$files.v4.rules\"\n"
    "    } | \"$iptables_restore\" -w --noflush\n"
    "    exit 1\n"
    "fi\n"
    "stage='the new rules are loaded, but maybe not hooked'\n"
    "hook \"$iptables\"\n"
    "hook \"$ip6tables\"\n"
    "[ \"$open\" = no ] || say \"TCP sessions that are open pass for $grace seconds (--grace)\"\n"
    "if [ \"$confirm\" -gt 0 ]; then\n"
    "    trap - EXIT INT TERM\n"
    "    end_confirm\n"
    "fi\n"
    "\n"
    "settle\n"
    "save_files\n";

const char fr_iptables_script_functions[] = FR_SCRIPT_OPTIONS
    "# With --dry-run, what would change is printed.\n"
    "shown() { # COMMAND ARGUMENT...\n"
    "    if [ \"$action\" != try ]; then\n"
    "        command \"$@\"\n"
    "        return\n"
    "    fi\n"
    "    case \" $* \" in\n"
    "    *' -S '* | *' -C '*) command \"$@\" ;;\n"
    "    *'-restore '* | *' restore '*)\n"
    "        echo \"$* <<'END'\"\n"
    "        cat\n"
    "        echo END\n"
    "        ;;\n"
    "    *) echo \"$*\" ;;\n"
    "    esac\n"
    "}\n"
    "iptables() {\n"
    "    shown \"${IPTABLES:-iptables}\" -w \"$@\"\n"
    "}\n"
    "ip6tables() {\n"
    "    shown \"${IP6TABLES:-ip6tables}\" -w \"$@\"\n"
    "}\n"
    "iptables_restore() {\n"
    "    shown \"${IPTABLES_RESTORE:-iptables-restore}\" -w --noflush\n"
    "}\n"
    "ip6tables_restore() {\n"
    "    shown \"${IP6TABLES_RESTORE:-ip6tables-restore}\" -w --noflush\n"
    "}\n"
    "load_sets() {\n"
    "    shown \"${IPSET:-ipset}\" restore -exist\n"
    "}\n"
    "\n" COMMON_FUNCTIONS "# The slot that the hooked chains point to: a, b or nothing.\n"
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
    "# Removes all chains of this target.\n"
    "remove_own() { # COMMAND RESTORE\n"
    "    \"$1\" -S | awk -v own=\"$own\" '\n"
    "    BEGIN { print \"*filter\" }\n"
    "    $1 == \"-N\" && (index($2, own \".\") == 1 || index($2, own \"/\") == 1) { stale[$2] = 1 "
    "}\n" REMOVE_STALE " | \"$2\"\n"
    "}\n"
    "\n"
    "# A way for open sessions, at the head of each chain of a slot that is to be hooked.\n"
    "let_open() { # COMMAND SLOT SET\n"
    "    for pair in $hooks; do\n"
    "        \"$1\" -I \"$own/$2.${pair#*.}\" 1 -p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN "
    "\\\n"
    "            -m set --match-set \"$3\" src -j ACCEPT\n"
    "    done\n"
    "}\n"
    "\n"
    "# The way back: the slots as they are now.\n"
    "remember() {\n"
    "    printf 'old4=%s old6=%s s4=%s s6=%s\\n' \"$old4\" \"$old6\" \"$s4\" \"$s6\" "
    ">\"$state/slots\"\n"
    "    hooked iptables >\"$state/hooked4\"\n"
    "    hooked ip6tables >\"$state/hooked6\"\n"
    "}\n"
    "back_to() { # COMMAND RESTORE 4|6 OLD-SLOT NEW-SLOT\n"
    "    unhook_but \"$1\" \"$state/hooked$3\"\n"
    "    if [ -n \"$4\" ]; then\n"
    "        point \"$2\" \"$4\"\n"
    "        remove_slot \"$1\" \"$2\" \"$5\"\n"
    "    else\n"
    "        remove_own \"$1\" \"$2\"\n"
    "    fi\n"
    "}\n"
    "go_back() {\n"
    "    # shellcheck disable=SC1091\n"
    "    . \"$state/slots\"\n"
    "    back_to iptables iptables_restore 4 \"$old4\" \"$s4\"\n"
    "    back_to ip6tables ip6tables_restore 6 \"$old6\" \"$s6\"\n"
    "    remove_sets new\n"
    "}\n"
    "settle() {\n"
    "    # shellcheck disable=SC1091\n"
    "    [ \"$action\" != keep ] || . \"$state/slots\"\n"
    "    stage='the new rules are in force, old chains are left'\n"
    "    remove_slot iptables iptables_restore but \"$s4\"\n"
    "    remove_slot ip6tables ip6tables_restore but \"$s6\"\n"
    "    remove_sets old\n"
    "}\n"
    "\n"
    "# A failure on the way leaves the old version in force.\n"
    "failed() {\n"
    "    status=$?\n"
    "    trap - EXIT\n"
    "    if [ \"$status\" -ne 0 ]; then\n"
    "        set +e\n"
    "        say \"failed: $stage\"\n"
    "        rm -f -- \"$state/waiting.$$\"\n"
    "        [ \"$(live_slot iptables)\" = \"$s4\" ] || remove_slot iptables iptables_restore "
    "\"$s4\"\n"
    "        [ \"$(live_slot ip6tables)\" = \"$s6\" ] || remove_slot ip6tables ip6tables_restore "
    "\"$s6\"\n"
    "        remove_sets new\n"
    "    fi\n"
    "    exit \"$status\"\n"
    "}\n"
    "\n"
    "decide_now\n"
    "s4=a\n"
    "s6=a\n"
    "old4=$(live_slot iptables)\n"
    "old6=$(live_slot ip6tables)\n"
    "[ \"$old4\" != a ] || s4=b\n"
    "[ \"$old6\" != a ] || s6=b\n"
    "stage='the earlier rules stay in force'\n"
    "open=no\n"
    "[ \"$grace\" -eq 0 ] || [ -z \"$open_for\" ] || [ -n \"$old4\" ] || open=yes\n"
    "trap failed EXIT\n"
    "trap 'exit 130' INT\n"
    "trap 'exit 143' TERM\n"
    "[ \"$confirm\" -eq 0 ] || begin_confirm\n"
    "[ \"$open\" = no ] || open_sets\n"
    "\n"
    "# What a run that was killed may have left.\n"
    "remove_slot iptables iptables_restore \"$s4\"\n"
    "remove_slot ip6tables ip6tables_restore \"$s6\"\n"
    "\n";

const char fr_iptables_script_switch[] =
    "\n"
    "# All is built: switch, IPv4 back again should IPv6 fail.\n"
    "[ \"$open\" = no ] || let_open iptables \"$s4\" \"$own.open4\"\n"
    "[ \"$open\" = no ] || let_open ip6tables \"$s6\" \"$own.open6\"\n"
    "[ \"$open\" = no ] || open_sets # once more: their time begins now\n"
    "point iptables_restore \"$s4\"\n"
    "if ! point ip6tables_restore \"$s6\"; then\n"
    "    [ -z \"$old4\" ] || point iptables_restore \"$old4\"\n"
    "    exit 1\n"
    "fi\n"
    "stage='the new rules are loaded, but maybe not hooked'\n"
    "hook iptables\n"
    "hook ip6tables\n"
    "[ \"$action\" != try ] || exit 0\n"
    "[ \"$open\" = no ] || say \"TCP sessions that are open pass for $grace seconds (--grace)\"\n"
    "if [ \"$confirm\" -gt 0 ]; then\n"
    "    trap - EXIT INT TERM\n"
    "    end_confirm\n"
    "fi\n"
    "\n"
    "settle\n"
    "save_files\n";
