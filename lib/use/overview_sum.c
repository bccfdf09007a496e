/*
 * What the overview says in sum, and the numbers in its lists: for those who gather it, and those
 * who write it.
 */
#include "overview.h"

bool fr_overview_number(struct fr_overview *o, struct fr_span *span, uint32_t number) {
    uint32_t *slot = fr_vec_add(&o->numbers);
    if (slot == NULL)
        return false;
    if (span->count == 0)
        span->first = (uint32_t)o->numbers.count - 1;
    *slot = number;
    span->count++;
    return true;
}

uint32_t fr_overview_at(const struct fr_overview *o, struct fr_span span, uint32_t index) {
    return *fr_vec_at(&o->numbers, uint32_t, span.first + index);
}

size_t fr_overview_zones(const struct fr_overview *o) {
    return o->zones_of == NULL ? 0 : o->zones_of->zones.count;
}

const char *fr_overview_zone(const struct fr_overview *o, size_t zone) {
    return FR_POLICY_TEXT(o->zones_of, fr_vec_at(&o->zones_of->zones, struct fr_zone, zone)->name);
}

const struct fr_overview_verdict *fr_overview_verdict(const struct fr_overview *o, size_t flow,
                                                      size_t target) {
    return fr_vec_at(&o->verdicts, struct fr_overview_verdict, target * o->flows.count + flow);
}

bool fr_overview_from_outside(const struct fr_overview *o, size_t flow) {
    struct fr_span sources = fr_vec_at(&o->flows, struct fr_overview_flow, flow)->ends[0];
    for (uint32_t i = 0; i < sources.count; i++)
        if (fr_vec_at(&o->ends, struct fr_overview_end, fr_overview_at(o, sources, i))->outside)
            return true;
    return false;
}

const char *fr_overview_severity(flowrules_severity severity) {
    static const char *const words[] = {
        [FLOWRULES_NOTE] = "note", [FLOWRULES_WARNING] = "warning", [FLOWRULES_ERROR] = "error"};
    return words[severity];
}

const char *fr_overview_date(int32_t day, char date[11]) {
    if (day == FR_NO_DATE)
        return NULL;
    fr_date_format(day, date);
    return date;
}

bool fr_overview_days(const struct fr_overview *o, int32_t day, int32_t *days) {
    if (o->policy->as_of == FR_NO_DATE || day == FR_NO_DATE || day == FR_NO_EXPIRY)
        return false;
    *days = day - o->policy->as_of;
    return true;
}
