/*
 * paloalto, reading: the security rules of a firewall or of a device group, in the order in which
 * PAN-OS decides, with its two default rules behind them. Knows what rules say, not what their
 * members stand for or how files are written.
 *
 * Facts: PAN-OS 10.1 Administrator's Guide, "Security Policy" and "Security Policy Rule Actions";
 * Panorama Administrator's Guide, "Device Group Policies" (their order).
 */
#include "paloalto_read.h"

#include "paloalto.h"

#include <stdio.h>
#include <string.h>

enum { TEXT_MAX = 1100, ICMP = 1, TCP = 6 };

/* What is common to all rules. */
struct deciding {
    struct fr_paloalto_reading *r;
    struct fr_paloalto_zones zones;
    bool zoneless; /* there is nothing to tell zones by: they are passed over */
};

/* A rule as it is taken apart. */
struct taken {
    const struct fr_paloalto_entry *e;
    struct flowrules_set ends[2];
    struct fr_paloalto_zone_list zones[2];
    struct fr_paloalto_services services;
    bool no_service; /* its application never has its ports */
    enum flowrules_verdict verdict;
};

static const char *const zone_keys[] = {"from", "to"};
static const char *const end_keys[] = {"source", "destination"};
static const char *const negations[] = {"negate-source", "negate-destination"};

static bool is_yes(const struct fr_paloalto_entry *e, const char *key) {
    const char *value = fr_paloalto_value(e, key);
    return value != NULL && strcmp(value, "yes") == 0;
}

static const struct fr_paloalto_attribute *first_of(const struct fr_paloalto_entry *e,
                                                    const char *key) {
    size_t index = 0;
    return fr_paloalto_next(e, key, &index);
}

/* Is a list there at all? PAN-OS commits no rule without it. */
static bool has_list(const struct deciding *d, const struct fr_paloalto_entry *e, const char *key) {
    if (first_of(e, key) != NULL)
        return true;
    flowrules_input_error(d->r->in, e->at, "PAN-OS commits no such rule",
                          "the rule '%.80s' has no '%s'", e->name, key);
    return false;
}

static bool is_all(const struct fr_paloalto_entry *e, const char *key) {
    const struct fr_paloalto_attribute *a;
    for (size_t i = 0; (a = fr_paloalto_next(e, key, &i)) != NULL;)
        if (strcmp(a->value, "any") == 0)
            return true;
    return false;
}

static void doubt(const struct deciding *d, const struct fr_paloalto_entry *e,
                  const struct fr_paloalto_attribute *a, const char *text) {
    flowrules_input_doubt(d->r->in, a == NULL ? e->at : a->at, FLOWRULES_FORWARD,
                          "in the rule '%.80s' %s", e->name, text);
}

/* ---- what else a rule may say --------------------------------------------------------------- */

enum manner { MATCHED, HARMLESS, ANY_ALONE, NOTED };

static const struct {
    const char *key;
    enum manner manner;
} keys[] = {
    {"from", MATCHED},
    {"to", MATCHED},
    {"source", MATCHED},
    {"destination", MATCHED},
    {"application", MATCHED},
    {"service", MATCHED},
    {"category", MATCHED},
    {"action", MATCHED},
    {"negate-source", MATCHED},
    {"negate-destination", MATCHED},
    {"disabled", MATCHED},
    {"rule-type", MATCHED},
    {"description", HARMLESS},
    {"tag", HARMLESS},
    {"group-tag", HARMLESS},
    {"uuid", HARMLESS},
    {"log-start", HARMLESS},
    {"log-end", HARMLESS},
    {"log-setting", HARMLESS},
    {"icmp-unreachable", HARMLESS},
    {"source-user", ANY_ALONE},
    {"hip-profiles", ANY_ALONE},
    {"source-hip", ANY_ALONE},
    {"destination-hip", ANY_ALONE},
    {"source-imsi", ANY_ALONE},
    {"source-imei", ANY_ALONE},
    {"source-nw-slice", ANY_ALONE},
    {"saas-user-list", ANY_ALONE},
    {"saas-tenant-list", ANY_ALONE},
    {"profile-setting", NOTED},
    {"option", HARMLESS},
    {"qos", HARMLESS},
};

