/*
 * A policy from a configuration. What is written is loaded again and held against what was read,
 * so that an import never says more or less than its source without telling.
 */
#include <stdio.h>
#include <string.h>

#include "expect.h"
#include "import_write.h"
#include "registry.h"
#include "render.h"

/* Differences that are told before "and more". */
#define DIFFERENCES_TOLD 10u

/* ---- flows --------------------------------------------------------------------------------- */

/* Is a set addresses of this family alone? */
static bool is_of_family(const flowrules_meaning *m, fr_set set, enum flowrules_family family) {
    const struct fr_set_head *head = fr_set_head(&m->sets, set);
    return head->all_atoms == 0 && head->atoms == 0 &&
           (family == FLOWRULES_IPV4 ? head->count6 : head->count4) == 0;
}

/* Is one flow all IPv4 and the other all IPv6? No packet has an end in each. */
static bool are_apart(const flowrules_meaning *m, const struct fr_import_flow *a,
                      const struct fr_import_flow *b) {
    for (int f = 0; f < 2; f++) {
        enum flowrules_family own = (enum flowrules_family)f;
        enum flowrules_family other = f == 0 ? FLOWRULES_IPV6 : FLOWRULES_IPV4;
        if (is_of_family(m, a->ends[0], own) && is_of_family(m, a->ends[1], own) &&
            is_of_family(m, b->ends[0], other) && is_of_family(m, b->ends[1], other))
            return true;
    }
    return false;
}

/* What two flows of one name would be together: one, where they differ in one field alone. */
static bool join(flowrules_meaning *m, struct fr_import_flow *a, const struct fr_import_flow *b) {
    bool source = a->ends[0] == b->ends[0], destination = a->ends[1] == b->ends[1];
    bool service = a->service == b->service;
    if (a->deny != b->deny || a->direction != b->direction ||
        (source + destination + service < 2 && !(service && are_apart(m, a, b))))
        return false;
    if (!source)
        a->ends[0] = fr_set_union(&m->sets, a->ends[0], b->ends[0]);
    if (!destination)
        a->ends[1] = fr_set_union(&m->sets, a->ends[1], b->ends[1]);
    if (service)
        return true;
    const struct fr_service_terms *x = fr_service_get(&m->services, a->service);
    const struct fr_service_terms *y = fr_service_get(&m->services, b->service);
    struct fr_term *terms =
        fr_malloc(&m->context->allocator, (x->count + y->count) * sizeof *terms);
    a->service = FR_SERVICE_NONE;
    if (terms == NULL)
        return true;
    memcpy(terms, x->terms, x->count * sizeof *terms);
    memcpy(terms + x->count, y->terms, y->count * sizeof *terms);
    a->service = fr_services_add(&m->services, terms, x->count + y->count);
    fr_free(&m->context->allocator, terms);
    return true;
}

/* One rule is often written as many lines: those of one name become one flow again. */
static flowrules_status join_flows(struct fr_import *import) {
    struct fr_import_flow *flows = import->flows.items;
    struct fr_map last; /* name -> the flow that has it */
    size_t kept = 0;
    fr_map_init(&last, &import->m->context->allocator);
    bool good = true;
    for (size_t i = 0; good && i < import->flows.count; i++) {
        uint32_t known;
        fr_string name = flows[i].clause->name;
        bool joined = name != 0 && fr_map_get(&last, name, &known) &&
                      join(import->m, &flows[known], &flows[i]);
        if (joined) {
            good = flows[known].ends[0] != FR_SET_NONE && flows[known].ends[1] != FR_SET_NONE &&
                   flows[known].service != FR_SERVICE_NONE;
            continue;
        }
        flows[kept] = flows[i];
        good = name == 0 || fr_map_put(&last, name, (uint32_t)kept);
        kept++;
    }
    import->flows.count = kept;
    fr_map_free(&last);
    return good ? FLOWRULES_OK : fr_no_memory(import->m->context);
}

