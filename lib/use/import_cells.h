/*
 * Flows of a configuration whose rules name interfaces.
 */
#ifndef FR_IMPORT_CELLS_H
#define FR_IMPORT_CELLS_H

#include "import_flows.h"

/*
 * As fr_import_flows, each flow with the interfaces by which its packets come and go. *said: false
 * where there are too many ways by interface, or no list of names says them; flows is then as it
 * was.
 */
flowrules_status fr_import_cell_flows(flowrules_meaning *m, enum flowrules_direction direction,
                                      enum fr_import_way way, const bool *consumed,
                                      struct fr_vec *flows, struct fr_import_found *found,
                                      bool *said);

#endif
