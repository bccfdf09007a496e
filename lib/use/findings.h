/*
 * A list of findings: what somebody should look at, each with its kind, place and words. Knows not
 * how they are found.
 */
#ifndef FR_FINDINGS_H
#define FR_FINDINGS_H

#include "policy.h"

/* What a finding is about, so that the policy can accept it. */
enum fr_subject_kind {
    FR_ABOUT_FLOW,    /* index: of flows */
    FR_ABOUT_NETWORK, /* of networks */
    FR_ABOUT_SERVICE, /* of definitions */
    FR_ABOUT_TARGET,  /* of targets */
    FR_ABOUT_NAME,    /* a string: a tag, or a DNS name */
    FR_ABOUT_POLICY
};

struct fr_finding {
    uint16_t id; /* enum fr_finding_id, or another kind's number */
    uint8_t severity, subject;
    uint32_t index;
    struct fr_at at;
    const char *message, *hint; /* of the arena, or static */
    const char *reason;         /* why it is accepted, or NULL */
    const char *source;         /* the line at the place, or NULL */
};

struct flowrules_findings {
    flowrules_context *context;
    flowrules_policy *policy; /* held */
    struct fr_arena arena;
    struct fr_vec list; /* struct fr_finding */
};

flowrules_status fr_findings_new(flowrules_findings **findings, flowrules_context *context,
                                 const flowrules_policy *policy);
/* Adds a finding with a formatted message; hint is a static text, or one of the arena. */
flowrules_status fr_finding_add(flowrules_findings *findings, const struct fr_finding *finding,
                                const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Sorts by file, line, column and kind, and reads the lines. */
flowrules_status fr_findings_sort(flowrules_findings *findings);
/* The name of what a finding is about; 0: it has none. */
fr_string fr_finding_subject(const flowrules_findings *findings, const struct fr_finding *finding);

#endif
