/*
 * Random policies: the generator, and the reading of one flow for one packet.
 */
#include "random_policy.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "unit.h"

/* The universe: 16 addresses at each of these places, of both families. */
#define WINDOW 16u
static const struct {
    enum flowrules_family family;
    struct flowrules_ip base;
} windows[] = {
    {FLOWRULES_IPV4, {0, 0x0a000000}},
    {FLOWRULES_IPV4, {0, 0x0a000000}},
    {FLOWRULES_IPV4, {0, 0x0a000010}},
    {FLOWRULES_IPV4, {0, 0}},
    {FLOWRULES_IPV4, {0, 0xfffffff0}},
    {FLOWRULES_IPV6, {UINT64_C(0x20010db800000000), 0}},
    {FLOWRULES_IPV6, {UINT64_C(0x20010db800000000), UINT64_MAX - 15}},
    {FLOWRULES_IPV6, {UINT64_MAX, UINT64_MAX - 15}},
};
#define WINDOWS (sizeof windows / sizeof windows[0])

static const unsigned protocols[] = {6, 6, 6, 17, 17, 132, 1, 58, 47, 256, 0, 255, 51};

/* What a policy is made of, so that seeds differ in kind and not only in detail. */
struct flavour {
    unsigned hosts;    /* percent of items that are single addresses */
    unsigned items;    /* most items of an end */
    unsigned any;      /* percent of ends that are any */
    unsigned exact;    /* percent of services of exact ports */
    unsigned deny;     /* percent of denies */
    unsigned log;      /* percent of logged flows */
    unsigned hubs;     /* percent of ends that are one of few */
    unsigned families; /* percent of ends of IPv4 alone */
};

static uint64_t state_of(uint64_t seed) {
    return (seed + 1) * UINT64_C(0x9E3779B97F4A7C15) | 1u;
}

static bool chance(uint64_t *random, unsigned percent) {
    return unit_random(random, 100) < percent;
}

static struct flowrules_ip random_ip(uint64_t *random, size_t window) {
    struct flowrules_ip ip = windows[window].base;
    ip.lo += unit_random(random, WINDOW);
    return ip;
}

/* A host, a prefix, or a range within a window; now and then everything of the family. */
static struct flowrules_range random_range(uint64_t *random, const struct flavour *flavour,
                                           bool ipv4) {
    size_t window = unit_random(random, ipv4 ? 5 : WINDOWS);
    struct flowrules_range range = {windows[window].family, random_ip(random, window), {0, 0}};
    range.last = range.first;
    if (chance(random, flavour->hosts))
        return range;
    if (chance(random, 3)) {
        bool wide = range.family == FLOWRULES_IPV6;
        range.first = (struct flowrules_ip){0, 0};
        range.last = (struct flowrules_ip){wide ? UINT64_MAX : 0, wide ? UINT64_MAX : UINT32_MAX};
        return range;
    }
    uint64_t mask = (UINT64_C(1) << (1 + unit_random(random, 4))) - 1;
    if (chance(random, 60)) {
        range.first.lo &= ~mask;
        range.last.lo = range.first.lo | mask;
    } else {
        struct flowrules_ip other = random_ip(random, window);
        if (other.lo > range.first.lo)
            range.last = other;
        else
            range.first = other;
    }
    return range;
}

static void random_end(uint64_t *random, const struct flavour *flavour, struct random_end *end) {
    memset(end, 0, sizeof *end);
    end->any = chance(random, flavour->any);
    bool ipv4 = chance(random, flavour->families);
    end->count = end->any ? 0 : 1 + unit_random(random, flavour->items);
    for (unsigned i = 0; i < end->count; i++)
        end->ranges[i] = random_range(random, flavour, ipv4);
}

static unsigned random_ports(uint64_t *random, const struct flavour *flavour,
                             struct flowrules_ports *ports) {
    unsigned count = 1 + unit_random(random, chance(random, 70) ? 2 : RANDOM_PORTS_MAX);
    for (unsigned i = 0; i < count; i++) {
        uint16_t base = chance(random, 80) ? 0 : 65528;
        uint16_t first = (uint16_t)(base + unit_random(random, 8));
        uint16_t last = (uint16_t)(base + unit_random(random, 8));
        ports[i] = (struct flowrules_ports){first, first};
        if (!chance(random, flavour->exact) && last > first)
            ports[i].last = last;
        if (!chance(random, flavour->exact) && chance(random, 4))
            ports[i] = (struct flowrules_ports){0, 65535};
    }
    return count;
}

static bool has_ports(unsigned protocol) {
    return protocol == 6 || protocol == 17 || protocol == 132;
}

