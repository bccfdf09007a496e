/*
 * juniper-srx: security policies of Juniper's SRX with their address book, applications and
 * schedulers, as set commands. All of it is in one configuration group, which flowrules owns: it is
 * deleted and made anew, so that what an earlier version had goes with it.
 * Facts without another source: Juniper, Junos OS, Security Policies User Guide.
 */
#include <stdio.h>
#include <string.h>

#include "flowrules/kits/flows.h"
#include "flowrules/kits/whole.h"
#include "juniper_srx.h"
#include "zones.h"

enum {
    NAME_MAX_BYTES = FR_NAME_SIZE - 1,
    DESCRIPTION_MAX = 900,
    TERMS_MAX = 8,        /* of an application */
    ADDRESSES_MAX = 1023, /* of one end of a policy */
    POLICIES_APART = 2000 /* more are merged */
};

struct state {
    const char *prefix;
    bool global, some; /* some: the group is not empty */
    struct fr_zone_pairs pairs;
    const struct flowrules_passage *passage; /* with match-zones: of the policies that come now */
};

/* Where a policy is: between two zones, or, without to, among the global ones. */
struct context {
    const char *from, *to;
};

/* A comment's line, and a text in double quotes; a '?' would ask the command line for help. */
static const struct flowrules_escape comment_escape = {
    .keep = " !()*+,-./:;=@[]^_{}~'", .replace = '_', .max_bytes = 512};
static const struct flowrules_escape text_escape = {
    .keep = " !()*+,-./:;=@[]^_{}~'", .replace = '_', .max_bytes = DESCRIPTION_MAX};
/* A zone, or a DNS name: checked before, so that nothing is ever replaced. */
static const struct flowrules_escape word_escape = {
    .keep = "._-", .replace = '_', .max_bytes = 255};

/* Zones that are matched are listed, and one order decides. */
static bool is_global(const flowrules_plan *plan) {
    return fr_zones_match(plan) || strcmp(flowrules_plan_setting(plan, "policies"), "global") == 0;
}

static flowrules_writer *file(flowrules_output *out) {
    return flowrules_output_file(out, ".set", false);
}

/* Begins a command inside the group. */
static flowrules_writer *set(flowrules_output *out, const char *path) {
    struct state *s = flowrules_output_state(out);
    s->some = true;
    flowrules_writef(file(out), "set groups %s %s ", s->prefix, path);
    return file(out);
}

/* ---- addresses ----------------------------------------------------------------------------- */

static void write_address(flowrules_output *out, const char *name, struct flowrules_set members,
                          size_t index) {
    struct flowrules_range range;
    flowrules_writer *w = set(out, "security address-book global address");
    flowrules_writef(w, "%s ", name);
    const char *fqdn = fr_names_member_at(members, index, &range);
    if (fqdn != NULL) {
        flowrules_write(w, "dns-name ");
        flowrules_write_user(w, &word_escape, fqdn);
    } else if (flowrules_range_prefix(&range) >= 0) {
        flowrules_write_prefix(w, &range);
    } else {
        flowrules_write(w, "range-address ");
        flowrules_write_ip(w, range.family, range.first);
        flowrules_write(w, " to ");
        flowrules_write_ip(w, range.family, range.last);
    }
    flowrules_write(w, "\n");
}

static void write_address_set(flowrules_output *out, const char *name,
                              struct flowrules_set members) {
    const struct state *s = flowrules_output_state(out);
    char one[FR_NAME_SIZE];
    for (size_t i = 0; i < fr_names_members(members); i++) {
        fr_names_member(s->prefix, members, i, one);
        flowrules_writef(set(out, "security address-book global address-set"), "%s address %s\n",
                         name, one);
    }
}

static const struct fr_names_writer address_writer = {write_address, write_address_set};

/* ---- applications -------------------------------------------------------------------------- */

static void application_name(const char *prefix, const struct flowrules_service *service,
                             char name[FR_NAME_SIZE]) {
    const char *word = fr_names_protocol(service->protocol);
    if (word == NULL || service->icmp_type >= 0)
        fr_names_portless(prefix, service, name);
    else
        fr_names_ports(prefix, word, service, 0, service->destination_port_count, name);
}

