/*
 * A policy from a configuration. What is written is loaded again and held against what was read,
 * so that an import never says more or less than its source without telling.
 */
#include <stdio.h>
#include <string.h>

#include "expect.h"
#include "import_cells.h"
#include "import_join.h"
#include "render.h"
#include "settings.h"

/* Differences that are told before "and more". */
#define DIFFERENCES_TOLD 10u

/* ---- ends ---------------------------------------------------------------------------------- */

/* Is a set all addresses of a family, of which the other end is? Then it is as good as any. */
static bool is_as_any(const struct fr_import *import, const struct fr_import_flow *flow,
                      size_t end) {
    struct flowrules_set view = {&import->m->sets, flow->ends[end]};
    bool all4 = flowrules_set_is_all(view, FLOWRULES_IPV4);
    bool all6 = flowrules_set_is_all(view, FLOWRULES_IPV6);
    if (all4 && all6)
        return true;
    return (all4 && fr_import_is_of_family(import->m, flow->ends[1 - end], FLOWRULES_IPV4)) ||
           (all6 && fr_import_is_of_family(import->m, flow->ends[1 - end], FLOWRULES_IPV6));
}

static unsigned service_families(const struct fr_import *import,
                                 const struct fr_import_flow *flow) {
    return fr_service_get(&import->m->services, flow->service)->families;
}

/* Of a service of one family, ICMPv6 say, all addresses of the family are as good as any. */
static bool is_as_any_for_service(const struct fr_import *import, const struct fr_import_flow *flow,
                                  size_t end) {
    struct flowrules_set view = {&import->m->sets, flow->ends[end]};
    unsigned families = service_families(import, flow);
    return (families == FLOWRULES_FAMILY_BIT(FLOWRULES_IPV4) &&
            flowrules_set_is_all(view, FLOWRULES_IPV4)) ||
           (families == FLOWRULES_FAMILY_BIT(FLOWRULES_IPV6) &&
            flowrules_set_is_all(view, FLOWRULES_IPV6));
}

/*
 * All addresses are any, where names and groups have addresses; but any holds the configuration's
 * own group too, which would make what goes out of it something that comes in.
 */
static void write_any(struct fr_import *import,
                      bool (*is_so)(const struct fr_import *import,
                                    const struct fr_import_flow *flow, size_t end)) {
    bool known = import->atoms_are_pods || import->m->own != FR_SET_EMPTY;
    for (size_t i = 0; i < import->flows.count && !known; i++) {
        struct fr_import_flow *flow = fr_vec_at(&import->flows, struct fr_import_flow, i);
        for (size_t e = 0; e < 2; e++)
            if (is_so(import, flow, e))
                flow->ends[e] = FR_SET_ANY;
    }
}

/* ---- what is protected --------------------------------------------------------------------- */

static unsigned protected_end(enum flowrules_direction direction) {
    return direction == FLOWRULES_EGRESS ? 0 : 1;
}

/* "key=value" of a binding as a group; false where the text is not one. */
static bool parse_group(struct fr_import *import, const char *text, size_t length, fr_set *set) {
    const char *equals = memchr(text, '=', length);
    char *key = fr_arena_text(&import->m->arena, text, length);
    if (equals == NULL || key == NULL)
        return false;
    key[equals - text] = '\0';
    struct flowrules_group_key group = {key, NULL, key + (equals - text) + 1};
    *set = fr_meaning_atom_set(import->m, fr_meaning_group(import->m, &group, 1));
    return true;
}

static flowrules_status add_protected(struct fr_import *import, fr_set set) {
    fr_set *slot = fr_vec_add(&import->protects);
    if (slot == NULL)
        return fr_no_memory(import->m->context);
    *slot = set;
    return fr_meaning_memory(import->m);
}

static flowrules_status object_to(struct fr_import *import, const char *text, size_t length) {
    struct fr_diagnostics *d = &import->m->context->diagnostics;
    struct flowrules_range range;
    unsigned bits;
    if (length > 0 && fr_range_parse(text, length, &range, &bits) == FR_RANGE_HOST_BITS)
        fr_error(d, FR_HOST_BITS, FR_NOWHERE, "write only the address, or its network",
                 "'%.*s' has bits set to the right of its prefix", (int)length, text);
    else
        fr_error(d, FR_ADDRESS, FR_NOWHERE,
                 "addresses and prefixes, or KEY=VALUE for a group of the platform",
                 "'%.*s' cannot be protected", (int)length, text);
    return FLOWRULES_USAGE;
}

/* Reads --protects: addresses together are one network, each group is one of its own. */
static flowrules_status parse_protects(struct fr_import *import, const char *text) {
    bool addresses = false;
    import->protect_policy = true;
    if (*text == '\0')
        return object_to(import, text, 0);
    while (*text != '\0') {
        size_t length = strcspn(text, ",");
        struct flowrules_range range;
        unsigned bits;
        fr_set group = FR_SET_NONE;
        if (fr_range_parse(text, length, &range, &bits) == FR_RANGE_OK) {

            fr_builder_range(&import->m->builder, &range);
            addresses = true;
        } else if (parse_group(import, text, length, &group)) {
            FR_TRY(add_protected(import, group));
        } else {
            return object_to(import, text, length);
        }
        text += length + (text[length] == ',');
    }
    return addresses
               ? add_protected(import, fr_builder_finish(&import->m->builder, &import->m->sets))
               : FLOWRULES_OK;
}

/* Every address: for a configuration that does not say whose it is. */
static fr_set everything(struct fr_import *import) {
    for (int f = 0; f < 2; f++) {
        struct flowrules_range all = {
            (enum flowrules_family)f, {0, 0}, fr_ip_max((enum flowrules_family)f)};
        fr_builder_range(&import->m->builder, &all);
    }
    return fr_builder_finish(&import->m->builder, &import->m->sets);
}

/* The groups that a set names, each a network of its own. */
static flowrules_status protect_groups(struct fr_import *import, fr_set set, struct fr_vec *list) {
    const struct fr_set_head *head = fr_set_head(&import->m->sets, set);
    for (uint32_t i = 0; i < head->atoms; i++) {
        fr_set *slot = fr_vec_add(list);
        fr_builder_atom(&import->m->builder, fr_set_atoms(head)[i]);
        fr_set own = fr_builder_finish(&import->m->builder, &import->m->sets);
        if (slot == NULL)
            return fr_no_memory(import->m->context);
        *slot = own;
    }
    return fr_meaning_memory(import->m);
}

/* Of a set, the groups that it lists alone. */
static fr_set groups_alone(struct fr_import *import, fr_set set) {
    const struct fr_set_head *head = fr_set_head(&import->m->sets, set);
    for (uint32_t i = 0; head->all_atoms == 0 && i < head->atoms; i++)
        fr_builder_atom(&import->m->builder, fr_set_atoms(head)[i]);
    return fr_builder_finish(&import->m->builder, &import->m->sets);
}

/* Is a clause one that says what is protected? Of pods, all of them are named, by denies too. */
static bool tells_protected(const struct fr_import *import, const struct fr_clause *c) {
    return (c->effect == FR_PASS && (c->packets & FLOWRULES_NEW) != 0 && c->doubt == 0) ||
           (import->atoms_are_pods && c->effect == FR_BLOCK);
}

