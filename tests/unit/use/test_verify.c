/*
 * Reading back, as a property: for random policies and every backend and format, what is rendered
 * means the policy; and held against a policy that was changed in one place, it differs just where
 * the two policies do, with a packet that shows it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "context.h"
#include "flowrules/reader.h"
#include "random_policy.h"
#include "unit.h"

#define PACKETS 1500u /* that are tried in search of a difference */

/* What a platform can't say is left out of its policies, so that most of them can be rendered. */
struct platform {
    const char *backend;
    const char *target; /* the backend with settings, as a target of a policy has them */
    bool transit;
    bool ports_alone;   /* TCP and UDP, without source ports */
    bool protected_end; /* a flow is about all that is protected: the platform has no such field */
    bool permits;       /* mode: permits */
    bool twice;         /* twice as many seeds: zones refuse half of its policies, in one format */
};

static const struct platform platforms[] = {
    {.backend = "nftables", .target = "nftables"},
    {.backend = "iptables", .target = "iptables"},
    {"cisco-asa", "cisco-asa", .transit = true},
    {"paloalto", "paloalto, from-zone: inside, to-zone: outside", true, .ports_alone = true},
    {"juniper-srx", "juniper-srx, from-zone: inside, to-zone: outside", .transit = true},
    {"juniper-srx", "juniper-srx, policies: global, from-zone: any, to-zone: any", .transit = true},
    {"aws-sg", "aws-sg", .ports_alone = true, .protected_end = true},
    {"azure-nsg", "azure-nsg", .ports_alone = true},
    {"gcloud", "gcloud", .ports_alone = true, .protected_end = true},
    {"nftables", "nftables, mode: permits, table: filter", .permits = true},
    {"iptables", "iptables, mode: permits", .permits = true},
    {"cisco-asa", "cisco-asa, mode: permits, access-list: IN", .transit = true, .permits = true},
    {"paloalto", "paloalto, mode: permits, from-zone: inside, to-zone: outside", true,
     .ports_alone = true, .permits = true},
    {"juniper-srx", "juniper-srx, mode: permits, from-zone: inside, to-zone: outside",
     .transit = true, .permits = true, .twice = true},
    {"aws-sg", "aws-sg, mode: permits", .ports_alone = true, .protected_end = true,
     .permits = true},
    {"azure-nsg", "azure-nsg, mode: permits, nsg: shared", .ports_alone = true, .permits = true},
    {"gcloud", "gcloud, mode: permits", .ports_alone = true, .protected_end = true,
     .permits = true},
};
#define PLATFORMS (sizeof platforms / sizeof *platforms)

#define PODS 3u /* backends of policies for pods */

static struct {
    struct random_policy policy, changed;
    unsigned pods[PODS], pods_differ[PODS];
    unsigned rendered[PLATFORMS], differences[PLATFORMS], imported[PLATFORMS], caught[PLATFORMS];
    char what[400];
} work;

/* ---- policies ------------------------------------------------------------------------------ */

static void tame_flow(struct random_policy *policy, struct random_flow *flow, unsigned number,
                      const struct platform *platform) {
    struct random_service *s = &flow->service;
    if (platform->ports_alone) {
        s->source_count = 0;
        if (s->protocols[0] != 6 && s->protocols[0] != 17) {
            s->protocols[0] = number % 3 == 0 ? 17 : 6;
            s->destination_count = 0;
        }
        s->protocol_count = 1;
    }
    if (platform->protected_end && number % 2 == 0)
        flow->source = policy->protects;
    else if (platform->protected_end)
        flow->destination = policy->protects;
}

static void make_policy(struct random_policy *policy, uint64_t seed,
                        const struct platform *platform) {
    unsigned kept = 0;
    random_policy_fill(policy, seed);
    for (unsigned i = 0; i < policy->flow_count; i++) {
        tame_flow(policy, &policy->flows[i], i, platform);
        if (random_flow_can_be(&policy->flows[i]))
            policy->flows[kept++] = policy->flows[i];
    }
    policy->flow_count = kept;
    random_policy_write(policy, seed, platform->target);
}

