/*
 * Decides what a target can express of a part of a flow, by its capabilities and by its backend's
 * answer.
 */
#include "sayable.h"

#include "flowrules/kits/whole.h"
#include "pieces.h"
#include "view.h"

/* ---- what capabilities leave unsaid --------------------------------------------------------- */

static bool says_protocol(const struct flowrules_capabilities *can, unsigned protocol) {
    if (protocol == FR_PROTOCOL_ANY)
        return !can->no_any_protocol;
    for (size_t i = 0; can->protocols != NULL && i < can->protocol_count; i++)
        if (can->protocols[i] == protocol)
            return true;
    return can->protocols == NULL;
}

/* Does a term ask for an ICMP type that can't be said? */
static bool types_icmp(const struct flowrules_capabilities *can, const struct fr_term *term) {
    if (can->icmp_types || !fr_protocol_is_icmp(term->protocol) || term->source_last == 65535)
        return false;
    for (size_t i = 0; i < can->icmp_listed_count; i++)
        if (can->icmp_listed[i].protocol == term->protocol &&
            can->icmp_listed[i].type == term->source_first && term->destination_last == 65535)
            return false;
    return true;
}

/* Why a term can't be said; ICMP types are told apart, since they may be given up. */
static struct fr_why unsayable_term(const flowrules_plan *plan, const struct fr_term *term) {
    const struct flowrules_capabilities *can = plan->can;
    bool icmp = fr_protocol_is_icmp(term->protocol);
    if (term->protocol == FR_PROTOCOL_ANY && can->no_any_protocol)
        return fr_why_told(plan->arena, "this platform has no 'any protocol'\n"
                                        "list the protocols");
    if (!says_protocol(can, term->protocol))
        return fr_because(plan->arena, FR_WHY_PROTOCOL, fr_protocol_name(term->protocol));
    if (!icmp && !can->source_ports && (term->source_first != 0 || term->source_last != 65535))
        return fr_because(plan->arena, FR_WHY_SOURCE_PORTS);
    return fr_why_not();
}

struct fr_why fr_unsayable_service(const flowrules_plan *plan, const struct fr_flow *flow,
                                   unsigned families) {
    const struct fr_service_terms *terms = fr_service_get(&plan->policy->services, flow->service);
    for (uint32_t i = 0; i < terms->count; i++) {
        struct fr_why why = fr_why_not();
        if ((fr_protocol_families(terms->terms[i].protocol) & families) != 0)
            why = unsayable_term(plan, &terms->terms[i]);
        if (why.kind != FR_WHY_NOT)
            return why;
    }
    return fr_why_not();
}

bool fr_gives_up_icmp_types(const flowrules_plan *plan, const struct fr_flow *flow,
                            unsigned families) {
    const struct fr_service_terms *terms = fr_service_get(&plan->policy->services, flow->service);
    bool typed = false;
    for (uint32_t i = 0; i < terms->count; i++)
        typed = typed || (types_icmp(plan->can, &terms->terms[i]) &&
                          (fr_protocol_families(terms->terms[i].protocol) & families) != 0);
    return typed;
}

static bool has_names(const flowrules_plan *plan, fr_set set) {
    struct flowrules_set view = {&plan->view->sets, set};
    for (size_t i = 0; i < flowrules_set_atom_count(view); i++)
        if (flowrules_set_atom(view, i).kind != FLOWRULES_ATOM_GROUP)
            return true;
    return false;
}

static struct fr_why unsayable_names(const flowrules_plan *plan, const struct fr_scoped *part) {
    const struct flowrules_capabilities *can = plan->can;
    if (!plan->view->mode.names)
        return fr_why_not(); /* what is left of names is not pinned: that is told */
    bool source = has_names(plan, part->source);
    if (source && !can->source_names)
        return fr_because(plan->arena, FR_WHY_NAME_SOURCE);
    if (part->deny && !can->deny_names && (source || has_names(plan, part->destination)))
        return fr_because(plan->arena, FR_WHY_NAME_DENIED);
    return fr_why_not();
}

struct fr_why fr_unsayable_rest(const flowrules_plan *plan, const struct fr_term *term) {
    struct fr_why why = unsayable_term(plan, term);
    bool types = why.kind == FR_WHY_NOT && types_icmp(plan->can, term);
    return types ? fr_why_told(plan->arena, "this platform cannot match ICMP types") : why;
}

