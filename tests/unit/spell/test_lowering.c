/*
 * The lowering, as a property: for random policies, the plan that a backend is handed passes
 * exactly the packets that the policy's flows pass, read one by one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flowrules/kits/flows.h"
#include "plan.h"
#include "random_policy.h"
#include "render.h"
#include "services.h"
#include "settings.h"
#include "unit.h"

/* ---- what a backend is handed ------------------------------------------------------------------
 */

struct seen_rule {
    struct flowrules_rule view;
    struct flowrules_service *services; /* copies: the view's live for one call */
    struct flowrules_ports *ports;
};

struct seen_group {
    struct flowrules_group view;
    size_t first_rule, rule_count;
};

static struct {
    struct seen_group groups[1024];
    struct seen_rule rules[65536];
    struct flowrules_dispatch dispatches[64];
    size_t group_count, rule_count, dispatch_count;
    unsigned begins, ends;
} seen;

static void see_begin(flowrules_output *out) {
    (void)flowrules_output_file(out, ".txt", false);
    seen.begins++;
}

static void check_seen(flowrules_output *out);

static void see_end(flowrules_output *out) {
    seen.ends++;
    check_seen(out);
}

static void see_group(flowrules_output *out, const struct flowrules_group *group) {
    (void)out;
    CU_ASSERT_FATAL(seen.group_count < sizeof seen.groups / sizeof seen.groups[0]);
    seen.groups[seen.group_count++] = (struct seen_group){*group, seen.rule_count, 0};
}

static void copy_ports(struct flowrules_ports **to, const struct flowrules_ports **ports,
                       size_t count) {
    if (count > 0)
        memcpy(*to, *ports, count * sizeof **to);
    *ports = count > 0 ? *to : NULL;
    *to += count;
}

static void see_rule(flowrules_output *out, const struct flowrules_rule *rule) {
    CU_ASSERT_FATAL(seen.rule_count < sizeof seen.rules / sizeof seen.rules[0]);
    CU_ASSERT_FATAL(seen.group_count > 0);
    struct seen_rule *copy = &seen.rules[seen.rule_count++];
    seen.groups[seen.group_count - 1].rule_count++;
    size_t ports = 1;
    for (size_t i = 0; i < rule->service_count; i++)
        ports += rule->services[i].source_port_count + rule->services[i].destination_port_count;
    copy->view = *rule;
    copy->services = malloc((rule->service_count + 1) * sizeof *copy->services);
    copy->ports = malloc(ports * sizeof *copy->ports);
    CU_ASSERT_FATAL(copy->services != NULL && copy->ports != NULL);
    struct flowrules_ports *to = copy->ports;
    for (size_t i = 0; i < rule->service_count; i++) {
        struct flowrules_service *s = &copy->services[i];
        *s = rule->services[i];
        copy_ports(&to, &s->source_ports, s->source_port_count);
        copy_ports(&to, &s->destination_ports, s->destination_port_count);
    }
    copy->view.services = copy->services;
    CU_ASSERT(flowrules_flows_count(out, rule->flows) > 0);
    CU_ASSERT(rule->name != NULL && rule->name[0] == 'f');
}

static void see_dispatch(flowrules_output *out, const struct flowrules_dispatch *dispatch) {
    (void)out;
    CU_ASSERT_FATAL(seen.dispatch_count < sizeof seen.dispatches / sizeof seen.dispatches[0]);
    seen.dispatches[seen.dispatch_count++] = *dispatch;
}

static void forget(void) {
    for (size_t i = 0; i < seen.rule_count; i++) {
        free(seen.rules[i].services);
        free(seen.rules[i].ports);
    }
    seen.group_count = seen.rule_count = seen.dispatch_count = 0;
    seen.begins = seen.ends = 0;
}

static const struct flowrules_format formats[] = {
    {"seen", "", see_begin, see_group, see_rule, see_dispatch, see_end, NULL},
    {.name = NULL},
};

#define BACKEND(word, ...)                                                                         \
    {                                                                                              \
        .abi = FLOWRULES_BACKEND_ABI, .name = (word), .title = "", .description = "",              \
        .capabilities = {.families = 3,                                                            \
                         .source_ports = true,                                                     \
                         .icmp_types = true,                                                       \
                         .logging = true,                                                          \
                         .name_max = 64,                                                           \
                         __VA_ARGS__},                                                             \
        .formats = formats                                                                         \
    }