static bool is_icmp(unsigned protocol) {
    return protocol == 1 || protocol == 58;
}

static void random_service(uint64_t *random, const struct flavour *flavour,
                           struct random_service *service) {
    memset(service, 0, sizeof *service);
    service->protocol_count = 1;
    service->protocols[0] =
        protocols[unit_random(random, chance(random, 60) ? 5 : sizeof protocols / sizeof(int))];
    if (has_ports(service->protocols[0])) {
        if (chance(random, 90))
            service->destination_count = random_ports(random, flavour, service->destinations);
        if (!chance(random, flavour->exact) && chance(random, 20))
            service->source_count = random_ports(random, flavour, service->sources);
        if (chance(random, 20)) {
            service->protocols[1] = 17;
            service->protocol_count = 2;
        }
    } else if (is_icmp(service->protocols[0]) && chance(random, 70)) {
        service->source_count = 1 + unit_random(random, 3);
        for (unsigned i = 0; i < service->source_count; i++)
            service->sources[i].first = service->sources[i].last = (uint16_t)unit_random(random, 4);
        if (chance(random, 40)) {
            uint16_t code = (uint16_t)unit_random(random, 3);
            service->destinations[0] = (struct flowrules_ports){code, code};
            service->destination_count = 1;
        }
    }
}

/* ---- what a flow means ------------------------------------------------------------------------
 */

static int compare_ip(struct flowrules_ip a, struct flowrules_ip b) {
    if (a.hi != b.hi)
        return a.hi < b.hi ? -1 : 1;
    return (a.lo > b.lo) - (a.lo < b.lo);
}

bool random_end_has(const struct random_end *end, enum flowrules_family family,
                    struct flowrules_ip ip) {
    for (unsigned i = 0; i < end->count; i++)
        if (end->ranges[i].family == family && compare_ip(end->ranges[i].first, ip) <= 0 &&
            compare_ip(end->ranges[i].last, ip) >= 0)
            return true;
    return end->any;
}

static bool ports_have(const struct flowrules_ports *ports, unsigned count, uint16_t port) {
    for (unsigned i = 0; i < count; i++)
        if (ports[i].first <= port && port <= ports[i].last)
            return true;
    return count == 0;
}

bool random_flow_has(const struct random_flow *flow, const struct random_packet *packet) {
    const struct random_service *service = &flow->service;
    bool protocol = false;
    for (unsigned i = 0; i < service->protocol_count; i++)
        protocol =
            protocol || service->protocols[i] == 256 || service->protocols[i] == packet->protocol;
    return protocol && ports_have(service->sources, service->source_count, packet->source_port) &&
           ports_have(service->destinations, service->destination_count,
                      packet->destination_port) &&
           random_end_has(&flow->source, packet->family, packet->source) &&
           random_end_has(&flow->destination, packet->family, packet->destination);
}

/* Does a deny take the packet from an allow that has it? */
static bool is_taken(const struct random_policy *policy, const struct random_flow *allow,
                     const struct random_packet *packet) {
    for (unsigned i = 0; i < policy->flow_count; i++) {
        const struct random_flow *deny = &policy->flows[i];
        if (deny->deny && (deny->kinds & allow->kinds) == 0 && random_flow_has(deny, packet))
            return true;
    }
    return false;
}

bool random_policy_allows(const struct random_policy *policy, const struct random_packet *packet) {
    for (unsigned i = 0; i < policy->flow_count; i++)
        if (!policy->flows[i].deny && random_flow_has(&policy->flows[i], packet) &&
            !is_taken(policy, &policy->flows[i], packet))
            return true;
    return false;
}

bool random_policy_spares(const struct random_policy *policy) {
    unsigned allows = 0, denies = 0;
    for (unsigned i = 0; i < policy->flow_count; i++)
        *(policy->flows[i].deny ? &denies : &allows) |= policy->flows[i].kinds;
    return (allows & denies) != 0;
}

bool random_in_scope(const struct random_policy *policy, const struct random_packet *packet,
                     bool transit) {
    bool from = random_end_has(&policy->protects, packet->family, packet->source);
    bool to = random_end_has(&policy->protects, packet->family, packet->destination);
    if (transit)
        return from || to;
    return packet->direction == FLOWRULES_EGRESS ? from : to;
}

/* ---- can it be? A flow that no packet can be is an error of the policy
 * ---------------------------- */

static unsigned families_of_end(const struct random_end *end) {
    unsigned families = end->any ? FLOWRULES_BOTH_FAMILIES : 0;
    for (unsigned i = 0; i < end->count; i++)
        families |= FLOWRULES_FAMILY_BIT(end->ranges[i].family);
    return families;
}

