/*
 * cisco-asa, reading: the commands of our own artifact and of show running-config, in order; what
 * they define, which list is bound where, and hence which entries decide. Knows the order of lists,
 * not what is in them.
 *
 * What can't change what a list passes (hostname, routes, crypto and all the rest of a running
 * configuration) is passed over. NAT is too: since ASA 8.3 lists see real addresses.
 */
#include "read.h"

#include "cisco_asa.h"

#include <stdio.h>
#include <string.h>

/* Far beyond what an ASA has; so that a file of nonsense ends soon. */
enum { NAME_ROOM = FR_CISCO_ASA_WORD, PLACES_MAX = 10000 };

static void keep_line(struct fr_cisco_asa_reading *r, struct fr_cisco_asa_lines *lines,
                      const struct flowrules_line *line) {
    lines->lines = flowrules_input_grow(r->in, lines->lines, &lines->capacity, lines->count,
                                        sizeof *lines->lines);
    if (lines->lines != NULL)
        lines->lines[lines->count++] = *line;
}

/* ---- objects, groups and other definitions ------------------------------------------------- */

static const struct {
    const char *command, *type;
    enum fr_cisco_asa_kind kind;
} kinds[] = {
    {"object", "network", FR_CISCO_ASA_NETWORK},
    {"object", "service", FR_CISCO_ASA_SERVICE},
    {"object-group", "network", FR_CISCO_ASA_NETWORK_GROUP},
    {"object-group", "service", FR_CISCO_ASA_SERVICE_GROUP},
    {"object-group", "protocol", FR_CISCO_ASA_PROTOCOL_GROUP},
    {"object-group", "icmp-type", FR_CISCO_ASA_ICMP_GROUP},
};

static enum fr_cisco_asa_kind kind_of(const char *command, const char *type, bool typed) {
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i].command, command) == 0 && strcmp(kinds[i].type, type) == 0)
            return typed && kinds[i].kind == FR_CISCO_ASA_SERVICE_GROUP ? FR_CISCO_ASA_PORT_GROUP
                                                                        : kinds[i].kind;
    return FR_CISCO_ASA_OTHER;
}

/* "object TYPE NAME", "object-group TYPE NAME [tcp]": the lines that follow are of it. */
static void define_object(struct fr_cisco_asa_reading *r, const struct flowrules_line *line) {
    char command[NAME_ROOM], type[NAME_ROOM], name[NAME_ROOM], more[NAME_ROOM];
    if (!fr_cisco_asa_copy_word(line, 0, command) || !fr_cisco_asa_copy_word(line, 1, type) ||
        !fr_cisco_asa_copy_word(line, 2, name)) {
        flowrules_input_error(r->in, fr_cisco_asa_place_of(line), NULL,
                              "an object has a type and a name");
        return;
    }
    enum fr_cisco_asa_kind kind = kind_of(command, type, fr_cisco_asa_copy_word(line, 3, more));
    struct fr_cisco_asa_object *o = flowrules_input_lookup(r->in, FR_CISCO_ASA_OBJECT_NAMES, name);
    if (o != NULL && !o->gone && o->kind != kind) {
        flowrules_input_error(r->in, fr_cisco_asa_place_of(line),
                              "objects of all kinds need different names",
                              "another object already has the name '%.80s'", name);
        return;
    }
    if (o == NULL && (o = flowrules_input_alloc(r->in, sizeof *o)) != NULL) {
        o->name = flowrules_input_copy(r->in, name, strlen(name));
        o->gone = true;
        o->next = r->objects;
        r->objects = o;
        flowrules_input_define(r->in, FR_CISCO_ASA_OBJECT_NAMES, name, o);
    }
    if (o != NULL && o->gone) {
        o->gone = false;
        o->kind = kind;
        o->at = fr_cisco_asa_place_of(line);
        o->held.count = 0;
    }
    r->open = o == NULL ? NULL : &o->held;
    r->open_object = o;
}

static void define_time(struct fr_cisco_asa_reading *r, const struct flowrules_line *line) {
    char name[NAME_ROOM];
    if (!fr_cisco_asa_copy_word(line, 1, name)) {
        flowrules_input_error(r->in, fr_cisco_asa_place_of(line), NULL, "a time range has a name");
        return;
    }
    struct fr_cisco_asa_time *t = flowrules_input_lookup(r->in, FR_CISCO_ASA_TIME_NAMES, name);
    if (t == NULL && (t = flowrules_input_alloc(r->in, sizeof *t)) != NULL) {
        t->name = flowrules_input_copy(r->in, name, strlen(name));
        flowrules_input_define(r->in, FR_CISCO_ASA_TIME_NAMES, name, t);
    }
    r->open = t == NULL ? NULL : &t->held;
    r->open_object = NULL;
}

