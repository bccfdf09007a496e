/*
 * Objects and groups that are read when a rule first needs them; see tables.h.
 */
#include "tables.h"

#include <string.h>

enum {
    GROUPS_DEEP = 64,      /* groups in groups */
    SERVICES_MAX = 100000, /* of one rule or group */
    RANGES_MAX = 10000000  /* of one group, before they are united */
};

bool fr_tables_begin(flowrules_input *in, enum fr_progress *progress, unsigned *depth,
                     const char *name, struct flowrules_place at) {
    if (*progress == FR_READING || *depth >= GROUPS_DEEP) {
        flowrules_input_error(in, at, NULL,
                              *progress == FR_READING
                                  ? "the group '%.80s' contains itself"
                                  : "groups are nested more than 64 levels deep, at '%.80s'",
                              name);
        return false;
    }
    if (*progress != FR_UNREAD)
        return false;
    *progress = FR_READING;
    ++*depth;
    return true;
}

void fr_tables_end(enum fr_progress *progress, unsigned *depth, bool good) {
    --*depth;
    *progress = good ? FR_KNOWN : FR_UNKNOWN;
}

bool fr_tables_add_set(flowrules_input *in, struct fr_sets *list, struct fr_addresses one,
                       struct flowrules_place at) {
    list->sets =
        flowrules_input_grow(in, list->sets, &list->capacity, list->count, sizeof *list->sets);
    if (list->sets == NULL)
        return false;
    list->sets[list->count++] = one.set;
    list->doubt = list->doubt == NULL ? one.doubt : list->doubt;
    list->ranges += flowrules_set_range_count(one.set, FLOWRULES_IPV4) +
                    flowrules_set_range_count(one.set, FLOWRULES_IPV6);
    if (list->ranges > RANGES_MAX)
        flowrules_input_error(in, at, NULL, "a group has more than %d addresses", RANGES_MAX);
    return list->ranges <= RANGES_MAX;
}

bool fr_tables_add_service(flowrules_input *in, struct fr_services *list,
                           struct flowrules_service service) {
    struct flowrules_place nowhere = {0, 0, 0};
    if (list->count >= SERVICES_MAX) {
        flowrules_input_error(in, nowhere, NULL, "a rule or group has more than %d services",
                              SERVICES_MAX);
        return false;
    }
    list->services = flowrules_input_grow(in, list->services, &list->capacity, list->count,
                                          sizeof *list->services);
    if (list->services != NULL)
        list->services[list->count++] = service;
    return list->services != NULL;
}

bool fr_tables_add_services(flowrules_input *in, struct fr_services *list,
                            const struct fr_services *more, int protocol) {
    for (size_t i = 0; i < more->count; i++)
        if ((protocol < 0 || more->services[i].protocol == protocol) &&
            !fr_tables_add_service(in, list, more->services[i]))
            return false;
    return true;
}

bool fr_tables_ports(const char *text, size_t length, struct flowrules_ports *ports) {
    unsigned first, last;
    const char *hyphen = memchr(text, '-', length);
    size_t before = hyphen == NULL ? length : (size_t)(hyphen - text);
    if (!flowrules_parse_number(text, before, UINT16_MAX, &first))
        return false;
    last = first;
    if (hyphen != NULL &&
        !flowrules_parse_number(hyphen + 1, length - before - 1, UINT16_MAX, &last))
        return false;
    *ports = (struct flowrules_ports){(uint16_t)first, (uint16_t)last};
    return first <= last;
}

/* ---- what rules match ------------------------------------------------------------------------ */

static bool is_same_list(const struct fr_services *a, const struct fr_services *b) {
    return a->services == b->services && a->count == b->count;
}

bool fr_tables_is_nothing(const struct fr_whats *services) {
    return !services->all && services->list.count == 0;
}

static void give(flowrules_input *in, struct flowrules_read_rule *rule,
                 const struct fr_whats *services) {
    if (fr_tables_is_nothing(services))
        return;
    rule->services = services->all ? NULL : services->list.services;
    rule->service_count = services->all ? 0 : services->list.count;
    flowrules_input_rule(in, rule);
}

void fr_tables_give(flowrules_input *in, const struct fr_matching *m,
                    struct flowrules_read_rule *rule) {
    const struct fr_territory *ends = m->ends;
    bool whole = ends[0].surely.id == ends[0].maybe.id && ends[1].surely.id == ends[1].maybe.id &&
                 m->surely.all == m->maybe.all && is_same_list(&m->surely.list, &m->maybe.list);
    rule->source = ends[FLOWRULES_SOURCE].surely;
    rule->destination = ends[FLOWRULES_DESTINATION].surely;
    if (!m->never && !m->any_action)
        give(in, rule, &m->surely);
    if (!m->never && !m->any_action && whole)
        return;
    rule->source = ends[FLOWRULES_SOURCE].maybe;
    rule->destination = ends[FLOWRULES_DESTINATION].maybe;
    rule->doubt = m->doubt;
    give(in, rule, &m->maybe);
    rule->verdict = FLOWRULES_BLOCK;
    if (m->any_action)
        give(in, rule, &m->maybe);
}

const char *fr_tables_own(const flowrules_input *in, const char *name) {
    const char *prefix = flowrules_input_setting(in, "prefix");
    size_t length = prefix == NULL ? 0 : strlen(prefix);
    bool own = length > 0 && strncmp(name, prefix, length) == 0 && name[length] == '-';
    return own ? name + length + 1 : NULL;
}

void fr_tables_label(flowrules_input *in, struct flowrules_set set, const char *name,
                     const char *description, bool group) {
    const char *own = fr_tables_own(in, name);
    if (own != NULL && own[0] != '\0' && strchr("fghnr", own[0]) != NULL && own[1] == '-') {
        name = own + 2;
        const char *hash = strrchr(name, '-');
        if (!group || hash == NULL || hash == name)
            return;
        name = flowrules_input_copy(in, name, (size_t)(hash - name));
    }
    if (name != NULL)
        flowrules_input_label(in, set, name, description);
}
