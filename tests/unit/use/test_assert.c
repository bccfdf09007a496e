/*
 * Assertions against brute force: random policies over nine addresses, in which each name and
 * wildcard takes on each address that it may have.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loading.h"
#include "unit.h"

/* 10.0.0.0 to 10.0.0.7, and all others. */
#define ADDRESSES 9u
#define ALL       0x1ffu
/* tcp/1, tcp/2, all other tcp, udp/1, all others */
#define SERVICES 5u

#define FLOWS_MAX      8u
#define ASSERTIONS_MAX 6u
#define PARTS_MAX      3u
#define ZONES_MAX      4u

/* The networks have names of which an exception takes a part. */
enum { NAME_A, NAME_B, WILDCARD, PINNED, CUT, NESTED, NAMES };

static const char *const name_texts[NAMES] = {"a.example.com", "b.example.net", "\"*.example.com\"",
                                              "c.example.org", "cut",           "nested"};
static const char networks_text[] =
    "networks:\n"
    "  cut: {members: [a.example.com, 10.0.0.2-10.0.0.3], except: 10.0.0.3-10.0.0.5}\n"
    "  nested: {members: [cut, \"*.example.com\", c.example.org], except: [10.0.0.0, 10.0.0.6]}\n";
static const char lock_text[] =
    "{\"flowrules-lock\": 1, \"names\": {\"c.example.org\": {\"addresses\": [{\"address\": "
    "\"10.0.0.1\"}, {\"address\": \"10.0.0.6\"}]}}}";

static const struct {
    const char *text;
    unsigned services;
} service_kinds[] = {{"service: any", 0x1f},
                     {"protocol: tcp", 0x07},
                     {"protocol: tcp, port: 1", 0x01},
                     {"protocol: tcp, port: [2]", 0x02},
                     {"protocol: tcp, port: 1-2", 0x03},
                     {"protocol: [udp, tcp], port: 1", 0x09},
                     {"protocol: udp, port: 1", 0x08}};

struct items {
    unsigned addresses, names;
};

/* What is in members and not in except. */
struct end {
    struct items members, except;
};

struct packets {
    struct end ends[2];
    unsigned services;
};

struct flow {
    bool deny;
    int spared; /* the flow that a deny spares; -1: none */
    struct packets packets;
};

struct exception {
    unsigned flow;
    bool limited, over;
    struct packets packets;
};

struct assertion {
    enum fr_assertion_kind kind;
    unsigned count, exceptions;
    struct packets packets[PARTS_MAX];
    struct exception exception;
};

struct world {
    unsigned flow_count, assertion_count, zone_count;
    struct flow flows[FLOWS_MAX];
    struct assertion assertions[ASSERTIONS_MAX];
    struct end zones[ZONES_MAX];
    bool listed[ZONES_MAX][ZONES_MAX];
    unsigned cells[ZONES_MAX][ZONES_MAX];
    bool names;  /* some name whose address is not known stands in it */
    bool device; /* what it lets pass is asked of it, so that it has no network */
    char text[32 * 1024];
    size_t used;
    uint64_t random;
};

__attribute__((format(printf, 2, 3))) static void say(struct world *w, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    w->used += (size_t)vsnprintf(w->text + w->used, sizeof w->text - w->used, format, arguments);
    va_end(arguments);
}

/* ---- random worlds ------------------------------------------------------------------------- */

static unsigned below(struct world *w, unsigned limit) {
    return unit_random(&w->random, limit);
}

