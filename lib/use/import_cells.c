/*
 * Rules with interfaces. All interfaces fall into classes that the rules tell apart, and what comes
 * by one class and leaves by another, a cell, meets a list of rules without interfaces: the flows
 * of it are found as ever. Flows that are the same in several cells then become one again.
 */
#include "import_cells.h"

#include <stdlib.h>
#include <string.h>

#include "import_join.h"
#include "interfaces.h"

/* Classes of each side: a row of cells is a mask of 64 bits. */
#define CLASSES_MAX 64u
/* Each clause is looked at in each cell: 16 classes on each side with 200000 clauses. */
#define LOOKS_MAX ((size_t)50000000)

struct cells {
    flowrules_meaning *m;
    enum flowrules_direction direction;
    struct fr_arena arena;
    fr_set classes[2][CLASSES_MAX]; /* 0: all */
    unsigned counts[2];
    uint64_t nowhere[2];      /* classes of which nothing is decided: there are none */
    uint64_t rest[2];         /* the class that no list of names tells, if a policy has no others */
    bool rest_apart;          /* nothing is decided between two of the rest */
    const struct fr_vec *all; /* struct found_flow */
    bool too_many;
    /* By family and cell: the number of the clause that lets all pass that is left, where one list
     * decides; UINT32_MAX: none. */
    uint32_t all_pass[2][CLASSES_MAX][CLASSES_MAX];
};

/* A flow, and the cells that it is in: a mask of leaving classes for each entering one. */
struct found_flow {
    struct fr_import_flow flow;
    size_t number;   /* as it was found */
    uint64_t *cells; /* a mask for each entering class */
};

/* ---- classes ------------------------------------------------------------------------------- */

/* Cuts every class of a side where a set begins or ends. */
static bool split_classes(struct cells *c, unsigned side, fr_set set) {
    struct fr_sets *sets = &c->m->sets;
    unsigned count = c->counts[side];
    for (unsigned i = 0; i < count; i++) {
        fr_set *own = &c->classes[side][i];
        fr_set inside = fr_set_intersect(sets, *own, set);
        fr_set outside = fr_set_subtract(sets, *own, set);
        if (inside == FR_SET_NONE || outside == FR_SET_NONE)
            return false;
        if (inside == FR_SET_EMPTY || outside == FR_SET_EMPTY)
            continue;
        c->too_many = c->too_many || c->counts[side] == CLASSES_MAX;
        if (c->too_many)
            return true;
        *own = inside;
        c->classes[side][c->counts[side]++] = outside;
    }
    return true;
}

static bool split_by_clause(struct cells *c, const struct fr_clause *clause) {
    for (unsigned side = 0; side < 2; side++) {
        if (clause->interfaces[side] == 0)
            continue;
        if (c->classes[side][0] == 0)
            c->classes[side][0] = fr_interfaces_all(&c->m->sets);
        if (c->classes[side][0] == FR_SET_NONE || !split_classes(c, side, clause->interfaces[side]))
            return false;
    }
    return true;
}

/* Can a policy tell a set by names? False when out of memory. */
static bool spell(const struct cells *c, fr_set set, bool *said) {
    const struct fr_interface_words words = {c->m->context, &c->m->arena, &c->m->sets, ""};
    struct fr_interface_list list;
    if (!fr_interfaces_spell(&words, set, &list, said))
        return false;
    if (c->m->backend->capabilities.other_interfaces == NULL && list.except_count > 0)
        *said = false;
    return true;
}

/* Can each class be told as names? */
static bool classes_are_said(struct cells *c) {
    bool said = true, names_alone = c->m->backend->capabilities.other_interfaces == NULL;
    for (unsigned side = 0; side < 2; side++)
        for (unsigned i = 0; i < c->counts[side]; i++) {
            if (c->classes[side][i] == 0 || (c->nowhere[side] & (1ull << i)) != 0)
                continue;
            if (!spell(c, c->classes[side][i], &said))
                return false;
            if (!said && names_alone && c->rest[side] == 0)
                c->rest[side] = 1ull << i;
            else
                c->too_many = c->too_many || !said;
        }
    return true;
}