/* All addresses are any, where names and groups have addresses. */
static void write_any(struct fr_import *import) {
    for (size_t i = 0; i < import->flows.count && !import->atoms_are_pods; i++)
        for (size_t e = 0; e < 2; e++) {
            fr_set *end = &fr_vec_at(&import->flows, struct fr_import_flow, i)->ends[e];
            struct flowrules_set view = {&import->m->sets, *end};
            if (flowrules_set_is_all(view, FLOWRULES_IPV4) &&
                flowrules_set_is_all(view, FLOWRULES_IPV6))
                *end = FR_SET_ANY;
        }
}

/* Path-MTU discovery is the baseline's where that is on. */
static void drop_path_mtu(struct fr_import *import) {
    struct fr_import_flow *flows = import->flows.items;
    size_t kept = 0;
    for (size_t i = 0; i < import->flows.count; i++)
        if (!fr_import_is_path_mtu(import->m, &flows[i]))
            flows[kept++] = flows[i];
    import->flows.count = kept;
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
    fr_set *slot = set == FR_SET_NONE ? NULL : fr_vec_add(&import->protects);
    if (slot == NULL)
        return fr_no_memory(import->m->context);
    *slot = set;
    return FLOWRULES_OK;
}

static flowrules_status object_to(struct fr_import *import, const char *text, size_t length) {
    struct fr_diagnostics *d = &import->m->context->diagnostics;
    struct flowrules_range range;
    unsigned bits;
    if (length > 0 && fr_range_parse(text, length, &range, &bits) == FR_RANGE_HOST_BITS)
        fr_error(d, FR_HOST_BITS, FR_NOWHERE, "the address alone, or its network",
                 "'%.*s' has bits set to the right of its prefix", (int)length, text);
    else
        fr_error(d, FR_ADDRESS, FR_NOWHERE,
                 "addresses and prefixes, or KEY=VALUE for a group of the platform",
                 "'%.*s' can't be protected", (int)length, text);
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
        if (slot == NULL || own == FR_SET_NONE)
            return fr_no_memory(import->m->context);
        *slot = own;
    }
    return FLOWRULES_OK;
}

/* Is a clause one that says what is protected? */
static bool tells_protected(const struct fr_import *import, const struct fr_clause *c) {
    return (c->effect == FR_PASS && (c->packets & FLOWRULES_NEW) != 0) ||
           (import->atoms_are_pods && c->effect == FR_BLOCK);
}

/* Of a set, the groups that it lists alone. */
static fr_set groups_alone(struct fr_import *import, fr_set set) {
    const struct fr_set_head *head = fr_set_head(&import->m->sets, set);
    for (uint32_t i = 0; head->all_atoms == 0 && i < head->atoms; i++)
        fr_builder_atom(&import->m->builder, fr_set_atoms(head)[i]);
    return fr_builder_finish(&import->m->builder, &import->m->sets);
}

/*
 * The protected ends of the rules of some directions; any where some rule does not say. groups:
 * what they list of groups alone.
 */
static fr_set all_protected(struct fr_import *import, int first, int last, bool groups) {
    fr_set sum = FR_SET_EMPTY;
    for (int d = first; d <= last; d++)
        for (size_t s = 0; s < import->m->stages[d].count; s++) {
            const struct fr_stage *stage = *fr_vec_at(&import->m->stages[d], struct fr_stage *, s);
            for (size_t i = 0; i < stage->clauses.count; i++) {
                const struct fr_clause *c = fr_vec_at(&stage->clauses, struct fr_clause, i);
                fr_set end =
                    protected_end((enum flowrules_direction)d) == 0 ? c->source : c->destination;
                if (tells_protected(import, c))
                    sum = fr_set_union(&import->m->sets, sum,
                                       groups ? groups_alone(import, end) : end);
            }
        }
    return sum;
}

