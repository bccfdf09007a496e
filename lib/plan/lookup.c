/*
 * Lowering to lookups, for targets that find a rule by hashing rather than by walking a list.
 *
 * Flows that share an end go into a group, which matches that end once. In a small group each
 * flow stays a rule of its own. In a large one, exact addresses and ports become the elements of
 * hash tables, prefixes and ranges those of interval tables (as many as they nest deep, since
 * elements of one must not overlap), and only what no table can say stays a rule. Where there are
 * very many groups, pairs of single hosts move to tables that hold both ends, and the rest is
 * reached through a dispatch. The measurements behind this are in docs/MODEL.md.
 */
#include "lookup.h"

#include <stdio.h>
#include <string.h>

#include "passages.h"
#include "pieces.h"

/* More groups than this are reached by pairs or a dispatch: a jump costs about 10 ns each. */
#define JUMPS_MAX 16u
/* A flow that would become more elements than this stays a rule with sets of its own. */
#define ELEMENTS_PER_FLOW 64u
/* Flows that are logged keep a rule, and so a log prefix, of their own up to this many. */
#define LOGGED_RULES 32u
/* Sources of a flow that may be written out, one element each, to make pairs. */
#define PAIR_HOSTS 4u

/* A scoped flow, as far as it is of one family. */
struct entry {
    uint32_t scoped;
    fr_set ends[2];
    uint32_t draft;
};

/* A group in the making. */
struct draft {
    enum flowrules_end end;
    fr_set match;
    bool pairs;
    uint32_t count, first; /* in order */
};

/* What is lowered at once: a direction, an action and a family (or both, for any to any). */
struct part {
    const flowrules_plan *plan;
    struct fr_rules *rules;
    enum flowrules_direction direction;
    enum flowrules_action action;
    uint32_t phase;
    bool log;
    enum flowrules_family family;
    unsigned families;
    struct fr_section *section;
    struct fr_vec entries, drafts;
    struct fr_vec order; /* uint32_t: entries, by draft */
    struct fr_vec pieces;
};

/* ---- entries ------------------------------------------------------------------------------- */

static bool is_everything(const flowrules_plan *plan, const struct fr_scoped *s) {
    struct flowrules_set source = {&plan->view->sets, s->source};
    struct flowrules_set destination = {&plan->view->sets, s->destination};
    return flowrules_set_is_all(source, FLOWRULES_IPV4) &&
           flowrules_set_is_all(source, FLOWRULES_IPV6) &&
           flowrules_set_is_all(destination, FLOWRULES_IPV4) &&
           flowrules_set_is_all(destination, FLOWRULES_IPV6);
}

/* The part of a set that is of the family; "any" when that is every address. */
static fr_set of_family(struct part *p, fr_set set) {
    struct flowrules_set view = {&p->plan->view->sets, set};
    if (flowrules_set_is_all(view, p->family))
        return FR_SET_ANY;
    return fr_set_family(&p->plan->view->sets, set, p->family);
}

static flowrules_status push_entry(struct part *p, uint32_t index, fr_set source,
                                   fr_set destination) {
    FR_TRY(fr_plan_memory(p->plan));
    if (source == FR_SET_EMPTY || destination == FR_SET_EMPTY)
        return FLOWRULES_OK;
    struct entry *slot = fr_vec_add(&p->entries);
    if (slot == NULL)
        return fr_no_memory(p->plan->context);
    *slot = (struct entry){index, {source, destination}, 0};
    return FLOWRULES_OK;
}

/* Names that the target follows itself stand apart from addresses: in sets of their own. */
static flowrules_status add_names_entry(struct part *p, uint32_t index, fr_set source,
                                        const struct fr_scoped *s) {
    if (!p->plan->view->mode.names || s->deny != 0)
        return FLOWRULES_OK;
    fr_set names = fr_names_of(p->plan, s->destination);
    if (source == FR_SET_EMPTY || names == FR_SET_EMPTY)
        return FLOWRULES_OK;
    if (!fr_use_names(p->rules, names, p->families))
        return fr_no_memory(p->plan->context);
    return push_entry(p, index, source, names);
}

