/*
 * Chains on hooks, followed rule by rule: jumps, returns, maps of verdicts, policies. What comes
 * out are flat lists of rules, one for each chain on a hook that packets pass.
 */
#include <stdlib.h>
#include <string.h>

#include "netfilter_walk.h"

/* Deeper than netfilter itself goes: NFT_JUMP_STACK_SIZE is 16; iptables has no such limit. */
enum { DEPTH_MAX = 200 };

/* What a chain may do, with all that it jumps to. */
enum {
    EFFECT_PASS = 1,
    EFFECT_BLOCK = 2,
    EFFECT_LEAVE = 4, /* a packet may leave the chain before its end */
    EFFECT_OTHER = 8, /* something that is not understood */
    EFFECT_REWRITE = 16
};

/* What a map does with some of its elements. */
struct branch {
    enum netfilter_verdict verdict;
    struct netfilter_chain *target;
    struct netfilter_match match;
    struct branch *next;
};
struct netfilter_branches {
    struct branch *first, **last;
    struct branch *plain[NETFILTER_RETURN + 1]; /* those without a target */
};

/* ---- what chains may do -------------------------------------------------------------------- */

static struct netfilter_chain *target_of(const struct netfilter *nf,
                                         const struct netfilter_chain *chain, const char *name,
                                         struct flowrules_place at) {
    struct netfilter_chain *target = fr_netfilter_find_chain(nf, chain->table, name);
    if (!target)
        flowrules_input_error(nf->in, at, NULL, "there is no chain '%.100s' to go to in table '%s'",
                              name, chain->table->name);
    return target;
}

static unsigned effects_of(struct netfilter *nf, struct netfilter_chain *chain, unsigned depth);

static unsigned verdict_effects(struct netfilter *nf, const struct netfilter_chain *chain,
                                enum netfilter_verdict verdict, const char *target,
                                struct flowrules_place at, unsigned depth) {
    switch (verdict) {
    case NETFILTER_NONE:
        return 0;
    case NETFILTER_ACCEPT:
        return EFFECT_PASS;
    case NETFILTER_DROP:
        return EFFECT_BLOCK;
    case NETFILTER_RETURN:
        return EFFECT_LEAVE;
    case NETFILTER_JUMP:
    case NETFILTER_GOTO: {
        struct netfilter_chain *to = target_of(nf, chain, target, at);
        unsigned effects = to ? effects_of(nf, to, depth + 1) : 0;
        /* What leaves that chain comes back here. */
        return (effects & ~(unsigned)EFFECT_LEAVE) |
               (effects & EFFECT_LEAVE || verdict == NETFILTER_GOTO ? EFFECT_LEAVE : 0u);
    }
    }
    return 0;
}

static bool matches_nothing(const struct netfilter_rule *rule) {
    for (size_t i = 0; i < rule->match_count; i++) {
        const struct netfilter_match *m = &rule->matches[i];
        if (m->set && !m->set->name && !m->set->doubt && m->set->count == 0 && !m->negated)
            return true;
    }
    return false;
}

static unsigned rule_effects(struct netfilter *nf, const struct netfilter_chain *chain,
                             const struct netfilter_rule *rule, unsigned depth) {
    if (matches_nothing(rule))
        return 0;
    unsigned effects = verdict_effects(nf, chain, rule->verdict, rule->target, rule->at, depth);
    const struct netfilter_set *map = rule->map ? rule->map->set : NULL;
    const char *last = NULL;
    for (size_t i = 0; map && i < map->count; i++) {
        const struct netfilter_element *e = &map->elements[i];
        struct flowrules_place at = {rule->at.file, e->line, 1};
        if (e->target == NULL || e->target != last)
            effects |= verdict_effects(nf, chain, e->verdict, e->target, at, depth);
        last = e->target;
        if (flowrules_input_failed(nf->in))
            break;
    }
    return effects | (rule->other ? EFFECT_OTHER : 0u) | (rule->rewrites ? EFFECT_REWRITE : 0u);
}

/* A return of everything at a chain's end is what happens anyhow. */
static void drop_last_return(struct netfilter_chain *chain) {
    if (chain->rule_count == 0)
        return;
    const struct netfilter_rule *last = chain->rules[chain->rule_count - 1];
    if (last->verdict == NETFILTER_RETURN && last->match_count == 0 && !last->map)
        chain->rule_count--;
}

/* Is it likely not to be known whether the rule matches? */
static bool is_doubtful(const struct netfilter_rule *rule) {
    for (size_t i = 0; i < rule->match_count; i++) {
        const struct netfilter_match *m = &rule->matches[i];
        if (!m->set || m->set->doubt || m->keys[0].field == NETFILTER_INPUT_INTERFACE ||
            m->keys[0].field == NETFILTER_OUTPUT_INTERFACE)
            return true;
    }
    return false;
}

