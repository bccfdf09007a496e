/*
 * ipsets as ipset save prints them, and the matches that refer to them. Facts: ipset(8) 7.17 and
 * net/netfilter/xt_set.c.
 */
#include <stdlib.h>
#include <string.h>

#include "read.h"

enum { TCP = 6 };

/* ---- types --------------------------------------------------------------------------------- */

/* "hash:ip,port,net": what the parts of an element are; false for parts that are not known. */
static bool read_type(const char *type, struct netfilter_set *set, unsigned families) {
    const char *part = strchr(type, ':');
    set->parts = 0;
    while (part && set->parts < NETFILTER_KEYS_MAX) {
        part++;
        size_t length = strcspn(part, ",");
        struct netfilter_key key = {NETFILTER_OTHER, -1, FLOWRULES_BOTH_FAMILIES};
        if ((length == 2 && memcmp(part, "ip", 2) == 0) ||
            (length == 3 && memcmp(part, "net", 3) == 0))
            key = (struct netfilter_key){NETFILTER_SOURCE, -1, families};
        else if (length == 4 && memcmp(part, "port", 4) == 0)
            key.field = NETFILTER_DESTINATION_PORT;
        if (key.field == NETFILTER_OTHER)
            return false;
        set->types[set->parts++] = key;
        part = part[length] == ',' ? part + length : NULL;
    }
    return set->parts > 0;
}

static struct netfilter_set *find_set(struct iptables_reader *reader, const char *name,
                                      struct flowrules_place at) {
    return fr_netfilter_set(&reader->nf, reader->sets, name, at);
}

/* create NAME TYPE family inet hashsize 64 maxelem 65536 comment timeout 0 */
static void read_create(struct iptables_reader *reader, struct iptables_words *words) {
    struct flowrules_place at = fr_iptables_place(words, 1);
    if (words->count < 3) {
        flowrules_input_error(reader->in, at, NULL, "the name and type of a set are expected here");
        return;
    }
    struct netfilter_set *set = find_set(reader, words->items[1].text, at);
    unsigned families = FLOWRULES_FAMILY_BIT(FLOWRULES_IPV4);
    if (!set)
        return;
    if (set->parts > 0) {
        flowrules_input_error(reader->in, at, NULL, "the set '%.100s' is created twice", set->name);
        return;
    }
    set->at = at;
    for (size_t i = 3; i < words->count; i++) {
        const char *word = words->items[i].text;
        if (strcmp(word, "inet6") == 0)
            families = FLOWRULES_FAMILY_BIT(FLOWRULES_IPV6);
        else if (strcmp(word, "timeout") == 0)
            fr_netfilter_expires(&reader->nf, set);
    }
    if (!read_type(words->items[2].text, set, families)) {
        set->parts = 1;
        set->doubt = strncmp(words->items[2].text, "list:", 5) == 0
                         ? "a list of sets"
                         : "a set of something that a policy cannot express";
    }
}

/* ---- elements ------------------------------------------------------------------------------ */

/* "tcp:443", "443", "udp:53-60"; false when it is none. */
static bool read_port(const char *text, size_t length, struct netfilter_piece *piece) {
    char protocol[16];
    const char *colon = memchr(text, ':', length);
    unsigned first, last;
    piece->protocol = TCP;
    if (colon && (size_t)(colon - text) < sizeof protocol) {
        memcpy(protocol, text, (size_t)(colon - text));
        protocol[colon - text] = '\0';
        piece->protocol = flowrules_parse_protocol(protocol);
        length -= (size_t)(colon - text) + 1;
        text = colon + 1;
    }
    const char *dash = memchr(text, '-', length);
    size_t before = dash ? (size_t)(dash - text) : length;
    bool good = flowrules_parse_number(text, before, UINT16_MAX, &first);
    last = first;
    if (good && dash)
        good = flowrules_parse_number(dash + 1, length - before - 1, UINT16_MAX, &last);
    piece->range.first.lo = first;
    piece->range.last.lo = last;
    return good && last >= first && piece->protocol >= 0;
}