static bool has_key(const char *key, const char *known) {
    size_t length = strlen(known);
    return strncmp(key, known, length) == 0 && (key[length] == '\0' || key[length] == '/');
}

/* Tells what is not understood of an attribute. */
static bool check_attribute(const struct deciding *d, const struct fr_paloalto_entry *e,
                            const struct fr_paloalto_attribute *a) {
    char text[200];
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (!has_key(a->key, keys[i].key))
            continue;
        if (keys[i].manner == NOTED && !d->r->profiles_told) {
            d->r->profiles_told = true;
            flowrules_input_note(d->r->in, a->at,
                                 "profiles, here and elsewhere, may block what rules allow");
        }
        if (keys[i].manner != ANY_ALONE || strcmp(a->value, "any") == 0)
            return true;
        break;
    }
    if (strcmp(a->key, "target/negate") == 0 && strcmp(a->value, "no") == 0)
        return true;
    snprintf(text, sizeof text, "'%.80s %.80s' is not understood", a->key, a->value);
    doubt(d, e, a, text);
    return false;
}

static bool check_attributes(const struct deciding *d, const struct fr_paloalto_entry *e) {
    bool good = true;
    for (size_t i = 0; i < e->count; i++)
        good = check_attribute(d, e, &e->attributes[i]) && good;
    return good;
}

/* ---- ends ------------------------------------------------------------------------------------ */

/* The scope of a rule's own names: those above it are looked through behind it. */
static size_t chained_at(const struct fr_paloalto_reading *r, const char *scope) {
    for (size_t i = 0; i < r->chained; i++)
        if (strcmp(r->chain[i], scope) == 0)
            return i;
    return 0;
}

static bool take_end(const struct deciding *d, struct taken *t, int end) {
    struct flowrules_set *sets = NULL;
    size_t count = 0, capacity = 0, chained = chained_at(d->r, t->e->scope);
    const struct fr_paloalto_attribute *member;
    flowrules_input *in = d->r->in;
    if (!has_list(d, t->e, end_keys[end]))
        return false;
    t->ends[end] = flowrules_input_any(in);
    if (!is_all(t->e, end_keys[end])) {
        for (size_t i = 0; (member = fr_paloalto_next(t->e, end_keys[end], &i)) != NULL; count++) {
            sets = flowrules_input_grow(in, sets, &capacity, count, sizeof *sets);
            if (sets == NULL || !fr_paloalto_address(d->r, member, chained, &sets[count]))
                return false;
        }
        t->ends[end] = flowrules_input_unite(in, sets, count);
    }
    if (is_yes(t->e, negations[end]))
        t->ends[end] = flowrules_input_subtract(in, flowrules_input_any(in), t->ends[end]);
    return true;
}

/* ---- zones ----------------------------------------------------------------------------------- */

/* What surely and what maybe stands in a list of zones; found once for each list. */
struct territory {
    struct flowrules_set surely, maybe;
};

static const struct territory *territory_of(const struct deciding *d, int end,
                                            const struct fr_paloalto_zone_list *list) {
    flowrules_input *in = d->r->in;
    const char *key = end == 0 ? "from" : "to";
    for (size_t i = 0; key != NULL && i < list->count; i++)
        key = flowrules_input_print(in, "%s\n%s", key, list->names[i]);
    struct territory *t =
        key == NULL ? NULL : flowrules_input_lookup(in, FR_PALOALTO_TERRITORIES, key);
    if (key == NULL || t != NULL || (t = flowrules_input_alloc(in, sizeof *t)) == NULL)
        return t;
    t->surely = fr_paloalto_surely_in(in, &d->zones, (enum flowrules_end)end, list);
    t->maybe = fr_paloalto_maybe_in(in, &d->zones, (enum flowrules_end)end, list);
    flowrules_input_define(in, FR_PALOALTO_TERRITORIES, key, t);
    return t;
}

