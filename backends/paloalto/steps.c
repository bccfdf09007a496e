/*
 * The text beside the commands of paloalto: how they are loaded, taken back and removed. Knows no
 * rule and no object.
 */
#include "steps.h"

#include <string.h>

/* Within an XML comment two hyphens are an error. */
static const struct flowrules_escape comment_escape = {
    .keep = " !()*+,./:;=@[]^_{}~'", .replace = '_', .utf8 = true, .max_bytes = 200};
static const struct flowrules_escape name_escape = {
    .keep = " ._-", .replace = '_', .max_bytes = 255};

static void write_heading(flowrules_output *out, flowrules_writer *w, bool comment) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    const char *title = flowrules_plan_title(plan), *target = flowrules_plan_target(plan);
    bool hyphens = comment && strstr(target, "--");
    if (title) {
        flowrules_write_user(w, &comment_escape, title);
        flowrules_write(w, "\n");
    }
    flowrules_write(w, "flowrules target ");
    flowrules_write_user(w, hyphens ? &comment_escape : &name_escape, target);
    flowrules_writef(w, ", version %s\n", flowrules_output_fingerprint(out));
    flowrules_write_shuts(w, out, "", "\n");
}

void paloalto_write_comment(flowrules_output *out, flowrules_writer *w) {
    flowrules_write(w, "<!--\n");
    write_heading(out, w, true);
    flowrules_write(w,
                    "How to load it and how to remove it: see the .txt beside this file.\n-->\n");
}

/* "N. text", N counted on. */
static void step(flowrules_writer *w, unsigned *number, const char *text) {
    flowrules_writef(w, "%3u. %s\n", ++*number, text);
}

static void write_load(const flowrules_plan *plan, flowrules_writer *w,
                       const struct paloalto_steps *steps) {
    const char *target = flowrules_plan_target(plan);
    const char *group = flowrules_plan_setting(plan, "device-group");
    unsigned number = 0;
    flowrules_write(w, "\nTo load it. All goes to the candidate configuration: nothing is in force "
                       "before the commit.\n");
    if (steps->xml) {
        flowrules_writef(w, "%3u. scp import configuration from USER@HOST:%s.xml\n", ++number,
                         target);
    }
    step(w, &number, "set cli scripting-mode on");
    step(w, &number, "configure");
    flowrules_writef(w, "%3u. save config to before-", ++number);
    flowrules_write_user(w, &name_escape, target);
    flowrules_write(w, ".xml   (the way back)\n");
    flowrules_writef(w,
                     "%3u. paste the %s.remove.set of the version in force, if there is one: a "
                     "rule\n     that this version no longer has stays open otherwise\n",
                     ++number, target);
    flowrules_writef(w, "%3u. paste %s.%s\n", ++number, target, steps->xml ? "load.set" : "set");
    step(w, &number, "validate full");
    step(w, &number, "commit");
    if (group) {
        flowrules_writef(w, "%3u. commit-all shared-policy device-group \"", ++number);
        flowrules_write_user(w, &name_escape, group);
        flowrules_write(w, "\"   (operational mode)\n");
    }
    flowrules_write(w, "\nThe first lines delete the rules that are set again below; where there "
                       "are none yet,\nthe answer is that they do not exist.\n");
}

static void write_rest(const flowrules_plan *plan, flowrules_writer *w,
                       const struct paloalto_steps *steps) {
    const char *target = flowrules_plan_target(plan);
    flowrules_writef(
        w,
        "\nTo take it back before the commit: revert config\n"
        "Afterwards: load config from before-%s.xml, and commit. It holds all that was "
        "there\nbefore, that of others too; later on load the version before in the "
        "same way.\n"
        "A firewall that Panorama manages goes back by itself when the commit cuts it "
        "off from\nPanorama, where automated commit recovery is on (PAN-OS 9.1, "
        "Device > Setup > Management).\nNothing else does: keep a session on the "
        "console, or one that these rules don't decide.\n"
        "To remove it: paste %s.remove.set and commit. The tag stays.\n",
        target, target);
    flowrules_writef(w,
                     "\nKeep %s.remove.set for the next version. Every rule of flowrules begins "
                     "with the prefix\n'%s'.\n",
                     target, flowrules_plan_setting(plan, "prefix"));
    flowrules_write(w, "\nWhat the device has to bring along:\n"
                       "  - DNS that answers the firewall as it answers the clients, for FQDN "
                       "objects\n"
                       "  - IPv6 firewalling (Device > Setup > Session), where a rule has IPv6\n"
                       "  - the zones, and the log forwarding profile, that the rules name\n");
    if (steps->sctp)
        flowrules_write(w, "  - for SCTP: a model that has SCTP Security, and that switched on "
                           "(Device > Setup >\n    Management > General Settings); others know no "
                           "service of SCTP\n");
    if (steps->applications)
        flowrules_write(w, "  - applications of flowrules' own: they take their packets from ping, "
                           "icmp and the\n    like, also in rules that are not flowrules'; those "
                           "have to name them too\n");
    if (steps->icmpv6)
        flowrules_write(w,
                        "  - for ICMPv6: a test with an echo; whether it belongs to ipv6-icmp or "
                        "to an application\n    of its own (ping6) depends on the content "
                        "release\n");
    if (steps->wildcards)
        flowrules_write(w, "  - traffic whose TLS SNI or HTTP Host is in the clear, for URL "
                           "categories\n");
}

/* What is shut, and what is left to rules of the firewall's own. */
static void write_closed(const flowrules_plan *plan, flowrules_writer *w,
                         const struct paloalto_steps *steps) {
    const char *before = flowrules_plan_setting(plan, "before");
    const char *after = flowrules_plan_setting(plan, "after");
    flowrules_write(w, "\nThe rules stand ");
    if (before || after) {
        flowrules_write(w, before ? "before the rule '" : "behind the rule '");
        flowrules_write_user(w, &name_escape, before ? before : after);
        flowrules_write(w, "'");
    } else {
        flowrules_write(w, "at the top");
    }
    if (steps->denies && steps->matched) {
        flowrules_write(w,
                        ". The last of them, whose name ends in 'deny-rest',\ndenies what no flow "
                        "allows, between all zones and within each:\nno rule behind it opens "
                        "anything.\n");
        if (!flowrules_plan_log_nothing(plan))
            flowrules_write(w, "What it denies is logged ('log: none' ends that).\n");
        return;
    }
    flowrules_writef(w, ". %s\n",
                     steps->denies
                         ? "The last of them, whose names end in 'deny-rest',\ndeny what no "
                           "flow allows from one zone to another, where some flow is "
                           "between the two:\nno rule behind them opens anything there."
                         : "None of them denies the rest: rules behind\nthem may open more.");
    if (steps->denies && !steps->intrazone)
        flowrules_write(w,
                        "Within a zone they deny only where a flow stays in it ('intrazone: all' "
                        "denies more).\n");
    if (steps->denies && !flowrules_plan_log_nothing(plan))
        flowrules_write(w, "What they deny is logged ('log: none' ends that).\n");
    flowrules_write(w, "All else is left to the firewall's own rules, and to its defaults: "
                       "interzone-default denies,\nintrazone-default allows, and neither logs.\n");
}

void paloalto_write_steps(flowrules_output *out, const struct paloalto_steps *steps) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    flowrules_writer *w = flowrules_output_file(out, ".txt", false);
    write_heading(out, w, false);
    flowrules_writef(w, "%zu rules\n", steps->rules);
    write_load(plan, w, steps);
    write_closed(plan, w, steps);
    write_rest(plan, w, steps);
}
