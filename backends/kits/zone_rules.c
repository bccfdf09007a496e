/*
 * Reads a rule that names zones: its doubt, its source and destination, and what its zones leave of
 * them; see zones.h.
 */
#include <stdarg.h>
#include <stdio.h>

#include "zones.h"

void fr_zone_doubt(struct fr_zone_rule *rule, bool never, const char *format, ...) {
    char text[400];
    va_list values;
    rule->m.never = rule->m.never || never;
    if (rule->m.doubt != NULL)
        return;
    va_start(values, format);
    vsnprintf(text, sizeof text, format, values);
    va_end(values);
    rule->m.doubt =
        flowrules_input_print(rule->in, "in the %s '%.80s' %s", rule->kind, rule->name, text);
}

void fr_zone_lacks(const struct fr_zone_rule *rule, const char *key, const char *hint) {
    flowrules_input_error(rule->in, rule->at, hint, "the %s '%.80s' has no '%s'", rule->kind,
                          rule->name, key);
}

void fr_zone_end(struct fr_zone_rule *rule, enum flowrules_end end, struct fr_addresses all,
                 bool excluded) {
    struct flowrules_set any = flowrules_input_any(rule->in);
    struct fr_territory *at = &rule->m.ends[end];
    *at = (struct fr_territory){all.set, all.doubt == NULL ? all.set : any};
    if (excluded)
        *at = (struct fr_territory){flowrules_input_subtract(rule->in, any, at->maybe),
                                    flowrules_input_subtract(rule->in, any, at->surely)};
    if (all.doubt != NULL)
        fr_zone_doubt(rule, false, "%s", all.doubt);
}

void fr_zone_give(struct fr_zone_rule *rule, const struct fr_zones *zones, unsigned kind,
                  const char *const keys[2], struct flowrules_read_rule *read) {
    static const char *const words[] = {"source", "destination"};
    bool elsewhere = false;
    for (int end = 0; end < 2 && zones->matched; end++)
        read->interfaces[end] = fr_zones_set(rule->in, &rule->zones[end]);
    for (int end = 0; end < 2 && !zones->matched; end++) {
        if (!fr_zones_limit(rule->in, zones, kind, (enum flowrules_end)end, &rule->zones[end],
                            &rule->m.ends[end]))
            fr_zone_doubt(rule, false,
                          "'%s' names some of the zones that its %s may be in, and not others",
                          keys[end], words[end]);
        elsewhere = elsewhere || rule->m.ends[end].maybe.id == flowrules_input_none(rule->in).id;
    }
    read->direction = FLOWRULES_FORWARD;
    read->verdict = rule->verdict;
    read->at = rule->at;
    fr_tables_give(rule->in, &rule->m, read);
    if (elsewhere)
        flowrules_input_note(rule->in, rule->at, "left out: the %s '%.80s' is between other zones",
                             rule->kind, rule->name);
}