/* One thing that people do, or that a defect would do: a port, a mask, an action, a line. */
static void change_policy(struct random_policy *policy, uint64_t *random,
                          const struct platform *platform) {
    struct random_flow *flow = &policy->flows[unit_random(random, policy->flow_count)];
    struct random_end *end = unit_random(random, 2) == 0 ? &flow->source : &flow->destination;
    switch (unit_random(random, 5)) {
    case 0:
        *flow = policy->flows[--policy->flow_count];
        return;
    case 1:
        flow->deny = !flow->deny;
        return;
    case 2:
        if (flow->service.destination_count > 0) {
            struct flowrules_ports *p = &flow->service.destinations[0];
            p->first = p->first > 0 ? (uint16_t)(p->first - 1) : p->first;
            return;
        }
        flow->service.protocols[0] = flow->service.protocols[0] == 6 ? 17 : 6;
        return;
    case 3:
        if (!end->any && end->count > 0 && !platform->protected_end) {
            end->ranges[0].last = end->ranges[0].first;
            return;
        }
        flow->deny = !flow->deny;
        return;
    default:
        if (policy->flow_count < RANDOM_FLOWS_MAX) {
            policy->flows[policy->flow_count] = *flow;
            policy->flows[policy->flow_count++].service.destination_count = 0;
        }
    }
}

/* ---- brute force --------------------------------------------------------------------------- */

/* Does the target t pass the packet? Its direction is that of the seed, as in the text. */
static bool passes(const struct random_policy *policy, uint64_t seed, const struct random_packet *p,
                   bool transit) {
    unsigned mode = seed % 4; /* 2: egress, 3: ingress */
    bool from = random_end_has(&policy->protects, p->family, p->source);
    bool to = random_end_has(&policy->protects, p->family, p->destination);
    if (!random_in_scope(policy, p, transit) || (transit && mode == 2 && !from) ||
        (transit && mode == 3 && !to))
        return false;
    return random_policy_allows(policy, p);
}

static bool is_closed(uint64_t seed, const struct random_packet *p, bool transit) {
    return transit || seed % 4 < 2 || (seed % 4 == 2) == (p->direction == FLOWRULES_EGRESS);
}

/* Path-MTU discovery passes by the baseline, whatever the flows say. */
static bool is_baseline(const struct random_packet *p) {
    return (p->protocol == 1 && p->source_port == 3 && p->destination_port == 4) ||
           (p->protocol == 58 && p->source_port == 2);
}

/* Of a target that only permits: what the changed policy allows and the first one does not. */
static bool differs(uint64_t seed, const struct random_packet *p, const struct platform *platform) {
    bool transit = platform->transit, before = passes(&work.policy, seed, p, transit);
    bool after = passes(&work.changed, seed, p, transit);
    return is_closed(seed, p, transit) && !(is_baseline(p) && !platform->permits) &&
           (platform->permits ? after && !before : before != after);
}

static bool find_difference(uint64_t seed, uint64_t *random, const struct platform *platform) {
    for (unsigned i = 0; i < PACKETS; i++) {
        struct random_packet packet;
        random_packet_make(&packet, random);
        if (differs(seed, &packet, platform))
            return true;
    }
    return false;
}

/* ---- witnesses ----------------------------------------------------------------------------- */

/* "192.0.2.1:443", "[2001:db8::1]:443" or one without a port. */
static bool read_end(const char *text, size_t length, enum flowrules_family *family,
                     struct flowrules_ip *ip, unsigned ports[2]) {
    char copy[128];
    if (length >= sizeof copy)
        return false;
    memcpy(copy, text, length);
    copy[length] = '\0';
    char *address = copy, *port = NULL, *bracket = strchr(copy, ']');
    if (bracket != NULL) {
        address++;
        *bracket = '\0';
        port = bracket[1] == ':' ? bracket + 2 : NULL;
    } else if (strchr(copy, ':') == strrchr(copy, ':') && strchr(copy, ':') != NULL) {
        port = strchr(copy, ':') + 1;
        port[-1] = '\0';
    }
    struct flowrules_range range;
    if (!flowrules_parse_range(address, strlen(address), &range))
        return false;
    *family = range.family;
    *ip = range.first;
    if (port != NULL) {
        char *end;
        ports[0] = (unsigned)strtoul(port, &end, 10);
        ports[1] = *end == '/' ? (unsigned)strtoul(end + 1, &end, 10) : 0;
        return *end == '\0';
    }
    return true;
}