/* An end, and where it is any, all addresses of these families. */
static fr_set of_families(struct fr_import *import, fr_set set, unsigned families) {
    if (set != FR_SET_ANY || families == FLOWRULES_BOTH_FAMILIES)
        return set;
    for (unsigned f = 0; f < 2; f++) {
        struct flowrules_range all = {
            (enum flowrules_family)f, {0, 0}, fr_ip_max((enum flowrules_family)f)};
        if ((families & FLOWRULES_FAMILY_BIT(f)) != 0)
            fr_builder_range(&import->m->builder, &all);
    }
    return fr_builder_finish(&import->m->builder, &import->m->sets);
}

/* The protected end of a flow, as far as its families go. */
static fr_set protected_by_flow(struct fr_import *import, const struct fr_import_flow *flow) {
    unsigned end = protected_end(flow->direction), families = service_families(import, flow);
    for (int f = 0; f < 2; f++)
        if (fr_import_is_of_family(import->m, flow->ends[1 - end], (enum flowrules_family)f))
            families &= FLOWRULES_FAMILY_BIT((unsigned)f);
    return of_families(import, flow->ends[end], families);
}

static flowrules_status add_end(struct fr_import *import, struct fr_vec *ends, fr_set end) {
    fr_set *slot = end == FR_SET_EMPTY ? NULL : fr_vec_add(ends);
    if (slot == NULL)
        return end == FR_SET_EMPTY ? FLOWRULES_OK : fr_no_memory(import->m->context);
    *slot = end;
    return FLOWRULES_OK;
}

/* The protected ends of what passes; with what passes behind all rules, on no line of its own. */
static flowrules_status protected_passing(struct fr_import *import, int first, int last,
                                          struct fr_vec *ends) {
    for (size_t i = 0; i < import->flows.count; i++) {
        const struct fr_import_flow *flow = fr_vec_at(&import->flows, struct fr_import_flow, i);
        if (flow->kind == FR_IMPORT_ALLOW && (int)flow->direction >= first &&
            (int)flow->direction <= last)
            FR_TRY(add_end(import, ends, protected_by_flow(import, flow)));
    }
    return FLOWRULES_OK;
}

static flowrules_status protected_by_stage(struct fr_import *import, const struct fr_stage *stage,
                                           unsigned end, bool groups, struct fr_vec *ends) {
    for (size_t i = 0; i < stage->clauses.count; i++) {
        const struct fr_clause *c = fr_vec_at(&stage->clauses, struct fr_clause, i);
        if (!tells_protected(import, c))
            continue;
        fr_set own = of_families(import, end == 0 ? c->source : c->destination, c->families);
        FR_TRY(add_end(import, ends, groups ? groups_alone(import, own) : own));
    }
    return FLOWRULES_OK;
}

static flowrules_status protected_ends(struct fr_import *import, int first, int last, bool groups,
                                       struct fr_vec *ends) {
    if (!groups)
        FR_TRY(protected_passing(import, first, last, ends));
    for (int d = first; d <= last; d++)
        for (size_t s = 0; s < import->m->stages[d].count && import->there[d]; s++)
            FR_TRY(protected_by_stage(import,
                                      *fr_vec_at(&import->m->stages[d], struct fr_stage *, s),
                                      protected_end((enum flowrules_direction)d), groups, ends));
    return FLOWRULES_OK;
}

/*
 * The protected ends of the rules of some directions; any where some rule does not say. groups:
 * what they list of groups alone.
 */
static flowrules_status all_protected(struct fr_import *import, int first, int last, bool groups,
                                      fr_set *all) {
    struct fr_vec ends;
    fr_vec_init(&ends, &import->m->context->allocator, sizeof(fr_set));
    flowrules_status status = protected_ends(import, first, last, groups, &ends);
    size_t count = fr_sort_unique(&ends);
    *all = count == 0 ? FR_SET_EMPTY
                      : fr_sets_union(&import->m->sets, ends.items, count, sizeof(fr_set));
    fr_vec_free(&ends);
    return status == FLOWRULES_OK ? fr_meaning_memory(import->m) : status;
}

/* Of pods, some may be shut for one direction alone. */
static flowrules_status protect_both(struct fr_import *import, fr_set all) {
    for (int d = FLOWRULES_EGRESS; import->atoms_are_pods && d <= FLOWRULES_INGRESS; d++) {
        fr_set own;
        FR_TRY(all_protected(import, d, d, false, &own));
        FR_TRY(protect_groups(import, own, &import->protects_of[d]));
    }
    return protect_groups(import, all, &import->protects);
}

/* Is an end, of addresses alone, all of addresses that every host shares? */
static bool is_shared(struct fr_import *import, fr_set end, fr_set shared) {
    const struct fr_set_head *head = fr_set_head(&import->m->sets, end);
    return end != FR_SET_EMPTY && head->all_atoms == 0 && head->atoms == 0 &&
           fr_set_subtract(&import->m->sets, end, shared) == FR_SET_EMPTY;
}

/* A machine gets what is sent to the addresses of multicast and broadcast that its rules name. */
static flowrules_status protect_shared(struct fr_import *import) {
    struct flowrules_range range;
    for (size_t i = 0; fr_shared_addresses(i, &range); i++)
        fr_builder_range(&import->m->builder, &range);
    fr_set shared = fr_builder_finish(&import->m->builder, &import->m->sets);
    for (size_t p = 0; p < import->protects.count; p++) {
        fr_set *own = fr_vec_at(&import->protects, fr_set, p);
        if (fr_set_head(&import->m->sets, *own)->atoms > 0)
            continue;
        for (size_t i = 0; i < import->flows.count; i++) {
            const struct fr_import_flow *f = fr_vec_at(&import->flows, struct fr_import_flow, i);
            fr_set end = f->ends[protected_end(f->direction)];
            if (f->kind == FR_IMPORT_ALLOW && is_shared(import, end, shared))
                *own = fr_set_union(&import->m->sets, *own, end);
        }
        import->has_addresses = true;
        return fr_meaning_memory(import->m);
    }
    return FLOWRULES_OK;
}

static flowrules_status find_protects(struct fr_import *import, const char *protects) {
    if (protects != NULL)
        FR_TRY(parse_protects(import, protects));
    if (protects != NULL)
        return fr_setting_find(import->m->backend, FR_MACHINE_SETTING) != NULL
                   ? protect_shared(import)
                   : FLOWRULES_OK;
    if (import->m->own != FR_SET_EMPTY) {
        import->protect_policy = true;
        return protect_groups(import, import->m->own, &import->protects);
    }
    if (!import->there[FLOWRULES_EGRESS] && !import->there[FLOWRULES_INGRESS])
        return FLOWRULES_OK;
    fr_set all, groups;
    FR_TRY(all_protected(import, FLOWRULES_EGRESS, FLOWRULES_INGRESS, false, &all));
    const struct fr_set_head *head = fr_set_head(&import->m->sets, all);
    if (head->all_atoms == 0 && head->atoms > 0 && head->count4 == 0 && head->count6 == 0)
        return protect_both(import, all);
    if (head->all_atoms == 0 && head->atoms == 0 && all != FR_SET_EMPTY)
        return add_protected(import, all);
    /* Every address, and the groups that rules name beside them. */
    FR_TRY(all_protected(import, FLOWRULES_EGRESS, FLOWRULES_INGRESS, true, &groups));
    FR_TRY(add_protected(import, everything(import)));
    return protect_groups(import, groups, &import->protects);
}

