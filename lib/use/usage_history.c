/*
 * What dumps say of flows over time. A counter that shows less than before was set back: what it
 * shows was counted since, and what it counted between is lost. Counters are told from others by
 * the flows that they count for, and by their order among these, so that names and lines of rules
 * may change.
 */
#include <string.h>

#include "json.h"
#include "usage.h"
#include "writer.h"

/* Numbers of JSON are exact up to here, 2^53; more is taken as this many. */
#define EXACT_MAX (UINT64_C(1) << 53)

/* The counters of a group in a dump. */
struct counted {
    const char *key;
    const char *last;     /* the day on which one of them last counted, or NULL */
    struct fr_vec counts; /* struct fr_usage_past */
    struct fr_vec flows;  /* struct counted_flow */
    bool has_bytes;
};

struct counted_flow {
    uint32_t flow; /* or UINT32_MAX: the policy has it no longer */
    bool whole;
};

/* What was counted since the dump before. */
struct increase {
    uint64_t packets, bytes;
};

static uint64_t add(uint64_t a, uint64_t b) {
    return a > EXACT_MAX || b > EXACT_MAX - a ? EXACT_MAX : a + b;
}

static uint64_t exact(uint64_t count) {
    return count > EXACT_MAX ? EXACT_MAX : count;
}

static void counted_init(struct counted *c, const struct fr_allocator *allocator) {
    *c = (struct counted){.key = NULL};
    fr_vec_init(&c->counts, allocator, sizeof(struct fr_usage_past));
    fr_vec_init(&c->flows, allocator, sizeof(struct counted_flow));
}

static void counted_free(struct counted *c) {
    fr_vec_free(&c->counts);
    fr_vec_free(&c->flows);
}

/* ---- one group ----------------------------------------------------------------------------- */

/* What the counters show more than in the dump before, which they take the place of. */
static flowrules_status increase_of(struct fr_usage_history *h, const struct counted *c,
                                    struct increase *sum) {
    fr_string key = fr_strings_add(&h->keys, c->key, strlen(c->key));
    uint32_t number;
    *sum = (struct increase){.packets = 0};
    bool known = key != 0 && fr_map_get(&h->group_of, key, &number);
    if (!known && key != 0 && fr_vec_push(&h->groups) != NULL) {
        number = (uint32_t)h->groups.count;
        known = fr_map_put(&h->group_of, key, number);
    }
    if (!known || !fr_vec_reserve(&h->past, c->counts.count))
        return fr_no_memory(h->context);
    struct fr_usage_past_group *group =
        fr_vec_at(&h->groups, struct fr_usage_past_group, number - 1);
    bool follows = group->dump + 1 == h->dumps && group->dump > 0;
    bool same = follows && group->counts.count == c->counts.count;
    for (uint32_t i = 0; i < c->counts.count; i++) {
        const struct fr_usage_past *now = fr_vec_at(&c->counts, struct fr_usage_past, i);
        struct fr_usage_past before = {0, 0};
        if (same)
            before = *fr_vec_at(&h->past, struct fr_usage_past, group->counts.first + i);
        bool less = now->packets < before.packets || now->bytes < before.bytes;
        if (less)
            before = (struct fr_usage_past){0, 0};
        h->set_back += less || (follows && !same);
        sum->packets = add(sum->packets, now->packets - before.packets);
        sum->bytes = add(sum->bytes, now->bytes - before.bytes);
    }
    group->dump = h->dumps;
    group->counts = (struct fr_span){(uint32_t)h->past.count, (uint32_t)c->counts.count};
    for (uint32_t i = 0; i < c->counts.count; i++)
        *(struct fr_usage_past *)fr_vec_add(&h->past) =
            *fr_vec_at(&c->counts, struct fr_usage_past, i);
    return FLOWRULES_OK;
}

static struct fr_usage_row *row_of(struct fr_usage_history *h, uint32_t flow) {
    uint32_t number;
    if (fr_map_get(&h->row_of, flow + 1, &number))
        return fr_vec_at(&h->rows, struct fr_usage_row, number - 1);
    struct fr_usage_row *row = fr_vec_push(&h->rows);
    if (row == NULL || !fr_map_put(&h->row_of, flow + 1, (uint32_t)h->rows.count))
        return NULL;
    row->flow = flow;
    row->since = h->date;
    return row;
}

/* The later of two days. */
static const char *later(const char *a, const char *b) {
    return a == NULL || (b != NULL && strcmp(b, a) > 0) ? b : a;
}

