/*
 * paloalto, reading: the files of a configuration, commands and XML, as entries with attributes.
 * Follows set, delete and move in their order; knows of entries where they are and what they are
 * called, not what they mean.
 *
 * Facts: PAN-OS 10.1 CLI Quick Start, "Load Configurations" and "View the configuration in set
 * format"; PAN-OS and Panorama API usage guide (where entries are in XML).
 */
#include "read.h"

#include <stdio.h>
#include <string.h>

enum {
    KEY_ROOM = 256,
    QUOTED_LINES = 200,     /* that one description may go on over */
    DROPPED_MAX = 300000000 /* attributes looked at to delete some: far beyond what is real */
};

/* ---- entries ------------------------------------------------------------------------------- */

static struct fr_paloalto_scope *scope_named(struct fr_paloalto_reading *r, const char *name) {
    struct fr_paloalto_scope *scope = flowrules_input_lookup(r->in, FR_PALOALTO_SCOPES, name);
    if (scope != NULL || (scope = flowrules_input_alloc(r->in, sizeof *scope)) == NULL)
        return scope;
    scope->name = flowrules_input_copy(r->in, name, strlen(name));
    *r->last_scope = scope;
    r->last_scope = &scope->next;
    flowrules_input_define(r->in, FR_PALOALTO_SCOPES, name, scope);
    return scope;
}

struct fr_paloalto_entry *fr_paloalto_find(const struct fr_paloalto_reading *r,
                                           enum fr_paloalto_section section, const char *scope,
                                           const char *name) {
    const char *key = flowrules_input_print(r->in, "%s\n%s", scope, name);
    struct fr_paloalto_entry *e = key == NULL ? NULL : flowrules_input_lookup(r->in, section, key);
    return e != NULL && e->present ? e : NULL;
}

static struct fr_paloalto_rulebase *rulebase_at(struct fr_paloalto_reading *r, const char *scope,
                                                const char *rulebase) {
    const char *key = flowrules_input_print(r->in, "%s\n%s", scope, rulebase);
    struct fr_paloalto_rulebase *base =
        key == NULL ? NULL : flowrules_input_lookup(r->in, FR_PALOALTO_RULEBASES, key);
    if (key == NULL || base != NULL)
        return base;
    base = flowrules_input_alloc(r->in, sizeof *base);
    if (base != NULL)
        flowrules_input_define(r->in, FR_PALOALTO_RULEBASES, key, base);
    return base;
}

const struct fr_paloalto_entry *fr_paloalto_rules(const struct fr_paloalto_reading *r,
                                                  const char *scope, const char *rulebase) {
    const char *key = flowrules_input_print(r->in, "%s\n%s", scope, rulebase);
    const struct fr_paloalto_rulebase *base =
        key == NULL ? NULL : flowrules_input_lookup(r->in, FR_PALOALTO_RULEBASES, key);
    return base == NULL ? NULL : base->first;
}

/* Puts a rule behind another one of its rulebase; NULL: to the top. */
static void link_rule(struct fr_paloalto_entry *e, struct fr_paloalto_entry *after) {
    struct fr_paloalto_rulebase *base = e->rulebase;
    e->before = after;
    e->next = after == NULL ? base->first : after->next;
    *(after == NULL ? &base->first : &after->next) = e;
    *(e->next == NULL ? &base->last : &e->next->before) = e;
}

static void unlink_rule(struct fr_paloalto_entry *e) {
    *(e->before == NULL ? &e->rulebase->first : &e->before->next) = e->next;
    *(e->next == NULL ? &e->rulebase->last : &e->next->before) = e->before;
}

/* Where an entry is, as it is being read. */
struct where {
    enum fr_paloalto_section section;
    const char *scope, *rulebase;
    struct flowrules_place at;
};

/* The name among all of its section: rules of two rulebases may have the same. */
static const char *full_name(struct fr_paloalto_reading *r, const struct where *w,
                             const char *name) {
    bool rule = w->section == FR_PALOALTO_RULE || w->section == FR_PALOALTO_DEFAULT_RULE;
    return rule ? flowrules_input_print(r->in, "%s\n%s", w->rulebase, name) : name;
}

