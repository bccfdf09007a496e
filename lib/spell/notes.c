/*
 * Describes a rule for people, in one line: its flows with ticket and last day, the names of pinned
 * addresses, what is lost, owner and purpose. Does not know where the line is written.
 */
#include <stdio.h>
#include <string.h>

#include "flowrules/kits/flows.h"
#include "output.h"

enum {
    CUT_LEAST = 24, /* bytes: a note that is cut to less says nothing */
    MORE_ROOM = 16  /* for " +N more" */
};

/* A line in the making; without a writer it is only measured. */
struct line {
    flowrules_writer *w;
    const struct flowrules_escape *escape;
    const char *before; /* a separator that stands before the next text, or NULL */
    size_t left, used;
    bool full;
};

/* The rule that is spoken of. */
struct subject {
    flowrules_output *out;
    flowrules_flows flows;
    size_t count;                     /* of the flows */
    const struct flowrules_range *at; /* or NULL: all that its ends have */
};

/* Writes a text, in at most so many bytes of what is left. */
static void put_in(struct line *line, const char *text, size_t most) {
    struct flowrules_escape escape = *line->escape;
    bool endless = line->w != NULL && line->left == SIZE_MAX;
    size_t size = endless ? strlen(text) : fr_user_size(&escape, text);
    const char *before = line->before;
    if (size > 0 && before != NULL) {
        line->before = NULL;
        put_in(line, before, SIZE_MAX);
    }
    line->used += size;
    if (line->w == NULL || line->full || size == 0)
        return;
    escape.max_bytes = endless ? 0 : most < line->left ? most : line->left;
    line->full = !endless && size > line->left;
    if (endless || escape.max_bytes > 0)
        flowrules_write_user(line->w, &escape, text);
    if (!endless)
        line->left -= size < escape.max_bytes ? size : escape.max_bytes;
}

static void put(struct line *line, const char *text) {
    put_in(line, text, SIZE_MAX);
}

typedef void put_item(struct line *line, const struct subject *s, size_t index);

static size_t measure(const struct line *line, put_item *item, const struct subject *s,
                      size_t index) {
    struct line measured = {.escape = line->escape};
    item(&measured, s, index);
    return measured.used;
}

/* Items 0 to count with separators; those without room are counted: "a, b +3 more". */
static void put_items(struct line *line, const struct subject *s, size_t count, put_item *item,
                      const char *separator) {
    bool bounded = line->w != NULL && line->left != SIZE_MAX, first = true;
    for (size_t i = 0; i < count && !line->full; i++) {
        size_t room = i + 1 < count ? MORE_ROOM : 0, used = line->used;
        if (!first && bounded) {
            size_t size = measure(line, item, s, i);
            if (size > 0 && size + strlen(separator) + room > line->left) {
                char more[32];
                snprintf(more, sizeof more, " +%zu more", count - i);
                put(line, more);
                return;
            }
        }
        line->before = first ? line->before : separator;
        item(line, s, i);
        line->before = first ? line->before : NULL;
        first = first && line->used == used;
    }
}

/* ---- flows --------------------------------------------------------------------------------- */

/* " (TICKET, until DAY)", or what of it there is. */
static void put_terms(struct line *line, const struct subject *s, size_t index) {
    const char *ticket = flowrules_flows_ticket(s->out, s->flows, index);
    const char *day = flowrules_flows_expires(s->out, s->flows, index);
    if (ticket == NULL && day == NULL)
        return;
    put(line, " (");
    put(line, ticket != NULL ? ticket : "");
    put(line, ticket != NULL && day != NULL ? ", until " : day != NULL ? "until " : "");
    put(line, day != NULL ? day : "");
    put(line, ")");
}

/* A name that is too long leaves room for what follows it. */
static void put_flow(struct line *line, const struct subject *s, size_t index) {
    size_t terms = measure(line, put_terms, s, index);
    put_in(line, flowrules_flows_name(s->out, s->flows, index),
           terms + CUT_LEAST < line->left ? line->left - terms : SIZE_MAX);
    put_terms(line, s, index);
}

