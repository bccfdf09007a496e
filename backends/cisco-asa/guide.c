/*
 * cisco-asa, the artifact around the list: how to load it, the swap, the way back, what has to be
 * there beforehand, and how an earlier version is retired. Knows no rules.
 */
#include "cisco_asa.h"

#include <string.h>
#include <strings.h>

/* ---- texts --------------------------------------------------------------------------------- */

/*
 * A ? asks for help wherever it is pasted, a ! at the start makes a comment of a line, and what
 * the ASA does with quotes and bars differs from command to command: none of them is let through.
 */
static const struct flowrules_escape comment_escape = {
    .keep = " #%&'()*+,-./:;<=>@[]^_{}~",
    .replace = '_',
    .max_bytes = 200,
};
/* Names of hosts, access lists and interfaces are checked before they come here. */
const struct flowrules_escape fr_cisco_asa_word_escape = {
    .keep = "._-", .replace = '_', .max_bytes = 241};

/* ---- settings ------------------------------------------------------------------------------ */

const struct flowrules_setting fr_cisco_asa_settings[] = {
    {.key = "interface", .type = "name", .fallback = "inside", .help = "nameif of the interface"},
    {.key = "access-group",
     .type = "choice in|out|global",
     .fallback = "in",
     .help = "what the list filters: packets that enter or leave at the interface, or that enter "
             "at any interface"},
    {.key = "match-interfaces",
     .type = "boolean",
     .fallback = "false",
     .later = true,
     .whole_alone = true,
     .help = "true: an access list for each interface of the policy's networks, for what enters "
             "there, or leaves with access-group: out"},
    {.key = "anti-spoofing",
     .type = "boolean",
     .fallback = "false",
     .later = true,
     .whole_alone = true,
     .help = "with match-interfaces: deny addresses of a network with 'interface' that enter by "
             "another interface"},
    {.key = "access-list",
     .type = "name",
     .help = "name of the access list, without its version; default the target's name; with mode: "
             "permits, the list that gets the permits; with match-interfaces, the interface "
             "follows it"},
    {.key = "line",
     .type = "integer 1 1000000",
     .fallback = "1",
     .later = true,
     .permits_alone = true,
     .help = "mode: permits: the line of the access list at which the permits begin"},
    {.key = "replaces",
     .type = "name",
     .whole_alone = true,
     .help = "the access list that was in force before: writes a file with the commands that "
             "remove it"},
    {.key = "dns",
     .type = "choice comment|commands|none",
     .fallback = "comment",
     .help = "the resolver settings that names need: as a comment, as commands, or left out"},
    {.key = "dns-server", .type = "text", .help = "addresses of DNS servers, separated by spaces"},
    {.key = "dns-interface",
     .type = "name",
     .help = "the interface towards the DNS servers; default the target's interface"},
    {.key = "log-level",
     .type = "integer 0 7",
     .fallback = "6",
     .help = "severity of the log messages, 106100"},
    {.key = "log-interval",
     .type = "integer 1 600",
     .fallback = "300",
     .help = "seconds between two messages about a connection"},
    {.key = NULL},
};

const struct flowrules_setting fr_cisco_asa_bindings[] = {
    {.key = "interface",
     .aside = true,
     .any_case = true,
     .type = "list name",
     .help = "with match-interfaces: nameif of the interfaces that the network is behind"},
    {.key = NULL},
};

bool fr_cisco_asa_matches(const flowrules_plan *plan) {
    return flowrules_plan_flag(plan, "match-interfaces");
}

bool fr_cisco_asa_is_out(const flowrules_plan *plan) {
    return strcmp(flowrules_plan_setting(plan, "access-group"), "out") == 0;
}

/* Digits, letters to f, dots and colons, in words: what addresses are made of. */
static bool are_addresses(const char *text) {
    return text[strspn(text, "0123456789abcdefABCDEF.: ")] == '\0' &&
           strpbrk(text, "0123456789") != NULL;
}

