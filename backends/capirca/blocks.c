/*
 * The words of the language, the headers and terms that are made of them, and the files that a
 * policy includes.
 */
#include <string.h>

#include "read.h"

static const struct fr_capirca_keyword keywords[] = {
    {"action", FR_CAPIRCA_ACTION, false, true},
    {"address", FR_CAPIRCA_ADDRESS, false, true},
    {"address-exclude", FR_CAPIRCA_ADDRESS_EXCEPT, false, true},
    {"application-id", FR_CAPIRCA_DOUBT, false, true},
    {"apply-groups", FR_CAPIRCA_ONCE, true, false},
    {"apply-groups-except", FR_CAPIRCA_ONCE, true, false},
    {"comment", FR_CAPIRCA_COMMENT, true, true},
    {"counter", FR_CAPIRCA_ONCE, false, true},
    {"decapsulate", FR_CAPIRCA_ROUTE, false, true},
    {"destination-address", FR_CAPIRCA_DESTINATION, false, true},
    {"destination-exclude", FR_CAPIRCA_DESTINATION_EXCEPT, false, true},
    {"destination-fqdn", FR_CAPIRCA_DESTINATION_NAMES, false, true},
    {"destination-interface", FR_CAPIRCA_DESTINATION_INTERFACE, false, true},
    {"destination-port", FR_CAPIRCA_DESTINATION_PORT, false, true},
    {"destination-prefix", FR_CAPIRCA_DOUBT, false, true},
    {"destination-prefix-except", FR_CAPIRCA_DOUBT, false, true},
    {"destination-tag", FR_CAPIRCA_DESTINATION_TAG, false, true},
    {"destination-zone", FR_CAPIRCA_DESTINATION_ZONE, false, true},
    {"dscp-except", FR_CAPIRCA_DOUBT, false, true},
    {"dscp-match", FR_CAPIRCA_DOUBT, false, true},
    {"dscp-set", FR_CAPIRCA_ONCE, false, true},
    {"dynamic-application", FR_CAPIRCA_DOUBT, false, true},
    {"encapsulate", FR_CAPIRCA_ROUTE, false, true},
    {"ether-type", FR_CAPIRCA_DOUBT, false, true},
    {"expiration", FR_CAPIRCA_EXPIRATION, false, true},
    {"filter-name", FR_CAPIRCA_ROUTE, false, true},
    {"filter-term", FR_CAPIRCA_ROUTE, false, true},
    {"flexible-match-range", FR_CAPIRCA_DOUBT, false, true},
    {"forwarding-class", FR_CAPIRCA_DOUBT, false, true},
    {"forwarding-class-except", FR_CAPIRCA_DOUBT, false, true},
    {"fragment-offset", FR_CAPIRCA_DOUBT, false, true},
    {"hop-limit", FR_CAPIRCA_DOUBT, false, true},
    {"icmp-code", FR_CAPIRCA_ICMP_CODE, false, true},
    {"icmp-type", FR_CAPIRCA_ICMP_TYPE, false, true},
    {"interface", FR_CAPIRCA_DOUBT, false, true},
    {"log-limit", FR_CAPIRCA_ONCE, false, true},
    {"log-name", FR_CAPIRCA_ONCE, false, true},
    {"log_name", FR_CAPIRCA_ONCE, false, true},
    {"logging", FR_CAPIRCA_LOGGING, false, true},
    {"loss-priority", FR_CAPIRCA_ONCE, false, true},
    {"next-ip", FR_CAPIRCA_ROUTE, false, true},
    {"option", FR_CAPIRCA_OPTION, false, true},
    {"owner", FR_CAPIRCA_OWNER, false, true},
    {"packet-length", FR_CAPIRCA_DOUBT, false, true},
    {"pan-application", FR_CAPIRCA_DOUBT, false, true},
    {"platform", FR_CAPIRCA_PLATFORM, false, true},
    {"platform-exclude", FR_CAPIRCA_PLATFORM_EXCEPT, false, true},
    {"policer", FR_CAPIRCA_ONCE, false, true},
    {"port", FR_CAPIRCA_PORT, false, true},
    {"port-mirror", FR_CAPIRCA_ONCE, false, true},
    {"precedence", FR_CAPIRCA_DOUBT, false, true},
    {"priority", FR_CAPIRCA_PRIORITY, false, true},
    {"profile-settings", FR_CAPIRCA_ONCE, false, true},
    {"protocol", FR_CAPIRCA_PROTOCOL, false, true},
    {"protocol-except", FR_CAPIRCA_PROTOCOL_EXCEPT, false, true},
    {"qos", FR_CAPIRCA_ONCE, false, true},
    {"restrict-address-family", FR_CAPIRCA_FAMILY, false, true},
    {"routing-instance", FR_CAPIRCA_ROUTE, false, true},
    {"source-address", FR_CAPIRCA_SOURCE, false, true},
    {"source-exclude", FR_CAPIRCA_SOURCE_EXCEPT, false, true},
    {"source-fqdn", FR_CAPIRCA_SOURCE_NAMES, false, true},
    {"source-interface", FR_CAPIRCA_SOURCE_INTERFACE, false, true},
    {"source-port", FR_CAPIRCA_SOURCE_PORT, false, true},
    {"source-prefix", FR_CAPIRCA_DOUBT, false, true},
    {"source-prefix-except", FR_CAPIRCA_DOUBT, false, true},
    {"source-service-accounts", FR_CAPIRCA_SOURCE_ACCOUNTS, false, true},
    {"source-tag", FR_CAPIRCA_SOURCE_TAG, false, true},
    {"source-zone", FR_CAPIRCA_SOURCE_ZONE, false, true},
    {"tags", FR_CAPIRCA_ONCE, false, true},
    {"target", FR_CAPIRCA_TARGET, true, false},
    {"target-resources", FR_CAPIRCA_DOUBT, false, true},
    {"target-service-accounts", FR_CAPIRCA_TARGET_ACCOUNTS, false, true},
    {"timeout", FR_CAPIRCA_ONCE, false, true},
    {"traffic-class-count", FR_CAPIRCA_ONCE, false, true},
    {"traffic-type", FR_CAPIRCA_DOUBT, false, true},
    {"ttl", FR_CAPIRCA_DOUBT, false, true},
    {"url", FR_CAPIRCA_DOUBT, false, true},
    {"verbatim", FR_CAPIRCA_VERBATIM, false, true},
    {"versa-application", FR_CAPIRCA_DOUBT, false, true},
    {"vpn", FR_CAPIRCA_DOUBT, false, true},
};