bool random_flow_can_be(const struct random_flow *flow) {
    unsigned service = 0;
    for (unsigned i = 0; i < flow->service.protocol_count; i++)
        service |= flow->service.protocols[i] <= 1    ? 1u /* 0 is a header of IPv6 */
                   : flow->service.protocols[i] == 58 ? 2u
                                                      : FLOWRULES_BOTH_FAMILIES;
    return (families_of_end(&flow->source) & families_of_end(&flow->destination) & service) != 0;
}

/* ---- as text
 * -------------------------------------------------------------------------------------- */

__attribute__((format(printf, 2, 3))) static void put(struct random_policy *policy,
                                                      const char *format, ...) {
    size_t room = sizeof policy->text - policy->size;
    va_list arguments;
    va_start(arguments, format); /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized) */
    int length = vsnprintf(policy->text + policy->size, room, format, arguments);
    va_end(arguments);
    CU_ASSERT_FATAL(length >= 0 && (size_t)length < room);
    policy->size += (size_t)length;
}

static void put_ip(struct random_policy *policy, enum flowrules_family family,
                   struct flowrules_ip ip) {
    if (family == FLOWRULES_IPV4) {
        unsigned v = (unsigned)ip.lo;
        put(policy, "%u.%u.%u.%u", v >> 24, v >> 16 & 255, v >> 8 & 255, v & 255);
        return;
    }
    for (unsigned i = 0; i < 8; i++)
        put(policy, "%s%x", i > 0 ? ":" : "",
            (unsigned)((i < 4 ? ip.hi >> (48 - 16 * i) : ip.lo >> (112 - 16 * i)) & 0xffff));
}

static void put_end(struct random_policy *policy, const char *key, const struct random_end *end) {
    if (end->any) {
        put(policy, "%sany\n", key);
        return;
    }
    put(policy, "%s[", key);
    for (unsigned i = 0; i < end->count; i++) {
        put(policy, "%s\"", i > 0 ? ", " : "");
        put_ip(policy, end->ranges[i].family, end->ranges[i].first);
        put(policy, "-");
        put_ip(policy, end->ranges[i].family, end->ranges[i].last);
        put(policy, "\"");
    }
    put(policy, "]\n");
}

static void put_ports(struct random_policy *policy, const char *key,
                      const struct flowrules_ports *ports, unsigned count) {
    if (count == 0)
        return;
    put(policy, "    %s: [", key);
    for (unsigned i = 0; i < count; i++) {
        put(policy, "%s%u", i > 0 ? ", " : "", ports[i].first);
        if (ports[i].last != ports[i].first)
            put(policy, "-%u", ports[i].last);
    }
    put(policy, "]\n");
}

static void put_spared(struct random_policy *policy, const struct random_flow *deny) {
    const char *between = "    spares: [";
    for (unsigned i = 0; i < policy->flow_count && deny->deny; i++)
        if (!policy->flows[i].deny && (policy->flows[i].kinds & deny->kinds) != 0) {
            put(policy, "%sf%u", between, i);
            between = ", ";
        }
    put(policy, "%s", between[0] == ',' ? "]\n" : "");
}

static void put_flow(struct random_policy *policy, unsigned number, const struct random_flow *f) {
    const struct random_service *s = &f->service;
    put(policy, "  - name: f%u\n    action: %s\n    log: %s\n", number, f->deny ? "deny" : "allow",
        f->log ? "true" : "false");
    put_spared(policy, f);
    put_end(policy, "    source: ", &f->source);
    put_end(policy, "    destination: ", &f->destination);
    put(policy, "    protocol: [");
    for (unsigned i = 0; i < s->protocol_count; i++)
        put(policy, s->protocols[i] == 256 ? "%sany" : "%s%u", i > 0 ? ", " : "", s->protocols[i]);
    put(policy, "]\n");
    bool icmp = is_icmp(s->protocols[0]);
    put_ports(policy, icmp ? "icmp-type" : "source-port", s->sources, s->source_count);
    put_ports(policy, icmp ? "icmp-code" : "port", s->destinations, s->destination_count);
}

/* ---- making
 * ---------------------------------------------------------------------------------------- */