static struct fr_paloalto_entry *make_entry(struct fr_paloalto_reading *r, const struct where *w,
                                            const char *full, const char *name) {
    const char *key = flowrules_input_print(r->in, "%s\n%s", w->scope, full);
    struct fr_paloalto_scope *scope = scope_named(r, w->scope);
    struct fr_paloalto_entry *e =
        key == NULL ? NULL : flowrules_input_lookup(r->in, w->section, key);
    if (e == NULL && scope != NULL && (e = flowrules_input_alloc(r->in, sizeof *e)) != NULL) {
        e->section = w->section;
        e->scope = scope->name;
        e->name = flowrules_input_copy(r->in, name, strlen(name));
        flowrules_input_define(r->in, w->section, key, e);
        struct fr_paloalto_entry **list = w->section == FR_PALOALTO_APPLICATION ? &r->applications
                                          : w->section == FR_PALOALTO_ZONE      ? &r->zones
                                                                                : NULL;
        if (list != NULL) {
            e->next_application = *list;
            *list = e;
        }
    }
    return e;
}

/* The entry of a name, new at the bottom where it is not there. */
static struct fr_paloalto_entry *entry_at(struct fr_paloalto_reading *r, const struct where *w,
                                          const char *name) {
    const char *full = full_name(r, w, name);
    struct fr_paloalto_entry *e = full == NULL ? NULL : make_entry(r, w, full, name);
    if (e == NULL || e->present)
        return e;
    e->present = true;
    e->at = w->at;
    if (w->section != FR_PALOALTO_RULE)
        return e;
    e->rulebase = rulebase_at(r, w->scope, w->rulebase);
    struct fr_paloalto_scope *scope = scope_named(r, w->scope);
    if (e->rulebase == NULL || scope == NULL)
        return NULL;
    scope->has_rules = true;
    link_rule(e, e->rulebase->last);
    return e;
}

static void add_attribute(struct fr_paloalto_reading *r, struct fr_paloalto_entry *e,
                          const char *key, const char *value, struct flowrules_place at) {
    e->attributes =
        flowrules_input_grow(r->in, e->attributes, &e->capacity, e->count, sizeof *e->attributes);
    if (e->attributes != NULL && key != NULL && value != NULL)
        e->attributes[e->count++] = (struct fr_paloalto_attribute){key, value, at};
}

const struct fr_paloalto_attribute *fr_paloalto_next(const struct fr_paloalto_entry *e,
                                                     const char *key, size_t *index) {
    while (*index < e->count) {
        const struct fr_paloalto_attribute *a = &e->attributes[(*index)++];
        if (strcmp(a->key, key) == 0)
            return a;
    }
    return NULL;
}

const char *fr_paloalto_value(const struct fr_paloalto_entry *e, const char *key) {
    const char *value = NULL;
    const struct fr_paloalto_attribute *a;
    for (size_t i = 0; (a = fr_paloalto_next(e, key, &i)) != NULL;)
        value = a->value;
    return value;
}

/* ---- where sections are -------------------------------------------------------------------- */

static const struct {
    const char *words[2];
    enum fr_paloalto_section section;
} sections[] = {
    {{"tag", NULL}, FR_PALOALTO_TAG},
    {{"address", NULL}, FR_PALOALTO_ADDRESS},
    {{"address-group", NULL}, FR_PALOALTO_ADDRESS_GROUP},
    {{"service", NULL}, FR_PALOALTO_SERVICE},
    {{"service-group", NULL}, FR_PALOALTO_SERVICE_GROUP},
    {{"profiles", "custom-url-category"}, FR_PALOALTO_CATEGORY},
    {{"external-list", NULL}, FR_PALOALTO_LIST},
    {{"application", NULL}, FR_PALOALTO_APPLICATION},
    {{"application-filter", NULL}, FR_PALOALTO_FILTER},
    {{"application-group", NULL}, FR_PALOALTO_APPLICATION_GROUP},
    {{"zone", NULL}, FR_PALOALTO_ZONE},
};
enum { SECTION_WORDS = sizeof sections / sizeof *sections };

