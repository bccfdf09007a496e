/*
 * Tells differences of two sides one by one.
 */
#include "differences.h"

#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "text.h"

/* ---- who decides --------------------------------------------------------------------------- */

/* What a device of a path does, and by which rule. */
static void print_hop(FILE *stream, const flowrules_comparison *comparison, size_t i, int after,
                      size_t hop) {
    const char *flow = flowrules_difference_hop_flow(comparison, i, after, hop);
    const char *file = flowrules_difference_hop_file(comparison, i, after, hop);
    bool passes = flowrules_difference_hop_passes(comparison, i, after, hop) != 0;
    if (file != NULL) {
        print_user(stream, file);
        fprintf(stream, ":%u", (unsigned)flowrules_difference_hop_line(comparison, i, after, hop));
    } else {
        print_user(stream, flowrules_difference_hop_name(comparison, i, after, hop));
    }
    fputs(passes ? " lets it pass" : " blocks it", stream);
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
    for (size_t hop = 0; hop < hops; hop++) {
        fputs(hop > 0 ? ", " : "", stream);
        print_hop(stream, comparison, i, after, hop);
    }
    if (hops > 0)
        return;
    const char *flow = flowrules_difference_flow(comparison, i, after);
    const char *file = flowrules_difference_file(comparison, i, after);
    if (flow != NULL) {
        fputs("flow '", stream);
        print_user(stream, flow);
        fputs(passes ? "' allows it" : "' denies it", stream);
    } else if (file != NULL) {
        print_user(stream, file);
        fprintf(stream, ":%u %s", (unsigned)flowrules_difference_line(comparison, i, after),
                passes ? "lets it pass" : "blocks it");
    } else if (flowrules_difference_baseline(comparison, i, after)) {
        fputs(passes ? "the baseline lets it pass" : "the baseline blocks it", stream);
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

/* The number of the flow of that name, or the number of flows. */
static size_t find_flow(const flowrules_policy *policy, const char *name) {
    size_t count = policy != NULL && name != NULL ? flowrules_flow_count(policy) : 0, flow = 0;
    while (flow < count && strcmp(flowrules_flow_name(policy, flow), name) != 0)
        flow++;
    return flow;
}

/* Where the flow or rule is by which the packets pass on one side and not on the other. */
static void place_difference(struct result *result, const flowrules_comparison *comparison,
                             size_t i, const struct comparison_words *words) {
    int after = is_allowed(comparison, i);
    const flowrules_policy *policy = words->policies[after];
    const char *name = flowrules_difference_flow(comparison, i, after);
    const char *file = flowrules_difference_file(comparison, i, after);
    size_t flow = find_flow(policy, name);
    result_set(&result->flow, name);
    result_property(result, "flow", name);
    if (file != NULL) {
        result_place(result, file, flowrules_difference_line(comparison, i, after), 0, 0);
    } else if (policy != NULL && flow < flowrules_flow_count(policy)) {
        result_place(result, flowrules_flow_file(policy, flow), flowrules_flow_line(policy, flow),
                     0, 0);
        result_property(result, "owner", flowrules_flow_owner(policy, flow));
        result_property(result, "ticket", flowrules_flow_ticket(policy, flow));
    }
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
    place_difference(result, comparison, i, words);
    result_property(result, "source", flowrules_difference_source(comparison, i));
    result_property(result, "destination", flowrules_difference_destination(comparison, i));
    result_property(result, "service", flowrules_difference_service(comparison, i));
    result_property(result, "enters", flowrules_difference_enters(comparison, i));
    result_property(result, "leaves", flowrules_difference_leaves(comparison, i));
    result_property(result, "direction", flowrules_difference_direction(comparison, i));
    result_property(result, "packets", flowrules_difference_packets(comparison, i));
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
    for (int allowed = 1; allowed >= 0; allowed--)
        for (size_t i = 0; i < flowrules_difference_count(comparison); i++)
            if (is_allowed(comparison, i) == (allowed != 0))
                add_difference(results, comparison, i, words);
    for (size_t i = 0; i < flowrules_doubt_count(comparison); i++)
        add_doubt(results, comparison, i, words);
    if (strcmp(verdict, "equal") == 0 || strcmp(verdict, "contains") == 0)
        results_passed(results, words->equal);
    set_verdict(results, comparison, words);
}
