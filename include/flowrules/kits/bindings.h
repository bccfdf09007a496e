/*
 * flowrules: the policy's networks, and how the platform knows them.
 */
#ifndef FLOWRULES_KITS_BINDINGS_H
#define FLOWRULES_KITS_BINDINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "../backend.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The name of the policy's network that is exactly this set, or NULL. */
FLOWRULES_API const char *flowrules_set_label(const flowrules_plan *plan, struct flowrules_set set);
/*
 * A title for the source or destination of a rule that is not a network: the networks that it
 * unites, separated by between ("office+router"), else its first flow and its end ("dns-to",
 * "dns-from"). ASCII letters, digits and "._-", and between; at most 60 bytes, unless a flow's name
 * is longer. Lives until the next rule.
 */
FLOWRULES_API const char *flowrules_set_title(flowrules_output *out, struct flowrules_set set,
                                              const char *between);
/* The network whose addresses of one family, with its names, are exactly this set; or NULL. */
FLOWRULES_API const char *flowrules_set_family_label(const flowrules_plan *plan,
                                                     struct flowrules_set set,
                                                     enum flowrules_family family);

/*
 * The binding of a network (by name) to this platform: value index of a key, or NULL. Values have
 * labels if the key is a mapping. User text.
 */
FLOWRULES_API const char *flowrules_binding_value(const flowrules_plan *plan, const char *network,
                                                  const char *key, size_t index);
FLOWRULES_API const char *flowrules_binding_label(const flowrules_plan *plan, const char *network,
                                                  const char *key, size_t index);
/*
 * Where a set is, by the bindings of networks: value index of a key, each value once, of the
 * networks bound with the key that overlap the set. An address in several of them, one inside the
 * other, is in the innermost. NULL after the last. User text. flowrules_set_bound: true if such
 * networks cover the set. flowrules_plan_binds: true if some network is bound with the key.
 */
FLOWRULES_API const char *flowrules_set_binding(const flowrules_plan *plan,
                                                struct flowrules_set set, const char *key,
                                                size_t index);
FLOWRULES_API bool flowrules_plan_binds(const flowrules_plan *plan, const char *key);
FLOWRULES_API bool flowrules_set_bound(const flowrules_plan *plan, struct flowrules_set set,
                                       const char *key);
/*
 * An address, range or name that is a source of an allow and a destination of an allow, and in no
 * network bound with the key: the first as text, NULL if there is none. Any, and sets of more than
 * half of the addresses of a family, do not count. Only for use once there are rules.
 */
FLOWRULES_API const char *flowrules_output_unbound_meeting(flowrules_output *out, const char *key);

#ifdef __cplusplus
}
#endif

#endif
