/*
 * cisco-asa, reading a device as a whole: each list for the packets of its interface, and what
 * passes where an interface has no list, by security levels. Sources: ASA CLI Book 1, "Interface
 * Parameters" (security levels, same-security-traffic), "Access Rules" (the order of the list of an
 * interface and the global one, what is denied behind them, lists for outbound packets).
 */
#include "read.h"

#include "cisco_asa.h"

#include <stdio.h>
#include <string.h>

enum { NAME_ROOM = FR_CISCO_ASA_WORD, LEVEL_MAX = 100 };

/* ---- interfaces ---------------------------------------------------------------------------- */

void fr_cisco_asa_interface(struct fr_cisco_asa_reading *r, const struct flowrules_line *line) {
    char name[NAME_ROOM];
    struct fr_cisco_asa_interface *i;
    r->open = NULL;
    r->open_object = NULL;
    if (!fr_cisco_asa_copy_word(line, 1, name))
        return;
    for (i = r->interfaces; i != NULL && strcmp(i->hardware, name) != 0; i = i->next)
        ;
    if (i == NULL && (i = flowrules_input_alloc(r->in, sizeof *i)) != NULL) {
        i->hardware = flowrules_input_copy(r->in, name, strlen(name));
        i->at = fr_cisco_asa_place_of(line);
        i->next = r->interfaces;
        r->interfaces = i;
    }
    r->open = i == NULL ? NULL : &i->held;
}

/* What a line of the interface's mode says; "no" takes back. */
static void read_mode_line(struct fr_cisco_asa_reading *r, struct fr_cisco_asa_interface *i,
                           const struct flowrules_line *line) {
    char words[3][NAME_ROOM] = {"", "", ""};
    for (size_t w = 0; w < 3; w++)
        if (!fr_cisco_asa_copy_word(line, w, words[w]))
            break;
    bool no = strcmp(words[0], "no") == 0;
    const char *word = words[no], *value = words[no + 1];
    if (strcmp(word, "nameif") == 0)
        i->name = no ? NULL : flowrules_input_copy(r->in, value, strlen(value));
    else if (strcmp(word, "security-level") == 0)
        i->levelled = !no && flowrules_parse_number(value, strlen(value), LEVEL_MAX, &i->level);
    else if (strcmp(word, "management-only") == 0)
        i->management = !no;
}

static bool bound_there(const struct fr_cisco_asa_reading *r, const char *direction,
                        const char *name) {
    char place[2 * NAME_ROOM];
    snprintf(place, sizeof place, "%s interface %s", direction, name);
    const struct fr_cisco_asa_binding *b =
        flowrules_input_lookup(r->in, FR_CISCO_ASA_PLACES, place);
    return b != NULL && b->list != NULL;
}

/* Reads the modes; interfaces without a name pass nothing, and are left out. */
static void find_interfaces(struct fr_cisco_asa_reading *r) {
    struct fr_cisco_asa_interface **kept = &r->interfaces;
    for (struct fr_cisco_asa_interface *i = r->interfaces; i != NULL; i = i->next) {
        for (size_t line = 0; line < i->held.count; line++)
            read_mode_line(r, i, &i->held.lines[line]);
        if (i->name == NULL)
            continue;
        i->set = flowrules_input_zone(r->in, i->name);
        i->listed = bound_there(r, "in", i->name);
        *kept = i;
        kept = &i->next;
    }
    *kept = NULL;
}

size_t fr_cisco_asa_named_interfaces(const struct fr_cisco_asa_reading *r) {
    char word[NAME_ROOM];
    size_t count = 0;
    for (const struct fr_cisco_asa_interface *i = r->interfaces; i != NULL; i = i->next)
        for (size_t line = 0; line < i->held.count; line++)
            count += fr_cisco_asa_copy_word(&i->held.lines[line], 0, word) &&
                     strcmp(word, "nameif") == 0;
    return count;
}

/* Interfaces that the configuration does not name. */
static struct flowrules_set unnamed(struct fr_cisco_asa_reading *r) {
    struct flowrules_set others = flowrules_input_interfaces(r->in);
    for (const struct fr_cisco_asa_interface *i = r->interfaces; i != NULL; i = i->next)
        others = flowrules_input_subtract(r->in, others, i->set);
    return others;
}

/* ---- rules --------------------------------------------------------------------------------- */

/* A rule for all packets from one set of interfaces to another. */
static void give(struct fr_cisco_asa_reading *r, enum flowrules_verdict verdict,
                 struct flowrules_place at, struct flowrules_set enters,
                 struct flowrules_set leaves) {
    struct flowrules_read_rule rule = {.direction = FLOWRULES_FORWARD,
                                       .verdict = verdict,
                                       .source = flowrules_input_any(r->in),
                                       .destination = flowrules_input_any(r->in),
                                       .interfaces = {enters, leaves},
                                       .at = at};
    flowrules_input_rule(r->in, &rule);
}

/* What no list lets pass: between interfaces of one level. */
static void give_barriers(struct fr_cisco_asa_reading *r, enum flowrules_verdict verdict,
                          const struct fr_cisco_asa_interface *a) {
    for (const struct fr_cisco_asa_interface *b = r->interfaces; b != NULL; b = b->next) {
        bool allowed = a == b ? r->same_interface : r->same_level;
        if ((a == b || (a->levelled && b->levelled && a->level == b->level)) && !allowed)
            give(r, verdict, a->at, a->set, b->set);
    }
}