/* The classes of a side that a set has all of. */
static uint64_t classes_within(const struct cells *c, unsigned side, fr_set set) {
    uint64_t within = 0;
    for (unsigned i = 0; i < c->counts[side]; i++)
        if (set != 0 && c->classes[side][i] != 0 &&
            fr_set_covers(&c->m->sets, set, c->classes[side][i]))
            within |= 1ull << i;
    return within;
}

/* The classes of which a clause says that nothing is decided. */
static void find_nowhere(struct cells *c, const struct fr_clause *clause) {
    const fr_set *interfaces = clause->interfaces;
    if (clause->effect != FR_OUTSIDE || clause->source != FR_SET_ANY ||
        clause->destination != FR_SET_ANY || clause->service != FR_SERVICE_ANY)
        return;
    for (unsigned side = 0; side < 2; side++)
        if (interfaces[1 - side] == 0)
            c->nowhere[side] |= classes_within(c, side, interfaces[side]);
    c->rest_apart = c->rest_apart || (interfaces[0] != 0 && interfaces[1] != 0);
}

static flowrules_status find_classes(struct cells *c, const bool *consumed) {
    const struct fr_vec *stages = &c->m->stages[c->direction];
    size_t clauses = 0;
    bool good = true;
    c->counts[0] = c->counts[1] = 1;
    for (size_t s = 0; s < stages->count; s++) {
        const struct fr_stage *stage = *fr_vec_at(stages, struct fr_stage *, s);
        for (size_t i = 0; i < stage->clauses.count && good && !c->too_many; i++)
            if (!consumed[i])
                good = split_by_clause(c, fr_vec_at(&stage->clauses, struct fr_clause, i));
        consumed += stage->clauses.count;
        clauses += stage->clauses.count;
    }
    for (size_t s = 0; s < stages->count && good; s++) {
        const struct fr_stage *stage = *fr_vec_at(stages, struct fr_stage *, s);
        for (size_t i = 0; i < stage->clauses.count; i++)
            find_nowhere(c, fr_vec_at(&stage->clauses, struct fr_clause, i));
    }
    c->too_many = c->too_many || clauses > LOOKS_MAX / c->counts[0] / c->counts[1];
    good = good && (c->too_many || classes_are_said(c));
    return good ? FLOWRULES_OK : fr_no_memory(c->m->context);
}

/* ---- the flows of each cell ---------------------------------------------------------------- */

static bool is_in_cell(const struct cells *c, const struct fr_clause *clause,
                       const unsigned cell[2]) {
    for (unsigned side = 0; side < 2; side++)
        if (!fr_interfaces_meet(&c->m->sets, clause->interfaces[side],
                                c->classes[side][cell[side]]))
            return false;
    return true;
}

/* Leaves out the clauses of other cells. */
static void leave_others(const struct cells *c, const bool *consumed, const unsigned cell[2],
                         bool *left) {
    const struct fr_vec *stages = &c->m->stages[c->direction];
    size_t number = 0;
    for (size_t s = 0; s < stages->count; s++) {
        const struct fr_stage *stage = *fr_vec_at(stages, struct fr_stage *, s);
        for (size_t i = 0; i < stage->clauses.count; i++, number++)
            left[number] = consumed[number] ||
                           !is_in_cell(c, fr_vec_at(&stage->clauses, struct fr_clause, i), cell);
    }
}

static bool same_flow(const struct cells *c, const struct fr_import_flow *a,
                      const struct fr_import_flow *b) {
    size_t lists = c->m->stages[c->direction].count;
    if (a->clause != b->clause || a->kind != b->kind)
        return false;
    if (!fr_import_is_flow(a))
        return true;
    return a->ends[0] == b->ends[0] && a->ends[1] == b->ends[1] && a->service == b->service &&
           a->list == b->list &&
           (a->kind == FR_IMPORT_DENY
                ? a->places[a->list] == b->places[a->list]
                : memcmp(a->places, b->places, lists * sizeof *a->places) == 0);
}

