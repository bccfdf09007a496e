/*
 * The names of a policy's networks by their addresses, for texts that show sets of any store. A
 * network is known by all its addresses, and by those of each family; the first one keeps the name.
 */
#ifndef FR_NETWORK_NAMES_H
#define FR_NETWORK_NAMES_H

#include "flows.h"

struct fr_network_names {
    struct fr_view view;
    struct fr_vec parts;   /* struct fr_network_part */
    struct fr_map by_hash; /* of addresses -> the part + 1; where one is taken, the next hash */
};

/*
 * Finds the names of the networks of a policy that have addresses alone. It is to be freed whatever
 * the result is.
 */
flowrules_status fr_network_names_init(struct fr_network_names *names,
                                       const flowrules_policy *policy);
void fr_network_names_free(struct fr_network_names *names);
/* The name of the network with exactly the addresses of a set, or NULL. */
const char *fr_network_names_find(const struct fr_network_names *names, struct flowrules_set set);

#endif
