/*
 * Reads the address of a DNS server, with its port. Sends no query.
 */
#include "servers.h"

#include <string.h>

static bool read_port(const char *text, size_t length, uint16_t *port) {
    uint32_t number = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9' || number > 65535)
            return false;
        number = number * 10 + (uint32_t)(text[i] - '0');
    }
    *port = (uint16_t)number;
    return length > 0 && number > 0 && number <= 65535;
}

bool fr_server_parse(const char *text, size_t length, struct fr_server *server) {
    const char *address = text, *end = text + length, *rest = end;
    server->port = FR_DNS_PORT;
    if (length > 0 && text[0] == '[') {
        const char *close = memchr(text, ']', length);
        if (close == NULL)
            return false;
        address = text + 1;
        rest = close + 1;
        end = close;
    } else {
        const char *colon = memchr(text, ':', length);
        /* One colon begins a port; an IPv6 address without brackets has more, and no port. */
        if (colon != NULL && memchr(colon + 1, ':', (size_t)(end - colon - 1)) == NULL)
            rest = end = colon;
    }
    const char *last = text + length;
    if (rest < last &&
        (*rest != ':' || !read_port(rest + 1, (size_t)(last - rest - 1), &server->port)))
        return false;
    return fr_ip_parse(address, (size_t)(end - address), &server->family, &server->ip) &&
           (text[0] != '[' || server->family == FLOWRULES_IPV6);
}
