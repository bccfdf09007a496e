/*
 * Lowering rule by rule: one rule for each flow and direction, denies before allows. And what all
 * lowering shares: a service cut into the pieces that a backend can say at once.
 */
#include "rules.h"

#include <string.h>

/* ---- services ------------------------------------------------------------------------------ */

static bool limits_source(const struct fr_term *term) {
    return term->source_first != 0 || term->source_last != 65535;
}

static bool limits_destination(const struct fr_term *term) {
    return term->destination_first != 0 || term->destination_last != 65535;
}

/* Can these two terms stand in one service: ports of the same protocol and source? */
static bool same_service(const struct fr_term *a, const struct fr_term *b) {
    return a->protocol == b->protocol && !fr_protocol_is_icmp(a->protocol) &&
           a->source_first == b->source_first && a->source_last == b->source_last &&
           limits_destination(a) && limits_destination(b);
}

static flowrules_status add_piece(struct fr_plan *plan, struct fr_vec *pieces,
                                  struct fr_term *terms, size_t count) {
    fr_service *slot = fr_vec_push(pieces);
    if (slot == NULL)
        return fr_no_memory(plan->context);
    *slot = fr_services_add(&plan->services, terms, count);
    return *slot == FR_SERVICE_NONE ? fr_no_memory(plan->context) : FLOWRULES_OK;
}

flowrules_status fr_service_pieces(struct fr_plan *plan, fr_service service,
                                   struct fr_vec *pieces) {
    unsigned most = plan->backend->capabilities.ports_per_rule;
    const struct fr_service_terms *terms = fr_service_get(&plan->services, service);
    struct fr_vec copy; /* adding services may move nothing, but sorts what it is given */
    fr_vec_init(&copy, &plan->context->allocator, sizeof(struct fr_term));
    if (!fr_vec_reserve(&copy, terms->count))
        return fr_no_memory(plan->context);
    copy.count = terms->count;
    memcpy(copy.items, terms->terms, terms->count * sizeof(struct fr_term));
    struct fr_term *list = copy.items;
    flowrules_status status = FLOWRULES_OK;
    for (size_t i = 0, next; status == FLOWRULES_OK && i < copy.count; i = next) {
        unsigned weight = 0;
        for (next = i; next < copy.count && (next == i || same_service(&list[i], &list[next]));
             next++) {
            weight += list[next].destination_first == list[next].destination_last ? 1 : 2;
            if (most > 0 && weight > most && next > i)
                break;
        }
        status = add_piece(plan, pieces, list + i, next - i);
    }
    fr_vec_free(&copy);
    return status;
}

static bool put_service(struct fr_arena *arena, const struct fr_term *terms, size_t count,
                        struct flowrules_service *service) {
    const struct fr_term *first = &terms[0];
    *service = (struct flowrules_service){.protocol = -1, .icmp_type = -1, .icmp_code = -1};
    if (first->protocol != FR_PROTOCOL_ANY)
        service->protocol = first->protocol;
    if (fr_protocol_is_icmp(first->protocol)) {
        if (limits_source(first))
            service->icmp_type = first->source_first;
        if (limits_destination(first))
            service->icmp_code = first->destination_first;
        return true;
    }
    struct flowrules_ports *ports = fr_arena_alloc(arena, (count + 1) * sizeof *ports);
    if (ports == NULL)
        return false;
    if (limits_source(first)) {
        ports[0] = (struct flowrules_ports){first->source_first, first->source_last};
        service->source_ports = ports;
        service->source_port_count = 1;
    }
    if (!limits_destination(first))
        return true;
    for (size_t i = 0; i < count; i++)
        ports[i + 1] =
            (struct flowrules_ports){terms[i].destination_first, terms[i].destination_last};
    service->destination_ports = ports + 1;
    service->destination_port_count = count;
    return true;
}

const struct flowrules_service *fr_service_spell(const struct fr_plan *plan, struct fr_arena *arena,
                                                 fr_service service, size_t *count) {
    const struct fr_service_terms *terms = fr_service_get(&plan->services, service);
    struct flowrules_service *list = fr_arena_alloc(arena, terms->count * sizeof *list);
    *count = 0;
    for (size_t i = 0, next; list != NULL && i < terms->count; i = next) {
        for (next = i + 1;
             next < terms->count && same_service(&terms->terms[i], &terms->terms[next]); next++)
            continue;
        if (!put_service(arena, &terms->terms[i], next - i, &list[(*count)++]))
            return NULL;
    }
    return list;
}

/* ---- one rule a flow ----------------------------------------------------------------------- */

static flowrules_status lower_flow(struct fr_plan *plan, const struct fr_scoped *scoped) {
    struct fr_rule rule = {.kind = FR_RULE_MATCH,
                           .flows = scoped->flow,
                           .source = scoped->source,
                           .destination = scoped->destination};
    unsigned families =
        fr_plan_families(plan, scoped->source) & fr_plan_families(plan, scoped->destination);
    FR_TRY(fr_plan_service(plan, scoped->service, families, &rule.service));
    if (rule.service == FR_SERVICE_NONE)
        return FLOWRULES_OK;
    rule.families = (uint8_t)(families & fr_service_get(&plan->services, rule.service)->families);
    return fr_plan_rule(plan, &rule);
}

static flowrules_status lower_group(struct fr_plan *plan, enum flowrules_direction direction,
                                    enum flowrules_action action, bool log) {
    static const char *const names[3][2] = {
        [FLOWRULES_EGRESS] = {"out", "out_deny"},
        [FLOWRULES_INGRESS] = {"in", "in_deny"},
        [FLOWRULES_FORWARD] = {"forward", "forward_deny"},
    };
    struct flowrules_group view = {.name = names[direction][action],
                                   .action = action,
                                   .direction = direction,
                                   .families = FLOWRULES_BOTH_FAMILIES,
                                   .match = {&plan->view.sets, FR_SET_ANY}};
    size_t first = plan->rules.count;
    for (size_t i = 0; i < plan->scoped.count; i++) {
        const struct fr_scoped *scoped = fr_vec_at(&plan->scoped, struct fr_scoped, i);
        if (scoped->direction == direction && scoped->deny == action && scoped->log == log)
            FR_TRY(lower_flow(plan, scoped));
    }
    if (plan->rules.count == first)
        return FLOWRULES_OK;
    struct fr_group *group = fr_plan_group(plan, &view);
    if (group == NULL)
        return fr_no_memory(plan->context);
    group->log = log;
    group->match = FR_SET_ANY;
    group->first_rule = (uint32_t)first;
    group->view.rule_count = plan->rules.count - first;
    return FLOWRULES_OK;
}

flowrules_status fr_lower_rules(struct fr_plan *plan) {
    for (int direction = 0; direction < 3; direction++)
        for (int action = FLOWRULES_DENY; action >= FLOWRULES_ALLOW; action--)
            for (int log = 0; log < 2; log++)
                if (plan->enforces[direction])
                    FR_TRY(lower_group(plan, (enum flowrules_direction)direction,
                                       (enum flowrules_action)action, log == 1));
    return FLOWRULES_OK;
}