static flowrules_status add_entry(struct part *p, uint32_t index, const struct fr_scoped *s) {
    unsigned service = fr_service_get(&p->plan->policy->services, s->service)->families;
    bool everything = is_everything(p->plan, s);
    if (everything != (p->families == FLOWRULES_BOTH_FAMILIES) || (service & p->families) == 0)
        return FLOWRULES_OK;
    if (everything)
        return push_entry(p, index, FR_SET_ANY, FR_SET_ANY);
    fr_set source = of_family(p, s->source), destination = of_family(p, s->destination);
    FR_TRY(push_entry(p, index, source, destination));
    /* Every address is the addresses of names too. */
    return destination == FR_SET_ANY ? FLOWRULES_OK : add_names_entry(p, index, source, s);
}

static flowrules_status collect(struct part *p) {
    const struct fr_vec *scoped = &p->plan->scoped;
    for (uint32_t i = 0; i < scoped->count; i++) {
        const struct fr_scoped *s = fr_vec_at(scoped, struct fr_scoped, i);
        if (s->direction == p->direction && s->deny == (p->action == FLOWRULES_DENY) &&
            s->crossing == p->section->crossing && s->log == p->log &&
            fr_part_phase(p->plan, s) == p->phase)
            FR_TRY(add_entry(p, i, s));
    }
    return FLOWRULES_OK;
}

static const struct fr_scoped *scoped_of(const struct part *p, const struct entry *entry) {
    return fr_vec_at(&p->plan->scoped, struct fr_scoped, entry->scoped);
}

/* ---- groups -------------------------------------------------------------------------------- */

/* Tables by the number of a set: how often it is each end, and which draft matches it. */
struct by_set {
    uint32_t *counts[2];
    uint32_t *drafts[2]; /* by end; draft + 1 */
};

/* How often each set is the source, and the destination, of an entry. */
static void count_ends(struct part *p, struct by_set *by_set) {
    for (size_t i = 0; i < p->entries.count; i++)
        for (size_t end = 0; end < 2; end++)
            by_set->counts[end][fr_vec_at(&p->entries, struct entry, i)->ends[end]]++;
}

/* The end that more entries share; for incoming connections the destination, where it is a tie. */
static enum flowrules_end shared_end(const struct part *p, const struct entry *entry,
                                     const struct by_set *by_set) {
    uint32_t source = by_set->counts[FLOWRULES_SOURCE][entry->ends[FLOWRULES_SOURCE]];
    uint32_t destination =
        by_set->counts[FLOWRULES_DESTINATION][entry->ends[FLOWRULES_DESTINATION]];
    if (source == destination)
        return p->direction == FLOWRULES_INGRESS ? FLOWRULES_DESTINATION : FLOWRULES_SOURCE;
    return source > destination ? FLOWRULES_SOURCE : FLOWRULES_DESTINATION;
}

static flowrules_status assign_drafts(struct part *p, struct by_set *by_set) {
    for (size_t i = 0; i < p->entries.count; i++) {
        struct entry *entry = fr_vec_at(&p->entries, struct entry, i);
        enum flowrules_end end = shared_end(p, entry, by_set);
        uint32_t *known = &by_set->drafts[end][entry->ends[end]];
        if (*known == 0) {
            struct draft *draft = fr_vec_push(&p->drafts);
            if (draft == NULL)
                return fr_no_memory(p->plan->context);
            *draft = (struct draft){.end = end, .match = entry->ends[end]};
            *known = (uint32_t)p->drafts.count;
        }
        entry->draft = *known - 1;
        fr_vec_at(&p->drafts, struct draft, entry->draft)->count++;
    }
    return FLOWRULES_OK;
}

