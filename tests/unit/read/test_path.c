/*
 * Devices one behind the other against brute force: random lists of two or three devices over a
 * universe that is small enough to ask each device about every packet.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "input.h"
#include "interfaces.h"
#include "loading.h"
#include "order.h"
#include "path.h"
#include "space.h"
#include "unit.h"

#define ADDRESSES   4u               /* 10.0.0.0 on */
#define POINTS      (ADDRESSES + 1u) /* the last is a name */
#define PORTS       3u
#define INTERFACES  3u
#define DEVICES_MAX 3u
#define RULES_MAX   32u
#define ANY_PLACE   INTERFACES        /* no place is named */
#define SOME_PLACES (INTERFACES + 1u) /* a pattern of the first two interfaces */

static const unsigned protocols[] = {6, 17, 47};
#define PROTOCOLS (sizeof protocols / sizeof protocols[0])
static const unsigned kinds[] = {FLOWRULES_NEW, FLOWRULES_REPLY, FLOWRULES_MIDSTREAM};
#define KINDS (sizeof kinds / sizeof kinds[0])
static const char *const interfaces[] = {"eth0", "eth1", "wan0", NULL, "eth*"};

struct packet {
    unsigned ends[2], protocol, port, kind;
    unsigned ways[2]; /* the interfaces by which it enters the first and leaves the last device */
};

struct rule {
    enum fr_effect effect;
    unsigned packets, stage;
    size_t skip_to;
    bool doubt;
    bool ends[2][POINTS];
    bool ways[2][INTERFACES];
    int protocol;
    unsigned ports[2];
};

struct device {
    struct rule rules[RULES_MAX];
    size_t count;
    unsigned stages, packets;
    enum flowrules_direction direction;
    unsigned places[2]; /* an interface, ANY_PLACE or SOME_PLACES */
    flowrules_meaning *meaning;
};

static struct {
    struct device devices[DEVICES_MAX], other;
    size_t count;
    uint64_t state;
    bool names, doubts;
    bool shut;    /* devices allow little and then block all, and what they are compared with all */
    bool exact;   /* all places between the devices are named */
    bool doubted; /* the comparison said that it depends on a rule in doubt */
    bool disorder;
    size_t regions;
    unsigned packets;        /* the kinds that are compared */
    bool members[ADDRESSES]; /* of the name, where it is interpreted */
    struct fr_common common;
    bool found[POINTS][POINTS][PROTOCOLS][PORTS][KINDS][INTERFACES][INTERFACES];
} world;

static uint32_t roll(uint32_t limit) {
    return unit_random(&world.state, limit);
}

/* ---- random devices ------------------------------------------------------------------------ */

static struct flowrules_set random_end(flowrules_input *in, bool *known) {
    struct flowrules_set parts[2];
    memset(known, true, POINTS * sizeof *known);
    if (roll(3) == 0)
        return flowrules_input_any(in);
    memset(known, false, POINTS * sizeof *known);
    for (size_t i = 0; i < 2; i++) {
        unsigned first = roll(ADDRESSES), last = first + roll(ADDRESSES - first);
        struct flowrules_range range = {
            FLOWRULES_IPV4, {0, 0x0A000000u + first}, {0, 0x0A000000u + last}};
        bool name = world.names && roll(3) == 0;
        parts[i] = name ? flowrules_input_name(in, (struct flowrules_place){0, 0, 0}, "x.test")
                        : flowrules_input_range(in, &range);
        known[ADDRESSES] = known[ADDRESSES] || name;
        for (unsigned a = first; a <= last && !name; a++)
            known[a] = true;
    }
    return flowrules_input_unite(in, parts, 2);
}

/* Interfaces by a name, by first letters, or all others. */
static struct flowrules_set random_ways(flowrules_input *in, bool *known) {
    unsigned own = roll(INTERFACES);
    bool begins = roll(3) == 0, negated = roll(3) == 0;
    struct flowrules_set set =
        flowrules_input_interface(in, begins ? "eth" : interfaces[own], begins);
    if (negated)
        set = flowrules_input_subtract(in, flowrules_input_interfaces(in), set);
    for (unsigned i = 0; i < INTERFACES; i++)
        known[i] = (begins ? i < 2 : i == own) != negated;
    return set;
}