/* Source port and destination port of pair index; a list of no ports means any. */
static void write_pair(flowrules_writer *w, const struct flowrules_service *service, size_t index) {
    size_t sources = service->source_port_count > 0 ? service->source_port_count : 1;
    if (service->source_port_count > 0) {
        flowrules_write(w, " source-port ");
        flowrules_write_ports(w, service->source_ports[index % sources], "-");
    }
    if (service->destination_port_count > 0) {
        flowrules_write(w, " destination-port ");
        flowrules_write_ports(w, service->destination_ports[index / sources], "-");
    }
}

/* What has a type of ICMP, or no pair of ports beside another, needs no terms. */
static void write_single(flowrules_output *out, const char *name,
                         const struct flowrules_service *service) {
    const char *word = fr_names_protocol(service->protocol);
    flowrules_writer *w = set(out, "applications application");
    flowrules_writef(w, "%s protocol ", name);
    if (word != NULL)
        flowrules_write(w, word);
    else
        flowrules_write_number(w, (uint64_t)service->protocol);
    if (service->icmp_type >= 0)
        flowrules_writef(w, " %s-type %d", word, service->icmp_type);
    if (service->icmp_code >= 0)
        flowrules_writef(w, " %s-code %d", word, service->icmp_code);
    write_pair(w, service, 0);
    flowrules_write(w, "\n");
}

/* A term for each pair of ports; of more than an application holds, a set of applications. */
static void write_application(flowrules_output *out, const struct flowrules_service *service) {
    const struct state *s = flowrules_output_state(out);
    size_t sources = service->source_port_count > 0 ? service->source_port_count : 1;
    size_t ports = service->destination_port_count > 0 ? service->destination_port_count : 1;
    char name[FR_NAME_SIZE];
    application_name(s->prefix, service, name);
    if (service->protocol < 0 || !flowrules_output_once(out, name))
        return;
    if (sources * ports == 1) {
        write_single(out, name, service);
        return;
    }
    for (size_t i = 0; i < sources * ports; i++) {
        flowrules_writer *w = set(out, "applications application");
        flowrules_write(w, name);
        if (sources * ports > TERMS_MAX)
            flowrules_writef(w, "_%zu", i / TERMS_MAX + 1);
        flowrules_writef(w, " term t%zu protocol %s", i % TERMS_MAX + 1,
                         fr_names_protocol(service->protocol));
        write_pair(w, service, i);
        flowrules_write(w, "\n");
    }
    for (size_t i = 0; sources * ports > TERMS_MAX && i < sources * ports; i += TERMS_MAX)
        flowrules_writef(set(out, "applications application-set"), "%s application %s_%zu\n", name,
                         name, i / TERMS_MAX + 1);
}

/* ---- zones
 * ------------------------------------------------------------------------------------------- */

static bool is_zone(const char *text) {
    return fr_zones_is_name(text, "-_", NAME_MAX_BYTES);
}

static const struct fr_zone_words zone_words = {
    .is_name = is_zone,
    .rules = "policies",
    .no_pair = "no flow says between which zones to deny the rest: set 'from-zone' and 'to-zone'",
    FR_ZONE_WORDS("juniper-srx", "63 letters, digits, - and _")};

/* ---- policies ------------------------------------------------------------------------------ */

/* Begins a command about a policy. */
static flowrules_writer *set_policy(flowrules_output *out, const struct context *at,
                                    const char *name) {
    flowrules_writer *w = set(out, "security policies");
    if (at->to != NULL) {
        flowrules_write(w, "from-zone ");
        flowrules_write_user(w, &word_escape, at->from);
        flowrules_write(w, " to-zone ");
        flowrules_write_user(w, &word_escape, at->to);
    } else {
        flowrules_write(w, "global");
    }
    flowrules_writef(w, " policy %s ", name);
    return w;
}

