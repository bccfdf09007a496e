/*
 * Usage: reads the counters of a dump, and tells of each flow of a target what they say, with what
 * earlier dumps have said.
 */
#include "usage.h"

#include <string.h>

#include "input.h"

#include "writer.h"

/* Flows that are named beside one whose counters they share. */
#define OTHERS_MOST 16u

struct flow_row {
    struct fr_usage_row counts;
    const char *state;
    const uint32_t *others; /* flows, the first of them */
    size_t other_count;     /* all of them; those that are kept are at most OTHERS_MOST */
};

struct flowrules_usage {
    struct fr_allocator allocator;
    struct fr_arena arena;
    flowrules_policy *policy;
    struct fr_vec rows; /* struct flow_row */
    const char *verdict, *record;
};

struct using {
    flowrules_context *context;
    const flowrules_policy *policy;
    const char *target;
    flowrules_usage *result;
    flowrules_meaning *expected, *found;
    struct fr_usage_now now;
    struct fr_usage_history history;
    struct fr_vec seen;    /* uint32_t, for each flow: the row that has it among others, + 1 */
    struct fr_vec by;      /* struct fr_span, for each flow: its shares in of_flow */
    struct fr_vec of_flow; /* uint32_t: shares, flow by flow */
    char date[11];
};

/* ---- what the dump says -------------------------------------------------------------------- */

static bool has_rules(const flowrules_meaning *m) {
    for (size_t d = 0; d < FR_DIRECTIONS; d++)
        if (m->stages[d].count > 0)
            return true;
    return false;
}

static flowrules_status add_files(flowrules_configuration *to,
                                  const flowrules_configuration *from) {
    for (size_t i = 0; i < from->settings.count; i++) {
        const struct fr_config_setting *s = fr_vec_at(&from->settings, struct fr_config_setting, i);
        FR_TRY(flowrules_configuration_set(to, s->key, s->value));
    }
    for (size_t i = 0; i < from->files.count; i++) {
        const struct fr_config_file *file = fr_vec_at(&from->files, struct fr_config_file, i);
        FR_TRY(flowrules_configuration_add_text(to, file->name, file->text, file->size));
    }
    return FLOWRULES_OK;
}

/* Counters of rules alone: the rules are those that the target is rendered to. */
static flowrules_status read_with_own_rules(struct using *u,
                                            const flowrules_configuration *counters) {
    flowrules_artifact *artifact = NULL;
    flowrules_configuration *all = NULL;
    flowrules_status status = flowrules_render(&artifact, u->context, u->policy, u->target);
    if (status == FLOWRULES_OK)
        status = flowrules_configuration_new(&all, u->context);
    if (status == FLOWRULES_OK)
        status = flowrules_configuration_add_artifact(all, artifact);
    if (status == FLOWRULES_OK)
        status = add_files(all, counters);
    flowrules_meaning_free(u->found);
    u->found = NULL;
    if (status == FLOWRULES_OK)
        status =
            flowrules_meaning_of_configuration(&u->found, u->context, u->target, u->policy, all);
    flowrules_configuration_free(all);
    flowrules_artifact_free(artifact);
    return status;
}

static void tell_verdict(struct using *u, const flowrules_comparison *comparison) {
    const char *verdict = flowrules_comparison_verdict(comparison);
    bool different = strcmp(verdict, "different") == 0, unknown = strcmp(verdict, "unknown") == 0;
    struct fr_about about = {.severity = FLOWRULES_WARNING,
                             .id = FR_USAGE_DIFFERS,
                             .target = u->target,
                             .hint = "'flowrules verify' shows what differs"};
    u->result->verdict = verdict; /* a constant */
    if (different)
        fr_report(&u->context->diagnostics, &about,
                  "the files let pass other packets than target '%s' has to: their counters may "
                  "count for other flows",
                  u->target);
    about.hint = NULL;
    if (unknown)
        fr_report(&u->context->diagnostics, &about,
                  "it cannot be determined whether the files let pass what target '%s' has to: %s",
                  u->target, flowrules_doubt_text(comparison, 0));
}