static void random_service(struct rule *rule, struct flowrules_service *service,
                           struct flowrules_ports *ports) {
    *service = (struct flowrules_service){.protocol = -1, .icmp_type = -1, .icmp_code = -1};
    rule->protocol = roll(3) == 0 ? -1 : (int)protocols[roll(PROTOCOLS)];
    rule->ports[0] = 0;
    rule->ports[1] = UINT16_MAX;
    service->protocol = rule->protocol;
    if (rule->protocol != 6 && rule->protocol != 17)
        return;
    rule->ports[0] = roll(PORTS);
    rule->ports[1] = rule->ports[0] + roll(PORTS - rule->ports[0]);
    *ports = (struct flowrules_ports){(uint16_t)rule->ports[0], (uint16_t)rule->ports[1]};
    service->destination_ports = ports;
    service->destination_port_count = 1;
}

/* A rule; skip: the number of one that goes on at a later point, or UINT32_MAX. */
static void random_rule(flowrules_input *in, struct device *d, unsigned stage, bool skips,
                        uint32_t *skip) {
    static const enum flowrules_verdict verdicts[] = {
        [FR_PASS] = FLOWRULES_PASS, [FR_BLOCK] = FLOWRULES_BLOCK, [FR_OUTSIDE] = FLOWRULES_OUTSIDE};
    struct rule *rule = &d->rules[d->count++];
    struct flowrules_service service;
    struct flowrules_ports ports;
    *rule = (struct rule){.stage = stage, .packets = FR_ALL_PACKETS};
    random_service(rule, &service, &ports);
    if (roll(5) == 0)
        rule->packets = kinds[roll(KINDS)];
    rule->doubt = world.doubts && roll(6) == 0;
    rule->effect = !world.names && roll(8) == 0 ? FR_OUTSIDE : roll(2) == 0 ? FR_PASS : FR_BLOCK;
    struct flowrules_read_rule read = {.direction = d->direction,
                                       .packets = rule->packets,
                                       .services = &service,
                                       .service_count = 1,
                                       .doubt = rule->doubt ? "in doubt" : NULL};
    read.source = random_end(in, rule->ends[0]);
    read.destination = random_end(in, rule->ends[1]);
    for (unsigned e = 0; e < 2; e++) {
        bool has =
            d->direction == FLOWRULES_FORWARD || (e == 0) == (d->direction == FLOWRULES_INGRESS);
        memset(rule->ways[e], true, sizeof rule->ways[e]);
        if (has && roll(3) == 0)
            read.interfaces[e] = random_ways(in, rule->ways[e]);
    }
    read.verdict = verdicts[rule->effect];
    if (skips) {
        rule->effect = FR_SKIP;
        *skip = flowrules_input_skip(in, &read);
    } else {
        flowrules_input_rule(in, &read);
    }
}

static void random_stage(flowrules_input *in, struct device *d, unsigned stage) {
    size_t rules = 1 + roll(4), skipping = 0, landing = 0;
    uint32_t skip = UINT32_MAX;
    flowrules_input_stage(in, d->direction);
    for (size_t i = 0; i < rules; i++) {
        if (skip != UINT32_MAX && i == landing) {
            flowrules_input_land(in, skip);
            d->rules[skipping].skip_to = d->count;
            skip = UINT32_MAX;
        }
        bool skips = skip == UINT32_MAX && i + 1 < rules && roll(4) == 0;
        if (skips) {
            skipping = d->count;
            landing = i + 1 + roll((uint32_t)(rules - i - 1));
        }
        random_rule(in, d, stage, skips, &skip);
    }
    if (skip != UINT32_MAX) {
        flowrules_input_land(in, skip);
        d->rules[skipping].skip_to = d->count;
    }
}

/* A rule that blocks what no rule before it allows. */
static void block_rest(flowrules_input *in, struct device *d, unsigned stage) {
    struct rule *rule = &d->rules[d->count++];
    struct flowrules_read_rule read = {.direction = d->direction,
                                       .verdict = FLOWRULES_BLOCK,
                                       .source = flowrules_input_any(in),
                                       .destination = flowrules_input_any(in)};
    *rule = (struct rule){.effect = FR_BLOCK,
                          .packets = FR_ALL_PACKETS,
                          .stage = stage,
                          .protocol = -1,
                          .ports = {0, UINT16_MAX}};
    memset(rule->ends, true, sizeof rule->ends);
    memset(rule->ways, true, sizeof rule->ways);
    flowrules_input_rule(in, &read);
}