/* Sorts the entries by draft, keeping their order within each. */
static flowrules_status order_entries(struct part *p) {
    uint32_t first = 0;
    for (size_t i = 0; i < p->drafts.count; i++) {
        struct draft *draft = fr_vec_at(&p->drafts, struct draft, i);
        draft->first = first;
        first += draft->count;
        draft->count = 0;
    }
    if (!fr_vec_reserve(&p->order, p->entries.count))
        return fr_no_memory(p->plan->context);
    p->order.count = p->entries.count;
    for (uint32_t i = 0; i < p->entries.count; i++) {
        struct draft *draft =
            fr_vec_at(&p->drafts, struct draft, fr_vec_at(&p->entries, struct entry, i)->draft);
        *fr_vec_at(&p->order, uint32_t, draft->first + draft->count++) = i;
    }
    return FLOWRULES_OK;
}

static flowrules_status make_drafts(struct part *p) {
    size_t sets = p->plan->view->sets.heads.count;
    uint32_t *numbers = fr_malloc(&p->plan->context->allocator, 4 * sets * sizeof *numbers);
    if (numbers == NULL)
        return fr_no_memory(p->plan->context);
    memset(numbers, 0, 4 * sets * sizeof *numbers);
    struct by_set by_set = {{numbers, numbers + sets}, {numbers + 2 * sets, numbers + 3 * sets}};
    count_ends(p, &by_set);
    flowrules_status status = assign_drafts(p, &by_set);
    fr_free(&p->plan->context->allocator, numbers);
    return status == FLOWRULES_OK ? order_entries(p) : status;
}

/* ---- rules of a group ---------------------------------------------------------------------- */

static flowrules_status match_rules(struct part *p, const struct draft *draft, fr_set other,
                                    fr_service service, uint32_t flows) {
    struct fr_rule rule = {.kind = FR_RULE_MATCH,
                           .families = (uint8_t)p->families,
                           .flows = flows,
                           .source = FR_SET_ANY,
                           .destination = FR_SET_ANY};
    if (draft->end == FLOWRULES_SOURCE)
        rule.destination = other;
    else
        rule.source = other;
    if (service == FR_SERVICE_NONE)
        return FLOWRULES_OK;
    p->pieces.count = 0;
    FR_TRY(fr_service_pieces(p->plan, service, &p->pieces));
    for (size_t i = 0; i < p->pieces.count; i++) {
        rule.service = *fr_vec_at(&p->pieces, fr_service, i);
        FR_TRY(fr_rules_add(p->rules, &rule));
    }
    return FLOWRULES_OK;
}

static const struct entry *entry_of(const struct part *p, const struct draft *draft, uint32_t i) {
    return fr_vec_at(&p->entries, struct entry, *fr_vec_at(&p->order, uint32_t, draft->first + i));
}

static fr_set other_end(const struct draft *draft, const struct entry *entry) {
    return entry->ends[draft->end == FLOWRULES_SOURCE ? FLOWRULES_DESTINATION : FLOWRULES_SOURCE];
}

static flowrules_status rule_for_each(struct part *p, const struct draft *draft) {
    for (uint32_t i = 0; i < draft->count; i++) {
        const struct entry *entry = entry_of(p, draft, i);
        const struct fr_scoped *scoped = scoped_of(p, entry);
        fr_service service;
        FR_TRY(fr_plan_service(p->plan, scoped->service, p->families, false, &service));
        FR_TRY(match_rules(p, draft, other_end(draft, entry), service, scoped->flow));
    }
    return FLOWRULES_OK;
}

static bool can_be_element(const struct part *p, const struct fr_term *term) {
    bool source = term->source_first != 0 || term->source_last != 65535;
    bool range = term->destination_first != term->destination_last &&
                 (term->destination_first != 0 || term->destination_last != 65535);
    if (source || (range && !p->plan->can->table_port_ranges))
        return false;
    return !fr_protocol_is_icmp(term->protocol) || term->destination_last == 65535;
}

