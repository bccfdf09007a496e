/*
 * nftables: one table of the inet family, replaced whole in one transaction. Knows nft's syntax
 * and what its kernel looks up fast: sets, maps and chains. Knows nothing of how rules came about.
 * Facts without another source: nft(8) of nftables 1.0.6 and <linux/netfilter/nf_tables.h>.
 */
#include <stdio.h>
#include <string.h>

#include "flowrules/kits/bindings.h"
#include "flowrules/kits/dnsmasq.h"
#include "flowrules/kits/flows.h"
#include "flowrules/kits/linux.h"
#include "flowrules/kits/lookup.h"
#include "flowrules/kits/whole.h"
#include "icmp_types.h"
#include "machines.h"
#include "netfilter_protocols.h"
#include "netfilter_settings.h"
#include "passages.h"
#include "read.h"

/* The parts of the file, in its order; a base chain's head, jumps and tail grow in one part. */
enum { TCP = 6, OTHERS = 256 /* several protocols, none of which is looked at alone */ };
enum {
    PART_SETS,
    PART_BASE,
    PART_CHAINS = PART_BASE + 3,
    PART_LOSSES,
    PART_PASSAGE,
    PART_RULESET,
    PART_UNIT
};

/* More ranges than this, and a rule names a set; a group of few rules needs no chain. */
enum { ANONYMOUS_MAX = 32, INLINE_MAX = 2 };

struct state {
    const struct flowrules_group *group;     /* whose rules are being written, or NULL */
    bool has_chain;                          /* it has a chain of its own, else what jumps there */
    bool in_chain;                           /* its rules are being written */
    const struct flowrules_passage *passage; /* of the group, or NULL */
    unsigned turn;                           /* of the last passage */
    bool told;                               /* what is lost of these flows stands there: */
    flowrules_flows told_of;
    unsigned named_sets;           /* of the open group */
    struct flowrules_rule waiting; /* rules that differ in their protocol alone: the first, */
    struct protocol_set protocols; /* and which these are; none: no rule waits */
};

/*
 * nft knows no escape within a quoted string, so that a quote can't be said; a $ starts a
 * variable in a log prefix; a \ before a line's end joins lines.
 */
static const struct flowrules_escape comment_escape = {
    .keep = " !#%&'()*+,-./:;<=>?@[]^_`{|}~",
    .replace = '_',
    .utf8 = true,
    .max_bytes = 128, /* NFTNL_UDATA_COMMENT_MAXLEN, nftables src/parser_bison.y */
};
/* In a line of its own nothing has to be cut. */
static const struct flowrules_escape line_escape = {
    .keep = " !#%&'()*+,-./:;<=>?@[]^_`{|}~\"", .replace = '_', .utf8 = true};
static const struct flowrules_escape log_escape = {
    .keep = " !#%&'()*+,-./:;<=>?@[]^_`{|}~",
    .replace = '_',
    .max_bytes = 100, /* NF_LOG_PREFIXLEN is 128 with the final zero; our own words take 18 */
};

static const char *const family_word[] = {"ip", "ip6"};
static const char *const family_type[] = {"ipv4_addr", "ipv6_addr"};
static const char *const nfproto_match[] = {"meta nfproto ipv4", "meta nfproto ipv6"};
static const char *const end_word[] = {"saddr", "daddr"};
static const char *const action_word[] = {"allow", "deny"};

#define APPLY_SUFFIX ".apply.sh"

struct hook {
    const char *chain, *interface; /* interface: the match of loopback traffic, or NULL */
};
static const struct hook hooks[] = {
    [FLOWRULES_EGRESS] = {"output", "oifname \"lo\""},
    [FLOWRULES_INGRESS] = {"input", "iifname \"lo\""},
    [FLOWRULES_FORWARD] = {"forward", NULL},
};

/* ---- names --------------------------------------------------------------------------------- */

/*
 * The plan's names are identifiers as they are, and none is a word of nft's or of a base chain;
 * with a dot and a number behind them they name what belongs to a group or dispatch.
 */

/* A setting of the type name is an identifier as well; the escape says so once more. */
static const struct flowrules_escape identifier_escape = {
    .keep = "_-.", .replace = '_', .max_bytes = 200};

/*
 * Of a target that only permits, in a table of others: "flowrules_edge.in". The target's name is
 * made of letters, digits, dots, - and _.
 */
static void write_own_chain(flowrules_writer *w, const flowrules_plan *plan,
                            enum flowrules_direction direction) {
    flowrules_writef(w, "flowrules_%s.%s", flowrules_plan_target(plan),
                     fr_nftables_own_suffixes[direction]);
}

static void write_table_name(flowrules_writer *w, const flowrules_plan *plan) {
    const char *name = flowrules_plan_setting(plan, "table");
    if (name) {
        flowrules_write_user(w, &identifier_escape, name);
    } else {
        flowrules_write(w, "flowrules_");
        flowrules_write(w, flowrules_plan_target(plan));
    }
}

/* ---- sets ---------------------------------------------------------------------------------- */

static bool is_single(const struct flowrules_range *range) {
    return range->first.hi == range->last.hi && range->first.lo == range->last.lo;
}

static bool all_single(struct flowrules_set set, enum flowrules_family family) {
    size_t count = flowrules_set_range_count(set, family);
    for (size_t i = 0; i < count; i++) {
        struct flowrules_range range = flowrules_set_range(set, family, i);
        if (!is_single(&range))
            return false;
    }
    return true;
}

/* Could a network's name be taken for what other sets are called? */
static bool is_reserved(const char *network) {
    static const char *const words[] = {"names_", "out_", "in_", "fwd_"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strncmp(network, words[i], strlen(words[i])) == 0)
            return true;
    return false;
}

/*
 * The name of a set of the ranges at one end of a rule, or of a group's match: the network that it
 * is, which has one set for all rules, or the open group with a number.
 */
struct set_name {
    const char *word;
    char end[16];
};

static struct set_name name_set(const flowrules_plan *plan, struct state *s,
                                struct flowrules_set set, enum flowrules_family family) {
    struct set_name name = {.word = flowrules_set_family_label(plan, set, family)};
    if (name.word && !is_reserved(name.word)) {
        memcpy(name.end, family == FLOWRULES_IPV4 ? "_v4" : "_v6", sizeof "_v4");
        return name;
    }
    name.word = s->group->name;
    snprintf(name.end, sizeof name.end, ".%u", ++s->named_sets);
    return name;
}

static void write_range_set(flowrules_output *out, const struct set_name *name,
                            struct flowrules_set set, enum flowrules_family family) {
    flowrules_writer *w = flowrules_output_part(out, PART_SETS);
    flowrules_writef(w, "\tset %s%s {\n\t\ttype %s\n%s\t\telements = {\n", name->word, name->end,
                     family_type[family], all_single(set, family) ? "" : "\t\tflags interval\n");
    size_t count = flowrules_set_range_count(set, family);
    for (size_t i = 0; i < count; i++) {
        struct flowrules_range range = flowrules_set_range(set, family, i);
        flowrules_write(w, "\t\t\t");
        flowrules_write_range(w, &range);
        flowrules_write(w, ",\n");
    }
    flowrules_write(w, "\t\t}\n\t}\n\n");
}