#define HOST   .placement = FLOWRULES_ATTACHED
#define ROUTER .placement = FLOWRULES_TRANSIT
#define TABLES .lookup = true, .mixed_families = true
#define UNION  .evaluation = FLOWRULES_ALLOW_UNION
static const struct flowrules_backend backends[] = {
    BACKEND("host-ranges", HOST, TABLES, .table_port_ranges = true, .rule_flows = 4),
    BACKEND("host-hashes", HOST, TABLES, .ports_per_rule = 2),
    BACKEND("router-ranges", ROUTER, TABLES, .table_port_ranges = true, .rule_flows = 1,
            .ports_per_rule = 15),
    BACKEND("router-hashes", ROUTER, TABLES, .rule_flows = 2, .ports_per_rule = 3),
    BACKEND("host-rules", HOST, .mixed_families = true),
    BACKEND("router-rules", ROUTER, .mixed_families = true, .one_service = true,
            .icmp_type_lists = true),
    BACKEND("host-narrow", HOST, .one_service = true, .one_port = true, .addresses_per_end = 2,
            .prefixes = true),
    BACKEND("router-merged", ROUTER, .one_service = true, .ports_per_rule = 3, .merge_above = 4),
    BACKEND("host-merged", HOST, .mixed_families = true, .merge_above = 1, .any_is_both = true),
    BACKEND("host-allows", HOST, UNION, .one_service = true, .ports_per_rule = 15),
    BACKEND("router-allows", ROUTER, UNION, .one_service = true, .one_port = true,
            .addresses_per_end = 4, .prefixes = true, .merge_above = 8),
    BACKEND("router-union", ROUTER, UNION, .mixed_families = true, .merge_above = 2),
    BACKEND("host-denies", HOST, .mixed_families = true, .denies = FLOWRULES_DENIES_FIRST),
    BACKEND("router-denies", ROUTER, .one_service = true, .merge_above = 4,
            .denies = FLOWRULES_DENIES_FIRST),
};
#define BACKENDS (sizeof backends / sizeof backends[0])

/* ---- a packet through the plan
 * ------------------------------------------------------------------- */

static bool set_has(struct flowrules_set set, enum flowrules_family family,
                    struct flowrules_ip ip) {
    if (flowrules_set_is_any(set))
        return true;
    for (size_t i = 0; i < flowrules_set_range_count(set, family); i++) {
        struct flowrules_range range = flowrules_set_range(set, family, i);
        if (fr_ip_compare(range.first, ip) <= 0 && fr_ip_compare(range.last, ip) >= 0)
            return true;
    }
    return false;
}

static struct flowrules_ip end_of(const struct random_packet *packet, enum flowrules_end end) {
    return end == FLOWRULES_SOURCE ? packet->source : packet->destination;
}

static bool ports_have(const struct flowrules_ports *ports, size_t count, uint16_t port) {
    for (size_t i = 0; i < count; i++)
        if (ports[i].first <= port && port <= ports[i].last)
            return true;
    return count == 0;
}

static bool service_has(const struct flowrules_service *s, const struct random_packet *p) {
    if (s->protocol >= 0 && (unsigned)s->protocol != p->protocol)
        return false;
    if (s->protocol < 0)
        return true;
    if (fr_protocol_is_icmp(p->protocol))
        return (s->icmp_type < 0 || s->icmp_type == p->source_port) &&
               (s->icmp_code < 0 || s->icmp_code == p->destination_port);
    return ports_have(s->source_ports, s->source_port_count, p->source_port) &&
           ports_have(s->destination_ports, s->destination_port_count, p->destination_port);
}

/* The element that the packet hits, or count. */
static size_t element_hit(const struct flowrules_rule *rule, const struct random_packet *p) {
    const struct flowrules_table *table = rule->table;
    struct flowrules_ip ip = end_of(p, rule->table_end);
    for (size_t i = 0; i < table->count; i++) {
        struct flowrules_element e = flowrules_table_element(rule, i);
        if (e.address.family == p->family && fr_ip_compare(e.address.first, ip) <= 0 &&
            fr_ip_compare(e.address.last, ip) >= 0 &&
            (!table->by_port ||
             (e.ports.first <= p->destination_port && p->destination_port <= e.ports.last)) &&
            (!table->by_source || fr_ip_compare(e.source, p->source) == 0))
            return i;
    }
    return table->count;
}

