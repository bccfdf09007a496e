/*
 * One reply of a DNS server, as bytes: which addresses it gives of the name that was asked for.
 */
#ifndef FR_RESOLVER_REPLY_H
#define FR_RESOLVER_REPLY_H

#include "inquiry.h"

/*
 * Follows the aliases from the name that was asked for, and puts them and the addresses at their
 * end behind the reply. Whatever else the reply holds is not taken.
 */
enum fr_outcome fr_reply_read(struct fr_inquiry *inquiry, struct fr_reply *reply, const char *name,
                              enum flowrules_family family, const unsigned char *bytes, size_t size,
                              bool *no_memory);

#endif