/* Several flows leave a third of the line to what else there is to say. */
static void put_flows(struct line *line, const struct subject *s) {
    size_t kept = s->count > 1 && line->left != SIZE_MAX ? line->left / 3 : 0;
    line->left -= kept;
    put_items(line, s, s->count, put_flow, ", ");
    line->left += kept;
}

/* ---- pins ---------------------------------------------------------------------------------- */

struct gathering {
    const flowrules_plan *plan;
    struct fr_vec *names; /* const struct fr_locked_name * */
    struct fr_map seen;
    bool below, failed; /* below: the names below a wildcard, too */
};

static void gather_name(struct gathering *g, const struct fr_locked_name *entry) {
    const struct fr_lock *lock = &g->plan->policy->lock;
    uint32_t index, number;
    if (entry == NULL || entry->count == 0)
        return;
    number = (uint32_t)(entry - fr_vec_at(&lock->names, struct fr_locked_name, 0)) + 1;
    if (fr_map_get(&g->seen, number, &index))
        return;
    const struct fr_locked_name **slot = fr_vec_push(g->names);
    g->failed = g->failed || slot == NULL || !fr_map_put(&g->seen, number, 1);
    if (slot != NULL)
        *slot = entry;
}

static void gather_peer(void *user, const struct fr_peer *peer) {
    struct gathering *g = user;
    const flowrules_policy *policy = g->plan->policy;
    const struct fr_lock *lock = &policy->lock;
    if (peer->kind == FR_PEER_NAME)
        gather_name(g, fr_lock_find(lock, FR_POLICY_TEXT(policy, peer->ref)));
    if (peer->kind != FR_PEER_WILDCARD || !g->below)
        return;
    for (size_t i = 0; i < lock->names.count; i++) {
        const struct fr_locked_name *entry = fr_vec_at(&lock->names, struct fr_locked_name, i);
        if (fr_name_is_below(fr_strings_text(&lock->strings, entry->name),
                             FR_POLICY_TEXT(policy, peer->ref)))
            gather_name(g, entry);
    }
}

/* Is a flow said with addresses for names? */
static bool pins(const flowrules_plan *plan, uint32_t flow) {
    enum fr_fidelity fidelity = fr_vec_at(&plan->verdicts, struct fr_verdict, flow)->fidelity;
    return !plan->view->mode.names &&
           (fidelity == FR_PINNED || fidelity == FR_NARROWED || fidelity == FR_WIDENED);
}

static void gather_flow(struct gathering *g, uint32_t flow) {
    const struct fr_flow *f = fr_vec_at(&g->plan->policy->flows, struct fr_flow, flow);
    if (!pins(g->plan, flow))
        return;
    g->below = fr_may_cut(g->plan, flow, f->deny);
    fr_view_walk(g->plan->view, f->source, FR_WALK_NAMES, gather_peer, g);
    fr_view_walk(g->plan->view, f->destination, FR_WALK_NAMES, gather_peer, g);
}

/* The pinned names of the flows; the last answer is kept, since rules of a flow follow each other.
 */
static const struct fr_vec *pinned_names(const struct subject *s) {
    const flowrules_plan *plan = s->out->plan;
    struct fr_pinned_names *pinned = &s->out->pinned;
    struct gathering g = {.plan = plan, .names = &pinned->names};
    uint32_t flows = s->flows.number;
    if (pinned->known && pinned->flows == flows)
        return &pinned->names;
    pinned->names.count = 0;
    fr_map_init(&g.seen, &plan->context->allocator);
    for (size_t i = 0; i < s->count; i++)
        gather_flow(&g, fr_output_flow(s->out, s->flows, i));
    fr_map_free(&g.seen);
    pinned->known = !g.failed;
    pinned->failed = pinned->failed || g.failed;
    pinned->flows = flows;
    return &pinned->names;
}