/* Is a protected end any, or all addresses of the families that are protected? */
static bool covers_all(const struct fr_import *import, fr_set end, fr_set protects) {
    struct flowrules_set view = {&import->m->sets, end};
    unsigned families = fr_set_families(&import->m->sets, protects);
    if (end == FR_SET_ANY || !import->has_addresses)
        return end == FR_SET_ANY;
    for (int f = 0; f < 2; f++)
        if ((families & FLOWRULES_FAMILY_BIT((unsigned)f)) != 0 &&
            !flowrules_set_is_all(view, (enum flowrules_family)f))
            return false;
    return true;
}

/* Flows whose protected end is any are about what is protected. */
static flowrules_status name_protected(struct fr_import *import) {
    fr_set all = FR_SET_EMPTY;
    for (size_t i = 0; i < import->protects.count; i++)
        all = fr_set_union(&import->m->sets, all, *fr_vec_at(&import->protects, fr_set, i));
    for (size_t i = 0; i < import->flows.count; i++) {
        struct fr_import_flow *flow = fr_vec_at(&import->flows, struct fr_import_flow, i);
        fr_set *end = &flow->ends[protected_end(flow->direction)];
        if (fr_import_is_flow(flow) && flow->direction != FLOWRULES_FORWARD &&
            covers_all(import, *end, all))
            *end = all;
    }
    return fr_meaning_memory(import->m);
}

/* Flows that no packet can be, of ends and a protocol without a family in common, are left out. */
static void drop_unmatched(struct fr_import *import) {
    const struct fr_sets *sets = &import->m->sets;
    struct fr_import_flow *flows = import->flows.items;
    size_t kept = 0;
    for (size_t i = 0; i < import->flows.count; i++) {
        unsigned families = fr_import_is_flow(&flows[i]) ? service_families(import, &flows[i]) : 0;
        for (int end = 0; end < 2; end++) {
            const struct fr_set_head *head = fr_set_head(sets, flows[i].ends[end]);
            bool groups = head->all_atoms == 0 && head->atoms > 0;
            if (!groups) /* any less some addresses is addresses alone */
                families &= fr_set_families(sets, flows[i].ends[end]);
        }
        if (families != 0 || !fr_import_is_flow(&flows[i]))
            flows[kept++] = flows[i];
    }
    import->flows.count = kept;
}

/* ---- writing and trying -------------------------------------------------------------------- */

static size_t count_allows(const struct fr_import *import, int direction) {
    size_t count = 0;
    for (size_t i = 0; i < import->flows.count; i++) {
        const struct fr_import_flow *flow = fr_vec_at(&import->flows, struct fr_import_flow, i);
        count += fr_import_is_flow(flow) && (int)flow->direction == direction;
    }
    return count;
}

static flowrules_status add_target(struct fr_import *import, enum flowrules_direction direction,
                                   bool both, unsigned own) {
    struct fr_import_target *target = fr_vec_add(&import->targets);
    const struct fr_import_baseline *found = &import->found[direction];
    unsigned known = import->m->backend->capabilities.baseline;
    if (target == NULL)
        return fr_no_memory(import->m->context);
    *target = (struct fr_import_target){.direction = direction,
                                        .both = both,
                                        .idle = count_allows(import, (int)direction) == 0,
                                        .baseline = (found->parts | own) & known,
                                        .mid_stream = found->mid_stream};
    return FLOWRULES_OK;
}

static bool same_baseline(const struct fr_import_baseline *a, const struct fr_import_baseline *b) {
    return a->parts == b->parts && a->mid_stream == b->mid_stream;
}

/* Has a target of one direction the settings of the other's? */
static bool same_settings(const flowrules_meaning *m) {
    const unsigned both = 1u << FLOWRULES_EGRESS | 1u << FLOWRULES_INGRESS;
    unsigned seen = 0;
    for (size_t i = 0; i < m->settings.count; i++) {
        unsigned own = fr_vec_at(&m->settings, struct fr_found_setting, i)->directions & both;
        seen ^= own == both ? 0 : own;
    }
    return seen == 0 || seen == both;
}

/* One target where that says the same, one for each direction where it would say more. */
static flowrules_status add_targets(struct fr_import *import, bool together, unsigned own) {
    const bool *there = import->there;
    bool both = together && there[FLOWRULES_EGRESS] && there[FLOWRULES_INGRESS] &&
                same_settings(import->m) &&
                same_baseline(&import->found[FLOWRULES_EGRESS], &import->found[FLOWRULES_INGRESS]);
    import->targets.count = 0;
    if (both)
        FR_TRY(add_target(import, FLOWRULES_EGRESS, true, own));
    for (int d = 0; d < (int)FR_DIRECTIONS; d++)
        if (there[d] && !(both && d != FLOWRULES_FORWARD))
            FR_TRY(add_target(import, (enum flowrules_direction)d, false, own));
    if (both && count_allows(import, FLOWRULES_INGRESS) > 0)
        fr_vec_at(&import->targets, struct fr_import_target, 0)->idle = false;
    return FLOWRULES_OK;
}

static flowrules_status choose_targets(struct fr_import *import, bool together, unsigned own) {
    fr_import_open(import);
    flowrules_status status = add_targets(import, together, own);
    fr_import_close(import);
    return status;
}

/* What a comparison could not tell, where no rule in doubt is the reason. */
struct riddle {
    const char *text;
    struct fr_at at;
};

/* What holding a written policy against its source gave. */
struct trial {
    bool together, machine; /* how its targets were chosen */
    unsigned own;
    char *text;
    size_t size;
    size_t differences, others; /* rows; those of new connections; and of other packets */
    size_t riddles;
    bool valid;               /* it could be loaded and planned */
    size_t messages;          /* those that are not its own: told before it */
    char witness[160];        /* a packet of the first difference */
    char kind[40];            /* of the first of the others, */
    struct fr_at kind_at;     /* which this rule decides */
    struct riddle riddle;     /* the first */
    struct fr_import *import; /* the only one that is written, or the first */
};

static struct fr_at place_in(const struct fr_import *import, uint32_t file, uint32_t line) {
    if (line == 0 || file >= import->config->files.count)
        return FR_NOWHERE;
    return (struct fr_at){fr_vec_at(&import->config->files, struct fr_config_file, file)->number,
                          line, 0, 0};
}

static struct fr_at place_named(const struct fr_import *import, const char *name, uint32_t line) {
    for (uint32_t f = 0; name != NULL && f < import->m->files.count; f++)
        if (strcmp(name, *fr_vec_at(&import->m->files, const char *, f)) == 0)
            return place_in(import, f, line);
    return FR_NOWHERE;
}

static void count_rows(const struct fr_import *import, struct trial *trial,
                       const flowrules_comparison *comparison) {
    for (size_t i = 0; i < flowrules_difference_count(comparison); i++) {
        const char *packets = flowrules_difference_packets(comparison, i);
        if (strcmp(packets, "new connections") != 0) {
            if (trial->others++ > 0)
                continue;
            snprintf(trial->kind, sizeof trial->kind, "%s", packets);
            trial->kind_at = place_named(import, flowrules_difference_file(comparison, i, 0),
                                         flowrules_difference_line(comparison, i, 0));
        } else if (trial->differences++ == 0) {
            snprintf(trial->witness, sizeof trial->witness, "%s %s",
                     flowrules_difference_change(comparison, i),
                     flowrules_difference_witness(comparison, i));
        }
    }
}