static bool read_pieces(const struct netfilter_set *set, const char *text,
                        struct netfilter_piece *pieces) {
    for (unsigned i = 0; i < set->parts; i++) {
        size_t length = strcspn(text, ",");
        bool good = set->types[i].field == NETFILTER_SOURCE
                        ? flowrules_parse_range(text, length, &pieces[i].range)
                        : read_port(text, length, &pieces[i]);
        text += length;
        bool last = i + 1 == set->parts;
        if (!good || *text != (last ? '\0' : ','))
            return false;
        text += !last;
    }
    return true;
}

/* add NAME ELEMENT comment "..." timeout 60 packets 0 bytes 0 nomatch */
static void read_add(struct iptables_reader *reader, struct iptables_words *words) {
    struct flowrules_place at = fr_iptables_place(words, 1);
    struct netfilter_set *set =
        words->count < 3 ? NULL
                         : fr_netfilter_find_set(&reader->nf, reader->sets, words->items[1].text);
    if (!set || set->parts == 0) {
        flowrules_input_error(reader->in, at, NULL,
                              words->count < 3 ? "the name and element of a set are expected here"
                                               : "no line before this creates the set");
        return;
    }
    if (set->doubt)
        return;
    struct netfilter_piece *pieces = fr_netfilter_element(&reader->nf, set, words->line.number);
    if (!pieces)
        return;
    if (!read_pieces(set, words->items[2].text, pieces))
        flowrules_input_error(reader->in, fr_iptables_place(words, 2), NULL,
                              "'%.100s' is not a valid element of the set '%.100s'",
                              words->items[2].text, set->name);
    bool stays = true;
    for (size_t i = 3; i < words->count; i++) {
        const char *word = words->items[i].text;
        if (strcmp(word, "nomatch") == 0)
            set->doubt = "a set with exceptions (nomatch)";
        else if (strcmp(word, "timeout") == 0 && i + 1 < words->count)
            stays = strcmp(words->items[i + 1].text, "0") == 0;
        if (strcmp(word, "comment") == 0 && i + 1 < words->count) {
            set->elements[set->count - 1].comment = words->items[++i].text;
            set->commented = true;
        }
    }
    if (!stays) {
        fr_netfilter_expires(&reader->nf, set);
        set->count--;
    }
}

bool fr_iptables_read_set_line(struct iptables_reader *reader, struct iptables_words *words) {
    const char *verb = words->items[0].text;
    if (strcmp(verb, "create") == 0 || strcmp(verb, "-N") == 0)
        read_create(reader, words);
    else if (strcmp(verb, "add") == 0 || strcmp(verb, "-A") == 0)
        read_add(reader, words);
    else
        return false;
    return true;
}

/* ---- matches ------------------------------------------------------------------------------- */

/* The key of a part by its flag, src or dst. */
static struct netfilter_key key_of(struct netfilter_key type, bool source, unsigned families) {
    bool address = type.field == NETFILTER_SOURCE;
    if (address)
        type.field = source ? NETFILTER_SOURCE : NETFILTER_DESTINATION;
    else
        type.field = source ? NETFILTER_SOURCE_PORT : NETFILTER_DESTINATION_PORT;
    type.families = address ? type.families & families : families;
    return type;
}

static void resolve(struct iptables_reader *reader, const struct iptables_reference *reference) {
    struct netfilter_match *match = &reference->rule->matches[reference->match];
    struct netfilter_set *set = reference->set;
    const char *flag = reference->flags;
    if (set->parts == 0) {
        flowrules_input_error(reader->in, reference->at,
                              "also give the output of ipset save, or the .ipset file",
                              "the set '%.100s' is not in the files", set->name);
        return;
    }
    match->set = set;
    match->key_count = set->parts;
    for (unsigned i = 0; i < set->parts; i++) {
        bool source = strncmp(flag, "src", 3) == 0;
        if (!source && strncmp(flag, "dst", 3) != 0) {
            /* Fewer flags than parts: ip_set_test of ip_set_core.c never matches then. */
            match->set = NULL;
            match->other = "a set with more parts than the rule matches";
            return;
        }
        match->keys[i] = key_of(set->types[i], source, reference->families);
        flag += 3;
        flag += *flag == ',';
    }
}

void fr_iptables_resolve_sets(struct iptables_reader *reader) {
    for (size_t i = 0; i < reader->reference_count && !flowrules_input_failed(reader->in); i++)
        resolve(reader, &reader->references[i]);
}
