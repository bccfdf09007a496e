/*
 * What happened to flows between two versions of a policy: which are new, gone, renamed, or have
 * other ends. Knows flows as they are written, not which packets pass: that is a comparison's.
 */
#include <stdlib.h>
#include <string.h>

#include "overview.h"

#define NO_FLOW    UINT32_MAX
#define ITEMS_MOST 5u /* of a list of ends that are named; more are counted */

struct flow_change {
    const char *kind, *text;
    uint32_t flows[2]; /* before and after, or NO_FLOW */
};

struct flowrules_flow_changes {
    flowrules_context *context;
    struct fr_arena arena;
    struct fr_vec list; /* struct flow_change */
    flowrules_policy *policies[2];
};

/* A flow by its name, or by all but its name. */
struct key {
    const char *text;
    uint32_t flow;
};

/* The flows of both sides, and which are the same. */
struct pairing {
    flowrules_flow_changes *changes;
    struct key *keys[2];
    uint32_t *partners[2];
    size_t counts[2];
};

static const struct fr_flow *flow_at(const flowrules_flow_changes *changes, unsigned side,
                                     uint32_t flow) {
    return fr_vec_at(&changes->policies[side]->flows, struct fr_flow, flow);
}

/* ---- in words ------------------------------------------------------------------------------ */

/* "office, lab, 192.0.2.1 +3 more"; NULL when out of memory. */
static const char *list_text(flowrules_flow_changes *changes, unsigned side, struct fr_span span,
                             uint32_t most) {
    const flowrules_policy *policy = changes->policies[side];
    const char *text = "";
    uint32_t shown = span.count <= most ? span.count : most;
    for (uint32_t i = 0; i < shown && text != NULL; i++) {
        const char *item = fr_overview_peer(
            &changes->arena, policy, fr_vec_at(&policy->peers, struct fr_peer, span.first + i));
        text = item == NULL
                   ? NULL
                   : fr_arena_printf(&changes->arena, "%s%s%s", text, i > 0 ? ", " : "", item);
    }
    if (shown < span.count && text != NULL)
        text =
            fr_arena_printf(&changes->arena, "%s +%u more", text, (unsigned)(span.count - shown));
    return text;
}

static const char *action_text(const struct fr_flow *flow) {
    return flow->deny ? "deny" : "allow";
}

/* "allow office -> server, https (tcp/443)"; with all ends, a key of what the flow means. */
static const char *flow_text(flowrules_flow_changes *changes, unsigned side, uint32_t number,
                             uint32_t most) {
    const struct fr_flow *flow = flow_at(changes, side, number);
    const char *source = list_text(changes, side, flow->source, most);
    const char *destination = list_text(changes, side, flow->destination, most);
    const char *service =
        fr_overview_service(&changes->arena, changes->policies[side], flow->service);
    if (source == NULL || destination == NULL || service == NULL)
        return NULL;
    return fr_arena_printf(&changes->arena, "%s %s -> %s, %s", action_text(flow), source,
                           destination, service);
}

/* Puts "; WHAT: BEFORE -> AFTER" behind a text; NULL when out of memory, as what it is given. */
static const char *add_part(flowrules_flow_changes *changes, const char *text, const char *what,
                            const char *before, const char *after) {
    if (text == NULL || before == NULL || after == NULL)
        return NULL;
    return fr_arena_printf(&changes->arena, "%s%s%s: %s -> %s", text, text[0] != '\0' ? "; " : "",
                           what, before, after);
}

/* ---- the same ------------------------------------------------------------------------------ */

/* Every item of one list is in the other; *good is false when memory ran out. */
static bool contains_all(flowrules_flow_changes *changes, const struct fr_span spans[2],
                         unsigned side, bool *good) {
    for (uint32_t i = 0; i < spans[side].count; i++) {
        bool found = false;
        struct fr_span one = {spans[side].first + i, 1};
        const char *text = list_text(changes, side, one, 1);
        for (uint32_t k = 0; k < spans[!side].count && !found && text != NULL; k++) {
            /* Lists are mostly in one order. */
            uint32_t at = (i + k) % spans[!side].count;
            const char *other =
                list_text(changes, !side, (struct fr_span){spans[!side].first + at, 1}, 1);
            *good = *good && other != NULL;
            found = other != NULL && strcmp(text, other) == 0;
        }
        *good = *good && text != NULL;
        if (!found)
            return false;
    }
    return true;
}

static bool same_ends(flowrules_flow_changes *changes, struct fr_span before, struct fr_span after,
                      bool *good) {
    const struct fr_span spans[2] = {before, after};
    return before.count == after.count && contains_all(changes, spans, 0, good) &&
           contains_all(changes, spans, 1, good);
}