static void write_end(flowrules_output *out, const struct context *at, const char *policy,
                      const char *word, struct flowrules_set set_of) {
    const struct state *s = flowrules_output_state(out);
    char name[FR_NAME_SIZE];
    fr_names_end(out, s->prefix, set_of, name);
    flowrules_writef(set_policy(out, at, policy), "match %s %s\n", word, name);
}

/* What is denied has no session whose end could be logged. */
static void write_then(flowrules_output *out, const struct context *at, const char *policy,
                       enum flowrules_action action, bool log) {
    bool allow = action == FLOWRULES_ALLOW;
    const char *deny = fr_zones_rejects(flowrules_output_plan(out)) ? "reject" : "deny";
    flowrules_writef(set_policy(out, at, policy), "then %s\n", allow ? "permit" : deny);
    if (log)
        flowrules_writef(set_policy(out, at, policy), "then log session-%s\n",
                         allow ? "close" : "init");
}

static void write_scheduler(flowrules_output *out, const struct context *at, const char *policy,
                            const char *day) {
    const struct state *s = flowrules_output_state(out);
    char name[FR_NAME_SIZE];
    if (day == NULL)
        return;
    snprintf(name, sizeof name, "%s-until-%.10s", s->prefix, day);
    if (flowrules_output_once(out, name))
        flowrules_writef(set(out, "schedulers scheduler"),
                         "%s start-date 2020-01-01.00:00 stop-date %.10s.23:59\n", name, day);
    flowrules_writef(set_policy(out, at, policy), "scheduler-name %s\n", name);
}

static void write_policy(flowrules_output *out, const struct context *at,
                         const struct flowrules_rule *r, const char *policy) {
    const struct state *s = flowrules_output_state(out);
    char name[FR_NAME_SIZE];
    flowrules_writer *w = set_policy(out, at, policy);
    flowrules_writer_origin(w, r->flows);
    flowrules_write(w, "description \"");
    flowrules_write_notes(w, out, &text_escape, FLOWRULES_NOTES, r->flows, NULL);
    flowrules_write(w, "\"\n");
    write_end(out, at, policy, "source-address", r->source);
    write_end(out, at, policy, "destination-address", r->destination);
    for (size_t i = 0; i < r->service_count; i++) {
        application_name(s->prefix, &r->services[i], name);
        flowrules_writef(set_policy(out, at, policy), "match application %s\n",
                         r->services[i].protocol < 0 ? "any" : name);
    }
    write_then(out, at, policy, r->action, r->log);
    write_scheduler(out, at, policy, r->last_day);
}

/* Of no zones, since the policy says its own. */
static const struct context global = {NULL, NULL};

/* A zone of a global policy; "any" is not said. */
static void match_zone(flowrules_output *out, const char *policy, enum flowrules_end end,
                       const char *zone) {
    if (strcmp(zone, "any") == 0)
        return;
    flowrules_writer *w = set_policy(out, &global, policy);
    flowrules_writef(w, "match %s ", end == FLOWRULES_SOURCE ? "from-zone" : "to-zone");
    flowrules_write_user(w, &word_escape, zone);
    flowrules_write(w, "\n");
}

static void match_zones(flowrules_output *out, const char *policy, enum flowrules_end end,
                        struct flowrules_set set_of) {
    const struct state *s = flowrules_output_state(out);
    const char *zone;
    for (size_t i = 0;
         (zone = fr_zones_told(flowrules_output_plan(out), s->passage, set_of, end, i)) != NULL;
         i++)
        match_zone(out, policy, end, zone);
}

static void group(flowrules_output *out, const struct flowrules_group *g) {
    struct state *s = flowrules_output_state(out);
    s->passage = fr_zones_group(out, g, &zone_words);
}

static void rule(flowrules_output *out, const struct flowrules_rule *r) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    struct state *s = flowrules_output_state(out);
    struct context at;
    char policy[FR_NAME_SIZE];
    snprintf(policy, sizeof policy, "%s-%s", s->prefix, r->name);
    fr_zones_close(plan, &s->pairs, r->source, r->destination);
    flowrules_write(file(out), "\n");
    if (s->global) {
        write_policy(out, &global, r, policy);
        match_zones(out, policy, FLOWRULES_SOURCE, r->source);
        match_zones(out, policy, FLOWRULES_DESTINATION, r->destination);
        return;
    }
    for (size_t i = 0; (at.from = fr_zones_at(plan, r->source, FLOWRULES_SOURCE, i)) != NULL; i++)
        for (size_t k = 0;
             (at.to = fr_zones_at(plan, r->destination, FLOWRULES_DESTINATION, k)) != NULL; k++)
            write_policy(out, &at, r, policy);
}