/* Does the rule hit the packet, and by which flows? */
static bool rule_hit(const struct flowrules_rule *rule, const struct random_packet *p,
                     flowrules_flows *flows) {
    bool service = false;
    if ((rule->families & FLOWRULES_FAMILY_BIT(p->family)) == 0)
        return false;
    for (size_t i = 0; i < rule->service_count && !service; i++)
        service = service_has(&rule->services[i], p);
    if (!service || !set_has(rule->source, p->family, p->source) ||
        !set_has(rule->destination, p->family, p->destination))
        return false;
    *flows = rule->flows;
    if (rule->table == NULL)
        return true;
    size_t element = element_hit(rule, p);
    if (element == rule->table->count)
        return false;
    *flows = flowrules_table_element(rule, element).flows;
    return true;
}

static bool dispatch_leads_to(const struct flowrules_dispatch *d, const struct random_packet *p,
                              const char *group) {
    struct flowrules_ip ip = end_of(p, d->end);
    for (size_t i = 0; i < d->range_count; i++) {
        struct flowrules_range range = flowrules_dispatch_range(d, i);
        if (fr_ip_compare(range.first, ip) > 0 || fr_ip_compare(range.last, ip) < 0)
            continue;
        const struct flowrules_group *found;
        for (size_t k = 0;
             (found = flowrules_dispatch_group(d, flowrules_dispatch_class(d, i), k)) != NULL; k++)
            if (strcmp(found->name, group) == 0)
                return true;
    }
    return false;
}

static bool group_reached(const struct flowrules_group *g, const struct random_packet *p) {
    if (g->direction != p->direction)
        return false;
    if (!g->dispatched)
        return (g->families & FLOWRULES_FAMILY_BIT(p->family)) != 0 &&
               set_has(g->match, p->family, end_of(p, g->end));
    for (size_t i = 0; i < seen.dispatch_count; i++) {
        const struct flowrules_dispatch *d = &seen.dispatches[i];
        if (d->direction == g->direction && d->action == g->action && d->end == g->end &&
            d->family == p->family && dispatch_leads_to(d, p, g->name))
            return true;
    }
    return false;
}

/* ---- the checks
 * ----------------------------------------------------------------------------------- */

static const struct random_policy *tried;
static const flowrules_plan *plan_tried;
static const flowrules_output *output_tried;
static uint64_t seed_tried;
static char what_failed[400];

