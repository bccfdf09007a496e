/*
 * Pairs of interfaces of a plan's parts.
 */
#include "crossings.h"

const struct fr_crossing *fr_crossing_of(const flowrules_plan *plan, const struct fr_scoped *part) {
    return part->crossing == 0
               ? NULL
               : fr_vec_at(&plan->crossings, struct fr_crossing, part->crossing - 1);
}

flowrules_status fr_crossing_number(flowrules_plan *plan, const struct fr_placed *enters,
                                    const struct fr_placed *leaves, uint32_t *number) {
    static const struct fr_placed any = {.interfaces = FR_SET_ANY};
    const struct fr_placed *sides[2] = {enters == NULL ? &any : enters,
                                        leaves == NULL ? &any : leaves};
    *number = 0;
    if (sides[0]->interfaces == FR_SET_ANY && sides[1]->interfaces == FR_SET_ANY)
        return FLOWRULES_OK;
    for (uint32_t i = 0; i < plan->crossings.count; i++) {
        const struct fr_crossing *known = fr_vec_at(&plan->crossings, struct fr_crossing, i);
        *number = i + 1;
        if (known->interfaces[0] == sides[0]->interfaces &&
            known->interfaces[1] == sides[1]->interfaces)
            return FLOWRULES_OK;
    }
    struct fr_crossing *slot = fr_vec_push(&plan->crossings);
    if (slot == NULL)
        return fr_no_memory(plan->context);
    for (size_t i = 0; i < 2; i++) {
        slot->interfaces[i] = sides[i]->interfaces;
        slot->spelled[i] = sides[i]->spelled;
    }
    *number = (uint32_t)plan->crossings.count;
    return FLOWRULES_OK;
}

bool fr_crossings_meet(const flowrules_plan *plan, const struct fr_scoped *a,
                       const struct fr_scoped *b) {
    const struct fr_crossing *x = fr_crossing_of(plan, a), *y = fr_crossing_of(plan, b);
    if (x == NULL || y == NULL || x == y)
        return true;
    for (size_t i = 0; i < 2; i++)
        if (!fr_set_overlaps(&plan->view->sets, x->interfaces[i], y->interfaces[i]))
            return false;
    return true;
}

bool fr_crossing_covers(const flowrules_plan *plan, const struct fr_scoped *outer,
                        const struct fr_scoped *inner) {
    const struct fr_crossing *x = fr_crossing_of(plan, outer), *y = fr_crossing_of(plan, inner);
    if (x == NULL || x == y)
        return true;
    for (size_t i = 0; i < 2; i++)
        if (!fr_set_covers(&plan->view->sets, x->interfaces[i],
                           y == NULL ? FR_SET_ANY : y->interfaces[i]))
            return false;
    return true;
}
