/*
 * Names of objects, made of what the objects hold; see names.h.
 */
#include "names.h"

#include <stdio.h>
#include <string.h>

#include "flowrules/kits/bindings.h"
#include "flowrules/kits/hashes.h"
#include "flowrules/kits/whole.h"

/* ---- hashes -------------------------------------------------------------------------------- */

static uint64_t mix_range(uint64_t hash, const struct flowrules_range *range) {
    hash = flowrules_hash_number(flowrules_hash_number(hash, (uint64_t)range->family),
                                 range->first.hi);
    hash = flowrules_hash_number(flowrules_hash_number(hash, range->first.lo), range->last.hi);
    return flowrules_hash_number(hash, range->last.lo);
}

static uint64_t hash_set(struct flowrules_set set) {
    uint64_t hash = FLOWRULES_HASH_BEGIN;
    for (int f = FLOWRULES_IPV4; f <= FLOWRULES_IPV6; f++)
        for (size_t i = 0; i < flowrules_set_range_count(set, (enum flowrules_family)f); i++) {
            struct flowrules_range range = flowrules_set_range(set, (enum flowrules_family)f, i);
            hash = mix_range(hash, &range);
        }
    for (size_t i = 0; i < flowrules_set_atom_count(set); i++) {
        struct flowrules_atom atom = flowrules_set_atom(set, i);
        hash = flowrules_hash_bytes(flowrules_hash_number(hash, atom.kind), atom.name,
                                    strlen(atom.name) + 1);
    }
    return hash;
}

/* An address with hyphens for colons, which no name may have. */
static void ip_name(char text[48], enum flowrules_family family, struct flowrules_ip ip) {
    unsigned part[8];
    for (unsigned i = 0; i < 8; i++)
        part[i] = (unsigned)((i < 4 ? ip.hi : ip.lo) >> (48 - 16 * (i % 4)) & 0xffff);
    if (family == FLOWRULES_IPV4)
        snprintf(text, 48, "%u.%u.%u.%u", part[6] >> 8, part[6] & 255, part[7] >> 8, part[7] & 255);
    else
        snprintf(text, 48, "%x-%x-%x-%x-%x-%x-%x-%x", part[0], part[1], part[2], part[3], part[4],
                 part[5], part[6], part[7]);
}

static void range_name(const char *prefix, const struct flowrules_range *range,
                       char name[FR_NAME_SIZE]) {
    char first[48], last[48];
    int bits = range->family == FLOWRULES_IPV4 ? 32 : 128;
    int length = flowrules_range_prefix(range);
    ip_name(first, range->family, range->first);
    ip_name(last, range->family, range->last);
    if (length == bits)
        snprintf(name, FR_NAME_SIZE, "%s-h-%s", prefix, first);
    else if (length >= 0)
        snprintf(name, FR_NAME_SIZE, "%s-n-%s_%d", prefix, first, length);
    else if (range->family == FLOWRULES_IPV4)
        snprintf(name, FR_NAME_SIZE, "%s-r-%.15s_%.15s", prefix, first, last);
    else
        snprintf(name, FR_NAME_SIZE, "%s-r-%016llx", prefix,
                 (unsigned long long)mix_range(FLOWRULES_HASH_BEGIN, range));
}

/* A name of the policy's, cut and told apart by a hash where it is too long. */
static void fqdn_name(const char *prefix, const char *fqdn, char name[FR_NAME_SIZE]) {
    char *at = name + snprintf(name, FR_NAME_SIZE, "%s-f-", prefix);
    size_t length = strlen(fqdn), room = (size_t)(name + FR_NAME_SIZE - 1 - at);
    if (length <= room) {
        memcpy(at, fqdn, length + 1);
        return;
    }
    memcpy(at, fqdn, room - 17);
    snprintf(at + room - 17, 18, "-%016llx",
             (unsigned long long)flowrules_hash_bytes(FLOWRULES_HASH_BEGIN, fqdn, length));
}

bool fr_names_is_wildcard(struct flowrules_set set) {
    return flowrules_set_atom_count(set) > 0 &&
           flowrules_set_atom(set, 0).kind == FLOWRULES_ATOM_WILDCARD;
}

size_t fr_names_members(struct flowrules_set set) {
    return flowrules_set_range_count(set, FLOWRULES_IPV4) +
           flowrules_set_range_count(set, FLOWRULES_IPV6) + flowrules_set_atom_count(set);
}

const char *fr_names_member_at(struct flowrules_set set, size_t index,
                               struct flowrules_range *range) {
    *range = (struct flowrules_range){.family = FLOWRULES_IPV4};
    for (int f = FLOWRULES_IPV4; f <= FLOWRULES_IPV6; f++) {
        size_t count = flowrules_set_range_count(set, (enum flowrules_family)f);
        if (index < count) {
            *range = flowrules_set_range(set, (enum flowrules_family)f, index);
            return NULL;
        }
        index -= count;
    }
    return flowrules_set_atom(set, index).name;
}