static void random_device(flowrules_context *context, struct device *d,
                          enum flowrules_direction direction) {
    struct flowrules_input in;
    d->count = 0;
    d->direction = direction;
    d->stages = roll(4) == 0 ? 2 : 1;
    CU_ASSERT_FATAL(fr_meaning_new(&d->meaning, context) == FLOWRULES_OK);
    CU_ASSERT_FATAL(fr_input_init(&in, d->meaning) == FLOWRULES_OK);
    d->packets = FLOWRULES_NEW | (roll(3) == 0 ? 0 : FLOWRULES_REPLY | FLOWRULES_MIDSTREAM);
    d->meaning->packets = d->packets;
    for (unsigned s = 0; s < d->stages; s++) {
        if (!world.shut || d != &world.other)
            random_stage(&in, d, s);
        if (world.shut)
            block_rest(&in, d, s);
    }
    CU_ASSERT_FATAL(fr_input_status(&in) == FLOWRULES_OK);
    fr_input_free(&in);
}

/* Where packets are at one end of a device; at the ends of the path mostly anywhere. */
static unsigned random_place(bool inner) {
    if (!inner)
        return roll(4) > 0 ? ANY_PLACE : roll(INTERFACES);
    unsigned place = roll(8);
    return place < 6 ? place % INTERFACES : place == 6 ? ANY_PLACE : SOME_PLACES;
}

/* Devices in a row: the first and the last may be machines. */
static enum flowrules_direction random_devices(flowrules_context *context) {
    enum flowrules_direction whole = FLOWRULES_FORWARD;
    world.count = 2 + roll(DEVICES_MAX - 1);
    world.exact = true;
    for (size_t i = 0; i < world.count; i++) {
        struct device *d = &world.devices[i];
        bool first = i == 0, last = i + 1 == world.count, host = (first || last) && roll(3) == 0;
        enum flowrules_direction own = first ? FLOWRULES_EGRESS : FLOWRULES_INGRESS;
        random_device(context, d, host ? own : FLOWRULES_FORWARD);
        d->places[0] = first && host ? ANY_PLACE : random_place(!first);
        d->places[1] = last && host ? ANY_PLACE : random_place(!last);
        world.exact = world.exact && (first || d->places[0] < INTERFACES) &&
                      (last || d->places[1] < INTERFACES);
        if (host)
            whole = whole == FLOWRULES_FORWARD ? own : FLOWRULES_FORWARD;
    }
    return whole;
}

static flowrules_meaning *join(flowrules_context *context) {
    flowrules_path *path;
    flowrules_meaning *meaning;
    CU_ASSERT_FATAL(flowrules_path_new(&path, context) == FLOWRULES_OK);
    for (size_t i = 0; i < world.count; i++) {
        const struct device *d = &world.devices[i];
        CU_ASSERT_FATAL(flowrules_path_add(path, d->meaning, interfaces[d->places[0]],
                                           interfaces[d->places[1]], NULL) == FLOWRULES_OK);
    }
    CU_ASSERT_FATAL(flowrules_path_meaning(&meaning, path) == FLOWRULES_OK);
    flowrules_path_free(path);
    return meaning;
}

/* ---- brute force --------------------------------------------------------------------------- */

static bool end_has(const struct rule *rule, unsigned end, unsigned point) {
    return rule->ends[end][point] ||
           (point < ADDRESSES && world.members[point] && rule->ends[end][ADDRESSES]);
}

static bool matches(const struct device *d, const struct rule *rule, const struct packet *p,
                    const unsigned ways[2]) {
    unsigned protocol = protocols[p->protocol], packets = rule->packets;
    if ((d->packets & FLOWRULES_REPLY) == 0) /* it tracks connections itself */
        packets &= ~(unsigned)FLOWRULES_REPLY;
    return (packets & kinds[p->kind]) != 0 && end_has(rule, 0, p->ends[0]) &&
           end_has(rule, 1, p->ends[1]) && rule->ways[0][ways[0]] && rule->ways[1][ways[1]] &&
           (rule->protocol < 0 || (unsigned)rule->protocol == protocol) &&
           rule->ports[0] <= p->port && p->port <= rule->ports[1];
}