static uint32_t hash_of(const struct fr_import_flow *flow) {
    bool told = fr_import_is_flow(flow);
    uint32_t words[] = {flow->clause->line, flow->kind, told ? flow->ends[0] : 0,
                        told ? flow->ends[1] : 0, told ? flow->service : 0};
    return fr_hash(words, sizeof words) | 1u;
}

static bool is_nowhere(const struct cells *c, const unsigned cell[2]) {
    return (c->nowhere[0] & (1ull << cell[0])) != 0 || (c->nowhere[1] & (1ull << cell[1])) != 0 ||
           (c->rest_apart && c->rest[0] == 1ull << cell[0] && c->rest[1] == 1ull << cell[1]);
}

/* Adds a flow of a cell to what was found; false when out of memory. */
static bool add_found(struct cells *c, struct fr_vec *all, struct fr_map *at,
                      const struct fr_import_flow *flow, const unsigned cell[2]) {
    uint32_t hash = hash_of(flow), index;
    struct found_flow *own = NULL;
    if (fr_map_get(at, hash, &index) &&
        same_flow(c, &fr_vec_at(all, struct found_flow, index)->flow, flow))
        own = fr_vec_at(all, struct found_flow, index);
    if (own == NULL) {
        own = fr_vec_push(all);
        if (own == NULL || !fr_map_put(at, hash, (uint32_t)all->count - 1))
            return false;
        own->flow = *flow;
        own->number = all->count;
        own->cells = fr_arena_alloc(&c->arena, c->counts[0] * sizeof *own->cells);
        if (own->cells == NULL)
            return false;
        memset(own->cells, 0, c->counts[0] * sizeof *own->cells);
    }
    own->flow.ordered = own->flow.ordered || flow->ordered; /* in a cell without an allow before */
    own->cells[cell[0]] |= 1ull << cell[1];
    return true;
}

static bool is_whole(const struct cells *c, const struct fr_import_flow *flow,
                     enum flowrules_family family) {
    struct flowrules_set ends[2] = {{&c->m->sets, flow->ends[0]}, {&c->m->sets, flow->ends[1]}};
    return flow->kind == FR_IMPORT_ALLOW && flow->service == FR_SERVICE_ANY &&
           flowrules_set_is_all(ends[0], family) && flowrules_set_is_all(ends[1], family);
}

/* From which clause on all passes in a cell: what is allowed behind it may be said there or not. */
static uint32_t find_all_pass(const struct cells *c, enum fr_import_way way,
                              const struct fr_vec *flows, enum flowrules_family family) {
    uint32_t first = UINT32_MAX;
    if (way == FR_IMPORT_SPARES || c->m->stages[c->direction].count != 1)
        return first;
    for (size_t i = 0; i < flows->count; i++) {
        const struct fr_import_flow *f = fr_vec_at(flows, struct fr_import_flow, i);
        if (is_whole(c, f, family) && f->places[0] < first)
            first = f->places[0];
    }
    return first;
}

static flowrules_status find_in_cells(struct cells *c, enum fr_import_way way, const bool *consumed,
                                      bool *left, struct fr_import_found *found,
                                      struct fr_vec *all) {
    const struct fr_allocator *allocator = &c->m->context->allocator;
    struct fr_vec flows;
    struct fr_map at;
    enum fr_import_way blocks = way == FR_IMPORT_SPARES ? FR_IMPORT_BLOCKS : way;
    flowrules_status status = FLOWRULES_OK;
    unsigned cell[2];
    found->rest = c->rest[0] != 0 || c->rest[1] != 0;
    fr_vec_init(&flows, allocator, sizeof(struct fr_import_flow));
    fr_map_init(&at, allocator);
    for (cell[0] = 0; cell[0] < c->counts[0]; cell[0]++)
        for (cell[1] = 0; cell[1] < c->counts[1] && status == FLOWRULES_OK; cell[1]++) {
            if (is_nowhere(c, cell))
                continue;
            leave_others(c, consumed, cell, left);
            flows.count = 0;
            status = fr_import_flows(c->m, c->direction, found->rest ? blocks : way, left, &flows,
                                     found);
            for (size_t i = 0; i < flows.count && status == FLOWRULES_OK; i++)
                if (!add_found(c, all, &at, fr_vec_at(&flows, struct fr_import_flow, i), cell))
                    status = fr_no_memory(c->m->context);
            for (unsigned f = 0; f < 2; f++)
                c->all_pass[f][cell[0]][cell[1]] =
                    find_all_pass(c, found->rest ? blocks : way, &flows, (enum flowrules_family)f);
            if (found->too_many != NULL)
                break;
        }
    fr_vec_free(&flows);
    fr_map_free(&at);
    return status;
}