static const char *const rulebases[] = {"rulebase", "pre-rulebase", "post-rulebase"};
enum { RULEBASE_WORDS = sizeof rulebases / sizeof *rulebases };

/* ---- XML ----------------------------------------------------------------------------------- */

/* Adds all texts below an element, under the path that leads to them. */
static void read_value(struct fr_paloalto_reading *r, struct fr_paloalto_entry *e, const char *path,
                       const flowrules_node *node) {
    const char *word = flowrules_node_key(node), *text = flowrules_node_text(node);
    const char *name = flowrules_node_attribute(node, "name");
    bool listed = strcmp(word, "member") == 0 || strcmp(word, "entry") == 0;
    if (!listed)
        path = *path == '\0' ? word : flowrules_input_print(r->in, "%s/%s", path, word);
    if (listed && text == NULL)
        text = name;
    if (path == NULL)
        return;
    if (text != NULL)
        add_attribute(r, e, path, text, flowrules_node_place(node));
    for (const flowrules_node *child = flowrules_node_first(node); child != NULL;
         child = flowrules_node_next(child))
        read_value(r, e, path, child);
}

static void read_entries(struct fr_paloalto_reading *r, struct where w,
                         const flowrules_node *list) {
    for (const flowrules_node *node = flowrules_node_first(list); node != NULL;
         node = flowrules_node_next(node)) {
        const char *name = flowrules_node_attribute(node, "name");
        w.at = flowrules_node_place(node);
        if (strcmp(flowrules_node_key(node), "entry") != 0)
            continue;
        if (name == NULL) {
            flowrules_input_error(r->in, w.at, NULL, "an entry has no name");
            return;
        }
        struct fr_paloalto_entry *e = entry_at(r, &w, name);
        for (const flowrules_node *child = flowrules_node_first(node); e != NULL && child != NULL;
             child = flowrules_node_next(child))
            read_value(r, e, "", child);
    }
}

/* What stands in a vsys, a device group or "shared". */
static void read_scope(struct fr_paloalto_reading *r, const char *scope,
                       const flowrules_node *node) {
    struct where w = {.scope = scope};
    if (scope == NULL || scope_named(r, scope) == NULL)
        return;
    for (size_t i = 0; i < SECTION_WORDS; i++) {
        const flowrules_node *list = flowrules_node_get(node, sections[i].words[0]);
        if (sections[i].words[1] != NULL)
            list = flowrules_node_get(list, sections[i].words[1]);
        w.section = sections[i].section;
        read_entries(r, w, list);
    }
    for (size_t i = 0; i < RULEBASE_WORDS; i++) {
        const flowrules_node *base = flowrules_node_get(node, rulebases[i]);
        w.rulebase = rulebases[i];
        w.section = FR_PALOALTO_RULE;
        read_entries(r, w, flowrules_node_get(flowrules_node_get(base, "security"), "rules"));
        w.section = FR_PALOALTO_DEFAULT_RULE;
        read_entries(
            r, w, flowrules_node_get(flowrules_node_get(base, "default-security-rules"), "rules"));
    }
}

static void read_scopes(struct fr_paloalto_reading *r, const char *word,
                        const flowrules_node *list) {
    for (const flowrules_node *node = flowrules_node_first(list); node != NULL;
         node = flowrules_node_next(node)) {
        const char *name = flowrules_node_attribute(node, "name");
        if (name != NULL)
            read_scope(r, flowrules_input_print(r->in, "%s %s", word, name), node);
    }
}