#define HOLDS(condition)                                                                           \
    do {                                                                                           \
        if (!(condition) && what_failed[0] == '\0')                                                \
            snprintf(what_failed, sizeof what_failed, "%s:%d: %s", __func__, __LINE__,             \
                     #condition);                                                                  \
    } while (0)

/* One of the flows that a hit names must be a flow of the action that has the packet. */
static void check_provenance(flowrules_flows flows, bool deny, const struct random_packet *p) {
    bool named = false;
    for (size_t i = 0; i < flowrules_flows_count(output_tried, flows); i++) {
        const struct random_flow *f = &tried->flows[fr_output_flow(output_tried, flows, i)];
        named = named || (f->deny == deny && random_flow_has(f, p));
    }
    HOLDS(named);
}

static bool plan_says(enum flowrules_action action, const struct random_packet *p) {
    bool hit = false;
    for (size_t i = 0; i < seen.group_count; i++) {
        const struct seen_group *g = &seen.groups[i];
        if (g->view.action != action || !group_reached(&g->view, p))
            continue;
        for (size_t r = 0; r < g->rule_count; r++) {
            flowrules_flows flows;
            const struct flowrules_rule *rule = &seen.rules[g->first_rule + r].view;
            if (!rule_hit(rule, p, &flows))
                continue;
            check_provenance(flows, action == FLOWRULES_DENY, p);
            hit = true;
        }
    }
    return hit;
}

/* Does the plan pass it: by the first group that has it, or where no deny has it? */
static bool plan_passes(const struct random_packet *p) {
    bool allowed = plan_says(FLOWRULES_ALLOW, p), denied = plan_says(FLOWRULES_DENY, p);
    if (!allowed || !denied || plan_tried->can->denies == FLOWRULES_DENIES_FIRST)
        return allowed && !denied;
    for (size_t i = 0; i < seen.group_count; i++) {
        const struct seen_group *g = &seen.groups[i];
        flowrules_flows flows;
        for (size_t r = 0; r < g->rule_count && group_reached(&g->view, p); r++)
            if (rule_hit(&seen.rules[g->first_rule + r].view, p, &flows))
                return g->view.action == FLOWRULES_ALLOW;
    }
    return false;
}

static bool policy_says(bool deny, const struct random_packet *p, bool transit) {
    if (!random_in_scope(tried, p, transit))
        return false;
    for (unsigned i = 0; i < tried->flow_count; i++)
        if (tried->flows[i].deny == deny && random_flow_has(&tried->flows[i], p))
            return true;
    return false;
}

static void check_packet(const struct random_packet *p) {
    bool transit = plan_tried->transit;
    struct random_packet seen_as = *p;
    if (transit)
        seen_as.direction = FLOWRULES_FORWARD;
    enum fr_direction_mode mode = plan_tried->target->direction;
    bool closed = !transit && !plan_tried->enforces[p->direction];
    bool allows = plan_tried->can->evaluation == FLOWRULES_ALLOW_UNION;
    bool outside = closed || !random_in_scope(tried, p, transit) ||
                   (transit && mode == FR_DIRECTION_EGRESS &&
                    !random_end_has(&tried->protects, p->family, p->source)) ||
                   (transit && mode == FR_DIRECTION_INGRESS &&
                    !random_end_has(&tried->protects, p->family, p->destination));
    HOLDS(plan_passes(&seen_as) == (!outside && random_policy_allows(tried, p)));
    if (random_policy_spares(tried))
        return; /* what denies and allows have apart depends on the order */
    for (int deny = 0; deny < 2; deny++) {
        bool expected = !closed && policy_says(deny == 1, p, transit);
        if (allows) /* denies are taken out of the allows */
            expected = deny == 0 && expected && !policy_says(true, p, transit);
        if (transit && mode == FR_DIRECTION_EGRESS)
            expected = expected && random_end_has(&tried->protects, p->family, p->source);
        if (transit && mode == FR_DIRECTION_INGRESS)
            expected = expected && random_end_has(&tried->protects, p->family, p->destination);
        HOLDS(plan_says((enum flowrules_action)deny, &seen_as) == expected);
    }
}

static bool overlap(const struct flowrules_element *a, const struct flowrules_element *b) {
    return fr_ip_compare(a->source, b->source) == 0 &&
           fr_ip_compare(a->address.first, b->address.last) <= 0 &&
           fr_ip_compare(b->address.first, a->address.last) <= 0 &&
           a->ports.first <= b->ports.last && b->ports.first <= a->ports.last;
}

static void check_element(const struct flowrules_rule *rule, const struct flowrules_element *e,
                          bool port_ranges) {
    const struct flowrules_table *table = rule->table;
    bool host = fr_ip_compare(e->address.first, e->address.last) == 0;
    bool port = !table->by_port || e->ports.first == e->ports.last;
    HOLDS(fr_ip_compare(e->address.first, e->address.last) <= 0 && e->ports.first <= e->ports.last);
    HOLDS(table->interval || (host && port));
    HOLDS(!table->interval || !(host && port));
    HOLDS(port || port_ranges);
    HOLDS(FLOWRULES_FAMILY_BIT(e->address.family) == rule->families);
}

static void check_lists(flowrules_flows flows, uint8_t *named) {
    for (size_t i = 0; i < flowrules_flows_count(output_tried, flows); i++) {
        uint32_t flow = fr_output_flow(output_tried, flows, i);
        named[flow] = 1;
        for (size_t k = 0; k < i; k++)
            HOLDS(fr_output_flow(output_tried, flows, k) != flow);
    }
}

static void check_table(const struct flowrules_rule *rule, bool port_ranges, uint8_t *named) {
    HOLDS(rule->table->count > 0 && rule->service_count == 1);
    HOLDS(flowrules_set_is_any(rule->source) && flowrules_set_is_any(rule->destination));
    HOLDS(rule->services[0].destination_port_count == 0);
    for (size_t i = 0; i < rule->table->count; i++) {
        struct flowrules_element e = flowrules_table_element(rule, i);
        check_element(rule, &e, port_ranges);
        check_lists(e.flows, named);
        for (size_t k = i + 1; k < rule->table->count; k++) {
            struct flowrules_element other = flowrules_table_element(rule, k);
            HOLDS(!overlap(&e, &other));
        }
    }
}

static void check_ports(const struct flowrules_rule *rule, unsigned most) {
    size_t weight = 0;
    for (size_t i = 0; i < rule->service_count; i++)
        for (size_t k = 0; k < rule->services[i].destination_port_count; k++) {
            struct flowrules_ports ports = rule->services[i].destination_ports[k];
            weight += ports.first == ports.last ? 1 : 2;
        }
    HOLDS(most == 0 || weight <= most);
}

static void check_families(const struct flowrules_rule *rule, const struct flowrules_group *group) {
    const struct flowrules_capabilities *can = plan_tried->can;
    bool any = flowrules_set_is_any(rule->source) && flowrules_set_is_any(rule->destination);
    HOLDS(rule->families != 0 && (rule->families & ~group->families) == 0);
    HOLDS(rule->action == group->action && rule->direction == group->direction);
    HOLDS(can->mixed_families || rule->families != FLOWRULES_BOTH_FAMILIES ||
          (can->any_is_both && any));
    for (int f = 0; f < 2; f++) {
        enum flowrules_family family = (enum flowrules_family)f;
        if ((rule->families & FLOWRULES_FAMILY_BIT(family)) == 0)
            continue;
        HOLDS(flowrules_set_is_any(rule->source) ||
              flowrules_set_range_count(rule->source, family) > 0);
        HOLDS(flowrules_set_is_any(rule->destination) ||
              flowrules_set_range_count(rule->destination, family) > 0);
    }
}

/* What an end counts against addresses_per_end. */
static size_t weight_of(struct flowrules_set set, bool prefixes) {
    size_t weight = 0;
    for (int f = 0; f < 2 && !flowrules_set_is_any(set); f++)
        for (size_t i = 0; i < flowrules_set_range_count(set, (enum flowrules_family)f); i++) {
            struct flowrules_range prefix,
                range = flowrules_set_range(set, (enum flowrules_family)f, i);
            weight += !prefixes;
            while (prefixes && flowrules_range_next_prefix(&range, &prefix))
                weight++;
        }
    return weight;
}

/* Are the services of a rule types of one protocol, each with all its codes? */
static bool lists_types(const struct flowrules_capabilities *can,
                        const struct flowrules_rule *rule) {
    bool types = can->icmp_type_lists;
    for (size_t i = 0; i < rule->service_count && types; i++)
        types = rule->services[i].protocol == rule->services[0].protocol &&
                rule->services[i].icmp_type >= 0 && rule->services[i].icmp_code < 0;
    return types;
}

/* What a backend without lookups can say in one rule. */
static void check_limits(const struct flowrules_rule *rule) {
    const struct flowrules_capabilities *can = plan_tried->can;
    HOLDS(rule->service_count > 0 &&
          (!can->one_service || rule->service_count == 1 || lists_types(can, rule)));
    HOLDS(rule->table == NULL);
    if (can->addresses_per_end > 0) {
        HOLDS(weight_of(rule->source, can->prefixes) <= can->addresses_per_end);
        HOLDS(weight_of(rule->destination, can->prefixes) <= can->addresses_per_end);
    }
    for (size_t i = 0; i < rule->service_count && can->one_port; i++)
        HOLDS(rule->services[i].destination_port_count <= 1 &&
              rule->services[i].source_port_count <= 1);
    HOLDS(can->evaluation == FLOWRULES_FIRST_MATCH || rule->action == FLOWRULES_ALLOW);
}

/* Every flow that is in scope must be named by a rule, or by the element that covers it. */
static void check_rules(const struct flowrules_backend *backend) {
    uint8_t named[RANDOM_FLOWS_MAX] = {0};
    for (size_t g = 0; g < seen.group_count; g++) {
        const struct seen_group *group = &seen.groups[g];
        HOLDS(group->rule_count == group->view.rule_count && group->rule_count > 0);
        for (size_t r = 0; r < group->rule_count; r++) {
            const struct flowrules_rule *rule = &seen.rules[group->first_rule + r].view;
            check_families(rule, &group->view);
            check_lists(rule->flows, named);
            check_ports(rule, backend->capabilities.ports_per_rule);
            if (!backend->capabilities.lookup)
                check_limits(rule);
            if (rule->table != NULL)
                check_table(rule, backend->capabilities.table_port_ranges, named);
        }
    }
    /* What denies take out of an allow may be all of it. */
    bool whole = plan_tried->can->evaluation == FLOWRULES_FIRST_MATCH && !plan_tried->circular &&
                 plan_tried->can->denies == FLOWRULES_DENIES_IN_ORDER;
    for (uint32_t i = 0; whole && i < plan_tried->verdicts.count; i++)
        if (fr_vec_at(&plan_tried->verdicts, struct fr_verdict, i)->fidelity != FR_OUT_OF_SCOPE)
            HOLDS(named[i] != 0);
}

static const struct seen_group *group_named(const char *name) {
    for (size_t i = 0; i < seen.group_count; i++)
        if (strcmp(seen.groups[i].view.name, name) == 0)
            return &seen.groups[i];
    return NULL;
}

static void check_class(const struct flowrules_dispatch *d, size_t class_index) {
    const struct flowrules_group *found;
    HOLDS(class_index < d->class_count);
    for (size_t k = 0; (found = flowrules_dispatch_group(d, class_index, k)) != NULL; k++) {
        const struct seen_group *group = group_named(found->name);
        HOLDS(group != NULL && group->view.dispatched && group->view.action == d->action &&
              group->view.direction == d->direction && group->view.end == d->end);
    }
}

static void check_dispatches(void) {
    for (size_t i = 0; i < seen.dispatch_count; i++) {
        const struct flowrules_dispatch *d = &seen.dispatches[i];
        struct flowrules_range before = {d->family, {0, 0}, {0, 0}};
        HOLDS(d->range_count > 0);
        for (size_t r = 0; r < d->range_count; r++) {
            struct flowrules_range range = flowrules_dispatch_range(d, r);
            HOLDS(range.family == d->family && fr_ip_compare(range.first, range.last) <= 0);
            HOLDS(r == 0 || fr_ip_compare(before.last, range.first) < 0);
            check_class(d, flowrules_dispatch_class(d, r));
            before = range;
        }
    }
}

static bool same_name(const char *a, const char *b) {
    return strcmp(a, b) == 0;
}

/* Groups, tables and dispatches share a space of names. */
static void check_names(void) {
    if (!plan_tried->backend->capabilities.lookup)
        return; /* a group for each direction, log and action: their names are never written */
    static const char *names[131072];
    size_t count = 0;
    for (size_t i = 0; i < seen.group_count; i++)
        names[count++] = seen.groups[i].view.name;
    for (size_t i = 0; i < seen.dispatch_count; i++)
        names[count++] = seen.dispatches[i].name;
    for (size_t i = 0; i < seen.rule_count; i++)
        if (seen.rules[i].view.table != NULL)
            names[count++] = seen.rules[i].view.table->name;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < i; k++)
            if (same_name(names[i], names[k]) && what_failed[0] == '\0')
                snprintf(what_failed, sizeof what_failed, "the name %s stands twice", names[i]);
}