/* "name ADDRESS ALIAS [description ...]" */
static void define_alias(struct fr_cisco_asa_reading *r, const struct flowrules_line *line) {
    char address[NAME_ROOM], alias[NAME_ROOM];
    if (fr_cisco_asa_copy_word(line, 1, address) && fr_cisco_asa_copy_word(line, 2, alias))
        flowrules_input_define(r->in, FR_CISCO_ASA_ALIASES, alias,
                               flowrules_input_copy(r->in, address, strlen(address)));
}

/* ---- lists --------------------------------------------------------------------------------- */

struct fr_cisco_asa_list *fr_cisco_asa_list_named(struct fr_cisco_asa_reading *r,
                                                  const char *name) {
    struct fr_cisco_asa_list *list = flowrules_input_lookup(r->in, FR_CISCO_ASA_LIST_NAMES, name);
    if (list == NULL && (list = flowrules_input_alloc(r->in, sizeof *list)) != NULL) {
        list->name = flowrules_input_copy(r->in, name, strlen(name));
        *r->last_list = list;
        r->last_list = &list->next;
        flowrules_input_define(r->in, FR_CISCO_ASA_LIST_NAMES, name, list);
    }
    return list;
}

/* A line takes the place that it says, counted from 1, remarks too; the others move on. */
static void keep_entry(struct fr_cisco_asa_reading *r, struct fr_cisco_asa_list *list,
                       const struct flowrules_line *line, const char *number) {
    unsigned place;
    struct fr_cisco_asa_lines *entries = &list->entries;
    keep_line(r, entries, line);
    if (flowrules_input_failed(r->in) ||
        !flowrules_parse_number(number, strlen(number), INT32_MAX, &place) || place == 0 ||
        place >= entries->count)
        return;
    if (!fr_cisco_asa_may_pass(r, line, entries->count - place))
        return;
    memmove(&entries->lines[place], &entries->lines[place - 1],
            (entries->count - place) * sizeof *entries->lines);
    entries->lines[place - 1] = *line;
}

/* Under a name that is taken the ASA refuses to rename, and nothing changes. */
static void rename_list(struct fr_cisco_asa_reading *r, struct fr_cisco_asa_list *list,
                        const struct flowrules_line *line) {
    char name[NAME_ROOM];
    if (!fr_cisco_asa_copy_word(line, 3, name)) {
        flowrules_input_error(r->in, fr_cisco_asa_place_of(line), NULL,
                              "a list is renamed to a name");
        return;
    }
    struct fr_cisco_asa_list *to = fr_cisco_asa_list_named(r, name);
    if (to == NULL || to->entries.count > 0)
        return;
    to->entries = list->entries;
    list->entries = (struct fr_cisco_asa_lines){NULL, 0, 0};
    for (struct fr_cisco_asa_binding *b = r->bindings; b != NULL; b = b->next)
        if (b->list != NULL && strcmp(b->list, list->name) == 0)
            b->list = to->name;
}

static void read_access_list(struct fr_cisco_asa_reading *r, const struct flowrules_line *line) {
    char name[NAME_ROOM], word[NAME_ROOM], number[NAME_ROOM] = "";
    r->open = NULL;
    if (!fr_cisco_asa_copy_word(line, 1, name) || !fr_cisco_asa_copy_word(line, 2, word)) {
        flowrules_input_error(r->in, fr_cisco_asa_place_of(line), NULL,
                              "an access list has a name of at most %d characters, and an entry",
                              FR_CISCO_ASA_LIST_NAME_MAX);
        return;
    }
    if (strcmp(name, "deny-flow-max") == 0 || strcmp(name, "alert-interval") == 0)
        return; /* how much is logged of all lists */
    struct fr_cisco_asa_list *list = fr_cisco_asa_list_named(r, name);
    if (list == NULL)
        return;
    if (strcmp(word, "rename") == 0)
        rename_list(r, list, line);
    else
        keep_entry(r, list, line,
                   strcmp(word, "line") == 0 && fr_cisco_asa_copy_word(line, 3, number) ? number
                                                                                        : "");
}

/* A list of before 9.0 that is about IPv6 alone: one that is bound is not understood. */
static void read_ipv6(struct fr_cisco_asa_reading *r, const struct flowrules_line *line) {
    char word[NAME_ROOM], name[NAME_ROOM];
    r->open = NULL;
    if (!fr_cisco_asa_copy_word(line, 1, word) || strcmp(word, "access-list") != 0 ||
        !fr_cisco_asa_copy_word(line, 2, name))
        return;
    struct fr_cisco_asa_list *list = fr_cisco_asa_list_named(r, name);
    if (list != NULL)
        keep_line(r, &list->entries, line);
}

