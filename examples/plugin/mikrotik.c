/*
 * mikrotik-routeros: a backend outside the tree, as an example: filter rules of RouterOS 7 with
 * their address lists. Knows the chain forward, for IPv4 and IPv6; knows no NAT, no interfaces.
 *
 *   make && flowrules render branch.yaml --plugin ./mikrotik.so
 *
 * The rules stand in a chain of their own, whose name has the version, and a jump leads there. An
 * import runs one command after the other: the jump to an older version stands before ours and
 * decides until one command removes it, when all of ours is there.
 * Facts without another source: MikroTik, RouterOS manual, Common Firewall Matchers and Actions.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "mikrotik.h"
#include <flowrules/kits/bindings.h>
#include <flowrules/kits/flows.h>
#include <flowrules/kits/whole.h>
#include <flowrules/reader.h>

enum {
    PREFIX_MAX = 12, /* our own: what all names here begin with */
    CHAIN_SIZE = PREFIX_MAX + 10,
    NAME_MAX_BYTES = 20, /* our own: of a rule, where its packets are logged */
    PORTS_MAX = 15,
    FAMILIES = 2
};

/* A comment's line; and a text in double quotes, where '$' begins a variable, '?' asks for help. */
static const struct flowrules_escape comment_escape = {
    .keep = " !\"#$%&'()*+,-./:;<=>?@[]^_`{|}~", .replace = '_', .max_bytes = 512};
static const struct flowrules_escape quoted_escape = {.keep = " !#%&'()*+,-./:;<=>@[]^_`{|}~",
                                                      .escape = "\"\\$?",
                                                      .before = '\\',
                                                      .replace = '_',
                                                      .max_bytes = 200};

/* A name without quotes. */
static const struct flowrules_escape name_escape = {.keep = "-_", .replace = '_', .max_bytes = 60};

static const char *const menu[FAMILIES] = {"/ip firewall", "/ipv6 firewall"};

/* The parts of the file, of each family; the heads of their menus are written at the end. */
static flowrules_writer *lists(flowrules_output *out, enum flowrules_family family) {
    return flowrules_output_part(out, family);
}

static flowrules_writer *rules(flowrules_output *out, enum flowrules_family family) {
    return flowrules_output_part(out, FAMILIES + family);
}

static const char *prefix(const flowrules_output *out) {
    return flowrules_plan_setting(flowrules_output_plan(out), "prefix");
}

/* The chain of this version: "flowrules-1a2b3c4d". */
static const char *chain(const flowrules_output *out, char name[CHAIN_SIZE]) {
    snprintf(name, CHAIN_SIZE, "%.*s-%s", PREFIX_MAX, prefix(out),
             flowrules_output_fingerprint(out));
    return name;
}

/* ---- address lists ------------------------------------------------------------------------- */

/* Can an end be said in the rule itself: one address, prefix, or range of IPv4? */
static bool is_plain(struct flowrules_set set, enum flowrules_family family) {
    struct flowrules_range range;
    if (flowrules_set_range_count(set, family) != 1)
        return false;
    range = flowrules_set_range(set, family, 0);
    return family == FLOWRULES_IPV4 || flowrules_range_prefix(&range) >= 0;
}

/*
 * Names of versions differ, since the rules of the older one go on with their lists meanwhile. The
 * number makes them different in one version.
 */
static void write_list_name(flowrules_output *out, size_t index, enum flowrules_family family,
                            flowrules_writer *w) {
    char name[CHAIN_SIZE];
    struct flowrules_set set = flowrules_output_set(out, index);
    const char *network = flowrules_set_family_label(flowrules_output_plan(out), set, family);
    flowrules_writef(w, "%s-%zu-", chain(out, name), index + 1);
    flowrules_write_user(w, &name_escape,
                         network != NULL ? network : flowrules_set_title(out, set, "_"));
}

static void write_entry(flowrules_output *out, size_t index, const struct flowrules_range *range) {
    flowrules_writer *w = lists(out, range->family);
    char name[CHAIN_SIZE];
    flowrules_write(w, "add list=");
    write_list_name(out, index, range->family, w);
    flowrules_write(w, " address=");
    flowrules_write_range(w, range);
    flowrules_writef(w, " comment=%s\n", chain(out, name));
}

/* Only IPv4 has entries that are ranges (manual, ip/firewall/address-list, address). */
static void write_list(flowrules_output *out, size_t index, enum flowrules_family family) {
    struct flowrules_set set = flowrules_output_set(out, index);
    for (size_t i = 0; !is_plain(set, family) && i < flowrules_set_range_count(set, family); i++) {
        struct flowrules_range range = flowrules_set_range(set, family, i), part;
        if (family == FLOWRULES_IPV4)
            write_entry(out, index, &range);
        else
            while (flowrules_range_next_prefix(&range, &part))
                write_entry(out, index, &part);
    }
}

/* ---- rules --------------------------------------------------------------------------------- */