/* The interfaces of an ASA have names in which upper and lower case are the same. */
static void check_interfaces(flowrules_output *out) {
    const struct fr_cisco_asa *s = flowrules_output_state(out);
    for (size_t i = 0; i < s->list_count; i++)
        for (size_t k = 0; k < i; k++)
            if (strcasecmp(s->lists[k].interface, s->lists[i].interface) == 0)
                flowrules_output_refuse(out, "'%.80s' and '%.80s' are the same interface of an ASA",
                                        s->lists[k].interface, s->lists[i].interface);
}

/* What goes with a list for each interface. */
static void check_matching(flowrules_output *out) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    const struct fr_cisco_asa *s = flowrules_output_state(out);
    bool spoofing = flowrules_plan_flag(plan, "anti-spoofing");
    if (spoofing && (!fr_cisco_asa_matches(plan) || fr_cisco_asa_is_out(plan)))
        flowrules_output_refuse(out, "'anti-spoofing' needs 'match-interfaces' and lists for what "
                                     "enters");
    if (!fr_cisco_asa_matches(plan))
        return;
    if (strcmp(flowrules_plan_setting(plan, "access-group"), "global") == 0)
        flowrules_output_refuse(out, "with 'match-interfaces', access-group is in or out: the "
                                     "global list is at no interface");
    if (strcmp(flowrules_plan_setting(plan, "interface"), "inside") != 0)
        flowrules_output_refuse(out, "with 'match-interfaces' the networks say the interfaces: "
                                     "remove the setting interface");
    if (flowrules_plan_setting(plan, "replaces") != NULL)
        flowrules_output_refuse(out, "'replaces' names one access list, and with "
                                     "'match-interfaces' there are several: remove it");
    if (s->list_count == 0)
        flowrules_output_refuse(out, "with 'match-interfaces' some network needs an interface "
                                     "(cisco-asa: {interface: NAME})");
    check_interfaces(out);
}

/* The length of the longest name of an interface, with what is between it and the list's own. */
static size_t longest_interface(const struct fr_cisco_asa *s) {
    size_t longest = 0;
    for (size_t i = 0; i < s->list_count && s->lists[i].interface != NULL; i++)
        if (strlen(s->lists[i].interface) + 1 > longest)
            longest = strlen(s->lists[i].interface) + 1;
    return longest;
}

void fr_cisco_asa_find_lists(flowrules_output *out) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    struct fr_cisco_asa *s = flowrules_output_state(out);
    const char *name;
    s->list_count = fr_cisco_asa_matches(plan) ? 0 : 1;
    for (size_t i = 0; s->list_count == i && (name = flowrules_plan_interface(plan, i)); i++) {
        if (i == FR_CISCO_ASA_LISTS) {
            flowrules_output_refuse(out, "it is for more than %d interfaces", FR_CISCO_ASA_LISTS);
            return;
        }
        s->lists[s->list_count++].interface = name;
    }
}

void fr_cisco_asa_check_settings(flowrules_output *out) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    const char *servers = flowrules_plan_setting(plan, "dns-server");
    const char *base = flowrules_plan_setting(plan, "access-list");
    if (base == NULL)
        base = flowrules_plan_target(plan);
    size_t length = strlen(base) + longest_interface(flowrules_output_state(out));
    check_matching(out);
    if (length + sizeof "_v01234567" - 1 > FR_CISCO_ASA_LIST_NAME_MAX ||
        length + sizeof "FR__building" - 1 > FR_CISCO_ASA_LIST_NAME_MAX)
        flowrules_output_refuse(out, "the name of an access list has at most %d characters",
                                FR_CISCO_ASA_LIST_NAME_MAX);
    if (flowrules_plan_permits(plan) && flowrules_plan_setting(plan, "access-list") == NULL)
        flowrules_output_refuse(out, "with 'mode: permits' it needs the setting access-list, the "
                                     "name of the list that gets the permits");
    if (servers != NULL && !are_addresses(servers))
        flowrules_output_refuse(out, "dns-server takes addresses, separated by spaces");
    bool commands = strcmp(flowrules_plan_setting(plan, "dns"), "commands") == 0;
    if (servers == NULL && commands)
        flowrules_output_refuse(out, "with 'dns: commands' it needs a dns-server");
    if (commands && fr_cisco_asa_matches(plan) &&
        flowrules_plan_setting(plan, "dns-interface") == NULL)
        flowrules_output_refuse(out, "with 'dns: commands' and 'match-interfaces' it needs a "
                                     "dns-interface");
}

