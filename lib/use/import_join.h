/*
 * Flows of an import that become one again, and denies that say nothing.
 */
#ifndef FR_IMPORT_JOIN_H
#define FR_IMPORT_JOIN_H

#include "import_write.h"

/* Is a set addresses of this family alone? */
bool fr_import_is_of_family(const flowrules_meaning *m, fr_set set, enum flowrules_family family);

/* One rule is often written as many lines, or cut into parts: they become one flow again. */
flowrules_status fr_import_join(struct fr_import *import);

/* Removes denies of what no flow allows: that is denied anyway. */
void fr_import_drop_idle(struct fr_import *import);

#endif
