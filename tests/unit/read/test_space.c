/*
 * The exact comparison against brute force: random lists of clauses over a universe that is small
 * enough to ask about every packet. What the comparison finds has to be just what differs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "input.h"
#include "interfaces.h"
#include "loading.h"
#include "order.h"
#include "space.h"
#include "unit.h"

#define ADDRESSES 4u /* of each family: 10.0.0.0 on, 2001:db8:: on */
#define ATOMS     4u /* names, or pods with each combination of two labels */
#define POINTS    (ADDRESSES + ATOMS)
#define PORTS     3u
#define KINDS     3u
#define WAYS      6u   /* by one of three interfaces in, by one of two out */
#define RULES_MAX 200u /* two stages of each side, the longest */

static const unsigned protocols[] = {6, 1, 58, 50, 47};
#define PROTOCOLS (sizeof protocols / sizeof protocols[0])

static const unsigned kinds[KINDS] = {FLOWRULES_NEW, FLOWRULES_REPLY, FLOWRULES_MIDSTREAM};

/* One packet of the universe. */
struct packet {
    unsigned family, source, destination; /* points: addresses, then atoms */
    unsigned protocol, from, to;          /* ports, or ICMP type and code */
    unsigned kind, way;
};

/* A set as the test knows it: for each family, which of its points. */
struct known_set {
    bool has[2][POINTS];
    bool complement; /* all but some: a name is in it where its addresses are */
    bool names;      /* some parts are names or pods */
};

struct known_rule {
    enum fr_effect effect;
    unsigned families, packets, stage;
    size_t skip_to; /* a number of a rule of the same stage */
    bool doubt;     /* it may match or not */
    struct known_set ends[2];
    int protocol;
    unsigned from[2], to[2]; /* first and last port */
    unsigned ways;           /* bits */
};

struct side {
    struct known_rule rules[RULES_MAX];
    size_t count;
    flowrules_meaning *meaning;
};

static struct {
    struct side sides[2];
    bool pods;
    unsigned ways;    /* those that rules tell apart: 1 (not any) or WAYS */
    unsigned half[2]; /* what a rule has of each end: 0 all, 1 low addresses, 2 all but those */
    uint64_t state;
    size_t regions;          /* that were found */
    bool doubts;             /* some rules are in doubt */
    bool doubted;            /* the comparison said that it depends on one */
    bool disorder;           /* it said that the order of an allow and a deny matters */
    unsigned members[ATOMS]; /* an interpretation: the addresses of each name, as bits */
    struct fr_common common;
    bool found[2][POINTS][POINTS][PROTOCOLS][PORTS][PORTS][KINDS][WAYS];
} world;

static const struct flowrules_backend pods_backend = {
    .abi = FLOWRULES_BACKEND_ABI, .name = "pods", .capabilities = {.pod_groups = true}};

static uint32_t roll(uint32_t limit) {
    return unit_random(&world.state, limit);
}

/* ---- sets ---------------------------------------------------------------------------------- */

static struct flowrules_range range_of(unsigned family, unsigned first, unsigned last) {
    struct flowrules_range r = {
        (enum flowrules_family)family, {0, 0x0A000000u + first}, {0, 0x0A000000u + last}};
    if (family == FLOWRULES_IPV6) {
        r.first = (struct flowrules_ip){0x20010DB800000000u, first};
        r.last = (struct flowrules_ip){0x20010DB800000000u, last};
    }
    return r;
}

/* Atom i: in pods mode a pod with label a where bit 0 is set and b where bit 1 is. */
static struct flowrules_set pods_set(flowrules_input *in, unsigned labels,
                                     struct known_set *known) {
    static const struct flowrules_group_key keys[] = {{"pods", "a", "1"}, {"pods", "b", "1"}};
    for (unsigned pod = 0; pod < ATOMS; pod++)
        if ((pod & labels) == labels)
            known->has[0][ADDRESSES + pod] = known->has[1][ADDRESSES + pod] = true;
    if (labels == 0)
        return flowrules_input_group(in, &(struct flowrules_group_key){"pods", NULL, "any"}, 1);
    return flowrules_input_group(in, labels == 2 ? &keys[1] : keys, labels == 3 ? 2 : 1);
}

/* Names: x.test, a.x.test, other.test; and the wildcard *.x.test, which holds one of them. */
static struct flowrules_set names_set(flowrules_input *in, unsigned number,
                                      struct known_set *known) {
    static const char *const names[] = {"x.test", "a.x.test", "other.test", "*.x.test"};
    for (int f = 0; f < 2; f++) {
        known->has[f][ADDRESSES + number] = true;
        if (number == 3)
            known->has[f][ADDRESSES + 1] = true;
    }
    return flowrules_input_name(in, (struct flowrules_place){0, 0, 0}, names[number]);
}