/* ---- one flow again ------------------------------------------------------------------------ */

/* The interfaces of some classes of a side: 0 where it is all; FR_SET_NONE when out of memory. */
static fr_set union_of(struct cells *c, unsigned side, uint64_t mask) {
    uint64_t all = UINT64_MAX >> (64 - c->counts[side]);
    fr_set sum = FR_SET_EMPTY;
    if ((mask | c->nowhere[side]) == all)
        return 0;
    for (unsigned i = 0; i < c->counts[side] && sum != FR_SET_NONE; i++)
        if ((mask & (1ull << i)) != 0)
            sum = fr_set_union(&c->m->sets, sum, c->classes[side][i]);
    return sum;
}

static flowrules_status push_flow(struct cells *c, const struct found_flow *found,
                                  const fr_set interfaces[2], struct fr_vec *flows) {
    if (interfaces[0] == FR_SET_NONE || interfaces[1] == FR_SET_NONE)
        return fr_no_memory(c->m->context);
    struct fr_import_flow *flow = fr_vec_add(flows);
    if (flow == NULL)
        return fr_no_memory(c->m->context);
    *flow = found->flow;
    flow->interfaces[0] = interfaces[0];
    flow->interfaces[1] = interfaces[1];
    return FLOWRULES_OK;
}

/* The masks that together are this one, and that names can say: it, or each class by itself. */
static flowrules_status sayable_masks(struct cells *c, unsigned side, uint64_t mask,
                                      uint64_t masks[CLASSES_MAX], size_t *count) {
    fr_set set = union_of(c, side, mask);
    if (set != 0 && (mask & c->rest[side]) != 0) { /* not said; it is found out if that matters */
        mask &= ~c->rest[side];
        set = union_of(c, side, mask);
    }
    bool said = set == 0 && mask != 0;
    *count = 0;
    if (mask == 0)
        return FLOWRULES_OK;
    if (set == FR_SET_NONE || (set != 0 && !spell(c, set, &said)))
        return fr_no_memory(c->m->context);
    if (said)
        masks[(*count)++] = mask;
    for (unsigned i = 0; !said && i < c->counts[side]; i++)
        if ((mask & (1ull << i)) != 0)
            masks[(*count)++] = 1ull << i;
    return FLOWRULES_OK;
}

/* The flow by these entering and these leaving classes. */
static flowrules_status push_block(struct cells *c, const struct found_flow *found, uint64_t rows,
                                   uint64_t columns, struct fr_vec *flows) {
    uint64_t masks[2][CLASSES_MAX];
    size_t counts[2];
    FR_TRY(sayable_masks(c, 0, rows, masks[0], &counts[0]));
    FR_TRY(sayable_masks(c, 1, columns, masks[1], &counts[1]));
    for (size_t i = 0; i < counts[0]; i++)
        for (size_t k = 0; k < counts[1]; k++) {
            const fr_set interfaces[2] = {union_of(c, 0, masks[0][i]), union_of(c, 1, masks[1][k])};
            FR_TRY(push_flow(c, found, interfaces, flows));
        }
    return FLOWRULES_OK;
}

/* The rows with the same cells as one, from it on. */
static uint64_t rows_like(const struct cells *c, const uint64_t *cells, unsigned row) {
    uint64_t rows = 0;
    for (unsigned k = row; k < c->counts[0]; k++)
        if (cells[k] == cells[row])
            rows |= 1ull << k;
    return rows;
}

