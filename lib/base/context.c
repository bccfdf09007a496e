/*
 * The context: creation, options, and what every module needs from the system: files and dates.
 */
#include "context.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "registry.h"
#include "servers.h"

#define DEFAULT_MAX_SIZE  ((uint64_t)1 << 30)
#define DEFAULT_MAX_FLOWS ((uint64_t)4000000)

/* What a resolver on the way is asked to bear; dnsmasq forwards 150 at once by default. */
#define DEFAULT_IN_FLIGHT     100u
#define DEFAULT_TIMEOUT_MS    2000u
#define DEFAULT_DEADLINE_MS   300000u
#define DEFAULT_TRIES         3u
#define DEFAULT_MAX_ADDRESSES 256u
#define DEFAULT_KEEP_DAYS     30u

flowrules_status flowrules_context_new(flowrules_context **context) {
    return flowrules_context_new_with_allocator(context, fr_default_allocator.resize,
                                                fr_default_allocator.user);
}

flowrules_status flowrules_context_new_with_allocator(flowrules_context **context,
                                                      flowrules_resize_fn resize, void *user) {
    *context = NULL;
    flowrules_context *c = resize(user, NULL, sizeof *c);
    if (c == NULL)
        return FLOWRULES_NO_MEMORY;
    memset(c, 0, sizeof *c);
    c->allocator = (struct fr_allocator){resize, user};
    c->as_of = FR_NO_DATE;
    c->max_size = DEFAULT_MAX_SIZE;
    c->max_flows = DEFAULT_MAX_FLOWS;
    c->in_flight = DEFAULT_IN_FLIGHT;
    c->timeout_ms = DEFAULT_TIMEOUT_MS;
    c->deadline_ms = DEFAULT_DEADLINE_MS;
    c->tries = DEFAULT_TRIES;
    c->max_addresses = DEFAULT_MAX_ADDRESSES;
    c->keep_days = DEFAULT_KEEP_DAYS;
    c->max_age = FR_NO_AGE;
    fr_diagnostics_init(&c->diagnostics, &c->allocator);
    fr_vec_init(&c->backends, &c->allocator, sizeof(const struct flowrules_backend *));
    fr_vec_init(&c->descriptions, &c->allocator, sizeof(struct fr_description));
    fr_arena_init(&c->texts, &c->allocator);
    fr_strings_init(&c->places, &c->allocator);
    if (!fr_registry_add_all(c)) {
        flowrules_context_free(c);
        return FLOWRULES_NO_MEMORY;
    }
    *context = c;
    return FLOWRULES_OK;
}

void flowrules_context_free(flowrules_context *context) {
    if (context == NULL)
        return;
    struct fr_allocator allocator = context->allocator;
    fr_free(&allocator, context->lock);
    fr_free(&allocator, context->servers);
    fr_free(&allocator, context->schema);
    for (size_t i = 0; i < context->descriptions.count; i++)
        fr_vec_free(&fr_vec_at(&context->descriptions, struct fr_description, i)->rows);
    fr_vec_free(&context->descriptions);
    fr_arena_free(&context->texts);
    fr_strings_free(&context->places);
    fr_vec_free(&context->backends);
    fr_diagnostics_free(&context->diagnostics);
    fr_free(&allocator, context);
}

flowrules_status fr_no_memory(flowrules_context *context) {
    context->diagnostics.out_of_memory = true;
    return FLOWRULES_NO_MEMORY;
}

/* ---- options ------------------------------------------------------------------------------- */

static bool set_as_of(flowrules_context *context, const char *value) {
    if (value == NULL) {
        context->as_of = FR_NO_DATE;
        return true;
    }
    return fr_date_parse(value, strlen(value), &context->as_of);
}

static bool set_text(flowrules_context *context, char **text, const char *value) {
    char *copy = NULL;
    if (value != NULL) {
        size_t size = strlen(value) + 1;
        copy = fr_malloc(&context->allocator, size);
        if (copy == NULL) {
            fr_no_memory(context);
            return false;
        }
        memcpy(copy, value, size);
    }
    fr_free(&context->allocator, *text);
    *text = copy;
    return true;
}

