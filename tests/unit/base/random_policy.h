/*
 * Random policies over a small universe, where edges collide: their text, and what they mean, told
 * apart from the library by looking at one packet and one flow at a time.
 */
#ifndef FR_TESTS_RANDOM_POLICY_H
#define FR_TESTS_RANDOM_POLICY_H

#include "flowrules/backend.h"

#define RANDOM_FLOWS_MAX 160
#define RANDOM_ITEMS_MAX 24
#define RANDOM_PORTS_MAX 6

/* Addresses of one end, as written: ranges, or any. */
struct random_end {
    bool any;
    unsigned count;
    struct flowrules_range ranges[RANDOM_ITEMS_MAX];
};

/* One entry of a service; for ICMP the type and code stand in the ports' place. */
struct random_service {
    unsigned protocol_count, protocols[2]; /* 256: any */
    unsigned source_count, destination_count;
    struct flowrules_ports sources[RANDOM_PORTS_MAX], destinations[RANDOM_PORTS_MAX];
};

struct random_flow {
    bool deny, log;
    struct random_end source, destination;
    struct random_service service;
    unsigned kinds; /* bits: of an allow one kind, of a deny the kinds of allows that it spares */
};

struct random_policy {
    struct random_end protects;
    unsigned flow_count;
    struct random_flow flows[RANDOM_FLOWS_MAX];
    char text[256 * 1024];
    size_t size;
};

/* The first packet of a connection; ICMP: type and code in source and destination. */
struct random_packet {
    enum flowrules_direction direction;
    enum flowrules_family family;
    struct flowrules_ip source, destination;
    unsigned protocol;
    uint16_t source_port, destination_port;
};

/* Makes the policy of a seed; the targets "host" and "router" stand in its text. */
void random_policy_make(struct random_policy *policy, uint64_t seed, const char *backend);
/* The same in two steps: what it means, and its text as it means now. */
void random_policy_fill(struct random_policy *policy, uint64_t seed);
void random_policy_write(struct random_policy *policy, uint64_t seed, const char *backend);
/* Can a packet be of the flow at all? A policy with one that none can is an error. */
bool random_flow_can_be(const struct random_flow *flow);
/* A packet of the universe, likely at an edge. */
void random_packet_make(struct random_packet *packet, uint64_t *random);

bool random_end_has(const struct random_end *end, enum flowrules_family family,
                    struct flowrules_ip ip);
/* Does some flow allow the packet that no deny takes from it, wherever the target stands? */
bool random_policy_allows(const struct random_policy *policy, const struct random_packet *packet);
/* Is there a deny that spares a flow? */
bool random_policy_spares(const struct random_policy *policy);
bool random_flow_has(const struct random_flow *flow, const struct random_packet *packet);
/* Does a target that protects these ends, in the packet's direction, have a word on the packet? */
bool random_in_scope(const struct random_policy *policy, const struct random_packet *packet,
                     bool transit);

#endif