/* Panorama tells which device group is below which apart from what stands in them. */
static void read_parents(struct fr_paloalto_reading *r, const flowrules_node *list) {
    for (const flowrules_node *node = flowrules_node_first(list); node != NULL;
         node = flowrules_node_next(node)) {
        const char *name = flowrules_node_attribute(node, "name");
        const char *parent = flowrules_node_text(flowrules_node_get(node, "parent-dg"));
        const char *own =
            name == NULL ? NULL : flowrules_input_print(r->in, "device-group %s", name);
        struct fr_paloalto_scope *scope = own == NULL ? NULL : scope_named(r, own);
        r->parents_known = true;
        if (scope != NULL && parent != NULL)
            scope->parent = flowrules_input_print(r->in, "device-group %s", parent);
    }
}

static void read_devices(struct fr_paloalto_reading *r, const flowrules_node *devices,
                         bool readonly) {
    for (const flowrules_node *device = flowrules_node_first(devices); device != NULL;
         device = flowrules_node_next(device)) {
        const flowrules_node *groups = flowrules_node_get(device, "device-group");
        if (readonly) {
            read_parents(r, groups);
            continue;
        }
        read_scopes(r, "vsys", flowrules_node_get(device, "vsys"));
        read_scopes(r, "device-group", groups);
    }
}

/* Counters are among the rulebases, as of a scope that none has. */
static const char *count_key(const struct fr_paloalto_reading *r, const char *name) {
    const char *key = flowrules_input_print(r->in, "counter\n\n%s", name);
    return key == NULL ? "" : key;
}

struct fr_paloalto_count *fr_paloalto_count_of(const struct fr_paloalto_reading *r,
                                               const char *name) {
    return r->counts == NULL
               ? NULL
               : flowrules_input_lookup(r->in, FR_PALOALTO_RULEBASES, count_key(r, name));
}

/* Seconds since 1970-01-01 as a day; NULL for 0: never. */
static const char *day_of(struct fr_paloalto_reading *r, const char *seconds) {
    long long days, year, month;
    uint64_t count;
    if (seconds == NULL || !flowrules_parse_count(seconds, strlen(seconds), &count) || count == 0 ||
        count > UINT64_C(253402300799)) /* the end of the year 9999 */
        return NULL;
    days = (long long)(count / 86400) + 719468; /* since 0000-03-01, so that leap days are last */
    long long era = days / 146097, of_era = days % 146097;
    long long years = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    long long of_year = of_era - (365 * years + years / 4 - years / 100);
    month = (5 * of_year + 2) / 153;
    year = era * 400 + years + (month >= 10);
    return flowrules_input_print(r->in, "%04lld-%02lld-%02lld", year,
                                 month < 10 ? month + 3 : month - 9,
                                 of_year - (153 * month + 2) / 5 + 1);
}

/* The two rules that PAN-OS has by itself count what no rule decides: they are left out. */
static void read_count(struct fr_paloalto_reading *r, const flowrules_node *entry) {
    const flowrules_node *hits = flowrules_node_get(entry, "hit-count");
    const char *name = flowrules_node_attribute(entry, "name"), *text = flowrules_node_text(hits);
    struct flowrules_counts counts = {
        .last = day_of(r, flowrules_node_text(flowrules_node_get(entry, "last-hit-timestamp")))};
    if (name == NULL || text == NULL ||
        !flowrules_parse_count(text, strlen(text), &counts.packets)) {
        flowrules_input_error(r->in, flowrules_node_place(hits != NULL ? hits : entry), NULL,
                              "an entry of rule-hit-count has a name and a number");
        return;
    }
    if (strcmp(name, "intrazone-default") == 0 || strcmp(name, "interzone-default") == 0)
        return;
    struct fr_paloalto_count *count = flowrules_input_alloc(r->in, sizeof *count);
    if (count == NULL)
        return;
    *count = (struct fr_paloalto_count){
        .name = name,
        .at = flowrules_node_place(entry),
        .counter = flowrules_input_counter(r->in, flowrules_node_place(entry), &counts),
        .next = r->counts};
    if (flowrules_input_define(r->in, FR_PALOALTO_RULEBASES, count_key(r, name), count))
        r->counts = count;
    else
        flowrules_input_error(r->in, count->at, "give the counters of one virtual system",
                              "the rule '%.80s' is counted twice", name);
}