/* The effects, as bits, that a stage of a device may have from a rule on, up to another. */
static unsigned ask_rules(const struct device *d, const struct packet *p, const unsigned ways[2],
                          unsigned stage, size_t from, size_t to) {
    for (size_t i = from; i < to; i++) {
        const struct rule *rule = &d->rules[i];
        if (rule->stage != stage || !matches(d, rule, p, ways))
            continue;
        unsigned taken = rule->effect == FR_SKIP ? ask_rules(d, p, ways, stage, rule->skip_to, to)
                                                 : 1u << rule->effect;
        return rule->doubt ? taken | ask_rules(d, p, ways, stage, i + 1, to) : taken;
    }
    return 1u << FR_PASS;
}

/* The rules of a stage, from its first on, that take packets out of the comparison. */
static void find_outside(const struct device *d, unsigned stage, size_t *first, size_t *last) {
    *first = 0;
    while (*first < d->count && d->rules[*first].stage != stage)
        ++*first;
    for (*last = *first; *last < d->count && d->rules[*last].stage == stage &&
                         d->rules[*last].effect == FR_OUTSIDE;)
        ++*last;
}

/* One after the other: the first that does not pass decides. */
static unsigned after(unsigned before, unsigned next) {
    unsigned pass = 1u << FR_PASS;
    return (before & pass) == 0 ? before : (before & ~pass) | next;
}

/* Whether a device has a say at all, and then what it says. */
static unsigned ask_device(const struct device *d, const struct packet *p, const unsigned ways[2],
                           bool outside) {
    unsigned result = 1u << FR_PASS;
    for (unsigned s = 0; s < d->stages; s++) {
        size_t first, last;
        find_outside(d, s, &first, &last);
        result = after(result, outside ? ask_rules(d, p, ways, s, first, last)
                                       : ask_rules(d, p, ways, s, last, d->count));
    }
    return result;
}

static bool may_be_at(unsigned place, unsigned way, unsigned interface) {
    if (way != UINT32_MAX && place == ANY_PLACE)
        return way == interface;
    return place == ANY_PLACE || (place == SOME_PLACES ? interface < 2 : place == interface);
}

/* What each device may say by all the interfaces that are possible; way UINT32_MAX: between two. */
static unsigned ask_path(const struct packet *p, size_t number, bool outside, unsigned result) {
    const struct device *d = &world.devices[number];
    unsigned all = 0, first = number == 0 ? p->ways[0] : UINT32_MAX;
    unsigned last = number + 1 == world.count ? p->ways[1] : UINT32_MAX;
    if (number == world.count)
        return result;
    for (unsigned in = 0; in < INTERFACES; in++)
        for (unsigned out = 0; out < INTERFACES; out++)
            if (may_be_at(d->places[0], first, in) && may_be_at(d->places[1], last, out))
                all |= ask_device(d, p, (unsigned[]){in, out}, outside);
    return ask_path(p, number + 1, outside, after(result, all));
}

enum answer { ALIKE, DIFFERENT, UNKNOWN };

/*
 * Rules in doubt before all others and among them are doubts of their own, and so is each end of a
 * device: as sets of effects they are independent, like those of the meaning.
 */
static enum answer answer_for(const struct packet *p) {
    unsigned path = ask_path(p, 0, false, ask_path(p, 0, true, 1u << FR_PASS)), seen = 0;
    unsigned other = 1u << FR_PASS;
    for (unsigned s = 0; s < world.other.stages; s++)
        other = after(other, ask_rules(&world.other, p, p->ways, s, 0, world.other.count));
    for (unsigned x = 0; x < 3; x++)
        for (unsigned y = 0; y < 3; y++)
            if ((path & (1u << x)) != 0 && (other & (1u << y)) != 0)
                seen |= x == y || x == FR_OUTSIDE || y == FR_OUTSIDE ? 1u : 2u;
    return seen == 3 ? UNKNOWN : seen == 2 ? DIFFERENT : ALIKE;
}

/* ---- what the comparison found ------------------------------------------------------------- */

