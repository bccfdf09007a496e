/*
 * juniper-srx, what its files share.
 */
#ifndef JUNIPER_SRX_H
#define JUNIPER_SRX_H

#include "flowrules/backend.h"
#include "tables.h"
#include "tree.h"

struct fr_srx_reading {
    flowrules_input *in;
    struct fr_tree tree;
    unsigned depth; /* groups in groups */
};

/* The services of applications, and why there may be more, or NULL. */
struct fr_srx_services {
    struct fr_whats whats;
    const char *doubt;
};

void fr_juniper_srx_read(flowrules_input *in);
/* All members of an end; zone: whose books are looked through (NULL: the global one alone). */
bool fr_srx_addresses(struct fr_srx_reading *r, const struct fr_node *members, const char *zone,
                      struct fr_addresses *all);
/* Adds the services of all members; false after an error, as above. */
bool fr_srx_applications(struct fr_srx_reading *r, const struct fr_node *members,
                         struct fr_srx_services *services);

#endif