static void count_for(struct fr_usage_row *row, const struct counted *c, bool whole,
                      const struct increase *more, const char *date) {
    const char *day = c->last != NULL ? c->last : more->packets > 0 ? date : NULL;
    if (!whole) {
        row->shared = add(row->shared, more->packets);
        row->last_shared = later(row->last_shared, day);
    } else {
        row->packets = add(row->packets, more->packets);
        row->bytes = add(row->bytes, more->bytes);
        row->has_bytes = row->has_bytes || c->has_bytes;
        row->last = later(row->last, day);
    }
    row->at_least = row->at_least || row->packets == EXACT_MAX || row->bytes == EXACT_MAX ||
                    row->shared == EXACT_MAX;
}

static flowrules_status add_counted(struct fr_usage_history *h, const struct counted *c) {
    struct increase more;
    FR_TRY(increase_of(h, c, &more));
    for (size_t i = 0; i < c->flows.count; i++) {
        const struct counted_flow *flow = fr_vec_at(&c->flows, struct counted_flow, i);
        struct fr_usage_row *row = flow->flow == UINT32_MAX ? NULL : row_of(h, flow->flow);
        if (row != NULL)
            count_for(row, c, flow->whole, &more, h->date);
        else if (flow->flow != UINT32_MAX)
            return fr_no_memory(h->context);
    }
    return FLOWRULES_OK;
}

static flowrules_status begin_dump(struct fr_usage_history *h, const char *date, struct fr_at at) {
    if (h->date != NULL && strcmp(date, h->date) < 0)
        return fr_error(&h->context->diagnostics, FR_USAGE_HISTORY, at,
                        "add dumps in the order of their days, with the option as-of",
                        "the counters are of %s, and the record before them is of %s", date,
                        h->date);
    h->before = h->date;
    h->date = fr_arena_text(&h->arena, date, strlen(date));
    h->dumps++;
    h->set_back = 0;
    return h->date == NULL ? fr_no_memory(h->context) : FLOWRULES_OK;
}

/*
 * Where one counter was set back, others may have been that show no less: of a counter at 0 that
 * cannot be seen. What is known of flows since earlier dumps is then the least.
 */
static void end_dump(struct fr_usage_history *h) {
    for (size_t i = 0; i < h->rows.count && h->set_back > 0; i++) {
        struct fr_usage_row *row = fr_vec_at(&h->rows, struct fr_usage_row, i);
        row->at_least = row->at_least || row->since != h->date;
    }
}

/* ---- a dump -------------------------------------------------------------------------------- */

static flowrules_status take_group(struct fr_usage_history *h, const struct fr_usage_now *now,
                                   const struct fr_usage_group *group, struct counted *c) {
    c->key = group->key;
    c->last = NULL;
    c->counts.count = c->flows.count = 0;
    c->has_bytes = true;
    for (uint32_t i = 0; i < group->counters.count; i++) {
        uint32_t number = *fr_vec_at(&now->order, uint32_t, group->counters.first + i);
        const struct fr_counter *counter = fr_vec_at(&now->counters, struct fr_counter, number);
        struct fr_usage_past *count = fr_vec_add(&c->counts);
        if (count == NULL)
            return fr_no_memory(h->context);
        *count = (struct fr_usage_past){exact(counter->packets), exact(counter->bytes)};
        c->has_bytes = c->has_bytes && counter->has_bytes;
        c->last = later(c->last, *fr_vec_at(&now->last, const char *, number));
    }
    for (uint32_t i = 0; i < group->shares.count; i++) {
        const struct fr_usage_share *share =
            fr_vec_at(&now->shares, struct fr_usage_share, group->shares.first + i);
        struct counted_flow *flow = fr_vec_add(&c->flows);
        if (flow == NULL)
            return fr_no_memory(h->context);
        *flow = (struct counted_flow){share->flow, share->whole};
    }
    return FLOWRULES_OK;
}

flowrules_status fr_usage_history_add(struct fr_usage_history *history,
                                      const struct fr_usage_now *now, const char *date) {
    struct counted c;
    counted_init(&c, &history->context->allocator);
    flowrules_status status = begin_dump(history, date, FR_NOWHERE);
    for (size_t i = 0; i < now->groups.count && status == FLOWRULES_OK; i++) {
        status = take_group(history, now, fr_vec_at(&now->groups, struct fr_usage_group, i), &c);
        if (status == FLOWRULES_OK)
            status = add_counted(history, &c);
    }
    end_dump(history);
    counted_free(&c);
    return status;
}

/* ---- a line of the file -------------------------------------------------------------------- */

static bool take_flows(struct fr_usage_history *h, const fr_json *list, bool whole,
                       struct counted *c) {
    for (const fr_json *item = fr_json_first(list); item != NULL; item = fr_json_next(item)) {
        const char *name = fr_json_string(item);
        fr_string known = name == NULL ? 0 : fr_strings_find(&h->keys, name, strlen(name));
        struct counted_flow *flow = name == NULL ? NULL : fr_vec_add(&c->flows);
        uint32_t number;
        if (flow == NULL)
            return false;
        bool there = known != 0 && fr_map_get(&h->flow_of, known, &number);
        *flow = (struct counted_flow){there ? number - 1 : UINT32_MAX, whole};
    }
    return fr_json_is_array(list);
}