static bool region_has_end(const struct fr_region *r, unsigned end, unsigned point) {
    struct flowrules_ip ip = {0, 0x0A000000u + point};
    for (uint32_t i = r->first[end]; i != UINT32_MAX; i = r->pieces[end][i].next) {
        const struct fr_piece *piece = &r->pieces[end][i];
        bool address = piece->atom == FR_NO_ATOM && point < ADDRESSES &&
                       fr_ip_compare(piece->first, ip) <= 0 && fr_ip_compare(ip, piece->last) <= 0;
        if (address || (point == ADDRESSES && piece->atom == 0))
            return true;
    }
    return false;
}

static bool region_has_way(const struct fr_region *r, unsigned end, unsigned way) {
    struct flowrules_range range;
    return r->interfaces[end] == 0 || (fr_interface_range(interfaces[way], false, &range) &&
                                       fr_set_has_ip(&world.common.terms->sets, r->interfaces[end],
                                                     FLOWRULES_IPV6, range.first));
}

static bool region_has(const struct fr_region *r, const struct packet *p) {
    unsigned protocol = protocols[p->protocol];
    return r->packets == kinds[p->kind] && region_has_end(r, 0, p->ends[0]) &&
           region_has_end(r, 1, p->ends[1]) && region_has_way(r, 0, p->ways[0]) &&
           region_has_way(r, 1, p->ways[1]) && r->destination.first <= p->port &&
           p->port <= r->destination.last &&
           (r->protocol == FR_OTHER_PROTOCOLS ? !r->named[protocol] : r->protocol == protocol);
}

/* The next packet; false after the last. */
static bool next_packet(struct packet *p) {
    const struct {
        unsigned *digit, limit;
    } digits[] = {{&p->ends[0], POINTS},    {&p->ends[1], POINTS}, {&p->protocol, PROTOCOLS},
                  {&p->port, PORTS},        {&p->kind, KINDS},     {&p->ways[0], INTERFACES},
                  {&p->ways[1], INTERFACES}};
    for (size_t i = 0; i < sizeof digits / sizeof digits[0]; i++) {
        if (++*digits[i].digit < digits[i].limit)
            return true;
        *digits[i].digit = 0;
    }
    return false;
}

static bool *mark_of(const struct packet *p) {
    return &world.found[p->ends[0]][p->ends[1]][p->protocol][p->port][p->kind][p->ways[0]]
                       [p->ways[1]];
}

static flowrules_status mark_region(void *user, const struct fr_region *region) {
    struct packet p = {.kind = 0};
    (void)user;
    world.regions++;
    if (region->family != FLOWRULES_IPV4)
        return FLOWRULES_OK;
    do
        if (region_has(region, &p))
            *mark_of(&p) = true;
    while (next_packet(&p));
    return FLOWRULES_OK;
}

static void mark_doubt(void *user, uint32_t item) {
    (void)user;
    (void)item;
    world.doubted = true;
}

static void mark_disorder(void *user, const struct fr_disorder *disorder) {
    (void)user;
    (void)disorder;
    world.disorder = true;
}

static bool exists(const struct packet *p) {
    return (world.packets & kinds[p->kind]) != 0 &&
           (protocols[p->protocol] != 47 || p->port == 0) &&
           (kinds[p->kind] != FLOWRULES_MIDSTREAM || protocols[p->protocol] == 6);
}

/* Packets of addresses of which something untrue was said. */
static size_t count_wrong(void) {
    size_t wrong = 0;
    struct packet p = {.kind = 0};
    do {
        if (!exists(&p) || p.ends[0] == ADDRESSES || p.ends[1] == ADDRESSES)
            continue;
        enum answer answer = answer_for(&p);
        bool found = *mark_of(&p);
        wrong += found ? answer != DIFFERENT
                       : (answer == DIFFERENT && (world.exact || !world.doubted)) ||
                             (answer == UNKNOWN && !world.doubted);
    } while (next_packet(&p));
    return wrong;
}