static struct items random_items(struct world *w, bool may_any, bool names) {
    struct items items = {0, 0};
    if (may_any && below(w, 12) == 0) {
        say(w, "any");
        return (struct items){ALL, 0};
    }
    unsigned count = 1 + below(w, 2);
    say(w, "[");
    for (unsigned i = 0; i < count; i++) {
        unsigned first = below(w, 8), last = first + below(w, first < 6 ? 3 : 8 - first);
        say(w, "%s", i > 0 ? ", " : "");
        if (names && below(w, 5) == 0) {
            unsigned name = below(w, w->device ? CUT : NAMES);
            say(w, "%s", name_texts[name]);
            items.names |= 1u << name;
            w->names = w->names || name != PINNED;
            continue;
        }
        say(w, first == last ? "10.0.0.%u" : "10.0.0.%u-10.0.0.%u", first, last);
        for (unsigned a = first; a <= last; a++)
            items.addresses |= 1u << a;
    }
    say(w, "]");
    return items;
}

static struct end random_end(struct world *w, bool names) {
    struct end end = {{0, 0}, {0, 0}};
    unsigned form = below(w, 8);
    if (form > 1) {
        end.members = random_items(w, true, names);
        return end;
    }
    end.members.addresses = ALL;
    say(w, "{");
    if (form == 0) {
        say(w, "members: ");
        end.members = random_items(w, true, names);
        say(w, ", ");
    }
    say(w, "except: ");
    end.except = random_items(w, false, names);
    say(w, "}");
    return end;
}

static unsigned random_service(struct world *w) {
    size_t kind = below(w, sizeof service_kinds / sizeof *service_kinds);
    say(w, "%s", service_kinds[kind].text);
    return service_kinds[kind].services;
}

static struct packets random_packets(struct world *w, bool names) {
    struct packets packets;
    say(w, "{source: ");
    packets.ends[0] = random_end(w, names);
    say(w, ", destination: ");
    packets.ends[1] = random_end(w, names);
    say(w, ", ");
    packets.services = random_service(w);
    say(w, "}");
    return packets;
}

static void random_flow(struct world *w, unsigned i, bool names) {
    struct flow *flow = &w->flows[i];
    *flow = (struct flow){.deny = i > 0 && below(w, 3) == 0, .spared = -1};
    say(w, "  - {name: f%u, source: ", i);
    flow->packets.ends[0].members = random_items(w, true, names);
    say(w, ", destination: ");
    flow->packets.ends[1].members = random_items(w, true, names);
    say(w, ", ");
    flow->packets.services = random_service(w);
    if (flow->deny && !w->flows[0].deny && below(w, 3) == 0 && !w->device)
        flow->spared = 0;
    say(w, "%s%s}\n", flow->deny ? ", action: deny" : "", flow->spared == 0 ? ", spares: f0" : "");
}

static void random_exception(struct world *w, struct assertion *assertion, bool names) {
    struct exception *e = &assertion->exception;
    assertion->exceptions = 1;
    *e = (struct exception){
        .flow = below(w, w->flow_count), .limited = below(w, 2) == 0, .over = below(w, 4) == 0};
    say(w, ", exception: {flow: f%u, until: %s", e->flow, e->over ? "2026-11-22" : "2026-11-23");
    if (e->limited) {
        say(w, ", source: ");
        e->packets.ends[0] = random_end(w, names);
        say(w, ", destination: ");
        e->packets.ends[1] = random_end(w, names);
        e->packets.services = 0x1f;
    }
    say(w, "}");
}

static void random_assertion(struct world *w, unsigned i, bool names) {
    struct assertion *assertion = &w->assertions[i];
    *assertion = (struct assertion){.kind = (enum fr_assertion_kind)below(w, FR_ASSERT_KINDS),
                                    .count = 1 + below(w, PARTS_MAX)};
    say(w, "  - {%s: [", fr_assertion_words[assertion->kind]);
    for (unsigned p = 0; p < assertion->count; p++) {
        say(w, "%s", p > 0 ? ", " : "");
        assertion->packets[p] = random_packets(w, names);
    }
    say(w, "]");
    if (assertion->kind != FR_ASSERT_MUST && below(w, 3) == 0)
        random_exception(w, assertion, names);
    say(w, "}\n");
}