/* The set, which is written the first time. */
static struct set_name need_range_set(flowrules_output *out, struct state *s,
                                      struct flowrules_set set, enum flowrules_family family) {
    struct set_name name = name_set(flowrules_output_plan(out), s, set, family);
    char text[256];
    snprintf(text, sizeof text, "set %s%s", name.word, name.end);
    if (flowrules_output_once(out, text))
        write_range_set(out, &name, set, family);
    return name;
}

static void write_table_type(flowrules_writer *w, const struct flowrules_rule *rule,
                             enum flowrules_family family) {
    const struct flowrules_table *table = rule->table;
    flowrules_write(w, " {\n\t\ttype ");
    if (table->by_source) {
        flowrules_write(w, family_type[family]);
        flowrules_write(w, " . ");
    }
    flowrules_write(w, family_type[family]);
    flowrules_write(w, table->by_port ? " . inet_service\n" : "\n");
    flowrules_write(w, table->interval ? "\t\tflags interval\n" : "");
    flowrules_write(w, "\t\telements = {\n");
}

/* An address of an element: in a hash set of prefixes only what the mask leaves. */
static void write_element_address(flowrules_writer *w, const struct flowrules_table *table,
                                  const struct flowrules_range *address) {
    if (table->prefix_length > 0)
        flowrules_write_ip(w, address->family, address->first);
    else
        flowrules_write_range(w, address);
}

static void write_element(flowrules_writer *w, flowrules_output *out,
                          const struct flowrules_table *table,
                          const struct flowrules_element *element) {
    flowrules_write(w, "\t\t\t");
    flowrules_writer_origin(w, element->flows);
    if (table->by_source) {
        flowrules_write_ip(w, element->address.family, element->source);
        flowrules_write(w, " . ");
    }
    write_element_address(w, table, &element->address);
    if (table->by_port) {
        flowrules_write(w, " . ");
        flowrules_write_ports(w, element->ports, "-");
    }
    flowrules_write(w, " comment \"");
    flowrules_write_notes(w, out, &comment_escape, FLOWRULES_NOTE_FLOWS | FLOWRULES_NOTE_PINS,
                          element->flows, &element->address);
    flowrules_write(w, "\",\n");
}

static void add_table_set(flowrules_output *out, const struct flowrules_rule *rule,
                          enum flowrules_family family) {
    flowrules_writer *w = flowrules_output_part(out, PART_SETS);
    flowrules_write(w, "\tset ");
    flowrules_write(w, rule->table->name);
    write_table_type(w, rule, family);
    for (size_t i = 0; i < rule->table->count; i++) {
        struct flowrules_element element = flowrules_table_element(rule, i);
        write_element(w, out, rule->table, &element);
    }
    flowrules_write(w, "\t\t}\n\t}\n\n");
}

/* ---- sets of names ------------------------------------------------------------------------- */

static void write_named_set(flowrules_writer *w, const struct flowrules_named_set *named,
                            enum flowrules_family family) {
    flowrules_writef(w, "names_%s_%s", named->key, family == FLOWRULES_IPV4 ? "v4" : "v6");
}

static void write_named_sets(flowrules_output *out) {
    flowrules_writer *w = flowrules_output_part(out, PART_SETS);
    const char *timeout = flowrules_plan_setting(flowrules_output_plan(out), "names-timeout");
    for (size_t i = 0; i < flowrules_output_named_set_count(out); i++) {
        struct flowrules_named_set named = flowrules_output_named_set(out, i);
        for (enum flowrules_family f = FLOWRULES_IPV4; f <= FLOWRULES_IPV6; f++) {
            if (!(named.families & FLOWRULES_FAMILY_BIT(f)))
                continue;
            flowrules_write(w, "\tset ");
            write_named_set(w, &named, f);
            flowrules_writef(w, " { type %s; flags timeout; timeout %ss; }", family_type[f],
                             timeout);
            if (strstr(named.key, named.hash)) { /* else it says its names itself */
                flowrules_write(w, " # ");
                flowrules_write_names(w, named.names);
            }
            flowrules_write(w, "\n");
        }
    }
    if (flowrules_output_named_set_count(out) > 0)
        flowrules_write(w, "\n");
}

/* dnsmasq's way to write a set: family, then the words that nft takes, with # between. */
static void write_dnsmasq_set(flowrules_writer *w, flowrules_output *out,
                              const struct flowrules_named_set *named,
                              enum flowrules_family family) {
    flowrules_write(w, family == FLOWRULES_IPV4 ? "4#inet#" : "6#inet#");
    write_table_name(w, flowrules_output_plan(out));
    flowrules_write(w, "#");
    write_named_set(w, named, family);
}

static const struct flowrules_dnsmasq dnsmasq = {
    .option = "nftset",
    .needs = "nftset in what 'dnsmasq --version' names (2.87 or newer)",
    .loading = ".nft",
    .write_set = write_dnsmasq_set,
};

/* ---- matches ------------------------------------------------------------------------------- */

static void write_list(flowrules_writer *w, struct flowrules_set set,
                       enum flowrules_family family) {
    size_t count = flowrules_set_range_count(set, family);
    flowrules_write(w, count > 1 ? "{ " : "");
    for (size_t i = 0; i < count; i++) {
        struct flowrules_range range = flowrules_set_range(set, family, i);
        flowrules_write(w, i > 0 ? ", " : "");
        flowrules_write_range(w, &range);
    }
    flowrules_write(w, count > 1 ? " } " : " ");
}

/* "ip daddr X " for one end; false when every address matches, so that nothing was written. */
static bool write_address(flowrules_output *out, struct state *s, flowrules_writer *w,
                          struct flowrules_set set, enum flowrules_family family,
                          enum flowrules_end end) {
    if (flowrules_set_is_all(set, family))
        return false;
    flowrules_writef(w, "%s %s ", family_word[family], end_word[end]);
    struct flowrules_named_set named;
    if (flowrules_set_named(out, set, &named)) {
        flowrules_write(w, "@");
        write_named_set(w, &named, family);
        flowrules_write(w, " ");
        return true;
    }
    size_t count = flowrules_set_range_count(set, family);
    if (count > ANONYMOUS_MAX && !flowrules_plan_permits(flowrules_output_plan(out))) {
        struct set_name name = need_range_set(out, s, set, family);
        flowrules_writef(w, "@%s%s ", name.word, name.end);
        return true;
    }
    write_list(w, set, family);
    return true;
}

static void write_ports(flowrules_writer *w, const char *protocol, const char *end,
                        const struct flowrules_ports *ports, size_t count) {
    if (count == 0)
        return;
    flowrules_writef(w, "%s %s %s", protocol, end, count > 1 ? "{ " : "");
    for (size_t i = 0; i < count; i++) {
        flowrules_write(w, i > 0 ? ", " : "");
        flowrules_write_ports(w, ports[i], "-");
    }
    flowrules_write(w, count > 1 ? " } " : " ");
}

/* The protocols that nft's scanner knows, so that no /etc/protocols is asked at load. */
static const struct {
    int protocol;
    const char *word;
} protocol_words[] = {{1, "icmp"}, {6, "tcp"},     {17, "udp"},  {50, "esp"},
                      {51, "ah"},  {58, "icmpv6"}, {132, "sctp"}};

