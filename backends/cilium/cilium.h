/*
 * What the files of cilium hand to each other: what pods do about names, and the DNS that they ask.
 */
#ifndef FR_CILIUM_H
#define FR_CILIUM_H

#include "objects.h"

/* What the flows of a network's pods do about names. */
struct fr_cilium_asking {
    bool reaches_names;
    bool of_any;     /* they may ask some DNS, and the proxy hears it */
    bool of_cluster; /* they may ask all pods of the cluster's own */
};

bool fr_cilium_is_entities(const flowrules_plan *plan, const char *network);
bool fr_cilium_has_addresses(struct flowrules_set set);
/* The port of the DNS, and whether ports of a protocol hold it. */
uint16_t fr_cilium_dns_port(const flowrules_plan *plan);
bool fr_cilium_holds_dns(const flowrules_plan *plan, int protocol, struct flowrules_ports ports);

/* Adds what a flow, or a rule, lets its pods do about names. */
void fr_cilium_add_asking(const flowrules_plan *plan, const struct flowrules_rule *flow,
                          struct fr_cilium_asking *a);

/* A flow that denies something of the DNS to some pods; or NULL. */
const char *fr_cilium_denies_dns(const flowrules_plan *plan);

/* Functions of the record. */
const char *fr_cilium_warns(const flowrules_plan *plan, const struct flowrules_rule *flow);
void fr_cilium_baseline(const flowrules_plan *plan, flowrules_input *in);

#endif
