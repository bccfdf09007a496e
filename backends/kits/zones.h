/*
 * What platforms with zones share: the zones of sources and destinations, the pairs of zones that a
 * target decides, and the reading of rules that name zones. Knows no syntax.
 */
#ifndef FR_ZONES_H
#define FR_ZONES_H

#include "flowrules/kits/lookup.h"
#include "names.h"
#include "tables.h"

enum { FR_ZONES_MAX = 64 };

/* ---- writing: targets with the settings from-zone, to-zone, intrazone and match-zones, and the
 * binding zone ---- */

/* The pairs of zones between which all is decided: zone i to zone k. */
struct fr_zone_pairs {
    const char *zones[FR_ZONES_MAX];
    size_t count;
    bool full; /* there are more zones than that */
    bool closed[FR_ZONES_MAX][FR_ZONES_MAX];
};

/* True with match-zones: rules match the zones that networks are in, and what a network without
 * one is in is any zone. */
bool fr_zones_match(const flowrules_plan *plan);
/* The setting that says where what no network places is: from-zone or to-zone. */
const char *fr_zones_own(const flowrules_plan *plan, enum flowrules_end end);
/* Zone index of an end: those of its networks, then, where these are not all of it, the setting. */
const char *fr_zones_at(const flowrules_plan *plan, struct flowrules_set set,
                        enum flowrules_end end, size_t index);
/* True if one of these zones is "any". */
bool fr_zones_at_any(const flowrules_plan *plan, struct flowrules_set set, enum flowrules_end end);
/* The same as a rule lists them, with match-zones those of its passage: "any" replaces all others.
 */
const char *fr_zones_told(const flowrules_plan *plan, const struct flowrules_passage *passage,
                          struct flowrules_set set, enum flowrules_end end, size_t index);
/*
 * Closes all from a zone of the source to one of the destination; within a zone where neither is
 * in no zone in particular.
 */
void fr_zones_close(const flowrules_plan *plan, struct fr_zone_pairs *pairs,
                    struct flowrules_set source, struct flowrules_set destination);
/* Without a flow from from-zone to to-zone; with 'intrazone: all' also within each zone; with
 * match-zones from any zone to any. */
void fr_zones_close_rest(const flowrules_plan *plan, struct fr_zone_pairs *pairs);

/* What a backend says of zones: {.is_name = ..., FR_ZONE_WORDS("NAME", "63 letters")}. */
struct fr_zone_words {
    const char *backend;
    bool (*is_name)(const char *zone);
    const char *rules, *no_pair; /* "policies"; the message if no flow names two zones */
    const char *bad_name, *no_zone[2], *same_zone, *no_setting;
};
/* The zones of the rules that come now, with match-zones; refuses those that can't be written. */
const struct flowrules_passage *fr_zones_group(flowrules_output *out,
                                               const struct flowrules_group *group,
                                               const struct fr_zone_words *words);
/* Closes the rest for a target whose rules end with denies, which it refuses where that can't be.
 */
void fr_zones_deny_rest(flowrules_output *out, struct fr_zone_pairs *pairs,
                        const struct fr_zone_words *words);
/* True if denies answer ("deny-with"). */
bool fr_zones_rejects(const flowrules_plan *plan);
/* True for a name of at most so many letters, digits, and characters of extra. */
bool fr_zones_is_name(const char *text, const char *extra, size_t most);
#define FR_ZONE_NONE(backend, end, setting)                                                        \
    "no zone is known for its " end "\nbind its networks (" backend                                \
    ": {zone: NAME}) or set '" setting "'"
#define FR_ZONE_WORDS(name, names)                                                                 \
    .backend = "" name, .bad_name = "the name of a zone has at most " names,                       \
    .no_zone = {FR_ZONE_NONE(name, "source", "from-zone"),                                         \
                FR_ZONE_NONE(name, "destination", "to-zone")},                                     \
    .same_zone = "neither its source nor its destination has a zone, and from-zone and to-zone "   \
                 "are the same zone\nbind its networks (" name ": {zone: NAME})",                  \
    .no_setting =                                                                                  \
        "with 'match-zones', a network without a zone is in every zone: remove "                   \
        "'from-zone' and 'to-zone', and bind the networks of one zone (" name ": {zone: NAME})"

/* Settings and bindings that platforms with zones have alike. */
#define FR_ZONE_SETTINGS                                                                           \
    {.key = "from-zone", .type = "text", .help = "the zone of sources that have no zone binding"}, \
    {                                                                                              \
        .key = "to-zone", .type = "text",                                                          \
        .help = "the zone of destinations that have no zone binding"                               \
    }
#define FR_ZONE_INTRAZONE                                                                          \
    .key = "intrazone", .whole_alone = true, .type = "choice flows|all", .fallback = "flows",      \
    .help = "flows: deny the rest within a zone only if a flow stays in it; all: within every "    \
            "zone of the flows"
#define FR_ZONE_DENY_WITH                                                                          \
    .key = "deny-with", .whole_alone = true, .type = "choice drop|reject", .fallback = "drop",     \
    .help = "drop: no answer; reject: answer TCP with a reset, others with ICMP unreachable"
#define FR_ZONE_MATCH                                                                              \
    .key = "match-zones", .type = "boolean", .fallback = "false", .later = true,                   \
    .help = "true: a zone is a part of its network, and one without a zone is in every zone; "     \
            "what no flow allows is denied between all zones, and within each"