/* ---- where lists are bound ----------------------------------------------------------------- */

static struct fr_cisco_asa_binding *binding_at(struct fr_cisco_asa_reading *r,
                                               struct flowrules_place at, const char *place) {
    struct fr_cisco_asa_binding *b = flowrules_input_lookup(r->in, FR_CISCO_ASA_PLACES, place);
    if (b != NULL)
        return b;
    if (++r->places > PLACES_MAX) {
        flowrules_input_error(r->in, at, NULL, "access lists are bound in more than %d places",
                              PLACES_MAX);
        return NULL;
    }
    if ((b = flowrules_input_alloc(r->in, sizeof *b)) == NULL)
        return NULL;
    b->place = flowrules_input_copy(r->in, place, strlen(place));
    *r->last_binding = b;
    r->last_binding = &b->next;
    flowrules_input_define(r->in, FR_CISCO_ASA_PLACES, place, b);
    return b;
}

/* In transparent mode a list of ethertypes may be bound beside the one that is about IP. */
static bool is_of_frames(const struct fr_cisco_asa_reading *r, const char *name) {
    const struct fr_cisco_asa_list *list =
        flowrules_input_lookup(r->in, FR_CISCO_ASA_LIST_NAMES, name);
    char word[NAME_ROOM];
    return list != NULL && list->entries.count > 0 &&
           fr_cisco_asa_copy_word(&list->entries.lines[0], 2, word) &&
           strcmp(word, "ethertype") == 0;
}

static bool exists(const struct fr_cisco_asa_reading *r, const char *name) {
    const struct fr_cisco_asa_list *list =
        flowrules_input_lookup(r->in, FR_CISCO_ASA_LIST_NAMES, name);
    return list != NULL && list->entries.count > 0;
}

/* A list for the control plane is about what goes to the ASA itself. */
static void read_access_group(struct fr_cisco_asa_reading *r, const struct flowrules_line *line) {
    struct fr_cisco_asa_cursor c;
    const char *list, *place;
    r->open = NULL;
    fr_cisco_asa_begin(&c, r, line);
    fr_cisco_asa_take(&c);
    if (!fr_cisco_asa_take_place(&c, &list, &place)) {
        flowrules_input_error(r->in, fr_cisco_asa_place_of(line), NULL,
                              "an access-group is: access-group NAME in|out interface INTERFACE, "
                              "or access-group NAME global");
        return;
    }
    if (fr_cisco_asa_accept(&c, "control-plane") || is_of_frames(r, list))
        return;
    struct fr_cisco_asa_binding *b = binding_at(r, fr_cisco_asa_place_of(line), place);
    if (b == NULL)
        return;
    struct flowrules_place at = fr_cisco_asa_place_of(line);
    bool good = r->forward || exists(r, list);
    if (!good)
        flowrules_input_note(r->in, at, "an ASA refuses it: there is no access list '%.80s' yet",
                             list);
    if (!good && b->list != NULL)
        return; /* what is bound there stays */
    b->at = at;
    b->list = good ? list : NULL;
    b->refused = good ? NULL : list;
    b->overridden = fr_cisco_asa_accept(&c, "per-user-override");
}

/* ---- lines --------------------------------------------------------------------------------- */

/*
 * An ASA with several contexts has its access lists in these; the system's configuration says which
 * there are, and the file of each (CLI Book 1, "Multiple Context Mode").
 */
static void tell_system(struct fr_cisco_asa_reading *r, const struct flowrules_line *line) {
    flowrules_input_error(
        r->in, fr_cisco_asa_place_of(line),
        "use the configuration of a context: 'changeto context NAME', then 'show running-config'",
        "this is the system configuration of an ASA with several contexts, which "
        "has no access lists");
}

static void read_context(struct fr_cisco_asa_reading *r, const struct flowrules_line *line) {
    char word[NAME_ROOM];
    r->open = NULL;
    if (fr_cisco_asa_copy_word(line, 1, word))
        tell_system(r, line);
}

/* "ASA Version 9.16(4) <CONTEXT>": before 9.0 any was IPv4 alone, before 8.3 lists saw translated
 * addresses.
 */