static bool read_count(const fr_json *value, uint64_t *count) {
    double number;
    if (!fr_json_number(value, &number) || !(number >= 0) || number > (double)EXACT_MAX)
        return false;
    *count = (uint64_t)number;
    return true;
}

static bool take_counts(const fr_json *packets, const fr_json *bytes, struct counted *c) {
    const fr_json *b = fr_json_first(bytes);
    if (!fr_json_is_array(packets) || (bytes != NULL && !fr_json_is_array(bytes)))
        return false;
    for (const fr_json *p = fr_json_first(packets); p != NULL; p = fr_json_next(p)) {
        struct fr_usage_past *count = fr_vec_push(&c->counts);
        if (count == NULL || !read_count(p, &count->packets) ||
            (bytes != NULL && !read_count(b, &count->bytes)))
            return false;
        b = fr_json_next(b);
    }
    c->has_bytes = bytes != NULL;
    return b == NULL;
}

static bool is_day(const char *text) {
    int32_t days;
    return text != NULL && fr_date_parse(text, strlen(text), &days);
}

static void write_names(struct flowrules_writer *w, const fr_json *list, const char *mark) {
    for (const fr_json *item = fr_json_first(list); item != NULL; item = fr_json_next(item)) {
        flowrules_write(w, mark);
        flowrules_write(w, fr_json_string(item));
        flowrules_write(w, "\n");
    }
}

/* The key of the group, as fr_usage_group makes it, of names that were checked. */
static const char *key_of(struct fr_usage_history *h, const fr_json *group) {
    struct flowrules_writer w;
    fr_writer_init(&w, &h->context->allocator, false);
    write_names(&w, fr_json_member(group, "flows"), "=");
    write_names(&w, fr_json_member(group, "shared"), "~");
    return fr_writer_keep(&w, &h->arena);
}

static bool take_json(struct fr_usage_history *h, const fr_json *group, struct counted *c) {
    c->counts.count = c->flows.count = 0;
    c->last = fr_json_string(fr_json_member(group, "last"));
    if (c->last != NULL)
        c->last = is_day(c->last) ? fr_arena_text(&h->arena, c->last, strlen(c->last)) : NULL;
    return take_flows(h, fr_json_member(group, "flows"), true, c) &&
           take_flows(h, fr_json_member(group, "shared"), false, c) &&
           take_counts(fr_json_member(group, "packets"), fr_json_member(group, "bytes"), c) &&
           (c->key = key_of(h, group)) != NULL;
}

/* False: it is none that was written here. */
static bool read_record(struct fr_usage_history *h, const char *target, const fr_json *record,
                        struct fr_at at, struct counted *c, flowrules_status *status) {
    const char *of = fr_json_string(fr_json_member(record, "target"));
    const char *date = fr_json_string(fr_json_member(record, "date"));
    const fr_json *groups = fr_json_member(record, "counters");
    if (of == NULL || !is_day(date) || !fr_json_is_array(groups))
        return false;
    if (strcmp(of, target) != 0)
        return true;
    *status = begin_dump(h, date, at);
    for (const fr_json *g = fr_json_first(groups); g != NULL && *status == FLOWRULES_OK;
         g = fr_json_next(g)) {
        if (!take_json(h, g, c))
            return false;
        *status = add_counted(h, c);
    }
    end_dump(h);
    return true;
}

static flowrules_status read_line(struct fr_usage_history *h, const char *target, const char *line,
                                  size_t length, struct fr_at at) {
    struct counted c;
    size_t offset;
    fr_json *record = fr_json_parse(line, length, &offset);
    flowrules_status status = FLOWRULES_OK;
    if (record == NULL && offset == SIZE_MAX)
        return fr_no_memory(h->context);
    counted_init(&c, &h->context->allocator);
    bool good = record != NULL && read_record(h, target, record, at, &c, &status);
    counted_free(&c);
    fr_json_free(record);
    if (status != FLOWRULES_OK || good)
        return status;
    return fr_error(&h->context->diagnostics, FR_USAGE_HISTORY, at,
                    "give the file that 'usage --history' has written, or a new name",
                    "this line is no record of 'flowrules usage'");
}

flowrules_status fr_usage_history_read(struct fr_usage_history *history, const char *target,
                                       const char *name, const char *text, size_t size) {
    uint32_t file = fr_diagnostics_file(&history->context->diagnostics, name, text, size);
    flowrules_status status = file == 0 ? fr_no_memory(history->context) : FLOWRULES_OK;
    const char *end = text + size;
    for (uint32_t line = 1; text < end && status == FLOWRULES_OK; line++) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        size_t length = (size_t)((newline == NULL ? end : newline) - text);
        if (length > 0)
            status = read_line(history, target, text, length, (struct fr_at){file, line, 1, 0});
        text += length + (newline != NULL);
    }
    fr_diagnostics_forget(&history->context->diagnostics, file);
    return status;
}

