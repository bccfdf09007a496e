/*
 * The shortest row of lines to remove and add: E. W. Myers, "An O(ND) difference algorithm and its
 * variations" (1986), the greedy one. What both texts begin and end with is left out first.
 */
#include "line_diff.h"

#include <string.h>

/* Lines to remove and add at most; the furthest points of all steps are kept. */
#define STEPS_MOST 1000

bool fr_lines_split(struct fr_vec *lines, const char *text, size_t size) {
    for (size_t at = 0; at < size;) {
        const char *end = memchr(text + at, '\n', size - at);
        size_t length = end == NULL ? size - at : (size_t)(end - text) - at;
        struct fr_line *line = fr_vec_add(lines);
        if (line == NULL)
            return false;
        *line = (struct fr_line){text + at, length, fr_hash(text + at, length)};
        at += length + 1;
    }
    return true;
}

struct diffing {
    const struct fr_line *sides[2];
    size_t first;           /* lines that both begin with */
    size_t counts[2];       /* lines between these and what both end with */
    struct fr_vec furthest; /* int32_t: of step d, 2 d + 1 of them, for the diagonals -d to d */
    fr_line_fn visit;
    void *user;
};

static bool same_line(const struct fr_line *a, const struct fr_line *b) {
    return a->hash == b->hash && a->length == b->length && memcmp(a->text, b->text, a->length) == 0;
}

/* Is a line of before, behind those that both begin with, the same as one of after? */
static bool same_at(const struct diffing *d, int32_t x, int32_t y) {
    return same_line(&d->sides[0][d->first + (size_t)x], &d->sides[1][d->first + (size_t)y]);
}

static int32_t *step_at(const struct diffing *d, int32_t step) {
    return fr_vec_at(&d->furthest, int32_t, (size_t)step * (size_t)step + (size_t)step);
}

/* How far a diagonal is reached in a step before lines that both have; removed: by a removal. */
static int32_t reach(const struct diffing *d, int32_t step, int32_t diagonal, bool *removed) {
    if (step == 0)
        return 0;
    const int32_t *last = step_at(d, step - 1);
    bool down = diagonal == -step || (diagonal != step && last[diagonal - 1] < last[diagonal + 1]);
    *removed = !down;
    return down ? last[diagonal + 1] : last[diagonal - 1] + 1;
}

/* Takes one step on all diagonals; *end: the one on which both are at their end, or unchanged. */
static bool take_step(struct diffing *d, int32_t step, bool *ended) {
    const int32_t before = (int32_t)d->counts[0], after = (int32_t)d->counts[1];
    bool removed;
    for (int32_t i = -step; i <= step; i++)
        if (fr_vec_push(&d->furthest) == NULL)
            return false;
    for (int32_t diagonal = -step; diagonal <= step && !*ended; diagonal += 2) {
        int32_t x = reach(d, step, diagonal, &removed), y = x - diagonal;
        while (x >= 0 && y >= 0 && x < before && y < after && same_at(d, x, y)) {
            x++;
            y++;
        }
        step_at(d, step)[diagonal] = x;
        *ended = x >= before && y >= after;
    }
    return true;
}

/* ---- telling ------------------------------------------------------------------------------- */

/* All lines between what both begin and end with. */
static bool tell_all(const struct diffing *d) {
    bool good = true;
    for (size_t side = 0; side < 2; side++)
        for (size_t i = 0; i < d->counts[side] && good; i++)
            good = d->visit(d->user, side == 1, d->first + i);
    return good;
}

/* A line to remove or to add. */
struct edit {
    int32_t line;
    bool added;
};

/* Goes back from the end, and tells what was found in order. */
static bool tell_steps(const struct diffing *d, int32_t steps) {
    struct fr_vec edits;
    int32_t diagonal = (int32_t)d->counts[0] - (int32_t)d->counts[1];
    fr_vec_init(&edits, d->furthest.allocator, sizeof(struct edit));
    bool good = fr_vec_reserve(&edits, (size_t)steps);
    for (int32_t step = steps; step > 0 && good; step--) {
        bool removed = false;
        int32_t x = reach(d, step, diagonal, &removed), y = x - diagonal;
        *(struct edit *)fr_vec_add(&edits) =
            removed ? (struct edit){x - 1, false} : (struct edit){y - 1, true};
        diagonal += removed ? -1 : 1;
    }
    for (size_t i = edits.count; i-- > 0 && good;) {
        const struct edit *edit = fr_vec_at(&edits, struct edit, i);
        good = d->visit(d->user, edit->added, d->first + (size_t)edit->line);
    }
    fr_vec_free(&edits);
    return good;
}

/* ---- comparing ----------------------------------------------------------------------------- */

static void leave_out_ends(struct diffing *d, size_t before, size_t after) {
    size_t least = before < after ? before : after, last = 0;
    while (d->first < least && same_line(&d->sides[0][d->first], &d->sides[1][d->first]))
        d->first++;
    while (last < least - d->first &&
           same_line(&d->sides[0][before - 1 - last], &d->sides[1][after - 1 - last]))
        last++;
    d->counts[0] = before - d->first - last;
    d->counts[1] = after - d->first - last;
}

bool fr_lines_compare(const struct fr_vec *before, const struct fr_vec *after, fr_line_fn visit,
                      void *user) {
    struct diffing d = {.sides = {before->items, after->items}, .visit = visit, .user = user};
    leave_out_ends(&d, before->count, after->count);
    if (d.counts[0] == 0 || d.counts[1] == 0 || d.counts[0] > INT32_MAX / 2 ||
        d.counts[1] > INT32_MAX / 2)
        return tell_all(&d);
    fr_vec_init(&d.furthest, before->allocator, sizeof(int32_t));
    int32_t steps = 0;
    bool ended = false, good = take_step(&d, 0, &ended);
    while (good && !ended && steps < STEPS_MOST)
        good = take_step(&d, ++steps, &ended);
    if (good)
        good = ended ? tell_steps(&d, steps) : tell_all(&d);
    fr_vec_free(&d.furthest);
    return good;
}
