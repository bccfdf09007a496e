/*
 * Reads a reply (RFC 1035 section 4): records of its answer section, the chain of aliases, the
 * addresses. c-ares has checked that it is the reply to the question; everything else in it is
 * checked here.
 */
#include "resolver_reply.h"

#include <sys/select.h> /* ares.h speaks of fd_set and timeval, and does not include them */

#include <ares.h>
#include <string.h>

enum { TYPE_A = 1, TYPE_CNAME = 5, TYPE_AAAA = 28, CLASS_INTERNET = 1 };
enum { HEADER_SIZE = 12, QUESTION_SIZE = 4, RECORD_SIZE = 10 };

/* A record that may matter: an address of the family, or an alias. */
struct record {
    const char *owner, *alias; /* alias: NULL where it is an address */
    const unsigned char *address;
    uint32_t ttl;
};

struct reader {
    struct fr_inquiry *inquiry;
    struct fr_reply *reply;
    enum flowrules_family family;
    const unsigned char *bytes;
    size_t size, at;
    struct fr_arena texts;
    struct fr_vec records; /* struct record */
    bool no_memory;
};

static uint16_t number16(const unsigned char *bytes) {
    return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static uint32_t number32(const unsigned char *bytes) {
    return (uint32_t)number16(bytes) << 16 | number16(bytes + 2);
}

/* The name at a place, in lower case; NULL where there is none. *length: what it takes there. */
static const char *read_name(struct reader *r, size_t at, size_t *length) {
    char *expanded = NULL;
    long used = 0;
    if (at >= r->size)
        return NULL;
    int status = ares_expand_name(r->bytes + at, r->bytes, (int)r->size, &expanded, &used);
    if (status != ARES_SUCCESS) {
        r->no_memory = r->no_memory || status == ARES_ENOMEM;
        return NULL;
    }
    char *name = fr_arena_text(&r->texts, expanded, strlen(expanded));
    ares_free_string(expanded);
    r->no_memory = r->no_memory || name == NULL;
    for (char *c = name; c != NULL && *c != '\0'; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c + 32);
    *length = (size_t)used;
    return name;
}

static bool skip_questions(struct reader *r) {
    size_t length;
    for (unsigned i = number16(r->bytes + 4); i > 0; i--) {
        if (read_name(r, r->at, &length) == NULL || r->size - r->at < length + QUESTION_SIZE)
            return false;
        r->at += length + QUESTION_SIZE;
    }
    return true;
}

static bool keep_record(struct reader *r, const struct record *record) {
    struct record *slot = fr_vec_push(&r->records);
    if (slot == NULL) {
        r->no_memory = true;
        return false;
    }
    *slot = *record;
    return true;
}

/* Reads one record; false where it is not valid. */
static bool read_record(struct reader *r) {
    size_t length, unused;
    struct record record = {.owner = read_name(r, r->at, &length)};
    if (record.owner == NULL || r->size - r->at < length + RECORD_SIZE)
        return false;
    const unsigned char *fixed = r->bytes + r->at + length;
    size_t data = r->at + length + RECORD_SIZE, data_size = number16(fixed + 8);
    if (r->size - data < data_size)
        return false;
    r->at = data + data_size;
    unsigned type = number16(fixed);
    if (number16(fixed + 2) != CLASS_INTERNET)
        return true;
    record.ttl = number32(fixed + 4);
    if (record.ttl > INT32_MAX)
        record.ttl = 0; /* RFC 2181 section 8 */
    if (type == TYPE_CNAME) {
        record.alias = read_name(r, data, &unused);
        return record.alias != NULL && keep_record(r, &record);
    }
    if (type != (r->family == FLOWRULES_IPV4 ? TYPE_A : TYPE_AAAA))
        return true;
    record.address = r->bytes + data;
    return data_size == (r->family == FLOWRULES_IPV4 ? 4 : 16) && keep_record(r, &record);
}

static bool read_records(struct reader *r) {
    if (r->size < HEADER_SIZE)
        return false;
    r->at = HEADER_SIZE;
    if (!skip_questions(r))
        return false;
    for (unsigned i = number16(r->bytes + 6); i > 0; i--)
        if (!read_record(r))
            return false;
    return true;
}

static struct record *record_at(const struct reader *r, size_t index) {
    return fr_vec_at(&r->records, struct record, index);
}

static const struct record *alias_of(const struct reader *r, const char *name) {
    for (size_t i = 0; i < r->records.count; i++)
        if (record_at(r, i)->alias != NULL && strcmp(record_at(r, i)->owner, name) == 0)
            return record_at(r, i);
    return NULL;
}

/* Is this the name that was asked for, or one that it has led to? */
static bool was_met(const struct reader *r, const char *asked, const char *name) {
    for (uint32_t i = 0; i < r->reply->alias_count; i++) {
        uint32_t index = r->reply->first_alias + i;
        if (strcmp(*fr_vec_at(&r->inquiry->aliases, const char *, index), name) == 0)
            return true;
    }
    return strcmp(asked, name) == 0;
}

/* Goes from alias to alias; *name becomes the last one. */
static enum fr_outcome follow_aliases(struct reader *r, const char **name, uint32_t *ttl) {
    const struct record *alias;
    const char *asked = *name;
    while ((alias = alias_of(r, *name)) != NULL) {
        if (was_met(r, asked, alias->alias))
            return FR_ALIAS_LOOP;
        if (r->reply->alias_count == FR_ALIASES_MAX)
            return FR_ALIASES_TOO_MANY;
        if (!fr_reply_alias(r->inquiry, r->reply, alias->alias)) {
            r->no_memory = true;
            return FR_BAD_REPLY;
        }
        *ttl = alias->ttl < *ttl ? alias->ttl : *ttl;
        *name = alias->alias;
    }
    return FR_ANSWERED;
}

static struct flowrules_ip ip_of(const struct reader *r, const unsigned char *bytes) {
    if (r->family == FLOWRULES_IPV4)
        return (struct flowrules_ip){0, number32(bytes)};
    return (struct flowrules_ip){(uint64_t)number32(bytes) << 32 | number32(bytes + 4),
                                 (uint64_t)number32(bytes + 8) << 32 | number32(bytes + 12)};
}

static enum fr_outcome take_addresses(struct reader *r, const char *name, uint32_t ttl) {
    for (size_t i = 0; i < r->records.count; i++) {
        const struct record *record = record_at(r, i);
        if (record->address == NULL)
            continue;
        if (strcmp(record->owner, name) != 0) {
            r->reply->beside++;
            continue;
        }
        if (r->reply->count == r->inquiry->context->max_addresses)
            return FR_TOO_MANY;
        if (!fr_reply_address(r->inquiry, r->reply, r->family, ip_of(r, record->address),
                              record->ttl < ttl ? record->ttl : ttl)) {
            r->no_memory = true;
            return FR_BAD_REPLY;
        }
    }
    return r->reply->count > 0 ? FR_ANSWERED : FR_NO_ADDRESS;
}

static enum fr_outcome read_reply(struct reader *r, const char *name) {
    uint32_t ttl = INT32_MAX;
    if (!read_records(r))
        return FR_BAD_REPLY;
    if ((r->bytes[2] & 2) != 0) /* TC */
        return FR_TRUNCATED;
    enum fr_outcome outcome = follow_aliases(r, &name, &ttl);
    return outcome == FR_ANSWERED ? take_addresses(r, name, ttl) : outcome;
}

enum fr_outcome fr_reply_read(struct fr_inquiry *inquiry, struct fr_reply *reply, const char *name,
                              enum flowrules_family family, const unsigned char *bytes, size_t size,
                              bool *no_memory) {
    struct reader r = {inquiry, reply, family, bytes, size, 0, {0}, {0}, false};
    fr_arena_init(&r.texts, &inquiry->context->allocator);
    fr_vec_init(&r.records, &inquiry->context->allocator, sizeof(struct record));
    reply->count = reply->alias_count = reply->beside = 0;
    enum fr_outcome outcome = read_reply(&r, name);
    if (outcome == FR_TOO_MANY || outcome == FR_ALIAS_LOOP || outcome == FR_ALIASES_TOO_MANY)
        reply->count = 0;
    fr_vec_free(&r.records);
    fr_arena_free(&r.texts);
    *no_memory = *no_memory || r.no_memory;
    return outcome;
}