static void random_zones(struct world *w, bool names) {
    bool any = false;
    say(w, "zones:\n");
    for (unsigned i = 0; i < w->zone_count; i++) {
        say(w, "  z%u: ", i);
        w->zones[i] = random_end(w, names);
        say(w, "\n");
    }
    say(w, "matrix:\n");
    for (unsigned i = 0; i < w->zone_count; i++) {
        bool row = false;
        for (unsigned k = 0; k < w->zone_count; k++) {
            w->listed[i][k] = below(w, 3) == 0 || (!any && i + 1 == w->zone_count && k == i);
            if (!w->listed[i][k])
                continue;
            say(w, row ? ", z%u: " : "  z%u: {z%u: ", row ? k : i, k);
            w->cells[i][k] = below(w, 2) == 0 ? 0x01 : 0x1f;
            say(w, w->cells[i][k] == 1 ? "one" : "any");
            row = any = true;
        }
        say(w, row ? "}\n" : "");
    }
}

static void random_world(struct world *w, uint64_t seed, bool device) {
    *w = (struct world){.random = seed * 7919 + 1, .device = device};
    bool names = seed % 2 == 1;
    w->flow_count = 1 + below(w, FLOWS_MAX);
    w->assertion_count = 1 + below(w, ASSERTIONS_MAX);
    w->zone_count = 2 + below(w, ZONES_MAX - 1);
    w->names = names && !device; /* they stand in the networks */
    say(w, "flowrules: 1\n%sservices:\n  one: {protocol: tcp, port: 1}\nflows:\n",
        w->names ? networks_text : "");
    for (unsigned i = 0; i < w->flow_count; i++)
        random_flow(w, i, names);
    say(w, "assertions:\n");
    for (unsigned i = 0; i < w->assertion_count; i++)
        random_assertion(w, i, names);
    random_zones(w, names);
}

/* ---- brute force --------------------------------------------------------------------------- */

/* The addresses that names have, as bits. */
struct guess {
    unsigned names[NAMES];
};

static unsigned items_of(const struct items *items, const struct guess *guess) {
    unsigned bits = items->addresses;
    for (unsigned n = 0; n < NAMES; n++)
        bits |= (items->names >> n & 1) != 0 ? guess->names[n] : 0;
    return bits;
}

static unsigned end_of(const struct end *end, const struct guess *guess) {
    return items_of(&end->members, guess) & ~items_of(&end->except, guess);
}

/* The sources from which packets to each destination, of each service, are in a set. */
struct space {
    unsigned from[ADDRESSES][SERVICES];
};

static void add_packets(struct space *space, const struct packets *packets,
                        const struct guess *guess) {
    unsigned from = end_of(&packets->ends[0], guess), to = end_of(&packets->ends[1], guess);
    for (unsigned d = 0; d < ADDRESSES; d++)
        for (unsigned s = 0; s < SERVICES; s++)
            if ((to >> d & 1) != 0 && (packets->services >> s & 1) != 0)
                space->from[d][s] |= from;
}

static void subtract(struct space *space, const struct space *gone) {
    for (unsigned d = 0; d < ADDRESSES; d++)
        for (unsigned s = 0; s < SERVICES; s++)
            space->from[d][s] &= ~gone->from[d][s];
}

static bool meets(const struct space *a, const struct space *b) {
    bool any = false;
    for (unsigned d = 0; d < ADDRESSES; d++)
        for (unsigned s = 0; s < SERVICES; s++)
            any = any || (a->from[d][s] & b->from[d][s]) != 0;
    return any;
}

/* What passes by a flow. */
static struct space passing(const struct world *w, unsigned flow, const struct guess *guess) {
    struct space space = {{{0}}}, gone = {{{0}}};
    if (w->flows[flow].deny)
        return space;
    add_packets(&space, &w->flows[flow].packets, guess);
    for (unsigned i = 0; i < w->flow_count; i++)
        if (w->flows[i].deny && w->flows[i].spared != (int)flow)
            add_packets(&gone, &w->flows[i].packets, guess);
    subtract(&space, &gone);
    return space;
}