static struct flowrules_set random_part(flowrules_input *in, struct known_set *known) {
    bool name = roll(3) == 0;
    known->names = known->names || name;
    if (name)
        return world.pods ? pods_set(in, roll(ATOMS), known) : names_set(in, roll(ATOMS), known);
    unsigned family = roll(2), first = roll(ADDRESSES), last = first + roll(ADDRESSES - first);
    struct flowrules_range range = range_of(family, first, last);
    for (unsigned i = first; i <= last; i++)
        known->has[family][i] = true;
    return flowrules_input_range(in, &range);
}

static struct flowrules_set random_set(flowrules_input *in, struct known_set *known) {
    struct flowrules_set parts[3];
    size_t count = 1 + roll(3);
    memset(known, 0, sizeof *known);
    if (roll(3) == 0) {
        memset(known->has, true, sizeof known->has);
        return flowrules_input_any(in);
    }
    for (size_t i = 0; i < count; i++)
        parts[i] = random_part(in, known);
    struct flowrules_set set = flowrules_input_unite(in, parts, count);
    if (roll(6) != 0 || (known->names && !world.pods)) /* no rule has all but a name */
        return set;
    known->complement = true;
    for (unsigned i = 0; i < 2 * POINTS; i++)
        known->has[i / POINTS][i % POINTS] = !known->has[i / POINTS][i % POINTS];
    return flowrules_input_subtract(in, flowrules_input_any(in), set);
}

/*
 * Half of a set: its low addresses (1) or what else it has (2). A set of all, or of all but some,
 * has no halves: which addresses a name has is not known.
 */
static struct flowrules_set halve(flowrules_input *in, struct flowrules_set set,
                                  struct known_set *known, unsigned half) {
    struct flowrules_set low[2];
    if (half == 0 || known->complement || known->has[0][ADDRESSES + 2])
        return set;
    for (unsigned f = 0; f < 2; f++) {
        struct flowrules_range range = range_of(f, 0, ADDRESSES / 2 - 1);
        low[f] = flowrules_input_range(in, &range);
        for (unsigned i = 0; i < POINTS; i++)
            if ((i < ADDRESSES / 2) != (half == 1))
                known->has[f][i] = false;
    }
    struct flowrules_set rest =
        flowrules_input_subtract(in, set, flowrules_input_unite(in, low, 2));
    return half == 2 ? rest : flowrules_input_subtract(in, set, rest);
}

/* ---- rules --------------------------------------------------------------------------------- */

static struct flowrules_ports random_ports(unsigned known[2]) {
    known[0] = roll(PORTS);
    known[1] = roll(4) == 0 ? 65535 : known[0] + roll(PORTS - known[0]);
    return (struct flowrules_ports){(uint16_t)known[0], (uint16_t)known[1]};
}

/* A service of one protocol; *from and *to are the room for its ports. */
static struct flowrules_service random_service(struct known_rule *k, struct flowrules_ports *from,
                                               struct flowrules_ports *to) {
    struct flowrules_service s = {.protocol = -1, .icmp_type = -1, .icmp_code = -1};
    k->protocol = roll(4) == 0 ? -1 : (int)protocols[roll(PROTOCOLS)];
    k->from[0] = k->to[0] = 0;
    k->from[1] = k->to[1] = 65535;
    s.protocol = k->protocol;
    if (k->protocol >= 0 && fr_protocol_is_icmp((unsigned)k->protocol) && roll(2) == 0) {
        s.icmp_type = (int)(k->from[0] = k->from[1] = roll(PORTS));
        if (roll(2) == 0)
            s.icmp_code = (int)(k->to[0] = k->to[1] = roll(PORTS));
    } else if (k->protocol >= 0 && fr_protocol_has_ports((unsigned)k->protocol)) {
        if (roll(3) == 0) {
            *from = random_ports(k->from);
            s.source_ports = from;
            s.source_port_count = 1;
        }
        if (roll(3) != 0) {
            *to = random_ports(k->to);
            s.destination_ports = to;
            s.destination_port_count = 1;
        }
    }
    return s;
}

/* The interfaces of the ways at one end: in by way % 3, out by way / 3. */
static const char *interface_of(unsigned way, unsigned end) {
    static const char *const in[] = {"eth1", "eth2", "wlan0"}, *const out[] = {"br-lan", "tun1"};
    return end == 0 ? in[way % 3] : out[way / 3];
}

/* Interfaces at one end by a name, by first letters, or all others; the ways that are left. */
static struct flowrules_set random_interfaces(flowrules_input *in, unsigned end, unsigned *ways) {
    const char *name = interface_of(roll(WAYS), end);
    char text[16];
    bool begins = roll(2) == 0, negated = roll(3) == 0;
    size_t length = begins ? roll((uint32_t)strlen(name)) : strlen(name);
    snprintf(text, sizeof text, "%.*s", (int)length, name);
    struct flowrules_set set = flowrules_input_interface(in, text, begins);
    if (negated)
        set = flowrules_input_subtract(in, flowrules_input_interfaces(in), set);
    for (unsigned w = 0; w < WAYS; w++) {
        const char *own = interface_of(w, end);
        bool same = strncmp(own, text, length) == 0 && (begins || own[length] == '\0');
        if (same == negated)
            *ways &= ~(1u << w);
    }
    return set;
}

