/*
 * What of a list of clauses is a baseline: the kinds of packets that pass before all else, path-MTU
 * discovery, and the drop of what conntrack calls invalid.
 */
#include "import_flows.h"

#define TYPES 256u

/* ---- clauses ------------------------------------------------------------------------------- */

static bool has_any_ends(const struct fr_clause *c) {
    return c->source == FR_SET_ANY && c->destination == FR_SET_ANY;
}

static bool is_of_any(const struct fr_clause *c) {
    return has_any_ends(c) && c->interfaces[0] == 0 && c->interfaces[1] == 0;
}

/* Has the service every packet of a protocol, with the first value in a range and any second? */
static bool has_all(const flowrules_meaning *m, fr_service service, unsigned protocol,
                    unsigned first, unsigned last, unsigned most) {
    const struct fr_service_terms *terms = fr_service_get(&m->services, service);
    unsigned reached = first;
    for (bool grown = true; grown && reached <= last;) {
        grown = false;
        for (uint32_t i = 0; i < terms->count; i++) {
            const struct fr_term *t = &terms->terms[i];
            bool whole = t->destination_first == 0 && t->destination_last >= most;
            if ((t->protocol == protocol || t->protocol == FR_PROTOCOL_ANY) && whole &&
                t->source_first <= reached && t->source_last >= reached) {
                reached = t->source_last + 1u;
                grown = true;
            }
        }
    }
    return reached > last;
}

static bool touches(const flowrules_meaning *m, fr_service service, unsigned protocol,
                    unsigned first, unsigned last) {
    const struct fr_service_terms *terms = fr_service_get(&m->services, service);
    for (uint32_t i = 0; i < terms->count; i++) {
        const struct fr_term *t = &terms->terms[i];
        if ((t->protocol == protocol || t->protocol == FR_PROTOCOL_ANY) &&
            t->source_first <= last && t->source_last >= first)
            return true;
    }
    return false;
}

/* ---- kinds of packets ---------------------------------------------------------------------- */

struct span {
    uint16_t protocol, first, last; /* of the source ports' place */
};

/* A kind of packets, and what its packets are; protocol 256: any. */
static const struct kind {
    enum flowrules_packets packets;
    enum flowrules_baseline part;
    unsigned families; /* bits: those that have such packets */
    struct span spans[2];
    size_t span_count;
} kinds[] = {
    {FLOWRULES_REPLY, FLOWRULES_BASELINE_REPLIES, FLOWRULES_BOTH_FAMILIES, {{0, 0, 0}}, 0},
    {FLOWRULES_LOOPBACK, FLOWRULES_BASELINE_LOOPBACK, FLOWRULES_BOTH_FAMILIES, {{0, 0, 0}}, 0},
    {FLOWRULES_NEIGHBOUR, FLOWRULES_BASELINE_NEIGHBOUR, 2, {{FR_ICMPV6, 133, 136}}, 1},
    {FLOWRULES_LISTENER,
     FLOWRULES_BASELINE_LISTENER,
     2,
     {{FR_ICMPV6, 130, 132}, {FR_ICMPV6, 143, 143}},
     2},
};

/*
 * Does the clause decide all packets of a span; some of them? Replies come between some interfaces
 * alone where connections do; that the others don't matter is found out by comparing.
 */
static bool decides_all(const flowrules_meaning *m, const struct fr_clause *c, unsigned packets,
                        const struct span *span) {
    bool replies = packets == FLOWRULES_REPLY && has_any_ends(c);
    if (!is_of_any(c) && !replies)
        return false;
    if (span == NULL)
        return c->service == FR_SERVICE_ANY;
    return has_all(m, c->service, span->protocol, span->first, span->last, UINT8_MAX);
}

static bool decides_some(const flowrules_meaning *m, const struct fr_clause *c, unsigned packets,
                         const struct span *span) {
    if (packets == FLOWRULES_REPLY && !is_of_any(c) && has_any_ends(c))
        return false;
    return span == NULL || touches(m, c->service, span->protocol, span->first, span->last);
}

/* Does all of a span pass a list, for one family? */
static bool passes_list(const flowrules_meaning *m, const struct fr_stage *stage, unsigned packets,
                        unsigned family, const struct span *span) {
    bool blocked = false; /* replies of some addresses */
    for (size_t i = 0; i < stage->clauses.count; i++) {
        const struct fr_clause *c = fr_vec_at(&stage->clauses, struct fr_clause, i);
        if ((c->packets & packets) == 0 || (c->families & family) == 0 || c->doubt != 0)
            continue;
        if (c->effect == FR_BLOCK && decides_some(m, c, packets, span)) {
            if (packets != FLOWRULES_REPLY || has_any_ends(c))
                return false;
            blocked = true;
        }
        if (c->effect == FR_PASS && decides_all(m, c, packets, span))
            return !blocked || (c->packets & FLOWRULES_NEW) == 0;
    }
    return !blocked;
}