/* What must not pass, of a 'never' or an 'only'. */
static struct space forbidden(const struct assertion *a, const struct guess *guess) {
    struct space space = {{{0}}}, admitted = {{{0}}};
    for (unsigned i = 0; i < a->count; i++) {
        struct packets all = a->packets[i];
        if (a->kind == FR_ASSERT_ONLY) {
            add_packets(&admitted, &all, guess);
            all.ends[0] = (struct end){{ALL, 0}, {0, 0}};
            all.services = 0x1f;
        }
        add_packets(&space, &all, guess);
    }
    subtract(&space, &admitted);
    return space;
}

static bool is_broken(const struct world *w, const struct assertion *a, const struct guess *guess) {
    struct space space = forbidden(a, guess);
    bool broken = false;
    for (unsigned f = 0; f < w->flow_count; f++) {
        struct space own = passing(w, f, guess), excepted = {{{0}}};
        const struct packets everything = {{{{ALL, 0}, {0, 0}}, {{ALL, 0}, {0, 0}}}, 0x1f};
        if (a->kind == FR_ASSERT_MUST) {
            subtract(&space, &own);
            continue;
        }
        if (a->exceptions > 0 && !a->exception.over && a->exception.flow == f)
            add_packets(&excepted, a->exception.limited ? &a->exception.packets : &everything,
                        guess);
        subtract(&own, &excepted);
        broken = broken || meets(&own, &space);
    }
    return a->kind == FR_ASSERT_MUST ? meets(&space, &space) : broken;
}

static bool zones_are_broken(const struct world *w, const struct guess *guess) {
    unsigned all = 0;
    bool broken = false;
    for (unsigned i = 0; i < w->zone_count; i++) {
        unsigned zone = end_of(&w->zones[i], guess);
        broken = broken || (zone & all) != 0;
        all |= zone;
    }
    for (unsigned f = 0; f < w->flow_count; f++)
        for (unsigned e = 0; e < 2 && !w->flows[f].deny; e++)
            broken = broken || (end_of(&w->flows[f].packets.ends[e], guess) & ~all) != 0;
    return broken;
}

/* What must not pass from a zone: what its row does not list. */
static struct space unlisted(const struct world *w, unsigned zone, const struct guess *guess) {
    struct packets row = {{w->zones[zone], {{0, 0}, {0, 0}}}, 0x1f};
    struct space space = {{{0}}}, listed = {{{0}}};
    for (unsigned k = 0; k < w->zone_count; k++) {
        row.ends[1] = w->zones[k];
        row.services = 0x1f;
        if (k != zone || w->listed[zone][zone])
            add_packets(&space, &row, guess);
        row.services = w->cells[zone][k];
        if (w->listed[zone][k])
            add_packets(&listed, &row, guess);
    }
    subtract(&space, &listed);
    return space;
}

static bool matrix_is_broken(const struct world *w, const struct guess *guess) {
    bool broken = false;
    for (unsigned i = 0; i < w->zone_count; i++) {
        struct space space = unlisted(w, i, guess);
        for (unsigned f = 0; f < w->flow_count; f++) {
            struct space own = passing(w, f, guess);
            broken = broken || meets(&own, &space);
        }
    }
    return broken;
}

/* Is assertion number i broken, or the zones, or the matrix behind them? */
static bool truth(const struct world *w, size_t i, const struct guess *guess) {
    if (i < w->assertion_count)
        return is_broken(w, &w->assertions[i], guess);
    return i == w->assertion_count ? zones_are_broken(w, guess) : matrix_is_broken(w, guess);
}

/* The guess of a number: a wildcard has the name below it, and one more address. */
static struct guess guess_of(unsigned number) {
    unsigned a = number % 9, b = number / 9 % 9, more = number / 81 % 9;
    unsigned wildcard = 1u << a | 1u << more, pinned = 1u << 1 | 1u << 6;
    unsigned cut = (1u << a | 0xcu) & ~0x38u;
    return (struct guess){
        {1u << a, 1u << b, wildcard, pinned, cut, (cut | wildcard | pinned) & ~0x41u}};
}

