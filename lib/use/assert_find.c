/*
 * Keeps what is found of assertions, up to a number for each, and writes names for people.
 */
#include "assert.h"
#include "writer.h"

/* Names in a message; there may be more. */
#define NAMES_SHOWN 3u

static void worsen(struct fr_judged *judged, enum fr_judgement judgement) {
    if (judgement > judged->judgement)
        judged->judgement = judgement;
}

/* The finding of the same flow that is kept last, so that each flow has one; or NULL. */
static struct fr_breach *last_of(struct fr_judged *judged, uint32_t flow) {
    if (judged->findings.count == 0 || flow == UINT32_MAX)
        return NULL;
    struct fr_breach *last =
        fr_vec_at(&judged->findings, struct fr_breach, judged->findings.count - 1);
    return last->flow == flow ? last : NULL;
}

flowrules_status fr_assert_find(struct fr_asserting *a, uint32_t number,
                                const struct fr_breach *finding) {
    struct fr_judged *judged = fr_vec_at(&a->judged, struct fr_judged, number);
    struct fr_breach *last = last_of(judged, finding->flow);
    bool broken = finding->judgement == FR_BROKEN;
    uint32_t *count = broken ? &judged->broken : &judged->unknown;
    worsen(judged, finding->judgement);
    if (last != NULL && last->judgement >= finding->judgement)
        return FLOWRULES_OK;
    if (last != NULL) {
        judged->unknown--;
        judged->broken++;
        *last = *finding;
        return FLOWRULES_OK;
    }
    if (*count >= FR_FINDINGS_MOST) {
        judged->more = true;
        return FLOWRULES_OK;
    }
    struct fr_breach *slot = fr_vec_add(&judged->findings);
    if (slot == NULL)
        return fr_no_memory(a->context);
    *slot = *finding;
    ++*count;
    return FLOWRULES_OK;
}

static void write_names(const struct fr_asserting *a, struct flowrules_writer *w, fr_set set) {
    const struct fr_set_head *head = fr_set_head(&a->view.sets, set);
    for (uint32_t i = 0; i < head->atoms && i < NAMES_SHOWN; i++) {
        const struct flowrules_atom *atom =
            fr_vec_at(&a->view.atoms, struct flowrules_atom, fr_set_atoms(head)[i]);
        flowrules_write(w, i > 0 ? ", " : "");
        flowrules_write(w, atom->kind == FLOWRULES_ATOM_WILDCARD ? "*." : "");
        flowrules_write(w, atom->name);
    }
    if (head->atoms > NAMES_SHOWN)
        flowrules_writef(w, " +%u more", (unsigned)(head->atoms - NAMES_SHOWN));
}

const char *fr_assert_names(struct fr_asserting *a, fr_set set) {
    fr_set whole = fr_set_subtract(&a->view.sets, set, a->hollow);
    set = whole == FR_SET_EMPTY || whole == FR_SET_NONE ? set : whole; /* not their parts too */
    const struct fr_set_head *head = fr_set_head(&a->view.sets, set);
    struct flowrules_writer w;
    if (head->atoms == 0 || head->all_atoms != 0)
        return NULL;
    fr_writer_init(&w, &a->context->allocator, false);
    write_names(a, &w, set);
    const char *kept = fr_writer_keep(&w, a->arena);
    a->view.sets.failed = a->view.sets.failed || kept == NULL;
    return kept;
}
