/*
 * Tells differences of two sides one by one.
 */
#include "differences.h"

#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "text.h"

/* ---- who decides --------------------------------------------------------------------------- */

/* What is said of a flow and of a rule that blocks, or lets pass. */
struct deeds {
    const char *flow[2], *rule[2];
};

/* The older of two versions did it, everything else does it. */
static const struct deeds *deeds_of(const struct comparison_words *words, int after) {
    static const struct deeds now = {{"denies it", "allows it"}, {"blocks it", "lets it pass"}};
    static const struct deeds then = {{"denied it", "allowed it"}, {"blocked it", "let it pass"}};
    return words->versions && !after ? &then : &now;
}

/* What a device of a path does, and by which rule. */
static void print_hop(FILE *stream, const flowrules_comparison *comparison, size_t i, int after,
                      size_t hop, const struct comparison_words *words) {
    const char *flow = flowrules_difference_hop_flow(comparison, i, after, hop);
    const char *file = flowrules_difference_hop_file(comparison, i, after, hop);
    bool passes = flowrules_difference_hop_passes(comparison, i, after, hop) != 0;
    if (file != NULL) {
        print_user(stream, file);
        fprintf(stream, ":%u", (unsigned)flowrules_difference_hop_line(comparison, i, after, hop));
    } else {
        print_user(stream, flowrules_difference_hop_name(comparison, i, after, hop));
    }
    fprintf(stream, " %s", deeds_of(words, after)->rule[passes]);
    if (flow != NULL) {
        fputs(" (flow '", stream);
        print_user(stream, flow);
        fputs("')", stream);
    } else if (flowrules_difference_hop_baseline(comparison, i, after, hop)) {
        fputs(" (the baseline)", stream);
    }
}

void print_decider(FILE *stream, const flowrules_comparison *comparison, size_t i, int after,
                   bool passes, const struct comparison_words *words) {
    size_t hops = flowrules_difference_hop_count(comparison, i, after);
    const struct deeds *deeds = deeds_of(words, after);
    for (size_t hop = 0; hop < hops; hop++) {
        fputs(hop > 0 ? ", " : "", stream);
        print_hop(stream, comparison, i, after, hop, words);
    }
    if (hops > 0)
        return;
    const char *flow = flowrules_difference_flow(comparison, i, after);
    const char *file = flowrules_difference_file(comparison, i, after);
    if (flow != NULL) {
        fputs("flow '", stream);
        print_user(stream, flow);
        fprintf(stream, "' %s", deeds->flow[passes]);
    } else if (file != NULL) {
        print_user(stream, file);
        fprintf(stream, ":%u %s", (unsigned)flowrules_difference_line(comparison, i, after),
                deeds->rule[passes]);
    } else if (flowrules_difference_baseline(comparison, i, after)) {
        fprintf(stream, "the baseline %s", deeds->rule[passes]);
    } else {
        fputs(passes ? words->no_block[after] : words->no_rule[after], stream);
    }
}

/* ---- results ------------------------------------------------------------------------------- */

/* To be freed. */
static char *decider_text(const flowrules_comparison *comparison, size_t i, int after, bool passes,
                          const struct comparison_words *words) {
    struct json_answer text;
    json_answer_begin(&text);
    print_decider(text.stream, comparison, i, after, passes, words);
    return json_answer_take(&text);
}

static bool is_allowed(const flowrules_comparison *comparison, size_t i) {
    return strcmp(flowrules_difference_change(comparison, i), "allowed") == 0;
}

/* ---- order --------------------------------------------------------------------------------- */

/* A difference; those of one group have the same deciders. */
struct ranked {
    size_t number, group;
    double width, group_width;
    char *deciders;
};

static int by_deciders(const void *one, const void *other) {
    const struct ranked *a = one, *b = other;
    int order = strcmp(a->deciders, b->deciders);
    return order != 0 ? order : (a->number > b->number) - (a->number < b->number);
}

static int by_width(const void *one, const void *other) {
    const struct ranked *a = one, *b = other;
    int order = (a->group_width < b->group_width) - (a->group_width > b->group_width);
    if (order == 0)
        order = (a->group > b->group) - (a->group < b->group);
    if (order == 0)
        order = (a->width < b->width) - (a->width > b->width);
    return order != 0 ? order : (a->number > b->number) - (a->number < b->number);
}