static bool read_witness(const char *text, struct random_packet *packet) {
    char protocol[32];
    unsigned from[2] = {0, 0}, to[2] = {0, 0};
    const char *arrow = strstr(text, " -> ");
    size_t length = strcspn(text, " ");
    if (arrow == NULL || length >= sizeof protocol || text + length == arrow)
        return false;
    memcpy(protocol, text, length);
    protocol[length] = '\0';
    const char *source = text + length + 1;
    enum flowrules_family other;
    int number = flowrules_parse_protocol(protocol);
    if (number < 0 ||
        !read_end(source, (size_t)(arrow - source), &packet->family, &packet->source, from) ||
        !read_end(arrow + 4, strlen(arrow + 4), &other, &packet->destination, to) ||
        other != packet->family)
        return false;
    packet->protocol = (unsigned)number;
    bool icmp = number == 1 || number == 58;
    packet->source_port = (uint16_t)(icmp ? to[0] : from[0]);
    packet->destination_port = (uint16_t)(icmp ? to[1] : to[0]);
    return true;
}

static void check_witnesses(const flowrules_comparison *comparison, uint64_t seed,
                            const struct platform *platform) {
    for (size_t i = 0; i < flowrules_difference_count(comparison); i++) {
        struct random_packet packet = {.direction = FLOWRULES_EGRESS};
        const char *text = flowrules_difference_witness(comparison, i);
        if (strcmp(flowrules_difference_direction(comparison, i), "ingress") == 0)
            packet.direction = FLOWRULES_INGRESS;
        bool more = strcmp(flowrules_difference_change(comparison, i), "allowed") == 0;
        if (strstr(text, "service-tag") != NULL)
            continue; /* a group of the platform's own: not in this universe */
        if (!read_witness(text, &packet) || !differs(seed, &packet, platform) ||
            passes(&work.policy, seed, &packet, platform->transit) != more)
            snprintf(work.what, sizeof work.what, "'%s' (%s) is no difference", text,
                     flowrules_difference_direction(comparison, i));
    }
}

/* ---- the property -------------------------------------------------------------------------- */

static bool says_defect(const flowrules_context *context) {
    for (size_t i = 0; i < flowrules_diagnostic_count(context); i++)
        if (strcmp(flowrules_diagnostic_id(context, i), "FR0807") == 0 ||
            strcmp(flowrules_diagnostic_id(context, i), "FR0801") == 0) {
            snprintf(work.what, sizeof work.what, "%s", flowrules_diagnostic_message(context, i));
            return true;
        }
    return false;
}

/* The artifact of the policy against the changed one. */
static void check_changed(flowrules_context *context, const flowrules_policy *changed,
                          const flowrules_artifact *artifact, const char *spec, uint64_t seed,
                          size_t number) {
    const struct platform *platform = &platforms[number];
    flowrules_configuration *configuration;
    flowrules_comparison *comparison = NULL;
    uint64_t random = (seed + 77) * UINT64_C(0x9E3779B97F4A7C15) | 1u;
    CU_ASSERT_FATAL(flowrules_configuration_new(&configuration, context) == FLOWRULES_OK);
    CU_ASSERT_FATAL(flowrules_configuration_add_artifact(configuration, artifact) == FLOWRULES_OK);
    flowrules_status status = flowrules_verify(&comparison, context, changed, spec, configuration);
    bool different = find_difference(seed, &random, platform);
    if (comparison != NULL) {
        bool found = strcmp(flowrules_comparison_verdict(comparison), "different") == 0;
        work.differences[number] += found;
        if (different && !found)
            snprintf(work.what, sizeof work.what, "a difference was not found");
        if (platform->permits && strcmp(flowrules_comparison_verdict(comparison), "equal") == 0)
            snprintf(work.what, sizeof work.what, "a target that only permits is called equal");
        check_witnesses(comparison, seed, platform);
    } else if (status != FLOWRULES_REFUSED) {
        snprintf(work.what, sizeof work.what, "verify ended with %s",
                 flowrules_status_name(status));
    }
    flowrules_comparison_free(comparison);
    flowrules_configuration_free(configuration);
}

