/*
 * Types of ICMP that services in a row name: as a list of ranges, for platforms that have these.
 */
#ifndef FR_KIT_ICMP_TYPES_H
#define FR_KIT_ICMP_TYPES_H

#include "flowrules/backend.h"

/* How many services, from the first of most, are types of one protocol with all codes; else 1. */
size_t fr_icmp_types_count(const struct flowrules_service *services, size_t most);
/* How many ranges the types of so many services are. */
size_t fr_icmp_types_ranges(const struct flowrules_service *services, size_t count);
/* Writes the types as "0-7, 9". */
void fr_icmp_types_write(flowrules_writer *w, const struct flowrules_service *services,
                         size_t count);

#endif
