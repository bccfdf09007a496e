/*
 * Addresses that are not those of a host on the Internet.
 */
#ifndef FR_SPECIAL_H
#define FR_SPECIAL_H

#include "addresses.h"

enum fr_special_use {
    FR_SPECIAL_NONE,
    FR_SPECIAL_TOLD, /* may be right for a name of one's own network, and is wrong for others */
    FR_SPECIAL_NEVER /* no connection can be opened to it */
};

/* What kind of address it is, in words; *words is NULL for FR_SPECIAL_NONE. */
enum fr_special_use fr_special_use(enum flowrules_family family, struct flowrules_ip ip,
                                   const char **words);

/* Range i of those that are of some special use; false behind the last. */
bool fr_special_range(size_t i, struct flowrules_range *range);

#endif