/* ---- blocks -------------------------------------------------------------------------------- */

const struct fr_capirca_keyword *fr_capirca_keyword(struct fr_capirca *r, const char *name,
                                                    struct flowrules_place at, bool header) {
    for (size_t i = 0; i < sizeof keywords / sizeof keywords[0]; i++) {
        const struct fr_capirca_keyword *k = &keywords[i];
        if (strcmp(k->name, name) != 0)
            continue;
        if (header ? k->header : k->term)
            return k;
        flowrules_input_error(r->in, at, NULL, "'%s' does not stand in a %s", name,
                              header ? "header" : "term");
        return NULL;
    }
    flowrules_input_error(r->in, at, "docs/CAPIRCA.md lists the keywords",
                          "'%.60s' is not a keyword of Capirca or Aerleon", name);
    return NULL;
}

struct fr_capirca_filter *fr_capirca_add_filter(struct fr_capirca *r, struct flowrules_place at) {
    r->filters =
        flowrules_input_grow(r->in, r->filters, &r->capacity, r->count, sizeof *r->filters);
    if (r->filters == NULL)
        return NULL;
    struct fr_capirca_filter *filter = &r->filters[r->count++];
    *filter = (struct fr_capirca_filter){.header = {.name = "header", .at = at}};
    return filter;
}

struct fr_capirca_block *fr_capirca_add_term(struct fr_capirca *r, const char *name,
                                             struct flowrules_place at) {
    if (r->count == 0) {
        flowrules_input_error(r->in, at, "begin the file with a header and its targets",
                              "there is no header before the term '%.60s'", name);
        return NULL;
    }
    struct fr_capirca_filter *f = &r->filters[r->count - 1];
    f->terms = flowrules_input_grow(r->in, f->terms, &f->capacity, f->count, sizeof *f->terms);
    if (f->terms == NULL)
        return NULL;
    struct fr_capirca_block *term = &f->terms[f->count++];
    *term = (struct fr_capirca_block){.name = name, .at = at};
    return term;
}

