/*
 * The words of reasons and their hints. Knows nothing of how a reason was found.
 */
#include "reasons.h"

#include <stdarg.h>
#include <string.h>

#define PINNED_INSTEAD                                                                             \
    "write 'names: pinned' in the target: a name is then its addresses in the lock file"
#define ACCEPT(loss) "accept it with 'allow-loss: [{flow: NAME, loss: " loss "}]' in the target"

/* No hint: there is none for it alone. An empty one: the words say what to do. */
static const struct {
    const char *words, *hint;
} reasons[] = {
    [FR_WHY_TOLD] = {"%s", ""},
    [FR_WHY_OTHER] = {"%s", NULL},
    [FR_WHY_FOREIGN] = {"%s has no addresses: it is a group of another platform",
                        "give the network 'members' too, or leave the flow out with 'select'"},
    [FR_WHY_FOREIGN_SEVERAL] = {"%s have no addresses: they are groups of another platform",
                                "give the network 'members' too, or leave the flow out with "
                                "'select'"},
    [FR_WHY_NAMES_REFUSED] = {"names are refused on this target (names: refuse): %s",
                              PINNED_INSTEAD},
    [FR_WHY_NAMES_NOT_NATIVE] = {"%s: this backend does not resolve names itself (names: native)",
                                 PINNED_INSTEAD},
    [FR_WHY_NAME_SOURCE] = {"a name can't be the source here", PINNED_INSTEAD},
    [FR_WHY_NAME_DENIED] = {"a deny by name lets everything pass while the name does not resolve",
                            PINNED_INSTEAD},
    [FR_WHY_WILDCARD_WIDENS] = {"%s: a wildcard of this backend %s",
                                "list the names, or " ACCEPT("widen")},
    [FR_WHY_WILDCARD_NARROWS] = {"%s: a wildcard of this backend %s",
                                 "list the names, or " ACCEPT("narrow")},
    [FR_WHY_WILDCARD_OF_ALLOW] = {"%s: this backend %s",
                                  "list the names, or accept the names that the lock file knows "
                                  "with 'allow-loss: [{flow: NAME, loss: narrow}]' in the target"},
    [FR_WHY_WILDCARD_OF_DENY] = {"%s: this backend %s",
                                 "list the names, or accept that only those that the lock file "
                                 "knows are denied with 'allow-loss: [{flow: NAME, loss: widen}]' "
                                 "in the target"},
    [FR_WHY_WILDCARD_NOT_PINNED] = {"%s: this backend matches addresses, and a wildcard has none",
                                    "the lock file knows no name below it: list the names, or pin "
                                    "some with 'flowrules resolve POLICY NAME'"},
    [FR_WHY_ANY_BUT] = {"%s is 'any' less some addresses, and so without groups: the deny would "
                        "hold for none of them",
                        "deny 'any', or 0.0.0.0/0 and \"::/0\" less the exception for addresses "
                        "alone"},
    [FR_WHY_CUT_GROUP] = {"the exception of %s takes a part of a group, and a group can't be cut "
                          "here",
                          "make networks of the parts, each with a group of its own"},
    [FR_WHY_TWOFOLD] = {"%s is a group here and has addresses: a deny would not hold for both",
                        "make two networks of it, one with the group and one with the addresses"},
    [FR_WHY_PROTOCOL] = {"protocol %s can't be said here", NULL},
    [FR_WHY_SOURCE_PORTS] = {"source ports can't be matched here", NULL},
    [FR_WHY_ICMP_OF_ALLOW] = {"ICMP types can't be told apart here: all of the protocol passes",
                              ACCEPT("widen")},
    [FR_WHY_ICMP_OF_DENY] = {"ICMP types can't be told apart here: all of the protocol passes",
                             ACCEPT("narrow")},
    [FR_WHY_PART_OF_ALLOW] = {"the flow names a part of the protected networks, and a rule here "
                              "holds for all of them",
                              ACCEPT("widen")},
    [FR_WHY_PART_OF_DENY] = {"the flow names a part of the protected networks, and a rule here "
                             "holds for all of them",
                             ACCEPT("narrow")},
    [FR_WHY_CIRCLE] = {"no order of rules says that %s",
                       "spare both flows in one of the denies, or deny less"},
    [FR_WHY_DENY_FIRST] = {"a deny beats every allow here, and what '%s' allows can't be taken out "
                           "of it",
                           "deny less, or leave the deny out with 'select'"},
    [FR_WHY_REST_OF_ALLOW] = {"what the denies leave of it can't be said: %s",
                              "deny and allow single networks and protocols"},
    [FR_WHY_REST_OF_DENY] = {"what the flows that it spares leave of it can't be said: %s",
                             "deny and spare single networks and protocols"},
    [FR_WHY_ALLOW_IN_PIECES] = {"the denies cut it into too many pieces",
                                "deny and allow single networks and protocols"},
    [FR_WHY_DENY_IN_PIECES] = {"the flows that it spares cut it into too many pieces",
                               "deny and spare single networks and protocols"},
    [FR_WHY_BELOW_TOO] = {"%s: the names below would pass too", NULL}, /* by the target */
    [FR_WHY_SELF_TOO] = {"%s: the name itself would pass too", NULL},
};

struct fr_why fr_because(struct fr_arena *arena, enum fr_reason kind, ...) {
    va_list arguments;
    va_start(arguments, kind);
    struct fr_why why = {kind, fr_arena_vprintf(arena, reasons[kind].words, arguments), NULL};
    va_end(arguments);
    return why;
}

struct fr_why fr_why_told(struct fr_arena *arena, const char *text) {
    const char *way = text == NULL ? NULL : strchr(text, '\n');
    if (text == NULL)
        return fr_why_not();
    if (way == NULL)
        return (struct fr_why){FR_WHY_OTHER, text, NULL};
    return (struct fr_why){FR_WHY_TOLD, fr_arena_text(arena, text, (size_t)(way - text)),
                           way[1] == '\0' ? NULL : way + 1};
}

const char *fr_reason_hint(enum fr_reason kind) {
    return reasons[kind].hint;
}

const char *fr_reason_words(enum fr_reason kind) {
    return reasons[kind].words;
}