/* All but some addresses is addresses alone: which of them a name has is not known. */
static void leave_addresses(struct known_set *known) {
    for (unsigned f = 0; f < 2 && known->complement && !world.pods; f++)
        for (unsigned a = 0; a < ADDRESSES; a++)
            if (!known->has[f][a])
                memset(&known->has[f][ADDRESSES], false, ATOMS);
}

static void random_rule(flowrules_input *in, struct side *side, unsigned stage, bool skips,
                        uint32_t *skip) {
    struct known_rule *k = &side->rules[side->count];
    struct flowrules_ports from, to;
    struct flowrules_service service = random_service(k, &from, &to);
    k->stage = stage;
    k->families = roll(4) == 0 ? 1 + roll(2) : 3;
    k->packets = roll(4) == 0 ? kinds[roll(KINDS)] : FR_ALL_PACKETS;
    struct flowrules_read_rule rule = {.direction = FLOWRULES_EGRESS,
                                       .families = k->families,
                                       .packets = k->packets,
                                       .services = &service,
                                       .service_count = 1};
    k->doubt = world.doubts && roll(4) == 0;
    rule.doubt = k->doubt ? "in doubt" : NULL;
    rule.source = halve(in, random_set(in, &k->ends[0]), &k->ends[0], world.half[0]);
    rule.destination = halve(in, random_set(in, &k->ends[1]), &k->ends[1], world.half[1]);
    k->ways = (1u << WAYS) - 1;
    for (unsigned e = 0; e < 2 && world.ways > 1; e++)
        if (roll(3) == 0)
            rule.interfaces[e] = random_interfaces(in, e, &k->ways);
    bool empty = rule.source.id == FR_SET_EMPTY || rule.destination.id == FR_SET_EMPTY ||
                 (rule.interfaces[0].store != NULL && rule.interfaces[0].id == FR_SET_EMPTY) ||
                 (rule.interfaces[1].store != NULL && rule.interfaces[1].id == FR_SET_EMPTY);
    if (skips && !empty) {
        k->effect = FR_SKIP;
        *skip = flowrules_input_skip(in, &rule);
    } else {
        k->effect = roll(8) == 0 ? FR_OUTSIDE : roll(2) == 0 ? FR_PASS : FR_BLOCK;
        rule.verdict = k->effect == FR_PASS    ? FLOWRULES_PASS
                       : k->effect == FR_BLOCK ? FLOWRULES_BLOCK
                                               : FLOWRULES_OUTSIDE;
        flowrules_input_rule(in, &rule);
    }
    for (unsigned e = 0; e < 2 && k->effect != FR_OUTSIDE; e++)
        leave_addresses(&k->ends[e]);
    if (!empty)
        side->count++;
}

static void random_stage(flowrules_input *in, struct side *side, unsigned stage) {
    size_t rules = roll(40) == 0 ? 60 + roll(40) : 1 + roll(4), landing = 0;
    uint32_t skip = UINT32_MAX;
    size_t skipping = 0;
    flowrules_input_stage(in, FLOWRULES_EGRESS);
    for (size_t i = 0; i < rules; i++) {
        if (skip != UINT32_MAX && i == landing) {
            flowrules_input_land(in, skip);
            side->rules[skipping].skip_to = side->count;
            skip = UINT32_MAX;
        }
        bool may_skip = skip == UINT32_MAX && i + 1 < rules && roll(5) == 0;
        size_t before = side->count;
        random_rule(in, side, stage, may_skip, &skip);
        if (may_skip && skip != UINT32_MAX) {
            skipping = before;
            landing = i + 1 + roll((uint32_t)(rules - i - 1));
        }
    }
    if (skip != UINT32_MAX) {
        flowrules_input_land(in, skip);
        side->rules[skipping].skip_to = side->count;
    }
}

static void random_side(flowrules_context *context, struct side *side) {
    struct flowrules_input in;
    side->count = 0;
    CU_ASSERT_FATAL(fr_meaning_new(&side->meaning, context) == FLOWRULES_OK);
    CU_ASSERT_FATAL(fr_input_init(&in, side->meaning) == FLOWRULES_OK);
    side->meaning->packets = FLOWRULES_NEW | FLOWRULES_REPLY | FLOWRULES_MIDSTREAM;
    side->meaning->backend = world.pods ? &pods_backend : NULL;
    unsigned stages = roll(4) == 0 ? 2 : 1;
    for (unsigned s = 0; s < stages; s++)
        random_stage(&in, side, s);
    CU_ASSERT_FATAL(fr_input_status(&in) == FLOWRULES_OK);
    fr_input_free(&in);
}

/* ---- sides that are much alike ------------------------------------------------------------- */

enum { PLAN_MAX = 64 };

/* What a side is made of: the seeds of its rules, which may be halves. */
struct plan {
    struct planned {
        uint64_t seed;
        unsigned half[2];
        bool skip, stage; /* skips the rule that follows; begins a further stage */
    } rules[PLAN_MAX];
    size_t count;
};