static bool is_names(const struct part *p, fr_set set) {
    return flowrules_set_atom_count((struct flowrules_set){&p->plan->view->sets, set}) > 0;
}

static size_t range_count(const struct part *p, fr_set set) {
    return flowrules_set_range_count((struct flowrules_set){&p->plan->view->sets, set}, p->family);
}

/* Adds the elements source host × address × term; hosts is "any" where sources are not written out.
 */
static flowrules_status add_elements(struct part *p, struct fr_tables *tables, fr_set hosts,
                                     fr_set addresses, const struct fr_term *term, uint32_t flow) {
    struct flowrules_set from = {&p->plan->view->sets, hosts},
                         to = {&p->plan->view->sets, addresses};
    bool pairs = hosts != FR_SET_ANY;
    size_t sources = pairs ? flowrules_set_range_count(from, p->family) : 1;
    size_t count = flowrules_set_range_count(to, p->family);
    for (size_t s = 0; s < sources; s++) {
        struct flowrules_range source = {p->family, {0, 0}, {0, 0}};
        if (pairs)
            source = flowrules_set_range(from, p->family, s);
        for (size_t i = 0; i < count; i++) {
            struct flowrules_range range = flowrules_set_range(to, p->family, i);
            FR_TRY(fr_tables_add(tables, term, pairs, source.first, &range, flow));
        }
    }
    return FLOWRULES_OK;
}

/* A flow of a large group: elements for what can be one, and the rest as a product to be merged. */
static flowrules_status flatten(struct part *p, const struct draft *draft,
                                const struct entry *entry, struct fr_tables *tables) {
    const struct fr_scoped *scoped = scoped_of(p, entry);
    const struct fr_service_terms *terms =
        fr_service_get(&p->plan->policy->services, scoped->service);
    fr_set other = other_end(draft, entry);
    size_t ranges = range_count(p, other);
    bool product = other == FR_SET_ANY || ranges * terms->count > ELEMENTS_PER_FLOW;
    fr_service service;
    if (product || is_names(p, other)) {
        FR_TRY(fr_plan_service(p->plan, scoped->service, p->families, false, &service));
        if (is_names(p, other)) /* no union of sets of names: nothing would fill it */
            return match_rules(p, draft, other, service, scoped->flow);
        return fr_tables_product(tables, other, service, scoped->flow);
    }
    for (uint32_t i = 0; i < terms->count; i++) {
        struct fr_term term = terms->terms[i];
        if ((fr_protocol_families(term.protocol) & p->families) == 0)
            continue;
        if (can_be_element(p, &term)) {
            FR_TRY(add_elements(p, tables, FR_SET_ANY, other, &term, scoped->flow));
            continue;
        }
        service = fr_services_add(p->plan->services, &term, 1);
        FR_TRY(fr_plan_memory(p->plan));
        FR_TRY(fr_tables_product(tables, other, service, scoped->flow));
    }
    return FLOWRULES_OK;
}

static flowrules_status emit_products(struct part *p, const struct draft *draft,
                                      struct fr_tables *tables) {
    FR_TRY(fr_tables_merge_products(tables));
    for (size_t i = 0; i < tables->products.count; i++) {
        const struct fr_product *product = fr_vec_at(&tables->products, struct fr_product, i);
        FR_TRY(match_rules(p, draft, product->other, product->service, product->flows));
    }
    return FLOWRULES_OK;
}