static void read_version(struct fr_cisco_asa_reading *r, const struct flowrules_line *line) {
    char word[NAME_ROOM], context[NAME_ROOM];
    unsigned major;
    r->open = NULL;
    if (!fr_cisco_asa_copy_word(line, 1, word) || strcmp(word, "Version") != 0 ||
        !fr_cisco_asa_copy_word(line, 2, word))
        return;
    if (r->begun) {
        flowrules_input_error(r->in, fr_cisco_asa_place_of(line),
                              "use the configuration of one ASA, or of one context",
                              "a second configuration begins here");
        return;
    }
    r->begun = true;
    if (fr_cisco_asa_copy_word(line, 3, context) && strcmp(context, "<system>") == 0)
        tell_system(r, line);
    if (flowrules_parse_number(word, strcspn(word, "."), 999, &major) && major < 9)
        flowrules_input_doubt(
            r->in, fr_cisco_asa_place_of(line), FLOWRULES_FORWARD,
            "access lists of ASA %.20s have another meaning: only 9.0 or later can be read", word);
}

/* From then on, names may be used before they exist. */
static void read_forward(struct fr_cisco_asa_reading *r, const struct flowrules_line *line) {
    char word[NAME_ROOM];
    r->open = NULL;
    if (fr_cisco_asa_copy_word(line, 1, word) && strcmp(word, "enable") == 0)
        r->forward = true;
}

/* "same-security-traffic permit inter-interface|intra-interface" */
static void read_same_security(struct fr_cisco_asa_reading *r, const struct flowrules_line *line) {
    char word[NAME_ROOM];
    r->open = NULL;
    if (!fr_cisco_asa_copy_word(line, 2, word))
        return;
    r->same_level = r->same_level || strcmp(word, "inter-interface") == 0;
    r->same_interface = r->same_interface || strcmp(word, "intra-interface") == 0;
}

static const struct {
    const char *word;
    void (*read)(struct fr_cisco_asa_reading *r, const struct flowrules_line *line);
    bool common; /* other devices have it too, so that it does not show an ASA */
} commands[] = {
    {"ASA", read_version, false},
    {"access-group", read_access_group, false},
    {"access-list", read_access_list, false},
    {"clear", fr_cisco_asa_clear, false},
    {"context", read_context, false},
    {"forward-reference", read_forward, false},
    {"interface", fr_cisco_asa_interface, true},
    {"ipv6", read_ipv6, false},
    {"name", define_alias, false},
    {"no", fr_cisco_asa_take_back, false},
    {"object", define_object, false},
    {"object-group", define_object, false},
    {"same-security-traffic", read_same_security, false},
    {"time-range", define_time, false},
};

/* Lines of a mode that were pasted without the blank in front, and are no command by themselves. */
static bool is_mode_line(const char *word) {
    static const char *const words[] = {"host",           "subnet",         "range",
                                        "fqdn",           "network-object", "group-object",
                                        "service-object", "port-object",    "protocol-object",
                                        "icmp-object",    "absolute",       "periodic"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i], word) == 0)
            return true;
    return false;
}

static void read_line(struct fr_cisco_asa_reading *r, const struct flowrules_line *line) {
    char word[NAME_ROOM];
    if (line->length > 0 && (line->text[0] == ' ' || line->text[0] == '\t')) {
        if (r->open != NULL && !fr_cisco_asa_drop_member(r, line))
            keep_line(r, r->open, line);
        return;
    }
    if (!fr_cisco_asa_copy_word(line, 0, word)) {
        r->open = line->length > 0 ? NULL : r->open;
        return;
    }
    if (strncmp(word, "<---", 4) == 0) {
        flowrules_input_error(r->in, fr_cisco_asa_place_of(line),
                              "run 'terminal pager 0' before you record it",
                              "a prompt of the pager is here and may hide a line");
        return;
    }
    if (r->open != NULL && is_mode_line(word)) {
        keep_line(r, r->open, line);
        return;
    }
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strcmp(commands[i].word, word) == 0) {
            r->known = r->known || !commands[i].common;
            commands[i].read(r, line);
            return;
        }
    r->open = NULL;
}

/* The map of an artifact, which may be handed in with it. */
static bool is_map(const flowrules_input *in, size_t file) {
    const char *name = flowrules_input_file_name(in, file);
    size_t length = name == NULL ? 0 : strlen(name), tail = sizeof ".map.json" - 1;
    return length >= tail && strcmp(name + length - tail, ".map.json") == 0;
}

/* ---- what decides -------------------------------------------------------------------------- */

static const struct fr_cisco_asa_binding *bound_at(const struct fr_cisco_asa_reading *r,
                                                   const char *place) {
    const struct fr_cisco_asa_binding *b =
        flowrules_input_lookup(r->in, FR_CISCO_ASA_PLACES, place);
    return b != NULL && b->list != NULL ? b : NULL;
}