/* ---- brute force of what runs -------------------------------------------------------------- */

#define DEVICES_MAX 2u

/* Devices in a row, each with the flows of a world. */
struct running {
    const struct world *devices[DEVICES_MAX];
    unsigned count;
};

/* What passes all devices. */
static struct space passing_all(const struct running *running, const struct guess *guess) {
    struct space all, gone;
    memset(&all, 0xff, sizeof all);
    for (unsigned i = 0; i < running->count; i++) {
        struct space own = {{{0}}};
        for (unsigned f = 0; f < running->devices[i]->flow_count; f++) {
            struct space flow = passing(running->devices[i], f, guess);
            for (unsigned d = 0; d < ADDRESSES; d++)
                for (unsigned s = 0; s < SERVICES; s++)
                    own.from[d][s] |= flow.from[d][s];
        }
        gone = all;
        subtract(&gone, &own);
        subtract(&all, &gone);
    }
    return all;
}

static bool is_broken_running(const struct world *w, const struct assertion *a,
                              const struct space *passes, const struct guess *guess) {
    struct space space = forbidden(a, guess), excepted = {{{0}}}, left, limit = {{{0}}};
    if (a->kind == FR_ASSERT_MUST) {
        subtract(&space, passes);
        return meets(&space, &space);
    }
    if (a->exceptions > 0 && !a->exception.over) {
        const struct packets everything = {{{{ALL, 0}, {0, 0}}, {{ALL, 0}, {0, 0}}}, 0x1f};
        add_packets(&limit, a->exception.limited ? &a->exception.packets : &everything, guess);
        excepted = left = passing(w, a->exception.flow, guess);
        subtract(&left, &limit);
        subtract(&excepted, &left);
    }
    subtract(&space, &excepted);
    return meets(&space, passes);
}

static bool zones_are_broken_running(const struct world *w, const struct space *passes,
                                     const struct guess *guess) {
    unsigned all = 0;
    bool broken = false;
    for (unsigned i = 0; i < w->zone_count; i++) {
        unsigned zone = end_of(&w->zones[i], guess);
        broken = broken || (zone & all) != 0;
        all |= zone;
    }
    for (unsigned d = 0; d < ADDRESSES; d++)
        for (unsigned s = 0; s < SERVICES; s++)
            broken = broken || (passes->from[d][s] & ALL & ~all) != 0 ||
                     ((passes->from[d][s] & ALL) != 0 && (all >> d & 1) == 0);
    return broken;
}

static bool matrix_is_broken_running(const struct world *w, const struct space *passes,
                                     const struct guess *guess) {
    bool broken = false;
    for (unsigned i = 0; i < w->zone_count; i++) {
        struct space space = unlisted(w, i, guess);
        broken = broken || meets(&space, passes);
    }
    return broken;
}

static bool truth_running(const struct world *w, size_t i, const struct running *running,
                          const struct guess *guess) {
    struct space passes = passing_all(running, guess);
    if (i < w->assertion_count)
        return is_broken_running(w, &w->assertions[i], &passes, guess);
    return i == w->assertion_count ? zones_are_broken_running(w, &passes, guess)
                                   : matrix_is_broken_running(w, &passes, guess);
}

/* ---- the tests ----------------------------------------------------------------------------- */

struct tally {
    unsigned holds, broken, unknown, wrong;
};

