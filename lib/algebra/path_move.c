/*
 * Moves the lists of one device into the meaning of a path. Interfaces between two devices are the
 * user's to name: a rule about another one is left out, and where none is named it is in doubt.
 */
#include "path.h"

#include <string.h>

#include "interfaces.h"

/* A device that is moved. */
struct moving {
    struct fr_path_joining *joining;
    flowrules_meaning *to;
    const struct fr_path_hop *hop;
    size_t number;
    struct fr_transfer transfer;
    fr_set places[2];     /* where packets come and leave; FR_SET_NONE: told apart by the rules */
    fr_string unknown[2]; /* why it is not known whether a rule matches; 0: not asked yet */
    uint32_t files;       /* the number of its first file in the result */
    struct fr_vec moved;  /* uint32_t: where each clause of a list is now, and the end of it */
};

static bool is_inner(const struct moving *v, unsigned end) {
    return end == 0 ? v->number > 0 : v->number + 1 < v->joining->path->hops.count;
}

/* ---- interfaces ---------------------------------------------------------------------------- */

bool fr_path_place(const flowrules_path *path, const char *place, struct flowrules_range *range) {
    size_t length = strlen(place);
    bool pattern = length > 0 && (place[length - 1] == '*' || place[length - 1] == '+');
    return (pattern && fr_interface_pattern(place, range)) ||
           fr_interface_named(path->context, place, range);
}

/* The interfaces of packets at one end: those that were named, or any between two devices. */
static flowrules_status find_place(struct moving *v, unsigned end) {
    struct flowrules_range range;
    const char *place = v->hop->places[end];
    v->places[end] = FR_SET_NONE;
    if (place != NULL && !fr_path_place(v->joining->path, place, &range))
        return fr_no_memory(v->to->context);
    if (place != NULL) {
        fr_builder_range(&v->to->builder, &range);
        v->places[end] = fr_builder_finish(&v->to->builder, &v->to->sets);
    } else if (is_inner(v, end)) {
        v->places[end] = fr_interfaces_all(&v->to->sets);
    }
    return fr_meaning_memory(v->to);
}

static fr_string unknown_interface(struct moving *v, unsigned end) {
    const flowrules_path *path = v->joining->path;
    const char *place = v->hop->places[end], *text;
    const char *here = v->hop->name;
    if (place != NULL)
        text = fr_arena_printf(&v->to->arena,
                               "not every interface '%s' of %s is one that this rule is about",
                               place, here);
    else if (end == 0)
        text = fr_arena_printf(&v->to->arena,
                               "it is not known by which interface packets from %s enter %s: "
                               "write [from PLACE] behind %s",
                               fr_path_hop(path, v->number - 1)->name, here, here);
    else
        text = fr_arena_printf(&v->to->arena,
                               "it is not known by which interface packets to %s leave %s: "
                               "write [to PLACE] behind %s",
                               fr_path_hop(path, v->number + 1)->name, here, here);
    return text == NULL ? 0 : fr_strings_add(&v->to->strings, text, strlen(text));
}

/*
 * Puts a clause where packets are at one end: then it is for all of them. False where it is for
 * none; *good is false when out of memory.
 */
static bool place_clause(struct moving *v, struct fr_clause *clause, unsigned end, bool *good) {
    fr_set own = clause->interfaces[end], place = v->places[end];
    if (own == 0 || place == FR_SET_NONE)
        return true;
    if (!fr_set_overlaps(&v->to->sets, own, place))
        return false;
    clause->interfaces[end] = 0;
    if (fr_set_covers(&v->to->sets, own, place) || clause->doubt != 0)
        return true;
    if (v->unknown[end] == 0)
        v->unknown[end] = unknown_interface(v, end);
    clause->doubt = v->unknown[end];
    *good = *good && clause->doubt != 0;
    return true;
}

/* ---- names --------------------------------------------------------------------------------- */

/* An end with all that it may have beside what is known, where names have unknown addresses. */
static fr_set widest_end(struct moving *v, fr_set own) {
    flowrules_meaning *to = v->to;
    const struct fr_set_head *head = fr_set_head(&to->sets, own);
    if (head->atoms > 0 || head->all_atoms != 0)
        return FR_SET_ANY;
    fr_builder_set(&to->builder, &to->sets, own);
    for (uint32_t i = 0; i < to->atoms.count; i++)
        fr_builder_atom(&to->builder, i);
    return fr_builder_finish(&to->builder, &to->sets);
}

