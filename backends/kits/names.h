/*
 * Names of objects that say what the objects hold, for platforms that allow letters, digits and
 * "._-" in 63 bytes: "fr-h-192.0.2.1", "fr-n-10.1.0.0_16", "fr-g-office-0123456789". Two
 * objects have the same name where they hold the same, and only there.
 */
#ifndef FR_NAMES_H
#define FR_NAMES_H

#include "flowrules/backend.h"

enum {
    FR_NAME_SIZE = 64,  /* with the final zero */
    FR_NAME_PREFIX = 10 /* bytes of a prefix that leave room for all of these */
};

/* The members of a set: its ranges, then its names. */
size_t fr_names_members(struct flowrules_set set);
/* Member index: a name, or NULL and *range. */
const char *fr_names_member_at(struct flowrules_set set, size_t index,
                               struct flowrules_range *range);
/* The object that is member index. */
void fr_names_member(const char *prefix, struct flowrules_set set, size_t index,
                     char name[FR_NAME_SIZE]);
/* The object or group that is a set; of wildcards, their URL category. */
void fr_names_set(flowrules_output *out, const char *prefix, struct flowrules_set set,
                  char name[FR_NAME_SIZE]);
bool fr_names_is_wildcard(struct flowrules_set set);
/* What a rule has for an end: "any", or the object or group that is the set. */
void fr_names_end(flowrules_output *out, const char *prefix, struct flowrules_set set,
                  char name[FR_NAME_SIZE]);
/*
 * Writes the objects of the sets of all rules, each once: the members of a set by index, and then
 * the group, if it has several members, or wildcards, whose members are not objects.
 */
struct fr_names_writer {
    void (*member)(flowrules_output *out, const char *name, struct flowrules_set set, size_t index);
    void (*group)(flowrules_output *out, const char *name, struct flowrules_set set);
};
void fr_names_write(flowrules_output *out, const char *prefix,
                    const struct fr_names_writer *writer);
/* The prefix of all names, the setting; one that is too long is refused, and none. */
const char *fr_names_prefix(flowrules_output *out);
/* "tcp", "icmp6": the word for a protocol with ports or types, or NULL. */
const char *fr_names_protocol(int protocol);
/* What has no ports: "fr-icmp-8", "fr-icmp6-1_4", "fr-ip-47". */
void fr_names_portless(const char *prefix, const struct flowrules_service *service,
                       char name[FR_NAME_SIZE]);
/* count destination ports of a service from first on, with all its source ports; word: protocol. */
void fr_names_ports(const char *prefix, const char *word, const struct flowrules_service *service,
                    size_t first, size_t count, char name[FR_NAME_SIZE]);

#endif