/* Is one of the name's addresses what is spoken of? The newest day of those is put into *day. */
static bool is_pinned(const struct subject *s, const struct fr_locked_name *entry, int32_t *day) {
    const struct fr_lock *lock = &s->out->plan->policy->lock;
    bool found = false;
    for (uint32_t i = 0; i < entry->count; i++) {
        const struct fr_pin *pin = fr_vec_at(&lock->pins, struct fr_pin, entry->first + i);
        int32_t seen = pin->first_seen != FR_NO_DATE ? pin->first_seen : pin->last_seen;
        if (s->at != NULL &&
            (pin->family != s->at->family || fr_ip_compare(pin->ip, s->at->first) < 0 ||
             fr_ip_compare(pin->ip, s->at->last) > 0))
            continue;
        found = true;
        *day = seen > *day ? seen : *day;
    }
    return found;
}

/* Names that have none of the addresses are no items. */
static void put_pin(struct line *line, const struct subject *s, size_t index) {
    int32_t day = FR_NO_DATE;
    const struct fr_locked_name *entry =
        *fr_vec_at(pinned_names(s), const struct fr_locked_name *, index);
    if (is_pinned(s, entry, &day))
        put(line, fr_strings_text(&s->out->plan->policy->lock.strings, entry->name));
}

static void put_pins(struct line *line, const struct subject *s) {
    const struct fr_vec *names = pinned_names(s);
    int32_t day = FR_NO_DATE;
    bool found = false;
    char date[11];
    for (size_t i = 0; i < names->count; i++)
        found = is_pinned(s, *fr_vec_at(names, const struct fr_locked_name *, i), &day) || found;
    if (!found)
        return;
    put(line, "pinned");
    if (day != FR_NO_DATE) {
        fr_date_format(day, date);
        put(line, " ");
        put(line, date);
    }
    put(line, ": ");
    put_items(line, s, names->count, put_pin, ", ");
}

/* ---- losses, owners, purposes -------------------------------------------------------------- */

/* A flow's name before what is said of it, where there are several. */
static void put_whose(struct line *line, const struct subject *s, size_t index,
                      const char *separator) {
    if (s->count == 1)
        return;
    put(line, flowrules_flows_name(s->out, s->flows, index));
    put(line, separator);
}

static const struct fr_verdict *verdict_of(const struct subject *s, size_t index) {
    return fr_vec_at(&s->out->plan->verdicts, struct fr_verdict,
                     fr_output_flow(s->out, s->flows, index));
}

static void put_loss(struct line *line, const struct subject *s, size_t index) {
    const struct fr_verdict *verdict = verdict_of(s, index);
    bool lost = verdict->fidelity == FR_WIDENED || verdict->fidelity == FR_NARROWED;
    if (verdict->reason == NULL || (!lost && verdict->fidelity != FR_EXACT))
        return;
    put_whose(line, s, index, lost ? " " : ": ");
    if (lost) {
        put(line, fr_fidelity_word(verdict->fidelity));
        put(line, ": ");
    }
    put(line, verdict->reason);
}

static void put_losses(struct line *line, const struct subject *s) {
    put_items(line, s, s->count, put_loss, "; ");
}

/* An owner is said once for flows that follow each other. */
static void put_owner(struct line *line, const struct subject *s, size_t index) {
    const char *owner = flowrules_flows_owner(s->out, s->flows, index);
    const char *last = index == 0 ? NULL : flowrules_flows_owner(s->out, s->flows, index - 1);
    if (owner == NULL || (last != NULL && strcmp(owner, last) == 0))
        return;
    put(line, "owner ");
    put(line, owner);
}

static void put_owners(struct line *line, const struct subject *s) {
    put_items(line, s, s->count, put_owner, ", ");
}

static void put_purpose(struct line *line, const struct subject *s, size_t index) {
    const char *purpose = flowrules_flows_purpose(s->out, s->flows, index);
    if (purpose == NULL)
        return;
    put_whose(line, s, index, ": ");
    put(line, purpose);
}

static void put_purposes(struct line *line, const struct subject *s) {
    put_items(line, s, s->count, put_purpose, "; ");
}

