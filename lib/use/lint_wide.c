/*
 * Finds flows that open very much: every address, protocol or port, more than the thresholds of the
 * policy; and flows with protocols that do not encrypt.
 */
#include <stdio.h>
#include <string.h>

#include "lint.h"
#include "zones.h"

#define PORTS 65536u

/* What is asked of one flow. */
struct wide {
    struct fr_linter *l;
    uint32_t flow;
    const fr_set *ends;
    const struct fr_service_terms *service;
    fr_set protects;     /* of the policy and of all targets */
    fr_set cleartext_in; /* FR_SET_ANY: everywhere */
};

static const struct fr_sets *sets_of(const struct wide *w) {
    return &w->l->sights[0].view.sets;
}

/* ---- addresses ----------------------------------------------------------------------------- */

static bool has_family(const struct fr_sets *sets, fr_set set, enum flowrules_family family) {
    struct flowrules_range all = {family, {0, 0}, fr_ip_max(family)};
    return fr_set_has_range(sets, set, &all);
}

static bool is_everywhere(const struct fr_sets *sets, fr_set set) {
    return has_family(sets, set, FLOWRULES_IPV4) || has_family(sets, set, FLOWRULES_IPV6);
}

static const char *family_words(const struct fr_sets *sets, fr_set set) {
    bool four = has_family(sets, set, FLOWRULES_IPV4), six = has_family(sets, set, FLOWRULES_IPV6);
    return four && six ? "every address" : four ? "every IPv4 address" : "every IPv6 address";
}

/* Addresses of IPv4, and networks of 64 bits of IPv6: a smaller one counts as one. */
static uint64_t size_of(const struct fr_sets *sets, fr_set set) {
    struct flowrules_set view = {sets, set};
    uint64_t sum = 0;
    for (size_t i = 0; i < flowrules_set_range_count(view, FLOWRULES_IPV4); i++) {
        struct flowrules_range range = flowrules_set_range(view, FLOWRULES_IPV4, i);
        sum += range.last.lo - range.first.lo + 1;
    }
    for (size_t i = 0; i < flowrules_set_range_count(view, FLOWRULES_IPV6); i++) {
        struct flowrules_range range = flowrules_set_range(view, FLOWRULES_IPV6, i);
        uint64_t networks = range.last.hi - range.first.hi;
        sum = networks < UINT64_MAX - 1 - sum ? sum + networks + 1 : UINT64_MAX;
    }
    return sum;
}

static flowrules_status check_size(const struct wide *w, unsigned end) {
    static const char *const words[] = {"source", "destination"};
    uint32_t limit = w->l->policy->lint.limits[end == 0 ? FR_LINT_SOURCES : FR_LINT_DESTINATIONS];
    struct fr_finding finding = fr_about_flow(
        w->l, end == 0 ? FR_MANY_SOURCES : FR_MANY_DESTINATIONS, FLOWRULES_WARNING, w->flow);
    finding.hint = end == 0 ? "name the machines, or raise 'source-addresses' under lint"
                            : "name the machines, or raise 'destination-addresses' under lint";
    if (limit == FR_LINT_NO_LIMIT || is_everywhere(sets_of(w), w->ends[end]))
        return FLOWRULES_OK;
    uint64_t size = size_of(sets_of(w), w->ends[end]);
    if (size <= limit)
        return FLOWRULES_OK;
    return fr_finding_add(
        w->l->findings, &finding, "the %s of flow '%s' has %llu addresses: more than %lu",
        words[end], fr_lint_name(w->l, w->flow), (unsigned long long)size, (unsigned long)limit);
}

