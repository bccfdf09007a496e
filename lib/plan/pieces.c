/*
 * Cuts services into pieces that a backend can express in one rule, and shows them to it.
 */
#include "pieces.h"

#include <string.h>

/* ---- services ------------------------------------------------------------------------------ */

static bool limits_source(const struct fr_term *term) {
    return term->source_first != 0 || term->source_last != 65535;
}

bool fr_limits_ports(const struct fr_term *term) {
    return term->destination_first != 0 || term->destination_last != 65535;
}

/* Can these two terms stand in one service: ports of the same protocol and source? */
static bool same_service(const struct fr_term *a, const struct fr_term *b) {
    return a->protocol == b->protocol && !fr_protocol_is_icmp(a->protocol) &&
           a->source_first == b->source_first && a->source_last == b->source_last &&
           fr_limits_ports(a) && fr_limits_ports(b);
}

/* A type of ICMP, or several in a row, with all codes. */
static bool is_type(const struct fr_term *term) {
    return fr_protocol_is_icmp(term->protocol) && limits_source(term) && !fr_limits_ports(term);
}

/* Can these two terms stand in one rule: in one service, or as types of a list? */
static bool same_piece(const struct flowrules_capabilities *can, const struct fr_term *a,
                       const struct fr_term *b) {
    return same_service(a, b) ||
           (can->icmp_type_lists && a->protocol == b->protocol && is_type(a) && is_type(b));
}

/* A term, or one for each port of it where a target has no ranges (the verdict bounds them). */
static bool add_terms(struct fr_vec *terms, const struct fr_term *term, bool single) {
    bool apart = single && fr_protocol_has_ports(term->protocol) && fr_limits_ports(term);
    for (uint32_t port = term->destination_first; port <= term->destination_last; port++) {
        struct fr_term *slot = fr_vec_add(terms);
        if (slot == NULL)
            return false;
        *slot = *term;
        if (!apart)
            return true;
        slot->destination_first = slot->destination_last = (uint16_t)port;
    }
    return true;
}

static flowrules_status add_piece(const flowrules_plan *plan, struct fr_vec *pieces,
                                  struct fr_term *terms, size_t count) {
    fr_service *slot = fr_vec_push(pieces);
    if (slot == NULL)
        return fr_no_memory(plan->context);
    *slot = fr_services_add(plan->services, terms, count);
    return fr_plan_memory(plan);
}

flowrules_status fr_service_pieces(const flowrules_plan *plan, fr_service service,
                                   struct fr_vec *pieces) {
    const struct flowrules_capabilities *can = plan->can;
    unsigned most = can->one_port || can->no_port_ranges ? 1 : can->ports_per_rule;
    const struct fr_service_terms *terms = fr_service_get(plan->services, service);
    struct fr_vec copy; /* adding services may move nothing, but sorts what it is given */
    fr_vec_init(&copy, &plan->context->allocator, sizeof(struct fr_term));
    for (uint32_t i = 0; i < terms->count; i++)
        if (!add_terms(&copy, &terms->terms[i], can->no_port_ranges)) {
            fr_vec_free(&copy);
            return fr_no_memory(plan->context);
        }
    struct fr_term *list = copy.items;
    flowrules_status status = FLOWRULES_OK;
    for (size_t i = 0, next; status == FLOWRULES_OK && i < copy.count; i = next) {
        unsigned weight = 0;
        for (next = i; next < copy.count && (next == i || same_piece(can, &list[i], &list[next]));
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
        if (fr_limits_ports(first))
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
    if (!fr_limits_ports(first))
        return true;
    for (size_t i = 0; i < count; i++)
        ports[i + 1] =
            (struct flowrules_ports){terms[i].destination_first, terms[i].destination_last};
    service->destination_ports = ports + 1;
    service->destination_port_count = count;
    return true;
}

static bool spell(const flowrules_plan *plan, fr_service service, struct fr_spelled *spelled) {
    const struct fr_service_terms *terms = fr_service_get(plan->services, service);
    struct flowrules_service *list = fr_arena_alloc(plan->arena, terms->count * sizeof *list);
    if (list == NULL)
        return false;
    spelled->count = 0;
    for (size_t i = 0, next; i < terms->count; i = next) {
        for (next = i + 1;
             next < terms->count && same_service(&terms->terms[i], &terms->terms[next]); next++)
            continue;
        if (!put_service(plan->arena, &terms->terms[i], next - i, &list[spelled->count++]))
            return false;
    }
    spelled->list = list;
    return true;
}

const struct flowrules_service *fr_service_spell(const flowrules_plan *plan, fr_service service,
                                                 size_t *count) {
    struct fr_vec *known = &plan->stores->spelled;
    while (known->count <= service) {
        struct fr_spelled *slot = fr_vec_push(known);
        if (slot == NULL)
            return NULL;
        *slot = (struct fr_spelled){NULL, 0};
    }
    struct fr_spelled *spelled = fr_vec_at(known, struct fr_spelled, service);
    if (spelled->list == NULL && !spell(plan, service, spelled))
        return NULL;
    *count = spelled->count;
    return spelled->list;
}