/* What of an end its zones surely, and maybe, leave; a doubt where that is not the same. */
static bool limit_end(const struct deciding *d, const struct taken *t, int end,
                      const struct fr_paloalto_zone_list *list, struct territory *left) {
    flowrules_input *in = d->r->in;
    *left = (struct territory){t->ends[end], t->ends[end]};
    const struct territory *at = d->zoneless ? NULL : territory_of(d, end, list);
    if (at == NULL)
        return true;
    left->surely = flowrules_input_intersect(in, t->ends[end], at->surely);
    left->maybe = flowrules_input_intersect(in, t->ends[end], at->maybe);
    if (left->maybe.id == left->surely.id)
        return true;
    doubt(d, t->e, first_of(t->e, zone_keys[end]),
          end == 0 ? "'from' names some of the zones that its source may be in, and not others"
                   : "'to' names some of the zones that its destination may be in, and not others");
    return false;
}

static bool take_zones(const struct deciding *d, struct taken *t, int end) {
    const struct fr_paloalto_attribute *a;
    if (!has_list(d, t->e, zone_keys[end]))
        return false;
    for (size_t i = 0; (a = fr_paloalto_next(t->e, zone_keys[end], &i)) != NULL;)
        fr_paloalto_add_zone(d->r->in, &t->zones[end], a->value);
    return true;
}

static bool share_zone(const struct taken *t) {
    if (fr_paloalto_has_zone(&t->zones[0], "any") || fr_paloalto_has_zone(&t->zones[1], "any"))
        return true;
    for (size_t i = 0; i < t->zones[0].count; i++)
        if (fr_paloalto_has_zone(&t->zones[1], t->zones[0].names[i]))
            return true;
    return false;
}

/* ---- applications and services ----------------------------------------------------------------
 */

/* Of a URL category: the applications that tell names, and ports of TCP. */
static bool take_category(const struct deciding *d, struct taken *t) {
    const struct fr_paloalto_attribute *a = first_of(t->e, "category");
    struct flowrules_set sum = flowrules_input_none(d->r->in);
    bool ssl = false, web = false, others = false;
    if (a == NULL || is_all(t->e, "category"))
        return true;
    for (size_t i = 0; (a = fr_paloalto_next(t->e, "application", &i)) != NULL;) {
        ssl = ssl || strcmp(a->value, "ssl") == 0;
        web = web || strcmp(a->value, "web-browsing") == 0;
        others = others || (strcmp(a->value, "ssl") != 0 && strcmp(a->value, "web-browsing") != 0);
    }
    const char *action = fr_paloalto_value(t->e, "action");
    if (!ssl || !web || others || action == NULL ||
        !flowrules_set_is_any(t->ends[FLOWRULES_DESTINATION]) || strcmp(action, "allow") != 0) {
        doubt(d, t->e, first_of(t->e, "category"),
              "a category is understood in an allow to any, with ssl and web-browsing alone");
        return false;
    }
    for (size_t i = 0; (a = fr_paloalto_next(t->e, "category", &i)) != NULL;) {
        struct flowrules_set both[] = {sum, sum};
        if (!fr_paloalto_category(d->r, a, &both[1]))
            return false;
        sum = flowrules_input_unite(d->r->in, both, 2);
    }
    t->ends[FLOWRULES_DESTINATION] = sum;
    return true;
}

static bool has_category(const struct taken *t) {
    return first_of(t->e, "category") != NULL && !is_all(t->e, "category");
}

/* Services as the rule lists them; none where it has any. */
static bool take_services(const struct deciding *d, struct taken *t, bool *any, bool *defaults) {
    const struct fr_paloalto_attribute *a;
    size_t chained = chained_at(d->r, t->e->scope);
    *any = is_all(t->e, "service");
    *defaults = false;
    for (size_t i = 0; !*any && (a = fr_paloalto_next(t->e, "service", &i)) != NULL;) {
        if (strcmp(a->value, "application-default") == 0)
            *defaults = true;
        else if (!fr_paloalto_service(d->r, a, chained, &t->services))
            return false;
    }
    return true;
}