static flowrules_status check_counters(struct using *u) {
    if (u->found->counters.count > 0)
        return FLOWRULES_OK;
    return fr_error(&u->context->diagnostics, FR_USAGE_NO_COUNTERS, FR_NOWHERE,
                    "docs/USAGE.md has the command for each platform",
                    "the files have no counters");
}

static flowrules_status compare(struct using *u) {
    flowrules_comparison *comparison;
    flowrules_status status = flowrules_compare(&comparison, u->context, u->expected, u->found);
    if (comparison != NULL) {
        tell_verdict(u, comparison);
        status = FLOWRULES_OK;
    }
    flowrules_comparison_free(comparison);
    return status;
}

static flowrules_status read_dump(struct using *u, flowrules_configuration *configuration) {
    FR_TRY(flowrules_meaning_of_policy(&u->expected, u->context, u->policy, u->target));
    configuration->counters = true;
    flowrules_status status = flowrules_meaning_of_configuration(&u->found, u->context, u->target,
                                                                 u->policy, configuration);
    configuration->counters = false;
    FR_TRY(status);
    FR_TRY(check_counters(u));
    if (!has_rules(u->found))
        FR_TRY(read_with_own_rules(u, configuration));
    FR_TRY(compare(u));
    return fr_usage_match(&u->now, u->policy, u->expected, u->found);
}

/* ---- rows ---------------------------------------------------------------------------------- */

/* The shares of each flow. */
static flowrules_status sort_shares(struct using *u) {
    const struct fr_usage_share *shares = u->now.shares.items;
    size_t flows = u->policy->flows.count;
    uint32_t total = 0;
    if (!fr_vec_reserve(&u->of_flow, u->now.shares.count))
        return fr_no_memory(u->context);
    for (size_t i = 0; i < flows; i++)
        if (fr_vec_push(&u->by) == NULL || fr_vec_push(&u->seen) == NULL)
            return fr_no_memory(u->context);
    for (size_t i = 0; i < u->now.shares.count; i++)
        fr_vec_at(&u->by, struct fr_span, shares[i].flow)->count++;
    for (size_t i = 0; i < flows; i++) {
        struct fr_span *span = fr_vec_at(&u->by, struct fr_span, i);
        span->first = total;
        total += span->count;
        span->count = 0;
    }
    u->of_flow.count = total;
    for (uint32_t i = 0; i < total; i++) {
        struct fr_span *span = fr_vec_at(&u->by, struct fr_span, shares[i].flow);
        *fr_vec_at(&u->of_flow, uint32_t, span->first + span->count++) = i;
    }
    return FLOWRULES_OK;
}

/* A flow that shares a counter with the row's; each is named once. */
static void add_other(struct using *u, struct flow_row *row, uint32_t *others, uint32_t flow) {
    uint32_t *seen = fr_vec_at(&u->seen, uint32_t, flow);
    if (flow == row->counts.flow || *seen == row->counts.flow + 1)
        return;
    *seen = row->counts.flow + 1;
    if (row->other_count < OTHERS_MOST)
        others[row->other_count] = flow;
    row->other_count++;
}

static flowrules_status find_others(struct using *u, struct flow_row *row) {
    const struct fr_span *own = fr_vec_at(&u->by, struct fr_span, row->counts.flow);
    uint32_t *others = fr_arena_alloc(&u->result->arena, OTHERS_MOST * sizeof *others);
    if (others == NULL)
        return fr_no_memory(u->context);
    for (uint32_t i = 0; i < own->count; i++) {
        uint32_t share = *fr_vec_at(&u->of_flow, uint32_t, own->first + i);
        uint32_t counter = fr_vec_at(&u->now.shares, struct fr_usage_share, share)->counter;
        const struct fr_span *span = fr_vec_at(&u->now.spans, struct fr_span, counter);
        for (uint32_t k = 0; k < span->count; k++)
            add_other(u, row, others,
                      fr_vec_at(&u->now.shares, struct fr_usage_share, span->first + k)->flow);
    }
    row->others = others;
    return FLOWRULES_OK;
}

