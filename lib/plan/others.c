/*
 * Allows of all protocols but a few, for targets that cannot list them: any protocol, after a deny
 * of the few that affects only this allow. phases.c finds the place of the two.
 */
#include "boxes.h"
#include "pieces.h"
#include "view.h"

enum { OTHERS_MAX = 64 }; /* terms: with more it is not "all but a few" */

/* What ports or types a service leaves of one protocol. */
static flowrules_status add_left(struct fr_boxes *boxes, const struct fr_service_terms *terms,
                                 unsigned protocol) {
    struct fr_box whole = {{FR_SET_ANY, FR_SET_ANY}, {(uint16_t)protocol, 0, 65535, 0, 65535}};
    bool touched;
    FR_TRY(fr_boxes_add(boxes, &whole));
    for (uint32_t i = 0; boxes->list.count > 0 && i < terms->count; i++) {
        struct fr_box gone = {{FR_SET_ANY, FR_SET_ANY}, terms->terms[i]};
        if (gone.term.protocol == protocol)
            FR_TRY(fr_boxes_subtract(boxes, &gone, &touched));
    }
    return FLOWRULES_OK;
}

/* No rule says a stretch of ICMP types or codes. */
static bool is_stretch(const struct fr_term *term) {
    return fr_protocol_is_icmp(term->protocol) &&
           ((term->source_first != term->source_last && term->source_last != 65535) ||
            (term->destination_first != term->destination_last && term->destination_last != 65535));
}

/* Appends what is left of a protocol; false where the target can't say it, or it is too much. */
static bool take_left(const flowrules_plan *plan, const struct fr_boxes *boxes,
                      struct fr_vec *left) {
    for (size_t i = 0; i < boxes->list.count; i++) {
        const struct fr_box *box = fr_vec_at(&boxes->list, struct fr_box, i);
        struct fr_term *slot = left->count < OTHERS_MAX ? fr_vec_add(left) : NULL;
        if (slot == NULL || is_stretch(&box->term) ||
            fr_unsayable_rest(plan, &box->term).kind != FR_WHY_NOT)
            return false;
        *slot = box->term;
    }
    return !boxes->too_many;
}

/* What a service leaves of any; FR_SERVICE_ANY where that is too much, or can't be said. */
static flowrules_status find_others(const flowrules_plan *plan, fr_service service,
                                    fr_service *others) {
    const struct fr_service_terms *terms = fr_service_get(&plan->policy->services, service);
    struct fr_vec left;
    bool good = true;
    flowrules_status status = FLOWRULES_OK;
    *others = FR_SERVICE_ANY;
    fr_vec_init(&left, &plan->context->allocator, sizeof(struct fr_term));
    for (unsigned p = 0; p < FR_PROTOCOL_ANY && good && status == FLOWRULES_OK; p++) {
        struct fr_boxes boxes;
        fr_boxes_init(&boxes, plan->context, &plan->view->sets, OTHERS_MAX);
        status = add_left(&boxes, terms, p);
        good = status == FLOWRULES_OK && take_left(plan, &boxes, &left);
        fr_boxes_free(&boxes);
    }
    if (status == FLOWRULES_OK && good && left.count > 0)
        *others = fr_services_add(plan->services, left.items, left.count);
    fr_vec_free(&left);
    return status == FLOWRULES_OK ? fr_plan_memory(plan) : status;
}

struct fr_scoped fr_others_part(const flowrules_plan *plan, const struct fr_others *others) {
    struct fr_scoped part = *fr_vec_at(&plan->scoped, struct fr_scoped, others->allow);
    enum fr_log_mode log = plan->target->log;
    part.deny = 1;
    part.log = plan->can->logging && (log == FR_LOG_DENIED || log == FR_LOG_ALL);
    part.phase = others->phase;
    return part;
}

flowrules_status fr_say_others(flowrules_plan *plan, const struct fr_flow *flow, size_t first,
                               struct fr_why *why) {
    fr_service others;
    struct fr_why cannot = fr_why_not();
    bool ordered = plan->can->evaluation == FLOWRULES_FIRST_MATCH &&
                   plan->can->denies == FLOWRULES_DENIES_IN_ORDER && !plan->can->lookup;
    if (!ordered || plan->can->no_any_protocol)
        return FLOWRULES_OK;
    FR_TRY(find_others(plan, flow->service, &others));
    if (others == FR_SERVICE_ANY)
        return FLOWRULES_OK;
    for (size_t i = first; cannot.kind == FR_WHY_NOT && i < plan->scoped.count; i++) {
        struct fr_scoped *part = fr_vec_at(&plan->scoped, struct fr_scoped, i);
        part->but = others;
        FR_TRY(fr_refuse_others(plan, part, &cannot));
    }
    for (size_t i = first; cannot.kind != FR_WHY_NOT && i < plan->scoped.count; i++)
        fr_vec_at(&plan->scoped, struct fr_scoped, i)->but = FR_SERVICE_ANY;
    if (cannot.kind == FR_WHY_NOT)
        *why = fr_why_not();
    return FLOWRULES_OK;
}