/* Of pods, some may be shut for one direction alone. */
static flowrules_status protect_both(struct fr_import *import, fr_set all) {
    for (int d = FLOWRULES_EGRESS; import->atoms_are_pods && d <= FLOWRULES_INGRESS; d++) {
        fr_set own = all_protected(import, d, d, false);
        if (own == FR_SET_NONE)
            return fr_no_memory(import->m->context);
        FR_TRY(protect_groups(import, own, &import->protects_of[d]));
    }
    return protect_groups(import, all, &import->protects);
}

static flowrules_status find_protects(struct fr_import *import, const char *protects) {
    if (protects != NULL)
        return parse_protects(import, protects);
    if (import->m->own != FR_SET_EMPTY) {
        import->protect_policy = true;
        return protect_groups(import, import->m->own, &import->protects);
    }
    if (import->m->stages[FLOWRULES_EGRESS].count + import->m->stages[FLOWRULES_INGRESS].count == 0)
        return FLOWRULES_OK;
    fr_set all = all_protected(import, FLOWRULES_EGRESS, FLOWRULES_INGRESS, false);
    if (all == FR_SET_NONE)
        return fr_no_memory(import->m->context);
    const struct fr_set_head *head = fr_set_head(&import->m->sets, all);
    if (head->all_atoms == 0 && head->atoms > 0 && head->count4 == 0 && head->count6 == 0)
        return protect_both(import, all);
    if (head->all_atoms == 0 && head->atoms == 0 && all != FR_SET_EMPTY)
        return add_protected(import, all);
    /* Every address, and the groups that rules name beside them. */
    fr_set groups = all_protected(import, FLOWRULES_EGRESS, FLOWRULES_INGRESS, true);
    if (groups == FR_SET_NONE)
        return fr_no_memory(import->m->context);
    FR_TRY(add_protected(import, everything(import)));
    return protect_groups(import, groups, &import->protects);
}

/* Flows whose protected end is any are about what is protected. */
static flowrules_status name_protected(struct fr_import *import) {
    fr_set all = FR_SET_EMPTY;
    for (size_t i = 0; i < import->protects.count; i++)
        all = fr_set_union(&import->m->sets, all, *fr_vec_at(&import->protects, fr_set, i));
    for (size_t i = 0; i < import->flows.count && all != FR_SET_NONE; i++) {
        struct fr_import_flow *flow = fr_vec_at(&import->flows, struct fr_import_flow, i);
        fr_set *end = &flow->ends[protected_end(flow->direction)];
        if (flow->direction != FLOWRULES_FORWARD && *end == FR_SET_ANY)
            *end = all;
    }
    return all == FR_SET_NONE ? fr_no_memory(import->m->context) : FLOWRULES_OK;
}

/* Flows that no packet can be, of ends without a family in common, are left out. */
static void drop_unmatched(struct fr_import *import) {
    const struct fr_sets *sets = &import->m->sets;
    struct fr_import_flow *flows = import->flows.items;
    size_t kept = 0;
    for (size_t i = 0; i < import->flows.count; i++) {
        unsigned families = FLOWRULES_BOTH_FAMILIES;
        for (int end = 0; end < 2; end++) {
            const struct fr_set_head *head = fr_set_head(sets, flows[i].ends[end]);
            bool groups = head->all_atoms == 0 && head->atoms > 0;
            if (!groups) /* any less some addresses is addresses alone */
                families &= fr_set_families(sets, flows[i].ends[end]);
        }
        if (families != 0)
            flows[kept++] = flows[i];
    }
    import->flows.count = kept;
}

/* ---- writing and trying -------------------------------------------------------------------- */

static flowrules_status add_target(struct fr_import *import, enum flowrules_direction direction,
                                   bool both) {
    struct fr_import_target *target = fr_vec_add(&import->targets);
    if (target == NULL)
        return fr_no_memory(import->m->context);
    *target = (struct fr_import_target){direction, both};
    return FLOWRULES_OK;
}