static flowrules_status rules_by_table(struct part *p, const struct draft *draft,
                                       const char *name) {
    struct fr_tables tables;
    fr_tables_init(&tables, p->rules, p->family, name,
                   draft->end == FLOWRULES_SOURCE ? FLOWRULES_DESTINATION : FLOWRULES_SOURCE);
    flowrules_status status = FLOWRULES_OK;
    for (uint32_t i = 0; status == FLOWRULES_OK && i < draft->count; i++)
        status = flatten(p, draft, entry_of(p, draft, i), &tables);
    if (status == FLOWRULES_OK)
        status = fr_tables_finish(&tables);
    if (status == FLOWRULES_OK)
        status = emit_products(p, draft, &tables);
    fr_tables_free(&tables);
    return status;
}

/* ---- groups into the rules ------------------------------------------------------------------ */

/*
 * A short name that no group of its families has, the word alone where that will do; both families
 * have the same.
 */
static const char *short_name(struct part *p, const char *before, const char *word) {
    struct fr_rules *rules = p->rules;
    struct fr_strings *other = &rules->short_names[FLOWRULES_IPV6].taken;
    const char *name;
    if (fr_strings_find(&rules->short_names[p->family].taken, word, strlen(word)) == 0)
        before = "";
    if (p->families != FLOWRULES_BOTH_FAMILIES)
        return fr_label_unique(&rules->short_names[p->family], &rules->arena, before, word, "");
    do
        name =
            fr_label_unique(&rules->short_names[FLOWRULES_IPV4], &rules->arena, before, word, "");
    while (name != NULL && fr_strings_find(other, name, strlen(name)) != 0);
    return name != NULL && fr_strings_add(other, name, strlen(name)) != 0 ? name : NULL;
}

static void name_group(struct part *p, const char *word, struct flowrules_group *view) {
    static const char *const after[] = {[FLOWRULES_BOTH_FAMILIES] = "", [1] = "_v4", [2] = "_v6"};
    char before[16];
    snprintf(before, sizeof before, "%s%s", fr_direction_label(p->direction),
             p->action == FLOWRULES_DENY ? "deny_" : "");
    view->name = fr_label_unique(&p->rules->names, &p->rules->arena, before, word,
                                 after[p->families & FLOWRULES_BOTH_FAMILIES]);
    view->short_name = short_name(p, before, word);
    view->number = (unsigned)p->rules->groups.count + 1;
}

/* word: what the group is about. */
static flowrules_status open_group(struct part *p, const struct draft *draft, const char *word,
                                   bool dispatched, size_t *index) {
    struct flowrules_group view = {.action = p->action,
                                   .direction = p->direction,
                                   .families = p->families,
                                   .end = draft->end,
                                   .match = {&p->plan->view->sets, draft->match},
                                   .dispatched = dispatched};
    FR_TRY(fr_section_passage(p->rules, p->section, p->direction, p->action, &view.passage));
    name_group(p, word, &view);
    *index = p->rules->groups.count;
    struct fr_group *group =
        view.name == NULL || view.short_name == NULL ? NULL : fr_rules_group(p->rules, &view);
    if (group == NULL)
        return fr_no_memory(p->plan->context);
    group->phase = p->phase;
    group->log = p->log;
    group->match = draft->match;
    return FLOWRULES_OK;
}

static void close_group(struct part *p, size_t index) {
    struct fr_group *group = fr_vec_at(&p->rules->groups, struct fr_group, index);
    group->view.rule_count = p->rules->rules.count - group->first_rule;
    fr_section_count(p->section, &group->view);
}

static flowrules_status emit_draft(struct part *p, const struct draft *draft, bool dispatched) {
    unsigned few = p->log ? LOGGED_RULES : p->plan->can->rule_flows;
    char word[FR_LABEL_SIZE];
    size_t index;
    fr_set_word(p->plan, draft->match, p->families, scoped_of(p, entry_of(p, draft, 0))->flow,
                draft->end, word);
    FR_TRY(open_group(p, draft, word, dispatched, &index));
    const char *name = fr_vec_at(&p->rules->groups, struct fr_group, index)->view.name;
    if (draft->count <= few || !p->plan->target->optimize)
        FR_TRY(rule_for_each(p, draft));
    else
        FR_TRY(rules_by_table(p, draft, name));
    close_group(p, index);
    return FLOWRULES_OK;
}