/* A policy from the artifact: flowrules_import holds it against its source itself. */
static void check_import(flowrules_context *context, const flowrules_artifact *artifact,
                         const char *format, size_t number) {
    flowrules_configuration *configuration;
    flowrules_artifact *imported;
    char spec[64];
    snprintf(spec, sizeof spec, "%s:%s", platforms[number].backend, format);
    flowrules_diagnostics_clear(context);
    CU_ASSERT_FATAL(flowrules_configuration_new(&configuration, context) == FLOWRULES_OK);
    CU_ASSERT_FATAL(flowrules_configuration_add_artifact(configuration, artifact) == FLOWRULES_OK);
    flowrules_status status = flowrules_import(&imported, context, spec, NULL, configuration);
    work.imported[number] += status == FLOWRULES_OK;
    for (size_t i = 0; status != FLOWRULES_OK && i < flowrules_diagnostic_count(context); i++)
        if (flowrules_diagnostic_severity(context, i) == FLOWRULES_ERROR)
            snprintf(work.what, sizeof work.what, "import: %.300s",
                     flowrules_diagnostic_message(context, i));
    flowrules_artifact_free(imported);
    flowrules_configuration_free(configuration);
}

/* ---- changed artifacts --------------------------------------------------------------------- */

/* The files of an artifact in memory, of which one is changed. */
struct text {
    char *bytes;
    size_t size;
};

static struct text file_text(const flowrules_artifact *artifact, size_t file) {
    struct text t = {malloc(flowrules_artifact_file_size(artifact, file) + 16), 0};
    const char *bytes;
    size_t size;
    CU_ASSERT_PTR_NOT_NULL_FATAL(t.bytes);
    for (size_t b = 0; (bytes = flowrules_artifact_file_block(artifact, file, b, &size)) != NULL;
         b++) {
        memcpy(t.bytes + t.size, bytes, size);
        t.size += size;
    }
    t.bytes[t.size] = '\0';
    return t;
}

/* The line that holds an offset: its start and its end, the newline included. */
static void find_line(const struct text *t, size_t at, size_t *first, size_t *end) {
    for (*first = at; *first > 0 && t->bytes[*first - 1] != '\n';)
        --*first;
    for (*end = at; *end < t->size && t->bytes[*end] != '\n';)
        ++*end;
    *end += *end < t->size;
}

static void drop_line(struct text *t, size_t at) {
    size_t first, end;
    find_line(t, at, &first, &end);
    memmove(t->bytes + first, t->bytes + end, t->size - end);
    t->size -= end - first;
}

static void swap_lines(struct text *t, size_t at) {
    size_t first, middle, start, end;
    char *copy;
    find_line(t, at, &first, &middle);
    if (middle >= t->size)
        return;
    find_line(t, middle, &start, &end);
    copy = malloc(middle - first);
    CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
    memcpy(copy, t->bytes + first, middle - first);
    memmove(t->bytes + first, t->bytes + middle, end - middle);
    memcpy(t->bytes + first + (end - middle), copy, middle - first);
    free(copy);
}

/* The next digit behind an offset becomes another one: a port, an address or a mask. */
static void change_digit(struct text *t, size_t at) {
    while (at < t->size && (t->bytes[at] < '1' || t->bytes[at] > '8'))
        at++;
    if (at < t->size)
        t->bytes[at]++;
}

/* The next word for an action behind an offset becomes the other one, in the same room. */
static void change_action(struct text *t, size_t at) {
    static const char *const words[][2] = {{"accept", "drop  "}, {"ACCEPT", "DROP  "},
                                           {"permit", "deny  "}, {"allow", "deny "},
                                           {"Allow", "Deny "},   {"ALLOW", "DENY "}};
    for (; at < t->size; at++)
        for (size_t i = 0; i < sizeof words / sizeof *words; i++)
            if (strncmp(t->bytes + at, words[i][0], strlen(words[i][0])) == 0) {
                memcpy(t->bytes + at, words[i][1], strlen(words[i][1]));
                return;
            }
}

static void change_text(struct text *t, uint64_t *random) {
    size_t at = unit_random(random, (uint32_t)t->size);
    switch (unit_random(random, 4)) {
    case 0:
        drop_line(t, at);
        break;
    case 1:
        swap_lines(t, at);
        break;
    case 2:
        change_digit(t, at);
        break;
    default:
        change_action(t, at);
        break;
    }
    t->bytes[t->size] = '\0';
}