/* ---- names --------------------------------------------------------------------------------- */

static void write_word(flowrules_writer *w, const char *word) {
    flowrules_write_user(w, &fr_cisco_asa_word_escape, word);
}

static void write_base(const flowrules_plan *plan, flowrules_writer *w) {
    const char *base = flowrules_plan_setting(plan, "access-list");
    write_word(w, base != NULL ? base : flowrules_plan_target(plan));
}

/* The name of a list without its version. */
static void write_own_name(const flowrules_output *out, flowrules_writer *w,
                           const struct fr_cisco_asa_written *list) {
    write_base(flowrules_output_plan(out), w);
    if (list->interface == NULL)
        return;
    flowrules_write(w, "_");
    write_word(w, list->interface);
}

/* The name that a list has while it is built, and is never bound under. */
static void write_building(const flowrules_output *out, flowrules_writer *w,
                           const struct fr_cisco_asa_written *list) {
    flowrules_write(w, "FR_");
    write_own_name(out, w, list);
    flowrules_write(w, "_building");
}

void fr_cisco_asa_begin_line(flowrules_output *out, flowrules_writer *w) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    struct fr_cisco_asa *s = flowrules_output_state(out);
    struct fr_cisco_asa_written *list = &s->lists[s->list];
    list->lines += !s->removing;
    flowrules_write(w, s->removing ? "no access-list " : "access-list ");
    if (!flowrules_plan_permits(plan))
        write_building(out, w, list);
    else
        write_base(plan, w);
    if (flowrules_plan_permits(plan) && !s->removing)
        flowrules_writef(w, " line %lld",
                         flowrules_plan_number(plan, "line") + (long long)list->lines - 1);
}

/* A version has a name of its own: it is built beside the one in force, never inside it. */
static void write_list_name(const flowrules_output *out, flowrules_writer *w,
                            const struct fr_cisco_asa_written *list) {
    write_own_name(out, w, list);
    flowrules_writef(w, "_v%s", flowrules_output_fingerprint(out));
}

/* " in interface inside" or " global"; of no list: of each. */
static void write_place(const flowrules_plan *plan, flowrules_writer *w,
                        const struct fr_cisco_asa_written *list) {
    const char *group = flowrules_plan_setting(plan, "access-group");
    flowrules_write(w, " ");
    flowrules_write(w, group);
    if (strcmp(group, "global") == 0)
        return;
    flowrules_write(w, " interface ");
    if (list == NULL)
        flowrules_write(w, "INTERFACE");
    else
        write_word(
            w,
            list->interface != NULL ? list->interface : flowrules_plan_setting(plan, "interface"));
}

static void write_binding(const flowrules_output *out, flowrules_writer *w,
                          const struct fr_cisco_asa_written *list) {
    flowrules_write(w, "access-group ");
    write_list_name(out, w, list);
    write_place(flowrules_output_plan(out), w, list);
    flowrules_write(w, "\n");
}

/* ---- before and after ---------------------------------------------------------------------- */

static void write_title(const flowrules_plan *plan, flowrules_writer *w) {
    const char *title = flowrules_plan_title(plan);
    if (title == NULL)
        return;
    flowrules_write(w, "! ");
    flowrules_write_user(w, &comment_escape, title);
    flowrules_write(w, "\n");
}

static void write_only_list(flowrules_output *out, flowrules_writer *w) {
    const struct fr_cisco_asa *s = flowrules_output_state(out);
    flowrules_write(w, "access list ");
    write_list_name(out, w, &s->lists[0]);
    flowrules_write(w, ", bound");
    write_place(flowrules_output_plan(out), w, &s->lists[0]);
    flowrules_write(w,
                    ".\n! For ASA 9.0 or later. What the list does not permit is denied there.\n");
}