/* Is it in the file and line that the comparison names? */
static bool is_at(const struct fr_import *import, const flowrules_comparison *comparison, size_t i,
                  uint32_t file, uint32_t line) {
    const char *name = flowrules_doubt_file(comparison, i);
    if (flowrules_doubt_line(comparison, i) != line || (line > 0 && name == NULL))
        return false;
    return line == 0 || (file < import->m->files.count &&
                         strcmp(name, *fr_vec_at(&import->m->files, const char *, file)) == 0);
}

/* Notes which doubts of the source matter; those of a deny by a group are no doubts of a rule. */
static void note_doubts(const struct fr_import *import, struct trial *trial,
                        const flowrules_comparison *comparison) {
    for (size_t i = 0; i < flowrules_doubt_count(comparison); i++) {
        bool known = false;
        for (size_t f = 0; f < import->flows.count; f++) {
            struct fr_import_flow *flow = fr_vec_at(&import->flows, struct fr_import_flow, f);
            bool same = !fr_import_is_flow(flow) &&
                        is_at(import, comparison, i, flow->clause->file, flow->clause->line);
            flow->matters = flow->matters || same;
            known = known || same;
        }
        for (size_t d = 0; d < import->m->doubts.count && !known; d++) {
            struct fr_doubt *doubt = fr_vec_at(&import->m->doubts, struct fr_doubt, d);
            known = is_at(import, comparison, i, doubt->file, doubt->line);
        }
        if (!known && trial->riddles++ == 0)
            trial->riddle = (struct riddle){
                fr_arena_printf(&import->m->arena, "%s", flowrules_doubt_text(comparison, i)),
                place_named(import, flowrules_doubt_file(comparison, i),
                            flowrules_doubt_line(comparison, i))};
    }
}

/* Compares a target of the policy with the source. */
static flowrules_status compare_target(const struct fr_import *import, struct trial *trial,
                                       const flowrules_policy *policy, const char *target) {
    flowrules_context *context = import->m->context;
    flowrules_meaning *expected;
    flowrules_comparison *comparison = NULL;
    FR_TRY(flowrules_meaning_of_policy(&expected, context, policy, target));
    flowrules_status status = flowrules_compare(&comparison, context, import->m, expected);
    flowrules_meaning_free(expected);
    if (comparison == NULL)
        return status;
    count_rows(import, trial, comparison);
    note_doubts(import, trial, comparison);
    flowrules_comparison_free(comparison);
    return FLOWRULES_OK;
}

static flowrules_status compare_targets(const struct fr_imports *imports, struct trial *trial,
                                        const flowrules_policy *policy) {
    flowrules_status status = FLOWRULES_OK;
    for (size_t p = 0; p < imports->count; p++) {
        struct fr_import *import = imports->items[p];
        fr_import_open(import);
        for (size_t i = 0; i < import->targets.count && status == FLOWRULES_OK; i++)
            status = compare_target(import, trial, policy,
                                    fr_vec_at(&import->targets, struct fr_import_target, i)->name);
        fr_import_close(import);
    }
    return status;
}

static flowrules_status write_text(const struct fr_imports *imports, struct trial *trial) {
    flowrules_context *context = imports->items[0]->m->context;
    struct flowrules_writer w;
    fr_writer_init(&w, &context->allocator, false);
    flowrules_status status = fr_import_write(imports, &w);
    fr_free(&context->allocator, trial->text);
    trial->text = NULL;
    if (status == FLOWRULES_OK)
        trial->text = fr_writer_text(&w, &trial->size);
    fr_writer_free(&w);
    FR_TRY(status);
    return trial->text == NULL ? fr_no_memory(context) : FLOWRULES_OK;
}

/* With the comments about doubts that matter, which are known now. */
static flowrules_status write_again(const struct fr_imports *imports, struct trial *trial) {
    bool comments = false;
    for (size_t p = 0; p < imports->count; p++)
        for (size_t i = 0; i < imports->items[p]->flows.count && !comments; i++)
            comments = fr_vec_at(&imports->items[p]->flows, struct fr_import_flow, i)->matters;
    return comments ? write_text(imports, trial) : FLOWRULES_OK;
}

/* Writes the policy and holds it against its source; what loading tells is told only at the end. */
static flowrules_status try_import(const struct fr_imports *imports, struct trial *trial) {
    flowrules_context *context = imports->items[0]->m->context;
    flowrules_policy *policy = NULL;
    size_t before = context->diagnostics.list.count;
    *trial = (struct trial){.messages = before, .import = imports->items[0]};
    FR_TRY(write_text(imports, trial));
    flowrules_status status =
        flowrules_policy_load_text(&policy, context, "imported policy", trial->text, trial->size);
    if (status == FLOWRULES_OK)
        status = compare_targets(imports, trial, policy);
    flowrules_policy_free(policy);
    if (status == FLOWRULES_OK)
        status = write_again(imports, trial);
    trial->valid = status == FLOWRULES_OK;
    if (trial->valid) /* warnings about a policy that the user has not seen yet */
        fr_diagnostics_cut(&context->diagnostics, before);
    return status == FLOWRULES_NO_MEMORY ? status : FLOWRULES_OK;
}

static bool is_equal(const struct trial *trial) {
    return trial->valid && trial->differences + trial->others + trial->riddles == 0;
}

static bool is_better(const struct trial *a, const struct trial *b) {
    if (a->valid != b->valid)
        return a->valid;
    if (a->differences != b->differences)
        return a->differences < b->differences;
    return a->others != b->others ? a->others < b->others : a->riddles < b->riddles;
}

/* Tries one way to write it; keeps what is better, and stops at what is equal. */
static flowrules_status consider(struct fr_import *import, struct trial *best, bool together,
                                 unsigned own) {
    struct trial trial;
    if (is_equal(best))
        return FLOWRULES_OK;
    size_t before = import->m->context->diagnostics.list.count;
    FR_TRY(choose_targets(import, together, own));
    flowrules_status status = try_import(&(struct fr_imports){&import, 1}, &trial);
    trial.together = together;
    trial.own = own;
    trial.machine = import->machine;
    if (status != FLOWRULES_OK) {
        fr_free(&import->m->context->allocator, trial.text);
        return status;
    }
    if (best->text == NULL || is_better(&trial, best)) {
        if (trial.valid && best->text != NULL) /* what was wrong with the other is of no use */
            fr_diagnostics_cut(&import->m->context->diagnostics, best->messages);
        fr_free(&import->m->context->allocator, best->text);
        *best = trial;
    } else {
        fr_free(&import->m->context->allocator, trial.text);
        fr_diagnostics_cut(&import->m->context->diagnostics, before);
    }
    return FLOWRULES_OK;
}

/* Parts of a baseline that are rules like others: with them, and without. */
static flowrules_status try_baselines(struct fr_import *import, struct trial *best) {
    const unsigned rules = FLOWRULES_BASELINE_PROBES | FLOWRULES_BASELINE_DNS;
    unsigned own = import->reading->backend->capabilities.baseline & rules;
    for (unsigned apart = 0; apart < 2; apart++)
        for (unsigned without = 0; without < (own != 0 ? 2u : 1u); without++)
            FR_TRY(consider(import, best, apart == 0, without == 0 ? own : 0));
    return FLOWRULES_OK;
}