extern const struct flowrules_setting fr_zones_bindings[];
/* What platforms with zones and names.h can say alike. */
#define FR_ZONE_CAPABILITIES                                                                       \
    .placement = FLOWRULES_TRANSIT, .evaluation = FLOWRULES_FIRST_MATCH,                           \
    .families = FLOWRULES_BOTH_FAMILIES, .mixed_families = true, .names = true,                    \
    .source_names = true, .source_ports = true, .icmp_types = true, .baseline_behind = true,       \
    .permits = true, .logging = true, .name_max = FR_NAME_SIZE - 1 - FR_NAME_PREFIX - 1,           \
    .name_extra = "-_", .interfaces = "zone", .interfaces_by = "match-zones"

/* For a backend's refuses: why the zones of a flow cannot be expressed, or NULL. */
const char *fr_zones_refuse(const flowrules_plan *plan, const struct flowrules_rule *flow,
                            const struct fr_zone_words *words);
/* For a backend's warns: addresses that no network places, where zones are given by networks. */
const char *fr_zones_warn(const flowrules_plan *plan, const struct flowrules_rule *flow);
/* Refuses the target if an address is in two zones: a rule with the wrong one never matches; with
 * match-zones, if a setting says a zone. */
void fr_zones_check(flowrules_output *out, const struct fr_zone_words *words);

/* ---- reading ------------------------------------------------------------------------------- */

/* The zones that a rule names at one end. */
struct fr_zone_list {
    const char **names;
    size_t count, capacity;
};

/* The addresses of zones; or zones as what packets are in. */
struct fr_zones {
    bool matched;              /* packets are in zones: */
    struct fr_zone_list named; /* there are these alone */
    bool known;                /* there is a policy */
    const char *own[2];        /* the zones of what no network places, by end, or NULL */
    size_t count;
    const char **names;         /* of the policy's networks */
    struct flowrules_set *sets; /* the addresses in each */
    struct flowrules_set unplaced;
    bool zoneless; /* nothing is known of zones: they are ignored */
};

/* What the rules of a configuration are between. */
struct fr_zones_seen {
    struct fr_zone_list named;
    const char *pair[2]; /* of allows, the first of each end */
    bool several;        /* they have others */
    bool narrow[2];      /* a rule names a zone other than "any" */
};
void fr_zones_see(flowrules_input *in, struct fr_zones_seen *seen, enum flowrules_end end,
                  const char *zone, bool allows);
/*
 * Where the policy does not say it, and all that is allowed is between one pair of zones, it is
 * what an import finds. Otherwise zones are what packets are in (matched): those of the policy, of
 * seen, and of declared, besides which there are no others if it has some.
 */
void fr_zones_choose(flowrules_input *in, struct fr_zones *zones, const struct fr_zones_seen *seen,
                     const struct fr_zone_list *declared);
void fr_zones_add(flowrules_input *in, struct fr_zone_list *list, const char *name);
bool fr_zones_has(const struct fr_zone_list *list, const char *name);
/* The zones of a list, for a rule's interfaces: zero is any. */
struct flowrules_set fr_zones_set(flowrules_input *in, const struct fr_zone_list *list);
/*
 * Limits an end of a rule to what is in zones of a list and in no others, and may be in one of
 * them, which is found once for each list and kept as symbols of a kind. False where that is not
 * the same.
 */
bool fr_zones_limit(flowrules_input *in, const struct fr_zones *zones, unsigned kind,
                    enum flowrules_end end, const struct fr_zone_list *list,
                    struct fr_territory *left);
/* A rule as it is taken apart; kind: "rule", "policy". */
struct fr_zone_rule {
    flowrules_input *in;
    const char *kind, *name;
    struct flowrules_place at;
    struct fr_zone_list zones[2];
    struct fr_matching m;
    enum flowrules_verdict verdict;
};
/* Why it is not known what it matches. never: no part of it is known to match. */
void fr_zone_doubt(struct fr_zone_rule *rule, bool never, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* An error: the platform takes no rule without this. */
void fr_zone_lacks(const struct fr_zone_rule *rule, const char *key, const char *hint);
/* An end that is all of this, or, excluded, all but this. */
void fr_zone_end(struct fr_zone_rule *rule, enum flowrules_end end, struct fr_addresses all,
                 bool excluded);
/* Gives what its zones, whose keys are these, leave of it; read has its names and texts. */
void fr_zone_give(struct fr_zone_rule *rule, const struct fr_zones *zones, unsigned kind,
                  const char *const keys[2], struct flowrules_read_rule *read);

/* The zones of a list one by one; of "any" all that are known. */
struct fr_zone_list fr_zones_spread(flowrules_input *in, const struct fr_zones *zones,
                                    const struct fr_zone_list *list);
/* Rules about what stays within a zone, one for each zone that is known; name: of these rules, or
 * NULL. */
void fr_zones_within(flowrules_input *in, const struct fr_zones *zones, const char *name,
                     enum flowrules_verdict verdict);
/* The last rule: what becomes of all that no rule before it decides. */
void fr_zones_rest(flowrules_input *in, enum flowrules_verdict verdict);
/*
 * What a target has no say over: all but the pairs of zones that flows are between. rest: its last
 * rules deny what no flow allows.
 */
void fr_zones_baseline(const flowrules_plan *plan, flowrules_input *in, struct fr_zones *zones,
                       bool rest);

#endif