/* ---- one seed
 * --------------------------------------------------------------------------------------- */

static struct {
    unsigned tables, intervals, pairs, dispatches, products, plans, refused, spares, phases,
        circles;
} reached;

static void count_reached(void) {
    reached.plans++;
    reached.spares += random_policy_spares(tried);
    reached.phases += plan_tried->phases > 1;
    reached.circles += plan_tried->circular;
    reached.dispatches += seen.dispatch_count > 0;
    for (size_t i = 0; i < seen.rule_count; i++) {
        const struct flowrules_rule *rule = &seen.rules[i].view;
        reached.tables += rule->table != NULL;
        reached.intervals += rule->table != NULL && rule->table->interval;
        reached.pairs += rule->table != NULL && rule->table->by_source;
        reached.products +=
            rule->table == NULL && flowrules_flows_count(output_tried, rule->flows) > 1;
    }
}

/* What was seen, while the rules are there. */
static void check_seen(flowrules_output *out) {
    uint64_t random = seed_tried * 7919 + 1;
    output_tried = out;
    check_rules(plan_tried->backend);
    check_dispatches();
    check_names();
    count_reached();
    for (unsigned i = 0; i < 150 && what_failed[0] == '\0'; i++) {
        struct random_packet packet;
        random_packet_make(&packet, &random);
        check_packet(&packet);
    }
}

