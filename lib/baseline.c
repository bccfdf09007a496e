/*
 * The baseline of docs/MODEL.md for Linux, as rules: what nftables and iptables write before the
 * rules of the flows, and what verify so expects of them.
 */
#include "input.h"
#include "output.h"

#include <string.h>

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

static void linux_direction(const flowrules_output *out, flowrules_input *in,
                            enum flowrules_direction direction) {
    struct flowrules_read_rule rule = about(in, direction, FLOWRULES_REPLY, FLOWRULES_PASS);
    flowrules_input_rule(in, &rule);
    if (flowrules_output_baseline(out) && direction != FLOWRULES_FORWARD) {
        rule.packets = FLOWRULES_LOOPBACK | FLOWRULES_NEIGHBOUR | FLOWRULES_LISTENER;
        flowrules_input_rule(in, &rule);
    }
    if (flowrules_output_baseline(out)) {
        pass_icmp(in, direction, FR_ICMP, 3, 4);    /* RFC 1191: fragmentation needed */
        pass_icmp(in, direction, FR_ICMPV6, 2, -1); /* RFC 4890: packet too big */
    }
    rule = about(in, direction, FLOWRULES_MIDSTREAM, FLOWRULES_BLOCK);
    if (!flowrules_output_flag(out, "mid-stream"))
        flowrules_input_rule(in, &rule);
}

void flowrules_linux_baseline(const flowrules_output *out, flowrules_input *in) {
    static const enum flowrules_direction all[] = {FLOWRULES_EGRESS, FLOWRULES_INGRESS,
                                                   FLOWRULES_FORWARD};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (flowrules_output_enforces(out, all[i]))
            linux_direction(out, in, all[i]);
}
