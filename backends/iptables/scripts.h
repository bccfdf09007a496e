/*
 * Shell texts of the iptables backend, private to it.
 */
#ifndef FR_IPTABLES_SCRIPTS_H
#define FR_IPTABLES_SCRIPTS_H

/* TARGET.apply.sh: before and after the ipsets are loaded. */
extern const char fr_iptables_apply_functions[];
extern const char fr_iptables_apply_steps[];
/* TARGET.sh: before and after the new chains are built. */
extern const char fr_iptables_script_functions[];
extern const char fr_iptables_script_switch[];

#endif