static uint64_t random_seed(void) {
    return ((uint64_t)roll(UINT32_MAX) << 32 | roll(UINT32_MAX)) | 1;
}

/* Names have no skips here: fr_order_compare does not look at what a skip leads around. */
static void random_plan(struct plan *plan) {
    size_t stage = roll(4) == 0 ? 1 + roll(4) : SIZE_MAX;
    plan->count = 2 + roll(roll(10) == 0 ? 24 : 6);
    for (size_t i = 0; i < plan->count; i++) {
        bool skip = roll(12) == 0 && i + 2 < plan->count;
        plan->rules[i] = (struct planned){random_seed(), {0, 0}, skip, i == stage};
    }
}

/* Adds a rule of a plan to another: as it is, changed, twice, in halves, or not at all. */
static void add_planned(struct plan *to, struct planned rule, uint32_t changes) {
    uint32_t choice = roll(changes);
    if (choice == 0 && !rule.stage)
        return;
    if (choice == 1)
        rule.seed = random_seed();
    to->rules[to->count++] = rule;
    rule.stage = false;
    if (roll(3) != 0 || rule.skip)
        return;
    unsigned end = roll(3);
    to->rules[to->count++] = rule;
    for (size_t i = 0; i < 2 && end < 2; i++)
        to->rules[to->count - 1 - i].half[end] = 1 + (unsigned)i;
}

/* The same plan, but for a few rules that are changed or change places. */
static void alike_plan(struct plan *to, const struct plan *from) {
    uint32_t changes = roll(3) == 0 ? 12 : UINT32_MAX;
    to->count = 0;
    for (size_t i = 0; i < from->count; i++)
        add_planned(to, from->rules[i], changes);
    for (size_t i = 0; i + 1 < to->count; i++) {
        struct planned *a = &to->rules[i], *b = a + 1, kept = *a;
        if (roll(3) != 0 || a->stage || b->stage || a->skip || b->skip)
            continue;
        *a = *b;
        *b = kept;
    }
}

static void planned_rule(flowrules_input *in, struct side *side, const struct planned *rule,
                         unsigned stage, uint32_t *skip) {
    uint64_t state = world.state;
    world.state = rule->seed;
    world.half[0] = rule->half[0];
    world.half[1] = rule->half[1];
    random_rule(in, side, stage, rule->skip, skip);
    world.state = state;
    world.half[0] = world.half[1] = 0;
}

static void planned_side(flowrules_context *context, struct side *side, const struct plan *plan) {
    struct flowrules_input in;
    unsigned stage = 0;
    side->count = 0;
    CU_ASSERT_FATAL(fr_meaning_new(&side->meaning, context) == FLOWRULES_OK);
    CU_ASSERT_FATAL(fr_input_init(&in, side->meaning) == FLOWRULES_OK);
    side->meaning->packets = FLOWRULES_NEW | FLOWRULES_REPLY | FLOWRULES_MIDSTREAM;
    side->meaning->backend = world.pods ? &pods_backend : NULL;
    flowrules_input_stage(&in, FLOWRULES_EGRESS);
    for (size_t i = 0; i < plan->count; i++) {
        uint32_t skip = UINT32_MAX;
        size_t skipping = side->count;
        if (plan->rules[i].stage && i > 0) {
            flowrules_input_stage(&in, FLOWRULES_EGRESS);
            stage = side->count == 0 ? 0 : 1;
        }
        planned_rule(&in, side, &plan->rules[i], stage, &skip);
        if (skip == UINT32_MAX)
            continue;
        if (i + 1 < plan->count && !plan->rules[i + 1].stage && !plan->rules[i + 1].skip)
            planned_rule(&in, side, &plan->rules[++i], stage, &skip);
        flowrules_input_land(&in, skip);
        side->rules[skipping].skip_to = side->count;
    }
    CU_ASSERT_FATAL(fr_input_status(&in) == FLOWRULES_OK);
    fr_input_free(&in);
}

static void alike_sides(flowrules_context *context) {
    struct plan plans[2];
    random_plan(&plans[0]);
    alike_plan(&plans[1], &plans[0]);
    for (size_t s = 0; s < 2; s++)
        planned_side(context, &world.sides[s], &plans[s]);
}

static void random_sides(flowrules_context *context) {
    for (size_t s = 0; s < 2; s++)
        random_side(context, &world.sides[s]);
}

/* ---- brute force --------------------------------------------------------------------------- */

static bool matches(const struct known_rule *k, const struct packet *p) {
    unsigned protocol = protocols[p->protocol];
    return (k->families & (1u << p->family)) != 0 && (k->packets & kinds[p->kind]) != 0 &&
           (k->ways & (1u << p->way)) != 0 && k->ends[0].has[p->family][p->source] &&
           k->ends[1].has[p->family][p->destination] &&
           (k->protocol < 0 || (unsigned)k->protocol == protocol) && k->from[0] <= p->from &&
           p->from <= k->from[1] && k->to[0] <= p->to && p->to <= k->to[1];
}