static flowrules_status check_ends(const struct wide *w) {
    const struct fr_sets *sets = sets_of(w);
    bool source = is_everywhere(sets, w->ends[0]), destination = is_everywhere(sets, w->ends[1]);
    const char *name = fr_lint_name(w->l, w->flow);
    if (source && destination) {
        struct fr_finding finding = fr_about_flow(w->l, FR_ANY_TO_ANY, FLOWRULES_WARNING, w->flow);
        finding.hint = "name the networks that need it";
        return fr_finding_add(w->l->findings, &finding, "flow '%s' allows from %s to %s", name,
                              family_words(sets, w->ends[0]), family_words(sets, w->ends[1]));
    }
    if (source && fr_set_overlaps(sets, w->ends[1], w->protects)) {
        struct fr_finding finding =
            fr_about_flow(w->l, FR_FROM_EVERYWHERE, FLOWRULES_WARNING, w->flow);
        finding.hint = "name the sources; for a public service, accept it with a reason";
        FR_TRY(fr_finding_add(w->l->findings, &finding,
                              "flow '%s' allows %s into a protected network", name,
                              family_words(sets, w->ends[0])));
    }
    FR_TRY(check_size(w, 0));
    return check_size(w, 1);
}

/* ---- protocols and ports ------------------------------------------------------------------- */

static bool has_every_source(const struct fr_term *term) {
    return term->source_first == 0 && term->source_last == PORTS - 1;
}

static bool has_every_protocol(const struct fr_service_terms *service) {
    for (uint32_t i = 0; i < service->count; i++)
        if (service->terms[i].protocol == FR_PROTOCOL_ANY)
            return true;
    return false;
}

/* The destination ports of a protocol; ranges of one source overlap ranges of no other. */
static uint32_t count_ports(const struct fr_service_terms *service, unsigned protocol) {
    uint32_t sum = 0;
    for (uint32_t i = 0; i < service->count; i++) {
        const struct fr_term *t = &service->terms[i];
        if (t->protocol == protocol && has_every_source(t))
            sum += (uint32_t)(t->destination_last - t->destination_first) + 1;
    }
    return sum;
}

static flowrules_status report_ports(const struct wide *w, unsigned protocol, uint32_t ports,
                                     uint32_t limit) {
    bool every = ports >= PORTS - 1; /* port 0 is not used */
    struct fr_finding finding =
        fr_about_flow(w->l, every ? FR_EVERY_PORT : FR_MANY_PORTS, FLOWRULES_WARNING, w->flow);
    finding.hint = every ? "name the ports that are needed"
                         : "name the ports that are needed, or raise 'ports' under lint";
    if (every)
        return fr_finding_add(w->l->findings, &finding, "flow '%s' allows every port of %s",
                              fr_lint_name(w->l, w->flow), fr_protocol_name(protocol));
    return fr_finding_add(w->l->findings, &finding,
                          "flow '%s' allows %lu ports of %s: more than %lu",
                          fr_lint_name(w->l, w->flow), (unsigned long)ports,
                          fr_protocol_name(protocol), (unsigned long)limit);
}

static flowrules_status check_service(const struct wide *w) {
    static const unsigned protocols[] = {FR_TCP, FR_UDP, FR_SCTP};
    uint32_t limit = w->l->policy->lint.limits[FR_LINT_PORTS];
    if (has_every_protocol(w->service)) {
        struct fr_finding finding =
            fr_about_flow(w->l, FR_EVERY_PROTOCOL, FLOWRULES_WARNING, w->flow);
        finding.hint = "name the services that are needed";
        return fr_finding_add(w->l->findings, &finding, "flow '%s' allows every protocol",
                              fr_lint_name(w->l, w->flow));
    }
    for (size_t i = 0; i < sizeof protocols / sizeof protocols[0]; i++) {
        uint32_t ports = count_ports(w->service, protocols[i]);
        if (ports >= PORTS - 1 || (limit != FR_LINT_NO_LIMIT && ports > limit))
            FR_TRY(report_ports(w, protocols[i], ports, limit));
    }
    return FLOWRULES_OK;
}

/* ---- cleartext ----------------------------------------------------------------------------- */

/* Ports of protocols that do not encrypt, by the index of their word in fr_cleartext_words. */
static const struct {
    uint8_t word, protocol;
    uint16_t first, last;
} cleartext[] = {
    {0, FR_TCP, 20, 21},     {1, FR_TCP, 23, 23},   {2, FR_UDP, 69, 69},   {3, FR_TCP, 80, 80},
    {3, FR_TCP, 8080, 8080}, {4, FR_TCP, 110, 110}, {5, FR_TCP, 143, 143}, {6, FR_UDP, 161, 162},
    {7, FR_TCP, 389, 389},   {7, FR_UDP, 389, 389}, {8, FR_TCP, 512, 514}, {9, FR_TCP, 5900, 5900},
};