/* What is called equal has to be equal whichever addresses the name has. */
static size_t count_misjudged(void) {
    size_t wrong = 0;
    for (unsigned members = 0; members < 1u << ADDRESSES; members++) {
        struct packet p = {.kind = 0};
        for (unsigned a = 0; a < ADDRESSES; a++)
            world.members[a] = (members & (1u << a)) != 0;
        do
            wrong += exists(&p) && p.ends[0] < ADDRESSES && p.ends[1] < ADDRESSES && p.kind == 0 &&
                     answer_for(&p) != ALIKE;
        while (next_packet(&p));
    }
    memset(world.members, false, sizeof world.members);
    return wrong;
}

/* ---- the property -------------------------------------------------------------------------- */

static void compare(flowrules_context *context, const flowrules_meaning *path,
                    enum flowrules_direction direction) {
    struct fr_space space = {
        .common = &world.common, .visit = mark_region, .doubt = mark_doubt, .most = FR_SPACE_STEPS};
    struct fr_order order = {.common = &world.common,
                             .found = mark_disorder,
                             .doubt = mark_doubt,
                             .most = FR_ORDER_STEPS};
    memset(world.found, 0, sizeof world.found);
    world.regions = 0;
    world.doubted = world.disorder = false;
    CU_ASSERT_FATAL(fr_common_init(&world.common, context, world.other.meaning, path) ==
                    FLOWRULES_OK);
    world.packets = world.common.packets;
    CU_ASSERT_FATAL(fr_common_choose(&world.common, direction) == FLOWRULES_OK);
    CU_ASSERT_FATAL(fr_space_compare(&space, direction) == FLOWRULES_OK);
    CU_ASSERT_FATAL(fr_order_compare(&order) == FLOWRULES_OK);
    CU_ASSERT_FATAL(!space.too_much && !order.too_much);
}

/* How often each outcome was, so that the test is seen to be about something. */
struct outcomes {
    size_t equal, different, unknown;
};

static size_t compare_once(flowrules_context *context, struct outcomes *outcomes) {
    enum flowrules_direction direction = random_devices(context);
    random_device(context, &world.other, direction);
    flowrules_meaning *path = join(context);
    CU_ASSERT(path->stages[direction].count > 0);
    compare(context, path, direction);
    bool equal = world.regions == 0 && !world.doubted && !world.disorder;
    outcomes->equal += equal;
    outcomes->different += world.regions > 0;
    outcomes->unknown += world.regions == 0 && !equal;
    size_t wrong = world.names ? equal ? count_misjudged() : 0 : count_wrong();
    fr_common_free(&world.common);
    flowrules_meaning_free(path);
    flowrules_meaning_free(world.other.meaning);
    for (size_t i = 0; i < world.count; i++)
        flowrules_meaning_free(world.devices[i].meaning);
    return wrong;
}

static void test_brute_force(void) {
    const char *seed = getenv("SEED");
    unsigned long long first = seed == NULL ? 1 : strtoull(seed, NULL, 10);
    uint64_t count = unit_rounds(600, 3000, 300000);
    struct outcomes outcomes[2] = {{0, 0, 0}, {0, 0, 0}};
    flowrules_context *context;
    CU_ASSERT_FATAL(flowrules_context_new(&context) == FLOWRULES_OK);
    for (uint64_t i = 0; i < count; i++) {
        world.state = (first + i) * UINT64_C(0x9E3779B97F4A7C15) | 1;
        world.names = (first + i) % 3 == 0;
        world.doubts = (first + i) % 2 == 0;
        world.shut = (first + i) % 9 == 3;
        size_t wrong = compare_once(context, &outcomes[world.names]);
        flowrules_diagnostics_clear(context);
        if (wrong > 0) {
            printf("    seed %llu: %zu packets\n", first + i, wrong);
            CU_FAIL_FATAL("the path and its devices disagree");
        }
    }
    if (getenv("SHOW") != NULL)
        for (size_t i = 0; i < 2; i++)
            printf("    %zu equal, %zu different, %zu unknown\n", outcomes[i].equal,
                   outcomes[i].different, outcomes[i].unknown);
    CU_ASSERT(count < 100 || (outcomes[0].different > 0 && outcomes[0].equal > 0));
    flowrules_context_free(context);
}

UNIT_SUITE(path) {
    static const struct unit_test tests[] = {
        {"path: random devices in a row against brute force", test_brute_force}, {NULL, NULL}};
    unit_suite("path", tests);
}