static bool set_lock(flowrules_context *context, const char *value) {
    return set_text(context, &context->lock, value);
}

static bool set_server(flowrules_context *context, const char *value) {
    size_t count = 0, length;
    for (const char *at = value; at != NULL; at = at[length] == ',' ? at + length + 1 : NULL) {
        struct fr_server server;
        length = strcspn(at, ",");
        if (!fr_server_parse(at, length, &server) || ++count > FR_SERVERS_MAX)
            return false;
    }
    return set_text(context, &context->servers, value);
}

static bool read_count(const char *value, uint64_t fallback, uint64_t *count) {
    if (value == NULL) {
        *count = fallback;
        return true;
    }
    char *end;
    errno = 0;
    unsigned long long number = strtoull(value, &end, 10);
    if (errno != 0 || *end != '\0' || value[0] < '0' || value[0] > '9')
        return false;
    *count = number;
    return true;
}

static bool set_max_size(flowrules_context *context, const char *value) {
    return read_count(value, DEFAULT_MAX_SIZE, &context->max_size);
}

static bool set_max_flows(flowrules_context *context, const char *value) {
    return read_count(value, DEFAULT_MAX_FLOWS, &context->max_flows);
}

/* A number from least to most. */
static bool read_within(const char *value, uint64_t fallback, uint64_t least, uint64_t most,
                        uint64_t *count) {
    uint64_t number;
    if (!read_count(value, fallback, &number) || number < least || number > most)
        return false;
    *count = number;
    return true;
}

/* Seconds with at most three decimals, as milliseconds. */
static bool read_seconds(const char *value, uint64_t fallback, uint64_t *milliseconds) {
    uint64_t number = 0, scale = 1000;
    size_t digits = 0;
    bool point = false;
    if (value == NULL) {
        *milliseconds = fallback;
        return true;
    }
    for (; *value != '\0'; value++) {
        if (*value == '.' && !point && digits > 0) {
            point = true;
            continue;
        }
        if (*value < '0' || *value > '9' || ++digits > 9 || (point && scale == 1))
            return false;
        number = number * 10 + (uint64_t)(*value - '0');
        scale /= point ? 10 : 1;
    }
    uint64_t most = UINT64_C(1000) * 86400;
    if (digits == 0 || number == 0 || number * scale > most)
        return false;
    *milliseconds = number * scale;
    return true;
}

static bool set_timeout(flowrules_context *context, const char *value) {
    return read_seconds(value, DEFAULT_TIMEOUT_MS, &context->timeout_ms);
}

static bool set_deadline(flowrules_context *context, const char *value) {
    return read_seconds(value, DEFAULT_DEADLINE_MS, &context->deadline_ms);
}

static bool set_tries(flowrules_context *context, const char *value) {
    return read_within(value, DEFAULT_TRIES, 1, 20, &context->tries);
}

static bool set_in_flight(flowrules_context *context, const char *value) {
    return read_within(value, DEFAULT_IN_FLIGHT, 1, 10000, &context->in_flight);
}

static bool set_max_addresses(flowrules_context *context, const char *value) {
    return read_within(value, DEFAULT_MAX_ADDRESSES, 1, 65535, &context->max_addresses);
}

static bool set_keep_days(flowrules_context *context, const char *value) {
    return read_within(value, DEFAULT_KEEP_DAYS, 0, 36500, &context->keep_days);
}

static bool set_max_age(flowrules_context *context, const char *value) {
    return read_within(value, FR_NO_AGE, 0, value == NULL ? FR_NO_AGE : 36500, &context->max_age);
}

static bool set_merge(flowrules_context *context, const char *value) {
    bool yes = value != NULL && strcmp(value, "yes") == 0;
    if (value != NULL && !yes && strcmp(value, "no") != 0)
        return false;
    context->merge = yes;
    return true;
}

