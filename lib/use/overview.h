/*
 * The overview of a policy in the making: what people look at when they judge it. The ends of its
 * flows and their zones, what each target makes of each flow and with which rules, what lint and
 * assertions find. It is gathered once, then written as JSON, as a page, as Markdown and as CSV.
 */
#ifndef FR_OVERVIEW_H
#define FR_OVERVIEW_H

#include "assert.h"
#include "findings.h"
#include "writer.h"

#define FR_NO_NUMBER UINT32_MAX

/* A source or a destination: a network, or what a flow names itself. */
struct fr_overview_end {
    const char *name;
    const struct fr_network *network; /* or NULL */
    uint32_t peer;                    /* of the policy's peers; of a network, FR_NO_NUMBER */
    uint32_t within;                  /* the smallest network that has all of it; or FR_NO_NUMBER */
    uint32_t listed;                  /* the list of ends that has it last, by its number */
    uint8_t kind;                     /* enum fr_peer_kind */
    bool outside;                     /* it is the Internet, or holds very much of it */
    bool unknown;                     /* something of it is in no zone, or nobody knows in which */
    struct fr_span zones, pins;       /* of numbers: zones, and names of the lock file */
};

struct fr_overview_flow {
    struct fr_span ends[2]; /* of numbers: ends */
    const char *service;
};

/* What may pass between two zones, and how much does. */
struct fr_overview_cell {
    const char *services; /* as the matrix lists them; NULL: it does not list the cell */
    uint32_t allows, denies;
};

struct fr_overview_target {
    const char *name, *backend, *format;
    const char *baseline, *open; /* as explain has them, or NULL */
    const char *problem;         /* why it cannot be planned, or NULL */
    bool rendered;
};

/* A flow on a target. */
struct fr_overview_verdict {
    const char *fidelity;
    fr_string reason;     /* of reasons; 0: none */
    struct fr_span rules; /* of numbers: rules */
};

/* A file with rules. */
struct fr_overview_file {
    const char *name;
    uint32_t target;
};

struct fr_overview_rule {
    const char *text; /* the line, cut where it is very long */
    uint32_t file, line;
};

struct fr_overview {
    flowrules_context *context;
    const flowrules_policy *policy;
    struct fr_arena arena;
    size_t first_message; /* of the context's: those of the overview begin there */
    flowrules_findings *findings;
    flowrules_assertions *assertions;     /* decided */
    flowrules_assertions *own_assertions; /* to be freed: where none were given */
    const flowrules_policy *zones_of;     /* the file whose zones they are; NULL: there are none */
    struct fr_strings keys, reasons;      /* of ends */
    struct fr_map end_of;                 /* key -> end */
    struct fr_vec numbers;                /* uint32_t */
    struct fr_vec ends, flows, cells;     /* cells: zones * zones */
    struct fr_vec targets, verdicts;      /* verdicts: of the flows of each target */
    struct fr_vec files, rules;
};

/* ---- what is gathered ---------------------------------------------------------------------- */

/* The ends of flows, their zones, and the cells between zones (overview_ends.c). */
flowrules_status fr_overview_ends(struct fr_overview *o);
/* The verdicts of all targets, and their rules (overview_targets.c). */
flowrules_status fr_overview_targets(struct fr_overview *o);

/* ---- the sum of it (overview_sum.c) -------------------------------------------------------- */

/* Puts a number behind those of a span, which must be the last one; false when out of memory. */
bool fr_overview_number(struct fr_overview *o, struct fr_span *span, uint32_t number);
uint32_t fr_overview_at(const struct fr_overview *o, struct fr_span span, uint32_t index);

size_t fr_overview_zones(const struct fr_overview *o);
const char *fr_overview_zone(const struct fr_overview *o, size_t zone);
const struct fr_overview_verdict *fr_overview_verdict(const struct fr_overview *o, size_t flow,
                                                      size_t target);
/* True if something may come to the flow's destination from the Internet. */
bool fr_overview_from_outside(const struct fr_overview *o, size_t flow);
const char *fr_overview_severity(flowrules_severity severity);
/* The day as YYYY-MM-DD; NULL where it is not known. */
const char *fr_overview_date(int32_t day, char date[11]);
/* Days from the day of the policy to that one; false where either is not known. */
bool fr_overview_days(const struct fr_overview *o, int32_t day, int32_t *days);

/* ---- in words (overview_text.c) ------------------------------------------------------------ */

/* Each returns a text of the arena, or NULL when out of memory. */
const char *fr_overview_peer(struct fr_arena *arena, const flowrules_policy *policy,
                             const struct fr_peer *peer);
/* "https (tcp/443)", "tcp/80,443, udp/53 from 1024-65535", "any". */
const char *fr_overview_service(struct fr_arena *arena, const flowrules_policy *policy,
                                fr_service service);
/* "kubernetes: namespace=shop, pods.app=web". */
const char *fr_overview_binding(struct fr_arena *arena, const flowrules_policy *policy,
                                const struct fr_binding *binding);

/* ---- how it is written --------------------------------------------------------------------- */

void fr_overview_write_json(struct flowrules_writer *w, const struct fr_overview *o);
/* The page, with the JSON in it. */
void fr_overview_write_page(struct flowrules_writer *w, const struct flowrules_writer *json);
void fr_overview_write_markdown(struct flowrules_writer *w, const struct fr_overview *o);
void fr_overview_write_csv(struct flowrules_writer *w, const struct fr_overview *o);

#endif