/* One target where that says the same, one for each direction where it would say more. */
static flowrules_status choose_targets(struct fr_import *import, bool together) {
    const struct fr_vec *stages = import->m->stages;
    bool both = stages[FLOWRULES_EGRESS].count > 0 && stages[FLOWRULES_INGRESS].count > 0;
    import->targets.count = 0;
    if (both && together)
        FR_TRY(add_target(import, FLOWRULES_EGRESS, true));
    for (int d = 0; d < (int)FR_DIRECTIONS; d++)
        if (stages[d].count > 0 && !(both && together && d != FLOWRULES_FORWARD))
            FR_TRY(add_target(import, (enum flowrules_direction)d, false));
    return FLOWRULES_OK;
}

/* What holding a written policy against its source gave. */
struct trial {
    char *text;
    size_t size;
    size_t differences, others; /* rows; those of new connections; and of other packets */
    bool valid;                 /* it could be loaded and planned */
    size_t messages;            /* those that are not its own: told before it */
    char witness[160];          /* a packet of the first difference */
};

static void count_rows(struct trial *trial, const flowrules_comparison *comparison) {
    for (size_t i = 0; i < flowrules_difference_count(comparison); i++)
        if (strcmp(flowrules_difference_packets(comparison, i), "new connections") != 0)
            trial->others++;
        else if (trial->differences++ == 0)
            snprintf(trial->witness, sizeof trial->witness, "%s %s",
                     flowrules_difference_change(comparison, i),
                     flowrules_difference_witness(comparison, i));
}

/* Compares each target of the policy with the source. */
static flowrules_status compare_targets(const struct fr_import *import, struct trial *trial,
                                        const flowrules_policy *policy) {
    flowrules_context *context = import->m->context;
    for (size_t i = 0; i < flowrules_target_count(policy); i++) {
        flowrules_meaning *expected;
        flowrules_comparison *comparison = NULL;
        FR_TRY(flowrules_meaning_of_policy(&expected, context, policy,
                                           flowrules_target_name(policy, i)));
        flowrules_status status = flowrules_compare(&comparison, context, import->m, expected);
        flowrules_meaning_free(expected);
        if (comparison == NULL)
            return status;
        count_rows(trial, comparison);
        flowrules_comparison_free(comparison);
    }
    return FLOWRULES_OK;
}

/* Writes the policy and holds it against its source; what loading tells is told only at the end. */
static flowrules_status try_import(struct fr_import *import, struct trial *trial) {
    flowrules_context *context = import->m->context;
    struct flowrules_writer w;
    *trial = (struct trial){.messages = context->diagnostics.list.count};
    fr_writer_init(&w, &context->allocator, false);
    flowrules_status status = fr_import_write(import, &w);
    if (status == FLOWRULES_OK)
        trial->text = fr_writer_text(&w, &trial->size);
    fr_writer_free(&w);
    FR_TRY(status);
    if (trial->text == NULL)
        return fr_no_memory(context);
    flowrules_policy *policy = NULL;
    size_t before = context->diagnostics.list.count;
    status =
        flowrules_policy_load_text(&policy, context, "imported policy", trial->text, trial->size);
    if (status == FLOWRULES_OK)
        status = compare_targets(import, trial, policy);
    flowrules_policy_free(policy);
    trial->valid = status == FLOWRULES_OK;
    if (trial->valid) /* warnings about a policy that the user has not seen yet */
        fr_diagnostics_cut(&context->diagnostics, before);
    return status == FLOWRULES_NO_MEMORY ? status : FLOWRULES_OK;
}

static bool is_better(const struct trial *a, const struct trial *b) {
    if (a->valid != b->valid)
        return a->valid;
    return a->differences != b->differences ? a->differences < b->differences
                                            : a->others < b->others;
}

