/*
 * Writes a synthetic policy to standard output, the same for the same arguments.
 * Knows three shapes of flows, and one of targets; knows nothing of how they are measured.
 *
 * usage: generate mix|shared|hosts|targets COUNT
 *   mix     what people write: a tenth of the destinations are prefixes, a fifth of the flows are
 *           UDP, one flow in twenty has five sources of its own
 *   shared  a few source networks, many single destinations, now and then a prefix
 *   hosts   every flow has its own source host and destination prefix; one in ten is a deny
 *   targets so many targets, and ten flows
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define NETWORKS        8u

static const char *const purposes[] = {"Model weights", "Image pulls", "Metrics", "Name lookups",
                                       "Log shipping"};
static const char *const owners[] = {"ml-platform", "network", "storage"};
static const char *const tags[] = {"required", "outbound", "optional"};
static const unsigned ports[] = {22,   53,   80,   123,  443,  636,  1433, 3128, 3306, 5432,
                                 5671, 6379, 6443, 8000, 8080, 8088, 8443, 9090, 9200, 9300};

/* A one-to-one scramble of 32 bits (the finalizer of MurmurHash3), so that nothing comes sorted. */
static uint32_t scramble(uint32_t value) {
    value ^= value >> 16;
    value *= 0x85ebca6bu;
    value ^= value >> 13;
    value *= 0xc2b2ae35u;
    return value ^ value >> 16;
}

/* Unicast and outside 10.0.0.0/8, where the sources are. */
static uint32_t destination(uint32_t flow) {
    uint32_t address = scramble(flow + 1);
    uint32_t first = 11 + (address >> 24) % 112; /* 11-122 */
    return first << 24 | (address & 0xffffffu);
}

static void write_address(const char *key, uint32_t address, unsigned length) {
    address &= UINT32_MAX << (32 - length);
    printf("    %s: %" PRIu32 ".%" PRIu32 ".%" PRIu32 ".%" PRIu32, key, address >> 24,
           address >> 16 & 255, address >> 8 & 255, address & 255);
    if (length < 32)
        printf("/%u", length);
    putchar('\n');
}

static void write_rest(uint32_t flow, const char *protocol) {
    uint32_t hash = scramble(flow ^ 0x5bd1e995u);
    unsigned port = hash % 4 == 0 ? 1024 + hash / 4 % 60000 : ports[hash / 4 % COUNT_OF(ports)];
    printf("    protocol: %s\n    port: %u\n    purpose: %s\n    tags: [%s]\n    owner: %s\n",
           protocol, port, purposes[hash % COUNT_OF(purposes)], tags[hash % COUNT_OF(tags)],
           owners[hash / 8 % COUNT_OF(owners)]);
}

/* Five hosts in one network; no other flow has the same ones. */
static void write_sources(uint32_t flow) {
    uint32_t first = flow * 0x9e3779b1u & 0xffffffu;
    fputs("    source: [", stdout);
    for (uint32_t i = 0; i < 5; i++) {
        uint32_t host = (first + i * 0x1f35u) & 0xffffffu;
        printf("%s10.%" PRIu32 ".%" PRIu32 ".%" PRIu32, i == 0 ? "" : ", ", host >> 16,
               host >> 8 & 255, host & 255);
    }
    puts("]");
}

static void write_mix(uint32_t flow) {
    if (flow % 20 == 19)
        write_sources(flow);
    else
        printf("    source: cluster-%" PRIu32 "\n", scramble(flow + 7) % NETWORKS);
    write_address("destination", destination(flow), flow % 10 == 3 ? 24 + flow / 10 % 6 : 32);
    write_rest(flow, flow % 5 == 4 ? "udp" : "tcp");
}

static void write_shared(uint32_t flow) {
    printf("    source: cluster-%" PRIu32 "\n", scramble(flow + 7) % NETWORKS);
    write_address("destination", destination(flow), flow % 64 == 63 ? 24 + flow / 64 % 6 : 32);
    write_rest(flow, "tcp");
}

static void write_hosts(uint32_t flow) {
    if (flow % 10 == 9)
        puts("    action: deny");
    write_address("source", 10u << 24 | (flow * 0x9e3779b1u & 0xffffffu), 32);
    write_address("destination", destination(flow * 2 + 1), 24 + flow % 7);
    write_rest(flow, "tcp");
}

struct shape {
    const char *name;
    void (*write_flow)(uint32_t flow);
    uint32_t flows; /* where targets are counted; 0: flows are */
};

static const struct shape shapes[] = {{"mix", write_mix, 0},
                                      {"shared", write_shared, 0},
                                      {"hosts", write_hosts, 0},
                                      {"targets", write_shared, 10}};

static void write_targets(uint32_t count) {
    puts("targets:");
    for (uint32_t i = 0; i < count; i++)
        printf("  t%05" PRIu32 ": {backend: nftables, direction: egress}\n", i);
}

static void write_head(const struct shape *shape, uint32_t count) {
    printf("flowrules: 1\ntitle: %" PRIu32 " synthetic flows, %s\nprotects: [inside]\nnetworks:\n",
           count, shape->name);
    for (unsigned i = 0; i < NETWORKS; i++)
        printf("  cluster-%u: [10.%u.0.0/16]\n", i, i);
    puts("  inside: [10.0.0.0/8]");
    if (shape->flows > 0)
        write_targets(count);
    else
        puts("targets:\n"
             "  nft: {backend: nftables, direction: egress}\n"
             "  ipt: {backend: iptables, direction: egress}");
    puts("flows:");
}

int main(int argc, char **argv) {
    char *end = NULL;
    unsigned long count = argc == 3 ? strtoul(argv[2], &end, 10) : 0;
    for (size_t i = 0; count > 0 && *end == '\0' && i < COUNT_OF(shapes); i++) {
        const struct shape *shape = &shapes[i];
        if (strcmp(shape->name, argv[1]) != 0)
            continue;
        write_head(shape, (uint32_t)count);
        for (uint32_t flow = 0; flow < (shape->flows > 0 ? shape->flows : count); flow++) {
            printf("  - name: f%07" PRIu32 "\n", flow);
            shape->write_flow(flow);
        }
        return fflush(stdout) == 0 && !ferror(stdout) ? EXIT_SUCCESS : EXIT_FAILURE;
    }
    fputs("usage: generate mix|shared|hosts|targets COUNT\n", stderr);
    return 2;
}
