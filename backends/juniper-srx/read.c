/*
 * juniper-srx, reading: configurations of a device, as set commands or in braces, and our own.
 * Knows what policies say and in which order they decide: those between the two zones of a packet,
 * the global ones, the default policy.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "juniper_srx.h"
#include "zones.h"

enum { STATEMENTS, ZONES, TWINS }; /* kinds of symbols */

/* What is common to all policies. */
struct deciding {
    struct fr_srx_reading r;
    flowrules_input *in;
    struct fr_tree *t;
    struct fr_zones zones;
    struct fr_zones_seen seen;
    bool services_told;
    bool own_books; /* a zone may have addresses of its own */
    struct context *contexts;
    size_t context_count, context_capacity;
};

/* A policy as it is taken apart. */
struct taken {
    const struct fr_node *policy, *match;
    struct fr_zone_rule rule;
    const char *until;
    bool over; /* its time is, or has not come */
};

static const char *const zone_keys[] = {"from-zone", "to-zone"};
static const char *const end_keys[] = {"source-address", "destination-address"};

/* ---- statements ----------------------------------------------------------------------------- */

static enum fr_shape shape(const struct fr_node *node, const char *word) {
    const char *parent = node->parent == NULL ? NULL : node->parent->name;
    bool application = fr_is(parent, "application") && !fr_is(word, "term");
    if (fr_is(node->name, "match"))
        return strstr(word, "-excluded") != NULL ? FR_ALONE : FR_LIST;
    if (fr_is(parent, "term") || (application && node->parent->parent->parent != NULL))
        return FR_ONE;
    if (fr_is_one(word, "permit deny reject permit-all deny-all"))
        return FR_CHOICE;
    return fr_is_one(word, "scheduler-name description start-date stop-date") ? FR_ONE : FR_PATH;
}

/* Of a zone its address book alone; of "security" what is below. */
static bool matters(const struct fr_node *node, const char *word) {
    if (node->depth == 1 && fr_is(node->name, "security"))
        return fr_is_one(word, "policies address-book zones");
    if (node->depth == 4 && fr_is(node->parent->name, "security-zone"))
        return fr_is(word, "address-book");
    return node->depth > 0 || fr_is_one(word, "security applications schedulers");
}

static bool is_policies(const struct fr_node *node) {
    return fr_is(node->name, "policy");
}

/* ---- what a policy says --------------------------------------------------------------------- */

static void doubt_words(struct taken *t, const struct fr_node *key) {
    const struct fr_node *value = fr_first(key);
    fr_zone_doubt(&t->rule, true, "'%.80s%s%.80s' is not understood", key->name,
                  value == NULL ? "" : " ", value ? value->name : "");
}

static void check_match(const struct deciding *d, struct taken *t) {
    static const char known[] = "source-address destination-address application from-zone to-zone "
                                "source-address-excluded destination-address-excluded";
    for (const struct fr_node *key = fr_first(t->match); key != NULL; key = fr_next(key))
        if (!fr_is_one(key->name, known) && fr_child(d->t, key, "any") == NULL)
            doubt_words(t, key);
}

/* "match" has to have each of these lists: Junos commits no policy without. */
static const struct fr_node *list_of(const struct deciding *d, struct taken *t, const char *key) {
    const struct fr_node *list = fr_child(d->t, t->match, key);
    if (fr_first(list) == NULL)
        fr_zone_lacks(&t->rule, key, "Junos does not commit such a policy");
    return list;
}

static bool take_end(struct deciding *d, struct taken *t, int end, const char *zone) {
    static const char *const excluded[] = {"source-address-excluded",
                                           "destination-address-excluded"};
    const struct fr_node *members = list_of(d, t, end_keys[end]);
    struct fr_addresses all;
    if (fr_first(members) == NULL || !fr_srx_addresses(&d->r, members, zone, &all))
        return false;
    fr_zone_end(&t->rule, (enum flowrules_end)end, all,
                fr_child(d->t, t->match, excluded[end]) != NULL);
    return true;
}