static void tell_unbound(struct fr_cisco_asa_reading *r, const char *place) {
    char hint[400] = "";
    for (const struct fr_cisco_asa_binding *b = r->bindings; b != NULL; b = b->next) {
        size_t used = strlen(hint);
        if (b->list != NULL && used < 300)
            snprintf(hint + used, sizeof hint - used, "%s'%.40s' %.60s",
                     used == 0 ? "there is: " : ", ", b->list, b->place);
    }
    size_t used = strlen(hint);
    if (!r->known) {
        flowrules_input_error(
            r->in, (struct flowrules_place){0, 0, 0}, "use the output of 'show running-config'",
            "this is not a configuration of a Cisco ASA: it has no command for access lists");
        return;
    }
    if (used == 0)
        snprintf(hint, sizeof hint,
                 "use the whole output of show running-config, with its access-group");
    else if (strcmp(flowrules_input_setting(r->in, "match-interfaces"), "true") != 0)
        snprintf(hint + used, sizeof hint - used,
                 "; the settings interface and access-group choose%s",
                 flowrules_input_target(r->in) == NULL ? ", or access-list by its name" : "");
    flowrules_input_error(r->in, (struct flowrules_place){0, 0, 0}, hint,
                          "no access list is bound %s", place);
}

/*
 * The configuration says that no list is bound where one should be. Then security levels decide:
 * what goes to a lower one passes.
 */
static void pass_unfiltered(struct fr_cisco_asa_reading *r, const struct fr_cisco_asa_binding *b) {
    struct flowrules_read_rule rule = {.direction = FLOWRULES_FORWARD,
                                       .verdict = FLOWRULES_PASS,
                                       .source = flowrules_input_any(r->in),
                                       .destination = flowrules_input_any(r->in),
                                       .interfaces = {r->limits[0], r->limits[1]},
                                       .at = b->at};
    flowrules_input_rule(r->in, &rule);
    if (b->refused != NULL)
        flowrules_input_doubt(r->in, b->at, FLOWRULES_FORWARD,
                              "an ASA refuses it, since the access list '%.80s' does not exist "
                              "yet; without a list, security levels decide what passes",
                              b->refused);
    else
        flowrules_input_doubt(
            r->in, b->at, FLOWRULES_FORWARD,
            "no access list is bound %.80s from here on: security levels decide what passes",
            b->place);
}

/* A list elsewhere that the same packets may meet: it can only pass less. */
static void doubt_others(struct fr_cisco_asa_reading *r, const char *direction, const char *place) {
    for (const struct fr_cisco_asa_binding *b = r->bindings; b != NULL; b = b->next) {
        if (b->list == NULL || strcmp(b->place, place) == 0 ||
            strncmp(b->place, direction, strlen(direction)) != 0)
            continue;
        const struct fr_cisco_asa_list *list =
            flowrules_input_lookup(r->in, FR_CISCO_ASA_LIST_NAMES, b->list);
        if (list == NULL || !fr_cisco_asa_passes_all(r, list))
            flowrules_input_doubt(r->in, b->at, FLOWRULES_FORWARD,
                                  "the access list '%.80s' (%.80s) may see the same packets",
                                  b->list, b->place);
    }
}

/* For an import: where the list that is read is bound. */
static void tell_place(struct fr_cisco_asa_reading *r, const char *place) {
    const char *interface = strstr(place, " interface ");
    const char *group = flowrules_input_copy(r->in, place, strcspn(place, " "));
    if (interface != NULL)
        flowrules_input_found(r->in, "interface", interface + sizeof " interface " - 1);
    if (group != NULL)
        flowrules_input_found(r->in, "access-group", group);
}

/* "there is: 'a', 'b'", as a hint. */
static const char *list_names(struct fr_cisco_asa_reading *r) {
    char hint[300] = "";
    for (const struct fr_cisco_asa_list *l = r->lists; l != NULL; l = l->next) {
        size_t used = strlen(hint);
        if (l->entries.count > 0 && used < 240)
            snprintf(hint + used, sizeof hint - used, "%s'%.40s'", used == 0 ? "there is: " : ", ",
                     l->name);
    }
    return hint[0] == '\0' ? NULL : flowrules_input_copy(r->in, hint, strlen(hint));
}

/*
 * Held against no target, a configuration with one list is read as that list wherever it is bound,
 * unless another place is asked for than the one that is meant without a word.
 */