/* running: NULL where it is about the flows. */
static void check_verdict(const struct world *w, const struct running *running, size_t i,
                          const char *verdict, struct tally *tally) {
    bool any_broken = false, all_broken = true, names = w->names;
    for (unsigned k = 0; running != NULL && k < running->count; k++)
        names = names || running->devices[k]->names;
    for (unsigned g = 0; g < (names ? 729u : 1u); g++) {
        struct guess guess = guess_of(g);
        bool broken = running == NULL ? truth(w, i, &guess) : truth_running(w, i, running, &guess);
        any_broken = any_broken || broken;
        all_broken = all_broken && broken;
    }
    bool holds = strcmp(verdict, "holds") == 0, broken = strcmp(verdict, "broken") == 0;
    bool good = holds ? !any_broken : broken ? all_broken : names;
    tally->holds += holds;
    tally->broken += broken;
    tally->unknown += !holds && !broken;
    tally->wrong += !good;
    if (!good && tally->wrong < 4)
        printf("\n    assertion %zu is not '%s' (%d %d):\n%s\n", i, verdict, any_broken, all_broken,
               w->text);
    for (unsigned k = 0; !good && tally->wrong < 4 && running != NULL && k < running->count; k++)
        printf("\n    device:\n%s\n", running->devices[k]->text);
}

static void check_world(struct world *w, struct tally *tally) {
    struct unit_policy loaded = unit_load_locked(w->text, lock_text);
    flowrules_assertions *assertions;
    if (loaded.status != FLOWRULES_OK)
        printf("\n%s\n%s\n", w->text, flowrules_diagnostic_message(loaded.context, 0));
    CU_ASSERT_EQUAL_FATAL(loaded.status, FLOWRULES_OK);
    CU_ASSERT_EQUAL_FATAL(flowrules_assertions_new(&assertions, loaded.context, loaded.policy),
                          FLOWRULES_OK);
    flowrules_status status = flowrules_assert(assertions);
    CU_ASSERT_FATAL(status == FLOWRULES_OK || status == FLOWRULES_DIFFERENT);
    CU_ASSERT_EQUAL_FATAL(flowrules_assertion_count(assertions), w->assertion_count + 2);
    for (size_t i = 0; i < w->assertion_count + 2; i++)
        check_verdict(w, NULL, i, flowrules_assertion_verdict(assertions, i), tally);
    flowrules_assertions_free(assertions);
    unit_unload(&loaded);
}

static void verdicts_are_those_of_brute_force(void) {
    struct world *w = malloc(sizeof *w);
    struct tally tally = {0, 0, 0, 0};
    uint64_t rounds = unit_rounds(150, 600, 20000);
    CU_ASSERT_PTR_NOT_NULL_FATAL(w);
    for (uint64_t seed = 1; seed <= rounds && tally.wrong < 4; seed++) {
        random_world(w, seed, false);
        check_world(w, &tally);
    }
    free(w);
    CU_ASSERT_EQUAL(tally.wrong, 0);
    CU_ASSERT(tally.holds > rounds / 3 && tally.broken > rounds && tally.unknown > rounds / 4);
    if (tally.wrong > 0 || getenv("TALLY") != NULL)
        printf("\n    holds %u, broken %u, unknown %u, wrong %u\n", tally.holds, tally.broken,
               tally.unknown, tally.wrong);
}

/* ---- what runs ----------------------------------------------------------------------------- */

/* What a device lets pass: the flows of a world, read without the lock file of the policy. */
static flowrules_meaning *meaning_of(const struct unit_policy *device, flowrules_context *context) {
    flowrules_meaning *meaning;
    CU_ASSERT_EQUAL_FATAL(flowrules_meaning_of_policy(&meaning, context, device->policy, NULL),
                          FLOWRULES_OK);
    return meaning;
}

static flowrules_meaning *meaning_of_all(const struct unit_policy *devices, unsigned count,
                                         flowrules_context *context) {
    flowrules_meaning *meanings[DEVICES_MAX], *all;
    flowrules_path *path;
    for (unsigned i = 0; i < count; i++)
        meanings[i] = meaning_of(&devices[i], context);
    if (count == 1)
        return meanings[0];
    CU_ASSERT_EQUAL_FATAL(flowrules_path_new(&path, context), FLOWRULES_OK);
    for (unsigned i = 0; i < count; i++)
        CU_ASSERT_EQUAL_FATAL(flowrules_path_add(path, meanings[i], NULL, NULL, NULL),
                              FLOWRULES_OK);
    CU_ASSERT_EQUAL_FATAL(flowrules_path_meaning(&all, path), FLOWRULES_OK);
    flowrules_path_free(path);
    for (unsigned i = 0; i < count; i++)
        flowrules_meaning_free(meanings[i]);
    return all;
}