void fr_names_member(const char *prefix, struct flowrules_set set, size_t index,
                     char name[FR_NAME_SIZE]) {
    struct flowrules_range range;
    const char *fqdn = fr_names_member_at(set, index, &range);
    if (fqdn)
        fqdn_name(prefix, fqdn, name);
    else
        range_name(prefix, &range, name);
}

void fr_names_set(flowrules_output *out, const char *prefix, struct flowrules_set set,
                  char name[FR_NAME_SIZE]) {
    const char *label = flowrules_set_label(flowrules_output_plan(out), set);
    unsigned long long hash = hash_set(set);
    if (fr_names_is_wildcard(set))
        snprintf(name, FR_NAME_SIZE, "%s-u-%016llx", prefix, hash);
    else if (fr_names_members(set) == 1)
        fr_names_member(prefix, set, 0, name);
    else /* what the same label holds differs from version to version, and no more: 40 bits do */
        snprintf(name, FR_NAME_SIZE, "%s-g-%.32s-%010llx", prefix,
                 label != NULL ? label : flowrules_set_title(out, set, "_"),
                 (unsigned long long)flowrules_hash_spread(hash) >> 24);
}

void fr_names_end(flowrules_output *out, const char *prefix, struct flowrules_set set,
                  char name[FR_NAME_SIZE]) {
    if (flowrules_set_is_any(set))
        snprintf(name, FR_NAME_SIZE, "any");
    else
        fr_names_set(out, prefix, set, name);
}

static void write_set(flowrules_output *out, const char *prefix,
                      const struct fr_names_writer *writer, struct flowrules_set set) {
    char name[FR_NAME_SIZE];
    bool wildcard = fr_names_is_wildcard(set);
    size_t count = fr_names_members(set);
    for (size_t i = 0; i < count && !wildcard; i++) {
        fr_names_member(prefix, set, i, name);
        if (flowrules_output_once(out, name))
            writer->member(out, name, set, i);
    }
    fr_names_set(out, prefix, set, name);
    if ((count > 1 || wildcard) && flowrules_output_once(out, name))
        writer->group(out, name, set);
}

void fr_names_write(flowrules_output *out, const char *prefix,
                    const struct fr_names_writer *writer) {
    for (size_t i = 0; i < flowrules_output_set_count(out); i++)
        write_set(out, prefix, writer, flowrules_output_set(out, i));
}

const char *fr_names_prefix(flowrules_output *out) {
    const char *prefix = flowrules_plan_setting(flowrules_output_plan(out), "prefix");
    if (strlen(prefix) <= FR_NAME_PREFIX)
        return prefix;
    flowrules_output_refuse(out, "the prefix is longer than %d characters", FR_NAME_PREFIX);
    return ""; /* what is still written is thrown away */
}

const char *fr_names_protocol(int protocol) {
    static const struct {
        int number;
        const char *word;
    } words[] = {{1, "icmp"}, {6, "tcp"}, {17, "udp"}, {58, "icmp6"}, {132, "sctp"}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (words[i].number == protocol)
            return words[i].word;
    return NULL;
}

void fr_names_portless(const char *prefix, const struct flowrules_service *service,
                       char name[FR_NAME_SIZE]) {
    const char *word = fr_names_protocol(service->protocol);
    if (service->icmp_type < 0)
        snprintf(name, FR_NAME_SIZE, "%s-ip-%d", prefix, service->protocol);
    else if (service->icmp_code < 0)
        snprintf(name, FR_NAME_SIZE, "%s-%s-%d", prefix, word, service->icmp_type);
    else
        snprintf(name, FR_NAME_SIZE, "%s-%s-%d_%d", prefix, word, service->icmp_type,
                 service->icmp_code);
}

static uint64_t hash_ports(uint64_t hash, const struct flowrules_ports *ports, size_t count) {
    hash = flowrules_hash_number(hash, count);
    for (size_t i = 0; i < count; i++)
        hash = flowrules_hash_number(flowrules_hash_number(hash, ports[i].first), ports[i].last);
    return hash;
}

void fr_names_ports(const char *prefix, const char *word, const struct flowrules_service *service,
                    size_t first, size_t count, char name[FR_NAME_SIZE]) {
    const struct flowrules_ports *ports = service->destination_ports + first;
    int used = snprintf(name, FR_NAME_SIZE, "%s-%s-", prefix, word);
    char *at = name + used;
    if (count > 3 || service->source_port_count > 0) {
        uint64_t hash = hash_ports(FLOWRULES_HASH_BEGIN, ports, count);
        hash = hash_ports(hash, service->source_ports, service->source_port_count);
        snprintf(at, (size_t)(FR_NAME_SIZE - used), "%016llx", (unsigned long long)hash);
        return;
    }
    snprintf(at, (size_t)(FR_NAME_SIZE - used), "any");
    for (size_t i = 0; i < count; i++) {
        const char *before = i > 0 ? "_" : "";
        size_t room = (size_t)(name + FR_NAME_SIZE - at);
        at += ports[i].first == ports[i].last
                  ? snprintf(at, room, "%s%d", before, ports[i].first)
                  : snprintf(at, room, "%s%d-%d", before, ports[i].first, ports[i].last);
    }
}
