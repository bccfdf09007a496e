/*
 * Of this folder alone: a ruleset within a file that sets up machines: Butane, MachineConfig, a
 * module of NixOS, or tasks of Ansible beside it.
 */
#ifndef FR_NFTABLES_MACHINES_H
#define FR_NFTABLES_MACHINES_H

#include "read.h"

/*
 * Writes the file of the plan's format; ruleset is a part, which is empty then, and unit another
 * one that is empty.
 */
void fr_nftables_write_machine(flowrules_output *out, flowrules_writer *ruleset,
                               flowrules_writer *unit);

/* Templates that are read only as they were written: the unit, a module of NixOS, tasks. */
extern const struct flowrules_piece fr_nftables_unit[], fr_nftables_module[], fr_nftables_tasks[];

/* True for such a file, and for what Ignition reads. */
bool fr_nftables_is_machine(flowrules_input *in, size_t file);
/* The rulesets in it that a unit loads, into nf. What is not known of them is doubted or told. */
void fr_nftables_read_machine(struct netfilter *nf, size_t file);

#endif
