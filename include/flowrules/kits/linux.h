/*
 * flowrules: what the platforms of Linux share.
 */
#ifndef FLOWRULES_KITS_LINUX_H
#define FLOWRULES_KITS_LINUX_H

#include "../backend.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Who may open a TCP connection to the machine that a target of Linux stands on: entries "V SOURCE
 * SOURCE DESTINATION DESTINATION PORT PORT", with "; " between them, of each the first and the
 * last, addresses in hexadecimal (8 digits, or 32). The first entry that holds a connection
 * decides: V is a (it may open), d (it may not) or u (that is not known); it may not where none
 * holds it. "none" where the target decides nothing of it, "unknown" where no such list can be
 * made.
 */
FLOWRULES_API const char *flowrules_output_entrances(const flowrules_output *out);
/* What cksum(1) says of a file as it is now: its checksum, a blank and its bytes. */
FLOWRULES_API void flowrules_write_cksum(flowrules_writer *w, const flowrules_writer *file);

/* The baseline of docs/MODEL.md for Linux, for records of nftables and iptables. */
FLOWRULES_API void flowrules_linux_baseline(const flowrules_plan *plan, flowrules_input *in);

#ifdef __cplusplus
}
#endif

#endif