/* All types of ICMP, one by one, are ICMP. */
static void join_icmp(struct fr_paloalto_services *list) {
    size_t types = 0, kept = 0;
    for (size_t i = 0; i < list->count; i++)
        types += list->services[i].protocol == ICMP && list->services[i].icmp_type >= 0 ? 1 : 0;
    if (types < 256)
        return;
    for (size_t i = 0; i < list->count; i++)
        if (list->services[i].protocol != ICMP)
            list->services[kept++] = list->services[i];
    list->services[kept] =
        (struct flowrules_service){.protocol = ICMP, .icmp_type = -1, .icmp_code = -1};
    list->count = kept + 1;
}

/* Protocols without ports are known by their applications, and no service has them. */
static bool take_applications(const struct deciding *d, struct taken *t, bool any, bool defaults) {
    const struct fr_paloalto_attribute *a;
    size_t chained = chained_at(d->r, t->e->scope);
    struct fr_paloalto_services known = {NULL, 0, 0};
    for (size_t i = 0; (a = fr_paloalto_next(t->e, "application", &i)) != NULL;)
        if (!fr_paloalto_application(d->r, a, chained, &known))
            return false;
    t->no_service = !any && !defaults;
    join_icmp(&known);
    t->services = known;
    return true;
}

static bool take_what(const struct deciding *d, struct taken *t) {
    bool any, defaults;
    if (!has_list(d, t->e, "application") || !has_list(d, t->e, "service") ||
        !take_services(d, t, &any, &defaults))
        return false;
    bool all = is_all(t->e, "application");
    if (!all && !has_category(t))
        return take_applications(d, t, any, defaults);
    if (defaults || (any && !all)) {
        doubt(d, t->e, first_of(t->e, "service"),
              "the ports are those of applications, which is not understood");
        return false;
    }
    for (size_t i = 0; has_category(t) && i < t->services.count; i++)
        if (t->services.services[i].protocol != TCP) {
            doubt(d, t->e, first_of(t->e, "service"),
                  "a category is beside other ports than TCP's");
            return false;
        }
    return true;
}

/* ---- rules ------------------------------------------------------------------------------------
 */

struct texts {
    char name[TEXT_MAX], comment[TEXT_MAX], until[11];
};

static void copy_text(char text[TEXT_MAX], const char *from, size_t length) {
    snprintf(text, TEXT_MAX, "%.*s", (int)(length < TEXT_MAX ? length : TEXT_MAX - 1), from);
}

/* Our own rules say "FLOW: PURPOSE; owner ...; until DAY" in their description. */
static void find_texts(const struct deciding *d, const struct fr_paloalto_entry *e,
                       struct texts *texts) {
    const char *prefix = flowrules_input_setting(d->r->in, "prefix");
    const char *description = fr_paloalto_value(e, "description");
    size_t length = prefix == NULL ? 0 : strlen(prefix);
    bool known, own = length > 0 && strncmp(e->name, prefix, length) == 0 && e->name[length] == '-';
    *texts = (struct texts){.until = ""};
    copy_text(texts->name, e->name, strlen(e->name));
    if (description == NULL)
        return;
    copy_text(texts->comment, description, strlen(description));
    if (!own)
        return;
    const char *colon = strstr(description, ": "), *until = strstr(description, "; until ");
    const char *end = until != NULL ? until : description + strlen(description);
    size_t first =
        colon != NULL && colon < end ? (size_t)(colon - description) : strcspn(description, ";");
    copy_text(texts->name, description, first);
    const char *rest = description + first + strspn(description + first, ":; ");
    copy_text(texts->comment, rest, rest < end ? (size_t)(end - rest) : 0);
    if (until != NULL && strlen(until) == 18)
        snprintf(texts->until, sizeof texts->until, "%s", until + 8);
    if (texts->until[0] != '\0' && flowrules_input_day(d->r->in, texts->until, &known) < 0)
        texts->until[0] = '\0'; /* PAN-OS goes on with it */
}

static bool is_none(const struct deciding *d, struct flowrules_set set) {
    return set.id == flowrules_input_none(d->r->in).id;
}