static unsigned count_blocks(const struct cells *c, const uint64_t *cells) {
    unsigned count = 0;
    uint64_t done = 0;
    for (unsigned i = 0; i < c->counts[0]; i++) {
        if (cells[i] == 0 || (done & (1ull << i)) != 0)
            continue;
        done |= rows_like(c, cells, i);
        count++;
    }
    return count;
}

/* Does all that an allow may let pass in a cell pass by a rule before it? */
static bool is_allowed_before(const struct cells *c, const struct fr_import_flow *flow,
                              unsigned row, unsigned column) {
    for (unsigned f = 0; f < 2; f++)
        if (!fr_import_is_of_family(c->m, flow->ends[0], (enum flowrules_family)(1 - f)) &&
            !fr_import_is_of_family(c->m, flow->ends[1], (enum flowrules_family)(1 - f)) &&
            c->all_pass[f][row][column] >= flow->places[flow->list])
            return false;
    return true;
}

/* Are these all cells of which something is decided? */
static bool is_everywhere(const struct cells *c, const uint64_t *cells) {
    for (unsigned i = 0; i < c->counts[0]; i++)
        for (unsigned k = 0; k < c->counts[1]; k++)
            if (!is_nowhere(c, (unsigned[]){i, k}) && (cells[i] & (1ull << k)) == 0)
                return false;
    return true;
}

/* Are the wide cells no longer to say? Zones are listed one by one: then, are they shorter? */
static bool is_worth(const struct cells *c, const uint64_t *wide, const uint64_t *cells) {
    unsigned before = count_blocks(c, cells), after = count_blocks(c, wide);
    if (c->m->backend->capabilities.other_interfaces != NULL)
        return after <= before;
    return after < before || is_everywhere(c, wide);
}

/* An allow also in the cells where all passes before it, where that is no longer to say. */
static void widen(const struct cells *c, struct found_flow *found) {
    uint64_t wide[CLASSES_MAX];
    bool more = false;
    for (unsigned i = 0; i < c->counts[0]; i++) {
        wide[i] = found->cells[i];
        for (unsigned k = 0; k < c->counts[1]; k++)
            if (!is_nowhere(c, (unsigned[]){i, k}) && is_allowed_before(c, &found->flow, i, k))
                wide[i] |= 1ull << k;
        more = more || wide[i] != found->cells[i];
    }
    if (more && is_worth(c, wide, found->cells))
        memcpy(found->cells, wide, c->counts[0] * sizeof *wide);
}

/* ---- the rest, which names alone do not tell: a flow has all of it, or none ----------------- */

/* Does another flow decide all of one in a cell? */
static bool takes(const struct cells *c, const struct found_flow *other,
                  const struct fr_import_flow *flow, unsigned row, unsigned column) {
    const struct fr_import_flow *own = &other->flow;
    return own != flow && (other->cells[row] & (1ull << column)) != 0 &&
           (own->service == FR_SERVICE_ANY || own->service == flow->service) &&
           fr_set_covers(&c->m->sets, own->ends[0], flow->ends[0]) &&
           fr_set_covers(&c->m->sets, own->ends[1], flow->ends[1]);
}

/* Does a deny of the policy take all of another flow in a cell? Then that may be said there or not.
 */
static bool is_denied(const struct cells *c, const struct fr_import_flow *flow, unsigned row,
                      unsigned column) {
    for (size_t i = 0; i < c->all->count; i++) {
        const struct found_flow *deny = fr_vec_at(c->all, struct found_flow, i);
        bool spares = deny->flow.ordered &&
                      (flow->kind == FR_IMPORT_DENY || fr_import_is_before(flow, &deny->flow));
        if (deny->flow.kind == FR_IMPORT_DENY && !spares && takes(c, deny, flow, row, column))
            return true;
    }
    return false;
}

/* Does all of a flow pass in a cell by a rule before it? */
static bool is_passed_before(const struct cells *c, const struct fr_import_flow *flow, unsigned row,
                             unsigned column) {
    bool passed = is_allowed_before(c, flow, row, column);
    for (size_t i = 0; i < c->all->count && !passed; i++) {
        const struct found_flow *allow = fr_vec_at(c->all, struct found_flow, i);
        passed = allow->flow.kind == FR_IMPORT_ALLOW && fr_import_is_before(&allow->flow, flow) &&
                 takes(c, allow, flow, row, column);
    }
    return passed;
}