/* With match-interfaces: which lists there are, and how they know where the other end is. */
static void write_lists(flowrules_output *out, flowrules_writer *w) {
    static const char *const in_words =
        "! For ASA 9.0 or later. What a list does not permit is denied there. Lists of other "
        "interfaces\n"
        "! stay as they are. Where packets leave is no part of a list: the addresses of their\n"
        "! destination tell it, as the routes do.\n";
    static const char *const out_words =
        "! For ASA 9.0 or later. What a list does not permit is denied there. Lists of other "
        "interfaces\n"
        "! stay as they are. Where packets enter is no part of a list: the addresses of their\n"
        "! source tell it, if other interfaces check them (ip verify reverse-path).\n";
    const struct fr_cisco_asa *s = flowrules_output_state(out);
    const flowrules_plan *plan = flowrules_output_plan(out);
    flowrules_writef(w, "an access list for each interface, bound\n");
    for (size_t i = 0; i < s->list_count; i++) {
        flowrules_write(w, "!  ");
        write_place(plan, w, &s->lists[i]);
        flowrules_write(w, ": ");
        write_list_name(out, w, &s->lists[i]);
        flowrules_write(w, "\n");
    }
    flowrules_write(w, fr_cisco_asa_is_out(plan) ? out_words : in_words);
}

static void write_head(flowrules_output *out, flowrules_writer *w) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    const struct fr_cisco_asa *s = flowrules_output_state(out);
    const char *target = flowrules_plan_target(plan);
    write_title(plan, w);
    flowrules_writef(w, "! Target %s, version %s: ", target, flowrules_output_fingerprint(out));
    if (fr_cisco_asa_matches(plan))
        write_lists(out, w);
    else
        write_only_list(out, w);
    flowrules_write_shuts(w, out, "! ", "\n");
    flowrules_write(w, "!\n"
                       "! Before:    show running-config access-group\n"
                       "!   Write down the list that is bound there: it is the way back.\n"
                       "!   What runs must be saved (write memory), so that a restart brings it "
                       "back by itself:\n"
                       "!     reload in 10 noconfirm\n"
                       "!   Where section 3 shuts you out, the ASA restarts with what was saved; "
                       "it is out of\n"
                       "!   service meanwhile. A pair (failover) restarts this unit alone.\n");
    flowrules_writef(w,
                     "! Load with: paste in configure terminal, or: copy disk0:/%s.cfg "
                     "running-config\n",
                     target);
    flowrules_write(w, "!   Sections 1 and 2 build beside what is in force; section 3 swaps. Do "
                       "not go on to 3\n"
                       "!   after an error. Some are no harm: that the list being built does not "
                       "exist yet, or,\n"
                       "!   on a second paste, that objects, members and this version exist "
                       "already.\n");
    flowrules_write(w, "! Undo with: access-group EARLIER");
    write_place(plan, w, fr_cisco_asa_matches(plan) ? NULL : &s->lists[0]);
    flowrules_write(w, fr_cisco_asa_matches(plan) ? ", for each of them" : "");
    flowrules_write(w, "\n! Keep with: a new session, then: reload cancel, and: write memory\n");
}

static void section(flowrules_writer *w, const char *title) {
    flowrules_writef(w, "!\n! ---- %s\n", title);
}