/* What 'show rule-hit-count' answers: the security rules below it, whatever they are in. */
static void read_counts(struct fr_paloalto_reading *r, const flowrules_node *node,
                        const char *base) {
    bool rules = strcmp(flowrules_node_key(node), "rules") == 0;
    const char *name = flowrules_node_attribute(node, "name");
    const flowrules_node *child = flowrules_node_first(node);
    for (; child != NULL && !flowrules_input_failed(r->in); child = flowrules_node_next(child)) {
        if (!rules)
            read_counts(r, child, name != NULL ? name : base);
        else if (strcmp(base, "security") == 0)
            read_count(r, child);
    }
}

/* <config>, or what the API answers around it. */
static void read_xml(struct fr_paloalto_reading *r, size_t file) {
    const flowrules_node *root = flowrules_input_xml(r->in, file), *config = root;
    if (root == NULL)
        return;
    if (strcmp(flowrules_node_key(root), "response") == 0) {
        const flowrules_node *result = flowrules_node_get(root, "result");
        const flowrules_node *counts = flowrules_node_get(result, "rule-hit-count");
        if (counts != NULL) {
            read_counts(r, counts, "");
            return;
        }
        config = flowrules_node_get(result, "config");
    }
    if (config == NULL || strcmp(flowrules_node_key(config), "config") != 0) {
        flowrules_input_error(r->in, flowrules_node_place(root),
                              "export the whole configuration: export configuration",
                              "this is not a configuration of PAN-OS: its root is not <config>");
        return;
    }
    read_scope(r, "shared", flowrules_node_get(config, "shared"));
    read_devices(r, flowrules_node_get(config, "devices"), false);
    read_devices(r, flowrules_node_get(flowrules_node_get(config, "readonly"), "devices"), true);
    const flowrules_node *pushed = flowrules_node_get(config, "panorama");
    if (pushed != NULL && flowrules_node_count(pushed) > 0)
        flowrules_input_doubt(r->in, flowrules_node_place(pushed), FLOWRULES_FORWARD,
                              "what Panorama has pushed is not understood");
}

/* ---- commands: words ----------------------------------------------------------------------- */

struct word {
    const char *text;
    size_t length;
    uint32_t column;
    bool quoted;
};

struct command {
    struct fr_paloalto_reading *r;
    struct flowrules_line *line;
    const char *at, *end;
    struct word word; /* the one that was taken last */
};