/* Of an option that is "yes" where it is not given. */
static bool set_no(bool *no, const char *value) {
    *no = value != NULL && strcmp(value, "no") == 0;
    return value == NULL || *no || strcmp(value, "yes") == 0;
}

static bool set_verify(flowrules_context *context, const char *value) {
    return set_no(&context->no_verify, value);
}

static bool set_rules(flowrules_context *context, const char *value) {
    return set_no(&context->no_rules, value);
}

static const struct {
    const char *key, *form;
    bool (*set)(flowrules_context *context, const char *value);
} options[] = {
    {"as-of", "a date, YYYY-MM-DD", set_as_of},
    {"lock", "a path, or none", set_lock},
    {"max-size", "a number of bytes", set_max_size},
    {"max-flows", "a number", set_max_flows},
    {"max-age", "a number of days, 0 to 36500", set_max_age},
    {"verify", "yes or no", set_verify},
    {"rules", "yes or no", set_rules},
    {"server", "ADDRESS or ADDRESS:PORT, up to 8 of them with commas; [ADDRESS]:PORT for IPv6",
     set_server},
    {"timeout", "seconds, such as 2 or 0.5", set_timeout},
    {"tries", "a number, 1 to 20", set_tries},
    {"deadline", "seconds, such as 300", set_deadline},
    {"in-flight", "a number, 1 to 10000", set_in_flight},
    {"max-addresses", "a number, 1 to 65535", set_max_addresses},
    {"merge", "yes or no", set_merge},
    {"keep-days", "a number of days, 0 to 36500", set_keep_days},
};

flowrules_status flowrules_context_set(flowrules_context *context, const char *key,
                                       const char *value) {
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        if (strcmp(options[i].key, key) != 0)
            continue;
        if (options[i].set(context, value))
            return FLOWRULES_OK;
        if (context->diagnostics.out_of_memory)
            return FLOWRULES_NO_MEMORY;
        fr_error(&context->diagnostics, FR_OPTION_VALUE, FR_NOWHERE, options[i].form,
                 "'%s' is not a valid value for the option '%s'", value, key);
        return FLOWRULES_USAGE;
    }
    fr_error(&context->diagnostics, FR_OPTION_UNKNOWN, FR_NOWHERE,
             "as-of, lock, max-size, max-flows, max-age, verify, rules, server, timeout, "
             "tries, deadline, in-flight, max-addresses, merge, keep-days",
             "there is no option '%s'", key);
    return FLOWRULES_USAGE;
}

/* ---- files --------------------------------------------------------------------------------- */

struct reading {
    char *text;
    size_t size, capacity;
};

/* Twice as much, up to what a file may have. */
static size_t larger_capacity(const flowrules_context *context, size_t capacity) {
    size_t most = context->max_size < SIZE_MAX - 2 ? (size_t)context->max_size + 2 : SIZE_MAX;
    size_t twice = capacity < 65536 ? 65536 : capacity <= SIZE_MAX / 2 ? capacity * 2 : SIZE_MAX;
    return twice > most && capacity < most ? most : twice;
}

/*
 * Reads to the end, or as far as the file is one that is read: to the block that makes it too
 * large, or has a byte 0, with which no text goes on.
 */
static flowrules_status read_all(flowrules_context *context, FILE *file, struct reading *reading,
                                 bool *too_large) {
    size_t count;
    bool zero;
    do {
        if (reading->capacity - reading->size < 2) {
            size_t capacity = larger_capacity(context, reading->capacity);
            char *text = fr_realloc(&context->allocator, reading->text, capacity);
            if (text == NULL)
                return fr_no_memory(context);
            reading->text = text;
            reading->capacity = capacity;
        }
        count =
            fread(reading->text + reading->size, 1, reading->capacity - reading->size - 1, file);
        zero = memchr(reading->text + reading->size, '\0', count) != NULL;
        reading->size += count;
        *too_large = reading->size > context->max_size;
    } while (count > 0 && !*too_large && !zero);
    reading->text[reading->size] = '\0';
    return ferror(file) ? FLOWRULES_IO : FLOWRULES_OK;
}

