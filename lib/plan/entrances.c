/*
 * Lists who may open a TCP connection to the machine of a target, for a script that searches the
 * list: the first entry that matches a connection decides. Knows addresses and ports; entries with
 * a name, a group, a source port or an interface leave it undecided.
 */
#include "entrances.h"

#include <stdio.h>
#include <string.h>

#include "flowrules/kits/linux.h"
#include "writer.h"

enum { LINES_MAX = 500 }; /* with more it is left undecided */

struct listing {
    const flowrules_plan *plan;
    struct flowrules_writer w;
    size_t lines;
};

static void write_hex(char text[33], enum flowrules_family family, struct flowrules_ip ip) {
    if (family == FLOWRULES_IPV4)
        snprintf(text, 33, "%08llx", (unsigned long long)ip.lo);
    else
        snprintf(text, 33, "%016llx%016llx", (unsigned long long)ip.hi, (unsigned long long)ip.lo);
}

/* "a SOURCE SOURCE DESTINATION DESTINATION PORT PORT": the first and the last of each. */
static bool add_line(struct listing *l, char verdict, const struct flowrules_range ends[2],
                     const struct fr_term *term) {
    char hex[4][33];
    if (++l->lines > LINES_MAX)
        return false;
    for (size_t e = 0; e < 2; e++) {
        write_hex(hex[2 * e], ends[e].family, ends[e].first);
        write_hex(hex[2 * e + 1], ends[e].family, ends[e].last);
    }
    flowrules_writef(&l->w, "%s%c %s %s %s %s %u %u", l->lines > 1 ? "; " : "", verdict, hex[0],
                     hex[1], hex[2], hex[3], (unsigned)term->destination_first,
                     (unsigned)term->destination_last);
    return true;
}

/* The ranges of an end in one family: all of it where the end is any. */
static size_t range_count(struct flowrules_set set, enum flowrules_family family) {
    return flowrules_set_is_any(set) ? 1 : flowrules_set_range_count(set, family);
}

static struct flowrules_range range_at(struct flowrules_set set, enum flowrules_family family,
                                       size_t index) {
    if (flowrules_set_is_any(set))
        return (struct flowrules_range){family, {0, 0}, fr_ip_max(family)};
    return flowrules_set_range(set, family, index);
}

static bool has_atoms(const flowrules_plan *plan, fr_set set) {
    return fr_set_head(&plan->view->sets, set)->atoms > 0;
}

/* What a term of a part decides; names may be anywhere, and a source port is not known. */
static bool add_term(struct listing *l, const struct fr_scoped *part, const struct fr_term *term) {
    const flowrules_plan *plan = l->plan;
    const struct fr_sets *sets = &plan->view->sets;
    bool source = has_atoms(plan, part->source), destination = has_atoms(plan, part->destination);
    bool unknown = source || destination || term->source_first != 0 || term->source_last != 65535 ||
                   part->crossing != 0;
    struct flowrules_set ends[2] = {{sets, source ? FR_SET_ANY : part->source},
                                    {sets, destination ? FR_SET_ANY : part->destination}};
    char verdict = unknown ? 'u' : part->deny ? 'd' : 'a';
    for (enum flowrules_family f = FLOWRULES_IPV4; f <= FLOWRULES_IPV6; f++)
        for (size_t i = 0; i < range_count(ends[0], f); i++)
            for (size_t k = 0; k < range_count(ends[1], f); k++) {
                struct flowrules_range ranges[2] = {range_at(ends[0], f, i),
                                                    range_at(ends[1], f, k)};
                if (!add_line(l, verdict, ranges, term))
                    return false;
            }
    return true;
}

static bool add_parts(struct listing *l, bool deny, uint32_t phase) {
    const flowrules_plan *plan = l->plan;
    bool good = true;
    for (size_t i = 0; i < plan->scoped.count && good; i++) {
        const struct fr_scoped *part = fr_vec_at(&plan->scoped, struct fr_scoped, i);
        const struct fr_service_terms *terms =
            fr_service_get(&plan->policy->services, part->service);
        if (part->direction != FLOWRULES_INGRESS || part->deny != deny || part->phase != phase)
            continue;
        for (uint32_t t = 0; t < terms->count && good; t++)
            if (terms->terms[t].protocol == FR_TCP || terms->terms[t].protocol == FR_PROTOCOL_ANY)
                good = add_term(l, part, &terms->terms[t]);
    }
    return good;
}

/* The lines of all parts; "unknown" where there are too many. NULL: no memory. */
static const char *list_entrances(const flowrules_plan *plan, struct fr_arena *arena) {
    struct listing l = {.plan = plan};
    bool good = !plan->circular && (plan->target->baseline & FLOWRULES_BASELINE_REPLIES) != 0;
    fr_writer_init(&l.w, &plan->context->allocator, false);
    for (uint32_t phase = 0; phase < plan->phases && good; phase++)
        good = add_parts(&l, true, phase) && add_parts(&l, false, phase);
    const char *kept = fr_writer_keep(&l.w, arena);
    return kept == NULL || good ? kept : "unknown";
}

flowrules_status fr_note_entrances(struct fr_rules *rules) {
    const flowrules_plan *plan = rules->plan;
    rules->entrances = "none";
    if (plan->can->placement != FLOWRULES_BY_HOOK || !plan->enforces[FLOWRULES_INGRESS] ||
        plan->permits)
        return FLOWRULES_OK;
    rules->entrances = list_entrances(plan, &rules->arena);
    return rules->entrances == NULL ? fr_no_memory(plan->context) : FLOWRULES_OK;
}
