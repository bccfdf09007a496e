/*
 * The probes of a policy: which connections test its flows from one place (probe_choose.c), and how
 * that is written down, as a script or a manifest (probe_script.c). Nothing here connects.
 */
#ifndef FR_PROBE_H
#define FR_PROBE_H

#include "flows.h"
#include "writer.h"

#define FR_PROBE_NAME  "flowrules-probe"
#define FR_PROBE_IMAGE "docker.io/library/python:3-slim" /* it has all that a probe may need */

enum fr_step_kind {
    FR_STEP_TCP,
    FR_STEP_TLS,
    FR_STEP_DNS_UDP,
    FR_STEP_DNS_TCP,
    FR_STEP_NTP,
    FR_STEP_PING4,
    FR_STEP_PING6,
    FR_STEP_NONE /* nothing that could be tried */
};

/* A connection to try, or one that cannot be tried. Texts belong to the probe's arena, or are
 * static. */
struct fr_step {
    enum fr_step_kind kind;
    uint16_t port;
    const char *what; /* the host: an address or a name; of FR_STEP_NONE: what is not tried */
    const char *why;  /* of FR_STEP_NONE alone */
};

/* A flow, or an assertion, that is probed. Texts belong to the policy or the probe's arena. */
struct fr_probed_flow {
    uint32_t flow; /* UINT32_MAX: it is an assertion */
    const char *name;
    const char *about; /* what it is for, or NULL */
    const char *kind;  /* of an assertion: "must" or "never"; else NULL */
    bool deny;
    struct fr_span steps;
};

enum fr_probe_format { FR_PROBE_SH, FR_PROBE_KUBERNETES, FR_PROBE_JSON };

struct flowrules_probe {
    flowrules_context *context;
    flowrules_policy *policy; /* held */
    struct fr_arena arena;
    /* Options, as they were set. */
    const char *from, *target, *name, *image, *namespace_name;
    struct fr_vec only, tries, labels; /* const char * */
    enum fr_probe_format format;
    uint32_t most;
    bool asserted; /* the assertions are probed, not the flows */
    /* What is chosen by them. */
    struct fr_vec flows; /* struct fr_probed_flow */
    struct fr_vec steps; /* struct fr_step */
};

/* Reports that an option does not take a value; the hint says what it takes. */
flowrules_status fr_probe_no_value(flowrules_context *context, const char *value, const char *key,
                                   const char *hint);
/* Fills flows and steps. Whatever is wrong with the options is reported. */
flowrules_status fr_probe_choose(struct flowrules_probe *probe);

/* Written with what was chosen: the script, the manifest around it, the list of steps. */
void fr_probe_write_script(struct flowrules_writer *w, const struct flowrules_probe *probe);
flowrules_status fr_probe_write_manifest(struct flowrules_writer *w,
                                         const struct flowrules_probe *probe);
void fr_probe_write_json(struct flowrules_writer *w, const struct flowrules_probe *probe);

/* The binding of the network that is the option from to Kubernetes, or NULL. */
const struct fr_binding *fr_probe_pods(const struct flowrules_probe *probe);

#endif