/* Does nothing at all pass a list, for one family? Then it says nothing of a baseline. */
static bool is_closed(const struct fr_stage *stage, unsigned family) {
    for (size_t i = 0; i < stage->clauses.count; i++) {
        const struct fr_clause *c = fr_vec_at(&stage->clauses, struct fr_clause, i);
        if ((c->families & family) == 0)
            continue;
        if (c->effect == FR_BLOCK && is_of_any(c) && c->service == FR_SERVICE_ANY)
            return true;
        if (c->effect == FR_PASS)
            return false;
    }
    return false;
}

static const struct fr_stage *stage_at(const flowrules_meaning *m,
                                       enum flowrules_direction direction, size_t i) {
    return *fr_vec_at(&m->stages[direction], struct fr_stage *, i);
}

static bool passes(const flowrules_meaning *m, enum flowrules_direction direction, unsigned packets,
                   unsigned families, const struct span *span) {
    bool some = false;
    for (unsigned f = 0; f < 2; f++) {
        unsigned family = FLOWRULES_FAMILY_BIT(f);
        if ((families & family) == 0)
            continue;
        bool closed = false;
        for (size_t s = 0; s < m->stages[direction].count; s++)
            closed = closed || is_closed(stage_at(m, direction, s), family);
        some = some || !closed;
        for (size_t s = 0; s < m->stages[direction].count && !closed; s++)
            if (!passes_list(m, stage_at(m, direction, s), packets, family, span))
                return false;
    }
    return some;
}

/* ---- path MTU discovery, and what is invalid ----------------------------------------------- */

/* ICMP 3 code 4, and ICMPv6 2: RFC 1191, RFC 4890. */
static bool is_path_mtu(const flowrules_meaning *m, const struct fr_clause *c, unsigned protocol) {
    const struct fr_service_terms *terms = fr_service_get(&m->services, c->service);
    const struct fr_term *t = &terms->terms[0];
    unsigned type = protocol == FR_ICMP ? 3 : 2;
    bool codes = protocol == FR_ICMP ? t->destination_first == 4 && t->destination_last == 4
                                     : t->destination_first == 0 && t->destination_last >= 255;
    return c->effect == FR_PASS && c->name == 0 && c->doubt == 0 && is_of_any(c) &&
           terms->count == 1 && t->protocol == protocol && t->source_first == type &&
           t->source_last == type && codes;
}

/* Is it ICMP of types that conntrack calls invalid, and of nothing else? */
static bool is_invalid(const flowrules_meaning *m, const struct fr_clause *c) {
    const struct fr_service_terms *terms = fr_service_get(&m->services, c->service);
    if (c->effect != FR_BLOCK || c->doubt != 0 || !is_of_any(c))
        return false;
    for (uint32_t i = 0; i < terms->count; i++) {
        const struct fr_term *t = &terms->terms[i];
        if (!fr_protocol_is_icmp(t->protocol))
            return false;
        for (unsigned type = t->source_first; type <= t->source_last && type < TYPES; type++)
            if (!fr_icmp_is_invalid(t->protocol, type))
                return false;
    }
    return true;
}

/* Has it all of those types? */
static bool has_invalid(const flowrules_meaning *m, const struct fr_clause *c, unsigned protocol) {
    for (unsigned type = 0; type < TYPES; type++)
        if (fr_icmp_is_invalid(protocol, type) &&
            !has_all(m, c->service, protocol, type, type, UINT8_MAX))
            return false;
    return true;
}

/* Where a list has what a baseline says, for each family: the clause's number + 1. */
struct found {
    size_t path_mtu[2], invalid[2];
};

static bool meets_invalid(const flowrules_meaning *m, const struct fr_clause *c,
                          unsigned protocol) {
    for (unsigned type = 0; type < TYPES; type++)
        if (fr_icmp_is_invalid(protocol, type) && touches(m, c->service, protocol, type, type))
            return true;
    return false;
}

static bool is_new(const struct fr_clause *c, unsigned family) {
    return (c->packets & FLOWRULES_NEW) != 0 && (c->families & family) != 0 &&
           c->effect != FR_OUTSIDE;
}