/* No flow's policy has such a name: behind the prefix they all have a hyphen. */
static void write_deny(flowrules_output *out, const char *from, const char *to, unsigned number) {
    static const char *const ends[] = {"source-address", "destination-address", "application"};
    const struct state *s = flowrules_output_state(out);
    const struct context at = {from, s->global ? NULL : to};
    char policy[FR_NAME_SIZE];
    snprintf(policy, sizeof policy, s->global ? "%s_deny-rest-%u" : "%s_deny-rest", s->prefix,
             number);
    flowrules_write(file(out), "\n");
    if (s->global) {
        match_zone(out, policy, FLOWRULES_SOURCE, from);
        match_zone(out, policy, FLOWRULES_DESTINATION, to);
    }
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        flowrules_writef(set_policy(out, &at, policy), "match %s any\n", ends[i]);
    write_then(out, &at, policy, FLOWRULES_DENY,
               !flowrules_plan_log_nothing(flowrules_output_plan(out)));
}

/* ---- the file ------------------------------------------------------------------------------ */

static void write_head(flowrules_output *out) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    const struct state *s = flowrules_output_state(out);
    const char *title = flowrules_plan_title(plan), *target = flowrules_plan_target(plan);
    flowrules_writer *w = file(out);
    if (title != NULL) {
        flowrules_write(w, "# ");
        flowrules_write_user(w, &comment_escape, title);
        flowrules_write(w, "\n");
    }
    flowrules_writef(w, "# Target %s, version %s: what these policies do not permit%s.\n", target,
                     flowrules_output_fingerprint(out),
                     flowrules_plan_permits(plan) ? " is left to the others"
                     : fr_zones_match(plan)       ? " is denied"
                                                  : " between their zones is denied");
    flowrules_write_pinned_day(w, plan, "# ", ".\n");
    flowrules_write_shuts(w, out, "# ", "\n");
    flowrules_writef(
        w,
        "# In configuration mode, on a candidate without changes of others:\n"
        "#   load set %s.set     (a warning that the group is not there is no error)\n"
        "#   show security policies | display inheritance\n"
        "#     No policy but those of '%s' may precede them between the same zones; where others\n"
        "#     are there, Junos may put them first. Policies of a pair of zones precede global "
        "ones.\n"
        "#   commit check\n"
        "#   commit confirmed 5  (it goes back after five minutes)\n"
        "#   commit              (in a new session, when all is well)\n"
        "# Before the commit, 'rollback 0' takes it back; afterwards 'rollback 1' and 'commit'.\n"
        "# Undo with: delete apply-groups %s, delete groups %s, commit\n"
        "# It needs the global address book, which Junos does not take beside books within zones,\n"
        "# and for names DNS servers that answer the firewall as they answer the clients.\n\n",
        target, s->prefix, s->prefix, s->prefix);
    flowrules_writef(w, "delete groups %s\n", s->prefix);
}

static void begin(flowrules_output *out) {
    struct state *s = flowrules_output_state(out);
    s->prefix = fr_names_prefix(out);
    s->global = is_global(flowrules_output_plan(out));
    if (strncmp(s->prefix, "junos-", 6) == 0)
        flowrules_output_refuse(out, "Junos reserves groups that begin with 'junos-'");
    fr_zones_check(out, &zone_words);
    write_head(out);
    fr_names_write(out, s->prefix, &address_writer);
    for (size_t i = 0; i < flowrules_output_service_count(out); i++)
        write_application(out, flowrules_output_service(out, i));
}

/*
 * What no flow allows between the pairs of zones that flows are between is denied. Session state
 * lets replies and the ICMP errors about a session pass: there is no baseline.
 */