static const char *protocol_word(int protocol) {
    for (size_t i = 0; i < sizeof protocol_words / sizeof *protocol_words; i++) {
        if (protocol_words[i].protocol == protocol)
            return protocol_words[i].word;
    }
    return NULL;
}

static void write_protocol(flowrules_writer *w, int protocol) {
    const char *word = protocol_word(protocol);
    flowrules_write(w, "meta l4proto ");
    if (word)
        flowrules_write(w, word);
    else
        flowrules_write_number(w, (uint64_t)protocol);
    flowrules_write(w, " ");
}

/* The types of ICMP of services in a row: "icmp type { 0-7, 9 } ". */
static void write_types(flowrules_writer *w, const char *word,
                        const struct flowrules_service *types, size_t count) {
    bool one = fr_icmp_types_ranges(types, count) == 1;
    flowrules_writef(w, one ? "%s type " : "%s type { ", word);
    fr_icmp_types_write(w, types, count);
    flowrules_write(w, one ? " " : " } ");
}

/* With looked_up_port, a set of addresses and ports follows and says the protocol. */
static void write_service(flowrules_writer *w, const struct flowrules_service *service,
                          size_t types, bool looked_up_port) {
    size_t destination_ports = looked_up_port ? 0 : service->destination_port_count;
    const char *word = protocol_word(service->protocol);
    if (service->protocol < 0)
        return;
    if (service->icmp_type >= 0 || service->icmp_code >= 0) {
        if (service->icmp_type >= 0)
            write_types(w, word, service, types);
        if (service->icmp_code >= 0)
            flowrules_writef(w, "%s code %d ", word, service->icmp_code);
    } else if (service->source_port_count > 0 || destination_ports > 0) {
        write_ports(w, word, "sport", service->source_ports, service->source_port_count);
        write_ports(w, word, "dport", service->destination_ports, destination_ports);
    } else if (!looked_up_port) {
        write_protocol(w, service->protocol);
    }
}

/* "& 255.255.255.240 ": what a table of prefixes has of an address. */
static void write_mask(flowrules_writer *w, enum flowrules_family family, unsigned length) {
    static const struct flowrules_ip all[] = {{0, UINT32_MAX}, {UINT64_MAX, UINT64_MAX}};
    struct flowrules_ip mask = flowrules_prefix(family, all[family], length).first;
    flowrules_write(w, "& ");
    flowrules_write_ip(w, family, mask);
    flowrules_write(w, " ");
}

static void write_lookup(flowrules_writer *w, const struct flowrules_rule *rule,
                         enum flowrules_family family) {
    const char *word = family_word[family];
    if (rule->table->by_source)
        flowrules_writef(w, "%s saddr . ", word);
    flowrules_writef(w, "%s %s ", word, end_word[rule->table_end]);
    if (rule->table->prefix_length > 0)
        write_mask(w, family, rule->table->prefix_length);
    if (rule->table->by_port)
        flowrules_writef(w, ". %s dport ", protocol_word(rule->services[0].protocol));
    flowrules_writef(w, "@%s ", rule->table->name);
}

/* What becomes of what is denied, for TCP and for all else. */
static const char *deny_verdict(const flowrules_plan *plan, bool tcp) {
    if (flowrules_plan_setting(plan, "deny-with")[0] == 'd')
        return "drop";
    return tcp ? "reject with tcp reset" : "reject with icmpx admin-prohibited";
}

/* In a log and in comments a rule goes by its flows; one with a table by that, since each element
 * there has flows of its own. */
static void write_verdict(flowrules_writer *w, flowrules_output *out,
                          const struct flowrules_rule *rule, bool tcp) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    if (flowrules_plan_flag(plan, "counters"))
        flowrules_write(w, "counter ");
    if (rule->log) {
        flowrules_writef(w, "log prefix \"flowrules %s ", action_word[rule->action]);
        if (rule->table)
            flowrules_writef(w, "@%s", rule->table->name);
        else
            flowrules_write_flows(w, out, &log_escape, rule->flows);
        flowrules_write(w, ": \" ");
    }
    flowrules_write(w, rule->action == FLOWRULES_ALLOW ? "accept" : deny_verdict(plan, tcp));
    if (!rule->table) {
        flowrules_write(w, " comment \"");
        flowrules_write_notes(w, out, &comment_escape, FLOWRULES_NOTES, rule->flows, NULL);
        flowrules_write(w, "\"");
    }
    flowrules_write(w, "\n");
}

/* ---- rules and groups ---------------------------------------------------------------------- */

/* The protocols of rules that were put together: "meta l4proto { 2, 4 } ", "meta l4proto != tcp ".
 */
static void write_protocol_list(flowrules_writer *w, const struct protocol_list *list) {
    if (list->count == 0)
        return;
    bool one = list->count == 1 && list->runs[0].first == list->runs[0].last;
    flowrules_writef(w, "meta l4proto %s%s", list->negated ? "!= " : "", one ? "" : "{ ");
    for (unsigned i = 0; i < list->count; i++) {
        struct protocol_run run = list->runs[i];
        const char *word = run.first == run.last ? protocol_word(run.first) : NULL;
        flowrules_write(w, i > 0 ? ", " : "");
        if (word)
            flowrules_write(w, word);
        else
            flowrules_write_ports(w, (struct flowrules_ports){run.first, run.last}, "-");
    }
    flowrules_write(w, one ? " " : " } ");
}

/* What a line matches of a rule: a service, or a list of protocols. */
struct line {
    const struct flowrules_rule *rule;
    const struct flowrules_service *service;
    size_t types;                          /* of ICMP: services from this one on */
    const struct protocol_list *protocols; /* or NULL */
    enum flowrules_family family;
    bool family_matters; /* false: it is for both families */
};

static void write_match(flowrules_output *out, struct state *s, flowrules_writer *w,
                        const struct line *line) {
    const struct flowrules_rule *rule = line->rule;
    enum flowrules_family family = line->family;
    bool family_matched = !line->family_matters;
    for (enum flowrules_end e = FLOWRULES_SOURCE;
         e <= FLOWRULES_DESTINATION && line->family_matters; e++) {
        struct flowrules_set set = e == FLOWRULES_SOURCE ? rule->source : rule->destination;
        bool of_group =
            !s->has_chain && e == s->group->end && !flowrules_set_is_any(s->group->match);
        if (of_group || !rule->table)
            family_matched |= write_address(out, s, w, of_group ? s->group->match : set, family, e);
    }
    /* Matches of ICMP's fields bring their family along, that of its protocol does not. */
    if (!rule->table && !family_matched && line->service->icmp_type < 0 &&
        !(s->has_chain && s->group->families == FLOWRULES_FAMILY_BIT(family)))
        flowrules_writef(w, "%s ", nfproto_match[family]);
    if (line->protocols)
        write_protocol_list(w, line->protocols);
    else
        write_service(w, line->service, line->types, rule->table && rule->table->by_port);
    if (rule->table)
        write_lookup(w, rule, family);
}