static char *deciders_of(const flowrules_comparison *comparison, size_t i,
                         const struct comparison_words *words) {
    bool passes = is_allowed(comparison, i);
    char *after = decider_text(comparison, i, 1, passes, words), *deciders = NULL;
    char *before = decider_text(comparison, i, 0, !passes, words);
    result_print(&deciders, "%s; %s", after, before);
    free(after);
    free(before);
    return deciders;
}

/* A group is known by its first difference, and is as wide as its widest. */
static void find_groups(struct ranked *ranked, size_t count) {
    for (size_t i = 0, end; i < count; i = end) {
        double width = 0;
        for (end = i; end < count && strcmp(ranked[i].deciders, ranked[end].deciders) == 0; end++)
            width = ranked[end].width > width ? ranked[end].width : width;
        for (size_t k = i; k < end; k++) {
            ranked[k].group = ranked[i].number;
            ranked[k].group_width = width;
        }
    }
}

size_t *order_differences(const flowrules_comparison *comparison,
                          const struct comparison_words *words) {
    size_t count = flowrules_difference_count(comparison);
    size_t *order = allocate(count, sizeof(*order));
    struct ranked *ranked = allocate(count, sizeof(*ranked));
    for (size_t i = 0; i < count; i++)
        ranked[i] = (struct ranked){.number = i,
                                    .width = flowrules_difference_width(comparison, i),
                                    .deciders = deciders_of(comparison, i, words)};
    if (count > 1)
        qsort(ranked, count, sizeof(*ranked), by_deciders);
    find_groups(ranked, count);
    if (count > 1)
        qsort(ranked, count, sizeof(*ranked), by_width);
    for (size_t i = 0; i < count; i++) {
        order[i] = ranked[i].number;
        free(ranked[i].deciders);
    }
    free(ranked);
    return order;
}

/* ---- where --------------------------------------------------------------------------------- */

static void place_flow(struct result *result, const flowrules_policy *policy, size_t flow) {
    result_place(result, flowrules_flow_file(policy, flow), flowrules_flow_line(policy, flow), 0,
                 0);
    result_property(result, "owner", flowrules_flow_owner(policy, flow));
    result_property(result, "ticket", flowrules_flow_ticket(policy, flow));
}

/* A flow of the old policy is to be seen where it is in the new one, if it is still there. */
static void place_old_flow(struct result *result, const struct comparison_words *words,
                           size_t old) {
    const flowrules_policy *const *policies = words->policies;
    const char *name = new_name(words->changes, flowrules_flow_name(policies[0], old));
    size_t flow = name != NULL ? find_flow(policies[1], name) : SIZE_MAX;
    place_flow(result, policies[0], old);
    result_also(result, flowrules_flow_file(policies[0], old),
                flowrules_flow_line(policies[0], old), "the old version");
    if (flow < flowrules_flow_count(policies[1]))
        result_place(result, flowrules_flow_file(policies[1], flow),
                     flowrules_flow_line(policies[1], flow), 0, 0);
    else
        result_place(result, NULL, 0, 0, 0);
}

/* Where the flow or rule is by which the packets pass on one side and not on the other. */
static void place_difference(struct result *result, const flowrules_comparison *comparison,
                             size_t i, const struct comparison_words *words) {
    int after = is_allowed(comparison, i);
    const flowrules_policy *policy = words->policies[after];
    const char *name = flowrules_difference_flow(comparison, i, after);
    const char *file = flowrules_difference_file(comparison, i, after);
    size_t flow = policy != NULL && name != NULL ? find_flow(policy, name) : SIZE_MAX;
    bool known = policy != NULL && flow < flowrules_flow_count(policy);
    char *targets = words->changes != NULL ? targets_of(words->changes, after, name) : NULL;
    result_set(&result->flow, name);
    result_property(result, "flow", name);
    result_property(result, "targets", targets);
    free(targets);
    if (file != NULL)
        result_place(result, file, flowrules_difference_line(comparison, i, after), 0, 0);
    else if (known && !after && words->changes != NULL)
        place_old_flow(result, words, flow);
    else if (known)
        place_flow(result, policy, flow);
}