static bool same_service(const flowrules_flow_changes *changes, const struct fr_flow *before,
                         const struct fr_flow *after) {
    const struct fr_service_terms *a =
        fr_service_get(&changes->policies[0]->services, before->service);
    const struct fr_service_terms *b =
        fr_service_get(&changes->policies[1]->services, after->service);
    bool same = a->count == b->count;
    for (uint32_t i = 0; same && i < a->count; i++)
        same = a->terms[i].protocol == b->terms[i].protocol &&
               a->terms[i].source_first == b->terms[i].source_first &&
               a->terms[i].source_last == b->terms[i].source_last &&
               a->terms[i].destination_first == b->terms[i].destination_first &&
               a->terms[i].destination_last == b->terms[i].destination_last;
    return same;
}

/* ---- what changed in a flow ----------------------------------------------------------------- */

static flowrules_status add_change(flowrules_flow_changes *changes, const char *kind,
                                   uint32_t before, uint32_t after, const char *text) {
    struct flow_change *slot = fr_vec_push(&changes->list);
    if (slot == NULL || text == NULL)
        return fr_no_memory(changes->context);
    *slot = (struct flow_change){kind, text, {before, after}};
    return FLOWRULES_OK;
}

static const char *ends_part(flowrules_flow_changes *changes, const char *text, const char *what,
                             struct fr_span before, struct fr_span after) {
    bool good = true;
    if (same_ends(changes, before, after, &good))
        return good ? text : NULL;
    return !good ? NULL
                 : add_part(changes, text, what, list_text(changes, 0, before, ITEMS_MOST),
                            list_text(changes, 1, after, ITEMS_MOST));
}

/* A text that both have, or only one; "" is none. */
static const char *words_part(flowrules_flow_changes *changes, const char *text, const char *what,
                              fr_string before, fr_string after) {
    const char *was = before != 0 ? FR_POLICY_TEXT(changes->policies[0], before) : "none";
    const char *is = after != 0 ? FR_POLICY_TEXT(changes->policies[1], after) : "none";
    return strcmp(was, is) == 0 ? text : add_part(changes, text, what, was, is);
}

static flowrules_status compare_flow(flowrules_flow_changes *changes, uint32_t before,
                                     uint32_t after) {
    const struct fr_flow *a = flow_at(changes, 0, before), *b = flow_at(changes, 1, after);
    const char *moved = ends_part(changes, "", "source", a->source, b->source);
    if (moved != NULL)
        moved = ends_part(changes, moved, "destination", a->destination, b->destination);
    const char *text = moved;
    if (!same_service(changes, a, b))
        text = add_part(changes, text, "service",
                        fr_overview_service(&changes->arena, changes->policies[0], a->service),
                        fr_overview_service(&changes->arena, changes->policies[1], b->service));
    if (a->deny != b->deny)
        text = add_part(changes, text, "action", action_text(a), action_text(b));
    if (text != NULL)
        text = words_part(changes, text, "owner", a->owner, b->owner);
    if (text != NULL)
        text = words_part(changes, text, "ticket", a->ticket, b->ticket);
    if (text != NULL)
        text = words_part(changes, text, "expires", a->expires_text, b->expires_text);
    if (text != NULL && text[0] == '\0')
        return FLOWRULES_OK;
    return add_change(changes, moved != NULL && moved[0] != '\0' ? "moved" : "changed", before,
                      after, text);
}

/* ---- pairs --------------------------------------------------------------------------------- */

static int by_text(const void *left, const void *right) {
    const struct key *a = left, *b = right;
    int order = strcmp(a->text, b->text);
    return order != 0 ? order : (a->flow > b->flow) - (a->flow < b->flow);
}

/* Pairs the flows of equal keys, in their order. */
static void pair_keys(struct pairing *p, const size_t counts[2]) {
    for (unsigned side = 0; side < 2; side++)
        if (counts[side] > 1)
            qsort(p->keys[side], counts[side], sizeof(struct key), by_text);
    for (size_t i = 0, k = 0; i < counts[0] && k < counts[1];) {
        int order = strcmp(p->keys[0][i].text, p->keys[1][k].text);
        if (order == 0) {
            p->partners[0][p->keys[0][i].flow] = p->keys[1][k].flow;
            p->partners[1][p->keys[1][k].flow] = p->keys[0][i].flow;
        }
        i += order <= 0;
        k += order >= 0;
    }
}

static void pair_names(struct pairing *p) {
    for (unsigned side = 0; side < 2; side++)
        for (uint32_t i = 0; i < p->counts[side]; i++) {
            p->partners[side][i] = NO_FLOW;
            p->keys[side][i] = (struct key){
                FR_POLICY_TEXT(p->changes->policies[side], flow_at(p->changes, side, i)->name), i};
        }
    pair_keys(p, p->counts);
}