/* end: "src" or "dst". What is any is not said. */
static void write_end(flowrules_output *out, const char *end, struct flowrules_set set,
                      enum flowrules_family family) {
    flowrules_writer *w = rules(out, family);
    size_t index = 0;
    if (flowrules_set_is_any(set) || flowrules_set_is_all(set, family))
        return;
    if (is_plain(set, family)) {
        struct flowrules_range range = flowrules_set_range(set, family, 0);
        flowrules_writef(w, " %s-address=", end);
        flowrules_write_range(w, &range);
        return;
    }
    while (index < flowrules_output_set_count(out) && flowrules_output_set(out, index).id != set.id)
        index++;
    flowrules_writef(w, " %s-address-list=", end);
    write_list_name(out, index, family, w);
}

static void write_ports(flowrules_writer *w, const char *key, const struct flowrules_ports *ports,
                        size_t count) {
    for (size_t i = 0; i < count; i++) {
        flowrules_write(w, i == 0 ? key : ",");
        flowrules_write_ports(w, ports[i], "-");
    }
}

/* Types of ICMP are TYPE:CODE, or TYPE:CODE-CODE. */
static void write_service(flowrules_writer *w, const struct flowrules_service *service) {
    static const char *const words[] = {
        [1] = "icmp", [6] = "tcp", [17] = "udp", [58] = "icmpv6", [132] = "sctp"};
    size_t protocol = (size_t)service->protocol;
    if (service->protocol < 0)
        return;
    if (protocol < sizeof words / sizeof words[0] && words[protocol] != NULL)
        flowrules_writef(w, " protocol=%s", words[protocol]);
    else
        flowrules_writef(w, " protocol=%zu", protocol);
    write_ports(w, " src-port=", service->source_ports, service->source_port_count);
    write_ports(w, " dst-port=", service->destination_ports, service->destination_port_count);
    if (service->icmp_type >= 0 && service->icmp_code >= 0)
        flowrules_writef(w, " icmp-options=%d:%d", service->icmp_type, service->icmp_code);
    else if (service->icmp_type >= 0)
        flowrules_writef(w, " icmp-options=%d:0-255", service->icmp_type);
}

static void begin_rule(flowrules_output *out, enum flowrules_family family, const char *action) {
    char name[CHAIN_SIZE];
    flowrules_writef(rules(out, family), "add chain=%s action=%s", chain(out, name), action);
}

static void rule(flowrules_output *out, const struct flowrules_rule *r) {
    enum flowrules_family family =
        r->families == FLOWRULES_FAMILY_BIT(FLOWRULES_IPV4) ? FLOWRULES_IPV4 : FLOWRULES_IPV6;
    flowrules_writer *w = rules(out, family);
    begin_rule(out, family, r->action == FLOWRULES_ALLOW ? "accept" : "drop");
    flowrules_writer_origin(w, r->flows);
    write_end(out, "src", r->source, family);
    write_end(out, "dst", r->destination, family);
    write_service(w, &r->services[0]); /* one_service */
    if (r->log)
        flowrules_writef(w, " log=yes log-prefix=%s", r->name);
    flowrules_write(w, " comment=\"");
    flowrules_write_notes(w, out, &quoted_escape, FLOWRULES_NOTES, r->flows, NULL);
    flowrules_write(w, "\"\n");
}

/* ---- the file ------------------------------------------------------------------------------ */

/*
 * States of connections: replies, and the ICMP errors about them. Not "untracked": so are messages
 * of neighbour discovery that someone sends from afar, and what a rule of the menu raw lets be.
 */
static void begin(flowrules_output *out) {
    const char *text = prefix(out);
    size_t length = 0;
    while (isalnum((unsigned char)text[length]))
        length++;
    if (text[length] != '\0' || length > PREFIX_MAX)
        flowrules_output_refuse(out, "the prefix '%s' is not of 1 to %d letters and digits", text,
                                PREFIX_MAX);
    for (unsigned f = FLOWRULES_IPV4; f < FAMILIES; f++) {
        enum flowrules_family family = (enum flowrules_family)f;
        for (size_t i = 0; i < flowrules_output_set_count(out); i++)
            write_list(out, i, family);
        if (!flowrules_plan_has(flowrules_output_plan(out), FLOWRULES_BASELINE_REPLIES))
            continue;
        begin_rule(out, family, "accept");
        flowrules_write(rules(out, family), " connection-state=established,related\n");
    }
}

static void write_head(flowrules_writer *w, flowrules_output *out) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    if (flowrules_plan_title(plan) != NULL) {
        flowrules_write(w, "# ");
        flowrules_write_user(w, &comment_escape, flowrules_plan_title(plan));
        flowrules_write(w, "\n");
    }
    flowrules_writef(
        w, "# Target %s: of what is forwarded, what these rules do not accept is dropped.\n",
        flowrules_plan_target(plan));
    flowrules_write_shuts(w, out, "# ", "\n");
    flowrules_writef(
        w,
        "# Load with: /import %s.swap.rsc, which imports this file and then removes\n"
        "# an older version, that decides until then. Undo with, for /ip and /ipv6:\n"
        "#   /ip firewall filter remove [find where comment=%s and action=jump]\n"
        "# Rules of the chain forward that stand before the jump decide before these.\n",
        flowrules_plan_target(plan), prefix(out));
}

