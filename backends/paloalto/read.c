/*
 * paloalto, reading: the security rules of a firewall or of a device group, in the order in which
 * PAN-OS decides, with its two default rules behind them. Knows what rules say, not what their
 * members stand for or how files are written.
 *
 * Facts: PAN-OS 10.1 Administrator's Guide, "Security Policy" and "Security Policy Rule Actions";
 * Panorama Administrator's Guide, "Device Group Policies" (their order).
 */
#include "read.h"

#include "paloalto.h"
#include "zones.h"

#include <stdio.h>
#include <string.h>

enum { TEXT_MAX = 1100, ICMP = 1, TCP = 6, UDP = 17 };

/* What is common to all rules. */
struct deciding {
    struct fr_paloalto_reading *r;
    struct fr_zones zones;
};

/* A rule as it is taken apart. */
struct taken {
    const struct fr_paloalto_entry *e;
    struct fr_zone_rule rule;
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
static bool has_list(const struct taken *t, const char *key) {
    if (first_of(t->e, key) == NULL)
        fr_zone_lacks(&t->rule, key, "PAN-OS does not commit such a rule");
    return first_of(t->e, key) != NULL;
}

static bool is_all(const struct fr_paloalto_entry *e, const char *key) {
    const struct fr_paloalto_attribute *a;
    for (size_t i = 0; (a = fr_paloalto_next(e, key, &i)) != NULL;)
        if (strcmp(a->value, "any") == 0)
            return true;
    return false;
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

/* Notes what is not understood of an attribute. */
static void check_attribute(const struct deciding *d, struct taken *t,
                            const struct fr_paloalto_attribute *a) {
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (!has_key(a->key, keys[i].key))
            continue;
        if (keys[i].manner == NOTED && !d->r->profiles_told) {
            d->r->profiles_told = true;
            flowrules_input_note(d->r->in, a->at, "profiles may block what rules allow");
        }
        if (keys[i].manner != ANY_ALONE || strcmp(a->value, "any") == 0)
            return;
        break;
    }
    if (strcmp(a->key, "target/negate") == 0 && strcmp(a->value, "no") == 0)
        return;
    fr_zone_doubt(&t->rule, true, "'%.80s %.80s' is not understood", a->key, a->value);
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
    size_t chained = chained_at(d->r, t->e->scope);
    const struct fr_paloalto_attribute *member;
    struct fr_sets list = {.count = 0};
    struct fr_addresses one, all = {flowrules_input_any(d->r->in), NULL};
    if (!has_list(t, end_keys[end]))
        return false;
    if (!is_all(t->e, end_keys[end])) {
        for (size_t i = 0; (member = fr_paloalto_next(t->e, end_keys[end], &i)) != NULL;)
            if (!fr_paloalto_address(d->r, member, chained, &one) ||
                !fr_tables_add_set(d->r->in, &list, one, member->at))
                return false;
        all = (struct fr_addresses){flowrules_input_unite(d->r->in, list.sets, list.count),
                                    list.doubt};
    }
    fr_zone_end(&t->rule, (enum flowrules_end)end, all, is_yes(t->e, negations[end]));
    return true;
}

/* ---- zones ----------------------------------------------------------------------------------- */

static bool take_zones(const struct deciding *d, struct taken *t, int end) {
    const struct fr_paloalto_attribute *a;
    if (!has_list(t, zone_keys[end]))
        return false;
    for (size_t i = 0; (a = fr_paloalto_next(t->e, zone_keys[end], &i)) != NULL;)
        fr_zones_add(d->r->in, &t->rule.zones[end], a->value);
    return true;
}

static bool share_zone(const struct taken *t) {
    if (fr_zones_has(&t->rule.zones[0], "any") || fr_zones_has(&t->rule.zones[1], "any"))
        return true;
    for (size_t i = 0; i < t->rule.zones[0].count; i++)
        if (fr_zones_has(&t->rule.zones[1], t->rule.zones[0].names[i]))
            return true;
    return false;
}

/* ---- applications and services ----------------------------------------------------------------
 */

static bool has_category(const struct taken *t) {
    return first_of(t->e, "category") != NULL && !is_all(t->e, "category");
}

/* Are the applications ssl and web-browsing, which tell names, and no others? */
static bool tells_names(const struct taken *t) {
    const struct fr_paloalto_attribute *a;
    bool ssl = false, web = false, others = false;
    for (size_t i = 0; (a = fr_paloalto_next(t->e, "application", &i)) != NULL;) {
        bool is_ssl = strcmp(a->value, "ssl") == 0, is_web = strcmp(a->value, "web-browsing") == 0;
        ssl = ssl || is_ssl;
        web = web || is_web;
        others = others || (!is_ssl && !is_web);
    }
    return ssl && web && !others;
}

/* Of a URL category: the applications that tell names, and ports of TCP. */
static bool take_category(const struct deciding *d, struct taken *t) {
    const struct fr_paloalto_attribute *a;
    struct flowrules_set sum = flowrules_input_none(d->r->in);
    struct fr_territory *to = &t->rule.m.ends[FLOWRULES_DESTINATION];
    if (!has_category(t))
        return true;
    if (!tells_names(t) || t->rule.verdict != FLOWRULES_PASS || t->rule.m.any_action ||
        !flowrules_set_is_any(to->surely)) {
        fr_zone_doubt(&t->rule, true,
                      "a category is understood only in an allow to any with ssl and web-browsing");
        return true;
    }
    for (size_t i = 0; (a = fr_paloalto_next(t->e, "category", &i)) != NULL;) {
        struct fr_addresses one = {.doubt = NULL};
        if (!fr_paloalto_category(d->r, a, &one))
            return false;
        struct flowrules_set both[] = {sum, one.set};
        sum = flowrules_input_unite(d->r->in, both, 2);
        if (one.doubt != NULL)
            fr_zone_doubt(&t->rule, false, "%s", one.doubt);
    }
    to->surely = sum;
    to->maybe = t->rule.m.doubt == NULL ? sum : to->maybe;
    return true;
}

/* Services as the rule lists them; none where it has any. */
static bool take_services(const struct deciding *d, struct taken *t, struct fr_services *services,
                          bool *any, bool *defaults) {
    const struct fr_paloalto_attribute *a;
    size_t chained = chained_at(d->r, t->e->scope);
    *any = is_all(t->e, "service");
    *defaults = false;
    for (size_t i = 0; !*any && (a = fr_paloalto_next(t->e, "service", &i)) != NULL;) {
        if (strcmp(a->value, "application-default") == 0)
            *defaults = true;
        else if (!fr_paloalto_service(d->r, a, chained, services))
            return false;
    }
    return true;
}

/* All types of ICMP, one by one, are ICMP. */
static void join_icmp(struct fr_services *list) {
    size_t types = 0, kept = 0;
    for (size_t i = 0; i < list->count; i++)
        types += list->services[i].protocol == ICMP && list->services[i].icmp_type >= 0 &&
                         list->services[i].icmp_code < 0
                     ? 1
                     : 0;
    if (types < 256)
        return;
    for (size_t i = 0; i < list->count; i++)
        if (list->services[i].protocol != ICMP)
            list->services[kept++] = list->services[i];
    list->services[kept] =
        (struct flowrules_service){.protocol = ICMP, .icmp_type = -1, .icmp_code = -1};
    list->count = kept + 1;
}

/*
 * App-IDs that are taken for their ports (docs/MODEL.md): with application-default their default
 * ones, beside services these, as far as they are of their protocols.
 */
static bool take_ports(const struct deciding *d, struct taken *t,
                       const struct fr_paloalto_applications *known,
                       const struct fr_services *listed, bool defaults) {
    if (defaults && known->portless != NULL)
        fr_zone_doubt(&t->rule, false,
                      "flowrules does not know the default ports of the application '%.80s'",
                      known->portless);
    return (!defaults ||
            fr_tables_add_services(d->r->in, &t->rule.m.surely.list, &known->ports, -1)) &&
           (!known->by_tcp ||
            fr_tables_add_services(d->r->in, &t->rule.m.surely.list, listed, TCP)) &&
           (!known->by_udp ||
            fr_tables_add_services(d->r->in, &t->rule.m.surely.list, listed, UDP));
}

/* Is a well-known App-ID taken for its ports? A deny of one would deny others on the same ports. */
static bool by_ports(const struct deciding *d, const struct taken *t) {
    const char *setting = flowrules_input_setting(d->r->in, "applications");
    return setting != NULL && strcmp(setting, "ports") == 0 && t->rule.verdict == FLOWRULES_PASS &&
           !t->rule.m.any_action;
}

/* Why an App-ID is not taken for its ports, and what would do it. */
static void doubt_well_known(struct taken *t, const char *name, bool any) {
    const char *why = t->rule.verdict != FLOWRULES_PASS ? "denied, and others on its ports are not"
                      : any                             ? "allowed on any port"
                            : "less than its ports: 'applications: ports' takes it for them";
    fr_zone_doubt(&t->rule, false, "the application '%.80s' is %s", name, why);
}

/* Protocols without ports are known by their applications, and no service has them. */
static bool take_applications(const struct deciding *d, struct taken *t,
                              const struct fr_services *listed, bool any, bool defaults) {
    struct fr_paloalto_applications known;
    if (!fr_paloalto_take_applications(d->r, t->e, chained_at(d->r, t->e->scope), &known))
        return false;
    join_icmp(&known.exact);
    if ((any || defaults) &&
        !fr_tables_add_services(d->r->in, &t->rule.m.surely.list, &known.exact, -1))
        return false;
    bool ports = known.well_known != NULL && by_ports(d, t) && !any;
    if (ports && !take_ports(d, t, &known, listed, defaults))
        return false;
    if (known.well_known != NULL && !ports)
        doubt_well_known(t, known.well_known, any);
    if (known.doubt != NULL)
        fr_zone_doubt(&t->rule, false, "%s", known.doubt);
    bool more = known.doubt != NULL || (known.well_known != NULL && !ports) ||
                (defaults && known.portless != NULL);
    t->rule.m.maybe = t->rule.m.surely;
    if (more && (any || defaults))
        t->rule.m.maybe.all = true;
    else if (more)
        t->rule.m.maybe.list = *listed;
    return true;
}

/* Of any application. */
static void take_listed(struct taken *t, const struct fr_services *listed, bool any,
                        bool defaults) {
    t->rule.m.surely = (struct fr_whats){.list = *listed, .all = any && !defaults};
    t->rule.m.maybe = t->rule.m.surely;
    if (defaults) {
        fr_zone_doubt(&t->rule, false,
                      "the ports are those of applications, which is not understood");
        t->rule.m.maybe.all = true;
    }
}

static bool take_what(const struct deciding *d, struct taken *t) {
    struct fr_services listed = {NULL, 0, 0};
    bool any, defaults;
    if (!has_list(t, "application") || !has_list(t, "service") ||
        !take_services(d, t, &listed, &any, &defaults))
        return false;
    if (!is_all(t->e, "application") && !(has_category(t) && tells_names(t)))
        return take_applications(d, t, &listed, any, defaults);
    take_listed(t, &listed, any && !has_category(t), defaults || (any && has_category(t)));
    for (size_t i = 0; has_category(t) && i < listed.count; i++)
        if (listed.services[i].protocol != TCP)
            fr_zone_doubt(&t->rule, true, "a category is used with ports other than TCP");
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
    const char *description = fr_paloalto_value(e, "description");
    bool known;
    *texts = (struct texts){.until = ""};
    copy_text(texts->name, e->name, strlen(e->name));
    if (description == NULL)
        return;
    copy_text(texts->comment, description, strlen(description));
    if (fr_tables_own(d->r->in, e->name) == NULL)
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

static void write_rule(const struct deciding *d, const struct taken *whole,
                       const struct fr_zone_list lists[2]) {
    const char *log_end = fr_paloalto_value(whole->e, "log-end");
    struct fr_zone_rule here = whole->rule;
    struct texts texts;
    memcpy(here.zones, lists, sizeof here.zones);
    find_texts(d, whole->e, &texts);
    struct fr_paloalto_count *count = fr_paloalto_count_of(d->r, whole->e->name);
    if (count != NULL)
        count->used = true;
    struct flowrules_read_rule read = {.name = texts.name,
                                       .comment = texts.comment[0] != '\0' ? texts.comment : NULL,
                                       .expires = texts.until[0] != '\0' ? texts.until : NULL,
                                       .log = log_end == NULL || strcmp(log_end, "yes") == 0 ||
                                              is_yes(whole->e, "log-start"),
                                       .counter = count != NULL ? count->counter : 0};
    fr_zone_give(&here, &d->zones, FR_PALOALTO_TERRITORIES, zone_keys, &read);
}

/* A zone that the settings leave open may be any of the others. */
static bool zones_are_known(const struct deciding *d) {
    for (int end = 0; end < 2; end++)
        if (d->zones.own[end] != NULL && strcmp(d->zones.own[end], "any") == 0)
            return false;
    return !d->zones.zoneless;
}

/* An intrazone rule holds within each of its zones, an interzone rule between two different ones.
 */
static void write_pairs(const struct deciding *d, const struct taken *t, bool within) {
    struct fr_zone_list from = fr_zones_spread(d->r->in, &d->zones, &t->rule.zones[0]);
    struct fr_zone_list to = fr_zones_spread(d->r->in, &d->zones, &t->rule.zones[1]);
    for (size_t i = 0; from.names != NULL && i < from.count; i++) {
        struct fr_zone_list both[2] = {{&from.names[i], 1, 1}, {NULL, 0, 0}};
        for (size_t k = 0; to.names != NULL && k < to.count; k++)
            if ((strcmp(to.names[k], from.names[i]) == 0) == within)
                fr_zones_add(d->r->in, &both[1], to.names[k]);
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
    if (!whole)
        fr_zone_doubt(&t->rule, true, "the type is not understood between these zones");
    write_rule(d, t, t->rule.zones);
}

static bool take_action(struct taken *t) {
    static const char *const denies[] = {"deny", "drop", "reset-client", "reset-server",
                                         "reset-both"};
    const char *action = fr_paloalto_value(t->e, "action");
    if (!has_list(t, "action"))
        return false;
    t->rule.verdict = FLOWRULES_PASS;
    if (strcmp(action, "allow") == 0)
        return true;
    for (size_t i = 0; i < sizeof denies / sizeof *denies; i++)
        if (strcmp(action, denies[i]) == 0) {
            t->rule.verdict = FLOWRULES_BLOCK;
            return true;
        }
    t->rule.m.any_action = true;
    fr_zone_doubt(&t->rule, true, "the action is not understood");
    return true;
}

/* Each part in turn; false after an error. */
static bool take_parts(const struct deciding *d, struct taken *t) {
    for (size_t i = 0; i < t->e->count; i++)
        check_attribute(d, t, &t->e->attributes[i]);
    if (!take_action(t))
        return false;
    for (int end = 0; end < 2; end++)
        if (!take_zones(d, t, end) || !take_end(d, t, end))
            return false;
    return take_category(d, t) && take_what(d, t);
}

static void read_rule(const struct deciding *d, const struct fr_paloalto_entry *e) {
    struct taken t = {.e = e,
                      .rule = {.in = d->r->in, .kind = "rule", .name = e->name, .at = e->at}};
    if (is_yes(e, "disabled")) {
        flowrules_input_note(d->r->in, e->at, "left out: the rule '%.80s' is disabled", e->name);
        return;
    }
    if (!take_parts(d, &t) || flowrules_input_failed(d->r->in))
        return;
    if (fr_tables_is_nothing(&t.rule.m.maybe))
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
    if (!r->known) {
        flowrules_input_error(
            r->in, nowhere,
            "use the output of 'show' in configuration mode, after 'set cli config-output-format "
            "set'",
            "this is not a configuration of PAN-OS: it has no command and is not XML");
        return;
    }
    if (hint[0] == '\0')
        snprintf(hint, sizeof hint, "use the whole configuration");
    if (missing != NULL)
        flowrules_input_error(r->in, nowhere, hint, "there are no security rules of %.80s",
                              missing);
    else
        flowrules_input_error(r->in, nowhere, hint,
                              "the configuration has security rules in several places");
}

/* The groups above a device group, as far as it is told; "shared" is above them all. */
static void chain_parents(struct fr_paloalto_reading *r, const struct fr_paloalto_scope *scope) {
    const struct fr_paloalto_scope *other = r->scopes;
    for (; other != NULL &&
           (other == scope || !other->has_rules || strncmp(other->name, "device-group ", 13) != 0);)
        other = other->next;
    if (other != NULL && !r->parents_known)
        flowrules_input_doubt(r->in, (struct flowrules_place){0, 0, 0}, FLOWRULES_FORWARD,
                              "the configuration does not say whether %.80s is above %.80s",
                              other->name, scope->name);
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

/* Do all denies of the rulebases reset connections, and is there one? Then so does the target. */
static void find_deny_with(const struct deciding *d) {
    static const char *const bases[] = {"pre-rulebase", "rulebase", "post-rulebase"};
    size_t resets = 0, others = 0;
    for (size_t i = 0; i < d->r->chained; i++)
        for (size_t k = 0; k < sizeof bases / sizeof *bases; k++)
            for (const struct fr_paloalto_entry *e =
                     fr_paloalto_rules(d->r, d->r->chain[i], bases[k]);
                 e != NULL; e = e->next) {
                const char *action = fr_paloalto_value(e, "action");
                if (action == NULL || strcmp(action, "allow") == 0)
                    continue;
                bool reset = strncmp(action, "reset-", 6) == 0;
                resets += reset ? 1 : 0;
                others += reset ? 0 : 1;
            }
    if (resets > 0 && others == 0)
        flowrules_input_found(d->r->in, "deny-with", "reject");
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
    fr_zones_within(in, &d->zones, "intrazone-default",
                    default_action(d->r, "intrazone-default", FLOWRULES_PASS));
    fr_zones_rest(in, default_action(d->r, "interzone-default", FLOWRULES_BLOCK));
}

/* The zones of the rules of a rulebase. */
static void see_zones(const struct deciding *d, const struct fr_paloalto_entry *e,
                      struct fr_zones_seen *seen) {
    const struct fr_paloalto_attribute *a;
    for (; e != NULL; e = e->next) {
        const char *action = fr_paloalto_value(e, "action");
        bool allows = action != NULL && strcmp(action, "allow") == 0;
        for (int end = 0; end < 2 && !is_yes(e, "disabled"); end++)
            for (size_t i = 0; (a = fr_paloalto_next(e, zone_keys[end], &i)) != NULL;)
                fr_zones_see(d->r->in, seen, (enum flowrules_end)end, a->value, allows);
    }
}

static void find_zones(struct deciding *d) {
    static const char *const bases[] = {"pre-rulebase", "rulebase", "post-rulebase"};
    struct fr_zones_seen seen = {.several = false};
    struct fr_zone_list declared = {.count = 0};
    for (size_t i = 0; i < d->r->chained; i++)
        for (size_t k = 0; k < sizeof bases / sizeof *bases; k++)
            see_zones(d, fr_paloalto_rules(d->r, d->r->chain[i], bases[k]), &seen);
    for (const struct fr_paloalto_entry *e = d->r->zones; e != NULL; e = e->next_application)
        if (e->present && strcmp(e->scope, d->r->chain[0]) == 0)
            fr_zones_add(d->r->in, &declared, e->name);
    fr_zones_choose(d->r->in, &d->zones, &seen, &declared);
}

void fr_paloalto_read(flowrules_input *in) {
    struct fr_paloalto_reading r = {.in = in};
    struct deciding d = {.r = &r};
    r.last_scope = &r.scopes;
    fr_paloalto_read_files(&r);
    if (r.counts != NULL && r.scopes == NULL) /* of which the rules are elsewhere */
        return;
    const struct fr_paloalto_scope *scope = flowrules_input_failed(in) ? NULL : choose_scope(&r);
    if (scope == NULL)
        return;
    chain(&r, scope->name);
    if (strncmp(scope->name, "device-group ", 13) == 0)
        chain_parents(&r, scope);
    chain(&r, "shared");
    find_zones(&d);
    find_deny_with(&d);
    read_rulebases(&d);
    write_defaults(&d);
    for (const struct fr_paloalto_count *c = r.counts; c != NULL; c = c->next)
        if (!c->used)
            flowrules_input_doubt(in, c->at, FLOWRULES_FORWARD,
                                  "the rule '%.80s' is counted, and is not in the files", c->name);
}
