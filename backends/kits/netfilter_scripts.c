/*
 * The heads of the scripts that load rules of nftables and iptables: what they can be asked to do,
 * and what they need to know of a plan.
 */
#include "netfilter_scripts.h"

#include "flowrules/kits/linux.h"

void fr_netfilter_write_usage(flowrules_writer *w, const flowrules_output *out,
                              const char *suffix) {
    const char *target = flowrules_output_target(out);
    flowrules_writef(w, "#\n# As root: sh %s%s [OPTION]...\n", target, suffix);
    flowrules_write(
        w,
        "#   (none)             loads the rules, in place of an earlier version; can be repeated\n"
        "#   --dry-run          tries it, and changes nothing\n"
        "#   --confirm SECONDS  loads them, and takes what is in force now back again unless\n"
        "#                      --keep is given in this time, from a new session, say; it does so\n"
        "#                      also when this session or script is killed\n"
        "#   --keep, --back     confirms what waits; goes back at once\n"
        "#   --locked-out-is-fine  loads them also where no new session could be opened from "
        "where\n"
        "#                      the one that runs this comes from, which is else refused\n"
        "#   --save DIR         once they are in force (and confirmed), copies the files there\n"
        "#   --grace SECONDS    for so long after the first load TCP sessions that were open go\n"
        "#                      on, until connection tracking knows them (600); 0: they end,\n"
        "#                      where connections were not tracked before\n"
        "# The rules are gone when the machine starts again. So what comes back then is what it\n"
        "# loads by itself: let that be a copy made by --save, never the files as they are "
        "rendered.\n");
}

void fr_netfilter_write_variables(flowrules_writer *w, const flowrules_output *out,
                                  const char *suffix) {
    flowrules_writef(w,
                     "target='%s'\nscript='%s'\n"
                     "folder=$(CDPATH='' cd -- \"$(dirname -- \"$0\")\" && pwd)\n"
                     "files=$folder/$target\n",
                     flowrules_output_target(out), suffix);
    flowrules_writef(w, "entrances='%s'\n", flowrules_output_entrances(out));
}