static bool is_plain(const struct netfilter_rule *rule) {
    return !rule->map && !rule->other && !rule->rewrites;
}

static bool does_same(const struct netfilter_rule *a, const struct netfilter_rule *b) {
    bool goes = a->verdict == NETFILTER_JUMP || a->verdict == NETFILTER_GOTO;
    return is_plain(a) && a->verdict == b->verdict && (!goes || strcmp(a->target, b->target) == 0);
}

/*
 * Leaves out rules in doubt behind which the same is done to all: a limit before the same verdict,
 * an interface of which the others are treated alike.
 */
static void drop_idle_doubts(struct netfilter_chain *chain) {
    const struct netfilter_rule policy = {.verdict = chain->policy}, *all = NULL;
    size_t kept = chain->rule_count;
    if (chain->hook != NETFILTER_NO_HOOK)
        all = &policy;
    for (size_t i = chain->rule_count; i-- > 0;) {
        struct netfilter_rule *rule = chain->rules[i];
        bool idle = is_plain(rule) && rule->verdict == NETFILTER_NONE;
        if (is_plain(rule) && rule->match_count == 0 && !idle && rule->verdict != NETFILTER_RETURN)
            all = rule;
        else if (!idle && (!all || !does_same(rule, all)))
            all = NULL;
        if (all && all != rule && !idle && is_doubtful(rule))
            continue;
        chain->rules[--kept] = rule;
    }
    chain->rule_count -= kept;
    if (kept > 0)
        memmove(chain->rules, chain->rules + kept,
                chain->rule_count * sizeof(struct netfilter_rule *));
}

static unsigned effects_of(struct netfilter *nf, struct netfilter_chain *chain, unsigned depth) {
    if (chain->visit == NETFILTER_DONE || flowrules_input_failed(nf->in))
        return chain->effects;
    if (chain->visit == NETFILTER_OPEN) {
        flowrules_input_error(nf->in, chain->at, NULL, "the chain '%.100s' jumps back to itself",
                              chain->name);
        return 0;
    }
    if (depth > DEPTH_MAX) {
        flowrules_input_error(nf->in, chain->at, NULL,
                              "chains jump to chains more than %d levels deep", (int)DEPTH_MAX);
        return 0;
    }
    chain->visit = NETFILTER_OPEN;
    drop_last_return(chain);
    drop_idle_doubts(chain);
    for (size_t i = 0; i < chain->rule_count && !flowrules_input_failed(nf->in); i++)
        chain->effects |= rule_effects(nf, chain, chain->rules[i], depth);
    chain->visit = NETFILTER_DONE;
    return chain->effects;
}

/* Does the chain do the same to all that it does something to, wherever that comes from? */
static bool is_even(const struct netfilter_chain *chain) {
    return chain->effects == EFFECT_PASS || chain->effects == EFFECT_BLOCK;
}

/* ---- maps ---------------------------------------------------------------------------------- */

/* The branch to a target, or with a verdict that has none: made where there is none yet. */
static struct branch *branch_for(struct netfilter *nf, struct netfilter_rule *rule,
                                 enum netfilter_verdict verdict, struct netfilter_chain *target) {
    struct branch *known = target ? target->branch : rule->branches->plain[verdict];
    if (known && known->verdict == verdict && (!target || target->branch_of == rule))
        return known;
    struct branch *branch = flowrules_input_alloc(nf->in, sizeof *branch);
    struct netfilter_set *set =
        fr_netfilter_anonymous_set(nf, rule->map->set->parts, rule->map->set->at);
    if (!branch || !set)
        return NULL;
    *branch = (struct branch){.verdict = verdict, .target = target, .match = *rule->map};
    branch->match.set = set;
    branch->match.groups = NULL;
    set->doubt = rule->map->set->doubt;
    *rule->branches->last = branch;
    rule->branches->last = &branch->next;
    if (target) {
        target->branch = branch;
        target->branch_of = rule;
    } else {
        rule->branches->plain[verdict] = branch;
    }
    return branch;
}

/* The elements of a map by what they lead to: their keys differ, so that the order is free. */
static void make_branches(struct netfilter *nf, const struct netfilter_chain *chain,
                          struct netfilter_rule *rule) {
    const struct netfilter_set *map = rule->map->set;
    rule->branches = flowrules_input_alloc(nf->in, sizeof *rule->branches);
    if (!rule->branches)
        return;
    rule->branches->last = &rule->branches->first;
    for (size_t i = 0; i < map->count && !flowrules_input_failed(nf->in); i++) {
        const struct netfilter_element *e = &map->elements[i];
        struct netfilter_chain *target =
            e->target ? fr_netfilter_find_chain(nf, chain->table, e->target) : NULL;
        struct branch *branch = branch_for(nf, rule, e->verdict, target);
        struct netfilter_set *set = branch ? branch->match.set : NULL;
        if (!set)
            return;
        set->elements = fr_netfilter_grow(nf->in, set->elements, &set->capacity, set->count,
                                          sizeof *set->elements);
        if (!set->elements)
            return;
        set->elements[set->count++] = *e;
    }
}

