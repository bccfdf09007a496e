/*
 * The overview as Markdown (CommonMark, with the tables of GitHub's). Text of the policy stays
 * text: none of it becomes a heading, a link, HTML or a cell of its own.
 */
#include <stdlib.h>
#include <string.h>

#include "overview.h"
#include "utf8.h"

/* ---- text ---------------------------------------------------------------------------------- */

/* Does a link begin here that nobody has marked as one: "https:" or "www." (GFM, 6.9)? */
static bool begins_link(const char *text, size_t at) {
    return (text[at] == ':' && text[at + 1] == '/') ||
           (text[at] == '.' && at >= 3 && (text[at - 1] | 32) == 'w' &&
            (text[at - 2] | 32) == 'w' && (text[at - 3] | 32) == 'w');
}

/* Any punctuation may have a backslash before it (CommonMark, 2.4). NULL: nothing. */
static void put(struct flowrules_writer *w, const char *text) {
    size_t size = text == NULL ? 0 : strlen(text);
    for (size_t at = 0; at < size;) {
        uint32_t c;
        size_t bytes = fr_utf8_decode(text + at, size - at, &c);
        if (bytes == 0 || fr_utf8_is_control(c)) {
            flowrules_write(w, bytes == 0 ? "\xEF\xBF\xBD" : " ");
        } else {
            bool marks = strchr("\\`*_[]<|#&~", text[at]) != NULL || begins_link(text, at) ||
                         (at == 0 && strchr(">-+=", text[at]) != NULL);
            flowrules_write(w, marks && bytes == 1 ? "\\" : "");
            fr_write_bytes(w, text + at, bytes);
        }
        at += bytes > 0 ? bytes : 1;
    }
}

/* A cell of a table; "-" where there is nothing. */
static void cell(struct flowrules_writer *w, const char *text) {
    bool none = text == NULL || text[0] == '\0';
    flowrules_write(w, none ? " -" : " ");
    put(w, text);
    flowrules_write(w, " |");
}

static void number_cell(struct flowrules_writer *w, size_t number) {
    flowrules_write(w, " ");
    flowrules_write_number(w, number);
    flowrules_write(w, " |");
}

static void rule_off(struct flowrules_writer *w, size_t columns) {
    flowrules_write(w, "|");
    for (size_t i = 0; i < columns; i++)
        flowrules_write(w, "---|");
    flowrules_write(w, "\n");
}

/* ---- the sum ------------------------------------------------------------------------------- */

struct sums {
    size_t allows, denies, expired, outside;
    size_t open[3], accepted;        /* findings by severity */
    size_t holds, broken, unsettled; /* assertions */
};

static void add_up(const struct fr_overview *o, struct sums *sums) {
    for (size_t i = 0; i < o->flows.count; i++) {
        const struct fr_flow *flow = fr_vec_at(&o->policy->flows, struct fr_flow, i);
        sums->expired += flow->expired;
        sums->denies += !flow->expired && flow->deny;
        sums->allows += !flow->expired && !flow->deny;
        sums->outside += !flow->expired && !flow->deny && fr_overview_from_outside(o, i);
    }
    for (size_t i = 0; i < flowrules_finding_count(o->findings); i++)
        if (flowrules_finding_reason(o->findings, i) != NULL)
            sums->accepted++;
        else
            sums->open[flowrules_finding_severity(o->findings, i)]++;
    for (size_t i = 0; i < flowrules_assertion_count(o->assertions); i++) {
        const char *verdict = flowrules_assertion_verdict(o->assertions, i);
        sums->holds += strcmp(verdict, "holds") == 0;
        sums->broken += strcmp(verdict, "broken") == 0;
        sums->unsettled += strcmp(verdict, "unknown") == 0;
    }
}

static void write_head(struct flowrules_writer *w, const struct fr_overview *o) {
    const char *title = FR_POLICY_TEXT(o->policy, o->policy->title);
    char buffer[11];
    const char *date = fr_overview_date(o->policy->as_of, buffer);
    flowrules_write(w, "# ");
    put(w, title == NULL ? "A policy without a title" : title);
    flowrules_write(w, "\n\n");
    put(w, fr_diagnostics_file_name(&o->context->diagnostics, o->policy->first_file));
    flowrules_write(w, date != NULL ? ", as of " : "");
    flowrules_write(w, date);
    flowrules_write(w, "\n\n");
}