static const char *state_of(const struct using *u, const struct fr_usage_row *row, bool counted) {
    if (row->packets > 0 || row->last != NULL)
        return "used";
    if (row->shared > 0)
        return "shared";
    return counted && !*fr_vec_at(&u->now.open, bool, row->flow) ? "unused" : "uncounted";
}

static flowrules_status add_row(struct using *u, uint32_t flow) {
    struct flow_row *row = fr_vec_push(&u->result->rows);
    const struct fr_usage_row *known = fr_usage_row_of(&u->history, flow);
    bool counted = fr_vec_at(&u->by, struct fr_span, flow)->count > 0;
    if (row == NULL)
        return fr_no_memory(u->context);
    if (known != NULL)
        row->counts = *known;
    row->counts.flow = flow;
    const char **days[] = {&row->counts.since, &row->counts.last, &row->counts.last_shared};
    for (size_t i = 0; i < 3; i++)
        if (*days[i] != NULL &&
            (*days[i] = fr_arena_text(&u->result->arena, *days[i], strlen(*days[i]))) == NULL)
            return fr_no_memory(u->context);
    row->state = state_of(u, &row->counts, counted);
    return find_others(u, row);
}

static flowrules_status add_rows(struct using *u) {
    FR_TRY(sort_shares(u));
    for (uint32_t i = 0; i < u->policy->flows.count; i++)
        if (*fr_vec_at(&u->now.in_scope, bool, i))
            FR_TRY(add_row(u, i));
    return FLOWRULES_OK;
}

static void tell_set_back(const struct using *u) {
    struct fr_about about = {.severity = FLOWRULES_NOTE,
                             .id = FR_USAGE_SET_BACK,
                             .target = u->target,
                             .hint = "were the rules loaded again, or the counters reset?"};
    size_t count = u->history.set_back;
    if (count > 0)
        fr_report(&u->context->diagnostics, &about,
                  "%zu %s of target '%s' %s less than on %s: what was counted in between is not "
                  "known",
                  count, count == 1 ? "counter" : "counters", u->target,
                  count == 1 ? "shows" : "show", u->history.before);
}

static flowrules_status make_record(struct using *u) {
    struct flowrules_writer w;
    fr_writer_init(&w, &u->context->allocator, false);
    fr_usage_record(&u->now, &w, u->target, u->date);
    u->result->record = fr_writer_keep(&w, &u->result->arena);
    return u->result->record == NULL ? fr_no_memory(u->context) : FLOWRULES_OK;
}

/* ---- all ----------------------------------------------------------------------------------- */

static flowrules_status check_date(struct using *u) {
    if (u->context->as_of == FR_NO_DATE)
        return fr_error(&u->context->diagnostics, FR_AS_OF_NEEDED, FR_NOWHERE,
                        "set the option as-of to the day of the files",
                        "the day on which the counters were read is not known");
    fr_date_format(u->context->as_of, u->date);
    return FLOWRULES_OK;
}

static flowrules_status use(struct using *u, flowrules_configuration *configuration,
                            const char *history_name, const char *history, size_t history_size) {
    FR_TRY(check_date(u));
    FR_TRY(read_dump(u, configuration));
    if (history != NULL)
        FR_TRY(fr_usage_history_read(&u->history, u->target, history_name, history, history_size));
    FR_TRY(fr_usage_history_add(&u->history, &u->now, u->date));
    tell_set_back(u);
    FR_TRY(add_rows(u));
    FR_TRY(make_record(u));
    return u->context->diagnostics.out_of_memory ? fr_no_memory(u->context) : FLOWRULES_OK;
}

static flowrules_usage *new_usage(flowrules_context *context, const flowrules_policy *policy) {
    flowrules_usage *usage = fr_malloc(&context->allocator, sizeof *usage);
    if (usage == NULL)
        return NULL;
    *usage = (flowrules_usage){.allocator = context->allocator, .policy = fr_policy_hold(policy)};
    fr_arena_init(&usage->arena, &usage->allocator);
    fr_vec_init(&usage->rows, &usage->allocator, sizeof(struct flow_row));
    return usage;
}