/* ---- chains that do one thing alone -------------------------------------------------------- */

/*
 * Where a chain, and all that it leads to, does nothing but accept, or nothing but drop, the order
 * of its rules does not matter: what comes to one of its chains on several ways is put together
 * first, so that each is followed once however many ways lead to it.
 */
struct chain_list {
    struct netfilter_chain **items;
    size_t count, capacity;
};

static void add_chain(struct netfilter_walk *walk, struct chain_list *list,
                      struct netfilter_chain *chain) {
    list->items = fr_netfilter_grow(walk->in, list->items, &list->capacity, list->count,
                                    sizeof(struct netfilter_chain *));
    if (list->items)
        list->items[list->count++] = chain;
    else
        list->count = list->capacity = 0;
}

/* Puts a chain behind all that it leads to. effects_of has found no circle and no great depth. */
static void put_in_order(struct netfilter_walk *walk, struct netfilter_chain *chain,
                         struct chain_list *list) {
    if (chain->order != NETFILTER_FRESH)
        return;
    chain->order = NETFILTER_DONE;
    for (size_t i = 0; i < chain->rule_count; i++) {
        const struct netfilter_rule *rule = chain->rules[i];
        struct netfilter_chain *target =
            rule->target ? fr_netfilter_find_chain(walk->nf, chain->table, rule->target) : NULL;
        if (target)
            put_in_order(walk, target, list);
        if (rule->map && !rule->branches)
            make_branches(walk->nf, chain, chain->rules[i]);
        for (const struct branch *b = rule->branches ? rule->branches->first : NULL; b; b = b->next)
            if (b->target)
                put_in_order(walk, b->target, list);
    }
    add_chain(walk, list, chain);
}

static void arrive(struct netfilter_walk *walk, struct netfilter_chain *chain,
                   const struct netfilter_boxes *boxes) {
    if (!chain->arriving)
        chain->arriving = fr_netfilter_take_boxes(walk);
    for (size_t i = 0; i < boxes->count; i++)
        fr_netfilter_add_box(walk, chain->arriving, &boxes->items[i]);
}

static bool same_terms(const struct netfilter_box *a, const struct netfilter_box *b) {
    return a->terms.count == b->terms.count && a->terms.items == b->terms.items;
}

/* Do two boxes differ in one end alone? */
static bool differ_in_end(const struct netfilter_box *a, const struct netfilter_box *b,
                          enum flowrules_end end) {
    bool same_other = end == FLOWRULES_SOURCE ? a->destination.id == b->destination.id
                                              : a->source.id == b->source.id;
    return same_other && !a->excepting && !b->excepting && same_terms(a, b) &&
           a->families == b->families && a->kinds == b->kinds && a->classes == b->classes &&
           a->interfaces[0].id == b->interfaces[0].id &&
           a->interfaces[1].id == b->interfaces[1].id && a->looped == b->looped &&
           a->doubt == b->doubt && a->line == b->line;
}

/* Unites all boxes that differ from the first in one end alone with it. */
static void unite_with_first(struct netfilter_walk *walk, struct netfilter_box *boxes,
                             size_t *count, enum flowrules_end end) {
    struct flowrules_set *sets = flowrules_input_alloc(walk->in, *count * sizeof *sets);
    size_t kept = 1, united = 0;
    if (!sets)
        return;
    for (size_t i = 0; i < *count; i++) {
        if (i == 0 || differ_in_end(&boxes[0], &boxes[i], end))
            sets[united++] = end == FLOWRULES_SOURCE ? boxes[i].source : boxes[i].destination;
        else
            boxes[kept++] = boxes[i];
    }
    if (united > 1)
        *(end == FLOWRULES_SOURCE ? &boxes[0].source : &boxes[0].destination) =
            flowrules_input_unite(walk->in, sets, united);
    *count = kept;
}

static void unite_boxes(struct netfilter_walk *walk, struct netfilter_boxes *boxes) {
    enum { ROUNDS = 16 }; /* a way to save time, so that more than these may stay apart */
    struct netfilter_box *from = boxes->items;
    size_t left = boxes->count, count = 0;
    for (int round = 0; left > 1 && round < ROUNDS; round++) {
        unite_with_first(walk, from, &left, FLOWRULES_SOURCE);
        unite_with_first(walk, from, &left, FLOWRULES_DESTINATION);
        from++;
        left--;
        count++;
    }
    boxes->count = count + left;
}