/* The same of all interfaces; those for management alone let nothing pass. */
static void give_all_barriers(struct fr_cisco_asa_reading *r) {
    struct flowrules_set all = flowrules_input_any(r->in);
    for (const struct fr_cisco_asa_interface *a = r->interfaces; a != NULL; a = a->next) {
        if (a->management) {
            give(r, FLOWRULES_BLOCK, a->at, a->set, all);
            give(r, FLOWRULES_BLOCK, a->at, all, a->set);
        }
        give_barriers(r, FLOWRULES_BLOCK, a);
    }
}

/* What passes from an interface without a list, behind the barriers. */
static void give_level(struct fr_cisco_asa_reading *r, const struct fr_cisco_asa_interface *from) {
    for (const struct fr_cisco_asa_interface *to = r->interfaces; to != NULL; to = to->next)
        if (from->levelled && to->levelled && to->level <= from->level)
            give(r, FLOWRULES_PASS, from->at, from->set, to->set);
}

static void doubt_levels(struct fr_cisco_asa_reading *r) {
    for (const struct fr_cisco_asa_interface *i = r->interfaces; i != NULL; i = i->next)
        if (!i->levelled)
            flowrules_input_doubt(r->in, i->at, FLOWRULES_FORWARD,
                                  "interface '%.80s' has no security-level here, which decides "
                                  "what passes without a list",
                                  i->name);
}

/* What passes from interfaces without a list: to lower levels, and to their own where allowed. */
static void give_levels(struct fr_cisco_asa_reading *r) {
    bool asked = false;
    for (const struct fr_cisco_asa_interface *from = r->interfaces; from != NULL;
         from = from->next) {
        asked = asked || !from->listed;
        if (!from->listed)
            give_level(r, from);
    }
    if (asked)
        doubt_levels(r);
}

bool fr_cisco_asa_read_level(struct fr_cisco_asa_reading *r, const char *name) {
    const struct fr_cisco_asa_interface *from;
    find_interfaces(r);
    for (from = r->interfaces; from != NULL && strcmp(from->name, name) != 0; from = from->next)
        ;
    if (from == NULL)
        return false;
    give(r, FLOWRULES_OUTSIDE, from->at, from->set, unnamed(r));
    give_barriers(r, FLOWRULES_OUTSIDE, from); /* they are as much without the lists of a target */
    give_level(r, from);
    doubt_levels(r);
    return true;
}

void fr_cisco_asa_read_bound(struct fr_cisco_asa_reading *r, const struct fr_cisco_asa_binding *b) {
    const struct fr_cisco_asa_list *list =
        b == NULL ? NULL : flowrules_input_lookup(r->in, FR_CISCO_ASA_LIST_NAMES, b->list);
    if (b == NULL)
        return;
    if (list == NULL || list->entries.count == 0) {
        flowrules_input_error(r->in, b->at, NULL, "there is no access list '%.80s'", b->list);
        return;
    }
    if (b->overridden)
        flowrules_input_doubt(r->in, b->at, FLOWRULES_FORWARD,
                              "an access list of a user precedes '%.80s'", b->list);
    fr_cisco_asa_read_list(r, list);
}

/* The lists of a direction, each for its interface. */
static void give_lists(struct fr_cisco_asa_reading *r, const char *direction, unsigned end) {
    size_t length = strlen(direction);
    for (const struct fr_cisco_asa_binding *b = r->bindings; b != NULL; b = b->next) {
        bool own = b->list != NULL && strncmp(b->place, direction, length) == 0;
        const char *name = own ? b->place + length : NULL;
        if (!own)
            continue;
        r->limits[end] = flowrules_input_zone(r->in, name);
        fr_cisco_asa_read_bound(r, b);
        if (end == 1)
            give(r, FLOWRULES_BLOCK, b->at, flowrules_input_any(r->in), r->limits[1]);
        r->limits[end] = flowrules_input_any(r->in);
    }
}

/* The list of the interface, the global one, or security levels; nothing more passes. */
static void give_inbound(struct fr_cisco_asa_reading *r) {
    const struct fr_cisco_asa_binding *global =
        flowrules_input_lookup(r->in, FR_CISCO_ASA_PLACES, "global");
    bool has_global = global != NULL && global->list != NULL;
    struct flowrules_set any = flowrules_input_any(r->in);
    give_all_barriers(r);
    give_lists(r, "in interface ", 0);
    if (has_global)
        fr_cisco_asa_read_bound(r, global);
    else
        give_levels(r);
    give(r, FLOWRULES_BLOCK, (struct flowrules_place){0, 0, 0}, any, any);
}

/* Packets of interfaces that the configuration does not name do not exist. */
static void leave_others(struct fr_cisco_asa_reading *r) {
    struct flowrules_set others = unnamed(r), any = flowrules_input_any(r->in);
    give(r, FLOWRULES_BLOCK, (struct flowrules_place){0, 0, 0}, others, any);
    give(r, FLOWRULES_BLOCK, (struct flowrules_place){0, 0, 0}, any, others);
}

void fr_cisco_asa_read_device(struct fr_cisco_asa_reading *r) {
    find_interfaces(r);
    if (r->interfaces != NULL)
        leave_others(r);
    give_inbound(r);
    flowrules_input_stage(r->in, FLOWRULES_FORWARD);
    give_lists(r, "out interface ", 1);
}