/* The chain that jumps to groups: that of their interfaces, or of their direction. */
static flowrules_writer *calling_part(flowrules_output *out, const struct state *s,
                                      enum flowrules_direction direction) {
    bool own = s->passage && fr_nftables_has_chain(flowrules_output_plan(out), s->passage);
    return flowrules_output_part(out, own ? PART_PASSAGE : PART_BASE + (unsigned)direction);
}

/*
 * Begins the next line of a chain that jumps to groups; false behind the last. It is one line but
 * where interfaces have no chain of their own: there each line says them.
 */
static bool next_line(flowrules_output *out, const struct state *s, flowrules_writer *w,
                      struct fr_nftables_line *line) {
    bool inside = s->has_chain && s->in_chain;
    if (s->passage && !inside && !fr_nftables_has_chain(flowrules_output_plan(out), s->passage))
        return fr_nftables_passage_match(w, s->passage, "\t\t", line);
    bool first = !line->begun;
    line->begun = true;
    flowrules_write(w, first ? "\t\t" : "");
    return first;
}

/* Rules without a chain of their group's stand where the jump to it would be. */
static flowrules_writer *rules_part(flowrules_output *out, const struct state *s) {
    return s->has_chain ? flowrules_output_part(out, PART_CHAINS)
                        : calling_part(out, s, s->group->direction);
}

/* A comment may have little room: what is lost of a flow is a line before its rules, too. */
static void write_losses(flowrules_output *out, struct state *s, flowrules_writer *w,
                         flowrules_flows flows) {
    flowrules_writer *part = flowrules_output_part(out, PART_LOSSES);
    if (s->told && flowrules_flows_are_same(s->told_of, flows))
        return;
    s->told = true;
    s->told_of = flows;
    if (!flowrules_write_notes(part, out, &line_escape, FLOWRULES_NOTE_LOSSES, flows, NULL))
        return;
    flowrules_write(w, "\t\t# ");
    flowrules_write_part(w, part);
    flowrules_write(w, "\n");
}

static void write_one_line(flowrules_output *out, struct state *s, flowrules_writer *w,
                           const struct line *line, const char *before, bool tcp) {
    if (!line->rule->table)
        flowrules_writer_origin(w, line->rule->flows);
    flowrules_write(w, before);
    write_match(out, s, w, line);
    write_verdict(w, out, line->rule, tcp);
}

static void write_line(flowrules_output *out, struct state *s, const struct line *line,
                       const char *before, bool tcp) {
    flowrules_writer *w = rules_part(out, s);
    struct fr_nftables_line place = {.begun = false};
    if (!line->rule->table)
        write_losses(out, s, w, line->rule->flows);
    while (next_line(out, s, w, &place))
        write_one_line(out, s, w, line, before, tcp);
}

/* Rejects answer TCP with a reset: a deny of it and of others is a line for it and one for these.
 */
static void write_rule(flowrules_output *out, struct state *s, const struct line *line) {
    bool rejects = line->rule->action == FLOWRULES_DENY &&
                   flowrules_plan_setting(flowrules_output_plan(out), "deny-with")[0] == 'r';
    bool tcp = line->service->protocol == TCP;
    if (rejects && line->service->protocol < 0)
        write_line(out, s, line, "meta l4proto tcp ", true);
    write_line(out, s, line, "", tcp);
}

static bool has_family(struct flowrules_set set, enum flowrules_family family) {
    return flowrules_set_is_any(set) || flowrules_set_range_count(set, family) > 0 ||
           flowrules_set_atom_count(set) > 0;
}

/* ICMP is IPv4's alone, ICMPv6 IPv6's. */
static unsigned protocol_families(int protocol) {
    return protocol == 1    ? FLOWRULES_FAMILY_BIT(FLOWRULES_IPV4)
           : protocol == 58 ? FLOWRULES_FAMILY_BIT(FLOWRULES_IPV6)
                            : FLOWRULES_BOTH_FAMILIES;
}

static void write_service_rules(flowrules_output *out, struct state *s,
                                const struct flowrules_rule *r, bool first,
                                const struct flowrules_service *service, size_t types) {
    struct line line = {.rule = r, .service = service, .types = types};
    unsigned families = r->families & protocol_families(service->protocol);
    bool any_ends = flowrules_set_is_any(r->source) && flowrules_set_is_any(r->destination);
    if (!r->table && any_ends && families == FLOWRULES_BOTH_FAMILIES) {
        write_rule(out, s, &line);
        return;
    }
    line.family_matters = true;
    for (enum flowrules_family f = FLOWRULES_IPV4; f <= FLOWRULES_IPV6; f++) {
        if (!(families & FLOWRULES_FAMILY_BIT(f)) || !has_family(r->source, f) ||
            !has_family(r->destination, f))
            continue;
        if (r->table && first)
            add_table_set(out, r, f);
        line.family = f;
        write_rule(out, s, &line);
    }
}

/* The rules of several protocols as one for each family, or for both. */
static void write_protocols(flowrules_output *out, struct state *s, const struct flowrules_rule *r,
                            const struct protocol_set *protocols) {
    static const struct flowrules_service several = {
        .protocol = OTHERS, .icmp_type = -1, .icmp_code = -1};
    struct protocol_set own;
    struct protocol_list list;
    struct line line = {.rule = r, .service = &several, .protocols = &list};
    bool any_ends = flowrules_set_is_any(r->source) && flowrules_set_is_any(r->destination);
    if (any_ends && r->families == FLOWRULES_BOTH_FAMILIES) {
        fr_netfilter_protocols_list(protocols, r->families, &list);
        write_rule(out, s, &line);
        return;
    }
    line.family_matters = true;
    for (enum flowrules_family f = FLOWRULES_IPV4; f <= FLOWRULES_IPV6; f++) {
        unsigned bit = FLOWRULES_FAMILY_BIT(f);
        fr_netfilter_protocols_of(protocols, bit, &own);
        if (!(r->families & bit) || own.count == 0 || !has_family(r->source, f) ||
            !has_family(r->destination, f))
            continue;
        fr_netfilter_protocols_list(&own, bit, &list);
        line.family = f;
        write_rule(out, s, &line);
    }
}

/* Writes the rules that wait for more of their kind. */
static void write_waiting(flowrules_output *out, struct state *s) {
    struct protocol_set protocols = s->protocols;
    bool rejects = s->waiting.action == FLOWRULES_DENY &&
                   flowrules_plan_setting(flowrules_output_plan(out), "deny-with")[0] == 'r';
    if (protocols.count == 0)
        return;
    s->protocols.count = 0;
    for (int p = 0; p < 256; p++) {
        struct flowrules_service service = {.protocol = p, .icmp_type = -1, .icmp_code = -1};
        if (!protocols.has[p] || !(protocols.count == 1 || (rejects && p == TCP)))
            continue;
        write_service_rules(out, s, &s->waiting, true, &service, 1);
        protocols.has[p] = false;
        protocols.count--;
    }
    if (protocols.count > 0)
        write_protocols(out, s, &s->waiting, &protocols);
}