/* What the policy says of a witness has to be so, whatever became of the artifact. */
static void check_policy_side(const flowrules_comparison *comparison, uint64_t seed,
                              const struct platform *platform) {
    for (size_t i = 0; i < flowrules_difference_count(comparison); i++) {
        struct random_packet packet = {.direction = FLOWRULES_EGRESS};
        const char *text = flowrules_difference_witness(comparison, i);
        bool fresh = strcmp(flowrules_difference_packets(comparison, i), "new connections") == 0;
        bool more = strcmp(flowrules_difference_change(comparison, i), "allowed") == 0;
        if (strcmp(flowrules_difference_direction(comparison, i), "ingress") == 0)
            packet.direction = FLOWRULES_INGRESS;
        if (!fresh || !read_witness(text, &packet) || is_baseline(&packet))
            continue;
        if (passes(&work.policy, seed, &packet, platform->transit) == more)
            snprintf(work.what, sizeof work.what, "of a changed artifact: the policy %s '%s'",
                     more ? "does allow" : "does not allow", text);
    }
}

/* A line dropped, two swapped, a digit or an action changed: never a crash, never a false word. */
static void check_changed_text(flowrules_context *context, const flowrules_policy *policy,
                               const flowrules_artifact *artifact, const char *spec, uint64_t seed,
                               size_t number) {
    uint64_t random = (seed + 31) * UINT64_C(0x9E3779B97F4A7C15) | 1u;
    size_t files = flowrules_artifact_file_count(artifact);
    if (files == 0) /* a security group that lets nothing pass needs no call */
        return;
    size_t victim = unit_random(&random, (uint32_t)files);
    flowrules_configuration *configuration;
    flowrules_comparison *comparison = NULL;
    CU_ASSERT_FATAL(flowrules_configuration_new(&configuration, context) == FLOWRULES_OK);
    for (size_t f = 0; f < files; f++) {
        if (strstr(flowrules_artifact_file_name(artifact, f), ".remove.cfg") != NULL)
            continue; /* takes out again what the other file puts there */
        struct text t = file_text(artifact, f);
        if (f == victim && t.size > 0)
            change_text(&t, &random);
        CU_ASSERT_FATAL(flowrules_configuration_add_text(configuration,
                                                         flowrules_artifact_file_name(artifact, f),
                                                         t.bytes, t.size) == FLOWRULES_OK);
        free(t.bytes);
    }
    flowrules_status status = flowrules_verify(&comparison, context, policy, spec, configuration);
    work.caught[number] += status != FLOWRULES_OK;
    if (comparison != NULL)
        check_policy_side(comparison, seed, &platforms[number]);
    flowrules_comparison_free(comparison);
    flowrules_configuration_free(configuration);
}

/* ---- each format --------------------------------------------------------------------------- */

static void try_format(flowrules_context *context, const flowrules_policy *policy,
                       const flowrules_policy *changed, const char *spec, uint64_t seed,
                       size_t number) {
    flowrules_artifact *artifact;
    flowrules_diagnostics_clear(context);
    flowrules_status status = flowrules_render(&artifact, context, policy, spec);
    if (says_defect(context))
        return;
    if (status == FLOWRULES_OK) {
        work.rendered[number]++;
        if (changed != NULL)
            check_changed(context, changed, artifact, spec, seed, number);
        check_changed_text(context, policy, artifact, spec, seed, number);
        if (seed % 4 == 0 && !platforms[number].permits)
            check_import(context, artifact, strchr(spec, ':') + 1, number);
        flowrules_artifact_free(artifact);
    }
}

static flowrules_policy *load(flowrules_context *context, const struct random_policy *policy) {
    flowrules_policy *loaded = NULL;
    flowrules_status status =
        flowrules_policy_load_text(&loaded, context, "random", policy->text, policy->size);
    return status == FLOWRULES_OK ? loaded : NULL;
}

