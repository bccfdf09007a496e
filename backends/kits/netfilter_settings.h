/*
 * What nftables and iptables say of themselves alike: rows of their tables of settings, and fields
 * of their capabilities.
 */
#ifndef FR_NETFILTER_SETTINGS_H
#define FR_NETFILTER_SETTINGS_H

#include "flowrules/reader.h"

/* How names are followed by dnsmasq. */
#define FR_NAMES_TIMEOUT                                                                           \
    .key = "names-timeout", .type = "integer 1 2147483", .fallback = "86400", .whole_alone = true, \
    .help = "names: native: seconds that an address stays in a set after dnsmasq added it"
#define FR_NAMES_EXACT                                                                             \
    .key = "names-exact", .type = "boolean", .fallback = "false", .whole_alone = true,             \
    .help = "names: native: dnsmasq answers NXDOMAIN for what is below a name that was asked "     \
            "for, and for the name above a wildcard, unless a flow asks for it"

/* What machine it is, and what it has open. */
#define FR_NO_OTHER_ADDRESSES                                                                      \
    .key = "no-other-addresses", .type = "boolean", .fallback = "false", .later = true,            \
    .help =                                                                                        \
        "hook: host: the machine has no addresses other than the protected ones, so rules for "    \
        "all of them do not name them"
#define FR_MID_STREAM                                                                              \
    .key = "mid-stream", .type = "boolean", .fallback = "false",                                   \
    .help = "TCP packets without SYN may also open a connection"

#define FR_ANTI_SPOOFING                                                                           \
    .key = "anti-spoofing", .type = "boolean", .fallback = "false", .later = true,                 \
    .whole_alone = true,                                                                           \
    .help = "drop new connections from addresses of a network with 'interface' that enter by "     \
            "another interface"

/* By which interfaces packets of networks come and go. */
#define FR_NETFILTER_BINDINGS                                                                      \
    {.key = "interface",                                                                           \
     .type = "list interface",                                                                     \
     .aside = true,                                                                                \
     .help = "the interfaces by which packets from the network come, and to it leave; 'eth*' is "  \
             "all that begin so"},                                                                 \
        {.key = "not-interface",                                                                   \
         .type = "list interface",                                                                 \
         .aside = true,                                                                            \
         .help = "interfaces that are left out of these, or of all"},                              \
        {.key = NULL},

#define FR_NETFILTER_CAPABILITIES                                                                  \
    .placement = FLOWRULES_BY_HOOK, .evaluation = FLOWRULES_FIRST_MATCH,                           \
    .families = FLOWRULES_BOTH_FAMILIES, .names = true, .names_on_request = true,                  \
    .names_note = "as dnsmasq looks them up", .whole_domains = true,                               \
    .names_exact_by = "names-exact", .wildcards = FLOWRULES_WILDCARDS_BELOW, .one_service = true,  \
    .source_ports = true, .icmp_types = true, .logging = true,                                     \
    .baseline = FLOWRULES_BASELINE_REPLIES | FLOWRULES_BASELINE_LOOPBACK |                         \
                FLOWRULES_BASELINE_NEIGHBOUR | FLOWRULES_BASELINE_LISTENER |                       \
                FLOWRULES_BASELINE_PATH_MTU | FLOWRULES_BASELINE_INVALID,                          \
    .packets = FLOWRULES_REPLY | FLOWRULES_LOOPBACK | FLOWRULES_NEIGHBOUR | FLOWRULES_LISTENER |   \
               FLOWRULES_MIDSTREAM,                                                                \
    .lookup = true, .rule_flows = 16, .permits = true, .name_max = 128, .interfaces = "interface", \
    .other_interfaces = "not-interface"

#endif
