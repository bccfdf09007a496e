/*
 * Settings that targets of nftables and iptables have in common, as rows of their tables.
 */
#ifndef FR_NETFILTER_SETTINGS_H
#define FR_NETFILTER_SETTINGS_H

/* How names are followed by dnsmasq. */
#define FR_NAMES_TIMEOUT                                                                           \
    .key = "names-timeout", .type = "integer 1 2147483", .fallback = "86400", .whole_alone = true, \
    .help = "names: native: seconds that an address stays in a set after dnsmasq put it there"
#define FR_NAMES_EXACT                                                                             \
    .key = "names-exact", .type = "boolean", .fallback = "false", .whole_alone = true,             \
    .help = "names: native: dnsmasq answers NXDOMAIN for what is below a name that was asked "     \
            "for, and for the name above a wildcard, unless a flow asks for it"

/* What machine it is, and what it has open. */
#define FR_NO_OTHER_ADDRESSES                                                                      \
    .key = "no-other-addresses", .type = "boolean", .fallback = "false", .later = true,            \
    .help = "hook: host: the machine has no other addresses than those that are protected, so "    \
            "that rules about all of them do not name them"
#define FR_MID_STREAM                                                                              \
    .key = "mid-stream", .type = "boolean", .fallback = "false",                                   \
    .help = "TCP that did not begin with a SYN here may open a connection too"

#endif