/* The live packets of boxes; NULL where there are none. */
static struct netfilter_boxes *live_boxes(struct netfilter_walk *walk,
                                          const struct netfilter_boxes *from) {
    struct netfilter_boxes *boxes = fr_netfilter_take_boxes(walk);
    for (size_t i = 0; boxes && i < from->count; i++) {
        struct netfilter_box box = from->items[i];
        unsigned live = 0;
        for (unsigned f = 0; f < 2; f++)
            if (box.families & walk->families & FLOWRULES_FAMILY_BIT(f))
                live |= walk->live[f];
        box.kinds &= (uint8_t)live;
        if (box.kinds != 0)
            fr_netfilter_add_box(walk, boxes, &box);
    }
    if (boxes && boxes->count > 0)
        return boxes;
    fr_netfilter_spare_boxes(walk, boxes);
    return NULL;
}

static void emit_all(struct netfilter_walk *walk, const struct netfilter_rule *rule,
                     enum netfilter_verdict verdict, const struct netfilter_boxes *boxes) {
    for (size_t i = 0; i < boxes->count; i++)
        fr_netfilter_emit(walk, rule,
                          verdict == NETFILTER_ACCEPT ? FLOWRULES_PASS : FLOWRULES_BLOCK,
                          &boxes->items[i]);
}

/* What becomes of the boxes is not known: they may be dropped, or accepted, or go on. */
static void emit_either(struct netfilter_walk *walk, const struct netfilter_rule *rule,
                        struct netfilter_boxes *boxes, const char *doubt) {
    for (size_t i = 0; i < boxes->count; i++)
        boxes->items[i].doubt = doubt;
    walk->either = true;
    emit_all(walk, rule, NETFILTER_DROP, boxes);
    emit_all(walk, rule, NETFILTER_ACCEPT, boxes);
    walk->either = false;
}

/* The boxes that a rule decides on; NULL where there are none, or all was said of them. */
static struct netfilter_boxes *boxes_of_rule(struct netfilter_walk *walk,
                                             struct netfilter_rule *rule,
                                             const struct netfilter_boxes *from) {
    if ((rule->verdict == NETFILTER_NONE && !rule->map && !rule->other && !rule->rewrites) ||
        walk->too_many)
        return NULL;
    struct netfilter_boxes *boxes = live_boxes(walk, from);
    if (!boxes)
        return NULL;
    fr_netfilter_narrow(walk, rule, boxes);
    if (boxes->count > 0 && rule->rewrites)
        fr_netfilter_doubt(walk, rule, rule->rewrites);
    if (boxes->count > 0 && rule->other)
        emit_either(walk, rule, boxes, rule->other);
    if (boxes->count > 0 && !rule->other)
        return boxes;
    fr_netfilter_spare_boxes(walk, boxes);
    return NULL;
}

/* What of the boxes a branch of a map takes; NULL where that is nothing. */
static struct netfilter_boxes *boxes_of_branch(struct netfilter_walk *walk, struct branch *branch,
                                               const struct netfilter_boxes *from) {
    struct netfilter_boxes *boxes = live_boxes(walk, from);
    if (!boxes)
        return NULL;
    fr_netfilter_narrow_by(walk, &branch->match, boxes);
    if (boxes->count > 0)
        return boxes;
    fr_netfilter_spare_boxes(walk, boxes);
    return NULL;
}

static void act_evenly(struct netfilter_walk *walk, const struct netfilter_rule *rule,
                       enum netfilter_verdict verdict, struct netfilter_chain *target,
                       const struct netfilter_boxes *boxes) {
    if (target)
        arrive(walk, target, boxes);
    else if (verdict != NETFILTER_NONE)
        emit_all(walk, rule, verdict, boxes);
}

static void walk_evenly(struct netfilter_walk *walk, struct netfilter_chain *chain) {
    unite_boxes(walk, chain->arriving);
    for (size_t i = 0; i < chain->rule_count && !flowrules_input_failed(walk->in); i++) {
        struct netfilter_rule *rule = chain->rules[i];
        struct netfilter_boxes *boxes = boxes_of_rule(walk, rule, chain->arriving);
        if (!boxes)
            continue;
        for (struct branch *b = rule->branches ? rule->branches->first : NULL; b; b = b->next) {
            struct netfilter_boxes *own = boxes_of_branch(walk, b, boxes);
            if (own)
                act_evenly(walk, rule, b->verdict, b->target, own);
            fr_netfilter_spare_boxes(walk, own);
        }
        act_evenly(walk, rule, rule->verdict,
                   rule->target ? fr_netfilter_find_chain(walk->nf, chain->table, rule->target)
                                : NULL,
                   boxes);
        fr_netfilter_spare_boxes(walk, boxes);
    }
}