/* Behind an older jump, whose chain drops all the rest, ours decides nothing yet. */
static void end_rules(flowrules_output *out, enum flowrules_family family) {
    flowrules_writer *w = rules(out, family);
    char name[CHAIN_SIZE];
    begin_rule(out, family, "drop");
    flowrules_write(w, flowrules_plan_log_denied(flowrules_output_plan(out))
                           ? " log=yes log-prefix=the-rest\n"
                           : "\n");
    flowrules_writef(w, "add chain=forward action=jump jump-target=%s comment=%s\n",
                     chain(out, name), prefix(out));
}

/* The file that takes out the older version. */
static void write_swap(flowrules_writer *w, flowrules_output *out, const char *menus) {
    char name[CHAIN_SIZE];
    const char *p = prefix(out), *own = chain(out, name);
    flowrules_writef(w,
                     "%s filter\n"
                     "remove [find where comment=%s and action=jump and jump-target!=%s]\n"
                     "remove [find where chain~\"^%s-\" and chain!=%s]\n"
                     "%s address-list\n"
                     "remove [find where comment~\"^%s-\" and comment!=%s]\n",
                     menus, p, own, p, own, menus, p, own);
}

static void end(flowrules_output *out) {
    flowrules_writer *w = flowrules_output_file(out, ".rsc", false);
    flowrules_writer *swap = flowrules_output_undo(out, ".swap.rsc", false);
    write_head(w, out);
    flowrules_writef(swap, "/import %s.rsc\n", flowrules_plan_target(flowrules_output_plan(out)));
    for (unsigned f = FLOWRULES_IPV4; f < FAMILIES; f++) {
        end_rules(out, (enum flowrules_family)f);
        flowrules_writef(w, "\n%s address-list\n", menu[f]);
        flowrules_write_part(w, lists(out, (enum flowrules_family)f));
        flowrules_writef(w, "%s filter\n", menu[f]);
        flowrules_write_part(w, rules(out, (enum flowrules_family)f));
        write_swap(swap, out, menu[f]);
    }
}

/* ---- what it can't say --------------------------------------------------------------------- */

static const char *refuses(const flowrules_plan *plan, const struct flowrules_rule *flow) {
    (void)plan;
    for (size_t i = 0; i < flow->service_count; i++)
        if (flow->services[i].protocol == 0)
            return "protocol 0 is any protocol for the router's kernel";
    return NULL;
}

/* ---- the record ---------------------------------------------------------------------------- */

static const struct flowrules_format formats[] = {
    {.name = "rsc", .help = "a script, for /import", .begin = begin, .rule = rule, .end = end},
    {.name = NULL},
};

static const struct flowrules_setting settings[] = {
    {.key = "prefix",
     .type = "name",
     .fallback = "flowrules",
     .help = "what the names of its chains and lists begin with, at most 12 letters and digits"},
    {.key = NULL},
};

static const struct flowrules_limit limits[] = {
    {.name = "ports of a rule, a range being two",
     .value = PORTS_MAX,
     .source = "Linux, xt_multiport.h, XT_MULTI_PORTS; MikroTik's manual names no number"},
    {.name = NULL},
};

/* Address lists take names, but the manual does not say when they are resolved: no .names. */
FLOWRULES_API extern const struct flowrules_backend flowrules_plugin;
const struct flowrules_backend flowrules_plugin = {
    .abi = FLOWRULES_BACKEND_ABI,
    .name = "mikrotik-routeros",
    .title = "MikroTik RouterOS",
    .description = "Filter rules of RouterOS 7 with their address lists, for what is forwarded",
    .capabilities = {.placement = FLOWRULES_TRANSIT,
                     .evaluation = FLOWRULES_FIRST_MATCH,
                     .families = FLOWRULES_BOTH_FAMILIES,
                     .one_service = true,
                     .source_ports = true,
                     .icmp_types = true,
                     .ports_per_rule = PORTS_MAX,
                     .packets = FLOWRULES_REPLY,
                     .baseline = FLOWRULES_BASELINE_REPLIES,
                     .permits_note = "its chain ends with a rule that drops the rest",
                     .itself = "what goes to the router itself, or leaves it (input, output)",
                     .logging = true,
                     .name_max = NAME_MAX_BYTES,
                     .name_extra = "-_"},
    .formats = formats,
    .settings = settings,
    .limits = limits,
    .refuses = refuses,
    .read = mikrotik_read,
    .baseline = mikrotik_baseline,
};