static struct flavour random_flavour(uint64_t *random) {
    static const unsigned hosts[] = {100, 100, 60, 20, 0}, exact[] = {100, 100, 60, 10},
                          hubs[] = {0, 0, 40, 90}, items[] = {1, 1, 2, 4, RANDOM_ITEMS_MAX};
    return (struct flavour){
        .hosts = hosts[unit_random(random, 5)],
        .items = items[unit_random(random, 5)],
        .any = unit_random(random, 3) * 8,
        .exact = exact[unit_random(random, 4)],
        .deny = unit_random(random, 3) * 15,
        .log = unit_random(random, 3) * 15,
        .hubs = hubs[unit_random(random, 4)],
        .families = unit_random(random, 3) * 50,
    };
}

static void random_flow(uint64_t *random, const struct flavour *flavour,
                        const struct random_end hubs[2], struct random_flow *flow) {
    do {
        flow->deny = chance(random, flavour->deny);
        flow->log = chance(random, flavour->log);
        random_end(random, flavour, &flow->source);
        random_end(random, flavour, &flow->destination);
        if (chance(random, flavour->hubs))
            flow->source = hubs[0];
        else if (chance(random, flavour->hubs / 2))
            flow->destination = hubs[1];
        random_service(random, flavour, &flow->service);
    } while (!random_flow_can_be(flow));
}

void random_policy_fill(struct random_policy *policy, uint64_t seed) {
    uint64_t random = state_of(seed);
    struct flavour flavour = random_flavour(&random), protected = flavour;
    struct random_end hubs[2];
    protected.hosts = 20;
    protected.any = 20;
    protected.items = 4;
    random_end(&random, &protected, &policy->protects);
    random_end(&random, &flavour, &hubs[0]);
    random_end(&random, &flavour, &hubs[1]);
    policy->flow_count = 1 + unit_random(&random, chance(&random, 60) ? 12 : RANDOM_FLOWS_MAX);
    for (unsigned i = 0; i < policy->flow_count; i++)
        random_flow(&random, &flavour, hubs, &policy->flows[i]);
    bool spares = chance(&random, 40);
    for (unsigned i = 0; i < policy->flow_count; i++) {
        struct random_flow *flow = &policy->flows[i];
        uint32_t kinds = flow->deny ? unit_random(&random, 8) : 0;
        flow->kinds = flow->deny ? kinds & unit_random(&random, 8) : 1u << unit_random(&random, 6);
        flow->kinds = spares ? flow->kinds : 0;
    }
}

void random_policy_write(struct random_policy *policy, uint64_t seed, const char *backend) {
    static const char *const directions[] = {"both", "both", "egress", "ingress"};
    static const char *const logs[] = {"flows", "all", "none", "denied"};
    policy->size = 0;
    put(policy, "flowrules: 1\n");
    put_end(policy, "protects: ", &policy->protects);
    put(policy, "flows:\n");
    for (unsigned i = 0; i < policy->flow_count; i++)
        put_flow(policy, i, &policy->flows[i]);
    put(policy, "targets:\n  t: {backend: %s, direction: %s, log: %s, optimize: %s}\n", backend,
        directions[seed % 4],
        logs[strstr(backend, "permits") != NULL ? seed / 4 % 2 * 2 : seed / 4 % 4],
        seed % 13 == 0 ? "false" : "true");
}

void random_policy_make(struct random_policy *policy, uint64_t seed, const char *backend) {
    random_policy_fill(policy, seed);
    random_policy_write(policy, seed, backend);
}

void random_packet_make(struct random_packet *packet, uint64_t *random) {
    size_t from = unit_random(random, WINDOWS), to = unit_random(random, WINDOWS);
    while (windows[to].family != windows[from].family)
        to = unit_random(random, WINDOWS);
    packet->direction = unit_random(random, 2) == 0 ? FLOWRULES_EGRESS : FLOWRULES_INGRESS;
    packet->family = windows[from].family;
    packet->source = random_ip(random, from);
    packet->destination = random_ip(random, to);
    do
        packet->protocol = protocols[unit_random(random, sizeof protocols / sizeof(int))];
    while (packet->protocol == 256 || (packet->protocol == 1 && packet->family != FLOWRULES_IPV4) ||
           (packet->protocol == 0 && packet->family != FLOWRULES_IPV4) ||
           (packet->protocol == 58 && packet->family != FLOWRULES_IPV6));
    packet->source_port = packet->destination_port = 0;
    if (is_icmp(packet->protocol)) {
        packet->source_port = (uint16_t)unit_random(random, 5);
        packet->destination_port = (uint16_t)unit_random(random, 4);
    } else if (has_ports(packet->protocol)) {
        packet->source_port = (uint16_t)((chance(random, 80) ? 0 : 65528) + unit_random(random, 8));
        packet->destination_port =
            (uint16_t)((chance(random, 80) ? 0 : 65528) + unit_random(random, 8));
    }
}
