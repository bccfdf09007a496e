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
 * What a set at an end of a rule may be called that is no network: the networks that it is, with
 * between among them ("office+router"), else the first flow that it is for and its end ("dns-to",
 * "dns-from"). Letters, digits and "._-" of ASCII, and between; of at most 60 bytes, unless a
 * flow's name is longer. Lives until the next rule.
 */
FLOWRULES_API const char *flowrules_set_title(flowrules_output *out, struct flowrules_set set,
                                              const char *between);
/* The network of which this is exactly what it has of one family, with its names; or NULL. */
FLOWRULES_API const char *flowrules_set_family_label(const flowrules_plan *plan,
                                                     struct flowrules_set set,
                                                     enum flowrules_family family);

/*
 * The binding of a network (by name) to this platform: value index of a key, or NULL. Values of a
 * key that is a mapping have labels. User text.
 */
FLOWRULES_API const char *flowrules_binding_value(const flowrules_plan *plan, const char *network,
                                                  const char *key, size_t index);
FLOWRULES_API const char *flowrules_binding_label(const flowrules_plan *plan, const char *network,
                                                  const char *key, size_t index);
/*
 * Where a set is, as the bindings of networks tell: value index of a key, each value once, of the
 * networks bound with it that share something with the set; an address in several of them, one
 * inside the other, is in the innermost. NULL behind the last. flowrules_set_bound: is all of the
 * set in such networks? User text. flowrules_plan_binds: is some network bound with it?
 */
FLOWRULES_API const char *flowrules_set_binding(const flowrules_plan *plan,
                                                struct flowrules_set set, const char *key,
                                                size_t index);
FLOWRULES_API bool flowrules_plan_binds(const flowrules_plan *plan, const char *key);
FLOWRULES_API bool flowrules_set_bound(const flowrules_plan *plan, struct flowrules_set set,
                                       const char *key);
/*
 * An address, range or name that is a source of some allow and a destination of some, and in no
 * network bound with the key: its first as text, NULL where there is none. Any, and what holds more
 * than half of the addresses of a family, does not count. To be asked once there are rules.
 */
FLOWRULES_API const char *flowrules_output_unbound_meeting(flowrules_output *out, const char *key);

#ifdef __cplusplus
}
#endif

#endif
