/*
 * Names of network interfaces as numbers, so that sets of them are sets of ranges: a name is its
 * bytes, the first one highest, and zeros behind them; all names that begin alike are one range.
 */
#ifndef FR_INTERFACES_H
#define FR_INTERFACES_H

#include "addresses.h"

/* Linux: IFNAMSIZ in include/uapi/linux/if.h is 16 with the final NUL. */
#define FR_INTERFACE_NAME_MAX 15u

/*
 * The range of a name, or of all names that begin so; false for a name that is too long, or empty
 * and whole. Its family is IPv6, which has as many numbers.
 */
bool fr_interface_range(const char *name, bool begins, struct flowrules_range *range);
/* The set of all interfaces but the loopback interface. */
fr_set fr_interfaces_all(struct fr_sets *sets);
/*
 * "eth1, wlan*"; "any interface but eth1"; "eth* but eth1, eth2". NULL when out of memory, or where
 * words would be too many: *said is then false.
 */
const char *fr_interfaces_text(struct fr_arena *arena, struct fr_sets *sets, fr_set set,
                               bool *said);

#endif