static void end(flowrules_output *out) {
    struct state *s = flowrules_output_state(out);
    bool denies = !flowrules_plan_permits(flowrules_output_plan(out));
    unsigned number = 0;
    if (denies)
        fr_zones_deny_rest(out, &s->pairs, &zone_words);
    for (size_t i = 0; denies && i < s->pairs.count; i++)
        for (size_t k = 0; k < s->pairs.count; k++)
            if (s->pairs.closed[i][k])
                write_deny(out, s->pairs.zones[i], s->pairs.zones[k], ++number);
    flowrules_writef(file(out), "\n%s apply-groups %s\n", s->some ? "set" : "delete", s->prefix);
}

static void baseline(const flowrules_plan *plan, flowrules_input *in) {
    struct fr_zones zones;
    fr_zones_baseline(plan, in, &zones, !flowrules_plan_permits(plan));
}

/* ---- what it can't say --------------------------------------------------------------------- */

static const char *refuses(const flowrules_plan *plan, const struct flowrules_rule *flow) {
    for (size_t i = 0; i < flow->service_count; i++)
        if (flow->services[i].protocol == 0)
            return "an application cannot have the protocol 0";
    if (!is_global(plan) && (fr_zones_at_any(plan, flow->source, FLOWRULES_SOURCE) ||
                             fr_zones_at_any(plan, flow->destination, FLOWRULES_DESTINATION)))
        return "a policy of a pair of zones names both\nname the zone that is 'any', or set "
               "'policies: global'";
    return fr_zones_refuse(plan, flow, &zone_words);
}

/* ---- the record ---------------------------------------------------------------------------- */

static const struct flowrules_format formats[] = {
    {.name = "set",
     .help = "set commands, for load set",
     .begin = begin,
     .group = group,
     .rule = rule,
     .end = end},
    {.name = NULL},
};

static const struct flowrules_setting settings[] = {
    FR_ZONE_SETTINGS,
    {.key = "policies",
     .type = "choice zones|global",
     .fallback = "zones",
     .help = "zones: each policy is between two zones; global: global policies, which come after "
             "those and may list several zones"},
    {FR_ZONE_INTRAZONE},
    {FR_ZONE_DENY_WITH},
    {FR_ZONE_MATCH},
    {.key = "prefix",
     .type = "name",
     .fallback = "FR",
     .help = "name of the configuration group; all names in it begin with it, at most 10 "
             "characters; different for each target of a device"},
    {.key = NULL},
};

static const struct flowrules_limit limits[] = {
    {"characters of a name", NAME_MAX_BYTES, "terraform-provider-junos, security_policy"},
    {"characters of a description", DESCRIPTION_MAX, "terraform-provider-junos, address_book"},
    {"terms of an application", TERMS_MAX, "capirca, junipersrx.py"},
    {"addresses for the source or destination of a policy", ADDRESSES_MAX,
     "capirca; Juniper: 1,024 to 4,096"},
    {.name = NULL},
};

extern const struct flowrules_backend flowrules_backend_juniper_srx;
const struct flowrules_backend flowrules_backend_juniper_srx = {
    .abi = FLOWRULES_BACKEND_ABI,
    .name = "juniper-srx",
    .title = "Juniper SRX",
    .description = "Security policies of an SRX with their addresses and applications",
    .capabilities =
        {FR_ZONE_CAPABILITIES,
         .names_note =
             "resolved by the firewall at the commit, and again when the TTL ends, at the "
             "earliest after 16 seconds",
         .addresses_per_end = ADDRESSES_MAX, .merge_above = POLICIES_APART,
         .permits_note = "the other policies between their zones and the default policy",
         .itself = "what goes to the firewall, by host-inbound-traffic of its zones",
         .expiry = true},
    .state_size = sizeof(struct state),
    .formats = formats,
    .settings = settings,
    .bindings = fr_zones_bindings,
    .limits = limits,
    .refuses = refuses,
    .warns = fr_zones_warn,
    .read = fr_juniper_srx_read,
    .baseline = baseline,
};