static void set_message(struct result *result, const flowrules_comparison *comparison, size_t i,
                        const struct comparison_words *words) {
    bool passes = is_allowed(comparison, i);
    const char *direction = flowrules_difference_direction(comparison, i);
    char *after = decider_text(comparison, i, 1, passes, words);
    char *before = decider_text(comparison, i, 0, !passes, words);
    result_print(&result->message, "%s: '%s' -> '%s' '%s' (%s, %s): %s; %s; for example '%s'",
                 passes ? words->allowed : words->denied,
                 flowrules_difference_source(comparison, i),
                 flowrules_difference_destination(comparison, i),
                 flowrules_difference_service(comparison, i), direction,
                 flowrules_difference_packets(comparison, i), after, before,
                 flowrules_difference_witness(comparison, i));
    result_property(result, "after", after);
    result_property(result, "before", before);
    free(after);
    free(before);
}

static void add_difference(struct results *results, const flowrules_comparison *comparison,
                           size_t i, const struct comparison_words *words) {
    bool allowed = is_allowed(comparison, i);
    struct result *result = results_add(results, words->rules[allowed ? 0 : 1], words->severity);
    result->fails = true;
    result->section = &words->sections[allowed ? 0 : 1];
    result_set(&result->test, words->equal);
    result->group = deciders_of(comparison, i, words);
    place_difference(result, comparison, i, words);
    result_property(result, "source", flowrules_difference_source(comparison, i));
    result_property(result, "destination", flowrules_difference_destination(comparison, i));
    result_property(result, "service", flowrules_difference_service(comparison, i));
    result_property(result, "enters", flowrules_difference_enters(comparison, i));
    result_property(result, "leaves", flowrules_difference_leaves(comparison, i));
    result_property(result, "direction", flowrules_difference_direction(comparison, i));
    result_property(result, "kind", flowrules_difference_packets(comparison, i));
    result_property(result, "example", flowrules_difference_witness(comparison, i));
    set_message(result, comparison, i, words);
}

static void add_doubt(struct results *results, const flowrules_comparison *comparison, size_t i,
                      const struct comparison_words *words) {
    static const struct section section = {"Not understood, or not compared",
                                           {COLUMN_WHERE, COLUMN_FINDING, NULL}};
    struct result *result = results_add(results, "doubt", FLOWRULES_WARNING);
    result->fails = strcmp(flowrules_comparison_verdict(comparison), "unknown") == 0;
    result->section = &section;
    result_set(&result->test, words->equal);
    result_place(result, flowrules_doubt_file(comparison, i), flowrules_doubt_line(comparison, i),
                 0, 0);
    result_set(&result->message, flowrules_doubt_text(comparison, i));
    result_property(result, "side", flowrules_doubt_after(comparison, i) ? "after" : "before");
}

/* "different: 3 newly allowed, 1 no longer allowed", or the word with its sentence. */
static void set_verdict(struct results *results, const flowrules_comparison *comparison,
                        const struct comparison_words *words) {
    const char *verdict = flowrules_comparison_verdict(comparison);
    size_t count = flowrules_difference_count(comparison), allowed = 0;
    for (size_t i = 0; i < count; i++)
        allowed += is_allowed(comparison, i);
    if (strcmp(verdict, "different") == 0)
        result_print(&results->verdict, "different: %zu %s, %zu %s", allowed, words->allowed,
                     count - allowed, words->denied);
    else if (strcmp(verdict, "unknown") == 0)
        result_set(&results->verdict, "unknown: something was not understood, or not compared");
    else
        result_print(&results->verdict, "%s: %s", verdict,
                     strcmp(verdict, "equal") == 0 ? words->equal : words->contains);
}

void add_differences(struct results *results, const flowrules_comparison *comparison,
                     const struct comparison_words *words) {
    const char *verdict = flowrules_comparison_verdict(comparison);
    size_t *order = order_differences(comparison, words);
    for (int allowed = 1; allowed >= 0; allowed--)
        for (size_t i = 0; i < flowrules_difference_count(comparison); i++)
            if (is_allowed(comparison, order[i]) == (allowed != 0))
                add_difference(results, comparison, order[i], words);
    free(order);
    for (size_t i = 0; i < flowrules_doubt_count(comparison); i++)
        add_doubt(results, comparison, i, words);
    if (strcmp(verdict, "equal") == 0 || strcmp(verdict, "contains") == 0)
        results_passed(results, words->equal);
    if (words->changes != NULL)
        add_policy_changes(results, words->changes);
    set_verdict(results, comparison, words);
}