/* A part of a baseline goes before all rules: what stands before it here must not meet it. */
static void look_through(const flowrules_meaning *m, const struct fr_stage *stage, unsigned f,
                         struct found *found) {
    unsigned protocol = f == 0 ? FR_ICMP : FR_ICMPV6, type = f == 0 ? 3 : 2;
    bool path_mtu = true, invalid = true;
    for (size_t i = 0; i < stage->clauses.count && (path_mtu || invalid); i++) {
        const struct fr_clause *c = fr_vec_at(&stage->clauses, struct fr_clause, i);
        if (!is_new(c, FLOWRULES_FAMILY_BIT(f)))
            continue;
        if (path_mtu && is_path_mtu(m, c, protocol)) {
            found->path_mtu[f] = found->path_mtu[f] == 0 ? i + 1 : found->path_mtu[f];
            continue;
        }
        if (invalid && is_invalid(m, c) && has_invalid(m, c, protocol)) {
            found->invalid[f] = i + 1;
            return;
        }
        path_mtu =
            path_mtu && (c->effect == FR_PASS || !touches(m, c->service, protocol, type, type));
        invalid = invalid && !meets_invalid(m, c, protocol);
    }
}

/* Do all lists that let something pass have it, for both families? */
static flowrules_status take_found(flowrules_meaning *m, enum flowrules_direction direction,
                                   struct fr_import_baseline *baseline, bool *consumed) {
    bool path_mtu = m->stages[direction].count > 0, invalid = path_mtu, some = false;
    for (int round = 0; round < 2; round++) {
        size_t base = 0;
        for (size_t s = 0; s < m->stages[direction].count; s++) {
            const struct fr_stage *stage = stage_at(m, direction, s);
            struct found found = {{0, 0}, {0, 0}};
            for (unsigned f = 0; f < 2; f++) {
                bool closed = is_closed(stage, FLOWRULES_FAMILY_BIT(f));
                look_through(m, stage, f, &found);
                path_mtu = path_mtu && found.path_mtu[f] > 0;
                invalid = invalid && (found.invalid[f] > 0 || closed);
                some = some || found.invalid[f] > 0;
                if (round == 1 && path_mtu)
                    consumed[base + found.path_mtu[f] - 1] = true;
                if (round == 1 && invalid && found.invalid[f] > 0)
                    consumed[base + found.invalid[f] - 1] = true;
            }
            base += stage->clauses.count;
        }
    }
    baseline->parts |= path_mtu ? FLOWRULES_BASELINE_PATH_MTU : 0u;
    baseline->parts |= invalid && some ? FLOWRULES_BASELINE_INVALID : 0u;
    return FLOWRULES_OK;
}

/* ---- the whole ----------------------------------------------------------------------------- */

/* Is TCP in midstream dropped before anything lets some of it pass? */
static bool drops_midstream(const flowrules_meaning *m, const struct fr_stage *stage,
                            unsigned family) {
    for (size_t i = 0; i < stage->clauses.count; i++) {
        const struct fr_clause *c = fr_vec_at(&stage->clauses, struct fr_clause, i);
        if ((c->packets & FLOWRULES_MIDSTREAM) == 0 || (c->families & family) == 0 ||
            !touches(m, c->service, FR_TCP, 0, UINT16_MAX))
            continue;
        return c->effect == FR_BLOCK && is_of_any(c) &&
               has_all(m, c->service, FR_TCP, 0, UINT16_MAX, UINT16_MAX);
    }
    return false;
}

/* Do all packets of a kind pass? Each type by itself: it may have a rule of its own. */
static bool has_kind(const flowrules_meaning *m, enum flowrules_direction direction,
                     const struct kind *kind) {
    if (kind->span_count == 0)
        return passes(m, direction, kind->packets, kind->families, NULL);
    for (size_t s = 0; s < kind->span_count; s++)
        for (uint16_t type = kind->spans[s].first; type <= kind->spans[s].last; type++) {
            const struct span one = {kind->spans[s].protocol, type, type};
            if (!passes(m, direction, kind->packets, kind->families, &one))
                return false;
        }
    return true;
}

flowrules_status fr_import_find_baseline(flowrules_meaning *m, enum flowrules_direction direction,
                                         struct fr_import_baseline *baseline, bool *consumed) {
    bool dropped = false;
    *baseline = (struct fr_import_baseline){.passes = true};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        const struct kind *kind = &kinds[k];
        bool all = (m->packets & kind->packets) != 0 && has_kind(m, direction, kind);
        baseline->parts |= all ? kind->part : 0u;
        baseline->passes = baseline->passes && (all || (m->packets & kind->packets) == 0);
    }
    for (size_t s = 0; s < m->stages[direction].count; s++) {
        const struct fr_stage *stage = stage_at(m, direction, s);
        bool both = true;
        for (unsigned f = 0; f < 2; f++)
            both = both && (is_closed(stage, FLOWRULES_FAMILY_BIT(f)) ||
                            drops_midstream(m, stage, FLOWRULES_FAMILY_BIT(f)));
        dropped = dropped || both;
    }
    baseline->mid_stream = (m->packets & FLOWRULES_MIDSTREAM) != 0 && !dropped;
    return take_found(m, direction, baseline, consumed);
}