/* ---- pairs of hosts ------------------------------------------------------------------------ */

static bool is_hosts(const struct part *p, fr_set set, size_t most) {
    struct flowrules_set view = {&p->plan->view->sets, set};
    size_t count = set == FR_SET_ANY ? 0 : flowrules_set_range_count(view, p->family);
    for (size_t i = 0; i < count && count <= most; i++) {
        struct flowrules_range range = flowrules_set_range(view, p->family, i);
        if (fr_ip_compare(range.first, range.last) != 0)
            return false;
    }
    return count > 0 && count <= most;
}

/* May every packet of the entry be an element: source host, destination host and port, if any? */
static bool is_pairs(const struct part *p, const struct entry *entry) {
    if (!is_hosts(p, entry->ends[0], PAIR_HOSTS) || !is_hosts(p, entry->ends[1], ELEMENTS_PER_FLOW))
        return false;
    const struct fr_service_terms *terms =
        fr_service_get(&p->plan->policy->services, scoped_of(p, entry)->service);
    for (uint32_t i = 0; i < terms->count; i++) {
        const struct fr_term *term = &terms->terms[i];
        bool all = term->destination_first == 0 && term->destination_last == 65535;
        if ((!all && term->destination_first != term->destination_last) || !can_be_element(p, term))
            return false;
    }
    return range_count(p, entry->ends[0]) * range_count(p, entry->ends[1]) * terms->count <=
           ELEMENTS_PER_FLOW;
}

static bool is_pairs_draft(const struct part *p, const struct draft *draft) {
    for (uint32_t i = 0; i < draft->count; i++)
        if (!is_pairs(p, entry_of(p, draft, i)))
            return false;
    return true;
}

static flowrules_status add_pairs(struct part *p, const struct draft *draft,
                                  struct fr_tables *tables) {
    for (uint32_t i = 0; i < draft->count; i++) {
        const struct entry *entry = entry_of(p, draft, i);
        const struct fr_scoped *scoped = scoped_of(p, entry);
        const struct fr_service_terms *terms =
            fr_service_get(&p->plan->policy->services, scoped->service);
        for (uint32_t t = 0; t < terms->count; t++)
            if ((fr_protocol_families(terms->terms[t].protocol) & p->families) != 0)
                FR_TRY(add_elements(p, tables, entry->ends[0], entry->ends[1], &terms->terms[t],
                                    scoped->flow));
    }
    return FLOWRULES_OK;
}

static flowrules_status emit_pairs(struct part *p) {
    struct draft all = {.end = FLOWRULES_SOURCE, .match = FR_SET_ANY};
    struct fr_tables tables;
    size_t index;
    FR_TRY(open_group(p, &all, "pairs", false, &index));
    fr_tables_init(&tables, p->rules, p->family,
                   fr_vec_at(&p->rules->groups, struct fr_group, index)->view.name,
                   FLOWRULES_DESTINATION);
    flowrules_status status = FLOWRULES_OK;
    for (size_t i = 0; status == FLOWRULES_OK && i < p->drafts.count; i++) {
        const struct draft *draft = fr_vec_at(&p->drafts, struct draft, i);
        if (draft->pairs)
            status = add_pairs(p, draft, &tables);
    }
    if (status == FLOWRULES_OK)
        status = fr_tables_finish(&tables);
    fr_tables_free(&tables);
    close_group(p, index);
    return status;
}

/* Which drafts become pairs, where there are too many groups for jumps; the count of the others. */
static size_t choose_pairs(struct part *p) {
    size_t left = p->drafts.count;
    if (p->log || left <= JUMPS_MAX || !p->plan->target->optimize ||
        p->families == FLOWRULES_BOTH_FAMILIES)
        return left;
    for (size_t i = 0; i < p->drafts.count; i++) {
        struct draft *draft = fr_vec_at(&p->drafts, struct draft, i);
        draft->pairs = is_pairs_draft(p, draft);
        left -= draft->pairs;
    }
    return left;
}

