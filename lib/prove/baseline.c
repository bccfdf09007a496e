/*
 * The baseline of docs/MODEL.md for Linux, as rules: nftables and iptables write them before the
 * rules of the flows, and verify expects them.
 */
#include "flowrules/kits/linux.h"

#include <stdio.h>
#include <string.h>

#include "flowrules/kits/lookup.h"
#include "input.h"

/* A rule for one direction about everything of some kinds of packets. */
static struct flowrules_read_rule about(const flowrules_input *in,
                                        enum flowrules_direction direction, unsigned packets,
                                        enum flowrules_verdict verdict) {
    return (struct flowrules_read_rule){.direction = direction,
                                        .packets = packets,
                                        .verdict = verdict,
                                        .source = flowrules_input_any(in),
                                        .destination = flowrules_input_any(in)};
}

static void pass_icmp(flowrules_input *in, enum flowrules_direction direction, int protocol,
                      int type, int code) {
    struct flowrules_service service = {.protocol = protocol, .icmp_type = type, .icmp_code = code};
    struct flowrules_read_rule rule = about(in, direction, 0, FLOWRULES_PASS);
    rule.families = fr_protocol_families((unsigned)protocol);
    rule.services = &service;
    rule.service_count = 1;
    flowrules_input_rule(in, &rule);
}

static void block_invalid(flowrules_input *in, enum flowrules_direction direction) {
    static const unsigned protocols[] = {FR_ICMP, FR_ICMPV6};
    struct flowrules_service types[256];
    for (size_t p = 0; p < sizeof protocols / sizeof *protocols; p++) {
        struct flowrules_read_rule rule = about(in, direction, FLOWRULES_NEW, FLOWRULES_BLOCK);
        rule.families = fr_protocol_families(protocols[p]);
        rule.services = types;
        for (unsigned type = 0; type < 256; type++)
            if (fr_icmp_is_invalid(protocols[p], type))
                types[rule.service_count++] = (struct flowrules_service){
                    .protocol = (int)protocols[p], .icmp_type = (int)type, .icmp_code = -1};
        flowrules_input_rule(in, &rule);
    }
}

/* Parts that let all packets of a kind pass. */
static const struct {
    enum flowrules_baseline part;
    enum flowrules_packets packets;
    bool forward; /* on a router too */
} kinds[] = {
    {FLOWRULES_BASELINE_REPLIES, FLOWRULES_REPLY, true},
    {FLOWRULES_BASELINE_LOOPBACK, FLOWRULES_LOOPBACK, false},
    {FLOWRULES_BASELINE_NEIGHBOUR, FLOWRULES_NEIGHBOUR, false},
    {FLOWRULES_BASELINE_LISTENER, FLOWRULES_LISTENER, false},
};

/* What comes by another interface than its source is at. */
static void block_spoofed(const flowrules_plan *plan, flowrules_input *in,
                          enum flowrules_direction direction) {
    for (size_t i = 0; i < plan->own_sources.count; i++) {
        const struct fr_placed *own = fr_vec_at(&plan->own_sources, struct fr_placed, i);
        struct flowrules_read_rule rule = about(in, direction, 0, FLOWRULES_BLOCK);
        rule.interfaces[0] = flowrules_input_subtract(
            in, flowrules_input_interfaces(in), fr_input_translate(in, plan, own->interfaces));
        rule.source = fr_input_translate(in, plan, own->set);
        flowrules_input_rule(in, &rule);
    }
}

static void linux_direction(const flowrules_plan *plan, flowrules_input *in,
                            enum flowrules_direction direction) {
    struct flowrules_read_rule rule = about(in, direction, 0, FLOWRULES_PASS);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (flowrules_plan_has(plan, kinds[i].part) &&
            (kinds[i].forward || direction != FLOWRULES_FORWARD))
            rule.packets |= kinds[i].packets;
    if (rule.packets != 0)
        flowrules_input_rule(in, &rule);
    if (flowrules_plan_has(plan, FLOWRULES_BASELINE_PATH_MTU)) {
        pass_icmp(in, direction, FR_ICMP, 3, 4);    /* RFC 1191: fragmentation needed */
        pass_icmp(in, direction, FR_ICMPV6, 2, -1); /* RFC 4890: packet too big */
    }
    if (flowrules_plan_has(plan, FLOWRULES_BASELINE_INVALID))
        block_invalid(in, direction);
    rule = about(in, direction, FLOWRULES_MIDSTREAM, FLOWRULES_BLOCK);
    if (!flowrules_plan_flag(plan, "mid-stream"))
        flowrules_input_rule(in, &rule);
    if (direction != FLOWRULES_EGRESS)
        block_spoofed(plan, in, direction);
}

void flowrules_linux_baseline(const flowrules_plan *plan, flowrules_input *in) {
    static const enum flowrules_direction all[] = {FLOWRULES_EGRESS, FLOWRULES_INGRESS,
                                                   FLOWRULES_FORWARD};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (flowrules_plan_enforces(plan, all[i]))
            linux_direction(plan, in, all[i]);
}