static void write_sums(struct flowrules_writer *w, const struct fr_overview *o) {
    struct sums s = {0};
    size_t rendered = 0;
    add_up(o, &s);
    for (size_t i = 0; i < o->targets.count; i++)
        rendered += fr_vec_at(&o->targets, struct fr_overview_target, i)->rendered;
    flowrules_writef(w, "- Flows: %zu allowed, %zu denied, %zu expired\n", s.allows, s.denies,
                     s.expired);
    flowrules_writef(w, "- From the Internet: %zu\n", s.outside);
    flowrules_writef(w, "- Targets: %zu, of which %zu can be rendered\n", o->targets.count,
                     rendered);
    flowrules_writef(w, "- Assertions: %zu hold, %zu broken, %zu unknown\n", s.holds, s.broken,
                     s.unsettled);
    flowrules_writef(w, "- Findings: %zu errors, %zu warnings, %zu notes, %zu accepted\n",
                     s.open[FLOWRULES_ERROR], s.open[FLOWRULES_WARNING], s.open[FLOWRULES_NOTE],
                     s.accepted);
}

/* ---- zones and assertions ------------------------------------------------------------------ */

static void write_zone_cell(struct flowrules_writer *w, const struct fr_overview_cell *c) {
    flowrules_write(w, " ");
    if (c->services == NULL && c->allows + c->denies == 0)
        flowrules_write(w, "-");
    put(w, c->services);
    if (c->allows + c->denies > 0)
        flowrules_write(w, c->services != NULL ? ": " : "");
    if (c->allows > 0)
        flowrules_writef(w, "%u allowed", (unsigned)c->allows);
    if (c->denies > 0)
        flowrules_writef(w, "%s%u denied", c->allows > 0 ? ", " : "", (unsigned)c->denies);
    flowrules_write(w, " |");
}

static void write_zones(struct flowrules_writer *w, const struct fr_overview *o) {
    size_t zones = fr_overview_zones(o);
    if (zones == 0)
        return;
    flowrules_write(w,
                    "\n## From zone to zone\n\n"
                    "The services that the matrix lists, and the number of flows. A flow counts in "
                    "each cell that it passes.\n\n| from \\ to |");
    for (size_t i = 0; i < zones; i++)
        cell(w, fr_overview_zone(o, i));
    flowrules_write(w, "\n");
    rule_off(w, zones + 1);
    for (size_t i = 0; i < zones; i++) {
        flowrules_write(w, "|");
        cell(w, fr_overview_zone(o, i));
        for (size_t k = 0; k < zones; k++)
            write_zone_cell(w, fr_vec_at(&o->cells, struct fr_overview_cell, i * zones + k));
        flowrules_write(w, "\n");
    }
}

static void write_breaches(struct flowrules_writer *w, const flowrules_assertions *a, size_t i) {
    for (size_t k = 0; k < flowrules_assertion_finding_count(a, i); k++) {
        const char *witness = flowrules_assertion_finding_witness(a, i, k);
        const char *zones = flowrules_assertion_finding_zones(a, i, k);
        const char *names = flowrules_assertion_finding_names(a, i, k);
        const char *flow = flowrules_assertion_finding_flow(a, i, k);
        flowrules_write(w, "  - ");
        put(w, witness != NULL ? witness : "some packets");
        flowrules_write(w, zones != NULL ? " (" : "");
        put(w, zones);
        flowrules_write(w, zones != NULL ? "): " : ": ");
        put(w, flowrules_assertion_finding_reason(a, i, k));
        flowrules_write(w, names != NULL ? ": " : "");
        put(w, names);
        flowrules_write(w, flow != NULL ? "; flow " : "");
        put(w, flow);
        flowrules_write(w, "\n");
    }
}