flowrules_status fr_read_file(flowrules_context *context, const char *path, struct fr_at at,
                              char **text, size_t *size) {
    struct reading reading = {NULL, 0, 0};
    bool too_large = false;
    *text = NULL;
    FILE *file = fopen(path, "rb");
    if (file == NULL && errno == ENOMEM)
        return fr_no_memory(context);
    flowrules_status status = file == NULL ? FLOWRULES_IO : FLOWRULES_OK;
    if (status == FLOWRULES_OK && fseek(file, 0, SEEK_END) == 0) {
        /* One allocation of the right size for a plain file; pipes go the long way. */
        long length = ftell(file);
        rewind(file);
        if (length > 0 && (uint64_t)length <= context->max_size) {
            reading.text = fr_malloc(&context->allocator, (size_t)length + 2);
            reading.capacity = reading.text == NULL ? 0 : (size_t)length + 2;
        }
    }
    if (status == FLOWRULES_OK)
        status = read_all(context, file, &reading, &too_large);
    if (status == FLOWRULES_IO)
        fr_error(&context->diagnostics, FR_FILE_READ, at, NULL, "can't read %s: %s", path,
                 strerror(errno));
    if (file != NULL)
        fclose(file);
    if (status == FLOWRULES_OK && too_large)
        status = fr_error(&context->diagnostics, FR_YAML_TOO_LARGE, at,
                          "the option max-size raises the limit",
                          "%s is larger than %" PRIu64 " bytes", path, context->max_size);
    if (status != FLOWRULES_OK) {
        fr_free(&context->allocator, reading.text);
        return status;
    }
    *text = reading.text;
    *size = reading.size;
    return FLOWRULES_OK;
}

/* ---- dates --------------------------------------------------------------------------------- */

/* Days since 1970-01-01 of a day of the Gregorian calendar (years counted from March). */
static int32_t days_of(int year, int month, int day) {
    int y = month <= 2 ? year - 1 : year;
    int m = month <= 2 ? month + 9 : month - 3;
    int era = y / 400, of_era = y - era * 400;
    int of_year = (153 * m + 2) / 5 + day - 1;
    return (int32_t)(era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468);
}

bool fr_date_parse(const char *text, size_t length, int32_t *days) {
    int part[3] = {0, 0, 0};
    if (length != 10 || text[4] != '-' || text[7] != '-')
        return false;
    for (size_t i = 0, p = 0; i < 10; i++) {
        if (i == 4 || i == 7) {
            p++;
            continue;
        }
        if (text[i] < '0' || text[i] > '9')
            return false;
        part[p] = part[p] * 10 + (text[i] - '0');
    }
    if (part[0] < 1970 || part[1] < 1 || part[1] > 12 || part[2] < 1 || part[2] > 31)
        return false;
    *days = days_of(part[0], part[1], part[2]);
    char again[11];
    fr_date_format(*days, again); /* 2026-02-30 comes back as another day */
    return memcmp(again, text, 10) == 0;
}

void fr_date_format(int32_t days, char date[11]) {
    int32_t shifted = days + 719468, era = shifted / 146097, of_era = shifted % 146097;
    int32_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int32_t of_year = of_era - (365 * y + y / 4 - y / 100);
    int32_t m = (5 * of_year + 2) / 153, day = of_year - (153 * m + 2) / 5 + 1;
    int32_t month = m < 10 ? m + 3 : m - 9, year = y + era * 400 + (month <= 2);
    char all[40];
    snprintf(all, sizeof all, "%04d-%02d-%02d", (int)(year % 10000), (int)month, (int)day);
    memcpy(date, all, 10);
    date[10] = '\0';
}