/* The effects, as bits, that a stage may have from a rule on. */
static unsigned brute_stage(const struct side *side, const struct packet *p, unsigned stage,
                            size_t from) {
    for (size_t i = from; i < side->count; i++) {
        const struct known_rule *k = &side->rules[i];
        if (k->stage != stage || !matches(k, p))
            continue;
        unsigned taken =
            k->effect == FR_SKIP ? brute_stage(side, p, stage, k->skip_to) : 1u << k->effect;
        return k->doubt ? taken | brute_stage(side, p, stage, i + 1) : taken;
    }
    return 1u << FR_PASS;
}

static unsigned brute(const struct side *side, const struct packet *p) {
    unsigned first = brute_stage(side, p, 0, 0), pass = 1u << FR_PASS;
    return (first & pass) == 0 ? first : (first & ~pass) | brute_stage(side, p, 1, 0);
}

static bool exists(const struct packet *p) {
    unsigned protocol = protocols[p->protocol];
    bool ports = fr_protocol_has_ports(protocol), icmp = fr_protocol_is_icmp(protocol);
    return (fr_protocol_families(protocol) & (1u << p->family)) != 0 &&
           (ports || icmp || (p->from == 0 && p->to == 0)) &&
           (kinds[p->kind] != FLOWRULES_MIDSTREAM || protocol == 6);
}

enum answer { ALIKE, DIFFERENT, UNKNOWN };

/* Each effect of one side against each of the other: what is outside is alike. */
static enum answer answer_for(const struct packet *p) {
    unsigned a = brute(&world.sides[0], p), b = brute(&world.sides[1], p), seen = 0;
    for (unsigned x = 0; x < 3; x++)
        for (unsigned y = 0; y < 3; y++)
            if ((a & (1u << x)) != 0 && (b & (1u << y)) != 0)
                seen |= x == y || x == FR_OUTSIDE || y == FR_OUTSIDE ? 1u : 2u;
    return seen == 3 ? UNKNOWN : seen == 2 ? DIFFERENT : ALIKE;
}

static bool differs(const struct packet *p) {
    return answer_for(p) == DIFFERENT;
}

/* ---- what the comparison found ------------------------------------------------------------- */

/* The point of the universe that an atom of the common terms is, or POINTS. */
static bool atom_is_point(uint32_t atom, unsigned point) {
    const flowrules_meaning *terms = world.common.terms;
    if (atom == FR_OTHER_ATOM)
        return false;
    const struct flowrules_atom *a = fr_vec_at(&terms->atoms, struct flowrules_atom, atom);
    static const char *const names[] = {"x.test", "a.x.test", "other.test", "x.test"};
    enum flowrules_atom_kind kind =
        point - ADDRESSES == 3 ? FLOWRULES_ATOM_WILDCARD : FLOWRULES_ATOM_NAME;
    return a->kind == kind && strcmp(a->name, names[point - ADDRESSES]) == 0;
}

/* The labels that a group of pods asks for. */
static unsigned labels_of(uint32_t atom) {
    const flowrules_meaning *terms = world.common.terms;
    const char *name = fr_vec_at(&terms->atoms, struct flowrules_atom, atom)->name;
    return (strstr(name, "a=1") != NULL ? 1u : 0u) | (strstr(name, "b=1") != NULL ? 2u : 0u);
}

/* Is an atom told apart at an end of the region? The others are one piece. */
static bool is_listed(const struct fr_region *region, unsigned end, uint32_t atom) {
    for (size_t i = 0; i < region->listed_count[end]; i++)
        if (region->listed[end][i] == atom)
            return true;
    return false;
}

/* The known group with the most labels that a pod has stands for the pod. */
static bool piece_is_pod(const struct fr_region *region, unsigned end, uint32_t atom,
                         unsigned pod) {
    uint32_t own = FR_OTHER_ATOM;
    for (uint32_t i = 0; i < world.common.terms->atoms.count; i++)
        if ((labels_of(i) & pod) == labels_of(i) &&
            (own == FR_OTHER_ATOM || (labels_of(i) & labels_of(own)) == labels_of(own)))
            own = i;
    if (own != FR_OTHER_ATOM && !is_listed(region, end, own))
        own = FR_OTHER_ATOM;
    return atom == own;
}

static bool piece_has(const struct fr_region *region, unsigned end, unsigned point) {
    for (uint32_t i = region->first[end]; i != UINT32_MAX; i = region->pieces[end][i].next) {
        const struct fr_piece *piece = &region->pieces[end][i];
        struct flowrules_ip ip = range_of(region->family, point, point).first;
        if (point < ADDRESSES ? piece->atom == FR_NO_ATOM && fr_ip_compare(piece->first, ip) <= 0 &&
                                    fr_ip_compare(ip, piece->last) <= 0
            : piece->atom == FR_NO_ATOM ? false
            : world.pods                ? piece_is_pod(region, end, piece->atom, point - ADDRESSES)
                                        : atom_is_point(piece->atom, point))
            return true;
    }
    return false;
}

