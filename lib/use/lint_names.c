/*
 * Finds wildcards that are too wide, and names with pinned addresses that are old or shared.
 */
#include <stdio.h>
#include <string.h>

#include "lint.h"
#include "lint_shared.h"
#include "lint_suffix.h"

static struct fr_finding about_name(const struct fr_linter *l, enum fr_finding_id id,
                                    const struct fr_peer *peer, fr_string name) {
    struct fr_finding finding = {.id = (uint16_t)id,
                                 .severity = FLOWRULES_WARNING,
                                 .subject = FR_ABOUT_NAME,
                                 .index = name,
                                 .at = fr_peer_at(l->policy, peer)};
    finding.at.length = (uint32_t)fr_strings_length(&l->policy->strings, peer->ref);
    finding.at.length += peer->kind == FR_PEER_WILDCARD ? 2 : 0;
    return finding;
}

/* ---- wildcards ----------------------------------------------------------------------------- */

static flowrules_status check_wildcard(struct fr_linter *l, const struct fr_peer *peer) {
    const char *domain = FR_POLICY_TEXT(l->policy, peer->ref);
    const char *who = fr_hosting_of(domain);
    if (who != NULL) {
        struct fr_finding finding = about_name(l, FR_WILDCARD_HOSTING, peer, peer->ref);
        finding.hint = "name the hosts of your own account";
        return fr_finding_add(l->findings, &finding,
                              "'*.%s' is every name that %s gives to its customers there", domain,
                              who);
    }
    if (!fr_is_public_suffix(domain))
        return FLOWRULES_OK;
    struct fr_finding finding = about_name(l, FR_WILDCARD_PUBLIC, peer, peer->ref);
    finding.hint = "name the domain that you mean, or its hosts";
    return fr_finding_add(l->findings, &finding,
                          "'*.%s' is over a public suffix: everybody can register names below it",
                          domain);
}

/* The first mention of each name counts: *first. False when out of memory. */
static bool is_first(struct fr_map *told, fr_string name, bool *first) {
    uint32_t known;
    *first = !fr_map_get(told, name, &known);
    return !*first || fr_map_put(told, name, 1);
}

/* What is asked of each item of networks and flows; what assertions name is not allowed by that. */
typedef flowrules_status (*peer_fn)(struct fr_linter *l, const struct fr_peer *peer,
                                    struct fr_map *told);

static flowrules_status walk_span(struct fr_linter *l, struct fr_span span, peer_fn check,
                                  struct fr_map *told) {
    for (uint32_t i = 0; i < span.count; i++)
        FR_TRY(check(l, fr_vec_at(&l->policy->peers, struct fr_peer, span.first + i), told));
    return FLOWRULES_OK;
}

static flowrules_status walk(struct fr_linter *l, peer_fn check, struct fr_map *told) {
    for (size_t i = 0; i < l->policy->networks.count; i++)
        FR_TRY(walk_span(l, fr_vec_at(&l->policy->networks, struct fr_network, i)->members, check,
                         told));
    for (size_t i = 0; i < l->policy->flows.count; i++) {
        FR_TRY(walk_span(l, fr_lint_flow(l, i)->source, check, told));
        FR_TRY(walk_span(l, fr_lint_flow(l, i)->destination, check, told));
    }
    return FLOWRULES_OK;
}

static flowrules_status check_if_wildcard(struct fr_linter *l, const struct fr_peer *peer,
                                          struct fr_map *told) {
    bool first;
    if (peer->kind != FR_PEER_WILDCARD)
        return FLOWRULES_OK;
    if (!is_first(told, peer->ref, &first))
        return fr_no_memory(l->context);
    return first ? check_wildcard(l, peer) : FLOWRULES_OK;
}

/* ---- pins ---------------------------------------------------------------------------------- */

static flowrules_status check_age(struct fr_linter *l, const struct fr_peer *peer, const char *name,
                                  const struct fr_locked_name *entry) {
    uint32_t limit = l->policy->lint.limits[FR_LINT_PIN_AGE];
    int32_t seen = fr_lock_last_seen(&l->policy->lock, entry);
    if (limit == FR_LINT_NO_LIMIT || seen == FR_NO_DATE || l->policy->as_of == FR_NO_DATE ||
        (int64_t)l->policy->as_of - seen <= (int64_t)limit)
        return FLOWRULES_OK;
    char date[11];
    fr_date_format(seen, date);
    struct fr_finding finding = about_name(l, FR_PIN_OLD, peer, peer->ref);
    finding.hint = "run 'flowrules resolve'";
    return fr_finding_add(l->findings, &finding,
                          "the addresses of '%s' were last seen on %s, %lld days ago", name, date,
                          (long long)l->policy->as_of - seen);
}