static void rule(flowrules_output *out, const struct flowrules_rule *r) {
    struct state *s = flowrules_output_state(out);
    for (size_t i = 0, types; i < r->service_count; i += types) {
        const struct flowrules_service *service = &r->services[i];
        types = fr_icmp_types_count(service, r->service_count - i);
        bool bare = !r->table && fr_netfilter_protocols_is_bare(service);
        if (s->protocols.count > 0 && !(bare && fr_netfilter_protocols_same_rule(&s->waiting, r)))
            write_waiting(out, s);
        if (!bare) {
            write_service_rules(out, s, r, i == 0, service, types);
            continue;
        }
        if (s->protocols.count == 0)
            s->protocols = (struct protocol_set){.count = 0};
        s->waiting = *r;
        fr_netfilter_protocols_add(&s->protocols, service->protocol);
    }
}

static void close_chain(flowrules_output *out, struct state *s) {
    write_waiting(out, s);
    if (s->group && s->has_chain)
        flowrules_write(flowrules_output_part(out, PART_CHAINS), "\t}\n");
    s->group = NULL;
    s->in_chain = false;
}

static void write_jump(flowrules_writer *w, const struct flowrules_group *group) {
    flowrules_writef(w, "jump %s\n", group->name);
}

/* The jump to a group: for both families, or for one. */
static void write_family_jump(flowrules_output *out, struct state *s, flowrules_writer *w,
                              const struct flowrules_group *group, enum flowrules_family family) {
    struct fr_nftables_line line = {.begun = false};
    while (next_line(out, s, w, &line)) {
        if (!write_address(out, s, w, group->match, family, group->end))
            flowrules_writef(w, "%s ", nfproto_match[family]);
        write_jump(w, group);
    }
}

static void write_jumps(flowrules_output *out, struct state *s,
                        const struct flowrules_group *group) {
    flowrules_writer *w = calling_part(out, s, group->direction);
    struct fr_nftables_line line = {.begun = false};
    bool all = flowrules_set_is_any(group->match) && group->families == FLOWRULES_BOTH_FAMILIES;
    while (all && next_line(out, s, w, &line))
        write_jump(w, group);
    for (enum flowrules_family f = FLOWRULES_IPV4; !all && f <= FLOWRULES_IPV6; f++)
        if ((group->families & FLOWRULES_FAMILY_BIT(f)) && has_family(group->match, f))
            write_family_jump(out, s, w, group, f);
}

/* Is a chain with a jump to it longer than its rules, each with the group's match? */
static bool needs_chain(const struct flowrules_group *g) {
    return g->dispatched || g->rule_count > INLINE_MAX ||
           flowrules_set_range_count(g->match, FLOWRULES_IPV4) > ANONYMOUS_MAX ||
           flowrules_set_range_count(g->match, FLOWRULES_IPV6) > ANONYMOUS_MAX;
}

static void close_passage(flowrules_output *out, struct state *s) {
    flowrules_writer *w = flowrules_output_part(out, PART_CHAINS);
    close_chain(out, s);
    if (s->passage && fr_nftables_has_chain(flowrules_output_plan(out), s->passage)) {
        flowrules_writef(w, "\n\tchain %s {\n", s->passage->name);
        flowrules_write_part(w, flowrules_output_part(out, PART_PASSAGE));
        flowrules_write(w, "\t}\n");
    }
    s->passage = NULL;
}

/* What is matched before the groups that come next; the first of a turn brings all jumps. */
static void open_passage(flowrules_output *out, struct state *s,
                         const struct flowrules_passage *passage) {
    if (passage == s->passage)
        return;
    bool first = passage && passage->turn != s->turn;
    close_passage(out, s);
    if (first)
        fr_nftables_passage_jumps(
            flowrules_output_part(out, PART_BASE + (unsigned)passage->direction),
            flowrules_output_plan(out), passage);
    s->passage = passage;
    s->turn = passage ? passage->turn : s->turn;
}

static void group(flowrules_output *out, const struct flowrules_group *g) {
    struct state *s = flowrules_output_state(out);
    close_chain(out, s);
    open_passage(out, s, g->passage);
    s->group = g;
    s->named_sets = 0;
    s->told = false;
    s->has_chain = !flowrules_plan_permits(flowrules_output_plan(out)) && needs_chain(g);
    if (!s->has_chain)
        return;
    if (!g->dispatched)
        write_jumps(out, s, g);
    s->in_chain = true;
    flowrules_writer *w = flowrules_output_part(out, PART_CHAINS);
    flowrules_write(w, "\n\tchain ");
    flowrules_write(w, g->name);
    flowrules_write(w, " {\n");
}

/* ---- dispatches ---------------------------------------------------------------------------- */

static bool class_is_one_group(const struct flowrules_dispatch *d, size_t class_index) {
    return flowrules_dispatch_group(d, class_index, 1) == NULL;
}

static void write_class_name(flowrules_writer *w, const struct flowrules_dispatch *d,
                             size_t class_index) {
    if (class_is_one_group(d, class_index)) {
        flowrules_write(w, flowrules_dispatch_group(d, class_index, 0)->name);
    } else {
        flowrules_write(w, d->name);
        flowrules_write(w, ".");
        flowrules_write_number(w, class_index);
    }
}

static void write_classes(flowrules_writer *w, const struct flowrules_dispatch *d) {
    for (size_t i = 0; i < d->class_count; i++) {
        if (class_is_one_group(d, i))
            continue;
        flowrules_write(w, "\n\tchain ");
        write_class_name(w, d, i);
        flowrules_write(w, " {\n");
        const struct flowrules_group *g;
        for (size_t k = 0; (g = flowrules_dispatch_group(d, i, k)) != NULL; k++) {
            flowrules_write(w, "\t\t");
            write_jump(w, g);
        }
        flowrules_write(w, "\t}\n");
    }
}

static void write_map(flowrules_writer *w, const struct flowrules_dispatch *d) {
    bool interval = false;
    for (size_t i = 0; i < d->range_count && !interval; i++) {
        struct flowrules_range range = flowrules_dispatch_range(d, i);
        interval = !is_single(&range);
    }
    flowrules_writef(w, "\tmap %s {\n\t\ttype %s : verdict\n%s\t\telements = {\n", d->name,
                     family_type[d->family], interval ? "\t\tflags interval\n" : "");
    for (size_t i = 0; i < d->range_count; i++) {
        struct flowrules_range range = flowrules_dispatch_range(d, i);
        flowrules_write(w, "\t\t\t");
        flowrules_write_range(w, &range);
        flowrules_write(w, " : jump ");
        write_class_name(w, d, flowrules_dispatch_class(d, i));
        flowrules_write(w, ",\n");
    }
    flowrules_write(w, "\t\t}\n\t}\n\n");
}

static void dispatch(flowrules_output *out, const struct flowrules_dispatch *d) {
    struct state *s = flowrules_output_state(out);
    close_chain(out, s);
    if (d->range_count == 0)
        return;
    write_map(flowrules_output_part(out, PART_SETS), d);
    write_classes(flowrules_output_part(out, PART_CHAINS), d);
    flowrules_writef(calling_part(out, s, d->direction), "\t\t%s %s vmap @%s\n",
                     family_word[d->family], end_word[d->end], d->name);
}