/* Tries one way to write it; keeps what is better, and stops at what is equal. */
static flowrules_status consider(struct fr_import *import, struct trial *best, bool together,
                                 bool baseline, bool mid_stream) {
    struct trial trial;
    if (best->valid && best->differences + best->others == 0)
        return FLOWRULES_OK;
    size_t before = import->m->context->diagnostics.list.count;
    import->baseline = baseline;
    import->mid_stream = mid_stream;
    FR_TRY(choose_targets(import, together));
    flowrules_status status = try_import(import, &trial);
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

static flowrules_status try_all(struct fr_import *import, struct trial *best) {
    bool linux_kinds = fr_setting_find(import->m->backend, "mid-stream") != NULL;
    for (unsigned apart = 0; apart < 2; apart++)
        for (unsigned way = 0; way < (linux_kinds ? 4u : 2u); way++)
            FR_TRY(consider(import, best, apart == 0, (way & 1) == 0, (way & 2) != 0));
    return FLOWRULES_OK;
}

/* ---- telling ------------------------------------------------------------------------------- */

/* The number of doubts that were told. */
static size_t tell_doubts(const struct fr_import *import) {
    size_t told = 0;
    const flowrules_meaning *m = import->m;
    for (size_t i = 0; i < m->doubts.count; i++) {
        const struct fr_doubt *d = fr_vec_at(&m->doubts, struct fr_doubt, i);
        struct fr_at at = FR_NOWHERE;
        if (d->of_deny)
            continue; /* it is a deny of the policy too */
        if (d->file < import->config->files.count)
            at = (struct fr_at){
                fr_vec_at(&import->config->files, struct fr_config_file, d->file)->number, d->line,
                0, 0};
        struct fr_about about = {FLOWRULES_WARNING,
                                 FR_CONFIG_DOUBT,
                                 at,
                                 NULL,
                                 NULL,
                                 "the policy is without it: say by hand what it means"};
        fr_report(&m->context->diagnostics, &about, "not understood: %s", d->text);
        told++;
    }
    return told;
}

static flowrules_status tell_result(const struct fr_import *import, const struct trial *best) {
    struct fr_about about = {FLOWRULES_ERROR,
                             FR_CONFIG_NOT_EQUAL,
                             FR_NOWHERE,
                             NULL,
                             NULL,
                             "compare it with 'flowrules verify' to see where"};
    size_t told = tell_doubts(import);
    if (!best->valid)
        return FLOWRULES_REFUSED; /* what is wrong with the policy was told */
    if (best->differences > 0) {
        fr_report(
            &import->m->context->diagnostics, &about,
            "no policy was found that means the same: the best one differs in %zu %s, such as "
            "'%s'",
            best->differences, best->differences == 1 ? "place" : "places", best->witness);
        return FLOWRULES_REFUSED;
    }
    about.severity = FLOWRULES_NOTE;
    about.hint = "see 'The baseline' in the manual of the policy's meaning";
    if (best->others > 0)
        fr_report(&import->m->context->diagnostics, &about,
                  "new connections pass as before; what passes of the others (replies, loopback, "
                  "IPv6 neighbour discovery) is the baseline, which differs");
    return told > 0 ? FLOWRULES_DIFFERENT : FLOWRULES_OK;
}

/* ---- the whole ----------------------------------------------------------------------------- */

static flowrules_status refuse(const struct fr_import *import, const char *why) {
    fr_error(&import->m->context->diagnostics, FR_CONFIG_NOT_EQUAL, FR_NOWHERE, NULL,
             "the configuration can't be imported: %s", why);
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
    fr_error(
        &import->m->context->diagnostics, FR_CONFIG_NOT_EQUAL, at,
        "take out the returns from its chain, or the deny, and import the rest",
        "the configuration can't be imported: what this rule decides depends on the rules before "
        "it in a way that a policy, whose order does not matter, can't say");
    return FLOWRULES_REFUSED;
}

/* A policy has at least one flow: where nothing passes, one says so. */
static flowrules_status deny_all(struct fr_import *import) {
    static const struct fr_clause nothing = {.effect = FR_BLOCK,
                                             .families = FLOWRULES_BOTH_FAMILIES,
                                             .packets = FR_ALL_PACKETS,
                                             .flow = FR_NO_FLOW,
                                             .source = FR_SET_ANY,
                                             .destination = FR_SET_ANY,
                                             .service = FR_SERVICE_ANY};
    for (int d = 0; d < (int)FR_DIRECTIONS; d++) {
        struct fr_import_flow *flow =
            import->m->stages[d].count > 0 ? fr_vec_add(&import->flows) : NULL;
        if (import->m->stages[d].count == 0)
            continue;
        if (flow == NULL)
            return fr_no_memory(import->m->context);
        *flow = (struct fr_import_flow){
            &nothing, (enum flowrules_direction)d, {FR_SET_ANY, FR_SET_ANY}, FR_SERVICE_ANY, true};
    }
    return FLOWRULES_OK;
}

static flowrules_status import_all(struct fr_import *import, const char *protects,
                                   struct trial *best) {
    const struct fr_clause *too_many = NULL;
    for (int d = 0; d < (int)FR_DIRECTIONS; d++)
        if (import->m->stages[d].count > 0)
            FR_TRY(
                fr_import_flows(import->m, (enum flowrules_direction)d, &import->flows, &too_many));
    if (too_many != NULL)
        return refuse_entangled(import, too_many);
    drop_path_mtu(import);
    FR_TRY(join_flows(import));
    write_any(import);
    if (import->flows.count == 0)
        FR_TRY(deny_all(import));
    if (import->flows.count == 0)
        return refuse(import, "it has no rules, and so lets everything pass");
    FR_TRY(find_protects(import, protects));
    FR_TRY(name_protected(import));
    drop_unmatched(import);
    FR_TRY(try_all(import, best));
    if (import->cannot != NULL)
        return refuse(import, import->cannot);
    return tell_result(import, best);
}

flowrules_status flowrules_import(flowrules_artifact **artifact, flowrules_context *context,
                                  const char *backend, const char *protects,
                                  const flowrules_configuration *configuration) {
    struct fr_import import = {.config = configuration};
    struct trial best = {.text = NULL};
    const char *colon = strchr(backend, ':');
    *artifact = NULL;
    FR_TRY(flowrules_meaning_of_configuration(&import.m, context, backend, NULL, configuration));
    import.format = colon == NULL ? NULL : colon + 1;
    import.atoms_are_pods =
        import.m->backend->capabilities.pod_groups && !import.m->backend->capabilities.implicit_end;
    fr_vec_init(&import.flows, &context->allocator, sizeof(struct fr_import_flow));
    fr_vec_init(&import.targets, &context->allocator, sizeof(struct fr_import_target));
    fr_vec_init(&import.protects, &context->allocator, sizeof(fr_set));
    for (size_t d = 0; d < FR_DIRECTIONS; d++)
        fr_vec_init(&import.protects_of[d], &context->allocator, sizeof(fr_set));
    flowrules_status status = import_all(&import, protects, &best);
    if (status == FLOWRULES_OK || status == FLOWRULES_DIFFERENT) {
        flowrules_status made =
            fr_artifact_of_text(artifact, context, "policy", "policy.yaml", best.text, best.size);
        status = made == FLOWRULES_OK ? status : made;
    }
    fr_free(&context->allocator, best.text);
    fr_vec_free(&import.flows);
    fr_vec_free(&import.targets);
    fr_vec_free(&import.protects);
    for (size_t d = 0; d < FR_DIRECTIONS; d++)
        fr_vec_free(&import.protects_of[d]);
    flowrules_meaning_free(import.m);
    return status;
}