/* ---- writing ------------------------------------------------------------------------------- */

static fr_json *numbers_of(const struct fr_usage_now *now, const struct fr_usage_group *group,
                           bool bytes) {
    fr_json *list = fr_json_array();
    for (uint32_t i = 0; i < group->counters.count; i++) {
        uint32_t number = *fr_vec_at(&now->order, uint32_t, group->counters.first + i);
        const struct fr_counter *counter = fr_vec_at(&now->counters, struct fr_counter, number);
        uint64_t count = exact(bytes ? counter->bytes : counter->packets);
        fr_json_add(list, NULL, fr_json_of_number((double)count));
    }
    return list;
}

static fr_json *flows_of(const struct fr_usage_now *now, const struct fr_usage_group *group,
                         bool whole) {
    fr_json *list = fr_json_array();
    for (uint32_t i = 0; i < group->shares.count; i++) {
        const struct fr_usage_share *share =
            fr_vec_at(&now->shares, struct fr_usage_share, group->shares.first + i);
        if (share->whole == whole)
            fr_json_add(list, NULL, fr_json_text(share->name));
    }
    return list;
}

static fr_json *record_of(const struct fr_usage_now *now, const struct fr_usage_group *group) {
    fr_json *object = fr_json_object();
    const char *last = NULL;
    bool bytes = true;
    for (uint32_t i = 0; i < group->counters.count; i++) {
        uint32_t number = *fr_vec_at(&now->order, uint32_t, group->counters.first + i);
        bytes = bytes && fr_vec_at(&now->counters, struct fr_counter, number)->has_bytes;
        last = later(last, *fr_vec_at(&now->last, const char *, number));
    }
    fr_json_add(object, "flows", flows_of(now, group, true));
    fr_json_add(object, "shared", flows_of(now, group, false));
    fr_json_add(object, "packets", numbers_of(now, group, false));
    if (bytes)
        fr_json_add(object, "bytes", numbers_of(now, group, true));
    if (last != NULL)
        fr_json_add_string(object, "last", last);
    return object;
}

void fr_usage_record(const struct fr_usage_now *now, struct flowrules_writer *writer,
                     const char *target, const char *date) {
    fr_json *record = fr_json_object(), *list = fr_json_array();
    for (size_t i = 0; i < now->groups.count; i++)
        fr_json_add(list, NULL, record_of(now, fr_vec_at(&now->groups, struct fr_usage_group, i)));
    fr_json_add_string(record, "target", target);
    fr_json_add_string(record, "date", date);
    fr_json_add(record, "counters", list);
    fr_json_write(writer, record);
}

/* ---- life ---------------------------------------------------------------------------------- */

flowrules_status fr_usage_history_init(struct fr_usage_history *history, flowrules_context *context,
                                       const flowrules_policy *policy) {
    const struct fr_allocator *allocator = &context->allocator;
    *history = (struct fr_usage_history){.context = context, .policy = policy};
    fr_arena_init(&history->arena, allocator);
    fr_strings_init(&history->keys, allocator);
    fr_map_init(&history->flow_of, allocator);
    fr_map_init(&history->row_of, allocator);
    fr_map_init(&history->group_of, allocator);
    fr_vec_init(&history->groups, allocator, sizeof(struct fr_usage_past_group));
    fr_vec_init(&history->past, allocator, sizeof(struct fr_usage_past));
    fr_vec_init(&history->rows, allocator, sizeof(struct fr_usage_row));
    for (uint32_t i = 0; i < policy->flows.count; i++) {
        const char *name = flowrules_flow_name(policy, i);
        fr_string known = fr_strings_add(&history->keys, name, strlen(name));
        if (known == 0 || !fr_map_put(&history->flow_of, known, i + 1))
            return fr_no_memory(context);
    }
    return FLOWRULES_OK;
}

void fr_usage_history_free(struct fr_usage_history *history) {
    fr_arena_free(&history->arena);
    fr_strings_free(&history->keys);
    fr_map_free(&history->flow_of);
    fr_map_free(&history->row_of);
    fr_map_free(&history->group_of);
    fr_vec_free(&history->groups);
    fr_vec_free(&history->past);
    fr_vec_free(&history->rows);
}

const struct fr_usage_row *fr_usage_row_of(const struct fr_usage_history *history, uint32_t flow) {
    uint32_t number;
    return fr_map_get(&history->row_of, flow + 1, &number)
               ? fr_vec_at(&history->rows, struct fr_usage_row, number - 1)
               : NULL;
}