/* Follows chains that boxes have arrived at, and all that they lead to. */
static void walk_arrivals(struct netfilter_walk *walk, const struct chain_list *starts) {
    struct chain_list list = {.count = 0};
    for (size_t i = 0; i < starts->count; i++)
        put_in_order(walk, starts->items[i], &list);
    for (size_t i = list.count; i-- > 0;) {
        struct netfilter_chain *chain = list.items[i];
        chain->order = NETFILTER_FRESH;
        if (chain->arriving)
            walk_evenly(walk, chain);
        fr_netfilter_spare_boxes(walk, chain->arriving);
        chain->arriving = NULL;
    }
}

/* ---- all chains ---------------------------------------------------------------------------- */

static void walk_chain(struct netfilter_walk *walk, struct netfilter_chain *chain,
                       const struct netfilter_boxes *boxes);

/* A chain that is being followed: what of the packets that came to it is still in it. */
struct following {
    struct netfilter_boxes *staying;
    struct netfilter_landing landing; /* of what left it otherwise */
};

/* Boxes leave the chain, and go on behind it. */
static void leave(struct netfilter_walk *walk, struct netfilter_rule *rule,
                  struct netfilter_boxes *boxes, struct following *chain) {
    for (size_t i = 0; i < boxes->count; i++)
        if (boxes->items[i].doubt)
            boxes->items[i].doubt = flowrules_input_print(walk->in, "%s, of the return in line %u",
                                                          boxes->items[i].doubt, rule->at.line);
    struct netfilter_boxes *staying = fr_netfilter_subtract(walk, chain->staying, boxes);
    if (staying) {
        fr_netfilter_spare_boxes(walk, chain->staying);
        chain->staying = staying;
        return;
    }
    for (size_t i = 0; i < boxes->count; i++)
        fr_netfilter_emit_skip(walk, rule, &boxes->items[i], &chain->landing);
}

static void act(struct netfilter_walk *walk, struct netfilter_rule *rule,
                enum netfilter_verdict verdict, struct netfilter_chain *target,
                struct netfilter_boxes *boxes, struct following *chain) {
    if (verdict == NETFILTER_ACCEPT || verdict == NETFILTER_DROP)
        emit_all(walk, rule, verdict, boxes);
    if (target && is_even(target)) {
        struct chain_list one = {&target, 1, 1};
        arrive(walk, target, boxes);
        walk_arrivals(walk, &one);
    } else if (target) {
        walk_chain(walk, target, boxes);
    }
    if (verdict == NETFILTER_GOTO || verdict == NETFILTER_RETURN)
        leave(walk, rule, boxes, chain);
}

/* The branches of a map; jumps to chains that do one thing alone are followed all at once. */
static void act_branches(struct netfilter_walk *walk, struct netfilter_rule *rule,
                         const struct netfilter_boxes *boxes, struct following *chain) {
    struct chain_list even[EFFECT_BLOCK + 1] = {{.count = 0}};
    for (struct branch *b = rule->branches->first; b; b = b->next) {
        struct netfilter_boxes *own = boxes_of_branch(walk, b, boxes);
        if (own && b->verdict == NETFILTER_JUMP && b->target && is_even(b->target)) {
            arrive(walk, b->target, own);
            add_chain(walk, &even[b->target->effects], b->target);
        } else if (own) {
            act(walk, rule, b->verdict, b->target, own, chain);
        }
        fr_netfilter_spare_boxes(walk, own);
    }
    walk_arrivals(walk, &even[EFFECT_PASS]);
    walk_arrivals(walk, &even[EFFECT_BLOCK]);
}

static void walk_rule(struct netfilter_walk *walk, const struct netfilter_chain *chain,
                      struct netfilter_rule *rule, struct following *following) {
    struct netfilter_boxes *boxes = boxes_of_rule(walk, rule, following->staying);
    if (!boxes)
        return;
    if (rule->map && !rule->branches)
        make_branches(walk->nf, chain, rule);
    if (rule->branches)
        act_branches(walk, rule, boxes, following);
    /* Of a rule with two targets the last one counts; effects_of has looked at no other. */
    bool leads = rule->verdict == NETFILTER_JUMP || rule->verdict == NETFILTER_GOTO;
    act(walk, rule, rule->verdict,
        leads && rule->target ? fr_netfilter_find_chain(walk->nf, chain->table, rule->target)
                              : NULL,
        boxes, following);
    fr_netfilter_spare_boxes(walk, boxes);
}

