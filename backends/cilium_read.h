/*
 * What the reader of Cilium's policies hands from one of its files to the other.
 */
#ifndef FR_CILIUM_READ_H
#define FR_CILIUM_READ_H

#include "objects.h"

/* Reads what toPorts and icmps of a rule say; false where nothing that is known is left. */
bool fr_cilium_services(struct fr_objects *r, const flowrules_node *rule,
                        struct flowrules_read_rule *pass);

#endif
