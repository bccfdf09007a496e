/*
 * Special-purpose addresses, from IANA's registries of them (RFC 6890 and what follows it).
 */
#include "special.h"

static const struct {
    enum flowrules_family family;
    uint64_t hi, lo;
    unsigned length;
    enum fr_special_use use;
    const char *words;
} specials[] = {
    {FLOWRULES_IPV4, 0, 0x00000000, 8, FR_SPECIAL_NEVER, "an unspecified address"},
    {FLOWRULES_IPV4, 0, 0x0a000000, 8, FR_SPECIAL_TOLD, "private"},
    {FLOWRULES_IPV4, 0, 0x64400000, 10, FR_SPECIAL_TOLD, "shared by a provider's NAT"},
    {FLOWRULES_IPV4, 0, 0x7f000000, 8, FR_SPECIAL_TOLD, "loopback"},
    {FLOWRULES_IPV4, 0, 0xa9fe0000, 16, FR_SPECIAL_TOLD, "link-local"},
    {FLOWRULES_IPV4, 0, 0xac100000, 12, FR_SPECIAL_TOLD, "private"},
    {FLOWRULES_IPV4, 0, 0xc0000200, 24, FR_SPECIAL_TOLD, "for documentation"},
    {FLOWRULES_IPV4, 0, 0xc0a80000, 16, FR_SPECIAL_TOLD, "private"},
    {FLOWRULES_IPV4, 0, 0xc6120000, 15, FR_SPECIAL_TOLD, "for benchmarks"},
    {FLOWRULES_IPV4, 0, 0xc6336400, 24, FR_SPECIAL_TOLD, "for documentation"},
    {FLOWRULES_IPV4, 0, 0xcb007100, 24, FR_SPECIAL_TOLD, "for documentation"},
    {FLOWRULES_IPV4, 0, 0xe0000000, 4, FR_SPECIAL_NEVER, "a multicast address"},
    {FLOWRULES_IPV4, 0, 0xf0000000, 4, FR_SPECIAL_NEVER, "a reserved address"},
    {FLOWRULES_IPV6, 0, 0, 128, FR_SPECIAL_NEVER, "an unspecified address"},
    {FLOWRULES_IPV6, 0, 1, 128, FR_SPECIAL_TOLD, "loopback"},
    {FLOWRULES_IPV6, 0, 0x0000ffff00000000, 96, FR_SPECIAL_NEVER, "an IPv4 address in IPv6"},
    {FLOWRULES_IPV6, 0x0064ff9b00000000, 0, 96, FR_SPECIAL_TOLD, "made by a DNS64 server"},
    {FLOWRULES_IPV6, 0x0064ff9b00010000, 0, 48, FR_SPECIAL_TOLD, "made by a DNS64 server"},
    {FLOWRULES_IPV6, 0x20010db800000000, 0, 32, FR_SPECIAL_TOLD, "for documentation"},
    {FLOWRULES_IPV6, 0x3fff000000000000, 0, 20, FR_SPECIAL_TOLD, "for documentation"},
    {FLOWRULES_IPV6, 0xfc00000000000000, 0, 7, FR_SPECIAL_TOLD, "private"},
    {FLOWRULES_IPV6, 0xfe80000000000000, 0, 10, FR_SPECIAL_TOLD, "link-local"},
    {FLOWRULES_IPV6, 0xff00000000000000, 0, 8, FR_SPECIAL_NEVER, "a multicast address"},
};

enum fr_special_use fr_special_use(enum flowrules_family family, struct flowrules_ip ip,
                                   const char **words) {
    *words = NULL;
    for (size_t i = 0; i < sizeof specials / sizeof specials[0]; i++) {
        struct flowrules_ip prefix = {specials[i].hi, specials[i].lo};
        if (specials[i].family != family ||
            fr_ip_compare(fr_ip_first(family, ip, specials[i].length), prefix) != 0)
            continue;
        *words = specials[i].words;
        return specials[i].use;
    }
    return FR_SPECIAL_NONE;
}

bool fr_special_range(size_t i, struct flowrules_range *range) {
    if (i >= sizeof specials / sizeof specials[0])
        return false;
    struct flowrules_ip first = {specials[i].hi, specials[i].lo};
    *range = (struct flowrules_range){specials[i].family, first,
                                      fr_ip_last(specials[i].family, first, specials[i].length)};
    return true;
}