/*
 * Rules of a host seldom name its own addresses: where they were given, and rules that name them
 * would not say the same, they are all that the machine has.
 */
static flowrules_status try_all(struct fr_import *import, struct trial *best) {
    FR_TRY(try_baselines(import, best));
    if (!import->has_addresses || import->cannot != NULL || is_equal(best))
        return FLOWRULES_OK;
    import->machine = true;
    FR_TRY(try_baselines(import, best));
    import->machine = best->import == import && best->machine;
    return FLOWRULES_OK;
}

/* ---- telling ------------------------------------------------------------------------------- */

static const char *hint_of(const struct fr_import_flow *flow) {
    return flow->kind == FR_IMPORT_LEFT_OUT ? "the policy does not have what this allows"
           : flow->kind == FR_IMPORT_TAKEN  ? "the policy does not have it"
                                            : "the policy denies everything that this may deny";
}

/* Is a doubt about a direction told at a rule that stands in the same line? */
static bool is_told_at_rule(const struct fr_import *import, const struct fr_doubt *doubt) {
    const struct fr_strings *strings = &import->m->strings;
    for (size_t i = 0; i < import->flows.count; i++) {
        const struct fr_import_flow *flow = fr_vec_at(&import->flows, struct fr_import_flow, i);
        if (!fr_import_is_flow(flow) && flow->matters && flow->clause->doubt != 0 &&
            flow->direction == doubt->direction && flow->clause->file == doubt->file &&
            flow->clause->line == doubt->line &&
            strcmp(fr_strings_text(strings, flow->clause->doubt), doubt->text) == 0)
            return true;
    }
    return false;
}

/* Tells the doubts that matter; the number of them. */
static size_t tell_doubts(const struct fr_import *import) {
    struct fr_diagnostics *diagnostics = &import->m->context->diagnostics;
    const flowrules_meaning *m = import->m;
    size_t told = 0;
    for (size_t i = 0; i < m->doubts.count; i++) {
        const struct fr_doubt *d = fr_vec_at(&m->doubts, struct fr_doubt, i);
        struct fr_about about = {FLOWRULES_WARNING,
                                 FR_CONFIG_DOUBT,
                                 place_in(import, d->file, d->line),
                                 NULL,
                                 NULL,
                                 "the policy does not have it: add its meaning by hand"};
        if (!import->there[d->direction] || is_told_at_rule(import, d))
            continue;
        fr_report(diagnostics, &about, "not understood: %s", d->text);
        told++;
    }
    for (size_t i = 0; i < import->flows.count; i++) {
        const struct fr_import_flow *flow = fr_vec_at(&import->flows, struct fr_import_flow, i);
        struct fr_about about = {FLOWRULES_WARNING,
                                 FR_CONFIG_DOUBT,
                                 place_in(import, flow->clause->file, flow->clause->line),
                                 NULL,
                                 NULL,
                                 hint_of(flow)};
        if (fr_import_is_flow(flow) || !flow->matters || flow->clause->doubt == 0 ||
            fr_import_is_repeated(import, i))
            continue;
        fr_report(diagnostics, &about, "not understood: %s",
                  fr_strings_text(&m->strings, flow->clause->doubt));
        told++;
    }
    return told;
}

/* What a message is about, where the configuration has several of it. */
static const char *name_of_choice(const struct fr_import *import) {
    return import->reading->choice == NULL ? NULL : import->reading->choice->name;
}

/* A policy that closes nothing is seldom what somebody wants to keep. */
static void note_open(const struct fr_import *import) {
    struct fr_about about = {FLOWRULES_NOTE, FR_CONFIG_NOT_KEPT,     FR_NOWHERE,
                             NULL,           name_of_choice(import), NULL};
    fr_report(&import->m->context->diagnostics, &about,
              "the configuration lets every new connection pass, and so does the policy");
}

/* Whether a policy means the same can't be told: often for the order of two rules. */
static void tell_riddle(const struct fr_import *import, const struct riddle *riddle,
                        const struct fr_import_found *found) {
    struct fr_diagnostics *diagnostics = &import->m->context->diagnostics;
    const struct fr_clause *allow = found->allow, *deny = found->deny;
    struct fr_about about = {
        FLOWRULES_ERROR, FR_CONFIG_NOT_EQUAL, riddle->at, NULL, name_of_choice(import), NULL};
    struct fr_at before = allow == NULL ? FR_NOWHERE : place_in(import, allow->file, allow->line);
    if (before.line == 0) {
        fr_report(diagnostics, &about,
                  "the configuration cannot be imported: it cannot be determined whether a policy "
                  "means the same: %s",
                  riddle->text);
        return;
    }
    about.at = place_in(import, deny->file, deny->line);
    about.hint = "change their order, or replace the name or group by its addresses";
    fr_report(diagnostics, &about,
              "the configuration cannot be imported: what this rule denies may contain the name or "
              "group that %s:%u allows before it, and no policy was found that keeps their order",
              fr_diagnostics_file_name(diagnostics, before.file), (unsigned)before.line);
}

/* Where a flow of the policy comes from. */
static struct fr_at place_of_flow(const struct fr_imports *imports, const char *title) {
    for (size_t p = 0; p < imports->count; p++) {
        const struct fr_import *import = imports->items[p];
        for (size_t i = 0; title != NULL && i < import->titles.count; i++) {
            const char *own = *fr_vec_at(&import->titles, const char *, i);
            const struct fr_import_flow *flow = fr_vec_at(&import->flows, struct fr_import_flow, i);
            if (own != NULL && strcmp(own, title) == 0)
                return place_in(import, flow->clause->file, flow->clause->line);
        }
    }
    return FR_NOWHERE;
}

/*
 * Tells what is wrong with a policy that nobody sees, from a message on: at the rules that its
 * flows come from.
 */
static flowrules_status tell_invalid(const struct fr_imports *imports, size_t first) {
    flowrules_context *context = imports->items[0]->m->context;
    struct fr_diagnostics *diagnostics = &context->diagnostics;
    size_t count = diagnostics->list.count - first;
    struct fr_diagnostic *list = fr_malloc(&context->allocator, (count + 1) * sizeof *list);
    if (list == NULL)
        return fr_no_memory(context);
    for (size_t i = 0; i < count; i++)
        list[i] = *fr_vec_at(&diagnostics->list, struct fr_diagnostic, first + i);
    fr_diagnostics_cut(diagnostics, first);
    for (size_t i = 0; i < count; i++) {
        struct fr_at at = place_of_flow(imports, list[i].flow);
        struct fr_about about = {list[i].severity, list[i].id,     at.line > 0 ? at : list[i].at,
                                 list[i].flow,     list[i].target, list[i].hint};
        if (list[i].severity == FLOWRULES_ERROR)
            fr_report(diagnostics, &about, "%s", list[i].message);
    }
    fr_free(&context->allocator, list);
    return FLOWRULES_REFUSED;
}

/* Tells why the policy with denies that spare is none, and refuses it; else goes on. */
static flowrules_status tell_spares(struct fr_import *import) {
    struct trial trial = {.text = NULL};
    struct fr_imports imports = {&import, 1};
    FR_TRY(choose_targets(import, true, 0));
    flowrules_status status = try_import(&imports, &trial);
    fr_free(&import->m->context->allocator, trial.text);
    return status == FLOWRULES_OK && !trial.valid ? tell_invalid(&imports, trial.messages) : status;
}