static void write_assertions(struct flowrules_writer *w, const struct fr_overview *o) {
    const flowrules_assertions *a = o->assertions;
    if (flowrules_assertion_count(a) > 0)
        flowrules_write(w, "\n## Assertions\n\n");
    for (size_t i = 0; i < flowrules_assertion_count(a); i++) {
        const char *because = flowrules_assertion_because(a, i);
        flowrules_writef(w, "- **%s**: ", flowrules_assertion_verdict(a, i));
        put(w, flowrules_assertion_id(a, i));
        flowrules_writef(w, " (%s, ", flowrules_assertion_kind(a, i));
        put(w, flowrules_assertion_file(a, i));
        flowrules_writef(w, " line %u)", (unsigned)flowrules_assertion_line(a, i));
        flowrules_write(w, because != NULL ? ": " : "");
        put(w, because);
        flowrules_write(w, "\n");
        write_breaches(w, a, i);
        if (flowrules_assertion_has_more(a, i))
            flowrules_write(w, "  - and there may be more\n");
    }
}

/* ---- flows --------------------------------------------------------------------------------- */

static void write_ends(struct flowrules_writer *w, const struct fr_overview *o,
                       struct fr_span ends) {
    for (uint32_t i = 0; i < ends.count; i++) {
        flowrules_write(w, i == 0 ? " " : ", ");
        put(w, fr_vec_at(&o->ends, struct fr_overview_end, fr_overview_at(o, ends, i))->name);
    }
    flowrules_write(w, " |");
}

static void write_flow(struct flowrules_writer *w, const struct fr_overview *o, size_t index) {
    const struct fr_flow *flow = fr_vec_at(&o->policy->flows, struct fr_flow, index);
    const struct fr_overview_flow *seen = fr_vec_at(&o->flows, struct fr_overview_flow, index);
    flowrules_write(w, "|");
    cell(w, flowrules_flow_name(o->policy, index));
    flowrules_writef(w, " %s%s |", flow->deny ? "**deny**" : "allow",
                     flow->expired                                       ? ", expired"
                     : !flow->deny && fr_overview_from_outside(o, index) ? ", from the Internet"
                                                                         : "");
    write_ends(w, o, seen->ends[0]);
    write_ends(w, o, seen->ends[1]);
    cell(w, seen->service);
    cell(w, flowrules_flow_owner(o->policy, index));
    cell(w, flowrules_flow_expires(o->policy, index));
    cell(w, flowrules_flow_purpose(o->policy, index));
    flowrules_write(w, "\n");
}

static void write_flows(struct flowrules_writer *w, const struct fr_overview *o) {
    flowrules_write(w, "\n## Flows\n\n| flow | action | source | destination | service | owner | "
                       "expires | purpose |\n");
    rule_off(w, 8);
    for (size_t i = 0; i < o->flows.count; i++)
        write_flow(w, o, i);
}

static void write_targets(struct flowrules_writer *w, const struct fr_overview *o) {
    if (o->targets.count == 0)
        return;
    flowrules_write(w, "\n## How exactly each target expresses each flow\n\n| flow |");
    for (size_t t = 0; t < o->targets.count; t++)
        cell(w, fr_vec_at(&o->targets, struct fr_overview_target, t)->name);
    flowrules_write(w, "\n");
    rule_off(w, o->targets.count + 1);
    for (size_t i = 0; i < o->flows.count; i++) {
        flowrules_write(w, "|");
        cell(w, flowrules_flow_name(o->policy, i));
        for (size_t t = 0; t < o->targets.count; t++)
            cell(w, fr_overview_verdict(o, i, t)->fidelity);
        flowrules_write(w, "\n");
    }
}

/* ---- reasons ------------------------------------------------------------------------------- */

/* Flows of a target for one reason. */
struct why {
    uint32_t order; /* of fidelity: the worst first */
    fr_string reason;
    uint32_t flow;
};

static uint32_t order_of(const char *fidelity) {
    static const char *const words[] = {"refused", "unresolved", "widened", "narrowed",
                                        "pinned",  "native",     "exact",   "expired"};
    uint32_t order = 0;
    while (order < sizeof words / sizeof words[0] && strcmp(words[order], fidelity) != 0)
        order++;
    return order;
}

static int by_order(const void *left, const void *right) {
    const struct why *a = left, *b = right;
    if (a->order != b->order)
        return a->order < b->order ? -1 : 1;
    if (a->reason != b->reason)
        return a->reason < b->reason ? -1 : 1;
    return (a->flow > b->flow) - (a->flow < b->flow);
}