static bool take_services(struct deciding *d, struct taken *t) {
    const struct fr_node *members = list_of(d, t, "application");
    struct fr_srx_services services = {.doubt = NULL};
    if (fr_first(members) == NULL || !fr_srx_applications(&d->r, members, &services))
        return false;
    t->rule.m.surely = t->rule.m.maybe = services.whats;
    t->rule.m.maybe.all = services.whats.all || services.doubt != NULL;
    if (services.doubt != NULL)
        fr_zone_doubt(&t->rule, false, "%s", services.doubt);
    return true;
}

/* Services of the next generation may block more than policies say; a tunnel is another thing. */
static void check_permit(struct deciding *d, struct taken *t, const struct fr_node *permit) {
    for (const struct fr_node *key = fr_first(permit); key != NULL; key = fr_next(key)) {
        bool services = fr_is(key->name, "application-services");
        if (services && !d->services_told)
            flowrules_input_note(d->in, key->at,
                                 "application services may block what policies permit");
        d->services_told = d->services_told || services;
        if (!services && !fr_is(key->name, "tcp-options") && !fr_is(key->name, "services-offload"))
            doubt_words(t, key);
    }
}

static void take_then(struct deciding *d, struct taken *t) {
    const struct fr_node *then = fr_child(d->t, t->policy, "then");
    const struct fr_node *permit = fr_child(d->t, then, "permit");
    bool blocks = fr_child(d->t, then, "deny") != NULL || fr_child(d->t, then, "reject") != NULL;
    t->rule.verdict = blocks ? FLOWRULES_BLOCK : FLOWRULES_PASS;
    check_permit(d, t, permit);
    if (permit != NULL || blocks)
        return;
    t->rule.m.any_action = true;
    fr_zone_doubt(&t->rule, true, "the action is not understood");
}

/* -1, 0, 1: the day of "2027-06-30.23:59" lies before, on, behind the one that is read of. */
static bool compare_day(const struct deciding *d, const char *date, int *order) {
    const char *day =
        date == NULL || strlen(date) < 10 ? NULL : flowrules_input_copy(d->in, date, 10);
    bool known = false;
    if (day != NULL)
        *order = flowrules_input_day(d->in, day, &known);
    return known;
}

/* From one date to another; the hours do not count (docs/MODEL.md, Time). */
static void take_scheduler(struct deciding *d, struct taken *t) {
    const char *name = fr_value(d->t, t->policy, "scheduler-name");
    const struct fr_node *s = NULL;
    const char *stop = NULL;
    int from = 0, to = 0;
    if (name == NULL)
        return;
    s = fr_child(d->t, fr_top(d->t, "schedulers scheduler"), name);
    stop = fr_value(d->t, s, "stop-date");
    bool known =
        compare_day(d, fr_value(d->t, s, "start-date"), &from) && compare_day(d, stop, &to);
    for (s = fr_first(s); s != NULL; s = fr_next(s))
        known = known && (strstr(s->name, "-date") != NULL || fr_is(s->name, "description"));
    if (!known)
        fr_zone_doubt(&t->rule, true, "the scheduler '%.80s' is not understood", name);
    else if (from > 0 || to < 0)
        t->over = true;
    else
        t->until = flowrules_input_copy(d->in, stop, 10);
}

/* ---- policies ------------------------------------------------------------------------------- */

/* Our own policies say their flows first in the description. */
static const char *name_of(const struct deciding *d, const struct taken *t, const char *text) {
    if (text == NULL || fr_tables_own(d->in, t->policy->name) == NULL)
        return t->policy->name;
    const char *end = strstr(text, " (");
    size_t length = strcspn(text, ";");
    if (end != NULL && (size_t)(end - text) < length)
        length = (size_t)(end - text);
    return flowrules_input_copy(d->in, text, length);
}

static void write_policy(struct deciding *d, struct taken *t) {
    const char *text = fr_value(d->t, t->policy, "description");
    struct flowrules_read_rule read = {.name = name_of(d, t, text),
                                       .comment = text,
                                       .expires = t->until,
                                       .log = fr_get(d->t, t->policy, "then log") != NULL};
    fr_zone_give(&t->rule, &d->zones, ZONES, zone_keys, &read);
}