/* ---- the base chains and the file ---------------------------------------------------------- */

/*
 * Neighbour discovery and MLD are never tracked and may never have crossed a router: hop limit
 * 255 (RFC 4861, 6.1 and 7.1) and 1 (RFC 2710, 3 and RFC 3810, 5).
 */
static const char neighbour_baseline[] =
    "\t\ticmpv6 type { nd-router-solicit, nd-router-advert, nd-neighbor-solicit, "
    "nd-neighbor-advert } ip6 hoplimit 255 accept\n";
static const char listener_baseline[] =
    "\t\ticmpv6 type { mld-listener-query, mld-listener-report, mld-listener-done, "
    "mld2-listener-report } ip6 hoplimit 1 accept\n";
/* Path MTU discovery: RFC 1191, 4 and RFC 4890, 4.3.1. */
static const char path_mtu_baseline[] =
    "\t\ticmp type destination-unreachable icmp code frag-needed accept\n"
    "\t\ticmpv6 type packet-too-big accept\n";

/* interface: the match of the loopback interface, of a machine; NULL for a router. */
static void write_baseline(const flowrules_plan *plan, flowrules_writer *w, const char *interface) {
    if (flowrules_plan_has(plan, FLOWRULES_BASELINE_REPLIES))
        flowrules_write(w, "\t\tct state established,related accept\n");
    if (interface && flowrules_plan_has(plan, FLOWRULES_BASELINE_LOOPBACK))
        flowrules_writef(w, "\t\t%s accept\n", interface);
    if (interface && flowrules_plan_has(plan, FLOWRULES_BASELINE_NEIGHBOUR))
        flowrules_write(w, neighbour_baseline);
    if (interface && flowrules_plan_has(plan, FLOWRULES_BASELINE_LISTENER))
        flowrules_write(w, listener_baseline);
    if (flowrules_plan_has(plan, FLOWRULES_BASELINE_PATH_MTU))
        flowrules_write(w, path_mtu_baseline);
    if (flowrules_plan_has(plan, FLOWRULES_BASELINE_INVALID))
        flowrules_write(w, "\t\tct state invalid drop\n");
}

/* What is no SYN opens no connection, though conntrack would take it for one. */
static void write_no_syn(const flowrules_plan *plan, flowrules_writer *w) {
    if (!flowrules_plan_flag(plan, "mid-stream"))
        flowrules_writef(
            w, "\t\t%stcp flags & (fin | syn | rst | ack) != syn %s\n",
            flowrules_plan_has(plan, FLOWRULES_BASELINE_REPLIES) ? "" : "ct state new,invalid ",
            flowrules_plan_permits(plan) ? "return" : "drop");
}

/*
 * Sources to which no route leads by the interface that they enter; a machine that has no address
 * yet has one of these two.
 */
static void write_reverse_path(const flowrules_plan *plan, flowrules_writer *w, bool host) {
    static const char *const but[] = {"ip saddr != 0.0.0.0 ", "ip6 saddr != :: "};
    const char *counter = flowrules_plan_flag(plan, "counters") ? "counter " : "";
    if (!flowrules_plan_flag(plan, "reverse-path"))
        return;
    for (size_t i = 0; i < (host ? 2u : 1u); i++)
        flowrules_writef(
            w, "\t\t%sfib saddr . iif oif missing %sdrop comment \"no route to the source\"\n",
            host ? but[i] : "", counter);
}

/* Sources that are elsewhere than they belong. */
static void write_spoofed(flowrules_output *out, flowrules_writer *w,
                          enum flowrules_direction direction) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    struct flowrules_interfaces own;
    struct flowrules_set set;
    bool host = direction == FLOWRULES_INGRESS;
    for (size_t i = 0; flowrules_plan_own_source(plan, i, &set, &own); i++)
        for (enum flowrules_family f = FLOWRULES_IPV4; f <= FLOWRULES_IPV6; f++)
            for (size_t line = 0; flowrules_set_range_count(set, f) > 0 &&
                                  fr_nftables_elsewhere(w, &own, host, line);
                 line++) {
                flowrules_writef(w, "%s saddr ", family_word[f]);
                write_list(w, set, f);
                flowrules_write(w, flowrules_plan_flag(plan, "counters") ? "counter " : "");
                flowrules_write(w, "drop comment \"spoofed source\"\n");
            }
}

static void begin_base(flowrules_output *out, enum flowrules_direction direction) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    flowrules_writer *w = flowrules_output_part(out, PART_BASE + (unsigned)direction);
    const struct hook *hook = &hooks[direction];
    if (flowrules_plan_permits(plan)) {
        flowrules_write(w, "\tchain ");
        write_own_chain(w, plan, direction);
        flowrules_write(w, " {\n");
        write_baseline(plan, w, hook->interface);
        write_no_syn(plan, w);
        return;
    }
    long long priority = flowrules_plan_number(plan, "priority");
    flowrules_writef(w, "\tchain %s {\n\t\ttype filter hook %s priority ", hook->chain,
                     hook->chain);
    if (priority == 0)
        flowrules_write(w, "filter");
    else
        flowrules_writef(w, "%lld", priority);
    flowrules_write(w, "; policy drop;\n");
    write_baseline(plan, w, hook->interface);
    write_no_syn(plan, w);
    if (direction == FLOWRULES_EGRESS)
        return;
    write_reverse_path(plan, w, direction == FLOWRULES_INGRESS);
    write_spoofed(out, w, direction);
}

static void check_settings(flowrules_output *out) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    if (flowrules_plan_permits(plan) && !flowrules_plan_setting(plan, "table"))
        flowrules_output_refuse(
            out, "with 'mode: permits' it needs the setting table, the name of the inet table that "
                 "gets the permits: another table can still drop what one table accepts");
    if (flowrules_plan_setting(plan, "into") && flowrules_plan_enforces(plan, FLOWRULES_EGRESS) &&
        flowrules_plan_enforces(plan, FLOWRULES_INGRESS))
        flowrules_output_refuse(out, "'into' names one chain: it needs 'direction: egress' or "
                                     "'direction: ingress'");
}

static void begin(flowrules_output *out) {
    check_settings(out);
    write_named_sets(out);
    for (enum flowrules_direction d = FLOWRULES_EGRESS; d <= FLOWRULES_FORWARD; d++) {
        if (flowrules_plan_enforces(flowrules_output_plan(out), d))
            begin_base(out, d);
    }
}

static void end_base(flowrules_output *out, flowrules_writer *file,
                     enum flowrules_direction direction) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    flowrules_writer *w = flowrules_output_part(out, PART_BASE + (unsigned)direction);
    if (flowrules_plan_permits(plan)) {
        flowrules_write(w, "\t}\n");
        flowrules_write_part(file, w);
        return;
    }
    if (flowrules_plan_log_denied(plan))
        flowrules_write(w, "\t\tlimit rate 10/second burst 20 packets "
                           "log prefix \"flowrules denied: \"\n");
    if (flowrules_plan_flag(plan, "counters"))
        flowrules_write(w, "\t\tcounter comment \"denied: no rule allows it\"\n");
    if (flowrules_plan_setting(plan, "deny-with")[0] == 'r')
        flowrules_writef(w, "\t\tmeta l4proto tcp %s\n\t\t%s\n", deny_verdict(plan, true),
                         deny_verdict(plan, false));
    flowrules_write(w, "\t}\n");
    flowrules_write_part(file, w);
}