static void write_why(struct flowrules_writer *w, const struct fr_overview *o,
                      const struct fr_vec *list, size_t target) {
    const struct why *all = list->items;
    for (size_t first = 0, end; first < list->count; first = end) {
        flowrules_writef(w,
                         "- **%s**: ", fr_overview_verdict(o, all[first].flow, target)->fidelity);
        put(w, fr_strings_text(&o->reasons, all[first].reason));
        flowrules_write(w, ":");
        for (end = first; end < list->count && all[end].order == all[first].order &&
                          all[end].reason == all[first].reason;
             end++) {
            flowrules_write(w, end == first ? " " : ", ");
            put(w, flowrules_flow_name(o->policy, all[end].flow));
        }
        flowrules_write(w, "\n");
    }
}

static void write_target_reasons(struct flowrules_writer *w, const struct fr_overview *o,
                                 size_t target) {
    const struct fr_overview_target *t = fr_vec_at(&o->targets, struct fr_overview_target, target);
    struct fr_vec list;
    fr_vec_init(&list, w->allocator, sizeof(struct why));
    for (uint32_t i = 0; i < o->flows.count; i++) {
        const struct fr_overview_verdict *verdict = fr_overview_verdict(o, i, target);
        struct why *slot = verdict->reason == 0 ? NULL : fr_vec_add(&list);
        w->failed = w->failed || (verdict->reason != 0 && slot == NULL);
        if (slot != NULL)
            *slot = (struct why){order_of(verdict->fidelity), verdict->reason, i};
    }
    if (list.count > 1)
        qsort(list.items, list.count, sizeof(struct why), by_order);
    flowrules_write(w, "\n### ");
    put(w, t->name);
    flowrules_write(w, "\n\n");
    put(w, t->backend);
    flowrules_write(w, t->baseline != NULL ? "; baseline: " : "");
    put(w, t->baseline);
    flowrules_write(w, t->open != NULL ? "; closes nothing: " : "");
    put(w, t->open);
    flowrules_write(w, t->rendered ? "\n" : "; **it cannot be rendered**\n");
    flowrules_write(w, list.count > 0 ? "\n" : "");
    write_why(w, o, &list, target);
    fr_vec_free(&list);
}

/* ---- findings, expiries, pins -------------------------------------------------------------- */

static void write_findings(struct flowrules_writer *w, const struct fr_overview *o) {
    const flowrules_findings *f = o->findings;
    flowrules_write(w, "\n## Findings\n\n");
    if (flowrules_finding_count(f) == 0)
        flowrules_write(w, "There are none.\n");
    for (size_t i = 0; i < flowrules_finding_count(f); i++) {
        const char *reason = flowrules_finding_reason(f, i);
        flowrules_writef(w, "- **%s** %s, ", fr_overview_severity(flowrules_finding_severity(f, i)),
                         flowrules_finding_id(f, i));
        put(w, flowrules_finding_file(f, i));
        flowrules_writef(w, " line %u: ", (unsigned)flowrules_finding_line(f, i));
        put(w, flowrules_finding_message(f, i));
        flowrules_write(w, reason != NULL ? " (accepted: " : "");
        put(w, reason);
        flowrules_write(w, reason != NULL ? ")\n" : "\n");
    }
}

/* A flow that expires, with what it is sorted by. */
struct expiry {
    const char *owner;
    int32_t day;
    uint32_t flow;
};

static int by_owner(const void *left, const void *right) {
    const struct expiry *a = left, *b = right;
    int order = strcmp(a->owner, b->owner);
    if (order != 0)
        return order;
    if (a->day != b->day)
        return a->day < b->day ? -1 : 1;
    return (a->flow > b->flow) - (a->flow < b->flow);
}

static void list_expiries(const struct fr_overview *o, struct flowrules_writer *w,
                          struct fr_vec *list) {
    for (uint32_t i = 0; i < o->flows.count; i++) {
        const struct fr_flow *flow = fr_vec_at(&o->policy->flows, struct fr_flow, i);
        const char *owner = flowrules_flow_owner(o->policy, i);
        struct expiry *slot = flow->expires == FR_NO_EXPIRY ? NULL : fr_vec_add(list);
        w->failed = w->failed || (flow->expires != FR_NO_EXPIRY && slot == NULL);
        if (slot != NULL)
            *slot = (struct expiry){owner == NULL ? "" : owner, flow->expires, i};
    }
    if (list->count > 1)
        qsort(list->items, list->count, sizeof(struct expiry), by_owner);
}