static void check_plan(const flowrules_plan *plan, uint64_t seed) {
    flowrules_artifact *artifact = NULL;
    struct fr_rules *rules = NULL;
    plan_tried = plan;
    seed_tried = seed;
    flowrules_status status = fr_plan_report(plan);
    if (status == FLOWRULES_OK)
        status = fr_rules_make(&rules, plan);
    forget();
    reached.refused += status == FLOWRULES_REFUSED;
    if (status == FLOWRULES_REFUSED) { /* never weaken: what can't be said has no rules */
        fr_rules_free(rules);
        return;
    }
    CU_ASSERT_EQUAL_FATAL(status, FLOWRULES_OK);
    size_t flow_lists = rules->flows.lists.count;
    CU_ASSERT_EQUAL_FATAL(fr_render(&artifact, rules, NULL), FLOWRULES_OK);
    CU_ASSERT(seen.begins == 1 && seen.ends == 1);
    CU_ASSERT_EQUAL(artifact->flows.lists.count, flow_lists);
    flowrules_artifact_free(artifact);
}

static flowrules_context *context_with(const struct flowrules_backend *backend) {
    flowrules_context *context;
    CU_ASSERT_EQUAL_FATAL(flowrules_context_new(&context), FLOWRULES_OK);
    const struct flowrules_backend **slot = fr_vec_push(&context->backends);
    CU_ASSERT_PTR_NOT_NULL_FATAL(slot);
    *slot = backend;
    return context;
}

