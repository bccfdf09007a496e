/*
 * flowrules: what an artifact tells of the flows behind a rule.
 */
#ifndef FLOWRULES_KITS_FLOWS_H
#define FLOWRULES_KITS_FLOWS_H

#include <stdbool.h>
#include <stddef.h>

#include "../backend.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Are these the same flows? */
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
/* The names of the flows with ", " between; cut to escape's max_bytes as "a, b +3 more". */
FLOWRULES_API void flowrules_write_flows(flowrules_writer *w, const flowrules_output *out,
                                         const struct flowrules_escape *escape,
                                         flowrules_flows flows);

/* What flowrules_write_notes says of a rule; what comes first here has room first. */
enum flowrules_note {
    FLOWRULES_NOTE_FLOWS = 1,    /* the flows: "a (T-1, until 2027-01-31), b +3 more" */
    FLOWRULES_NOTE_PINS = 2,     /* names behind addresses: "pinned 2026-11-02: a.example" */
    FLOWRULES_NOTE_LOSSES = 4,   /* "narrowed: WHY", "widened: WHY", "not logged: WHY" */
    FLOWRULES_NOTE_OWNER = 8,    /* "owner NAME" */
    FLOWRULES_NOTE_PURPOSE = 16, /* as the policy has it */
    FLOWRULES_NOTES = 31         /* all */
};

/*
 * What people should know of a rule of these flows, on one line, with "; " between: for a comment,
 * or a description that the platform keeps. Of at most escape's max_bytes, in which the less
 * important is left out, or cut at a whole character. at: the only range of addresses that the line
 * is about, so that only names with an address in it are told; NULL: all names of the flows. The
 * day of a pin is the one on which the newest of these addresses was first seen: it changes when
 * they do, and not with each resolve. False where there was nothing to write.
 */
FLOWRULES_API bool flowrules_write_notes(flowrules_writer *w, flowrules_output *out,
                                         const struct flowrules_escape *escape, unsigned notes,
                                         flowrules_flows flows, const struct flowrules_range *at);
/* The same as a text, "" where there is nothing to say; it lives as long as the plan. */
FLOWRULES_API const char *flowrules_output_notes(flowrules_output *out,
                                                 const struct flowrules_escape *escape,
                                                 unsigned notes, flowrules_flows flows,
                                                 const struct flowrules_range *at);
/* The flows of two rules that a platform takes for one. */
FLOWRULES_API flowrules_flows flowrules_flows_join(flowrules_output *out, flowrules_flows a,
                                                   flowrules_flows b);
/*
 * For the head of a file: the day on which the names that the target pins were last seen with their
 * addresses (of several days the oldest), as a sentence without its dot, with before in front of it
 * and after behind it; nothing where no name is pinned.
 */
FLOWRULES_API void flowrules_write_pinned_day(flowrules_writer *w, const flowrules_plan *plan,
                                              const char *before, const char *after);

/* The last day of a flow, YYYY-MM-DD, or NULL. */
FLOWRULES_API const char *flowrules_flows_expires(const flowrules_output *out,
                                                  flowrules_flows flows, size_t index);

/* Says that the line being written now comes from these flows; for the map of the artifact. */
FLOWRULES_API void flowrules_writer_origin(flowrules_writer *w, flowrules_flows flows);
/*
 * The flows of a line that says no more of an end of their rule than one range, for
 * flowrules_writer_origin: so that a question about a packet finds the right one of such lines.
 */
FLOWRULES_API flowrules_flows flowrules_flows_at(const flowrules_output *out, flowrules_flows flows,
                                                 enum flowrules_end end,
                                                 const struct flowrules_range *range);

#ifdef __cplusplus
}
#endif

#endif
