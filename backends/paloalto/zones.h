/*
 * paloalto: the zones of the ends of flows and rules, and the pairs of zones that these are
 * between.
 */
#ifndef PALOALTO_ZONES_H
#define PALOALTO_ZONES_H

#include "flowrules/backend.h"

enum { FR_PALOALTO_ZONES_MAX = 64 };

/* The pairs of zones between which all is decided: zone i to zone k. */
struct fr_paloalto_pairs {
    const char *zones[FR_PALOALTO_ZONES_MAX];
    size_t count;
    bool full; /* there are more zones than that */
    bool closed[FR_PALOALTO_ZONES_MAX][FR_PALOALTO_ZONES_MAX];
};

/* The setting that says where what no network places is: from-zone or to-zone. */
const char *fr_paloalto_own_zone(const flowrules_output *out, enum flowrules_end end);
/* Zone index of an end: those of its networks, then, where these are not all of it, the setting. */
const char *fr_paloalto_zone_at(const flowrules_output *out, struct flowrules_set set,
                                enum flowrules_end end, size_t index);
/* Any, or all of a family: in no zone in particular. */
bool fr_paloalto_is_broad(struct flowrules_set set);
/*
 * All from a zone of the source to one of the destination; within a zone where neither is in no
 * zone in particular.
 */
void fr_paloalto_close(const flowrules_output *out, struct fr_paloalto_pairs *pairs,
                       struct flowrules_set source, struct flowrules_set destination);
/* Do last rules deny what no flow allows? */
bool fr_paloalto_denies_rest(const flowrules_output *out);
/* Without a flow from from-zone to to-zone; with 'intrazone: all' also within each zone. */
void fr_paloalto_close_rest(const flowrules_output *out, struct fr_paloalto_pairs *pairs);
/* The zone "any" is every zone. */
bool fr_paloalto_closes(const struct fr_paloalto_pairs *pairs, const char *from, const char *to);

#endif