/* What can't be told of a rule is left out of comparisons, as far as it may reach. */
static void write_rule(const struct deciding *d, const struct taken *t,
                       const struct fr_paloalto_zone_list lists[2]) {
    const char *log_end = fr_paloalto_value(t->e, "log-end");
    struct texts texts;
    struct territory ends[2];
    bool whole = true;
    for (int end = 0; end < 2; end++)
        whole = limit_end(d, t, end, &lists[end], &ends[end]) && whole;
    find_texts(d, t->e, &texts);
    struct flowrules_read_rule rule = {.direction = FLOWRULES_FORWARD,
                                       .verdict = t->verdict,
                                       .source = ends[FLOWRULES_SOURCE].surely,
                                       .destination = ends[FLOWRULES_DESTINATION].surely,
                                       .services = t->services.services,
                                       .service_count = t->services.count,
                                       .at = t->e->at,
                                       .name = texts.name,
                                       .comment = texts.comment[0] != '\0' ? texts.comment : NULL,
                                       .expires = texts.until[0] != '\0' ? texts.until : NULL,
                                       .log = log_end == NULL || strcmp(log_end, "yes") == 0 ||
                                              is_yes(t->e, "log-start")};
    flowrules_input_rule(d->r->in, &rule);
    if (is_none(d, ends[FLOWRULES_SOURCE].maybe) || is_none(d, ends[FLOWRULES_DESTINATION].maybe))
        flowrules_input_note(d->r->in, t->e->at,
                             "left out: the rule '%.80s' is between other zones", t->e->name);
    rule.verdict = FLOWRULES_OUTSIDE;
    rule.source = ends[FLOWRULES_SOURCE].maybe;
    rule.destination = ends[FLOWRULES_DESTINATION].maybe;
    if (!whole)
        flowrules_input_rule(d->r->in, &rule);
}

/* The zones of a list one by one; of "any" all that are known. */
static struct fr_paloalto_zone_list spread(const struct deciding *d,
                                           const struct fr_paloalto_zone_list *list) {
    struct fr_paloalto_zone_list all = {NULL, 0, 0};
    if (!fr_paloalto_has_zone(list, "any"))
        return *list;
    for (size_t i = 0; i < d->zones.count; i++)
        fr_paloalto_add_zone(d->r->in, &all, d->zones.names[i]);
    for (int end = 0; end < 2; end++)
        if (d->zones.own[end] != NULL)
            fr_paloalto_add_zone(d->r->in, &all, d->zones.own[end]);
    return all;
}

/* A zone that the settings leave open may be any of the others. */
static bool zones_are_known(const struct deciding *d) {
    for (int end = 0; end < 2; end++)
        if (d->zones.own[end] != NULL && strcmp(d->zones.own[end], "any") == 0)
            return false;
    return !d->zoneless;
}

/* An intrazone rule holds within each of its zones, an interzone rule between two different ones.
 */
static void write_pairs(const struct deciding *d, const struct taken *t, bool within) {
    struct fr_paloalto_zone_list from = spread(d, &t->zones[0]), to = spread(d, &t->zones[1]);
    for (size_t i = 0; from.names != NULL && i < from.count; i++) {
        struct fr_paloalto_zone_list both[2] = {{&from.names[i], 1, 1}, {NULL, 0, 0}};
        for (size_t k = 0; to.names != NULL && k < to.count; k++)
            if ((strcmp(to.names[k], from.names[i]) == 0) == within)
                fr_paloalto_add_zone(d->r->in, &both[1], to.names[k]);
        if (both[1].count > 0)
            write_rule(d, t, both);
    }
}

static void write_by_type(const struct deciding *d, struct taken *t) {
    const char *type = fr_paloalto_value(t->e, "rule-type");
    bool within = type != NULL && strcmp(type, "intrazone") == 0;
    bool between = type != NULL && strcmp(type, "interzone") == 0;
    bool whole = type == NULL || strcmp(type, "universal") == 0 || (between && !share_zone(t));
    if (!whole && (within || between) && zones_are_known(d)) {
        write_pairs(d, t, within);
        return;
    }
    if (!whole) {
        doubt(d, t->e, first_of(t->e, "rule-type"),
              "the type is not understood between these zones");
        t->verdict = FLOWRULES_OUTSIDE;
    }
    write_rule(d, t, t->zones);
}