static void try_platform(uint64_t seed, size_t number) {
    const struct platform *platform = &platforms[number];
    uint64_t random = (seed + 5) * UINT64_C(0x9E3779B97F4A7C15) | 1u;
    flowrules_context *context;
    make_policy(&work.policy, seed, platform);
    if (work.policy.flow_count == 0)
        return;
    work.changed = work.policy;
    change_policy(&work.changed, &random, platform);
    random_policy_write(&work.changed, seed, platform->target);
    CU_ASSERT_FATAL(flowrules_context_new(&context) == FLOWRULES_OK);
    flowrules_policy *policy = load(context, &work.policy), *changed = load(context, &work.changed);
    CU_ASSERT_PTR_NOT_NULL_FATAL(policy);
    for (size_t b = 0; b < flowrules_backend_count(context); b++) {
        if (strcmp(flowrules_backend_name(context, b), platform->backend) != 0)
            continue;
        for (size_t f = 0; f < flowrules_backend_row_count(context, b, FLOWRULES_FORMATS); f++) {
            char spec[64];
            const char *format = flowrules_backend_row_name(context, b, FLOWRULES_FORMATS, f);
            snprintf(spec, sizeof spec, "t:%s", format);
            try_format(context, policy, changed, spec, seed, number);
            if (work.what[0] != '\0') {
                printf("    seed %llu, %s:%s: %s\n", (unsigned long long)seed, platform->backend,
                       format, work.what);
                work.what[0] = '\0';
                CU_FAIL("what is read back is not what was rendered");
            }
        }
    }
    flowrules_policy_free(changed);
    flowrules_policy_free(policy);
    flowrules_context_free(context);
}

static void print_counts(uint64_t first, uint64_t count) {
    printf("    seeds %llu to %llu", (unsigned long long)first,
           (unsigned long long)(first + count - 1));
    for (size_t p = 0; p < PLATFORMS; p++)
        printf("%s %s %u, %u changed, %u imported, %u caught", p > 0 ? ";" : ":",
               platforms[p].backend, work.rendered[p], work.differences[p], work.imported[p],
               work.caught[p]);
    printf("\n");
}

static void renderings_mean_the_policy(void) {
    const char *seed = getenv("SEED");
    uint64_t first = seed == NULL ? 1 : strtoull(seed, NULL, 10);
    uint64_t count = unit_rounds(50, 200, 2000);
    for (uint64_t i = 0; i < count; i++)
        for (size_t p = 0; p < PLATFORMS; p++) {
            try_platform(first + i, p);
            if (platforms[p].twice)
                try_platform(first + count + i, p);
        }
    if (getenv("SHOW_COUNTS") != NULL)
        print_counts(first, count);
    /* The seeds are worth something only where they are rendered, and changed ones differ. */
    for (size_t p = 0; count >= 100 && p < PLATFORMS; p++) {
        CU_ASSERT(work.rendered[p] > count / 10);
        CU_ASSERT(work.differences[p] > count / 20);
        CU_ASSERT(platforms[p].permits || work.imported[p] > count / 40);
        CU_ASSERT(work.caught[p] > work.rendered[p] / 8);
    }
}

/* ---- policies for pods --------------------------------------------------------------------- */

/* Groups of pods that hold and meet one another, and addresses beside them. */
static const char pods_head[] =
    "flowrules: 1\n"
    "networks:\n"
    "  web: {kubernetes: {namespace: shop, pods: {app: web}}}\n"
    "  web-a: {kubernetes: {namespace: shop, pods: {app: web, tier: a}}}\n"
    "  tier-a: {kubernetes: {namespace: shop, pods: {tier: a}}}\n"
    "  jobs: {kubernetes: {namespace: jobs, pods: {app: job}}}\n"
    "  shop: {kubernetes: {namespace: shop, pods: any}, openshift: {namespace: shop}}\n"
    "  all: {kubernetes: {namespace: any, pods: any}}\n"
    "  dns: {kubernetes: {namespace: kube-system, pods: {k8s-app: dns}, target-ports: {53: "
    "5353}}}\n"
    "  blocks: [192.0.2.0/24, \"2001:db8::/64\"]\n"
    "  wide: {members: [0.0.0.0/0], except: [10.0.0.0/8]}\n";

static const char pods_targets[] = "targets:\n"
                                   "  kubernetes: {backend: kubernetes, protects: [web, jobs]}\n"
                                   "  cilium: {backend: cilium, protects: [web, jobs]}\n"
                                   "  openshift: {backend: openshift, protects: [shop]}\n";