static const char *only_place(struct fr_cisco_asa_reading *r, const char *place) {
    const struct fr_cisco_asa_binding *only = NULL;
    if (flowrules_input_target(r->in) != NULL || strcmp(place, "in interface inside") != 0)
        return place;
    for (const struct fr_cisco_asa_binding *b = r->bindings; b != NULL; b = b->next) {
        if (b->list != NULL && (only != NULL || strcmp(b->place, place) == 0))
            return place;
        only = b->list != NULL ? b : only;
    }
    if (only == NULL)
        return place;
    flowrules_input_note(
        r->in, only->at,
        "the access list that is read is '%.80s' (%.80s), the only one that is bound", only->list,
        only->place);
    tell_place(r, only->place);
    return only->place;
}

/*
 * Held against no target, the setting access-list chooses a list by its name: at the place where it
 * is bound, the one that is asked for before others; NULL where it is bound nowhere.
 */
static const char *place_of_list(struct fr_cisco_asa_reading *r, const char *name,
                                 const char *place) {
    const char *found = NULL;
    for (const struct fr_cisco_asa_binding *b = r->bindings; b != NULL; b = b->next)
        if (b->list != NULL && strcmp(b->list, name) == 0 &&
            (found == NULL || strcmp(b->place, place) == 0))
            found = b->place;
    if (found != NULL)
        tell_place(r, found);
    return found;
}

/* The end of every list: what it does not permit is denied. */
static void read_rest(struct fr_cisco_asa_reading *r) {
    struct flowrules_read_rule rest = {.direction = FLOWRULES_FORWARD,
                                       .verdict = FLOWRULES_BLOCK,
                                       .source = flowrules_input_any(r->in),
                                       .destination = flowrules_input_any(r->in)};
    flowrules_input_rule(r->in, &rest);
}

/* A list that is bound nowhere is read for what it would do. */
static void read_unbound(struct fr_cisco_asa_reading *r, const char *name) {
    const struct fr_cisco_asa_list *list =
        flowrules_input_lookup(r->in, FR_CISCO_ASA_LIST_NAMES, name);
    if (list == NULL || list->entries.count == 0) {
        flowrules_input_error(r->in, (struct flowrules_place){0, 0, 0}, list_names(r),
                              "there is no access list '%.80s'", name);
        return;
    }
    flowrules_input_note(r->in, fr_cisco_asa_place_of(&list->entries.lines[0]),
                         "'%.80s' is not bound: it is read as if it were bound", name);
    fr_cisco_asa_read_list(r, list);
    read_rest(r);
}

/* The permits alone, which stand in a list of others: what the files have of it. */
static void read_part(struct fr_cisco_asa_reading *r) {
    const char *name = flowrules_input_setting(r->in, "access-list");
    const struct fr_cisco_asa_list *list =
        name == NULL ? NULL : flowrules_input_lookup(r->in, FR_CISCO_ASA_LIST_NAMES, name);
    if (list != NULL)
        fr_cisco_asa_read_list(r, list);
    read_rest(r);
}

/* Is it the first place where its list is bound? */
static bool is_first(const struct fr_cisco_asa_reading *r, const struct fr_cisco_asa_binding *b) {
    const struct fr_cisco_asa_binding *same = r->bindings;
    if (b->list == NULL)
        return false;
    while (same->list == NULL || strcmp(same->list, b->list) != 0)
        same = same->next;
    return same == b;
}

/*
 * Is nothing chosen of a configuration that has several places for lists? A comparison then reads
 * it whole, and an import once for each list.
 */
static bool is_device(const struct fr_cisco_asa_reading *r) {
    static const char *const chosen[] = {"interface", "access-group", "access-list"};
    bool imports = flowrules_input_imports(r->in);
    size_t bound = 0;
    for (size_t i = 0; i < sizeof chosen / sizeof *chosen; i++)
        if (flowrules_input_given(r->in, chosen[i]))
            return false;
    for (const struct fr_cisco_asa_binding *b = r->bindings; b != NULL; b = b->next)
        bound += b->list != NULL && (!imports || is_first(r, b));
    return flowrules_input_target(r->in) == NULL &&
           flowrules_input_setting(r->in, "access-list") == NULL &&
           (bound > 1 || (bound == 1 && !imports && fr_cisco_asa_named_interfaces(r) > 1));
}

/* For an import: each list that is bound is one of those that a target may be for. */
static void choose_lists(struct fr_cisco_asa_reading *r) {
    for (const struct fr_cisco_asa_binding *b = r->bindings; b != NULL; b = b->next)
        if (is_first(r, b))
            flowrules_input_choice(r->in, "access-list", b->list, NULL);
    flowrules_input_error(r->in, (struct flowrules_place){0, 0, 0},
                          "the settings interface and access-group choose one of them",
                          "several access lists are bound");
}

