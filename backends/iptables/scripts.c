/*
 * The scripts around iptables' rules, as templates: apply.sh loads files, script.sh builds chains.
 */
#include "scripts.h"

const struct flowrules_piece fr_iptables_apply[] = {
#include "apply.sh.inc"
};

const struct flowrules_piece fr_iptables_script[] = {
#include "script.sh.inc"
};