static const char *random_pods(uint64_t *random) {
    static const char *const ends[] = {"web",  "web-a", "tier-a",    "jobs",
                                       "shop", "all",   "dns",       "blocks",
                                       "wide", "any",   "192.0.2.7", "hub.example.org"};
    return ends[unit_random(random, sizeof ends / sizeof *ends)];
}

/* A flow of a word before its ends, "" or a deny's; with another port where it is changed. */
static size_t write_pods_flow(char *text, size_t room, uint64_t *random, unsigned number,
                              const char *word, bool changed) {
    static const char *const own[] = {"web", "web-a", "jobs", "shop"};
    bool leaves = unit_random(random, 2) == 0;
    const char *mine = own[unit_random(random, 4)], *other = random_pods(random);
    unsigned port = 50 + unit_random(random, 6), udp = unit_random(random, 2);
    if ((!leaves || word[0] != '\0') && strcmp(other, "hub.example.org") == 0)
        other = "any";
    return (size_t)snprintf(
        text, room, "  - {name: f%u, %ssource: %s, destination: %s, protocol: %s, port: %u}\n",
        number, word, leaves ? mine : other, leaves ? other : mine, udp == 0 ? "tcp" : "udp",
        changed ? port + 100 : port);
}

/* Flows of which one is changed, or none where that is count. */
static size_t write_pods(char *text, size_t room, uint64_t seed, unsigned count, unsigned changed) {
    uint64_t random = (seed + 9) * UINT64_C(0x9E3779B97F4A7C15) | 1u;
    size_t used = (size_t)snprintf(text, room, "%sflows:\n", pods_head);
    for (unsigned i = 0; i < count; i++)
        used += write_pods_flow(text + used, room - used, &random, i, "", i == changed);
    used += (size_t)snprintf(text + used, room - used, "%s", pods_targets);
    CU_ASSERT_FATAL(used < room);
    return used;
}

/* Flows of which the last one is a deny, for a target that only permits. */
static size_t write_pods_permits(char *text, size_t room, uint64_t seed, unsigned count) {
    uint64_t random = (seed + 9) * UINT64_C(0x9E3779B97F4A7C15) | 1u;
    size_t used = (size_t)snprintf(text, room, "%sflows:\n", pods_head);
    for (unsigned i = 0; i <= count; i++)
        used += write_pods_flow(text + used, room - used, &random, i,
                                i < count ? "" : "action: deny, ", false);
    used += (size_t)snprintf(text + used, room - used,
                             "targets:\n"
                             "  cilium: {backend: cilium, mode: permits, protects: [web, jobs],\n"
                             "    baseline: [dns]}\n");
    CU_ASSERT_FATAL(used < room);
    return used;
}

/* How a policy's target and an artifact compare; NULL where the target can't be planned. */
static const char *compare_pods(flowrules_context *context, const flowrules_policy *policy,
                                const char *target, const flowrules_artifact *artifact) {
    flowrules_configuration *configuration;
    flowrules_comparison *comparison = NULL;
    const char *verdict = NULL;
    CU_ASSERT_FATAL(flowrules_configuration_new(&configuration, context) == FLOWRULES_OK);
    CU_ASSERT_FATAL(flowrules_configuration_add_artifact(configuration, artifact) == FLOWRULES_OK);
    flowrules_status status = flowrules_verify(&comparison, context, policy, target, configuration);
    if (comparison != NULL)
        verdict = status == FLOWRULES_OK ? "equal" : "different";
    flowrules_comparison_free(comparison);
    flowrules_configuration_free(configuration);
    return verdict;
}

/*
 * Each rendering proves itself; of two policies that differ in a port, each says of the other's
 * rules what that one says of its own.
 */