/* True if the term names these ports, and not a range that is wide anyway. */
static bool names_ports(const struct wide *w, const struct fr_term *term, size_t i) {
    uint32_t limit = w->l->policy->lint.limits[FR_LINT_PORTS];
    uint32_t ports = (uint32_t)(term->destination_last - term->destination_first) + 1;
    return term->protocol == cleartext[i].protocol && ports < PORTS - 1 && ports <= limit &&
           term->destination_first <= cleartext[i].last &&
           term->destination_last >= cleartext[i].first;
}

/* The words of the protocols that the flow allows: bits. */
static unsigned find_cleartext(const struct wide *w) {
    unsigned found = 0;
    for (uint32_t t = 0; t < w->service->count; t++)
        for (size_t i = 0; i < sizeof cleartext / sizeof cleartext[0]; i++)
            if (names_ports(w, &w->service->terms[t], i))
                found |= 1u << cleartext[i].word;
    return found & w->l->policy->lint.cleartext;
}

static flowrules_status check_cleartext(const struct wide *w) {
    unsigned found = find_cleartext(w);
    char words[120] = "";
    if (found == 0 || (w->cleartext_in != FR_SET_ANY &&
                       !fr_set_overlaps(sets_of(w), w->ends[0], w->cleartext_in) &&
                       !fr_set_overlaps(sets_of(w), w->ends[1], w->cleartext_in)))
        return FLOWRULES_OK;
    for (size_t i = 0; fr_cleartext_words[i] != NULL; i++) {
        size_t used = strlen(words);
        if ((found >> i & 1) != 0)
            snprintf(words + used, sizeof words - used, "%s%s", used > 0 ? ", " : "",
                     fr_cleartext_words[i]);
    }
    struct fr_finding finding = fr_about_flow(w->l, FR_CLEARTEXT, FLOWRULES_WARNING, w->flow);
    finding.hint = "use a protocol that encrypts (ssh, sftp, https, ldaps, SNMPv3 ...)";
    return fr_finding_add(w->l->findings, &finding,
                          "flow '%s' allows a protocol that does not encrypt: %s",
                          fr_lint_name(w->l, w->flow), words);
}

/* ---- all flows ----------------------------------------------------------------------------- */

static flowrules_status add_set(struct fr_linter *l, struct fr_span span, fr_set *set) {
    struct fr_end end;
    if (span.count == 0)
        return FLOWRULES_OK;
    FR_TRY(fr_view_end(&l->sights[0].view, span, false, &end));
    *set = fr_set_union(&l->sights[0].view.sets, *set, end.set);
    return FLOWRULES_OK;
}

static flowrules_status find_networks(struct wide *w) {
    const flowrules_policy *policy = w->l->policy;
    w->protects = FR_SET_EMPTY;
    w->cleartext_in = FR_SET_ANY;
    if (policy->lint.cleartext_in.count > 0)
        FR_TRY(fr_ends_set(&w->l->sights[0].view, policy->lint.cleartext_in, &w->cleartext_in));
    FR_TRY(add_set(w->l, policy->protects, &w->protects));
    for (size_t i = 0; i < policy->targets.count; i++)
        FR_TRY(add_set(w->l, fr_vec_at(&policy->targets, struct fr_target, i)->protects,
                       &w->protects));
    return FLOWRULES_OK;
}

flowrules_status fr_lint_wide(struct fr_linter *l) {
    struct wide wide = {.l = l};
    FR_TRY(find_networks(&wide));
    for (uint32_t i = 0; i < l->policy->flows.count; i++) {
        const struct fr_flow *flow = fr_lint_flow(l, i);
        if (!fr_lint_counts(flow) || flow->deny)
            continue;
        wide.flow = i;
        wide.ends = fr_sight_ends(&l->sights[0], i);
        wide.service = fr_service_get(&l->policy->services, flow->service);
        FR_TRY(check_ends(&wide));
        FR_TRY(check_service(&wide));
        FR_TRY(check_cleartext(&wide));
    }
    return FLOWRULES_OK;
}