/* ---- parts --------------------------------------------------------------------------------- */

/*
 * A part with a service of the plan, as backends see it: its ends have those of the families that
 * a packet of it can be of.
 */
static flowrules_status view_service(const flowrules_plan *plan, const struct fr_scoped *part,
                                     fr_service service, unsigned families,
                                     struct flowrules_rule *view) {
    const struct fr_sets *sets = &plan->view->sets;
    const struct fr_flow *flow = fr_vec_at(&plan->policy->flows, struct fr_flow, part->flow);
    families &= fr_plan_families(plan, part->source) & fr_plan_families(plan, part->destination) &
                plan->can->families;
    if (families == 0)
        families = FLOWRULES_BOTH_FAMILIES; /* it can't be said here, whatever is seen of it */
    *view = (struct flowrules_rule){
        .action = part->deny ? FLOWRULES_DENY : FLOWRULES_ALLOW,
        .direction = (enum flowrules_direction)part->direction,
        .families = FLOWRULES_BOTH_FAMILIES,
        .source = {sets, fr_end_for(plan, part->source, families)},
        .destination = {sets, fr_end_for(plan, part->destination, families)},
        .log = part->log,
        .flows = {part->flow, false},
        .name = FR_POLICY_TEXT(plan->policy, flow->name),
        .last_day = plan->can->expiry ? FR_POLICY_TEXT(plan->policy, flow->expires_text) : NULL,
        .phases_behind = plan->phases > 1 ? plan->phases - 1 : 0};
    view->services = fr_service_spell(plan, service, &view->service_count);
    return view->services != NULL ? fr_plan_memory(plan) : fr_no_memory(plan->context);
}

static flowrules_status view_part(const flowrules_plan *plan, const struct fr_scoped *part,
                                  struct flowrules_rule *view) {
    fr_service service;
    if (part->but != FR_SERVICE_ANY) /* what it leaves out is denied before it */
        return view_service(plan, part, FR_SERVICE_ANY, FLOWRULES_BOTH_FAMILIES, view);
    FR_TRY(fr_plan_service(plan, part->service, FLOWRULES_BOTH_FAMILIES, false, &service));
    return view_service(plan, part, service,
                        fr_service_get(&plan->policy->services, part->service)->families, view);
}

bool flowrules_plan_flow(const flowrules_plan *plan, size_t index, struct flowrules_rule *flow) {
    return index < plan->scoped.count &&
           view_part(plan, fr_vec_at(&plan->scoped, struct fr_scoped, index), flow) == FLOWRULES_OK;
}

/* Asks the backend about a part with another service, of the plan, unless it is refused already. */
static flowrules_status ask_with(const flowrules_plan *plan, const struct fr_scoped *part,
                                 fr_service service, struct fr_why *why) {
    struct flowrules_rule view;
    if (plan->backend->refuses == NULL || why->kind != FR_WHY_NOT)
        return FLOWRULES_OK;
    FR_TRY(view_service(plan, part, service, FLOWRULES_BOTH_FAMILIES, &view));
    *why = fr_why_told(plan->arena, plan->backend->refuses(plan, &view));
    return FLOWRULES_OK;
}

flowrules_status fr_refuse_part(const flowrules_plan *plan, const struct fr_scoped *part,
                                struct fr_why *why) {
    struct flowrules_rule view;
    *why = unsayable_names(plan, part);
    if (plan->backend->refuses == NULL || why->kind != FR_WHY_NOT)
        return FLOWRULES_OK;
    FR_TRY(view_part(plan, part, &view));
    *why = fr_why_told(plan->arena, plan->backend->refuses(plan, &view));
    return FLOWRULES_OK;
}

flowrules_status fr_ask_of_rest(const flowrules_plan *plan, const struct fr_scoped *rest,
                                fr_service service, struct fr_why *why) {
    *why = fr_why_not();
    return ask_with(plan, rest, service, why);
}

flowrules_status fr_refuse_others(const flowrules_plan *plan, const struct fr_scoped *part,
                                  struct fr_why *why) {
    struct fr_scoped deny = *part;
    deny.deny = 1;
    *why = unsayable_names(plan, &deny);
    FR_TRY(ask_with(plan, &deny, part->but, why));
    return ask_with(plan, part, FR_SERVICE_ANY, why);
}