/* Is the flow in a cell, or may it be said there? */
static bool may_say(const struct cells *c, const struct found_flow *found, unsigned row,
                    unsigned column) {
    return (found->cells[row] & (1ull << column)) != 0 ||
           is_nowhere(c, (unsigned[]){row, column}) ||
           is_passed_before(c, &found->flow, row, column) ||
           is_denied(c, &found->flow, row, column);
}

/* A flow of the rest at one side, and of some cell at the other, is of all classes there. */
static void complete_side(const struct cells *c, struct found_flow *found, unsigned side) {
    for (unsigned r = 0; r < c->counts[side]; r++)
        for (unsigned k = 0; k < c->counts[1 - side] && c->rest[side] == 1ull << r; k++) {
            unsigned cell[2] = {side == 0 ? r : k, side == 0 ? k : r};
            bool all = (found->cells[cell[0]] & (1ull << cell[1])) != 0;
            for (cell[side] = 0; all && cell[side] < c->counts[side]; cell[side]++)
                all = may_say(c, found, cell[0], cell[1]);
            for (cell[side] = 0; all && cell[side] < c->counts[side]; cell[side]++)
                if ((c->nowhere[0] & (1ull << cell[0])) == 0)
                    found->cells[cell[0]] |= (1ull << cell[1]) & ~c->nowhere[1];
        }
}

/* May the flow be said in one row as in another? */
static bool may_be_like(const struct cells *c, const struct found_flow *found, unsigned row,
                        unsigned other) {
    bool like = (found->cells[row] & ~found->cells[other]) == 0;
    for (unsigned k = 0; k < c->counts[1] && like; k++)
        like = (found->cells[other] & (1ull << k)) == 0 || may_say(c, found, row, k);
    return like;
}

/* Between two of the rest: as it is from others to the rest. */
static void complete_rest(const struct cells *c, struct found_flow *found) {
    for (unsigned r = 0; r < c->counts[0]; r++)
        for (unsigned i = 0; i < c->counts[0] && c->rest[0] == 1ull << r; i++)
            if (c->rest_apart && i != r && found->cells[r] != 0 && may_be_like(c, found, r, i))
                found->cells[r] = found->cells[i];
}

/* A deny that is said where all passes before it spares what passes. */
static void order_deny(const struct cells *c, struct found_flow *found) {
    for (unsigned i = 0; i < c->counts[0] && found->flow.kind == FR_IMPORT_DENY; i++)
        for (unsigned k = 0; k < c->counts[1]; k++)
            if ((found->cells[i] & (1ull << k)) != 0 && is_passed_before(c, &found->flow, i, k))
                found->flow.ordered = true;
}

static void complete(const struct cells *c, struct found_flow *found) {
    for (unsigned turn = 0; turn < 2; turn++) { /* what is said between two of the rest spreads */
        complete_side(c, found, 0);
        complete_side(c, found, 1);
        complete_rest(c, found);
    }
    order_deny(c, found);
}

/* Rows with the same cells are one block. */
static flowrules_status push_blocks(struct cells *c, struct found_flow *found,
                                    struct fr_vec *flows) {
    static const fr_set any[2] = {0, 0};
    uint64_t done = 0;
    if (!fr_import_is_flow(&found->flow)) /* a comment */
        return push_flow(c, found, any, flows);
    for (unsigned i = 0; i < c->counts[0]; i++) {
        if (found->cells[i] == 0 || (done & (1ull << i)) != 0)
            continue;
        uint64_t rows = rows_like(c, found->cells, i);
        done |= rows;
        FR_TRY(push_block(c, found, rows, found->cells[i], flows));
    }
    return FLOWRULES_OK;
}