static struct flowrules_read_rule about_all(const flowrules_input *in,
                                            enum flowrules_verdict verdict) {
    return (struct flowrules_read_rule){.direction = FLOWRULES_FORWARD,
                                        .verdict = verdict,
                                        .source = flowrules_input_any(in),
                                        .destination = flowrules_input_any(in)};
}

/* ---- a list for each interface ------------------------------------------------------------- */

/*
 * What decides at an interface: the list that is bound there, or the global one behind it; or
 * security levels, if the configuration has the interface.
 */
static void read_matched_at(struct fr_cisco_asa_reading *r, const char *place, const char *name) {
    const struct fr_cisco_asa_binding *own = bound_at(r, place);
    const struct fr_cisco_asa_binding *tried =
        flowrules_input_lookup(r->in, FR_CISCO_ASA_PLACES, place);
    bool enters = strncmp(place, "in ", 3) == 0;
    if (own != NULL)
        fr_cisco_asa_read_bound(r, own);
    else if (enters && (bound_at(r, "global") != NULL || fr_cisco_asa_read_level(r, name)))
        return;
    else if (tried != NULL)
        pass_unfiltered(r, tried);
    else
        tell_unbound(r, place);
}

/* Without a target: the interfaces with a list are those that are meant. */
static void read_all_matched(struct fr_cisco_asa_reading *r, const char *group, bool out) {
    struct flowrules_read_rule rule = about_all(r->in, FLOWRULES_OUTSIDE);
    struct flowrules_set others = flowrules_input_interfaces(r->in);
    for (const struct fr_cisco_asa_binding *b = r->bindings; b != NULL; b = b->next) {
        const char *interface = strstr(b->place, " interface ");
        if (b->list == NULL || interface == NULL || strncmp(b->place, group, strlen(group)) != 0)
            continue;
        r->limits[out] = flowrules_input_zone(r->in, interface + sizeof " interface " - 1);
        others = flowrules_input_subtract(r->in, others, r->limits[out]);
        fr_cisco_asa_read_bound(r, b);
        r->limits[out] = flowrules_input_any(r->in);
    }
    rule.interfaces[out] = others;
    flowrules_input_rule(r->in, &rule);
}

static void read_target_matched(struct fr_cisco_asa_reading *r, const char *group, bool out) {
    const char *name;
    for (size_t i = 0; (name = flowrules_input_bound_value(r->in, "interface", i)) != NULL; i++) {
        const char *place = flowrules_input_print(r->in, "%s interface %s", group, name);
        if (place == NULL || flowrules_input_failed(r->in))
            return;
        r->limits[out] = flowrules_input_zone(r->in, name);
        read_matched_at(r, place, name);
        r->limits[out] = flowrules_input_any(r->in);
    }
}

/*
 * The lists of the target's interfaces; those of others are not its own. Lists at the other end may
 * see the same packets.
 */
static void read_matched(struct fr_cisco_asa_reading *r) {
    const char *group = flowrules_input_setting(r->in, "access-group");
    bool out = strcmp(group, "out") == 0;
    (flowrules_input_target(r->in) != NULL ? read_target_matched : read_all_matched)(r, group, out);
    if (!out)
        fr_cisco_asa_read_bound(r, bound_at(r, "global"));
    read_rest(r);
    doubt_others(r, out ? "in " : "out ", "");
    if (out)
        doubt_others(r, "global", "");
}

/*
 * What comes in: the list of the interface, then the global one, then nothing more. What goes out
 * came in elsewhere before, and the other way round.
 */