static void write_title(const flowrules_plan *plan, flowrules_writer *w) {
    const char *title = flowrules_plan_title(plan);
    if (title) {
        flowrules_write(w, "# ");
        flowrules_write_user(w, &comment_escape, title);
        flowrules_write(w, "\n");
    }
}

/* One command of nft for each own chain: "BEFORE inet TABLE INTO BETWEEN OWN". */
static void write_own_lines(const flowrules_plan *plan, flowrules_writer *w, const char *before,
                            bool calling, const char *between) {
    for (enum flowrules_direction d = FLOWRULES_EGRESS; d <= FLOWRULES_FORWARD; d++) {
        const char *into = flowrules_plan_setting(plan, "into");
        if (!flowrules_plan_enforces(plan, d))
            continue;
        flowrules_writef(w, "%s inet ", before);
        write_table_name(w, plan);
        if (calling)
            flowrules_writef(w, " %s", into ? into : hooks[d].chain);
        flowrules_write(w, between);
        write_own_chain(w, plan, d);
        flowrules_write(w, "\n");
    }
}

static void write_permits_head(flowrules_output *out, flowrules_writer *w) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    const char *target = flowrules_plan_target(plan);
    write_title(plan, w);
    flowrules_writef(w,
                     "# Target %s, version %s: permits alone, in chains of their own within table ",
                     target, flowrules_output_fingerprint(out));
    write_table_name(w, plan);
    flowrules_writef(w,
                     ";\n# all else goes on in the chain that jumps here, with the rules that are "
                     "there.\n"
                     "# Try with:  nft -c -f %s.nft\n# Load with: nft -f %s.nft\n"
                     "#   It is one transaction, replaces these chains alone, and can be "
                     "repeated.\n"
                     "# Once, the jump to them, at the top or where you want it (add rule, "
                     "position HANDLE):\n",
                     target, target);
    write_own_lines(plan, w, "#   nft insert rule", true, " jump ");
    flowrules_write(w, "# Undo with: nft delete rule of that jump, by the handle that nft -a list "
                       "table shows, then:\n");
    write_own_lines(plan, w, "#   nft delete chain", false, " ");
    flowrules_write(w, "\ntable inet ");
    write_table_name(w, plan);
    flowrules_write(w, " {\n");
    for (enum flowrules_direction d = FLOWRULES_EGRESS; d <= FLOWRULES_FORWARD; d++) {
        if (!flowrules_plan_enforces(plan, d))
            continue;
        flowrules_write(w, "\tchain ");
        write_own_chain(w, plan, d);
        flowrules_write(w, " {\n\t}\n");
    }
    flowrules_write(w, "}\n");
    write_own_lines(plan, w, "flush chain", false, " ");
    flowrules_write(w, "\ntable inet ");
    write_table_name(w, plan);
    flowrules_write(w, " {\n");
}

/* How the file is loaded by hand, and the way back. */
static void write_loading(flowrules_output *out, flowrules_writer *w) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    const char *target = flowrules_plan_target(plan);
    flowrules_writef(w,
                     "# Try with:  nft -c -f %s.nft\n# Load with: nft -f %s.nft\n"
                     "#   It is one transaction, replaces this table alone, and can be repeated.\n"
                     "#   Where connections were not tracked before, it ends the TCP sessions that "
                     "are open,\n#   that of SSH too: %s.apply.sh lets them pass on, and goes back "
                     "with --confirm.\n"
                     "# Undo with: nft delete table inet ",
                     target, target, target);
    write_table_name(w, plan);
    flowrules_write(w, "\n");
    if (flowrules_output_named_set_count(out) > 0)
        flowrules_writef(
            w,
            "# Names: dnsmasq fills the sets names_... as %s.dnsmasq.conf tells it.\n"
            "#   This file empties them: what was looked up before is denied until it "
            "is asked for\n#   again. %s.apply.sh loads it and keeps what they hold.\n",
            target, target);
}

/* The same where a unit of the machine loads it. */
static void write_unit_loads(flowrules_output *out, flowrules_writer *w) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    flowrules_writef(w,
                     "# The unit flowrules-%s.service loads it in one transaction, which replaces "
                     "this table alone.\n# Undo with: nft delete table inet ",
                     flowrules_plan_target(plan));
    write_table_name(w, plan);
    flowrules_write(w, "\n");
}

static void write_head(flowrules_output *out, flowrules_writer *w, bool within) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    write_title(plan, w);
    flowrules_writef(w, "# Target %s, version %s: what these chains do not accept is dropped.\n",
                     flowrules_plan_target(plan), flowrules_output_fingerprint(out));
    flowrules_write_shuts(w, out, "# ", "\n");
    flowrules_write_pinned_day(w, plan, "# ", ".\n");
    (within ? write_unit_loads : write_loading)(out, w);
    flowrules_write(w, "\n");
    flowrules_write(w, "add table inet ");
    write_table_name(w, plan);
    flowrules_write(w, "\ndelete table inet ");
    write_table_name(w, plan);
    flowrules_write(w, "\n\ntable inet ");
    write_table_name(w, plan);
    flowrules_write(w, " {\n");
}

static void write_set_names(flowrules_output *out, flowrules_writer *w) {
    const char *space = "";
    for (size_t i = 0; i < flowrules_output_named_set_count(out); i++) {
        struct flowrules_named_set named = flowrules_output_named_set(out, i);
        for (enum flowrules_family f = FLOWRULES_IPV4; f <= FLOWRULES_IPV6; f++) {
            if (!(named.families & FLOWRULES_FAMILY_BIT(f)))
                continue;
            flowrules_write(w, space);
            write_named_set(w, &named, f);
            space = "\n";
        }
    }
}

/* The chains where open sessions are let pass for a while: with the replies, by state. */
static void write_chain_names(const flowrules_plan *plan, flowrules_writer *w) {
    const char *space = "";
    for (enum flowrules_direction d = FLOWRULES_EGRESS; d <= FLOWRULES_FORWARD; d++) {
        if (!flowrules_plan_enforces(plan, d) ||
            !flowrules_plan_has(plan, FLOWRULES_BASELINE_REPLIES))
            continue;
        flowrules_writef(w, "%s%s", space, hooks[d].chain);
        space = " ";
    }
}

/* The script that loads the file: it keeps open sessions and what the sets of names hold. */
static void write_apply(flowrules_output *out, const flowrules_writer *rules) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    flowrules_writer *w = flowrules_output_helper(out, APPLY_SUFFIX);
    bool names = flowrules_output_named_set_count(out) > 0;
    const struct flowrules_value values[] = {
        {"TARGET", flowrules_plan_target(plan), NULL},
        {"VERSION", flowrules_output_fingerprint(out), NULL},
        {"WITH_SETS", names ? ", and with it\n# what its sets of names hold now" : NULL, NULL},
        {"ENTRANCES", flowrules_output_entrances(out), NULL},
        {NULL, NULL, NULL}};
    const struct flowrules_piece *rest =
        flowrules_write_template(w, fr_nftables_apply, values, "SUM");
    flowrules_write_cksum(w, rules);
    rest = flowrules_write_template(w, rest, NULL, "TABLE");
    write_table_name(w, plan);
    rest = flowrules_write_template(w, rest, NULL, "CHAINS");
    write_chain_names(plan, w);
    rest = flowrules_write_template(w, rest, NULL, "SETS");
    write_set_names(out, w);
    flowrules_write_template(w, rest, NULL, NULL);
}