static bool take_action(const struct deciding *d, const struct fr_paloalto_entry *e,
                        enum flowrules_verdict *verdict) {
    static const char *const denies[] = {"deny", "drop", "reset-client", "reset-server",
                                         "reset-both"};
    const char *action = fr_paloalto_value(e, "action");
    if (!has_list(d, e, "action"))
        return false;
    *verdict = FLOWRULES_PASS;
    if (strcmp(action, "allow") == 0)
        return true;
    *verdict = FLOWRULES_BLOCK;
    for (size_t i = 0; i < sizeof denies / sizeof *denies; i++)
        if (strcmp(action, denies[i]) == 0)
            return true;
    doubt(d, e, first_of(e, "action"), "the action is not understood");
    return false;
}

/* Each part in turn; of one that is not understood the most that it may be is kept. */
static bool take_parts(const struct deciding *d, struct taken *t) {
    bool good = check_attributes(d, t->e);
    struct flowrules_set any = flowrules_input_any(d->r->in);
    good = take_action(d, t->e, &t->verdict) && good;
    for (int end = 0; end < 2; end++) {
        good = take_zones(d, t, end) && good;
        if (!take_end(d, t, end)) {
            t->ends[end] = any;
            good = false;
        }
    }
    if (!flowrules_input_failed(d->r->in) && (!take_category(d, t) || !take_what(d, t))) {
        t->services.count = 0;
        good = false;
    }
    return good;
}

static void read_rule(const struct deciding *d, const struct fr_paloalto_entry *e) {
    struct taken t = {.e = e};
    if (is_yes(e, "disabled")) {
        flowrules_input_note(d->r->in, e->at, "left out: the rule '%.80s' is disabled", e->name);
        return;
    }
    if (!take_parts(d, &t))
        t.verdict = FLOWRULES_OUTSIDE;
    if (flowrules_input_failed(d->r->in))
        return;
    if (t.no_service)
        flowrules_input_note(d->r->in, e->at,
                             "left out: the application of the rule '%.80s' never has its ports",
                             e->name);
    else
        write_by_type(d, &t);
}

/* ---- where a target is ------------------------------------------------------------------------
 */

static const struct fr_paloalto_scope *find_scope(const struct fr_paloalto_reading *r,
                                                  const char *name) {
    return name == NULL ? NULL : flowrules_input_lookup(r->in, FR_PALOALTO_SCOPES, name);
}

static void chain(struct fr_paloalto_reading *r, const char *scope) {
    if (r->chained < FR_PALOALTO_CHAIN)
        r->chain[r->chained++] = scope;
}

static void tell_scopes(struct fr_paloalto_reading *r, const char *missing) {
    static const char choose[] = "the settings vsys and device-group choose; it has rules of: ";
    const struct flowrules_place nowhere = {0, 0, 0};
    char hint[400] = "";
    for (const struct fr_paloalto_scope *s = r->scopes; s != NULL; s = s->next) {
        size_t used = strlen(hint);
        if (s->has_rules && used < 300)
            snprintf(hint + used, sizeof hint - used, "%s%.80s", used == 0 ? choose : ", ",
                     s->name);
    }
    if (hint[0] == '\0')
        snprintf(hint, sizeof hint, "give the whole configuration");
    if (missing != NULL)
        flowrules_input_error(r->in, nowhere, hint, "there are no security rules of %.80s",
                              missing);
    else
        flowrules_input_error(r->in, nowhere, hint, "it has security rules of several places");
}

/* The groups above a device group, as far as it is told; "shared" is above them all. */
static void chain_parents(struct fr_paloalto_reading *r, const struct fr_paloalto_scope *scope) {
    const struct fr_paloalto_scope *other = r->scopes;
    for (; other != NULL &&
           (other == scope || !other->has_rules || strncmp(other->name, "device-group ", 13) != 0);)
        other = other->next;
    if (other != NULL && !r->parents_known)
        flowrules_input_doubt(r->in, (struct flowrules_place){0, 0, 0}, FLOWRULES_FORWARD,
                              "whether %.80s is above %.80s does not stand here", other->name,
                              scope->name);
    for (unsigned i = 0; scope != NULL && scope->parent != NULL && i < FR_PALOALTO_CHAIN; i++) {
        scope = find_scope(r, scope->parent);
        if (scope != NULL)
            chain(r, scope->name);
    }
}