static void write_days(struct flowrules_writer *w, const struct fr_overview *o, int32_t day,
                       int sign) {
    int32_t days;
    if (fr_overview_days(o, day, &days))
        flowrules_writef(w, " %d |", (int)(days * sign));
    else
        flowrules_write(w, " - |");
}

static void write_expiries(struct flowrules_writer *w, const struct fr_overview *o) {
    struct fr_vec list;
    fr_vec_init(&list, w->allocator, sizeof(struct expiry));
    list_expiries(o, w, &list);
    flowrules_write(w, "\n## Expiries by owner\n\n");
    if (list.count == 0)
        flowrules_write(w, "No flow expires.\n");
    else
        flowrules_write(w, "| owner | last day | days left | flow |\n|---|---|---|---|\n");
    for (size_t i = 0; i < list.count; i++) {
        const struct expiry *e = fr_vec_at(&list, struct expiry, i);
        flowrules_write(w, "|");
        cell(w, e->owner);
        cell(w, flowrules_flow_expires(o->policy, e->flow));
        write_days(w, o, e->day, 1);
        cell(w, flowrules_flow_name(o->policy, e->flow));
        flowrules_write(w, "\n");
    }
    fr_vec_free(&list);
}

/* A name of the lock file, the oldest first. */
struct age {
    int32_t seen;
    uint32_t name;
};

static int by_age(const void *left, const void *right) {
    const struct age *a = left, *b = right;
    if (a->seen != b->seen)
        return a->seen < b->seen ? -1 : 1;
    return (a->name > b->name) - (a->name < b->name);
}

static void write_pin(struct flowrules_writer *w, const struct fr_overview *o,
                      const struct age *age) {
    const struct fr_lock *lock = &o->policy->lock;
    const struct fr_locked_name *entry = fr_vec_at(&lock->names, struct fr_locked_name, age->name);
    char buffer[11];
    const char *seen = fr_overview_date(age->seen, buffer);
    flowrules_write(w, "|");
    cell(w, fr_strings_text(&lock->strings, entry->name));
    number_cell(w, entry->count);
    cell(w, seen != NULL ? seen : "-");
    write_days(w, o, age->seen, -1);
    flowrules_write(w, "\n");
}

static void write_pins(struct flowrules_writer *w, const struct fr_overview *o) {
    const struct fr_lock *lock = &o->policy->lock;
    struct fr_vec list;
    if (lock->names.count == 0)
        return;
    fr_vec_init(&list, w->allocator, sizeof(struct age));
    for (uint32_t i = 0; i < lock->names.count; i++) {
        struct age *slot = fr_vec_add(&list);
        w->failed = w->failed || slot == NULL;
        if (slot != NULL)
            *slot = (struct age){
                fr_lock_last_seen(lock, fr_vec_at(&lock->names, struct fr_locked_name, i)), i};
    }
    if (list.count > 1)
        qsort(list.items, list.count, sizeof(struct age), by_age);
    flowrules_write(w, "\n## Pinned names by age\n\n| name | addresses | last seen | days ago "
                       "|\n|---|---|---|---|\n");
    for (size_t i = 0; i < list.count; i++)
        write_pin(w, o, fr_vec_at(&list, struct age, i));
    fr_vec_free(&list);
}

/* ---- the whole ----------------------------------------------------------------------------- */

void fr_overview_write_markdown(struct flowrules_writer *w, const struct fr_overview *o) {
    write_head(w, o);
    write_sums(w, o);
    write_zones(w, o);
    write_assertions(w, o);
    write_flows(w, o);
    write_targets(w, o);
    if (o->targets.count > 0)
        flowrules_write(w, "\n## Targets, and what is not exact\n");
    for (size_t t = 0; t < o->targets.count; t++)
        write_target_reasons(w, o, t);
    write_findings(w, o);
    write_expiries(w, o);
    write_pins(w, o);
}