/* Has a clause names or groups at an end where it matters which addresses they have? */
static bool has_names(const struct moving *v, const struct fr_clause *clause) {
    const fr_set ends[2] = {clause->source, clause->destination};
    bool some = false;
    for (unsigned e = 0; e < 2; e++)
        some = some || (v->joining->unsure[e] && fr_set_head(&v->to->sets, ends[e])->atoms > 0);
    return some;
}

/*
 * What a clause may match beside what it surely does; false: nothing. Clauses about addresses alone
 * are told as one doubt, without a line.
 */
static bool find_twin(struct moving *v, const struct fr_clause *clause, struct fr_clause *twin) {
    static const char own[] = "which addresses its names and groups have is not known, and other "
                              "devices have rules about addresses";
    static const char other[] = "which of the addresses in rules belong to names and groups of "
                                "other devices is not known";
    bool names = has_names(v, clause);
    *twin = *clause;
    for (unsigned e = 0; e < 2; e++) {
        fr_set *end = e == 0 ? &twin->source : &twin->destination;
        if (v->joining->unsure[e])
            *end = widest_end(v, *end);
    }
    bool wider = twin->source != clause->source || twin->destination != clause->destination;
    if (!wider || twin->doubt != 0)
        return wider;
    twin->doubt = names ? fr_strings_add(&v->to->strings, own, sizeof own - 1)
                        : fr_strings_add(&v->to->strings, other, sizeof other - 1);
    if (!names) {
        twin->file = UINT32_MAX;
        twin->line = 0;
    }
    return true;
}

/* ---- clauses ------------------------------------------------------------------------------- */

/* A clause in the terms of the result. */
static struct fr_clause translate(struct moving *v, const struct fr_clause *from) {
    const struct fr_strings *strings = &v->transfer.from->strings;
    struct fr_clause clause = *from;
    clause.file += v->files;
    clause.source = fr_transfer_set(&v->transfer, from->source);
    clause.destination = fr_transfer_set(&v->transfer, from->destination);
    for (unsigned e = 0; e < 2; e++)
        clause.interfaces[e] = fr_transfer_set(&v->transfer, from->interfaces[e]);
    clause.service = fr_transfer_service(&v->transfer, from->service);
    clause.name = clause.comment = clause.expires = 0;
    clause.flow = v->to->policy == NULL ? FR_NO_FLOW : from->flow;
    if (from->doubt != 0)
        clause.doubt = fr_strings_add(&v->to->strings, fr_strings_text(strings, from->doubt),
                                      fr_strings_length(strings, from->doubt));
    /* What tracks connections itself passes the packets of those that it let pass. */
    if ((v->transfer.from->packets & FLOWRULES_REPLY) == 0)
        clause.packets &= (uint8_t)~FLOWRULES_REPLY;
    return clause;
}

static bool add_clause(struct fr_stage *stage, const struct fr_clause *clause) {
    struct fr_clause *slot = fr_vec_push(&stage->clauses);
    if (slot != NULL)
        *slot = *clause;
    return slot != NULL;
}

static flowrules_status move_clause(struct moving *v, const struct fr_clause *from,
                                    struct fr_stage *stage) {
    bool good = true;
    struct fr_clause clause = translate(v, from), twin;
    FR_TRY(fr_meaning_memory(v->to));
    if (from->doubt != 0 && clause.doubt == 0)
        return fr_no_memory(v->to->context);
    if ((clause.packets & v->to->packets) == 0 || !place_clause(v, &clause, 0, &good) ||
        !place_clause(v, &clause, 1, &good))
        return good ? FLOWRULES_OK : fr_no_memory(v->to->context);
    bool both = find_twin(v, &clause, &twin);
    good = good && add_clause(stage, &clause);
    good = good && (!both || (twin.doubt != 0 && add_clause(stage, &twin)));
    return good ? fr_meaning_memory(v->to) : fr_no_memory(v->to->context);
}

/* Skips lead to where their clause is now. */
static void lead_skips(const struct moving *v, struct fr_stage *stage) {
    for (size_t i = 0; i < stage->clauses.count; i++) {
        struct fr_clause *clause = fr_vec_at(&stage->clauses, struct fr_clause, i);
        if (clause->effect == FR_SKIP)
            clause->skip_to = *fr_vec_at(&v->moved, uint32_t, clause->skip_to);
    }
}