/* The only place that has rules or, where none has, the only place. */
static const struct fr_paloalto_scope *only_scope(struct fr_paloalto_reading *r, bool rules,
                                                  size_t *count) {
    const struct fr_paloalto_scope *found = NULL;
    *count = 0;
    for (const struct fr_paloalto_scope *s = r->scopes; s != NULL; s = s->next) {
        bool group = strncmp(s->name, "device-group ", 13) == 0;
        if ((rules && !s->has_rules) || strcmp(s->name, "shared") == 0 ||
            (group && flowrules_input_target(r->in) != NULL))
            continue;
        found = s;
        ++*count;
    }
    return *count == 1 ? found : NULL;
}

/* What the settings would have to say of the place that was found. */
static void tell_found(struct fr_paloalto_reading *r, const struct fr_paloalto_scope *scope) {
    static const char group[] = "device-group ", vsys[] = "vsys ";
    bool post = fr_paloalto_rules(r, scope->name, "post-rulebase") != NULL &&
                fr_paloalto_rules(r, scope->name, "pre-rulebase") == NULL;
    if (strncmp(scope->name, group, sizeof group - 1) == 0)
        flowrules_input_found(r->in, "device-group", scope->name + sizeof group - 1);
    else if (strcmp(scope->name, "vsys vsys1") != 0)
        flowrules_input_found(r->in, "vsys", scope->name + sizeof vsys - 1);
    if (post)
        flowrules_input_found(r->in, "rulebase", "post");
}

/* The device group, or the vsys: the only one where none is named. */
static const struct fr_paloalto_scope *choose_scope(struct fr_paloalto_reading *r) {
    const char *group = flowrules_input_setting(r->in, "device-group");
    const char *vsys = flowrules_input_setting(r->in, "vsys");
    size_t count;
    if (group != NULL || vsys != NULL) {
        const char *name = group != NULL ? flowrules_input_print(r->in, "device-group %s", group)
                                         : flowrules_input_print(r->in, "vsys %s", vsys);
        const struct fr_paloalto_scope *named = find_scope(r, name);
        if (named == NULL && name != NULL)
            tell_scopes(r, name);
        return named;
    }
    const struct fr_paloalto_scope *found = only_scope(r, true, &count);
    if (count == 0)
        found = only_scope(r, false, &count);
    if (count != 1)
        tell_scopes(r, count == 0 ? "a firewall" : NULL);
    else if (found != NULL)
        tell_found(r, found);
    return found;
}

/* ---- what decides ------------------------------------------------------------------------------
 */

static void read_rulebase(const struct deciding *d, const char *scope, const char *rulebase) {
    for (const struct fr_paloalto_entry *e = fr_paloalto_rules(d->r, scope, rulebase);
         e != NULL && !flowrules_input_failed(d->r->in); e = e->next)
        read_rule(d, e);
}

/* From shared down to the own scope, its own rules, and back up. */
static void read_rulebases(const struct deciding *d) {
    const struct fr_paloalto_reading *r = d->r;
    for (size_t i = r->chained; i-- > 0;)
        read_rulebase(d, r->chain[i], "pre-rulebase");
    read_rulebase(d, r->chain[0], "rulebase");
    for (size_t i = 0; i < r->chained; i++)
        read_rulebase(d, r->chain[i], "post-rulebase");
}

