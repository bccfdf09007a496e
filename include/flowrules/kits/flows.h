/*
 * flowrules: the flows of a rule, and what an artifact says of them.
 */
#ifndef FLOWRULES_KITS_FLOWS_H
#define FLOWRULES_KITS_FLOWS_H

#include <stdbool.h>
#include <stddef.h>

#include "../backend.h"

#ifdef __cplusplus
extern "C" {
#endif

/* True for the same flows. */
static inline bool flowrules_flows_are_same(flowrules_flows a, flowrules_flows b) {
    return a.number == b.number;
}

FLOWRULES_API size_t flowrules_flows_count(const flowrules_output *out, flowrules_flows flows);
/* User text. */
FLOWRULES_API const char *flowrules_flows_name(const flowrules_output *out, flowrules_flows flows,
                                               size_t index);
FLOWRULES_API const char *flowrules_flows_purpose(const flowrules_output *out,
                                                  flowrules_flows flows, size_t index);
FLOWRULES_API const char *flowrules_flows_owner(const flowrules_output *out, flowrules_flows flows,
                                                size_t index);
FLOWRULES_API const char *flowrules_flows_ticket(const flowrules_output *out, flowrules_flows flows,
                                                 size_t index);
FLOWRULES_API const char *flowrules_flows_volume(const flowrules_output *out, flowrules_flows flows,
                                                 size_t index);
FLOWRULES_API const char *flowrules_flows_frequency(const flowrules_output *out,
                                                    flowrules_flows flows, size_t index);
/* A flow's tags: tag 0, 1 ... until NULL. */
FLOWRULES_API const char *flowrules_flows_tag(const flowrules_output *out, flowrules_flows flows,
                                              size_t index, size_t tag);
/* The names of the flows that a deny spares: flow 0, 1 ... until NULL. User text. */
FLOWRULES_API const char *flowrules_flows_spares(const flowrules_output *out, flowrules_flows flows,
                                                 size_t index, size_t flow);
/* Writes the names of the flows, separated by ", "; cut to escape's max_bytes: "a, b +3 more". */
FLOWRULES_API void flowrules_write_flows(flowrules_writer *w, const flowrules_output *out,
                                         const struct flowrules_escape *escape,
                                         flowrules_flows flows);

/* The parts of flowrules_write_notes; earlier ones take precedence if there is no room. */
enum flowrules_note {
    FLOWRULES_NOTE_FLOWS = 1,    /* the flows: "a (T-1, until 2027-01-31), b +3 more" */
    FLOWRULES_NOTE_PINS = 2,     /* names of addresses: "pinned 2026-11-02: a.example" */
    FLOWRULES_NOTE_LOSSES = 4,   /* "narrowed: WHY", "widened: WHY", "not logged: WHY" */
    FLOWRULES_NOTE_OWNER = 8,    /* "owner NAME" */
    FLOWRULES_NOTE_PURPOSE = 16, /* as the policy has it */
    FLOWRULES_NOTES = 31         /* all */
};

/*
 * Writes what people should know of a rule of these flows, on one line, separated by "; ": for a
 * comment, or a description that the platform keeps. At most escape's max_bytes: less important
 * parts are left out, or cut at a whole character. at: the only range of addresses of the line, so
 * that only names with an address in it are written; NULL: all names of the flows. The day of a pin
 * is the day on which the newest of these addresses was first seen: it changes when they do, and
 * not with each resolve. False if there was nothing to write.
 */
FLOWRULES_API bool flowrules_write_notes(flowrules_writer *w, flowrules_output *out,
                                         const struct flowrules_escape *escape, unsigned notes,
                                         flowrules_flows flows, const struct flowrules_range *at);
/* The same as a text, "" if there is nothing to write; it lives as long as the plan. */
FLOWRULES_API const char *flowrules_output_notes(flowrules_output *out,
                                                 const struct flowrules_escape *escape,
                                                 unsigned notes, flowrules_flows flows,
                                                 const struct flowrules_range *at);
/* The flows of two rules that are one rule to a platform. */
FLOWRULES_API flowrules_flows flowrules_flows_join(flowrules_output *out, flowrules_flows a,
                                                   flowrules_flows b);
/*
 * For the head of a file: the day on which the pinned names of the target were last seen with their
 * addresses (of several days the oldest), as a sentence without its dot, between before and after.
 * Writes nothing if no name is pinned.
 */
FLOWRULES_API void flowrules_write_pinned_day(flowrules_writer *w, const flowrules_plan *plan,
                                              const char *before, const char *after);

/* The last day of a flow, YYYY-MM-DD, or NULL. */
FLOWRULES_API const char *flowrules_flows_expires(const flowrules_output *out,
                                                  flowrules_flows flows, size_t index);

/* Says that the line being written now comes from these flows; for the map of the artifact. */
FLOWRULES_API void flowrules_writer_origin(flowrules_writer *w, flowrules_flows flows);
/*
 * The flows of a line that has only one range of the source or destination of their rule, for
 * flowrules_writer_origin: so that query finds the right line for a packet.
 */
FLOWRULES_API flowrules_flows flowrules_flows_at(const flowrules_output *out, flowrules_flows flows,
                                                 enum flowrules_end end,
                                                 const struct flowrules_range *range);

#ifdef __cplusplus
}
#endif

#endif
