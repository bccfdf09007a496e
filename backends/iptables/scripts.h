/*
 * The scripts of the iptables backend, private to it.
 */
#ifndef FR_IPTABLES_SCRIPTS_H
#define FR_IPTABLES_SCRIPTS_H

#include "flowrules/kits/templates.h"

/* TARGET.apply.sh: what depends on IPSET is between two texts that are always the same. */
extern const struct flowrules_piece fr_iptables_apply[];
/* TARGET.sh: so are SETS and RULES, what builds the new chains. */
extern const struct flowrules_piece fr_iptables_script[];

#endif
