/*
 * The words of reasons and their hints. Knows nothing of how a reason was found.
 */
#include "reasons.h"

#include <stdarg.h>
#include <string.h>

#define PINNED_INSTEAD "write 'names: pinned' in the target, to use the addresses of the lock file"
#define ACCEPT(loss)   "accept it with 'allow-loss: [{flow: NAME, loss: " loss "}]' in the target"

/* Of the end whose interfaces rules do not match. */
#define OPEN(packets, end)                                                                         \
    "rules match only where packets " packets                                                      \
    ", and other networks place some addresses of its " end " at another interface"
#define OPEN_HINT(loss) "define the networks so that no two share addresses, or " ACCEPT(loss)

/* No hint: there is none for it alone. An empty one: the words say what to do. */
static const struct {
    const char *words, *hint;
} reasons[] = {
    [FR_WHY_TOLD] = {"%s", ""},
    [FR_WHY_OTHER] = {"%s", NULL},
    [FR_WHY_FOREIGN] = {"%s has no addresses: it is a group of another platform",
                        "add 'members' to the network, or leave the flow out with 'select'"},
    [FR_WHY_FOREIGN_SEVERAL] =
        {"%s have no addresses: they are groups of another platform",
         "add 'members' to the network, or leave the flow out with 'select'"},
    [FR_WHY_NAMES_REFUSED] = {"this target refuses names (names: refuse): %s", PINNED_INSTEAD},
    [FR_WHY_NAMES_NOT_NATIVE] = {"%s: this backend does not resolve names itself (names: native)",
                                 PINNED_INSTEAD},
    [FR_WHY_NAME_SOURCE] = {"this platform cannot match a name as the source", PINNED_INSTEAD},
    [FR_WHY_NAME_DENIED] = {"a deny by name lets everything pass while the name does not resolve",
                            PINNED_INSTEAD},
    [FR_WHY_WILDCARD_WIDENS] = {"%s: a wildcard of this backend %s",
                                "list the names, or " ACCEPT("widen")},
    [FR_WHY_WILDCARD_NARROWS] = {"%s: a wildcard of this backend %s",
                                 "list the names, or " ACCEPT("narrow")},
    [FR_WHY_WILDCARD_OF_ALLOW] = {"%s: this backend %s",
                                  "list the names, or accept only the names in the lock file with "
                                  "'allow-loss: [{flow: NAME, loss: narrow}]' in the target"},
    [FR_WHY_WILDCARD_OF_DENY] =
        {"%s: this backend %s",
         "list the names, or accept a deny of only the names in the lock file with 'allow-loss: "
         "[{flow: NAME, loss: widen}]' in the target"},
    [FR_WHY_WILDCARD_NOT_PINNED] = {"%s: this backend matches addresses, but a wildcard has none",
                                    "the lock file has no name below it: list the names, or pin "
                                    "some with 'flowrules resolve POLICY NAME'"},
    [FR_WHY_ANY_BUT] =
        {"%s is 'any' minus some addresses, so it has no groups, and the deny would not apply to "
         "groups",
         "deny 'any', or, only for addresses, 0.0.0.0/0 and \"::/0\" minus the exception"},
    [FR_WHY_CUT_GROUP] =
        {"the exception of %s removes a part of a group, but a group cannot be divided",
         "define a network for each part, with its own group"},
    [FR_WHY_TWOFOLD] =
        {"%s is a group on this platform and also has addresses: a deny would not apply to both",
         "divide it into two networks, one with the group and one with the addresses"},
    [FR_WHY_PROTOCOL] = {"this platform cannot match protocol %s", NULL},
    [FR_WHY_SOURCE_PORTS] = {"this platform cannot match source ports", NULL},
    [FR_WHY_ICMP_OF_ALLOW] =
        {"this platform cannot match ICMP types: a rule matches all of the protocol",
         ACCEPT("widen")},
    [FR_WHY_ICMP_OF_DENY] =
        {"this platform cannot match ICMP types: a rule matches all of the protocol",
         ACCEPT("narrow")},
    [FR_WHY_PART_OF_ALLOW] = {"the flow is for a part of the protected networks, but a rule of "
                              "this platform applies to all of them",
                              ACCEPT("widen")},
    [FR_WHY_PART_OF_DENY] = {"the flow is for a part of the protected networks, but a rule of this "
                             "platform applies to all of them",
                             ACCEPT("narrow")},
    [FR_WHY_CIRCLE] = {"no order of rules is correct: %s",
                       "spare both flows in one of the denies, or deny less"},
    [FR_WHY_DENY_FIRST] = {"on this platform a deny beats every allow, and what '%s' allows cannot "
                           "be subtracted from it",
                           "deny less, or leave the deny out with 'select'"},
    [FR_WHY_REST_OF_ALLOW] = {"the rest of the flow after the denies cannot be expressed: %s",
                              "deny and allow single networks and protocols"},
    [FR_WHY_REST_OF_DENY] =
        {"the rest of the deny after the flows that it spares cannot be expressed: %s",
         "deny and spare single networks and protocols"},
    [FR_WHY_ALLOW_IN_PIECES] = {"the denies divide the flow into too many parts",
                                "deny and allow single networks and protocols"},
    [FR_WHY_DENY_IN_PIECES] = {"the flows that it spares divide the deny into too many parts",
                               "deny and spare single networks and protocols"},
    [FR_WHY_SOME_INTERFACES] =
        {"a deny takes the packets of some interfaces from it, which permits alone cannot express",
         "give the networks of the flow an interface, or leave the deny out with 'select'"},
    [FR_WHY_LEAVING_OF_ALLOW] = {OPEN("enter", "destination"), OPEN_HINT("widen")},
    [FR_WHY_LEAVING_OF_DENY] = {OPEN("enter", "destination"), OPEN_HINT("narrow")},
    [FR_WHY_ENTERING_OF_ALLOW] = {OPEN("leave", "source"), OPEN_HINT("widen")},
    [FR_WHY_ENTERING_OF_DENY] = {OPEN("leave", "source"), OPEN_HINT("narrow")},
    [FR_WHY_BELOW_TOO] = {"%s: the names below it would also pass", NULL}, /* by the target */
    [FR_WHY_SELF_TOO] = {"%s: the name itself would also pass", NULL},
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