/* What a configuration says of PAN-OS's own rules: "NAME: action". */
static enum flowrules_verdict default_action(const struct fr_paloalto_reading *r, const char *name,
                                             enum flowrules_verdict usual) {
    static const char *const bases[] = {"rulebase", "post-rulebase", "pre-rulebase"};
    for (size_t i = 0; i < r->chained; i++)
        for (size_t k = 0; k < sizeof bases / sizeof *bases; k++) {
            const char *full = flowrules_input_print(r->in, "%s\n%s", bases[k], name);
            const struct fr_paloalto_entry *e =
                full == NULL ? NULL
                             : fr_paloalto_find(r, FR_PALOALTO_DEFAULT_RULE, r->chain[i], full);
            const char *action = e == NULL ? NULL : fr_paloalto_value(e, "action");
            if (action != NULL)
                return strcmp(action, "allow") == 0 ? FLOWRULES_PASS : FLOWRULES_BLOCK;
        }
    return usual;
}

static void write_defaults(const struct deciding *d) {
    flowrules_input *in = d->r->in;
    fr_paloalto_within_zones(in, &d->zones,
                             default_action(d->r, "intrazone-default", FLOWRULES_PASS));
    struct flowrules_read_rule rest = {
        .direction = FLOWRULES_FORWARD,
        .verdict = default_action(d->r, "interzone-default", FLOWRULES_BLOCK),
        .source = flowrules_input_any(in),
        .destination = flowrules_input_any(in)};
    flowrules_input_rule(in, &rest);
}

/* The zones that all allows of a rulebase, and those before, are between; false: several. */
static bool same_zones(const struct fr_paloalto_entry *e, const char *pair[2]) {
    for (; e != NULL; e = e->next) {
        const char *action = fr_paloalto_value(e, "action");
        if (is_yes(e, "disabled") || action == NULL || strcmp(action, "allow") != 0)
            continue;
        for (int end = 0; end < 2; end++) {
            const struct fr_paloalto_attribute *a;
            for (size_t i = 0; (a = fr_paloalto_next(e, zone_keys[end], &i)) != NULL;) {
                if (pair[end] == NULL)
                    pair[end] = a->value;
                if (strcmp(pair[end], a->value) != 0)
                    return false;
            }
        }
    }
    return true;
}

static bool find_pair(const struct deciding *d, const char *pair[2]) {
    static const char *const bases[] = {"pre-rulebase", "rulebase", "post-rulebase"};
    bool same = true;
    for (size_t i = 0; i < d->r->chained; i++)
        for (size_t k = 0; k < sizeof bases / sizeof *bases; k++)
            same = same && same_zones(fr_paloalto_rules(d->r, d->r->chain[i], bases[k]), pair);
    return same && pair[0] != NULL && pair[1] != NULL;
}

/* Without a policy and settings: the two zones between which all is that is allowed. */
static void choose_zones(struct deciding *d) {
    const char *pair[2] = {NULL, NULL};
    if (d->zones.known || (d->zones.own[0] != NULL && d->zones.own[1] != NULL))
        return;
    d->zoneless = !find_pair(d, pair);
    for (int end = 0; end < 2; end++) {
        const char *found = d->zoneless ? "any" : pair[end];
        if (d->zones.own[end] != NULL)
            continue;
        d->zones.own[end] = d->zoneless ? NULL : found;
        flowrules_input_found(d->r->in, end == 0 ? "from-zone" : "to-zone", found);
    }
    if (d->zoneless)
        flowrules_input_doubt(d->r->in, (struct flowrules_place){0, 0, 0}, FLOWRULES_FORWARD,
                              "the rules are between several zones, and nothing tells what is in "
                              "them: the settings from-zone and to-zone choose two");
}

void fr_paloalto_read(flowrules_input *in) {
    struct fr_paloalto_reading r = {.in = in};
    struct deciding d = {.r = &r};
    r.last_scope = &r.scopes;
    fr_paloalto_read_files(&r);
    const struct fr_paloalto_scope *scope = flowrules_input_failed(in) ? NULL : choose_scope(&r);
    if (scope == NULL)
        return;
    chain(&r, scope->name);
    if (strncmp(scope->name, "device-group ", 13) == 0)
        chain_parents(&r, scope);
    chain(&r, "shared");
    fr_paloalto_find_zones(in, flowrules_input_setting(in, "from-zone"),
                           flowrules_input_setting(in, "to-zone"), &d.zones);
    choose_zones(&d);
    read_rulebases(&d);
    write_defaults(&d);
}