/* Zones of a global policy; without any it is between all. */
static void list_zones(struct deciding *d, const struct fr_node *match,
                       struct fr_zone_list zones[2]) {
    for (int end = 0; end < 2; end++) {
        const struct fr_node *listed = fr_first(fr_child(d->t, match, zone_keys[end]));
        if (listed == NULL)
            fr_zones_add(d->in, &zones[end], "any");
        for (; listed != NULL; listed = fr_next(listed))
            fr_zones_add(d->in, &zones[end], listed->name);
    }
}

/* between: the zones, or NULL for a global policy, whose addresses are in the global book. */
static void read_policy(struct deciding *d, const struct fr_node *policy,
                        const struct fr_zone_list *between) {
    struct taken t = {
        .policy = policy,
        .match = fr_child(d->t, policy, "match"),
        .rule = {.in = d->in, .kind = "policy", .name = policy->name, .at = policy->at}};
    if (between == NULL)
        list_zones(d, t.match, t.rule.zones);
    else
        memcpy(t.rule.zones, between, sizeof t.rule.zones);
    for (const struct fr_node *key = fr_first(policy); key != NULL; key = fr_next(key))
        if (!fr_is_one(key->name, "match then description scheduler-name apply-groups"))
            doubt_words(&t, key);
    check_match(d, &t);
    take_then(d, &t);
    take_scheduler(d, &t);
    if (t.over)
        flowrules_input_note(d->in, policy->at,
                             "left out: the scheduler of the policy '%.80s' is not active now",
                             policy->name);
    else if (take_end(d, &t, 0, between == NULL ? NULL : between[0].names[0]) &&
             take_end(d, &t, 1, between == NULL ? NULL : between[1].names[0]) &&
             take_services(d, &t))
        write_policy(d, &t);
}

/* ---- policies between zones -------------------------------------------------------------- */

/*
 * Policies of one name that say the same between several pairs of zones are read as one, so that
 * what they say of an end in all zones is said of it whole, as far as the order of each pair
 * allows.
 */
struct context {
    const char *zones[2];
    const struct fr_node *next; /* the first policy that is not read */
};
struct twins {
    const struct fr_node *policy; /* the first of them */
    struct context **in;          /* those from one zone follow each other */
    size_t count, capacity;
    size_t waiting; /* those before which another policy is not read */
};

/* The twins of a policy, new where it is the first; NULL where memory ran out. */
static struct twins *twins_of(struct deciding *d, const struct fr_node *policy) {
    uint64_t hash = d->own_books ? policy->id : fr_tree_hash(policy);
    const char *key = flowrules_input_print(d->in, "%s\n%" PRIx64, policy->name, hash);
    struct twins *t = key == NULL ? NULL : flowrules_input_lookup(d->in, TWINS, key);
    if (t != NULL && fr_tree_is_same(t->policy, policy))
        return t;
    t = key == NULL ? NULL : flowrules_input_alloc(d->in, sizeof *t);
    if (t != NULL) {
        t->policy = policy;
        flowrules_input_define(d->in, TWINS, key, t);
    }
    return t;
}

/* Each policy's meaning is its twins, itself among them. */
static void find_twins(struct deciding *d, struct context *context, struct fr_node *policy) {
    struct twins *t = twins_of(d, policy);
    if (t != NULL)
        t->in =
            flowrules_input_grow(d->in, t->in, &t->capacity, t->count, sizeof(struct context *));
    if (t == NULL || t->in == NULL)
        return;
    t->in[t->count++] = context;
    t->waiting += policy == context->next ? 0 : 1;
    policy->meaning = t;
}

/* Is one of them the next policy between two zones? */
static bool is_next(const struct twins *t, const struct context *at) {
    return at->next != NULL && at->next->meaning == t;
}

/* Goes on behind a policy that is read. */
static void advance(struct context *context) {
    context->next = fr_next(context->next);
    if (context->next != NULL)
        ((struct twins *)context->next->meaning)->waiting--;
}