static bool region_has_protocol(const struct fr_region *region, unsigned protocol) {
    return region->protocol == FR_OTHER_PROTOCOLS ? !region->named[protocol]
                                                  : region->protocol == protocol;
}

static bool region_has(const struct fr_region *r, const struct packet *p) {
    return region_has_protocol(r, protocols[p->protocol]) && r->packets == kinds[p->kind] &&
           r->source.first <= p->from && p->from <= r->source.last &&
           r->destination.first <= p->to && p->to <= r->destination.last;
}

/* Has an end of the region this interface? */
static bool region_has_interface(const struct fr_region *r, unsigned end, const char *name) {
    struct flowrules_range range;
    return r->interfaces[end] == 0 || (fr_interface_range(name, false, &range) &&
                                       fr_set_has_ip(&world.common.terms->sets, r->interfaces[end],
                                                     FLOWRULES_IPV6, range.first));
}

static bool region_has_way(const struct fr_region *r, unsigned way) {
    return region_has_interface(r, 0, interface_of(way, 0)) &&
           region_has_interface(r, 1, interface_of(way, 1));
}

static flowrules_status mark_services(const struct fr_region *r, struct packet p) {
    for (p.protocol = 0; p.protocol < PROTOCOLS; p.protocol++)
        for (p.from = 0; p.from < PORTS; p.from++)
            for (p.to = 0; p.to < PORTS; p.to++)
                for (p.kind = 0; p.kind < KINDS; p.kind++)
                    for (p.way = 0; p.way < world.ways; p.way++)
                        if (exists(&p) && region_has(r, &p) && region_has_way(r, p.way))
                            world.found[p.family][p.source][p.destination][p.protocol][p.from][p.to]
                                       [p.kind][p.way] = true;
    return FLOWRULES_OK;
}

static flowrules_status mark_region(void *user, const struct fr_region *region) {
    struct packet p = {.family = region->family};
    (void)user;
    world.regions++;
    for (p.source = 0; p.source < POINTS; p.source++)
        for (p.destination = 0; p.destination < POINTS; p.destination++)
            if (piece_has(region, 0, p.source) && piece_has(region, 1, p.destination))
                mark_services(region, p);
    return FLOWRULES_OK;
}

/*
 * A name has addresses, and where no clause tells it apart these alone are compared: what differs
 * for the name then differs for addresses too.
 */
static bool may_be_missing(const struct packet *p) {
    return !world.pods && (p->source >= ADDRESSES || p->destination >= ADDRESSES) &&
           world.regions > 0;
}

static bool is_wrong(const struct packet *p) {
    bool found = world.found[p->family][p->source][p->destination][p->protocol][p->from][p->to]
                            [p->kind][p->way];
    bool address = p->source < ADDRESSES && p->destination < ADDRESSES;
    if (answer_for(p) == UNKNOWN && !world.doubted && address)
        return true;
    return found != differs(p) && (found || !may_be_missing(p));
}

static size_t count_wrong(void) {
    size_t wrong = 0;
    struct packet p = {.way = 0};
    for (p.family = 0; p.family < 2; p.family++)
        for (p.source = 0; p.source < POINTS; p.source++)
            for (p.destination = 0; p.destination < POINTS; p.destination++)
                for (p.protocol = 0; p.protocol < PROTOCOLS; p.protocol++)
                    for (p.from = 0; p.from < PORTS; p.from++)
                        for (p.to = 0; p.to < PORTS; p.to++)
                            for (p.kind = 0; p.kind < KINDS; p.kind++)
                                for (p.way = 0; p.way < world.ways; p.way++)
                                    wrong += exists(&p) && is_wrong(&p);
    return wrong;
}

/* ---- names that have addresses -------------------------------------------------------------- */

/* Is a packet's end, an address, within a set where each name has its members? */
static bool end_matches(const struct known_set *set, unsigned family, unsigned address) {
    bool in = set->has[family][address];
    for (unsigned name = 0; name < ATOMS && !in && !set->complement; name++)
        in = set->has[family][ADDRESSES + name] && (world.members[name] & (1u << address)) != 0;
    return in;
}

static struct known_rule interpreted[2][RULES_MAX];

/* Gives both sides' sets the addresses of the names in them; back: as they were. */
static void interpret(bool back) {
    for (size_t s = 0; s < 2; s++)
        for (size_t i = 0; i < world.sides[s].count; i++) {
            struct known_rule *k = &world.sides[s].rules[i];
            if (back) {
                *k = interpreted[s][i];
                continue;
            }
            interpreted[s][i] = *k;
            for (unsigned e = 0; e < 2; e++)
                for (unsigned f = 0; f < 2; f++)
                    for (unsigned a = 0; a < ADDRESSES; a++)
                        k->ends[e].has[f][a] = end_matches(&interpreted[s][i].ends[e], f, a);
        }
}

