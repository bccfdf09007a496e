/*
 * Which clauses two lists have in common, so that only the rest has to be searched. Packets are
 * taken kind by kind. Clauses of one effect that follow each other are a run; within a run their
 * order does not matter. Clauses of the same run of both lists are paired where together they match
 * the same packets.
 *
 * A packet is decided alike if no clause that is left over matches it. If every clause that is left
 * over stands behind all the paired ones, one paired clause that matches is enough. So two searches
 * find all that may differ: one among the clauses that are left over, without the paired ones, and
 * one where some clause matches that is left over and early, which is not behind them all.
 */
#ifndef FR_PAIRS_H
#define FR_PAIRS_H

#include "common.h"

struct fr_pairs {
    struct fr_common *common;
    enum flowrules_family family;
    /* what is found: uint8_t for each item, the kinds of packets */
    struct fr_vec reached;        /* that may get to the item */
    struct fr_vec left;           /* of these, those in which it is left over */
    struct fr_vec early;          /* of these, those in which it is not behind all paired ones */
    unsigned all_left, all_early; /* early: where something is paired, too */
    /* the work */
    struct fr_vec entries; /* struct fr_pair_entry: the terms of the items, of one kind */
    struct fr_vec groups;  /* struct fr_pair_group: entries that are alike but for one side */
    struct fr_vec slots;   /* uint32_t: open addressing, a group + 1 or 0 */
    struct fr_vec members; /* uint32_t: the entries of the groups */
    /* What is made on the way; the common store keeps the numbers that it would have without. */
    struct fr_sets sets;
    struct fr_services services;
    struct fr_builder builder;
    struct fr_map parts_of_family; /* a set + 1 -> what it has of the family */
};

/* False when out of memory; it is to be freed whatever the result is. */
bool fr_pairs_init(struct fr_pairs *pairs, struct fr_common *common);
void fr_pairs_free(struct fr_pairs *pairs);
/* Pairs the items of a family, which are in order; false when out of memory. */
bool fr_pairs_find(struct fr_pairs *pairs, enum flowrules_family family, const uint32_t *items,
                   size_t count);

#endif