/* ---- parts --------------------------------------------------------------------------------- */

/* Emits the groups that match the same end, and their dispatch where they are many. */
static flowrules_status emit_end(struct part *p, enum flowrules_end end, bool many) {
    size_t first = p->rules->groups.count;
    for (size_t i = 0; i < p->drafts.count; i++) {
        const struct draft *draft = fr_vec_at(&p->drafts, struct draft, i);
        if (!draft->pairs && draft->end == end)
            FR_TRY(emit_draft(p, draft,
                              many && draft->match != FR_SET_ANY && !is_names(p, draft->match)));
    }
    size_t count = p->rules->groups.count - first;
    return many && count > 0 ? fr_dispatch_make(p->rules, p->family, first, count) : FLOWRULES_OK;
}

static flowrules_status lower_entries(struct part *p) {
    FR_TRY(collect(p));
    if (p->entries.count == 0)
        return FLOWRULES_OK;
    FR_TRY(make_drafts(p));
    size_t left = choose_pairs(p);
    if (left < p->drafts.count)
        FR_TRY(emit_pairs(p));
    bool many =
        left > JUMPS_MAX && p->plan->target->optimize && p->families != FLOWRULES_BOTH_FAMILIES;
    FR_TRY(emit_end(p, FLOWRULES_SOURCE, many));
    return emit_end(p, FLOWRULES_DESTINATION, many);
}

static flowrules_status lower_part(struct fr_rules *rules, const struct fr_phase *phase, bool log,
                                   struct fr_section *section, unsigned families) {
    const struct fr_allocator *allocator = &rules->plan->context->allocator;
    struct part p = {.plan = rules->plan,
                     .rules = rules,
                     .direction = phase->direction,
                     .action = phase->action,
                     .phase = phase->number,
                     .log = log,
                     .family = (families & 1u) != 0 ? FLOWRULES_IPV4 : FLOWRULES_IPV6,
                     .families = families,
                     .section = section};
    fr_vec_init(&p.entries, allocator, sizeof(struct entry));
    fr_vec_init(&p.drafts, allocator, sizeof(struct draft));
    fr_vec_init(&p.order, allocator, sizeof(uint32_t));
    fr_vec_init(&p.pieces, allocator, sizeof(fr_service));
    flowrules_status status = lower_entries(&p);
    fr_vec_free(&p.entries);
    fr_vec_free(&p.drafts);
    fr_vec_free(&p.order);
    fr_vec_free(&p.pieces);
    return status;
}

/* Denies before allows; and logged ones before the others, so that what is to be logged is. */
static flowrules_status lower_direction(struct fr_rules *rules, enum flowrules_direction direction,
                                        unsigned *turn) {
    static const unsigned families[] = {FLOWRULES_BOTH_FAMILIES, 1u, 2u};
    struct fr_phase phase = fr_first_phase(direction, FLOWRULES_DENY);
    do
        for (int log = 1; log >= 0; log--) {
            struct fr_section section = {.turn = ++*turn};
            for (; section.crossing <= rules->plan->crossings.count; section.crossing++) {
                section.made = NULL;
                for (size_t f = 0; f < 3; f++)
                    FR_TRY(lower_part(rules, &phase, log == 1, &section, families[f]));
            }
        }
    while (fr_next_phase(rules->plan, &phase));
    return FLOWRULES_OK;
}

flowrules_status fr_lower_lookup(struct fr_rules *rules) {
    unsigned turn = 0;
    for (int direction = 0; direction < 3; direction++)
        if (rules->plan->enforces[direction])
            FR_TRY(lower_direction(rules, (enum flowrules_direction)direction, &turn));
    return FLOWRULES_OK;
}
