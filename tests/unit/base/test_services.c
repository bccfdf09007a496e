/*
 * Services: the fixed tables, and canonical terms against brute force.
 */
#include <string.h>

#include "services.h"
#include "unit.h"

static int protocol_of(const char *text) {
    return fr_protocol_parse(text, strlen(text));
}

static void protocols_have_names(void) {
    for (unsigned protocol = 0; protocol <= FR_PROTOCOL_ANY; protocol++) {
        const char *name = fr_protocol_name(protocol);
        CU_ASSERT_EQUAL(protocol_of(name), (int)protocol);
    }
    CU_ASSERT_PTR_NULL(fr_protocol_name(257));
    CU_ASSERT_STRING_EQUAL(fr_protocol_name(58), "icmpv6");
    CU_ASSERT_STRING_EQUAL(fr_protocol_name(103), "pim");
    CU_ASSERT_STRING_EQUAL(fr_protocol_name(94), "94");
    CU_ASSERT_STRING_EQUAL(fr_protocol_name(41), "41");
    CU_ASSERT_EQUAL(protocol_of("ipip"), 94);
    CU_ASSERT_EQUAL(protocol_of("OSPFIGP"), 89);
    CU_ASSERT_EQUAL(protocol_of("ipencap"), 4);
    CU_ASSERT_EQUAL(protocol_of("mobility-header"), 135);
    CU_ASSERT_STRING_EQUAL(fr_protocol_name(249), "249");
    CU_ASSERT_EQUAL(protocol_of("ipv6-icmp"), 58);
    CU_ASSERT_EQUAL(protocol_of("TCP"), 6);
    CU_ASSERT_EQUAL(protocol_of("6"), 6);
    static const char *const wrong[] = {"",   "256", "-1",   "06",   "tcpx",
                                        "tc", "6 ",  "ipv4", "ipv6", "ip"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        CU_ASSERT_EQUAL(protocol_of(wrong[i]), -1);
    CU_ASSERT_EQUAL(fr_protocol_parse("tcp\0", 4), -1);
    CU_ASSERT_EQUAL(fr_protocol_families(FR_ICMP), 1);
    CU_ASSERT_EQUAL(fr_protocol_families(FR_ICMPV6), 2);
    CU_ASSERT_EQUAL(fr_protocol_families(FR_TCP), 3);
}

static int port_of(const char *text, unsigned protocol) {
    return fr_port_named(text, strlen(text), protocol);
}

static void ports_have_names(void) {
    CU_ASSERT_EQUAL(port_of("https", FR_TCP), 443);
    CU_ASSERT_EQUAL(port_of("HTTPS", FR_UDP), 443);
    CU_ASSERT_EQUAL(port_of("domain", FR_UDP), 53);
    CU_ASSERT_EQUAL(port_of("http", FR_SCTP), 80);
    CU_ASSERT_EQUAL(port_of("syslog", FR_UDP), 514);
    CU_ASSERT_EQUAL(port_of("syslog", FR_TCP), -1);
    CU_ASSERT_EQUAL(port_of("acr-nema", FR_TCP), 104);
    CU_ASSERT_EQUAL(port_of("zserv", FR_TCP), 346);
    CU_ASSERT_EQUAL(port_of("zzz", FR_TCP), -1);
    CU_ASSERT_EQUAL(port_of("https", FR_ICMP), -1);
    CU_ASSERT_EQUAL(port_of("", FR_TCP), -1);
    CU_ASSERT_EQUAL(port_of("a-name-that-is-far-too-long-for-any-service", FR_TCP), -1);
}

/* The search needs the order, and finds every name of the table. */
static void port_names_are_in_order(void) {
    const char *name, *before = "";
    for (size_t i = 0; (name = fr_port_candidate(NULL, i)) != NULL; i++) {
        CU_ASSERT(strcmp(before, name) <= 0);
        CU_ASSERT(port_of(name, FR_TCP) > 0 || port_of(name, FR_UDP) > 0 ||
                  port_of(name, FR_SCTP) > 0);
        before = name;
    }
    CU_ASSERT_NOT_EQUAL(strcmp(before, ""), 0);
}

static void icmp_types_have_names(void) {
    CU_ASSERT_EQUAL(fr_icmp_type_named("echo-request", 12, FR_ICMP), 8);
    CU_ASSERT_EQUAL(fr_icmp_type_named("echo-request", 12, FR_ICMPV6), 128);
    CU_ASSERT_EQUAL(fr_icmp_type_named("packet-too-big", 14, FR_ICMP), -1);
    CU_ASSERT_EQUAL(fr_icmp_type_named("packet-too-big", 14, FR_ICMPV6), 2);
    CU_ASSERT_EQUAL(fr_icmp_type_named("echo", 4, FR_ICMP), -1);
    CU_ASSERT_STRING_EQUAL(fr_icmp_type_name(FR_ICMPV6, 135), "neighbor-solicitation");
    CU_ASSERT_PTR_NULL(fr_icmp_type_name(FR_ICMP, 255));
}

/* ---- terms --------------------------------------------------------------------------------- */

#define TCP_TO(first, last)                                                                        \
    { FR_TCP, 0, 65535, first, last }

static void terms_are_joined(void) {
    struct fr_services services;
    CU_ASSERT_FATAL(fr_services_init(&services, &fr_default_allocator));
    struct fr_term scattered[] = {TCP_TO(443, 443), TCP_TO(80, 80), TCP_TO(81, 90), TCP_TO(85, 100),
                                  TCP_TO(443, 443)};
    struct fr_term joined[] = {TCP_TO(80, 100), TCP_TO(443, 443)};
    fr_service service = fr_services_add(&services, scattered, 5);
    CU_ASSERT_EQUAL(service, fr_services_add(&services, joined, 2));
    CU_ASSERT_EQUAL(fr_service_get(&services, service)->count, 2);
    CU_ASSERT_EQUAL(fr_service_get(&services, service)->families, FLOWRULES_BOTH_FAMILIES);
    struct fr_term covered[] = {
        {FR_TCP, 1000, 2000, 80, 80}, TCP_TO(80, 443), {FR_TCP, 5, 5, 1, 65535}};
    service = fr_services_add(&services, covered, 3);
    CU_ASSERT_EQUAL(fr_service_get(&services, service)->count, 2);
    struct fr_term everything[] = {TCP_TO(1, 2), {FR_PROTOCOL_ANY, 0, 65535, 0, 65535}};
    CU_ASSERT_EQUAL(fr_services_add(&services, everything, 2), FR_SERVICE_ANY);
    struct fr_term all_ports[] = {TCP_TO(0, 32767), TCP_TO(32768, 65535)};
    struct fr_term one = TCP_TO(0, 65535);
    CU_ASSERT_EQUAL(fr_services_add(&services, all_ports, 2), fr_services_add(&services, &one, 1));
    CU_ASSERT_EQUAL(fr_services_add(&services, NULL, 0), fr_services_add(&services, NULL, 0));
    fr_services_free(&services);
}

/* Types next to each other stay apart: a target says one type or all. */
static void icmp_types_stay_single(void) {
    struct fr_services services;
    CU_ASSERT_FATAL(fr_services_init(&services, &fr_default_allocator));
    struct fr_term types[] = {
        {FR_ICMP, 8, 8, 0, 65535}, {FR_ICMP, 9, 9, 0, 65535}, {FR_ICMP, 8, 8, 0, 0}};
    fr_service service = fr_services_add(&services, types, 3);
    CU_ASSERT_EQUAL(fr_service_get(&services, service)->count, 2);
    CU_ASSERT_EQUAL(fr_service_get(&services, service)->families, 1);
    struct fr_term whole[] = {
        {FR_ICMPV6, 0, 65535, 0, 65535}, {FR_ICMPV6, 1, 1, 0, 65535}, {FR_ICMPV6, 2, 2, 7, 7}};
    service = fr_services_add(&services, whole, 3);
    CU_ASSERT_EQUAL(fr_service_get(&services, service)->count, 1);
    CU_ASSERT(fr_service_has(&services, service, FR_ICMPV6, 128, 0));
    CU_ASSERT_FALSE(fr_service_has(&services, service, FR_ICMP, 8, 0));
    fr_services_free(&services);
}

enum { SIDE = 12, MOST = 24 };

static struct fr_term random_term(uint64_t *random) {
    static const uint16_t protocols[] = {FR_TCP, FR_UDP};
    struct fr_term t = {.protocol = protocols[unit_random(random, 2)]};
    bool all = unit_random(random, 2) == 0;
    uint16_t widths[2] = {(uint16_t)unit_random(random, 4), (uint16_t)unit_random(random, 4)};
    t.source_first = (uint16_t)(all ? 0 : unit_random(random, SIDE));
    t.source_last = (uint16_t)(all ? UINT16_MAX : t.source_first + widths[0]);
    t.destination_first = (uint16_t)unit_random(random, SIDE);
    t.destination_last = (uint16_t)(t.destination_first + widths[1]);
    return t;
}

static bool any_has(const struct fr_term *terms, size_t count, unsigned protocol, unsigned source,
                    unsigned destination) {
    for (size_t i = 0; i < count; i++)
        if (terms[i].protocol == protocol && terms[i].source_first <= source &&
            source <= terms[i].source_last && terms[i].destination_first <= destination &&
            destination <= terms[i].destination_last)
            return true;
    return false;
}

static void terms_keep_their_meaning(void) {
    struct fr_services services;
    uint64_t random = 5;
    CU_ASSERT_FATAL(fr_services_init(&services, &fr_default_allocator));
    for (unsigned round = 0; round < 2000; round++) {
        struct fr_term terms[MOST], given[MOST], turned[MOST];
        size_t count = unit_random(&random, MOST) + 1;
        for (size_t i = 0; i < count; i++)
            given[i] = terms[i] = turned[count - 1 - i] = random_term(&random);
        fr_service service = fr_services_add(&services, terms, count);
        CU_ASSERT_EQUAL(fr_services_add(&services, turned, count), service);
        CU_ASSERT(fr_service_get(&services, service)->count <= count);
        for (unsigned source = 0; source < SIDE + 4; source++)
            for (unsigned destination = 0; destination < SIDE + 4; destination++) {
                CU_ASSERT_EQUAL(fr_service_has(&services, service, FR_TCP, source, destination),
                                any_has(given, count, FR_TCP, source, destination));
                CU_ASSERT_EQUAL(fr_service_has(&services, service, FR_UDP, source, destination),
                                any_has(given, count, FR_UDP, source, destination));
            }
    }
    fr_services_free(&services);
}

static void want_of_memory_is_clean(void) {
    for (size_t allowed = 0; allowed < 60; allowed++) {
        struct unit_budget budget = {allowed, 0};
        struct fr_allocator allocator = unit_allocator(&budget);
        struct fr_services services;
        uint64_t random = 3;
        bool failed = false;
        if (!fr_services_init(&services, &allocator)) {
            CU_ASSERT_EQUAL(budget.live, 0);
            continue;
        }
        for (unsigned i = 0; i < 500; i++) {
            struct fr_term terms[MOST], given[MOST];
            for (size_t n = 0; n < MOST; n++)
                given[n] = terms[n] = random_term(&random);
            fr_service service = fr_services_add(&services, terms, MOST);
            failed = failed || service == FR_SERVICE_NONE;
            if (service != FR_SERVICE_NONE)
                CU_ASSERT(fr_service_has(&services, service, given[0].protocol,
                                         given[0].source_first, given[0].destination_first));
        }
        CU_ASSERT(failed);
        CU_ASSERT(services.failed);
        CU_ASSERT_FALSE(fr_service_has(&services, FR_SERVICE_NONE, FR_TCP, 1, 1));
        fr_services_free(&services);
        CU_ASSERT_EQUAL(budget.live, 0);
    }
}

UNIT_SUITE(services) {
    static const struct unit_test tests[] = {{"protocols have names", protocols_have_names},
                                             {"ports have names", ports_have_names},
                                             {"port names are in order", port_names_are_in_order},
                                             {"ICMP types have names", icmp_types_have_names},
                                             {"terms are joined", terms_are_joined},
                                             {"ICMP types stay single", icmp_types_stay_single},
                                             {"terms keep their meaning", terms_keep_their_meaning},
                                             {"want of memory is clean", want_of_memory_is_clean},
                                             {NULL, NULL}};
    unit_suite("services", tests);
}