/* Commands, or the same behind a !. */
static void write_dns(const flowrules_plan *plan, flowrules_writer *w) {
    const char *how = flowrules_plan_setting(plan, "dns"), *before = "! ";
    const char *servers = flowrules_plan_setting(plan, "dns-server");
    const char *interface = flowrules_plan_setting(plan, "dns-interface");
    if (strcmp(how, "none") == 0)
        return;
    if (strcmp(how, "commands") == 0)
        before = "";
    flowrules_write(w, "! The ASA resolves the names below itself. It should ask the servers that "
                       "its clients ask.\n");
    if (interface == NULL)
        interface =
            fr_cisco_asa_matches(plan) ? "INTERFACE" : flowrules_plan_setting(plan, "interface");
    flowrules_writef(w, "%sdns domain-lookup ", before);
    write_word(w, interface);
    flowrules_writef(w, "\n%sdns server-group DefaultDNS\n", before);
    if (servers == NULL)
        flowrules_writef(w, "%s name-server ADDRESS\n", before);
    while (servers != NULL && *(servers += strspn(servers, " ")) != '\0') {
        size_t length = strcspn(servers, " ");
        flowrules_writef(w, "%s name-server %.*s\n", before, (int)length, servers);
        servers += length;
    }
}

/* Replies to TCP and UDP pass by state, those to ICMP by inspection alone. */
static const char icmp_words[] =
    "! Replies to ICMP pass where it is inspected, which belongs to the policy of the whole ASA:\n"
    "! policy-map global_policy\n"
    "!  class inspection_default\n"
    "!   inspect icmp\n";

static const char retire_words[] =
    "! What nothing refers to is no harm. Its objects begin with FR_:\n"
    "!   show running-config object | include FR_\n"
    "!   show running-config object-group | include FR_\n"
    "! Groups first: the ASA refuses to remove what is in use, and so all of them may be tried.\n"
    "!   no object-group network NAME\n"
    "!   no object-group service NAME\n"
    "!   no object network NAME\n"
    "!   no time-range NAME\n";

static void write_rename(const flowrules_output *out, flowrules_writer *w,
                         const struct fr_cisco_asa_written *list) {
    flowrules_write(w, "! show running-config access-list ");
    write_building(out, w, list);
    flowrules_writef(w, "\n!   must list %zu lines.\naccess-list ", list->lines);
    write_building(out, w, list);
    flowrules_write(w, " rename ");
    write_list_name(out, w, list);
    flowrules_write(w, "\n");
}

static void write_swap(flowrules_output *out, flowrules_writer *w) {
    const struct fr_cisco_asa *s = flowrules_output_state(out);
    section(w, "3. In force");
    for (size_t i = 0; i < s->list_count; i++)
        write_rename(out, w, &s->lists[i]);
    for (size_t i = 0; i < s->list_count; i++)
        write_binding(out, w, &s->lists[i]);
    for (size_t i = 0; i < s->list_count; i++) {
        flowrules_write(w, "clear configure access-list ");
        write_building(out, w, &s->lists[i]);
        flowrules_write(w, "\n");
    }
    flowrules_write(w, "! Connections that are open stay open: clear conn ends them.\n");
}

static void write_retirement(const flowrules_plan *plan, flowrules_writer *w) {
    const char *earlier = flowrules_plan_setting(plan, "replaces");
    section(w, "4. Later, when there is no need to go back: retire the earlier version");
    if (earlier != NULL) {
        flowrules_writef(w, "! Load %s.retire.cfg.\n", flowrules_plan_target(plan));
        return;
    }
    flowrules_write(w, "! Never the list in force: its access-group goes with it, and nothing is "
                       "filtered then.\n"
                       "!   show running-config access-group\n"
                       "!   clear configure access-list EARLIER\n");
    flowrules_write(w, retire_words);
}

/* The new list is bound once more first, so that the earlier one is not in force when it goes. */
static void write_retirement_file(flowrules_output *out) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    const struct fr_cisco_asa *s = flowrules_output_state(out);
    flowrules_writer *w = flowrules_output_file(out, ".retire.cfg", false);
    const char *earlier = flowrules_plan_setting(plan, "replaces");
    flowrules_writef(w, "! Target %s, version %s: retires access list ",
                     flowrules_plan_target(plan), flowrules_output_fingerprint(out));
    write_word(w, earlier);
    flowrules_writef(w,
                     ".\n! Load after %s.cfg, when there is no need to go back. Stop where the "
                     "first command fails:\n"
                     "! the earlier list is still in force then, and its access-group would go "
                     "with it.\n",
                     flowrules_plan_target(plan));
    write_binding(out, w, &s->lists[0]);
    flowrules_write(w, "clear configure access-list ");
    write_word(w, earlier);
    flowrules_write(w, "\n!\n");
    flowrules_write(w, retire_words);
}