/* Is the order one that some list of rules has? */
static bool has_one_order(const struct fr_import *import) {
    for (size_t i = 0; i < import->flows.count; i++) {
        const struct fr_import_flow *flow = fr_vec_at(&import->flows, struct fr_import_flow, i);
        if (flow->ordered && flow->list > 0)
            return false;
    }
    return true;
}

static flowrules_status tell_result(const struct fr_imports *imports, const struct trial *best,
                                    const struct fr_import_found *found) {
    struct fr_diagnostics *diagnostics = &imports->items[0]->m->context->diagnostics;
    struct fr_about about = {FLOWRULES_ERROR,
                             FR_CONFIG_NOT_EQUAL,
                             FR_NOWHERE,
                             NULL,
                             imports->count > 1 ? NULL : name_of_choice(imports->items[0]),
                             "compare it with 'flowrules verify' to see where"};
    size_t told = 0;
    flowrules_status status = best->valid ? FLOWRULES_OK : tell_invalid(imports, best->messages);
    for (size_t i = 0; i < imports->count; i++) {
        fr_import_open(imports->items[i]);
        told += tell_doubts(imports->items[i]);
        fr_import_close(imports->items[i]);
    }
    if (!best->valid)
        return status;
    if (best->differences > 0) {
        fr_report(
            diagnostics, &about,
            "no policy was found that means the same: the best one differs in %zu %s, such as "
            "'%s'",
            best->differences, best->differences == 1 ? "place" : "places", best->witness);
        return FLOWRULES_REFUSED;
    }
    if (best->others > 0) {
        bool replies = strcmp(best->kind, "packets of existing connections") == 0;
        about.hint = replies ? "let packets of established connections pass before this"
                             : "see 'The baseline' in docs/MODEL.md";
        about.at = best->kind_at;
        fr_report(diagnostics, &about,
                  "no policy was found that means the same: new connections pass as before, but no "
                  "baseline treats %s in the same way",
                  best->kind);
        return FLOWRULES_REFUSED;
    }
    if (best->riddles > 0) {
        tell_riddle(imports->items[0], &best->riddle, found);
        return FLOWRULES_REFUSED;
    }
    return told > 0 ? FLOWRULES_DIFFERENT : FLOWRULES_OK;
}

/* ---- the whole ----------------------------------------------------------------------------- */

static flowrules_status refuse(const struct fr_import *import, const char *why) {
    struct fr_about about = {
        FLOWRULES_ERROR, FR_CONFIG_NOT_EQUAL, FR_NOWHERE, NULL, name_of_choice(import), NULL};
    fr_report(&import->m->context->diagnostics, &about, "the configuration cannot be imported: %s",
              why);
    return FLOWRULES_REFUSED;
}

/* A rule that depends on those before it in a way that no policy has. */
static flowrules_status refuse_entangled(const struct fr_import *import,
                                         const struct fr_clause *clause) {
    struct fr_at at = FR_NOWHERE;
    if (clause->line > 0 && clause->file < import->config->files.count)
        at = (struct fr_at){
            fr_vec_at(&import->config->files, struct fr_config_file, clause->file)->number,
            clause->line, 0, 0};
    fr_error(&import->m->context->diagnostics, FR_CONFIG_NOT_EQUAL, at,
             "remove it, or the rules before it, and import the rest",
             "the configuration cannot be imported: the rules before this one divide it into more "
             "than %zu parts",
             FR_IMPORT_PARTS_MAX);
    return FLOWRULES_REFUSED;
}

/* A policy has at least one flow: where nothing passes, one says so. */
static flowrules_status deny_all(struct fr_import *import) {
    int d = 0;
    while (d < (int)FR_DIRECTIONS && !import->there[d])
        d++;
    struct fr_import_flow *flow = d < (int)FR_DIRECTIONS ? fr_vec_add(&import->flows) : NULL;
    if (d == (int)FR_DIRECTIONS)
        return FLOWRULES_OK;
    if (flow == NULL)
        return fr_no_memory(import->m->context);
    *flow = (struct fr_import_flow){.clause = &fr_import_block_all,
                                    .direction = (enum flowrules_direction)d,
                                    .ends = {FR_SET_ANY, FR_SET_ANY},
                                    .service = FR_SERVICE_ANY,
                                    .kind = FR_IMPORT_DENY};
    return FLOWRULES_OK;
}

/* Does a direction let everything pass, as if nothing stood there? */
static bool is_open(const struct fr_import *import, int direction) {
    size_t flows = 0;
    for (size_t i = 0; i < import->flows.count; i++) {
        const struct fr_import_flow *flow = fr_vec_at(&import->flows, struct fr_import_flow, i);
        if ((int)flow->direction != direction || flow->kind == FR_IMPORT_LEFT_OUT)
            continue;
        if (flow->kind != FR_IMPORT_ALLOW)
            return false;
        flows += flow->ends[0] == FR_SET_ANY && flow->ends[1] == FR_SET_ANY &&
                 flow->interfaces[0] == 0 && flow->interfaces[1] == 0 &&
                 flow->service == FR_SERVICE_ANY;
    }
    return flows > 0 && import->found[direction].passes;
}

/* A target there would change nothing. */
static void leave_open(struct fr_import *import, int direction) {
    struct fr_import_flow *flows = import->flows.items;
    size_t kept = 0;
    for (size_t i = 0; i < import->flows.count; i++)
        if ((int)flows[i].direction != direction)
            flows[kept++] = flows[i];
    import->flows.count = kept;
    import->there[direction] = false;
}

/*
 * Interfaces that no policy can have: it is not known whether a packet that it speaks of has these.
 * Packets of the loopback interface go with the others, so that a baseline need not tell them
 * apart.
 */
static bool doubt_interfaces(flowrules_meaning *m, struct fr_clause *clause) {
    bool had = clause->interfaces[0] != 0 || clause->interfaces[1] != 0;
    static const char *const texts[] = {"it is not known whether this matches: the %s that packets "
                                        "come by",
                                        "it is not known whether this matches: the %s that packets "
                                        "leave by"};
    const char *word = m->backend->capabilities.interfaces;
    char text[100];
    for (unsigned e = 0; e < 2; e++) {
        if (clause->interfaces[e] == 0)
            continue;
        snprintf(text, sizeof text, texts[e], word == NULL ? "interface" : word);
        if (clause->doubt == 0)
            clause->doubt = fr_strings_add(&m->strings, text, strlen(text));
        if ((clause->packets & FLOWRULES_NEW) != 0)
            clause->packets |= FLOWRULES_LOOPBACK;
        clause->interfaces[e] = 0;
    }
    return !had || clause->doubt != 0;
}

static flowrules_status doubt_direction(flowrules_meaning *m, enum flowrules_direction direction) {
    for (size_t s = 0; s < m->stages[direction].count; s++) {
        struct fr_stage *stage = *fr_vec_at(&m->stages[direction], struct fr_stage *, s);
        for (size_t i = 0; i < stage->clauses.count; i++)
            if (!doubt_interfaces(m, fr_vec_at(&stage->clauses, struct fr_clause, i)))
                return fr_no_memory(m->context);
    }
    return FLOWRULES_OK;
}