static void write_ruleset(flowrules_output *out, flowrules_writer *w, bool within) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    close_passage(out, flowrules_output_state(out));
    if (flowrules_plan_permits(plan))
        write_permits_head(out, w);
    else
        write_head(out, w, within);
    flowrules_write_part(w, flowrules_output_part(out, PART_SETS));
    const char *blank = "";
    for (enum flowrules_direction d = FLOWRULES_EGRESS; d <= FLOWRULES_FORWARD; d++) {
        if (!flowrules_plan_enforces(plan, d))
            continue;
        flowrules_write(w, blank);
        end_base(out, w, d);
        blank = "\n";
    }
    flowrules_write_part(w, flowrules_output_part(out, PART_CHAINS));
    flowrules_write(w, "}\n");
}

static void end(flowrules_output *out) {
    flowrules_writer *w = flowrules_output_file(out, ".nft", false);
    write_ruleset(out, w, false);
    if (flowrules_output_named_set_count(out) > 0)
        flowrules_dnsmasq_write(out, &dnsmasq);
    /* Permits alone shut nobody out: the file is loaded without a script. */
    if (!flowrules_plan_permits(flowrules_output_plan(out)))
        write_apply(out, w);
}

/* Within a file of another syntax, that puts the ruleset and a unit onto the machine. */
static void end_within(flowrules_output *out) {
    flowrules_writer *w = flowrules_output_part(out, PART_RULESET);
    if (flowrules_plan_permits(flowrules_output_plan(out)))
        flowrules_output_refuse(out, "with 'mode: permits' its chains belong to a table of others, "
                                     "which loads them: use the format nft");
    if (flowrules_output_named_set_count(out) > 0)
        flowrules_output_refuse(out, "its sets of names are filled by dnsmasq, which no file of "
                                     "this format sets up: use 'names: pinned', or the format nft");
    write_ruleset(out, w, true);
    fr_nftables_write_machine(out, w, flowrules_output_part(out, PART_UNIT));
}

/* ---- the record ---------------------------------------------------------------------------- */

static const struct flowrules_setting settings[] = {
    {.key = "hook",
     .type = "choice host|forward",
     .fallback = "host",
     .help = "host: the machine's own traffic; forward: the traffic that it routes"},
    {.key = "table",
     .type = "name",
     .help = "name of the table; default flowrules_ and the target's name; with mode: permits, the "
             "table that gets the permits"},
    {.key = "into",
     .type = "name",
     .later = true,
     .permits_alone = true,
     .help = "mode: permits: the chain of the table that jumps to the target's chain; default "
             "input, output or forward"},
    {.key = "priority",
     .whole_alone = true,
     .type = "integer -400 400",
     .fallback = "0",
     .help = "priority of the base chains; 0 is nft's filter"},
    {FR_NO_OTHER_ADDRESSES},
    {FR_MID_STREAM},
    {FR_ANTI_SPOOFING},
    {.key = "reverse-path",
     .type = "boolean",
     .fallback = "false",
     .later = true,
     .whole_alone = true,
     .help = "drop new connections from sources to which no route leads by the interface that they "
             "enter (fib, needs the kernel's nft_fib_inet)"},
    {.key = "masked-sets",
     .type = "integer 0 1000000",
     .fallback = "1000",
     .whole_alone = true,
     .help = "from so many prefixes of one length on they are a set of their own, in which the "
             "kernel looks an address up under a mask; 0: never"},
    {FR_NAMES_TIMEOUT},
    {FR_NAMES_EXACT},
    {.key = "deny-with",
     .whole_alone = true,
     .type = "choice drop|reject",
     .fallback = "drop",
     .later = true,
     .help = "reject: answer denied packets, TCP with a reset, others with ICMP admin-prohibited"},
    {.key = "machine-pool",
     .type = "name",
     .fallback = "worker",
     .later = true,
     .whole_alone = true,
     .help = "machineconfig: the MachineConfigPool whose nodes get the rules"},
    {.key = "counters", .type = "boolean", .fallback = "true", .help = "count each rule's packets"},
    {.key = NULL},
};

static const struct flowrules_setting bindings[] = {FR_NETFILTER_BINDINGS};

static const struct flowrules_limit limits[] = {
    {"bytes of a table's, chain's or set's name", 255,
     "NFT_NAME_MAXLEN is 256, <linux/netfilter/nf_tables.h>"},
    {"bytes of a comment", 128, "nftables src/parser_bison.y: \"comment too long\""},
    {"bytes of a log prefix", 127, "NF_LOG_PREFIXLEN is 128, <linux/netfilter/nf_log.h>"},
    {"depth of nested jumps", 16, "NFT_JUMP_STACK_SIZE, linux include/net/netfilter/nf_tables.h"},
    {.name = NULL},
};

static const struct flowrules_format formats[] = {
    {.name = "nft",
     .help = "a file for nft -f",
     .begin = begin,
     .group = group,
     .rule = rule,
     .dispatch = dispatch,
     .end = end},
    {.name = "butane",
     .help = "Butane YAML for Fedora CoreOS: a file, and the unit that loads it",
     .begin = begin,
     .group = group,
     .rule = rule,
     .dispatch = dispatch,
     .end = end_within},
    {.name = "machineconfig",
     .help = "a MachineConfig of OpenShift: likewise, on the nodes of a pool",
     .begin = begin,
     .group = group,
     .rule = rule,
     .dispatch = dispatch,
     .end = end_within},
    {.name = "nixos",
     .help = "a module of NixOS: likewise",
     .begin = begin,
     .group = group,
     .rule = rule,
     .dispatch = dispatch,
     .end = end_within},
    {.name = "ansible",
     .help = "tasks of Ansible beside the .nft file: copy it, and the unit that loads it",
     .begin = begin,
     .group = group,
     .rule = rule,
     .dispatch = dispatch,
     .end = end_within},
    {.name = NULL},
};

extern const struct flowrules_backend flowrules_backend_nftables;
const struct flowrules_backend flowrules_backend_nftables = {
    .abi = FLOWRULES_BACKEND_ABI,
    .name = "nftables",
    .title = "nftables",
    .description = "A table of the Linux kernel's nftables, loaded by nft",
    .capabilities =
        {FR_NETFILTER_CAPABILITIES, .icmp_type_lists = true, .table_port_ranges = true,
         .masked_tables_by = "masked-sets",
         .permits_note =
             "the rules of the chain that jumps to its own, its policy and other tables"},
    .state_size = sizeof(struct state),
    .formats = formats,
    .settings = settings,
    .bindings = bindings,
    .limits = limits,
    .read = fr_nftables_read,
    .baseline = flowrules_linux_baseline,
};