static flowrules_status check_shared(struct fr_linter *l, const struct fr_peer *peer,
                                     const char *name, const struct fr_locked_name *entry) {
    const char *who = NULL;
    for (uint32_t i = 0; i < entry->count && who == NULL; i++) {
        const struct fr_pin *pin =
            fr_vec_at(&l->policy->lock.pins, struct fr_pin, entry->first + i);
        who = fr_shared_by(&l->shared, pin->family, pin->ip);
    }
    if (who == NULL)
        return FLOWRULES_OK;
    struct fr_finding finding = about_name(l, FR_PIN_SHARED, peer, peer->ref);
    finding.hint = "addresses cannot tell these sites apart: check names in a proxy, or accept it "
                   "with a reason";
    return fr_finding_add(l->findings, &finding,
                          "'%s' is pinned to addresses of %s, which other sites have too", name,
                          who);
}

/* The pins of one name of the lock file, at the place in the policy that needs them. */
static flowrules_status check_pins(struct fr_linter *l, const struct fr_peer *peer,
                                   const char *name) {
    const struct fr_locked_name *entry = fr_lock_find(&l->policy->lock, name);
    if (entry == NULL || entry->count == 0)
        return FLOWRULES_OK;
    FR_TRY(check_age(l, peer, name, entry));
    return check_shared(l, peer, name, entry);
}

/* Without targets, all names count. */
static bool is_wanted(const struct fr_linter *l, const char *name) {
    return l->policy->targets.count == 0 || fr_strings_find(&l->wanted, name, strlen(name)) != 0;
}

/* A wildcard that is cut to the names below it that the lock file has. */
static flowrules_status check_below(struct fr_linter *l, const struct fr_peer *peer) {
    const struct fr_lock *lock = &l->policy->lock;
    for (size_t i = 0; i < lock->names.count; i++) {
        const struct fr_locked_name *entry = fr_vec_at(&lock->names, struct fr_locked_name, i);
        const char *name = fr_strings_text(&lock->strings, entry->name);
        fr_string own = fr_strings_find(&l->policy->strings, name, strlen(name));
        if (own == 0 && fr_name_is_below(name, FR_POLICY_TEXT(l->policy, peer->ref)) &&
            is_wanted(l, name))
            FR_TRY(check_pins(l, peer, name));
    }
    return FLOWRULES_OK;
}

static flowrules_status check_name(struct fr_linter *l, const struct fr_peer *peer,
                                   struct fr_map *told) {
    bool first, wildcard = peer->kind == FR_PEER_WILDCARD;
    if (peer->kind != FR_PEER_NAME && !wildcard)
        return FLOWRULES_OK;
    /* A name and a wildcard over it have the same string. */
    if (!is_first(told, 2 * peer->ref + (wildcard ? 1 : 0), &first))
        return fr_no_memory(l->context);
    if (!first)
        return FLOWRULES_OK;
    const char *name = FR_POLICY_TEXT(l->policy, peer->ref);
    if (wildcard)
        return check_below(l, peer);
    return is_wanted(l, name) ? check_pins(l, peer, name) : FLOWRULES_OK;
}

/* A lock file whose addresses are invented says nothing about them. */
static flowrules_status check_lock(struct fr_linter *l) {
    struct fr_map told;
    if (!l->policy->lock.present || l->policy->lock.example)
        return FLOWRULES_OK;
    fr_map_init(&told, &l->context->allocator);
    flowrules_status status = fr_shared_init(&l->shared, &l->context->allocator)
                                  ? walk(l, check_name, &told)
                                  : fr_no_memory(l->context);
    fr_vec_free(&l->shared);
    fr_map_free(&told);
    return status;
}

flowrules_status fr_lint_names(struct fr_linter *l) {
    struct fr_map told;
    fr_map_init(&told, &l->context->allocator);
    flowrules_status status = walk(l, check_if_wildcard, &told);
    fr_map_free(&told);
    return status == FLOWRULES_OK ? check_lock(l) : status;
}