/* Chains lead to chains DEPTH_MAX deep at most, as effects_of has seen. */
static void walk_chain(struct netfilter_walk *walk, struct netfilter_chain *chain,
                       const struct netfilter_boxes *boxes) {
    struct following following = {.staying = fr_netfilter_take_boxes(walk)};
    unsigned skipped = walk->skipped;
    for (size_t i = 0; following.staying && i < boxes->count; i++)
        fr_netfilter_add_box(walk, following.staying, &boxes->items[i]);
    for (size_t i = 0;
         following.staying && i < chain->rule_count && !flowrules_input_failed(walk->in); i++)
        walk_rule(walk, chain, chain->rules[i], &following);
    for (size_t i = 0; i < following.landing.count; i++)
        flowrules_input_land(walk->in, following.landing.skips[i]);
    fr_netfilter_spare_boxes(walk, following.staying);
    walk->skipped = skipped;
}

/* ---- hooks --------------------------------------------------------------------------------- */

/* The first rule that has one of the effects, in the chain or where it leads; NULL: the policy. */
static const struct netfilter_rule *
find_rule(const struct netfilter *nf, const struct netfilter_chain *chain, unsigned effects) {
    for (size_t i = 0; i < chain->rule_count; i++) {
        const struct netfilter_rule *rule = chain->rules[i];
        struct netfilter_chain *target =
            rule->target ? fr_netfilter_find_chain(nf, chain->table, rule->target) : NULL;
        if (target && (target->effects & effects)) {
            const struct netfilter_rule *found = find_rule(nf, target, effects);
            return found ? found : rule;
        }
        if ((rule->verdict == NETFILTER_DROP && (effects & EFFECT_BLOCK)) || rule->map ||
            (rule->rewrites && (effects & EFFECT_REWRITE)) ||
            (rule->other && (effects & EFFECT_OTHER)))
            return rule;
    }
    return NULL;
}

/* Is a chain at another place than the filter's, before or behind it on the way of packets? */
static bool is_aside(const struct netfilter_chain *chain, enum flowrules_direction direction) {
    switch (chain->hook) {
    case NETFILTER_OUTPUT:
        return chain->nat && direction == FLOWRULES_EGRESS;
    case NETFILTER_PREROUTING:
    case NETFILTER_DEVICE_INGRESS:
        return direction != FLOWRULES_EGRESS;
    case NETFILTER_POSTROUTING: /* source NAT is done behind the filter */
        return !chain->nat && direction != FLOWRULES_INGRESS;
    case NETFILTER_DEVICE_EGRESS:
        return direction != FLOWRULES_INGRESS;
    case NETFILTER_NO_HOOK:
    case NETFILTER_INPUT:
    case NETFILTER_FORWARD:
        break;
    }
    return false;
}

/* Does the rule change the destinations of what comes in to those of another machine? */
static bool moves_away(const struct netfilter_walk *walk, const struct netfilter_rule *rule) {
    if (rule->moved == NULL || walk->direction != FLOWRULES_INGRESS)
        return false;
    struct flowrules_set own = flowrules_input_protects(walk->in);
    struct flowrules_set to = flowrules_input_range(walk->in, rule->moved);
    return flowrules_set_is_any(own) || flowrules_set_is_all(own, rule->moved->family) ||
           flowrules_input_intersect(walk->in, own, to).id == walk->none.id;
}

/* It is forwarded then, and does not come in. The loopback interface has no part in it. */
static void emit_moved(struct netfilter_walk *walk, struct netfilter_rule *rule,
                       const struct netfilter_boxes *boxes) {
    bool some = false;
    for (size_t i = 0; i < boxes->count; i++) {
        struct netfilter_box box = boxes->items[i];
        box.kinds &= (uint8_t) ~(unsigned)KIND_LOOPBACK;
        if ((box.kinds & KIND_MIDSTREAM) != 0) /* the only one that may open a connection decides */
            box.kinds |= KIND_STRAY;
        some = some || box.kinds != 0;
        if (box.kinds != 0)
            fr_netfilter_emit(walk, rule, FLOWRULES_BLOCK, &box);
    }
    if (some && (rule->doubted & (1u << walk->direction)) == 0)
        flowrules_input_note(walk->in, rule->at,
                             "what this redirects does not enter this machine: it is forwarded, if "
                             "the new destination is none of its own addresses");
    rule->doubted |= 1u << walk->direction;
}

/* What of the boxes a chain, and those that it leads to, may change: it is decided as something
 * else than what it was. */