static struct fr_stage *begin_stage(struct moving *v) {
    enum flowrules_direction direction = v->joining->direction;
    v->to->open[direction] = true;
    struct fr_stage *stage = fr_meaning_stage(v->to, direction);
    if (stage != NULL)
        stage->hop = (uint32_t)v->number;
    return stage;
}

/* How many clauses at the beginning take packets out of the comparison. */
static size_t count_outside(const struct fr_stage *stage) {
    size_t count = 0;
    while (count < stage->clauses.count &&
           fr_vec_at(&stage->clauses, struct fr_clause, count)->effect == FR_OUTSIDE)
        count++;
    return count;
}

/* What a device has no say over is left out whatever the others do: these clauses come first. */
static flowrules_status move_outside(struct moving *v, const struct fr_stage *from, size_t count) {
    const struct fr_vec *stages = &v->to->stages[v->joining->direction];
    struct fr_stage *first = *fr_vec_at(stages, struct fr_stage *, 0);
    for (size_t i = 0; i < count; i++)
        FR_TRY(move_clause(v, fr_vec_at(&from->clauses, struct fr_clause, i), first));
    return FLOWRULES_OK;
}

static flowrules_status move_stage(struct moving *v, const struct fr_stage *from) {
    size_t outside = count_outside(from), count = from->clauses.count;
    struct fr_stage *stage = begin_stage(v);
    v->moved.count = 0;
    if (stage == NULL || !fr_vec_reserve(&v->moved, count + 1))
        return fr_no_memory(v->to->context);
    FR_TRY(move_outside(v, from, outside));
    for (size_t i = 0; i < count; i++) {
        *(uint32_t *)fr_vec_add(&v->moved) = (uint32_t)stage->clauses.count;
        if (i >= outside)
            FR_TRY(move_clause(v, fr_vec_at(&from->clauses, struct fr_clause, i), stage));
    }
    *(uint32_t *)fr_vec_add(&v->moved) = (uint32_t)stage->clauses.count;
    lead_skips(v, stage);
    return FLOWRULES_OK;
}

/* ---- what is not in the lists -------------------------------------------------------------- */

static flowrules_status move_files(struct moving *v) {
    const struct fr_vec *files = &v->hop->meaning->files;
    for (size_t i = 0; i < files->count; i++) {
        const char *name = *fr_vec_at(files, const char *, i), **slot = fr_vec_push(&v->to->files);
        if (slot == NULL || (*slot = fr_arena_text(&v->to->arena, name, strlen(name))) == NULL)
            return fr_no_memory(v->to->context);
    }
    return FLOWRULES_OK;
}

/* What was not understood besides the rules in doubt. */
static flowrules_status move_doubts(struct moving *v) {
    const struct fr_vec *doubts = &v->hop->meaning->doubts;
    for (size_t i = 0; i < doubts->count; i++) {
        const struct fr_doubt *from = fr_vec_at(doubts, struct fr_doubt, i);
        if (from->direction != v->hop->direction)
            continue;
        struct fr_doubt *slot = fr_vec_push(&v->to->doubts);
        if (slot == NULL)
            return fr_no_memory(v->to->context);
        *slot = (struct fr_doubt){v->joining->direction, from->file + v->files, from->line,
                                  fr_arena_text(&v->to->arena, from->text, strlen(from->text))};
        if (slot->text == NULL)
            return fr_no_memory(v->to->context);
    }
    return FLOWRULES_OK;
}

static flowrules_status move_all(struct moving *v) {
    const struct fr_vec *stages = &v->hop->meaning->stages[v->hop->direction];
    for (unsigned e = 0; e < 2; e++)
        FR_TRY(find_place(v, e));
    FR_TRY(move_files(v));
    FR_TRY(move_doubts(v));
    for (size_t i = 0; i < stages->count; i++)
        FR_TRY(move_stage(v, *fr_vec_at(stages, struct fr_stage *, i)));
    return FLOWRULES_OK;
}

flowrules_status fr_path_move(struct fr_path_joining *joining, size_t number) {
    flowrules_meaning *to = joining->result;
    struct moving v = {.joining = joining,
                       .to = to,
                       .hop = fr_path_hop(joining->path, number),
                       .number = number,
                       .files = (uint32_t)to->files.count};
    fr_vec_init(&v.moved, &to->context->allocator, sizeof(uint32_t));
    bool good = fr_transfer_init(&v.transfer, v.hop->meaning, to);
    flowrules_status status = good ? move_all(&v) : fr_no_memory(to->context);
    fr_transfer_free(&v.transfer);
    fr_vec_free(&v.moved);
    return status;
}