struct fr_capirca_field *fr_capirca_add_field(struct fr_capirca *r, struct fr_capirca_block *block,
                                              const struct fr_capirca_keyword *keyword,
                                              struct flowrules_place at) {
    block->fields = flowrules_input_grow(r->in, block->fields, &block->capacity, block->count,
                                         sizeof *block->fields);
    if (block->fields == NULL)
        return NULL;
    struct fr_capirca_field *field = &block->fields[block->count++];
    *field = (struct fr_capirca_field){.keyword = keyword, .at = at};
    return field;
}

void fr_capirca_add_word(struct fr_capirca *r, struct fr_capirca_field *field, const char *text,
                         struct flowrules_place at) {
    field->words = flowrules_input_grow(r->in, field->words, &field->capacity, field->count,
                                        sizeof *field->words);
    if (field->words != NULL && text != NULL)
        field->words[field->count++] = (struct fr_capirca_word){text, at};
}

const struct fr_capirca_field *fr_capirca_field(const struct fr_capirca_block *block,
                                                enum fr_capirca_key key,
                                                const struct fr_capirca_field *behind) {
    for (size_t i = behind == NULL ? 0 : (size_t)(behind - block->fields) + 1; i < block->count;
         i++)
        if (block->fields[i].keyword->key == key)
            return &block->fields[i];
    return NULL;
}

/* Of which each term has one. */
static bool is_single(enum fr_capirca_key key) {
    return key == FR_CAPIRCA_FAMILY || key == FR_CAPIRCA_EXPIRATION || key == FR_CAPIRCA_PRIORITY;
}

void fr_capirca_check_term(struct fr_capirca *r, const struct fr_capirca_block *term) {
    for (size_t i = 0; i < term->count && !flowrules_input_failed(r->in); i++) {
        const struct fr_capirca_field *f = &term->fields[i];
        enum fr_capirca_key key = f->keyword->key;
        if (f->count == 0 && key != FR_CAPIRCA_COMMENT)
            flowrules_input_error(r->in, f->at, NULL, "'%s' has no value", f->keyword->name);
        else if (is_single(key) && (f->count > 1 || fr_capirca_field(term, key, NULL) != f))
            flowrules_input_error(r->in, f->at, NULL, "term '%.60s' has more than one '%s'",
                                  term->name, f->keyword->name);
    }
}

/* ---- includes ------------------------------------------------------------------------------ */

static const char *base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

/* Is it the path, or a longer one of the same file? */
static bool ends_with_path(const char *name, const char *path) {
    size_t length = strlen(name), own = strlen(path);
    return length >= own && strcmp(name + length - own, path) == 0 &&
           (length == own || name[length - own - 1] == '/');
}

/*
 * The file with a path as its name, or else at the end of its name; SIZE_MAX: there is none, or,
 * after an error, several.
 */
static size_t find_file(struct fr_capirca *r, const char *path, struct flowrules_place at) {
    size_t found = SIZE_MAX;
    const char *first = NULL, *other = NULL;
    for (size_t i = 0; i < flowrules_input_file_count(r->in); i++) {
        const char *name = flowrules_input_file_name(r->in, i);
        if (strcmp(name, path) == 0)
            return i;
        if (!ends_with_path(name, path))
            continue;
        if (first == NULL) {
            found = i;
            first = name;
        } else if (strcmp(name, first) != 0) {
            other = name;
        }
    }
    if (other == NULL)
        return found;
    flowrules_input_error(r->in, at, "run the import in the folder that the path begins in",
                          "the included file may be '%.200s' or '%.200s'", first, other);
    return SIZE_MAX;
}

size_t fr_capirca_include(struct fr_capirca *r, const char *path, struct flowrules_place at,
                          unsigned depth) {
    if (depth >= FR_CAPIRCA_DEPTH_MAX)
        flowrules_input_error(r->in, at, NULL, "includes are nested more than %u levels deep",
                              FR_CAPIRCA_DEPTH_MAX);
    else if (++r->included > FR_CAPIRCA_INCLUDES_MAX)
        flowrules_input_error(r->in, at, NULL, "the policies include more than %u files",
                              FR_CAPIRCA_INCLUDES_MAX);
    size_t file = flowrules_input_failed(r->in) ? SIZE_MAX : find_file(r, path, at);
    if (file == SIZE_MAX && !flowrules_input_failed(r->in))
        file = find_file(r, base_name(path), at);
    if (file != SIZE_MAX)
        r->files[file].included = true;
    else if (!flowrules_input_failed(r->in))
        flowrules_input_error(r->in, at, "name it on the command line, behind the policy",
                              "the included file '%.200s' was not handed in", path);
    return file;
}