static void free_using(struct using *u) {
    flowrules_meaning_free(u->expected);
    flowrules_meaning_free(u->found);
    fr_usage_now_free(&u->now);
    fr_usage_history_free(&u->history);
    fr_vec_free(&u->seen);
    fr_vec_free(&u->by);
    fr_vec_free(&u->of_flow);
}

flowrules_status flowrules_usage_new(flowrules_usage **usage, flowrules_context *context,
                                     const flowrules_policy *policy, const char *target,
                                     flowrules_configuration *configuration,
                                     const char *history_name, const char *history,
                                     size_t history_size) {
    const struct fr_allocator *allocator = &context->allocator;
    struct using u = {.context = context, .policy = policy, .target = target};
    *usage = NULL;
    u.result = new_usage(context, policy);
    if (u.result == NULL)
        return fr_no_memory(context);
    fr_usage_now_init(&u.now, context);
    fr_vec_init(&u.seen, allocator, sizeof(uint32_t));
    fr_vec_init(&u.by, allocator, sizeof(struct fr_span));
    fr_vec_init(&u.of_flow, allocator, sizeof(uint32_t));
    flowrules_status status = fr_usage_history_init(&u.history, context, policy);
    if (status == FLOWRULES_OK)
        status = use(&u, configuration, history_name, history, history_size);
    free_using(&u);
    if (status == FLOWRULES_OK)
        *usage = u.result;
    else
        flowrules_usage_free(u.result);
    return status;
}

void flowrules_usage_free(flowrules_usage *usage) {
    if (usage == NULL)
        return;
    struct fr_allocator allocator = usage->allocator;
    flowrules_policy_free(usage->policy);
    fr_vec_free(&usage->rows);
    fr_arena_free(&usage->arena);
    fr_free(&allocator, usage);
}

/* ---- getters ------------------------------------------------------------------------------- */

static const struct flow_row *row_at(const flowrules_usage *usage, size_t row) {
    static const struct flow_row none;
    return row < usage->rows.count ? fr_vec_at(&usage->rows, struct flow_row, row) : &none;
}

const char *flowrules_usage_verdict(const flowrules_usage *usage) {
    return usage->verdict;
}

const char *flowrules_usage_record(const flowrules_usage *usage) {
    return usage->record;
}

size_t flowrules_usage_row_count(const flowrules_usage *usage) {
    return usage->rows.count;
}

const char *flowrules_usage_flow(const flowrules_usage *usage, size_t row) {
    return row < usage->rows.count
               ? flowrules_flow_name(usage->policy, row_at(usage, row)->counts.flow)
               : NULL;
}

const char *flowrules_usage_state(const flowrules_usage *usage, size_t row) {
    return row_at(usage, row)->state;
}

uint64_t flowrules_usage_packets(const flowrules_usage *usage, size_t row) {
    return row_at(usage, row)->counts.packets;
}

uint64_t flowrules_usage_bytes(const flowrules_usage *usage, size_t row) {
    return row_at(usage, row)->counts.bytes;
}

int flowrules_usage_has_bytes(const flowrules_usage *usage, size_t row) {
    return row_at(usage, row)->counts.has_bytes;
}

uint64_t flowrules_usage_shared(const flowrules_usage *usage, size_t row) {
    return row_at(usage, row)->counts.shared;
}

int flowrules_usage_at_least(const flowrules_usage *usage, size_t row) {
    return row_at(usage, row)->counts.at_least;
}

const char *flowrules_usage_since(const flowrules_usage *usage, size_t row) {
    return row_at(usage, row)->counts.since;
}

const char *flowrules_usage_last(const flowrules_usage *usage, size_t row) {
    return row_at(usage, row)->counts.last;
}

const char *flowrules_usage_last_shared(const flowrules_usage *usage, size_t row) {
    return row_at(usage, row)->counts.last_shared;
}

size_t flowrules_usage_other_count(const flowrules_usage *usage, size_t row) {
    return row_at(usage, row)->other_count;
}

const char *flowrules_usage_other(const flowrules_usage *usage, size_t row, size_t other) {
    const struct flow_row *r = row_at(usage, row);
    return other < r->other_count && other < OTHERS_MOST
               ? flowrules_flow_name(usage->policy, r->others[other])
               : NULL;
}
