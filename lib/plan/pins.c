/*
 * The names whose addresses a target needs: those in the flows that it enforces by addresses. Finds
 * those without addresses, and how old the addresses are.
 */
#include "pins.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct gathering {
    struct fr_strings *names;
    const struct fr_lock *lock;
    const flowrules_policy *policy;
    bool wildcards; /* those of the lock file below a wildcard, too */
    bool no_memory;
};

static void gather(struct gathering *g, const char *name) {
    if (fr_strings_add(g->names, name, strlen(name)) == 0)
        g->no_memory = true;
}

static void gather_below(struct gathering *g, const char *domain) {
    for (size_t i = 0; i < g->lock->names.count; i++) {
        const struct fr_locked_name *entry = fr_vec_at(&g->lock->names, struct fr_locked_name, i);
        const char *name = fr_strings_text(&g->lock->strings, entry->name);
        if (fr_name_is_below(name, domain))
            gather(g, name);
    }
}

static void gather_peer(void *user, const struct fr_peer *peer) {
    struct gathering *g = user;
    if (peer->kind == FR_PEER_NAME)
        gather(g, FR_POLICY_TEXT(g->policy, peer->ref));
    else if (peer->kind == FR_PEER_WILDCARD && g->wildcards)
        gather_below(g, FR_POLICY_TEXT(g->policy, peer->ref));
}

bool fr_gather_names(struct fr_strings *names, struct fr_view *view, struct fr_span span,
                     bool wildcards) {
    const flowrules_policy *policy = view->policy;
    struct gathering g = {names, &policy->lock, policy, wildcards, false};
    fr_view_walk(view, span, FR_WALK_NAMES, gather_peer, &g);
    return !g.no_memory;
}

bool fr_gather_names_of_flow(struct fr_strings *names, struct fr_view *view,
                             const struct fr_flow *flow, bool wildcards) {
    return fr_gather_names(names, view, flow->source, wildcards) &&
           fr_gather_names(names, view, flow->destination, wildcards);
}

flowrules_status fr_wanted_by_plan(struct fr_strings *names, const flowrules_plan *plan) {
    const flowrules_policy *policy = plan->policy;
    if (plan->view->mode.names || plan->view->mode.refuse_names)
        return FLOWRULES_OK;
    bool good = fr_gather_names(
        names, plan->view,
        plan->target->protects.count > 0 ? plan->target->protects : policy->protects, false);
    for (size_t i = 0; good && i < plan->verdicts.count; i++) {
        enum fr_fidelity fidelity = fr_vec_at(&plan->verdicts, struct fr_verdict, i)->fidelity;
        if (fidelity != FR_FIDELITY_EXPIRED && fidelity != FR_OUT_OF_SCOPE)
            good = fr_gather_names_of_flow(names, plan->view,
                                           fr_vec_at(&policy->flows, struct fr_flow, i),
                                           fidelity == FR_NARROWED || fidelity == FR_WIDENED);
    }
    return good ? FLOWRULES_OK : fr_no_memory(plan->context);
}

/* ---- names without an address -------------------------------------------------------------- */

struct unpinned {
    const flowrules_plan *plan;
    struct fr_strings *told;
    struct fr_about about;
    bool any;
};

static void report_unpinned_peer(void *user, const struct fr_peer *peer) {
    struct unpinned *u = user;
    const flowrules_policy *policy = u->plan->policy;
    if (peer->kind != FR_PEER_NAME)
        return;
    const char *name = FR_POLICY_TEXT(policy, peer->ref);
    const struct fr_locked_name *entry = fr_lock_find(&policy->lock, name);
    if (entry != NULL && entry->count > 0)
        return;
    u->any = true;
    if (fr_strings_find(u->told, name, strlen(name)) != 0)
        return;
    if (fr_strings_add(u->told, name, strlen(name)) == 0)
        u->plan->context->diagnostics.out_of_memory = true;
    u->about.at = fr_peer_at(policy, peer);
    fr_report(&u->plan->context->diagnostics, &u->about, "the lock file has no address of '%s'",
              name);
}

bool fr_report_unpinned(const flowrules_plan *plan, const struct fr_flow *flow,
                        const struct fr_about *about, struct fr_strings *told) {
    struct unpinned u = {plan, told, *about, false};
    fr_view_walk(plan->view, flow->source, FR_WALK_NAMES, report_unpinned_peer, &u);
    fr_view_walk(plan->view, flow->destination, FR_WALK_NAMES, report_unpinned_peer, &u);
    return u.any;
}

/* ---- age ----------------------------------------------------------------------------------- */

/* Names that are too old: the first of them as text. */
struct aged {
    char text[200];
    size_t count, listed;
    int32_t oldest; /* FR_NO_DATE: one that was never seen */
};

static void add_aged(struct aged *aged, const char *name, int32_t seen) {
    size_t used = strlen(aged->text);
    if (aged->listed < 3 && used + strlen(name) + 3 < sizeof aged->text) {
        snprintf(aged->text + used, sizeof aged->text - used, "%s%s", aged->listed > 0 ? ", " : "",
                 name);
        aged->listed++;
    }
    if (aged->count++ == 0 || seen < aged->oldest) /* FR_NO_DATE is less than any day */
        aged->oldest = seen;
}

static void report_aged(const flowrules_plan *plan, const struct aged *aged) {
    char more[40] = "", ago[80] = "on an unknown day";
    struct fr_about about = {FLOWRULES_WARNING, FR_PINS_OLD,
                             plan->target->at,  NULL,
                             plan->name,        "run 'flowrules resolve'"};
    if (aged->count > aged->listed)
        snprintf(more, sizeof more, " and %zu more", aged->count - aged->listed);
    if (aged->oldest != FR_NO_DATE)
        snprintf(ago, sizeof ago, "%s%" PRId32 " days ago", aged->count > 1 ? "up to " : "",
                 plan->policy->as_of - aged->oldest);
    fr_report(&plan->context->diagnostics, &about,
              "target '%s' pins addresses of %s%s that were last seen %s; max-age is %" PRIu64,
              plan->name, aged->text, more, ago, plan->context->max_age);
}

flowrules_status fr_warn_of_age(const flowrules_plan *plan) {
    flowrules_context *context = plan->context;
    if (context->max_age == FR_NO_AGE || plan->policy->as_of == FR_NO_DATE)
        return FLOWRULES_OK;
    struct fr_strings names;
    struct aged aged = {.oldest = INT32_MAX};
    fr_strings_init(&names, &context->allocator);
    flowrules_status status = fr_wanted_by_plan(&names, plan);
    for (fr_string i = 1; status == FLOWRULES_OK && i <= names.entries.count; i++) {
        const char *name = fr_strings_text(&names, i);
        const struct fr_locked_name *entry = fr_lock_find(&plan->policy->lock, name);
        int32_t seen = entry == NULL ? FR_NO_DATE : fr_lock_last_seen(&plan->policy->lock, entry);
        bool old =
            seen == FR_NO_DATE || (int64_t)plan->policy->as_of - seen > (int64_t)context->max_age;
        if (entry != NULL && entry->count > 0 && old)
            add_aged(&aged, name, seen);
    }
    fr_strings_free(&names);
    if (aged.count > 0)
        report_aged(plan, &aged);
    return context->diagnostics.out_of_memory ? FLOWRULES_NO_MEMORY : status;
}