static void check_running(struct world *w, const struct running *running, struct tally *tally) {
    static const char *const targets[DEVICES_MAX] = {"core", "core"};
    struct unit_policy loaded = unit_load_locked(w->text, lock_text), devices[DEVICES_MAX];
    flowrules_assertions *assertions;
    CU_ASSERT_EQUAL_FATAL(loaded.status, FLOWRULES_OK);
    for (unsigned i = 0; i < running->count; i++) {
        devices[i] = unit_load(running->devices[i]->text);
        CU_ASSERT_EQUAL_FATAL(devices[i].status, FLOWRULES_OK);
    }
    flowrules_meaning *meaning = meaning_of_all(devices, running->count, loaded.context);
    CU_ASSERT_EQUAL_FATAL(flowrules_assertions_new(&assertions, loaded.context, loaded.policy),
                          FLOWRULES_OK);
    flowrules_status status =
        flowrules_assert_running(assertions, targets, running->count, meaning);
    CU_ASSERT_FATAL(status == FLOWRULES_OK || status == FLOWRULES_DIFFERENT);
    CU_ASSERT_EQUAL_FATAL(flowrules_assertion_count(assertions), w->assertion_count + 2);
    for (size_t i = 0; i < w->assertion_count + 2; i++) {
        const char *verdict = flowrules_assertion_verdict(assertions, i);
        bool outside = strcmp(verdict, "outside") == 0; /* it is about no packet */
        check_verdict(w, running, i, outside ? "holds" : verdict, tally);
    }
    flowrules_assertions_free(assertions);
    flowrules_meaning_free(meaning);
    for (unsigned i = 0; i < running->count; i++)
        unit_unload(&devices[i]);
    unit_unload(&loaded);
}

static void verdicts_on_what_runs_are_those_of_brute_force(void) {
    struct world *worlds = malloc((1 + DEVICES_MAX) * sizeof *worlds);
    struct tally tally = {0, 0, 0, 0};
    uint64_t rounds = unit_rounds(150, 600, 20000);
    CU_ASSERT_PTR_NOT_NULL_FATAL(worlds);
    for (uint64_t seed = 1; seed <= rounds && tally.wrong < 4; seed++) {
        struct running running = {{&worlds[1], &worlds[2]}, seed % 3 == 0 ? 2 : 1};
        random_world(&worlds[0], seed, false);
        say(&worlds[0], "targets:\n  core: {backend: nftables, hook: forward}\n");
        for (unsigned i = 0; i < running.count; i++)
            random_world(&worlds[1 + i], seed * 4 + (seed + i) % 2 + 1000000, true);
        check_running(&worlds[0], &running, &tally);
    }
    free(worlds);
    CU_ASSERT_EQUAL(tally.wrong, 0);
    CU_ASSERT(tally.holds > rounds / 4 && tally.broken > rounds && tally.unknown > rounds / 4);
    if (tally.wrong > 0 || getenv("TALLY") != NULL)
        printf("\n    holds %u, broken %u, unknown %u, wrong %u\n", tally.holds, tally.broken,
               tally.unknown, tally.wrong);
}

UNIT_SUITE(assert) {
    static const struct unit_test tests[] = {
        {"verdicts are those of brute force", verdicts_are_those_of_brute_force},
        {"verdicts on what runs are those of brute force",
         verdicts_on_what_runs_are_those_of_brute_force},
        {NULL, NULL}};
    unit_suite("assert", tests);
}
