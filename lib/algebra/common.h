/*
 * Two meanings in the same terms, so that their clauses can be held against each other: one store
 * of sets and services, and groups and wildcards as all of the known ones that they hold.
 */
#ifndef FR_COMMON_H
#define FR_COMMON_H

#include "meaning.h"

/* Kinds of pods that selectors of both sides tell apart: more is not compared. */
#define FR_COMMON_ATOMS_MAX 4096u

/* A clause in common terms; its number in the list is the order in which clauses decide. */
struct fr_item {
    fr_set ends[2];
    fr_set interfaces[2]; /* as of the clause; 0: all */
    fr_service service;
    uint32_t skip_to; /* of FR_SKIP: the number of the item where it goes on */
    uint32_t clause;  /* of the stage that it comes from */
    uint16_t stage;   /* of stages */
    uint8_t effect, families, packets;
    uint8_t asked; /* the kinds of packets for which it takes part in what is searched now */
    bool doubt;    /* a packet within it may match or not */
};

/* A list that packets have to pass; those of before come first. */
struct fr_common_stage {
    const struct fr_stage *stage;
    bool after; /* of the second meaning */
};

struct fr_common {
    flowrules_context *context;
    const flowrules_meaning *sides[2];
    flowrules_meaning *terms; /* the stores, and the atoms of both */
    struct fr_vec members;    /* uint32_t: the atoms that each atom holds, itself first */
    struct fr_vec spans;      /* struct fr_member_span, for each atom */
    struct fr_vec hollow;     /* bool, for each atom: others within it are all of its pods */
    size_t hollow_count;
    bool atoms_are_addresses; /* names and groups have addresses: all addresses are all of them */
    fr_set disjoint[2];       /* of each side: groups of which no two have an address in common */
    fr_set unaddressed[2];    /* of each side: groups without the addresses that rules name */
    bool has_others;          /* beside addresses and the atoms there are more names or groups */
    unsigned packets;         /* the kinds that both sides decide */
    unsigned asked;           /* of these, the kinds that are searched now */
    bool open[2];             /* of each side: it only permits, and what it blocks is not its say */
    bool too_many;            /* there are more atoms than can be distinguished */
    struct fr_vec stages;     /* struct fr_common_stage: of the direction that was chosen */
    struct fr_vec items;      /* struct fr_item: likewise */
};

struct fr_member_span {
    uint32_t first, count;
};

static inline bool fr_common_is_hollow(const struct fr_common *common, uint32_t atom) {
    return *fr_vec_at(&common->hollow, bool, atom);
}

/* True if an item matches packets of some interfaces only. */
static inline bool fr_item_has_interfaces(const struct fr_item *item) {
    return item->interfaces[0] != 0 || item->interfaces[1] != 0;
}

flowrules_status fr_common_init(struct fr_common *common, flowrules_context *context,
                                const flowrules_meaning *before, const flowrules_meaning *after);
void fr_common_free(struct fr_common *common);
/* Puts the clauses of a direction into stages and items. */
flowrules_status fr_common_choose(struct fr_common *common, enum flowrules_direction direction);

#endif