/* In the order of the configuration; what is no rule of it comes last. */
static int by_line(const void *left, const void *right) {
    const struct found_flow *a = left, *b = right;
    const struct fr_clause *x = a->flow.clause, *y = b->flow.clause;
    if ((x->line == 0) != (y->line == 0))
        return x->line == 0 ? 1 : -1;
    if (x->file != y->file)
        return x->file < y->file ? -1 : 1;
    if (x->line != y->line)
        return x->line < y->line ? -1 : 1;
    return (a->number > b->number) - (a->number < b->number);
}

/* Does an allow say, of the same line, no more than another does? */
static bool is_part_of(const struct cells *c, const struct found_flow *part,
                       const struct found_flow *whole) {
    const struct fr_import_flow *a = &part->flow, *b = &whole->flow;
    bool inside = a->kind == FR_IMPORT_ALLOW && b->kind == FR_IMPORT_ALLOW &&
                  a->clause->file == b->clause->file && a->clause->line == b->clause->line &&
                  a->clause->line != 0 && a->ends[0] == b->ends[0] && a->ends[1] == b->ends[1] &&
                  a->service == b->service;
    for (unsigned i = 0; i < c->counts[0] && inside; i++)
        inside = (part->cells[i] & ~whole->cells[i]) == 0;
    return inside;
}

/* The allows as widely as they may be said, each as part of the next one of its line if it can. */
static void widen_all(const struct cells *c, struct fr_vec *all) {
    for (size_t i = 0; i < all->count; i++) {
        struct found_flow *found = fr_vec_at(all, struct found_flow, i);
        if (found->flow.kind == FR_IMPORT_ALLOW)
            widen(c, found);
        if (fr_import_is_flow(&found->flow) && (c->rest[0] != 0 || c->rest[1] != 0))
            complete(c, found);
        if (i > 0 && is_part_of(c, found - 1, found))
            memset(found[-1].cells, 0, c->counts[0] * sizeof *found->cells);
    }
}

static flowrules_status find_flows(struct cells *c, enum fr_import_way way, const bool *consumed,
                                   struct fr_vec *flows, struct fr_import_found *found) {
    const struct fr_allocator *allocator = &c->m->context->allocator;
    size_t clauses = 0;
    for (size_t s = 0; s < c->m->stages[c->direction].count; s++)
        clauses += (*fr_vec_at(&c->m->stages[c->direction], struct fr_stage *, s))->clauses.count;
    bool *left = fr_malloc(allocator, (clauses + 1) * sizeof *left);
    struct fr_vec all;
    if (left == NULL)
        return fr_no_memory(c->m->context);
    fr_vec_init(&all, allocator, sizeof(struct found_flow));
    c->all = &all;
    flowrules_status status = find_in_cells(c, way, consumed, left, found, &all);
    if (all.count > 1)
        qsort(all.items, all.count, sizeof(struct found_flow), by_line);
    if (status == FLOWRULES_OK) /* else the last one may have no cells */
        widen_all(c, &all);
    for (size_t i = 0; i < all.count && status == FLOWRULES_OK; i++)
        status = push_blocks(c, fr_vec_at(&all, struct found_flow, i), flows);
    c->all = NULL;
    fr_vec_free(&all);
    fr_free(allocator, left);
    return status;
}

static flowrules_status find_by_cells(struct cells *c, enum fr_import_way way, const bool *consumed,
                                      struct fr_vec *flows, struct fr_import_found *found,
                                      bool *said) {
    FR_TRY(find_classes(c, consumed));
    if (c->classes[0][0] == 0 && c->classes[1][0] == 0)
        return fr_import_flows(c->m, c->direction, way, consumed, flows, found);
    *said = !c->too_many;
    return *said ? find_flows(c, way, consumed, flows, found) : FLOWRULES_OK;
}

flowrules_status fr_import_cell_flows(flowrules_meaning *m, enum flowrules_direction direction,
                                      enum fr_import_way way, const bool *consumed,
                                      struct fr_vec *flows, struct fr_import_found *found,
                                      bool *said) {
    struct cells c = {.m = m, .direction = direction};
    *said = true;
    fr_arena_init(&c.arena, &m->context->allocator);
    flowrules_status status = find_by_cells(&c, way, consumed, flows, found, said);
    fr_arena_free(&c.arena);
    return status;
}