/* Those that are left may have another name, and be the same for the rest. */
static flowrules_status pair_rest(struct pairing *p) {
    size_t counts[2] = {0, 0};
    for (unsigned side = 0; side < 2; side++)
        for (uint32_t i = 0; i < p->counts[side]; i++) {
            if (p->partners[side][i] != NO_FLOW)
                continue;
            struct key *key = &p->keys[side][counts[side]++];
            *key = (struct key){flow_text(p->changes, side, i, UINT32_MAX), i};
            if (key->text == NULL)
                return fr_no_memory(p->changes->context);
        }
    pair_keys(p, counts);
    return FLOWRULES_OK;
}

static bool same_name(const flowrules_flow_changes *changes, uint32_t before, uint32_t after) {
    return strcmp(FR_POLICY_TEXT(changes->policies[0], flow_at(changes, 0, before)->name),
                  FR_POLICY_TEXT(changes->policies[1], flow_at(changes, 1, after)->name)) == 0;
}

/* In the order of the new version, then what is gone. */
static flowrules_status tell_changes(const struct pairing *p) {
    flowrules_flow_changes *changes = p->changes;
    for (uint32_t i = 0; i < p->counts[1]; i++) {
        uint32_t before = p->partners[1][i];
        if (before == NO_FLOW)
            FR_TRY(add_change(changes, "added", NO_FLOW, i, flow_text(changes, 1, i, ITEMS_MOST)));
        else if (!same_name(changes, before, i))
            FR_TRY(add_change(changes, "renamed", before, i, flow_text(changes, 1, i, ITEMS_MOST)));
        else
            FR_TRY(compare_flow(changes, before, i));
    }
    for (uint32_t i = 0; i < p->counts[0]; i++)
        if (p->partners[0][i] == NO_FLOW)
            FR_TRY(
                add_change(changes, "removed", i, NO_FLOW, flow_text(changes, 0, i, ITEMS_MOST)));
    return FLOWRULES_OK;
}

static flowrules_status find_changes(flowrules_flow_changes *changes) {
    const struct fr_allocator *allocator = &changes->context->allocator;
    struct pairing p = {.changes = changes};
    flowrules_status status = FLOWRULES_OK;
    for (unsigned side = 0; side < 2; side++) {
        p.counts[side] = changes->policies[side]->flows.count;
        p.keys[side] = fr_malloc(allocator, (p.counts[side] + 1) * sizeof(struct key));
        p.partners[side] = fr_malloc(allocator, (p.counts[side] + 1) * sizeof(uint32_t));
        if (p.keys[side] == NULL || p.partners[side] == NULL)
            status = fr_no_memory(changes->context);
    }
    if (status == FLOWRULES_OK) {
        pair_names(&p);
        status = pair_rest(&p);
    }
    if (status == FLOWRULES_OK)
        status = tell_changes(&p);
    for (unsigned side = 0; side < 2; side++) {
        fr_free(allocator, p.keys[side]);
        fr_free(allocator, p.partners[side]);
    }
    return status;
}

/* ---- what is public ------------------------------------------------------------------------ */

flowrules_status flowrules_flow_changes_new(flowrules_flow_changes **changes,
                                            flowrules_context *context,
                                            const flowrules_policy *before,
                                            const flowrules_policy *after) {
    flowrules_flow_changes *c = fr_malloc(&context->allocator, sizeof *c);
    *changes = NULL;
    if (c == NULL)
        return fr_no_memory(context);
    *c = (flowrules_flow_changes){.context = context,
                                  .policies = {fr_policy_hold(before), fr_policy_hold(after)}};
    fr_arena_init(&c->arena, &context->allocator);
    fr_vec_init(&c->list, &context->allocator, sizeof(struct flow_change));
    flowrules_status status = find_changes(c);
    if (status == FLOWRULES_OK)
        *changes = c;
    else
        flowrules_flow_changes_free(c);
    return status;
}

void flowrules_flow_changes_free(flowrules_flow_changes *changes) {
    if (changes == NULL)
        return;
    fr_vec_free(&changes->list);
    fr_arena_free(&changes->arena);
    for (unsigned side = 0; side < 2; side++)
        flowrules_policy_free(changes->policies[side]);
    fr_free(&changes->context->allocator, changes);
}

size_t flowrules_flow_change_count(const flowrules_flow_changes *changes) {
    return changes->list.count;
}

static const struct flow_change *change_at(const flowrules_flow_changes *changes, size_t i) {
    static const struct flow_change none = {NULL, NULL, {NO_FLOW, NO_FLOW}};
    return i < changes->list.count ? fr_vec_at(&changes->list, struct flow_change, i) : &none;
}

const char *flowrules_flow_change_kind(const flowrules_flow_changes *changes, size_t change) {
    return change_at(changes, change)->kind;
}

const char *flowrules_flow_change_text(const flowrules_flow_changes *changes, size_t change) {
    return change_at(changes, change)->text;
}

const char *flowrules_flow_change_flow(const flowrules_flow_changes *changes, size_t change,
                                       int after) {
    uint32_t flow = change_at(changes, change)->flows[after != 0];
    return flow == NO_FLOW ? NULL : flowrules_flow_name(changes->policies[after != 0], flow);
}
