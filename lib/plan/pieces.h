/*
 * Services in pieces, for lowering and for spelling.
 */
#ifndef FR_PIECES_H
#define FR_PIECES_H

#include "plan.h"

/* True if a term limits destination ports (or ICMP codes). */
bool fr_limits_ports(const struct fr_term *term);

/*
 * Cuts a service of the plan into services (fr_service, appended to pieces) of one protocol and
 * source port range each, with no more ports than the backend takes in a rule.
 */
flowrules_status fr_service_pieces(const flowrules_plan *plan, fr_service service,
                                   struct fr_vec *pieces);

/* Why the target cannot express what a deny leaves of an allow, if so (sayable.c). */
struct fr_why fr_unsayable_rest(const flowrules_plan *plan, const struct fr_term *term);

/* The part of a service of the plan that families have a use for; FR_SERVICE_NONE: none. */
flowrules_status fr_service_for(const flowrules_plan *plan, fr_service service, unsigned families,
                                bool deny, fr_service *result);

/* A service as a backend reads it. */
struct fr_spelled {
    const struct flowrules_service *list; /* NULL: not yet */
    size_t count;
};

/* A service of the plan as a backend reads it, kept by the plan; NULL when out of memory. */
const struct flowrules_service *fr_service_spell(const flowrules_plan *plan, fr_service service,
                                                 size_t *count);

#endif