static void emit_changed(struct netfilter_walk *walk, struct netfilter_chain *chain,
                         const struct netfilter_boxes *from) {
    for (size_t i = 0; i < chain->rule_count && !flowrules_input_failed(walk->in); i++) {
        struct netfilter_rule *rule = chain->rules[i];
        struct netfilter_boxes *boxes = live_boxes(walk, from);
        if (!boxes)
            return;
        fr_netfilter_narrow(walk, rule, boxes);
        struct netfilter_chain *target =
            rule->target ? fr_netfilter_find_chain(walk->nf, chain->table, rule->target) : NULL;
        if (moves_away(walk, rule))
            emit_moved(walk, rule, boxes);
        else if (rule->rewrites)
            emit_either(walk, rule, boxes,
                        "addresses or ports are changed before packets get to the filter");
        if (target)
            emit_changed(walk, target, boxes);
        if (rule->map && !rule->branches)
            make_branches(walk->nf, chain, rule);
        for (struct branch *b = rule->branches ? rule->branches->first : NULL; b; b = b->next) {
            struct netfilter_boxes *own = b->target ? boxes_of_branch(walk, b, boxes) : NULL;
            if (own)
                emit_changed(walk, b->target, own);
            fr_netfilter_spare_boxes(walk, own);
        }
        fr_netfilter_spare_boxes(walk, boxes);
    }
}

/* Chains that change the destinations of packets on their way to the filter of a direction. */
static void emit_translations(struct netfilter_walk *walk, const struct chain_list *hooked,
                              const struct netfilter_box *all) {
    struct netfilter_box opening = *all;
    opening.kinds = KIND_NEW | KIND_LOOPBACK | KIND_MIDSTREAM; /* nat sees no others */
    for (size_t i = 0; i < hooked->count; i++) {
        struct netfilter_chain *chain = hooked->items[i];
        opening.families = (uint8_t)(all->families & chain->table->families);
        if (!chain->nat || !is_aside(chain, walk->direction) ||
            !(chain->effects & EFFECT_REWRITE) || opening.families == 0)
            continue;
        struct netfilter_boxes *boxes = fr_netfilter_take_boxes(walk);
        fr_netfilter_add_box(walk, boxes, &opening);
        if (boxes)
            emit_changed(walk, chain, boxes);
        fr_netfilter_spare_boxes(walk, boxes);
    }
}

/* What is forwarded is decided as what it was changed to, and so is what a policy says of it. */
static void note_translation(struct netfilter *nf, const struct netfilter_chain *chain) {
    const struct netfilter_rule *rule = find_rule(nf, chain, EFFECT_REWRITE);
    flowrules_input_note(nf->in, rule ? rule->at : chain->at,
                         "destinations are changed before packets are forwarded: differences show "
                         "the changed destinations");
}

/* Can a chain at another place be followed like one at the filter? */
static bool can_follow(const struct netfilter *nf, const struct netfilter_chain *chain,
                       enum flowrules_direction direction) {
    bool tracked = chain->priority > -200; /* NF_IP_PRI_CONNTRACK: before it there are no states */
    return tracked && !(chain->effects & EFFECT_REWRITE) &&
           (chain->hook == NETFILTER_PREROUTING || chain->hook == NETFILTER_POSTROUTING) &&
           !(nf->translates && direction != FLOWRULES_EGRESS);
}

/* Chains at other places that packets pass, or that change them. */
static void doubt_aside(struct netfilter *nf, const struct netfilter_chain *chain,
                        enum flowrules_direction direction) {
    unsigned effects = EFFECT_REWRITE | EFFECT_OTHER | EFFECT_BLOCK;
    if (!(chain->effects & effects) && chain->policy != NETFILTER_DROP)
        return;
    const struct netfilter_rule *rule = find_rule(nf, chain, effects);
    flowrules_input_doubt(nf->in, rule ? rule->at : chain->policy_at, direction,
                          "it is not known what passes: chain '%.100s' of table '%.100s' drops or "
                          "changes packets on another hook",
                          chain->name, chain->table->name);
}

/* May it keep a packet from passing? */
static bool matters(const struct netfilter_chain *chain) {
    return chain->policy == NETFILTER_DROP ||
           (chain->effects & (EFFECT_BLOCK | EFFECT_OTHER | EFFECT_REWRITE));
}

bool fr_netfilter_filters(struct netfilter *nf, struct netfilter_chain *chain) {
    effects_of(nf, chain, 0);
    return matters(chain);
}

static int compare_priorities(const void *a, const void *b) {
    const struct netfilter_chain *const *x = a, *const *y = b;
    if ((*x)->priority != (*y)->priority)
        return (*x)->priority < (*y)->priority ? -1 : 1;
    return ((*x)->table->number > (*y)->table->number) -
           ((*x)->table->number < (*y)->table->number);
}