static bool try_seed(struct random_policy *policy, uint64_t seed) {
    const struct flowrules_backend *backend = &backends[seed % BACKENDS];
    flowrules_context *context = context_with(backend);
    flowrules_policy *loaded;
    flowrules_plan *plan;
    random_policy_make(policy, seed, backend->name);
    tried = policy;
    what_failed[0] = '\0';
    flowrules_status status =
        flowrules_policy_load_text(&loaded, context, "random", policy->text, policy->size);
    if (status != FLOWRULES_OK)
        snprintf(what_failed, sizeof what_failed, "line %u: %.100s",
                 flowrules_diagnostic_line(context, 0), flowrules_diagnostic_message(context, 0));
    CU_ASSERT_EQUAL(status, FLOWRULES_OK);
    if (status == FLOWRULES_OK) {
        CU_ASSERT_EQUAL_FATAL(fr_plan_new(&plan, context, loaded, "t"), FLOWRULES_OK);
        check_plan(plan, seed);
        fr_plan_free(plan);
        flowrules_policy_free(loaded);
    }
    forget();
    flowrules_context_free(context);
    if (what_failed[0] != '\0')
        printf("\n    seed %llu (%s): %s\n", (unsigned long long)seed, backend->name, what_failed);
    return what_failed[0] == '\0';
}

/* FLOWRULES_SEEDS=FIRST-LAST tries others. */
static void plans_mean_the_policy(void) {
    unsigned long long first = 0, last = 1799;
    const char *seeds = getenv("FLOWRULES_SEEDS");
    if (seeds != NULL) {
        char *end;
        first = last = strtoull(seeds, &end, 10);
        if (*end == '-')
            last = strtoull(end + 1, NULL, 10);
    }
    struct random_policy *policy = malloc(sizeof *policy);
    CU_ASSERT_PTR_NOT_NULL_FATAL(policy);
    unsigned failures = 0;
    memset(&reached, 0, sizeof reached);
    for (unsigned long long seed = first; seed <= last && failures < 5; seed++)
        failures += !try_seed(policy, seed);
    free(policy);
    CU_ASSERT_EQUAL(failures, 0);
    if (seeds != NULL)
        return;
    /* The seeds are worth something only when they reach every way of lowering. */
    CU_ASSERT(reached.tables > 200);
    CU_ASSERT(reached.intervals > 50);
    CU_ASSERT(reached.pairs > 20);
    CU_ASSERT(reached.dispatches > 20);
    CU_ASSERT(reached.products > 20);
    CU_ASSERT(reached.refused < 60); /* twenty by denies that spare crosswise */
    CU_ASSERT(reached.spares > 100);
    CU_ASSERT(reached.phases > 50);
    CU_ASSERT(reached.circles > 10);
}

UNIT_SUITE(lowering) {
    static const struct unit_test tests[] = {{"plans mean the policy", plans_mean_the_policy},
                                             {NULL, NULL}};
    unit_suite("lowering", tests);
}
