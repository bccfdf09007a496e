/*
 * Whose an address is that several networks have: it is that of the narrowest one.
 */
#ifndef FR_OWNERS_H
#define FR_OWNERS_H

#include "addresses.h"

/* A network's addresses, and the side on which they are. */
struct fr_owner {
    fr_set set;
    uint32_t side;
};

/*
 * Takes from each owner what owners of other sides have too, unless they are wider than it: of two
 * that only overlap, or are the same, both lose it. False when out of memory.
 */
bool fr_leave_own(struct fr_sets *sets, struct fr_builder *builder,
                  const struct fr_allocator *allocator, struct fr_owner *owners, size_t count);

#endif