static void decide(struct fr_cisco_asa_reading *r) {
    const char *group = flowrules_input_setting(r->in, "access-group");
    const char *interface = flowrules_input_setting(r->in, "interface");
    if (flowrules_input_permits(r->in) && r->bindings == NULL && !r->begun) {
        read_part(r);
        return;
    }
    if (strcmp(flowrules_input_setting(r->in, "match-interfaces"), "true") == 0) {
        read_matched(r);
        return;
    }
    const char *place = strcmp(group, "global") == 0
                            ? group
                            : flowrules_input_print(r->in, "%s interface %s", group, interface);
    if (is_device(r)) {
        (flowrules_input_imports(r->in) ? choose_lists : fr_cisco_asa_read_device)(r);
        return;
    }
    const char *name = flowrules_input_target(r->in) == NULL
                           ? flowrules_input_setting(r->in, "access-list")
                           : NULL;
    if (place != NULL)
        place = name != NULL ? place_of_list(r, name, place) : only_place(r, place);
    if (place == NULL) {
        if (name != NULL)
            read_unbound(r, name);
        return;
    }
    bool out = strncmp(place, "out ", 4) == 0, global = strcmp(place, "global") == 0;
    const struct fr_cisco_asa_binding *own = bound_at(r, place);
    const struct fr_cisco_asa_binding *all = out || global ? NULL : bound_at(r, "global");
    if (own == NULL && all == NULL) {
        const struct fr_cisco_asa_binding *tried =
            flowrules_input_lookup(r->in, FR_CISCO_ASA_PLACES, place);
        if (tried == NULL || flowrules_input_target(r->in) == NULL)
            tell_unbound(r, place);
        else
            pass_unfiltered(r, tried);
        return;
    }
    fr_cisco_asa_read_bound(r, own);
    fr_cisco_asa_read_bound(r, all);
    read_rest(r);
    doubt_others(r, out ? "in " : "out ", place);
    if (global)
        doubt_others(r, "in ", place);
    if (out)
        doubt_others(r, "global", place);
}

void fr_cisco_asa_read(flowrules_input *in) {
    struct flowrules_set any = flowrules_input_any(in);
    struct fr_cisco_asa_reading r = {.in = in, .limits = {any, any}};
    r.last_binding = &r.bindings;
    r.last_list = &r.lists;
    bool counts = false;
    for (size_t file = 0; file < flowrules_input_file_count(in); file++) {
        struct flowrules_line line = {.file = file};
        r.open = NULL;
        if (fr_cisco_asa_is_counts(in, file)) {
            fr_cisco_asa_read_counts(&r, file);
            counts = true;
            continue;
        }
        while (!is_map(in, file) && !flowrules_input_failed(in) && flowrules_input_line(in, &line))
            read_line(&r, &line);
    }
    if (counts && !r.known) {
        fr_cisco_asa_give_counts(&r);
    } else if (!flowrules_input_failed(in)) {
        decide(&r);
        fr_cisco_asa_doubt_counts(&r);
    }
}

/* ---- what is expected beside the flows ----------------------------------------------------- */

/* What is at interfaces that the target's networks do not name is not decided. */
static void leave_others(const flowrules_plan *plan, flowrules_input *in) {
    struct flowrules_read_rule rule = about_all(in, FLOWRULES_OUTSIDE);
    struct flowrules_set others = flowrules_input_interfaces(in);
    const char *name;
    for (size_t i = 0; (name = flowrules_plan_interface(plan, i)) != NULL; i++)
        others = flowrules_input_subtract(in, others, flowrules_input_zone(in, name));
    rule.interfaces[fr_cisco_asa_is_out(plan)] = others;
    flowrules_input_rule(in, &rule);
}

/* With anti-spoofing: addresses that enter by other interfaces than their own. */
static void block_spoofed(const flowrules_plan *plan, flowrules_input *in) {
    struct flowrules_interfaces own;
    struct flowrules_set set;
    for (size_t i = 0; flowrules_plan_own_source(plan, i, &set, &own); i++) {
        struct flowrules_read_rule rule = about_all(in, FLOWRULES_BLOCK);
        rule.source = flowrules_input_own(in, plan, set);
        rule.interfaces[0] = flowrules_input_interfaces(in);
        for (size_t k = 0; k < own.count; k++)
            rule.interfaces[0] = flowrules_input_subtract(in, rule.interfaces[0],
                                                          flowrules_input_zone(in, own.names[k]));
        flowrules_input_rule(in, &rule);
    }
}

/* Of the ICMP errors, those that path MTU discovery needs: RFC 1191, 4 and RFC 8201, 4. */
static void pass_path_mtu(flowrules_input *in) {
    struct flowrules_service needed[] = {{.protocol = 1, .icmp_type = 3, .icmp_code = 4},
                                         {.protocol = 58, .icmp_type = 2, .icmp_code = -1}};
    for (unsigned family = 0; family < 2; family++) {
        struct flowrules_read_rule rule = about_all(in, FLOWRULES_PASS);
        rule.families = FLOWRULES_FAMILY_BIT(family);
        rule.services = &needed[family];
        rule.service_count = 1;
        flowrules_input_rule(in, &rule);
    }
}

void fr_cisco_asa_baseline(const flowrules_plan *plan, flowrules_input *in) {
    bool matches = fr_cisco_asa_matches(plan);
    if (matches)
        leave_others(plan, in);
    if (flowrules_plan_has(plan, FLOWRULES_BASELINE_PATH_MTU))
        pass_path_mtu(in);
    if (matches)
        block_spoofed(plan, in);
}