/* ---- the line ------------------------------------------------------------------------------ */

typedef void put_note(struct line *line, const struct subject *s);

/* The first the most important. */
static const struct {
    enum flowrules_note note;
    put_note *put;
} notes_table[] = {{FLOWRULES_NOTE_FLOWS, put_flows},
                   {FLOWRULES_NOTE_PINS, put_pins},
                   {FLOWRULES_NOTE_LOSSES, put_losses},
                   {FLOWRULES_NOTE_OWNER, put_owners},
                   {FLOWRULES_NOTE_PURPOSE, put_purposes}};

/* Would a note that is not the first be cut to something that says nothing? */
static bool is_too_long(const struct line *line, put_note *note, const struct subject *s) {
    struct line measured = {.escape = line->escape, .left = SIZE_MAX};
    if (line->used == 0 || line->left >= CUT_LEAST)
        return false;
    note(&measured, s);
    return measured.used + 2 > line->left;
}

bool flowrules_write_notes(flowrules_writer *w, flowrules_output *out,
                           const struct flowrules_escape *escape, unsigned notes,
                           flowrules_flows flows, const struct flowrules_range *at) {
    const struct subject s = {out, flows, flowrules_flows_count(out, flows), at};
    struct line line = {.w = w, .escape = escape};
    line.left = escape->max_bytes > 0 ? escape->max_bytes : SIZE_MAX;
    for (size_t i = 0; i < sizeof notes_table / sizeof *notes_table && !line.full; i++) {
        if ((notes & notes_table[i].note) == 0 || is_too_long(&line, notes_table[i].put, &s))
            continue;
        line.before = line.used > 0 ? "; " : NULL;
        notes_table[i].put(&line, &s);
    }
    w->failed = w->failed || out->pinned.failed;
    return line.used > 0;
}

const char *flowrules_output_notes(flowrules_output *out, const struct flowrules_escape *escape,
                                   unsigned notes, flowrules_flows flows,
                                   const struct flowrules_range *at) {
    const flowrules_plan *plan = out->plan;
    struct flowrules_writer w;
    fr_writer_init(&w, &plan->context->allocator, false);
    flowrules_write_notes(&w, out, escape, notes, flows, at);
    const char *kept = fr_writer_keep(&w, plan->arena);
    out->failed = out->failed || kept == NULL;
    return kept == NULL ? "" : kept;
}

/* ---- the head of a file -------------------------------------------------------------------- */

/*
 * The day on which the pinned names were last seen with their addresses, of several the oldest;
 * *failed: no memory.
 */
static int32_t pinned_day(const flowrules_plan *plan, bool *failed) {
    const struct fr_lock *lock = &plan->policy->lock;
    int32_t oldest = FR_NO_DATE;
    struct fr_vec names;
    struct gathering g = {.plan = plan, .names = &names};
    fr_vec_init(&names, &plan->context->allocator, sizeof(const struct fr_locked_name *));
    fr_map_init(&g.seen, &plan->context->allocator);
    for (uint32_t flow = 0; flow < plan->verdicts.count; flow++)
        gather_flow(&g, flow);
    for (size_t i = 0; i < names.count; i++) {
        int32_t day = fr_lock_last_seen(lock, *fr_vec_at(&names, const struct fr_locked_name *, i));
        if (day != FR_NO_DATE && (oldest == FR_NO_DATE || day < oldest))
            oldest = day;
    }
    fr_map_free(&g.seen);
    fr_vec_free(&names);
    *failed = g.failed;
    return oldest;
}

void flowrules_write_pinned_day(flowrules_writer *w, const flowrules_plan *plan, const char *before,
                                const char *after) {
    bool failed;
    int32_t day = pinned_day(plan, &failed);
    char date[11];
    w->failed = w->failed || failed;
    if (day == FR_NO_DATE)
        return;
    fr_date_format(day, date);
    flowrules_writef(w, "%sNames are pinned to their addresses of %s%s", before, date, after);
}