/* ---- permits in a list of others ----------------------------------------------------------- */

static void write_permits_head(flowrules_output *out, flowrules_writer *w) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    const char *target = flowrules_plan_target(plan);
    write_title(plan, w);
    flowrules_writef(w, "! Target %s, version %s: permits for access list ", target,
                     flowrules_output_fingerprint(out));
    write_base(plan, w);
    flowrules_writef(w,
                     ", from its line %lld on.\n"
                     "! For ASA 9.0 or later. Nothing here denies: what no flow allows is left to "
                     "the other entries.\n!\n"
                     "! Before:    show running-config access-list ",
                     flowrules_plan_number(plan, "line"));
    write_base(plan, w);
    flowrules_writef(w,
                     "\n!   Where an earlier version of these permits is among them, load that "
                     "version's\n!   %s.remove.cfg first: entries that stay are not replaced.\n"
                     "! Load with: paste in configure terminal, or: copy disk0:/%s.cfg "
                     "running-config\n"
                     "! Undo with: copy disk0:/%s.remove.cfg running-config\n"
                     "! Keep with: write memory\n",
                     target, target, target);
}

static void write_removal_file(flowrules_output *out) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    flowrules_writer *w = flowrules_output_undo(out, ".remove.cfg", false);
    flowrules_writef(w, "! Target %s, version %s: takes its permits out of access list ",
                     flowrules_plan_target(plan), flowrules_output_fingerprint(out));
    write_base(plan, w);
    flowrules_write(w, ".\n! Other entries stay. A list without any entry is removed, and its "
                       "access-group with it.\n");
    flowrules_write_part(w, flowrules_output_part(out, FR_CISCO_ASA_REMOVAL));
    flowrules_write(w, "!\n");
    flowrules_write(w, retire_words);
}

/* ---- the file ------------------------------------------------------------------------------ */

void fr_cisco_asa_write_files(flowrules_output *out) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    const struct fr_cisco_asa *s = flowrules_output_state(out);
    flowrules_writer *w = flowrules_output_file(out, ".cfg", false);
    bool permits = flowrules_plan_permits(plan);
    (permits ? write_permits_head : write_head)(out, w);
    section(w, fr_cisco_asa_matches(plan) ? "1. What the lists refer to"
                                          : "1. What the list refers to");
    if (s->names)
        write_dns(plan, w);
    if (s->icmp)
        flowrules_write(w, icmp_words);
    if (s->sctp)
        flowrules_write(w, "! SCTP in access lists needs ASA 9.5(2) or later.\n");
    if (s->ends_in_time)
        flowrules_write(w, "! Times are those of the ASA's own clock: show clock\n");
    for (unsigned part = FR_CISCO_ASA_TIMES; part <= FR_CISCO_ASA_GROUPS; part++)
        flowrules_write_part(w, flowrules_output_part(out, part));
    if (permits) {
        section(w, "2. The permits");
        flowrules_write_part(w, flowrules_output_part(out, FR_CISCO_ASA_LIST));
        write_removal_file(out);
        return;
    }
    section(w, fr_cisco_asa_matches(plan) ? "2. The lists, under names that are never bound"
                                          : "2. The list, under a name that is never bound");
    for (size_t i = 0; i < s->list_count; i++) {
        flowrules_write(w, "clear configure access-list ");
        write_building(out, w, &s->lists[i]);
        flowrules_write(w, "\n");
        flowrules_write_part(w, flowrules_output_part(out, FR_CISCO_ASA_LIST + (unsigned)i));
    }
    write_swap(out, w);
    write_retirement(plan, w);
    if (flowrules_plan_setting(plan, "replaces") != NULL)
        write_retirement_file(out);
}
