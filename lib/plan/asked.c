/*
 * Which rules and elements of a plan match the packets of a question.
 */
#include "view.h"

#include "flowrules/kits/flows.h"

static bool overlaps(const struct fr_plan *plan, fr_set a, fr_set b) {
    return fr_set_overlaps(&plan->view.sets, a, b);
}

/* The service of a rule with a table says the protocol; the ports are its elements'. */
static bool service_meets(const struct fr_plan *plan, const struct fr_rule *rule) {
    const struct fr_service_terms *terms = fr_service_get(&plan->services, rule->service);
    struct fr_term both;
    for (uint32_t i = 0; i < terms->count; i++)
        if (fr_terms_meet(&terms->terms[i], &plan->asked->term, &both))
            return true;
    return false;
}

bool fr_rule_is_asked(const struct fr_plan *plan, const struct fr_group *group,
                      const struct fr_rule *rule) {
    const struct fr_asked *asked = plan->asked;
    return overlaps(plan, group->match, asked->ends[group->view.end]) &&
           overlaps(plan, rule->source, asked->ends[FLOWRULES_SOURCE]) &&
           overlaps(plan, rule->destination, asked->ends[FLOWRULES_DESTINATION]) &&
           service_meets(plan, rule);
}

static bool has_address(const struct fr_plan *plan, fr_set set, enum flowrules_family family,
                        struct flowrules_ip first, struct flowrules_ip last) {
    const struct flowrules_set view = {&plan->view.sets, set};
    for (size_t i = 0; i < flowrules_set_range_count(view, family); i++) {
        struct flowrules_range range = flowrules_set_range(view, family, i);
        if (fr_ip_compare(range.first, last) <= 0 && fr_ip_compare(first, range.last) <= 0)
            return true;
    }
    return false;
}

bool fr_element_is_asked(const struct fr_table *table, const struct flowrules_element *element) {
    const struct fr_asked *asked = table->plan->asked;
    const struct fr_term *term = &asked->term;
    const struct flowrules_range *address = &element->address;
    if (table->elsewhere || !has_address(table->plan, asked->ends[table->end], table->family,
                                         address->first, address->last))
        return false;
    if (table->view.by_source && !has_address(table->plan, asked->ends[FLOWRULES_SOURCE],
                                              table->family, element->source, element->source))
        return false;
    return !table->view.by_port || term->protocol == FR_PROTOCOL_ANY ||
           (element->ports.first <= term->destination_last &&
            term->destination_first <= element->ports.last);
}

flowrules_flows flowrules_flows_at(const flowrules_output *out, flowrules_flows flows,
                                   enum flowrules_end end, const struct flowrules_range *range) {
    const struct fr_plan *plan = out->plan;
    bool here = plan->asked == NULL ||
                has_address(plan, plan->asked->ends[end], range->family, range->first, range->last);
    return (flowrules_flows){flows.number, flows.elsewhere || !here};
}