static size_t count_different(void) {
    size_t wrong = 0;
    struct packet p = {.kind = 0};
    for (p.family = 0; p.family < 2; p.family++)
        for (p.source = 0; p.source < ADDRESSES; p.source++)
            for (p.destination = 0; p.destination < ADDRESSES; p.destination++)
                for (p.protocol = 0; p.protocol < PROTOCOLS; p.protocol++)
                    for (p.from = 0; p.from < PORTS; p.from++)
                        for (p.to = 0; p.to < PORTS; p.to++)
                            for (p.way = 0; p.way < world.ways; p.way++)
                                wrong += exists(&p) && differs(&p);
    return wrong;
}

/* What is called equal has to be equal whichever addresses the names have. */
static size_t count_misjudged(void) {
    size_t wrong = 0;
    for (unsigned round = 0; round < 8 && wrong == 0; round++) {
        for (unsigned name = 0; name < ATOMS; name++) {
            world.members[name] = roll(1u << ADDRESSES);
            world.members[name] &= roll(1u << ADDRESSES); /* few of them */
        }
        world.members[3] |= world.members[1]; /* *.x.test holds a.x.test */
        interpret(false);
        wrong += count_different();
        interpret(true);
    }
    return wrong;
}

/*
 * Does one of several lists take packets out of the comparison behind an allow? No target's does;
 * what a name then has in the next list is not looked at. Or does a rule take all out but some
 * addresses? That takes every name out: a target does it where neither end is protected.
 */
static bool leaves_between(const struct side *side) {
    bool outside = false, second = false, most = false;
    for (size_t i = 0; i < side->count; i++) {
        const struct known_rule *k = &side->rules[i];
        outside = outside || k->effect == FR_OUTSIDE;
        second = second || k->stage > 0;
        most =
            most || (k->effect == FR_OUTSIDE && (k->ends[0].complement || k->ends[1].complement));
    }
    return (outside && second) || most;
}

static void mark_disorder(void *user, const struct fr_disorder *disorder) {
    (void)user;
    uint8_t effect = fr_vec_at(&world.common.items, struct fr_item, disorder->allow)->effect;
    CU_ASSERT(effect == FR_PASS || effect == FR_SKIP);
    CU_ASSERT(fr_vec_at(&world.common.items, struct fr_item, disorder->deny)->effect == FR_BLOCK);
    world.disorder = true;
}

static void mark_doubt(void *user, uint32_t item) {
    (void)user;
    CU_ASSERT(fr_vec_at(&world.common.items, struct fr_item, item)->doubt);
    world.doubted = true;
}

/* ---- the property -------------------------------------------------------------------------- */

static void find_order(void) {
    struct fr_order order = {.common = &world.common,
                             .found = mark_disorder,
                             .doubt = mark_doubt,
                             .most = FR_ORDER_STEPS};
    world.disorder = false;
    CU_ASSERT_FATAL(fr_order_compare(&order) == FLOWRULES_OK);
    CU_ASSERT_FATAL(!order.too_much);
}

static size_t compare_once(flowrules_context *context,
                           void (*make_sides)(flowrules_context *context)) {
    struct fr_space space = {
        .common = &world.common, .visit = mark_region, .doubt = mark_doubt, .most = FR_SPACE_STEPS};
    world.doubts = roll(2) == 0;
    world.doubted = false;
    make_sides(context);
    memset(world.found, 0, sizeof world.found);
    world.regions = 0;
    CU_ASSERT_FATAL(fr_common_init(&world.common, context, world.sides[0].meaning,
                                   world.sides[1].meaning) == FLOWRULES_OK);
    CU_ASSERT_FATAL(fr_common_choose(&world.common, FLOWRULES_EGRESS) == FLOWRULES_OK);
    CU_ASSERT_FATAL(fr_space_compare(&space, FLOWRULES_EGRESS) == FLOWRULES_OK);
    CU_ASSERT_FATAL(!space.too_much);
    size_t wrong = count_wrong();
    find_order();
    bool equal = world.regions == 0 && !world.doubted && !world.disorder;
    if (!world.pods && equal && !leaves_between(&world.sides[0]) &&
        !leaves_between(&world.sides[1]))
        wrong += count_misjudged();
    fr_common_free(&world.common);
    for (size_t s = 0; s < 2; s++)
        flowrules_meaning_free(world.sides[s].meaning);
    return wrong;
}

static void compare_many(void (*make_sides)(flowrules_context *context)) {
    const char *seed = getenv("SEED");
    unsigned long long first = seed == NULL ? 1 : strtoull(seed, NULL, 10);
    uint64_t count = unit_rounds(800, 2000, 1000000);
    flowrules_context *context;
    CU_ASSERT_FATAL(flowrules_context_new(&context) == FLOWRULES_OK);
    for (uint64_t i = 0; i < count; i++) {
        world.state = (first + i) * UINT64_C(0x9E3779B97F4A7C15) | 1;
        world.pods = (first + i) % 2 == 0;
        world.ways = (first + i) % 8 < 3 ? WAYS : 1;
        size_t wrong = compare_once(context, make_sides);
        if (wrong > 0) {
            printf("    seed %llu: %zu packets\n", first + i, wrong);
            CU_FAIL_FATAL("the comparison and brute force disagree");
        }
    }
    flowrules_context_free(context);
}

