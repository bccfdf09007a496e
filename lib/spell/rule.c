/*
 * Shows a rule to a backend; decides whether it, or an element of its table, matches the packets of
 * a question.
 */
#include <string.h>

#include "flowrules/kits/flows.h"
#include "output.h"
#include "pieces.h"

/* ---- questions ----------------------------------------------------------------------------- */

static bool overlaps(const flowrules_plan *plan, fr_set a, fr_set b) {
    return fr_set_overlaps(&plan->view->sets, a, b);
}

/* The service of a rule with a table says the protocol; the ports are its elements'. */
static bool rule_is_asked(const flowrules_output *out, const struct fr_group *group,
                          const struct fr_rule *rule) {
    const flowrules_plan *plan = out->plan;
    const struct fr_asked *asked = out->asked;
    return overlaps(plan, group->match, asked->ends[group->view.end]) &&
           overlaps(plan, rule->source, asked->ends[FLOWRULES_SOURCE]) &&
           overlaps(plan, rule->destination, asked->ends[FLOWRULES_DESTINATION]) &&
           fr_service_meets(plan->services, rule->service, &asked->term);
}

static bool has_address(const flowrules_plan *plan, fr_set set, enum flowrules_family family,
                        struct flowrules_ip first, struct flowrules_ip last) {
    const struct flowrules_set view = {&plan->view->sets, set};
    for (size_t i = 0; i < flowrules_set_range_count(view, family); i++) {
        struct flowrules_range range = flowrules_set_range(view, family, i);
        if (fr_ip_compare(range.first, last) <= 0 && fr_ip_compare(first, range.last) <= 0)
            return true;
    }
    return false;
}

/* Does an element of a table match a packet of the question? */
static bool element_is_asked(const struct fr_seen_table *seen,
                             const struct flowrules_element *element) {
    const flowrules_output *out = seen->out;
    const struct fr_asked *asked = out->asked;
    const struct fr_table *table = seen->table;
    const struct fr_term *term = &asked->term;
    const struct flowrules_range *address = &element->address;
    if (seen->elsewhere || !has_address(out->plan, asked->ends[table->end], table->family,
                                        address->first, address->last))
        return false;
    if (table->view.by_source && !has_address(out->plan, asked->ends[FLOWRULES_SOURCE],
                                              table->family, element->source, element->source))
        return false;
    return !table->view.by_port || term->protocol == FR_PROTOCOL_ANY ||
           (element->ports.first <= term->destination_last &&
            term->destination_first <= element->ports.last);
}

struct flowrules_element flowrules_table_element(const struct flowrules_rule *rule, size_t index) {
    const struct fr_seen_table *seen = rule->table->elements;
    struct flowrules_element element = fr_table_element(seen->table, index);
    element.flows.elsewhere = seen->out->asked != NULL && !element_is_asked(seen, &element);
    return element;
}

flowrules_flows flowrules_flows_at(const flowrules_output *out, flowrules_flows flows,
                                   enum flowrules_end end, const struct flowrules_range *range) {
    bool here = out->asked == NULL || has_address(out->plan, out->asked->ends[end], range->family,
                                                  range->first, range->last);
    return (flowrules_flows){flows.number, flows.elsewhere || !here};
}

/* ---- rules -------------------------------------------------------------------------------- */

/* The last day of the flow that holds longest, or NULL where one has no last day. */
static const char *last_day(const flowrules_output *out, flowrules_flows flows) {
    const char *last = NULL;
    for (size_t i = 0; i < flowrules_flows_count(out, flows); i++) {
        const char *day = flowrules_flows_expires(out, flows, i);
        if (day == NULL)
            return NULL;
        last = last == NULL || strcmp(day, last) > 0 ? day : last;
    }
    return last;
}

/* The table of a rule; each is one rule's. NULL when out of memory. */
static const struct flowrules_table *see_table(flowrules_output *out, const struct fr_rule *rule,
                                               bool elsewhere) {
    const struct fr_vec *tables = &out->rules->tables;
    if (out->tables == NULL)
        out->tables =
            fr_arena_zalloc(out->files_arena, tables->count * sizeof(struct fr_seen_table));
    if (out->tables == NULL)
        return NULL;
    struct fr_seen_table *seen = &out->tables[rule->table];
    const struct fr_table *table = *fr_vec_at(tables, struct fr_table *, rule->table);
    *seen = (struct fr_seen_table){table->view, table, out, elsewhere};
    seen->view.elements = seen;
    return &seen->view;
}

bool fr_output_rule(flowrules_output *out, const struct fr_group *group, const struct fr_rule *rule,
                    struct flowrules_rule *view) {
    const flowrules_plan *plan = out->plan;
    const struct fr_sets *sets = &plan->view->sets;
    bool elsewhere = out->asked != NULL && !rule_is_asked(out, group, rule);
    *view = (struct flowrules_rule){
        .action = group->view.action,
        .direction = group->view.direction,
        .families = rule->families,
        .source = {sets, rule->source},
        .destination = {sets, rule->destination},
        .log = group->log,
        .flows = {rule->flows, elsewhere},
        .phases_behind = plan->phases > group->phase + 1 ? plan->phases - group->phase - 1 : 0};
    fr_arena_free(&out->scratch);
    fr_arena_init(&out->scratch, &plan->context->allocator);
    view->name = rule->name != NULL ? rule->name : flowrules_flows_name(out, view->flows, 0);
    view->last_day = plan->can->expiry ? last_day(out, view->flows) : NULL;
    view->services = fr_service_spell(plan, rule->service, &view->service_count);
    if (rule->kind != FR_RULE_TABLE)
        return view->services != NULL;
    view->table = see_table(out, rule, elsewhere);
    view->table_end = (*fr_vec_at(&out->rules->tables, struct fr_table *, rule->table))->end;
    return view->services != NULL && view->table != NULL;
}
