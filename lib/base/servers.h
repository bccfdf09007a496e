/*
 * The address of a DNS server, as people write it.
 */
#ifndef FR_SERVERS_H
#define FR_SERVERS_H

#include "addresses.h"

#define FR_SERVERS_MAX 8u
#define FR_DNS_PORT    53u

struct fr_server {
    enum flowrules_family family;
    struct flowrules_ip ip;
    uint16_t port;
};

/* Reads "ADDR", "ADDR:PORT" or "[ADDR]:PORT"; false if it is not valid. */
bool fr_server_parse(const char *text, size_t length, struct fr_server *server);

#endif