/* The flows with their interfaces, where a policy can say these. */
static flowrules_status find_clauses(struct fr_import *import, enum flowrules_direction d,
                                     const bool *consumed, bool *said) {
    flowrules_meaning *m = import->m;
    if (m->backend->capabilities.interfaces != NULL)
        return fr_import_cell_flows(m, d, import->way, consumed, &import->flows,
                                    &import->came_across, said);
    *said = true;
    return fr_import_flows(m, d, import->way, consumed, &import->flows, &import->came_across);
}

static flowrules_status find_with(struct fr_import *import, enum flowrules_direction d,
                                  bool *consumed, size_t clauses) {
    flowrules_meaning *m = import->m;
    bool said = m->backend->capabilities.interfaces != NULL;
    for (int round = 0; round < 2; round++) {
        if (!said)
            FR_TRY(doubt_direction(m, d));
        memset(consumed, 0, (clauses + 1) * sizeof *consumed);
        FR_TRY(fr_import_find_baseline(m, d, &import->found[d], consumed));
        FR_TRY(find_clauses(import, d, consumed, &said));
        if (said)
            break;
    }
    return FLOWRULES_OK;
}

static flowrules_status find_flows(struct fr_import *import, int d) {
    flowrules_meaning *m = import->m;
    size_t clauses = 0;
    for (size_t s = 0; s < m->stages[d].count; s++)
        clauses += (*fr_vec_at(&m->stages[d], struct fr_stage *, s))->clauses.count;
    bool *consumed = fr_malloc(&m->context->allocator, (clauses + 1) * sizeof *consumed);
    if (consumed == NULL)
        return fr_no_memory(m->context);
    flowrules_status status = find_with(import, (enum flowrules_direction)d, consumed, clauses);
    fr_free(&m->context->allocator, consumed);
    return status;
}

/*
 * True if some direction is closed; then those that are open are left so. Where nothing is closed,
 * what the rules allow is written all the same.
 */
static bool close_directions(struct fr_import *import) {
    bool closes = false;
    for (int d = 0; d < (int)FR_DIRECTIONS; d++)
        closes = closes || (import->there[d] && !is_open(import, d));
    for (int d = 0; d < (int)FR_DIRECTIONS && closes; d++)
        if (import->there[d] && is_open(import, d))
            leave_open(import, d);
    return closes;
}

static bool is_there(const struct fr_import *import) {
    return import->there[0] || import->there[1] || import->there[2];
}

/* Finds the flows, in one of the ways, for what is protected. */
static flowrules_status find_open(struct fr_import *import, const char *protects) {
    for (int d = 0; d < (int)FR_DIRECTIONS; d++) {
        import->there[d] = import->m->stages[d].count > 0;
        if (import->there[d])
            FR_TRY(find_flows(import, d));
    }
    if (import->came_across.too_many != NULL)
        return FLOWRULES_OK;
    write_any(import, is_as_any_for_service);
    FR_TRY(fr_import_join(import));
    fr_import_drop_idle(import);
    write_any(import, is_as_any);
    import->closes = close_directions(import);
    if (!is_there(import))
        return FLOWRULES_OK;
    if (count_allows(import, 0) + count_allows(import, 1) + count_allows(import, 2) == 0)
        FR_TRY(deny_all(import));
    FR_TRY(find_protects(import, protects));
    FR_TRY(name_protected(import));
    drop_unmatched(import);
    for (size_t i = 0; i < import->flows.count; i++)
        fr_import_reach(import->m, fr_vec_at(&import->flows, struct fr_import_flow, i));
    return FLOWRULES_OK;
}

static flowrules_status find_all(struct fr_import *import, const char *protects) {
    fr_import_open(import);
    flowrules_status status = find_open(import, protects);
    fr_import_close(import);
    return status;
}

/* Lines are counted as if they were broken there. */
#define LINE_LENGTH 80u

/* How long the policy is, in lines; SIZE_MAX where there is none. */
static flowrules_status measure(struct fr_import *import, size_t *lines) {
    struct trial trial = {.text = NULL};
    size_t length = 0;
    *lines = SIZE_MAX;
    if (import->came_across.too_many != NULL)
        return FLOWRULES_OK;
    FR_TRY(choose_targets(import, true, 0));
    flowrules_status status = write_text(&(struct fr_imports){&import, 1}, &trial);
    if (status == FLOWRULES_OK && import->cannot == NULL)
        *lines = 0;
    for (size_t i = 0; i < trial.size && *lines != SIZE_MAX; i++) {
        length = trial.text[i] == '\n' ? 0 : length + 1;
        *lines += length % LINE_LENGTH == 1;
    }
    fr_free(&import->m->context->allocator, trial.text);
    return status;
}

/* A flow has a name, a source, a destination, and a service. */
#define FLOW_LINES 4u

/* Tries the shorter way first. */
static flowrules_status try_ways(struct fr_import ways[2], struct trial *best) {
    size_t lines[2] = {SIZE_MAX, ways[1].flows.count * FLOW_LINES};
    FR_TRY(measure(&ways[0], &lines[0]));
    if (lines[1] < lines[0] || ways[1].came_across.too_many != NULL) /* else it is longer anyway */
        FR_TRY(measure(&ways[1], &lines[1]));
    unsigned first = lines[1] < lines[0];
    if (lines[first] != SIZE_MAX)
        FR_TRY(try_all(&ways[first], best));
    return lines[1 - first] != SIZE_MAX ? try_all(&ways[1 - first], best) : FLOWRULES_OK;
}

/* Denies of everything at some interfaces, which may tell those that no list of names does. */
static flowrules_status try_blocks(struct fr_import *import, const char *protects,
                                   struct trial *best) {
    FR_TRY(find_all(import, protects));
    return import->came_across.too_many == NULL ? try_all(import, best) : FLOWRULES_OK;
}

/* Writes what one reading says by itself; best->import is the way that is closest to it. */
static flowrules_status import_one(struct fr_import ways[2], const char *protects,
                                   struct trial *best) {
    FR_TRY(find_all(&ways[0], protects));
    bool orders = ways[0].came_across.orders;
    if (orders)
        FR_TRY(find_all(&ways[1], protects));
    bool too_many = ways[0].came_across.too_many != NULL;
    if (too_many && (!orders || ways[1].came_across.too_many != NULL))
        return refuse_entangled(&ways[0], ways[0].came_across.too_many);
    if (!too_many && !is_there(&ways[0]))
        return refuse(&ways[0], "it has no rules, so everything passes");
    FR_TRY(orders ? try_ways(ways, best) : try_all(&ways[0], best));
    if (!orders && ways[0].came_across.rest && !is_equal(best))
        FR_TRY(try_blocks(&ways[1], protects, best));
    if (best->import == NULL)
        best->import = &ways[0];
    if (best->import->cannot != NULL)
        return refuse(best->import, best->import->cannot);
    if (orders && !is_equal(best) && best->import == &ways[0] && has_one_order(&ways[1]))
        FR_TRY(tell_spares(&ways[1]));
    if (!best->import->closes)
        note_open(best->import);
    return FLOWRULES_OK;
}