static void test_brute_force(void) {
    compare_many(random_sides);
}

/* Most of the two lists is the same: what they have in common is not searched. */
static void test_alike(void) {
    compare_many(alike_sides);
}

/* ---- the same rules in another order ------------------------------------------------------- */

/* A side of rules that come of these seeds, in this order. */
static void seeded_side(flowrules_context *context, struct side *side, const uint64_t *seeds,
                        const size_t *order, size_t count) {
    struct flowrules_input in;
    uint32_t skip;
    side->count = 0;
    CU_ASSERT_FATAL(fr_meaning_new(&side->meaning, context) == FLOWRULES_OK);
    CU_ASSERT_FATAL(fr_input_init(&in, side->meaning) == FLOWRULES_OK);
    side->meaning->packets = FLOWRULES_NEW;
    side->meaning->backend = NULL;
    for (size_t i = 0; i < count; i++) {
        world.state = seeds[order[i]];
        random_rule(&in, side, 0, false, &skip);
    }
    CU_ASSERT_FATAL(fr_input_status(&in) == FLOWRULES_OK);
    fr_input_free(&in);
}

/* How often each outcome was, so that the test is seen to be about something. */
struct outcomes {
    size_t equal, disorder, founded;
};

static size_t compare_orders(flowrules_context *context, struct outcomes *outcomes) {
    uint64_t seeds[6];
    size_t order[2][6], count = 2 + roll(5), wrong = 0;
    struct fr_space space = {
        .common = &world.common, .visit = mark_region, .doubt = mark_doubt, .most = FR_SPACE_STEPS};
    for (size_t i = 0; i < count; i++) {
        seeds[i] = ((uint64_t)roll(UINT32_MAX) << 32 | roll(UINT32_MAX)) | 1;
        order[0][i] = order[1][i] = i;
    }
    size_t moved = roll((uint32_t)count - 1);
    order[1][moved] = moved + 1;
    order[1][moved + 1] = moved;
    uint64_t state = world.state;
    for (size_t s = 0; s < 2; s++)
        seeded_side(context, &world.sides[s], seeds, order[s], count);
    world.state = state;
    world.regions = 0;
    world.doubted = false;
    memset(world.found, 0, sizeof world.found);
    CU_ASSERT_FATAL(fr_common_init(&world.common, context, world.sides[0].meaning,
                                   world.sides[1].meaning) == FLOWRULES_OK);
    CU_ASSERT_FATAL(fr_common_choose(&world.common, FLOWRULES_EGRESS) == FLOWRULES_OK);
    CU_ASSERT_FATAL(fr_space_compare(&space, FLOWRULES_EGRESS) == FLOWRULES_OK);
    find_order();
    if (world.regions == 0 && !world.doubted) {
        size_t different = count_misjudged();
        wrong = world.disorder ? 0 : different;
        outcomes->equal += !world.disorder;
        outcomes->disorder += world.disorder;
        outcomes->founded += world.disorder && different > 0;
    }
    fr_common_free(&world.common);
    for (size_t s = 0; s < 2; s++)
        flowrules_meaning_free(world.sides[s].meaning);
    return wrong;
}

static void test_order(void) {
    const char *seed = getenv("SEED");
    unsigned long long first = seed == NULL ? 1 : strtoull(seed, NULL, 10);
    uint64_t count = unit_rounds(1000, 3000, 300000);
    struct outcomes outcomes = {0, 0, 0};
    flowrules_context *context;
    CU_ASSERT_FATAL(flowrules_context_new(&context) == FLOWRULES_OK);
    world.pods = world.doubts = false;
    world.ways = WAYS;
    for (uint64_t i = 0; i < count; i++) {
        world.state = (first + i) * UINT64_C(0x9E3779B97F4A7C15) | 1;
        if (compare_orders(context, &outcomes) > 0) {
            printf("    seed %llu\n", first + i);
            CU_FAIL_FATAL("lists are called equal that names' addresses make different");
        }
    }
    if (getenv("SHOW") != NULL)
        printf("    %zu equal, %zu in disorder, %zu of these seen to differ\n", outcomes.equal,
               outcomes.disorder, outcomes.founded);
    CU_ASSERT(count < 100 || (outcomes.equal > 0 && outcomes.founded > 0));
    flowrules_context_free(context);
}

UNIT_SUITE(space) {
    static const struct unit_test tests[] = {
        {"space: random clauses against brute force", test_brute_force},
        {"space: clauses that are much alike against brute force", test_alike},
        {"order: the same rules in another order, whatever addresses names have", test_order},
        {NULL, NULL}};
    unit_suite("space", tests);
}