static void walk_base(struct netfilter *nf, struct netfilter_chain *chain,
                      const struct chain_list *hooked, enum flowrules_direction direction) {
    struct netfilter_walk walk = {.nf = nf,
                                  .in = nf->in,
                                  .direction = direction,
                                  .families = chain->table->families,
                                  .any = flowrules_input_any(nf->in),
                                  .none = flowrules_input_none(nf->in),
                                  .live = {KINDS_ALL, KINDS_ALL}};
    struct netfilter_box all = {.source = walk.any,
                                .destination = walk.any,
                                .interfaces = {walk.any, walk.any},
                                .families = (uint8_t)chain->table->families,
                                .kinds = KINDS_ALL,
                                .classes = CLASSES_ALL};
    struct netfilter_boxes *boxes = fr_netfilter_take_boxes(&walk);
    fr_netfilter_add_box(&walk, boxes, &all);
    if (!boxes || flowrules_input_failed(nf->in))
        return;
    if (direction != FLOWRULES_FORWARD)
        emit_translations(&walk, hooked, &all);
    walk_chain(&walk, chain, boxes);
    struct netfilter_rule policy = {.at = chain->policy_at, .verdict = chain->policy};
    struct netfilter_boxes *rest = live_boxes(&walk, boxes);
    if (rest)
        emit_all(&walk, &policy, chain->policy, rest);
}

/* Is all that nothing before allows rejected, here or where all of it goes on? */
static bool rejects_rest(const struct netfilter *nf, const struct netfilter_chain *chain) {
    for (size_t i = 0; i < chain->rule_count; i++) {
        const struct netfilter_rule *rule = chain->rules[i];
        const struct netfilter_chain *target =
            rule->target && rule->match_count == 0
                ? fr_netfilter_find_chain(nf, chain->table, rule->target)
                : NULL;
        if ((rule->rejects && rule->match_count == 0) || (target && rejects_rest(nf, target)))
            return true;
    }
    return false;
}

static void give_direction(struct netfilter *nf, const struct chain_list *hooked,
                           enum flowrules_direction direction) {
    static const enum netfilter_hook hooks[] = {[FLOWRULES_EGRESS] = NETFILTER_OUTPUT,
                                                [FLOWRULES_INGRESS] = NETFILTER_INPUT,
                                                [FLOWRULES_FORWARD] = NETFILTER_FORWARD};
    unsigned covered = 0;
    bool rejects = false;
    for (size_t i = 0; i < hooked->count; i++) {
        struct netfilter_chain *chain = hooked->items[i];
        bool follows =
            is_aside(chain, direction) && !chain->nat && can_follow(nf, chain, direction);
        if (is_aside(chain, direction) && !chain->nat && !follows)
            doubt_aside(nf, chain, direction);
        else if (is_aside(chain, direction) && (chain->effects & EFFECT_REWRITE) &&
                 direction == FLOWRULES_FORWARD)
            note_translation(nf, chain);
        if (!follows && (chain->hook != hooks[direction] || chain->nat))
            continue;
        if (!matters(chain) && !(nf->open && chain->rule_count > 0))
            continue;
        /* Chains of different families share a list. */
        if (covered & chain->table->families) {
            flowrules_input_stage(nf->in, direction);
            covered = 0;
        }
        covered |= chain->table->families;
        walk_base(nf, chain, hooked, direction);
        rejects = rejects || rejects_rest(nf, chain);
    }
    if (rejects) /* then that is how a target denies */
        flowrules_input_found_in(nf->in, direction, "deny-with", "reject");
}

/* Is it about another place than the target that is compared with? */
static bool is_elsewhere(const flowrules_input *in, enum flowrules_direction direction) {
    const char *hook = flowrules_input_setting(in, "hook");
    if (!flowrules_input_target(in) || !hook)
        return false;
    return (hook[0] == 'f') != (direction == FLOWRULES_FORWARD);
}

void fr_netfilter_give(struct netfilter *nf) {
    struct netfilter_walk walk = {.in = nf->in};
    struct chain_list hooked = {.count = 0};
    nf->open = true;
    for (struct netfilter_table *t = nf->tables; t; t = t->next) {
        for (struct netfilter_chain *c = t->families ? t->chains : NULL; c; c = c->next) {
            if (c->hook == NETFILTER_NO_HOOK || flowrules_input_failed(nf->in))
                continue;
            effects_of(nf, c, 0);
            add_chain(&walk, &hooked, c);
            nf->open = nf->open && !(matters(c) && !c->nat);
            nf->translates = nf->translates || (c->nat && c->hook != NETFILTER_POSTROUTING &&
                                                (c->effects & EFFECT_REWRITE));
        }
    }
    if (flowrules_input_failed(nf->in) || hooked.count == 0)
        return;
    qsort(hooked.items, hooked.count, sizeof(struct netfilter_chain *), compare_priorities);
    for (enum flowrules_direction d = FLOWRULES_EGRESS; d <= FLOWRULES_FORWARD; d++)
        if (!is_elsewhere(nf->in, d))
            give_direction(nf, &hooked, d);
}