/* What is protected can't be said for several of which each says it itself. */
static flowrules_status check_protects(const struct fr_vec *readings, flowrules_context *context,
                                       const char *protects) {
    for (size_t i = 0; i < readings->count && readings->count > 1 && protects != NULL; i++)
        if (fr_vec_at(readings, struct fr_reading, i)->own != FR_SET_EMPTY) {
            fr_error(&context->diagnostics, FR_CONFIG_NOT_EQUAL, FR_NOWHERE,
                     "remove it: each of them becomes a target of its own",
                     "'%s' cannot be protected by all of it: the configuration has several groups",
                     protects);
            return FLOWRULES_USAGE;
        }
    return FLOWRULES_OK;
}

/* The best way of each reading; tells what became of it where that is all, or not good. */
static flowrules_status import_each(struct fr_import *ways, struct fr_import **chosen, size_t count,
                                    const char *protects, struct trial *best) {
    const struct fr_allocator *allocator = &ways->m->context->allocator;
    for (size_t i = 0; i < count; i++) {
        fr_free(allocator, best->text);
        *best = (struct trial){.text = NULL};
        FR_TRY(import_one(&ways[2 * i], protects, best));
        chosen[i] = best->import;
        if (count == 1 || !is_equal(best))
            return tell_result(&(struct fr_imports){&chosen[i], 1}, best, &ways[2 * i].came_across);
        FR_TRY(choose_targets(chosen[i], best->together, best->own));
    }
    return FLOWRULES_OK;
}

/* The flow that denies all, where it is the import's only one; NULL where there are others. */
static struct fr_import_flow *only_nothing(const struct fr_import *import) {
    struct fr_import_flow *found = NULL;
    for (size_t i = 0; i < import->flows.count; i++) {
        struct fr_import_flow *flow = fr_vec_at(&import->flows, struct fr_import_flow, i);
        if (flow->clause == &fr_import_block_all)
            found = flow;
        else if (flow->kind != FR_IMPORT_LEFT_OUT)
            return NULL;
    }
    return found;
}

/* Of several targets, one without a flow selects none: its rules need no flow that says so. */
static void select_none(struct fr_import *const *imports, size_t count) {
    bool others = false;
    for (size_t i = 0; i < count; i++)
        others = others || (imports[i]->flows.count > 0 && only_nothing(imports[i]) == NULL);
    for (size_t i = 0; i < count && others; i++) {
        struct fr_import_flow *flow = only_nothing(imports[i]);
        if (flow == NULL)
            continue;
        for (size_t t = 0; t < imports[i]->targets.count; t++)
            fr_vec_at(&imports[i]->targets, struct fr_import_target, t)->idle = true;
        struct fr_import_flow *last =
            fr_vec_at(&imports[i]->flows, struct fr_import_flow, imports[i]->flows.count - 1);
        memmove(flow, flow + 1, (size_t)((char *)last - (char *)flow));
        imports[i]->flows.count--;
    }
}

/* One reading, or all of several in one policy, each in the way that is best by itself. */
static flowrules_status import_all(struct fr_import *ways, size_t count, const char *protects,
                                   struct trial *best) {
    const struct fr_allocator *allocator = &ways->m->context->allocator;
    struct fr_import **chosen = fr_malloc(allocator, count * sizeof(struct fr_import *));
    if (chosen == NULL)
        return fr_no_memory(ways->m->context);
    struct fr_imports imports = {chosen, count};
    flowrules_status status = import_each(ways, chosen, count, protects, best);
    if (status == FLOWRULES_OK && count > 1) {
        fr_free(allocator, best->text);
        best->text = NULL;
        select_none(chosen, count);
        status = try_import(&imports, best);
        if (status == FLOWRULES_OK)
            status = tell_result(&imports, best, &ways->came_across);
    }
    fr_free(allocator, chosen);
    return status;
}

static void init_import(struct fr_import *import) {
    const struct fr_allocator *allocator = &import->m->context->allocator;
    const struct flowrules_capabilities *can = &import->reading->backend->capabilities;
    import->atoms_are_pods = can->pod_groups && !can->implicit_end;
    fr_vec_init(&import->flows, allocator, sizeof(struct fr_import_flow));
    fr_vec_init(&import->titles, allocator, sizeof(const char *));
    fr_vec_init(&import->targets, allocator, sizeof(struct fr_import_target));
    fr_vec_init(&import->protects, allocator, sizeof(fr_set));
    for (size_t d = 0; d < FR_DIRECTIONS; d++)
        fr_vec_init(&import->protects_of[d], allocator, sizeof(fr_set));
}

static void free_import(struct fr_import *import) {
    fr_vec_free(&import->flows);
    fr_vec_free(&import->titles);
    fr_vec_free(&import->targets);
    fr_vec_free(&import->protects);
    for (size_t d = 0; d < FR_DIRECTIONS; d++)
        fr_vec_free(&import->protects_of[d]);
}

/* Makes an artifact of the policy of all readings, each of which has two ways. */
static flowrules_status import_readings(flowrules_artifact **artifact, flowrules_meaning *m,
                                        const struct fr_vec *readings, const char *format,
                                        const char *protects,
                                        const flowrules_configuration *configuration) {
    flowrules_context *context = m->context;
    struct trial best = {.text = NULL};
    size_t count = 2 * readings->count;
    FR_TRY(check_protects(readings, context, protects));
    struct fr_import *ways = fr_malloc(&context->allocator, count * sizeof *ways);
    if (ways == NULL)
        return fr_no_memory(context);
    for (size_t i = 0; i < count; i++) {
        ways[i] = (struct fr_import){.m = m,
                                     .config = configuration,
                                     .format = format,
                                     .way = i % 2 == 0 ? FR_IMPORT_CUTS : FR_IMPORT_SPARES,
                                     .reading = fr_vec_at(readings, struct fr_reading, i / 2)};
        init_import(&ways[i]);
    }
    flowrules_status status = import_all(ways, readings->count, protects, &best);
    if (status == FLOWRULES_OK || status == FLOWRULES_DIFFERENT) {
        flowrules_status made =
            fr_artifact_of_text(artifact, context, "policy", "policy.yaml", best.text, best.size);
        status = made == FLOWRULES_OK ? status : made;
    }
    fr_free(&context->allocator, best.text);
    for (size_t i = 0; i < count; i++)
        free_import(&ways[i]);
    fr_free(&context->allocator, ways);
    return status;
}

flowrules_status flowrules_import(flowrules_artifact **artifact, flowrules_context *context,
                                  const char *backend, const char *protects,
                                  const flowrules_configuration *configuration) {
    flowrules_meaning *m;
    struct fr_vec readings;
    const char *colon = strchr(backend, ':');
    *artifact = NULL;
    fr_vec_init(&readings, &context->allocator, sizeof(struct fr_reading));
    flowrules_status status = fr_read_each(&m, &readings, context, backend, configuration);
    if (status == FLOWRULES_OK)
        status = import_readings(artifact, m, &readings, colon == NULL ? NULL : colon + 1, protects,
                                 configuration);
    for (size_t i = 0; i < readings.count; i++)
        fr_reading_free(fr_vec_at(&readings, struct fr_reading, i));
    fr_vec_free(&readings);
    flowrules_meaning_free(m);
    if (!context->diagnostics.out_of_memory)
        return status;
    flowrules_artifact_free(*artifact); /* a message, which may be why, is lost */
    *artifact = NULL;
    return FLOWRULES_NO_MEMORY;
}
