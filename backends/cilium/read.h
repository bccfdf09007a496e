/*
 * What the reader of Cilium's policies hands from one of its files to the other.
 */
#ifndef FR_CILIUM_READ_H
#define FR_CILIUM_READ_H

#include "objects.h"

/*
 * Reads what toPorts and icmps of a rule say; the first *sure of the services have no doubt. False
 * after an error, and where they are lists of nothing.
 */
bool fr_cilium_services(struct fr_objects *r, const flowrules_node *rule,
                        struct flowrules_read_rule *pass, size_t *sure);

#endif