static struct flowrules_place place_of(const struct command *c) {
    return (struct flowrules_place){c->line->file, c->line->number, c->word.column};
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The next word; false behind the last one. Nothing is escaped within quotes. */
static bool take(struct command *c) {
    while (c->at < c->end && is_blank(*c->at))
        c->at++;
    if (c->at >= c->end)
        return false;
    c->word = (struct word){c->at, 0, (uint32_t)(c->at - c->line->text) + 1, *c->at == '"'};
    if (c->word.quoted) {
        const char *close = memchr(c->at + 1, '"', (size_t)(c->end - c->at - 1));
        if (close == NULL) {
            flowrules_input_error(c->r->in, place_of(c), NULL,
                                  "a quote opens here and does not end");
            c->at = c->end;
            return false;
        }
        c->word.text++;
        c->word.length = (size_t)(close - c->word.text);
        c->at = close + 1;
        return true;
    }
    while (c->at < c->end && !is_blank(*c->at))
        c->at++;
    c->word.length = (size_t)(c->at - c->word.text);
    return true;
}

static bool word_is(const struct command *c, const char *text) {
    return !c->word.quoted && strlen(text) == c->word.length &&
           memcmp(c->word.text, text, c->word.length) == 0;
}

static const char *copy_word(const struct command *c) {
    return flowrules_input_copy(c->r->in, c->word.text, c->word.length);
}

/* A description may go on over lines: up to where its quote ends they are one. How many more. */
static uint32_t join_lines(const struct fr_paloalto_reading *r, struct flowrules_line *line) {
    size_t size, lines = 0;
    const char *text = flowrules_input_text(r->in, line->file, &size), *file_end = text + size;
    bool open = false;
    const char *at = line->text;
    for (; at < file_end && lines < QUOTED_LINES; at++) {
        open = *at == '"' ? !open : open;
        if (*at == '\n' && !open)
            break;
        lines += *at == '\n' ? 1 : 0;
    }
    if (open || lines == 0)
        return 0;
    line->length = (size_t)(at - line->text);
    return (uint32_t)lines;
}

/* ---- commands: entries --------------------------------------------------------------------- */

/* Words that lead on to another; what follows all others is a value. */
static bool leads_on(const struct command *c) {
    static const char *const words[] = {"protocol",
                                        "tcp",
                                        "udp",
                                        "sctp",
                                        "dynamic",
                                        "option",
                                        "target",
                                        "marking",
                                        "qos",
                                        "profile-setting",
                                        "profiles",
                                        "default",
                                        "signature",
                                        "ident-by-icmp-type",
                                        "ident-by-icmp6-type"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (word_is(c, words[i]))
            return true;
    return false;
}

/* Takes the path of an attribute; false where there is none, or nothing behind it. */
static bool take_key(struct command *c, char key[KEY_ROOM]) {
    size_t used = 0;
    do {
        if (!take(c))
            return false;
        int length =
            snprintf(key + used, KEY_ROOM - used, "%s%.*s", used > 0 ? "/" : "",
                     (int)(c->word.length < KEY_ROOM ? c->word.length : KEY_ROOM), c->word.text);
        used += length < 0 ? 0 : (size_t)length;
        if (used >= KEY_ROOM)
            return false;
    } while (leads_on(c));
    return true;
}

/* The keys that most attributes have, so that each is kept once. */
static const char *known_key(struct fr_paloalto_reading *r, const char *key) {
    static const char *const keys[] = {"from",
                                       "to",
                                       "source",
                                       "destination",
                                       "source-user",
                                       "category",
                                       "application",
                                       "service",
                                       "action",
                                       "log-end",
                                       "log-setting",
                                       "description",
                                       "tag",
                                       "static",
                                       "members",
                                       "list",
                                       "ip-netmask",
                                       "ip-range",
                                       "fqdn",
                                       "type",
                                       "protocol/tcp/port",
                                       "protocol/udp/port"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (strcmp(keys[i], key) == 0)
            return keys[i];
    return flowrules_input_copy(r->in, key, strlen(key));
}

typedef void visit(struct fr_paloalto_reading *r, struct fr_paloalto_entry *e, const char *key,
                   const char *value, struct flowrules_place at);

/* Calls for each value of the rest of a line: KEY VALUE, or KEY [ VALUE VALUE ]. */
static void visit_values(struct command *c, struct fr_paloalto_entry *e, visit *call) {
    char path[KEY_ROOM];
    while (!flowrules_input_failed(c->r->in) && take_key(c, path)) {
        const char *key = known_key(c->r, path);
        if (!take(c)) {
            call(c->r, e, key, "", place_of(c));
            return;
        }
        if (!word_is(c, "[")) {
            call(c->r, e, key, copy_word(c), place_of(c));
            continue;
        }
        while (take(c) && !word_is(c, "]"))
            call(c->r, e, key, copy_word(c), place_of(c));
    }
}

/* Takes away a value of a list, or with "" all values of a key and of those below it. */
static void drop_attribute(struct fr_paloalto_reading *r, struct fr_paloalto_entry *e,
                           const char *key, const char *value, struct flowrules_place at) {
    size_t kept = 0, length = key == NULL ? 0 : strlen(key);
    r->dropped += e->count;
    if (r->dropped > DROPPED_MAX) {
        flowrules_input_error(r->in, at, NULL, "too many entries are deleted one by one");
        return;
    }
    for (size_t i = 0; key != NULL && value != NULL && i < e->count; i++) {
        const struct fr_paloalto_attribute *a = &e->attributes[i];
        bool same = strncmp(a->key, key, length) == 0 &&
                    (a->key[length] == '\0' || (a->key[length] == '/' && *value == '\0'));
        if (!same || (*value != '\0' && strcmp(a->value, value) != 0))
            e->attributes[kept++] = *a;
    }
    e->count = key != NULL && value != NULL ? kept : e->count;
}

static void delete_entry(struct fr_paloalto_entry *e) {
    e->present = false;
    e->count = 0;
    if (e->section == FR_PALOALTO_RULE)
        unlink_rule(e);
}

/* ---- commands: where they are about -------------------------------------------------------- */

/* A firewall with one vsys does not name it. Takes the first word of the section too. */
static bool take_scope(struct command *c, struct where *w) {
    w->scope = "vsys vsys1";
    if (!take(c))
        return false;
    if (word_is(c, "shared")) {
        w->scope = "shared";
        return take(c);
    }
    bool vsys = word_is(c, "vsys");
    if (!vsys && !word_is(c, "device-group"))
        return true;
    if (!take(c))
        return false;
    w->scope = flowrules_input_print(c->r->in, "%s %.*s", vsys ? "vsys" : "device-group",
                                     (int)(c->word.length < KEY_ROOM ? c->word.length : KEY_ROOM),
                                     c->word.text);
    return w->scope != NULL && take(c);
}

/* The section that the words say, the last of which is taken; false: it is about other things. */
static bool take_section(struct command *c, struct where *w) {
    for (size_t i = 0; i < RULEBASE_WORDS; i++)
        if (word_is(c, rulebases[i])) {
            w->rulebase = rulebases[i];
            if (!take(c))
                return false;
            bool security = word_is(c, "security");
            w->section = security ? FR_PALOALTO_RULE : FR_PALOALTO_DEFAULT_RULE;
            return (security || word_is(c, "default-security-rules")) && take(c) &&
                   word_is(c, "rules");
        }
    for (size_t i = 0; i < SECTION_WORDS; i++)
        if (word_is(c, sections[i].words[0])) {
            w->section = sections[i].section;
            return sections[i].words[1] == NULL || (take(c) && word_is(c, sections[i].words[1]));
        }
    return false;
}

static void read_set(struct command *c, const struct where *w, const char *name) {
    struct fr_paloalto_entry *e = entry_at(c->r, w, name);
    if (e != NULL)
        visit_values(c, e, add_attribute);
}

static void read_delete(struct command *c, const struct where *w, const char *name) {
    const char *full = full_name(c->r, w, name);
    struct fr_paloalto_entry *e =
        full == NULL ? NULL : fr_paloalto_find(c->r, w->section, w->scope, full);
    const char *rest = c->at;
    if (e == NULL)
        return;
    if (!take(c)) {
        delete_entry(e);
        return;
    }
    c->at = rest;
    visit_values(c, e, drop_attribute);
}

/* Beside a rule that is not there PAN-OS refuses a move, and the rule stays where it is. */
static void read_move(struct command *c, const struct where *w, const char *name) {
    const char *full = full_name(c->r, w, name);
    struct fr_paloalto_entry *e =
        full == NULL ? NULL : fr_paloalto_find(c->r, FR_PALOALTO_RULE, w->scope, full);
    struct fr_paloalto_entry *other = NULL;
    if (w->section != FR_PALOALTO_RULE || full == NULL)
        return;
    if (e == NULL) {
        flowrules_input_error(c->r->in, place_of(c), "also give the files with its rules",
                              "there is no rule '%.80s'", name);
        return;
    }
    bool word = take(c), top = word && word_is(c, "top"), bottom = word && word_is(c, "bottom");
    bool before = word && word_is(c, "before"), after = word && word_is(c, "after");
    if ((before || after) && take(c)) {
        const char *beside = copy_word(c);
        full = beside == NULL ? NULL : full_name(c->r, w, beside);
        other = full == NULL ? NULL : fr_paloalto_find(c->r, FR_PALOALTO_RULE, w->scope, full);
        if (other == NULL || other == e)
            return;
    } else if (!top && !bottom) {
        flowrules_input_error(c->r->in, place_of(c), NULL,
                              "a move goes to top, bottom, before RULE or after RULE");
        return;
    }
    unlink_rule(e);
    link_rule(e, top ? NULL : bottom ? e->rulebase->last : after ? other : other->before);
}

static bool is_xml(const flowrules_input *in, size_t file) {
    size_t size, at = 0;
    const char *text = flowrules_input_text(in, file, &size);
    if (size >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
        at = 3;
    while (at < size && is_blank(text[at]))
        at++;
    return at < size && text[at] == '<';
}

static void load_xml(struct fr_paloalto_reading *r) {
    for (size_t file = 0; !r->loaded && file < flowrules_input_file_count(r->in); file++)
        if (is_xml(r->in, file)) {
            r->known = true;
            read_xml(r, file);
        }
    r->loaded = true;
}

static void read_command(struct fr_paloalto_reading *r, struct flowrules_line *line) {
    static const struct {
        const char *verb;
        void (*read)(struct command *c, const struct where *w, const char *name);
    } verbs[] = {{"set", read_set}, {"delete", read_delete}, {"move", read_move},
                 {"rename", NULL},  {"copy", NULL},          {"edit", NULL}};
    struct command c = {.r = r, .line = line, .at = line->text, .end = line->text + line->length};
    struct where w = {.at = {line->file, line->number, 1}};
    if (!take(&c))
        return;
    if (word_is(&c, "load"))
        load_xml(r);
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        if (!word_is(&c, verbs[i].verb))
            continue;
        r->known = true;
        if (!take_scope(&c, &w) || !take_section(&c, &w))
            return;
        bool named = take(&c);
        const char *name = named ? copy_word(&c) : NULL;
        if (verbs[i].read != NULL && name != NULL)
            verbs[i].read(&c, &w, name);
        else
            flowrules_input_doubt(r->in, w.at, FLOWRULES_FORWARD, "'%s' is not supported here",
                                  verbs[i].verb);
        return;
    }
}

/* ---- files --------------------------------------------------------------------------------- */

static bool ends_in(const flowrules_input *in, size_t file, const char *tail) {
    const char *name = flowrules_input_file_name(in, file);
    size_t length = name == NULL ? 0 : strlen(name), size = strlen(tail);
    return length >= size && strcmp(name + length - size, tail) == 0;
}

/* What goes beside our artifact: its map, how to remove it, how to load it. */
static bool is_beside(const flowrules_input *in, size_t file) {
    return ends_in(in, file, ".map.json") || ends_in(in, file, ".remove.set") ||
           (ends_in(in, file, ".txt") && flowrules_input_tells_steps(in, file, 2));
}

static bool has_load(flowrules_input *in, size_t file) {
    struct flowrules_line line = {.file = file};
    while (flowrules_input_line(in, &line))
        if (line.length > 5 && memcmp(line.text, "load ", 5) == 0)
            return true;
    return false;
}

void fr_paloalto_read_files(struct fr_paloalto_reading *r) {
    flowrules_input *in = r->in;
    size_t count = flowrules_input_file_count(in);
    bool later = false;
    for (size_t file = 0; file < count; file++)
        later = later || (!is_xml(in, file) && !is_beside(in, file) && has_load(in, file));
    if (!later) /* else where the commands load it */
        load_xml(r);
    for (size_t file = 0; file < count && !flowrules_input_failed(in); file++) {
        struct flowrules_line line = {.file = file};
        while (!is_xml(in, file) && !is_beside(in, file) && flowrules_input_line(in, &line)) {
            uint32_t more = join_lines(r, &line);
            read_command(r, &line);
            line.number += more;
        }
    }
    load_xml(r);
}