/* The zones that a policy leads to from one zone, and those from which it leads to all of these. */
static void spread(struct deciding *d, const struct twins *t, const char *from,
                   struct fr_zone_list between[2]) {
    size_t reached = 0;
    for (size_t i = 0; i < t->count; i++)
        if (is_next(t, t->in[i]) && strcmp(t->in[i]->zones[0], from) == 0)
            fr_zones_add(d->in, &between[1], t->in[i]->zones[1]);
    for (size_t i = 0; i < t->count; i++) {
        if (i > 0 && strcmp(t->in[i]->zones[0], t->in[i - 1]->zones[0]) != 0)
            reached = 0;
        if (is_next(t, t->in[i]) && fr_zones_has(&between[1], t->in[i]->zones[1]) &&
            ++reached == between[1].count)
            fr_zones_add(d->in, &between[0], t->in[i]->zones[0]);
    }
}

static void read_twins(struct deciding *d, const struct context *at, bool alone) {
    const struct fr_node *policy = at->next;
    const struct twins *t = policy->meaning;
    struct fr_zone_list between[2] = {{NULL, 0, 0}, {NULL, 0, 0}};
    if (!alone)
        spread(d, t, at->zones[0], between);
    for (int end = 0; end < 2; end++)
        fr_zones_add(d->in, &between[end], at->zones[end]);
    if (flowrules_input_failed(d->in))
        return;
    read_policy(d, policy, between);
    for (size_t i = 0; i < t->count; i++)
        if (is_next(t, t->in[i]) && fr_zones_has(&between[0], t->in[i]->zones[0]) &&
            fr_zones_has(&between[1], t->in[i]->zones[1]))
            advance(t->in[i]);
}

/* The next policy whose twins are all next; where policies are in each other's way, the first. */
static bool read_next(struct deciding *d) {
    const struct context *first = NULL;
    for (size_t i = 0; i < d->context_count; i++) {
        const struct context *c = &d->contexts[i];
        if (c->next != NULL && ((const struct twins *)c->next->meaning)->waiting == 0) {
            read_twins(d, c, false);
            return true;
        }
        first = first == NULL && c->next != NULL ? c : first;
    }
    if (first != NULL)
        read_twins(d, first, true);
    return first != NULL;
}

static bool is_permit(const struct deciding *d, const struct fr_node *policy) {
    return fr_get(d->t, policy, "then permit") != NULL;
}

static void see_policies(struct deciding *d, const struct fr_node *policy, const char *from,
                         const char *to) {
    for (; policy != NULL; policy = fr_next(policy)) {
        fr_zones_see(d->in, &d->seen, FLOWRULES_SOURCE, from, is_permit(d, policy));
        fr_zones_see(d->in, &d->seen, FLOWRULES_DESTINATION, to, is_permit(d, policy));
    }
}

/* Notes which zones policies are between, and reports what is not active. */
static void add_context(struct deciding *d, const struct fr_node *from, const struct fr_node *to) {
    const struct fr_node *list = fr_child(d->t, to, "policy");
    for (const struct fr_node *p = list == NULL ? NULL : list->first; p != NULL; p = p->next)
        if (p->inactive)
            flowrules_input_note(d->in, p->at, "left out: the policy '%.80s' is deactivated",
                                 p->name);
    if (from == NULL || fr_first(list) == NULL)
        return;
    see_policies(d, fr_first(list), from->name, to->name);
    d->contexts = flowrules_input_grow(d->in, d->contexts, &d->context_capacity, d->context_count,
                                       sizeof *d->contexts);
    if (d->contexts != NULL)
        d->contexts[d->context_count++] = (struct context){{from->name, to->name}, fr_first(list)};
}

static void list_contexts(struct deciding *d) {
    const struct fr_node *policies = fr_top(d->t, "security policies");
    const struct fr_node *global = fr_child(d->t, policies, "global"), *from, *to;
    for (from = fr_first(fr_child(d->t, policies, "from-zone")); from != NULL; from = fr_next(from))
        for (to = fr_first(fr_child(d->t, from, "to-zone")); to != NULL; to = fr_next(to))
            add_context(d, from, to);
    for (size_t i = 0; d->contexts != NULL && i < d->context_count; i++) {
        const struct fr_node *first = d->contexts[i].next;
        for (struct fr_node *p = first->parent->first; p != NULL; p = p->next)
            if (!p->inactive)
                find_twins(d, &d->contexts[i], p);
    }
    add_context(d, NULL, global);
    for (global = fr_first(fr_child(d->t, global, "policy")); global; global = fr_next(global)) {
        struct fr_zone_list zones[2] = {{NULL, 0, 0}, {NULL, 0, 0}};
        list_zones(d, fr_child(d->t, global, "match"), zones);
        for (int end = 0; end < 2; end++)
            for (size_t i = 0; i < zones[end].count; i++)
                fr_zones_see(d->in, &d->seen, (enum flowrules_end)end, zones[end].names[i],
                             is_permit(d, global));
    }
}

