/*
 * The choice of connections in the making: what is tried of some packets (probe_try.c), which flows
 * (probe_choose.c) and which assertions (probe_assertions.c) are tried.
 */
#ifndef FR_PROBE_CHOOSE_H
#define FR_PROBE_CHOOSE_H

#include "plan.h"
#include "probe.h"

/* A host that is named by the option try, perhaps for one network alone. */
struct fr_attempt {
    const char *text;
    fr_set set;
    unsigned families;
    uint32_t network; /* or UINT32_MAX */
    bool used;
};

struct fr_probe_host {
    const char *text;
    fr_set set;
    unsigned families;
};

/* A deny flow, as sets. */
struct fr_denial {
    uint32_t flow;
    fr_set source, destination;
};

/* What an assertion permits, as sets. */
struct fr_permit {
    fr_set source, destination;
    fr_service service;
};

struct fr_choosing {
    struct flowrules_probe *probe;
    flowrules_context *context;
    const flowrules_policy *policy;
    struct fr_view view;
    fr_set from;            /* any where it is not given */
    flowrules_plan *plan;   /* of the target, or NULL */
    struct fr_vec leaving;  /* bool: by flow, does it leave what the target protects? */
    struct fr_vec attempts; /* struct fr_attempt */
    struct fr_vec denials;  /* struct fr_denial */
    /* Of the flow, or the packets of an assertion, at hand. */
    const struct fr_flow *flow;
    struct fr_span exceptions; /* of the assertion */
    struct fr_vec terms;       /* struct fr_term: what is tried at the hosts */
    bool samples;              /* the terms are samples of all that may be sent */
    struct fr_vec permits;     /* struct fr_permit: what they must leave out */
    bool deny;
    fr_set source;
    struct fr_end destination;
    unsigned families;
    /* Why a connection is not tried, for people; NULL: it is. "": nothing is to be said of it. */
    const char *(*against)(struct fr_choosing *c, const struct fr_probe_host *host,
                           unsigned protocol, unsigned port);
    /* Of the assertions; FR_SET_NONE and empty until one asks. */
    fr_set named;              /* the single addresses that the policy names */
    struct fr_vec zone_sets;   /* fr_set of each zone */
    struct fr_vec known_terms; /* struct fr_term: one for each port that a service has */
    struct fr_vec hosts;       /* struct fr_probe_host */
    struct fr_vec gaps;        /* struct fr_step */
    struct fr_map seen;        /* by set: a host that is known already */
    size_t more;               /* hosts and gaps beyond what is kept */
    flowrules_status status;
};

/* Notes a lack of memory unless it is good. */
void fr_probe_keep(struct fr_choosing *c, bool good);
/* The text and the set of a range; NULL and FR_SET_NONE when out of memory. */
const char *fr_probe_range_text(struct fr_choosing *c, const struct flowrules_range *range);
fr_set fr_probe_range_set(struct fr_view *view, const struct flowrules_range *range);

/* Why nothing of a term can be tried, or NULL. */
const char *fr_probe_hopeless(const struct fr_term *term);
/* Has a service the packets to a port, or of echo requests, that a probe sends? */
bool fr_probe_serves(const struct fr_choosing *c, fr_service service, unsigned protocol,
                     unsigned port);

/* What is tried of a flow or an assertion: begin, then packets any number of times, then end. */
void fr_probe_begin(struct fr_choosing *c);
/* Of packets: starts with the terms of a service, or with those that are there already. */
flowrules_status fr_probe_terms(struct fr_choosing *c, fr_service service);
void fr_probe_no_hosts(struct fr_choosing *c);
/* Adds the hosts in the destination that the options name; those of items; of an assertion's end;
 * and those in the destination that the policy names somewhere. */
void fr_probe_tried_hosts(struct fr_choosing *c);
void fr_probe_hosts(struct fr_choosing *c, struct fr_span items);
void fr_probe_asserted_hosts(struct fr_choosing *c, const struct fr_asserted *asserted);
void fr_probe_named_hosts(struct fr_choosing *c);
/* Tries the terms at the hosts; first: the first step of the flow. */
flowrules_status fr_probe_try(struct fr_choosing *c, size_t first);
/* Adds what was chosen from the first step on. */
flowrules_status fr_probe_end(struct fr_choosing *c, size_t first, struct fr_probed_flow probed);

/* Tries the assertions of the policy (probe_assertions.c). */
flowrules_status fr_probe_assertions(struct fr_choosing *c);

#endif
