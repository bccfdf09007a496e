/*
 * Passages: what groups of rules match first where their flows have interfaces.
 */
#ifndef FR_PASSAGES_H
#define FR_PASSAGES_H

#include "crossings.h"
#include "rules.h"

/* The groups of one crossing, while they are made; those of one turn follow each other. */
struct fr_section {
    uint32_t crossing; /* of the plan's crossings + 1; 0: any interface */
    unsigned turn;
    struct flowrules_passage *made; /* once there is a group */
    struct flowrules_passage *last; /* of the turn */
};

/* The passage of the groups of a section, which is made with the first; NULL: any interface. */
flowrules_status fr_section_passage(struct fr_rules *rules, struct fr_section *section,
                                    enum flowrules_direction direction,
                                    enum flowrules_action action,
                                    const struct flowrules_passage **passage);
/* Notes the rules of a group with its passage, if it has one. */
void fr_section_count(const struct fr_section *section, const struct flowrules_group *group);

#endif