static void try_pods_target(flowrules_context *context, flowrules_policy *const policies[2],
                            const char *target, uint64_t seed, size_t number) {
    flowrules_artifact *artifacts[2] = {NULL, NULL};
    for (size_t i = 0; i < 2; i++) {
        flowrules_status status = flowrules_render(&artifacts[i], context, policies[i], target);
        work.pods[number] += status == FLOWRULES_OK;
    }
    bool defect = says_defect(context);
    if (!defect && artifacts[0] != NULL && artifacts[1] != NULL) {
        const char *one = compare_pods(context, policies[0], target, artifacts[1]);
        const char *other = compare_pods(context, policies[1], target, artifacts[0]);
        if (one == NULL || other == NULL || strcmp(one, other) != 0)
            snprintf(work.what, sizeof work.what, "the two don't agree on how they differ");
        work.pods_differ[number] += one != NULL && strcmp(one, "different") == 0;
    }
    if (work.what[0] != '\0') {
        printf("    seed %llu, %s: %s\n", (unsigned long long)seed, target, work.what);
        work.what[0] = '\0';
        CU_FAIL("what is read back is not what was rendered");
    }
    for (size_t i = 0; i < 2; i++)
        flowrules_artifact_free(artifacts[i]);
}

static void pods_mean_the_policy(void) {
    static const char *const targets[PODS] = {"kubernetes", "cilium", "openshift"};
    static char text[16384];
    uint64_t count = unit_rounds(80, 200, 5000);
    for (uint64_t seed = 1; seed <= count; seed++) {
        unsigned flows = 1 + (unsigned)(seed % 5);
        flowrules_context *context;
        flowrules_policy *policies[2];
        CU_ASSERT_FATAL(flowrules_context_new(&context) == FLOWRULES_OK);
        for (unsigned i = 0; i < 2; i++) {
            size_t size = write_pods(text, sizeof text, seed, flows, i == 0 ? flows : 0);
            flowrules_status status =
                flowrules_policy_load_text(&policies[i], context, "pods", text, size);
            if (status != FLOWRULES_OK)
                printf("    seed %llu: %s\n", (unsigned long long)seed,
                       flowrules_diagnostic_message(context, 0));
            CU_ASSERT_EQUAL_FATAL(status, FLOWRULES_OK);
        }
        for (size_t t = 0; t < PODS; t++) {
            flowrules_diagnostics_clear(context);
            try_pods_target(context, policies, targets[t], seed, t);
        }
        flowrules_policy_free(policies[0]);
        flowrules_policy_free(policies[1]);
        flowrules_context_free(context);
    }
    for (size_t t = 0; t < PODS; t++) {
        if (getenv("SHOW_COUNTS") != NULL)
            printf("    %s %u, %u differ\n", targets[t], work.pods[t], work.pods_differ[t]);
        CU_ASSERT(work.pods[t] > count / 20);
        CU_ASSERT(work.pods_differ[t] > 0);
    }
}

/* Each rendering proves itself, and contains itself. */
static void pods_permits_mean_the_policy(void) {
    static char text[16384];
    uint64_t count = unit_rounds(80, 200, 5000);
    unsigned rendered = 0;
    for (uint64_t seed = 1; seed <= count; seed++) {
        flowrules_context *context;
        flowrules_policy *policy;
        flowrules_artifact *artifact = NULL;
        CU_ASSERT_FATAL(flowrules_context_new(&context) == FLOWRULES_OK);
        size_t size = write_pods_permits(text, sizeof text, seed, 1 + (unsigned)(seed % 5));
        CU_ASSERT_EQUAL_FATAL(flowrules_policy_load_text(&policy, context, "pods", text, size),
                              FLOWRULES_OK);
        if (flowrules_render(&artifact, context, policy, "cilium") == FLOWRULES_OK) {
            const char *verdict = compare_pods(context, policy, "cilium", artifact);
            CU_ASSERT(verdict != NULL && strcmp(verdict, "equal") == 0);
            rendered++;
        }
        if (says_defect(context)) {
            printf("    seed %llu: %s\n%s", (unsigned long long)seed, work.what, text);
            work.what[0] = '\0';
            CU_FAIL("what is read back is not what was rendered");
        }
        flowrules_artifact_free(artifact);
        flowrules_policy_free(policy);
        flowrules_context_free(context);
    }
    CU_ASSERT(rendered > count / 5);
}

UNIT_SUITE(verify) {
    static const struct unit_test tests[] = {
        {"verify: random policies, rendered and read back", renderings_mean_the_policy},
        {"verify: policies for pods", pods_mean_the_policy},
        {"verify: random permits for pods", pods_permits_mean_the_policy},
        {NULL, NULL}};
    unit_suite("verify", tests);
}
