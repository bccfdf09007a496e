/*
 * TARGET.apply.sh, which loads the rules: what is the same in it for every target, and whether a
 * script that was handed in is still as it was written. What differs, nftables.c writes.
 */
#include <string.h>

#include "netfilter_scripts.h"
#include "read.h"

/* ---- the steps ----------------------------------------------------------------------------- */

const char fr_nftables_apply_steps[] = FR_SCRIPT_OPTIONS
    "nft=${NFT:-nft}\n"
    "\n"
    "in_force() {\n"
    "    # shellcheck disable=SC2086\n"
    "    \"$nft\" list table $table >/dev/null 2>&1\n"
    "}\n"
    "\n"
    "# What a set holds, as a command that puts it there again; nothing where there is no such "
    "set.\n"
    "held() { # SET\n"
    "    # shellcheck disable=SC2086\n"
    "    { \"$nft\" list set $table \"$1\" 2>/dev/null || :; } | tr '\\n\\t' '  ' |\n"
    "        sed -n \"s/.*elements = { \\([^}]*\\)}.*/add element $table $1 { \\1}/p\"\n"
    "    echo\n"
    "}\n"
    "\n"
    "# TCP sessions that were opened before the rules: connection tracking takes them up with the "
    "first\n"
    "# packets that pass. The kernel ends this by itself, and the next load without it removes the "
    "rule.\n"
    "# The set stands last: behind it, nft 1.1 takes no 'tcp flags'.\n"
    "open_sessions() {\n"
    "    echo \"add set $table open_sessions { type inet_proto; flags timeout; }\"\n"
    "    echo \"add element $table open_sessions { tcp timeout ${grace}s }\"\n"
    "    for chain in $chains; do\n"
    "        echo \"insert rule $table $chain tcp flags & (fin | syn | rst | ack) != syn\" \\\n"
    "            \"meta l4proto @open_sessions accept comment \\\"open before these rules\\\"\"\n"
    "    done\n"
    "}\n"
    "rules() {\n"
    "    cat -- \"$files.nft\"\n"
    "    for set in $sets; do\n"
    "        held \"$set\"\n"
    "    done\n"
    "    [ \"$open\" = no ] || open_sessions\n"
    "}\n"
    "\n"
    "# The way back: the own table as it is now, or none.\n"
    "remember() {\n"
    "    {\n"
    "        echo \"add table $table\"\n"
    "        echo \"delete table $table\"\n"
    "        # shellcheck disable=SC2086\n"
    "        ! in_force || \"$nft\" list table $table\n"
    "    } >\"$state/before.nft\"\n"
    "    \"$nft\" -c -f \"$state/before.nft\"\n"
    "}\n"
    "go_back() {\n"
    "    \"$nft\" -f \"$state/before.nft\"\n"
    "}\n"
    "settle() {\n"
    "    :\n"
    "}\n"
    "\n"
    "decide_now\n"
    "open=no\n"
    "[ \"$grace\" -eq 0 ] || [ -z \"$chains\" ] || in_force || open=yes\n"
    "if [ \"$action\" = try ]; then\n"
    "    rules | \"$nft\" -c -f -\n"
    "    say 'the rules can be loaded; nothing is changed'\n"
    "    exit 0\n"
    "fi\n"
    "failed() {\n"
    "    status=$?\n"
    "    trap - EXIT\n"
    "    [ \"$status\" -eq 0 ] || rm -f -- \"$state/waiting.$$\"\n"
    "    exit \"$status\"\n"
    "}\n"
    "trap failed EXIT\n"
    "trap 'exit 130' INT\n"
    "trap 'exit 143' TERM\n"
    "[ \"$confirm\" -eq 0 ] || begin_confirm\n"
    "rules | \"$nft\" -f -\n"
    "trap - EXIT INT TERM\n"
    "[ \"$open\" = no ] || say \"TCP sessions that are open pass for $grace seconds (--grace)\"\n"
    "[ \"$confirm\" -eq 0 ] || end_confirm\n"
    "save_files\n";

/* ---- read back ----------------------------------------------------------------------------- */

static void doubt_script(flowrules_input *in, struct flowrules_place at) {
    for (enum flowrules_direction d = FLOWRULES_EGRESS; d <= FLOWRULES_FORWARD; d++)
        flowrules_input_doubt(in, at, d,
                              "it is not known what passes: this is not the script as it was "
                              "written");
}

void fr_nftables_read_script(flowrules_input *in, size_t file) {
    static const char *const known[] = {"#",
                                        "set -eu",
                                        "target='",
                                        "script='",
                                        "folder=$(CDPATH=''",
                                        "files=$folder/",
                                        "entrances='",
                                        "sums='",
                                        "table='",
                                        "chains='",
                                        "sets='"};
    size_t size;
    const char *text = flowrules_input_text(in, file, &size);
    const char *steps = strstr(text, fr_nftables_apply_steps);
    struct flowrules_line line = {.file = file};
    bool in_sets = false;
    if (!steps || steps[strlen(fr_nftables_apply_steps)] != '\0') {
        doubt_script(in, (struct flowrules_place){file, 1, 1});
        return;
    }
    while (flowrules_input_line(in, &line) && line.text < steps) {
        bool good = line.length == 0 || in_sets;
        for (size_t i = 0; i < sizeof known / sizeof *known; i++)
            good = good || strncmp(line.text, known[i], strlen(known[i])) == 0;
        if (strncmp(line.text, "sets='", 6) == 0)
            in_sets = true;
        if (in_sets && line.length > 0 && line.text[line.length - 1] == '\'')
            in_sets = false;
        if (!good)
            doubt_script(in, (struct flowrules_place){file, line.number, 1});
    }
}