static void read_policies(struct deciding *d) {
    const struct fr_node *global = fr_first(fr_top(d->t, "security policies global policy"));
    bool more = d->contexts != NULL;
    while (more && !flowrules_input_failed(d->in))
        more = read_next(d);
    for (; global != NULL && !flowrules_input_failed(d->in); global = fr_next(global))
        read_policy(d, global, NULL);
}

/* ---- the configuration --------------------------------------------------------------------- */

/* What else may decide, or stands where policies of another system do. */
static void check_rest(const struct deciding *d) {
    static const char known[] = "from-zone global default-policy policy-stats policy-rematch "
                                "traceoptions apply-groups";
    static const char *const others[] = {"logical-systems", "tenants"};
    const struct fr_node *key = fr_first(fr_top(d->t, "security policies"));
    for (; key != NULL; key = fr_next(key))
        if (!fr_is_one(key->name, known))
            flowrules_input_doubt(d->in, key->at, FLOWRULES_FORWARD,
                                  "'security policies %.80s' is not understood", key->name);
    for (size_t i = 0; i < 2; i++)
        if ((key = fr_top(d->t, others[i])) != NULL)
            flowrules_input_doubt(d->in, key->at, FLOWRULES_FORWARD,
                                  "the policies of %s are not supported", others[i]);
    if ((key = fr_top(d->t, "security nat")) != NULL)
        flowrules_input_note(d->in, key->at,
                             "policies match destinations after NAT has translated them");
}

/* Has a zone an address book beside the global one? */
static bool has_own_books(const struct deciding *d) {
    const struct fr_node *zone = fr_first(fr_top(d->t, "security zones security-zone"));
    const struct fr_node *book = fr_first(fr_top(d->t, "security address-book"));
    for (; zone != NULL; zone = fr_next(zone))
        if (fr_child(d->t, zone, "address-book") != NULL)
            return true;
    for (; book != NULL; book = fr_next(book))
        if (!fr_is(book->name, "global"))
            return true;
    return false;
}

static void find_zones(struct deciding *d) {
    const struct fr_node *zone = fr_first(fr_top(d->t, "security zones security-zone"));
    struct fr_zone_list declared = {.count = 0};
    for (; zone != NULL; zone = fr_next(zone))
        fr_zones_add(d->in, &declared, zone->name);
    fr_zones_choose(d->in, &d->zones, &d->seen, &declared);
    if (!d->zones.matched && (d->seen.several || d->context_count == 0))
        flowrules_input_found(d->in, "policies", "global");
}

void fr_juniper_srx_read(flowrules_input *in) {
    struct deciding d = {.r = {.in = in,
                               .tree = {.in = in,
                                        .kind = STATEMENTS,
                                        .shape = shape,
                                        .matters = matters,
                                        .is_ordered = is_policies}},
                         .in = in};
    d.t = &d.r.tree;
    fr_tree_read(d.t);
    if (!d.t->known && !flowrules_input_failed(in))
        flowrules_input_error(in, (struct flowrules_place){0, 0, 0},
                              "use the output of 'show configuration | display set'",
                              "this is not a configuration of Junos: it has no statement");
    if (flowrules_input_failed(in))
        return;
    fr_tree_inherit(d.t);
    check_rest(&d);
    d.own_books = has_own_books(&d);
    list_contexts(&d);
    find_zones(&d);
    read_policies(&d);
    fr_zones_rest(in, fr_top(d.t, "security policies default-policy permit-all") != NULL
                          ? FLOWRULES_PASS
                          : FLOWRULES_BLOCK);
}
