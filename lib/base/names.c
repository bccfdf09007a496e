/*
 * Names: canonical FQDNs by PCRE2 and libidn2, and the reading of the lock file.
 */
#include "names.h"

#include <idn2.h>
#include <stdio.h>
#include <string.h>

#include "json.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

/*
 * Labels of letters, digits, '-' and '_' (RFC 1123 section 2.1; '_' for the service names that
 * occur in practice); the last one is not all digits, or it would be read as an address.
 */
static const char fqdn_pattern[] =
    "^(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\\.)*(?![0-9]+$)[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?$";

struct fr_name_checker {
    const struct fr_allocator *allocator;
    pcre2_general_context *memory;
    pcre2_code *pattern;
    pcre2_match_data *match;
    int idna_error; /* of libidn2, for the last name that it refused */
};

static void *pattern_malloc(size_t size, void *user) {
    return fr_malloc(user, size);
}

static void pattern_free(void *block, void *user) {
    fr_free(user, block);
}

flowrules_status fr_name_checker_new(struct fr_name_checker **checker, flowrules_context *context) {
    struct fr_name_checker *c = fr_malloc(&context->allocator, sizeof *c);
    *checker = c;
    if (c == NULL)
        return fr_no_memory(context);
    memset(c, 0, sizeof *c);
    c->allocator = &context->allocator;
    return FLOWRULES_OK;
}

/* Compiles the pattern for the first name: most that is read has none. False: out of memory. */
static bool have_pattern(struct fr_name_checker *c) {
    int error;
    PCRE2_SIZE offset;
    if (c->match != NULL)
        return true;
    if (c->memory == NULL)
        c->memory =
            pcre2_general_context_create(pattern_malloc, pattern_free, (void *)c->allocator);
    pcre2_compile_context *compile =
        c->memory == NULL ? NULL : pcre2_compile_context_create(c->memory);
    if (compile != NULL && c->pattern == NULL)
        c->pattern = pcre2_compile((PCRE2_SPTR)fqdn_pattern, PCRE2_ZERO_TERMINATED,
                                   PCRE2_DOLLAR_ENDONLY, &error, &offset, compile);
    pcre2_compile_context_free(compile);
    if (c->pattern != NULL)
        c->match = pcre2_match_data_create_from_pattern(c->pattern, c->memory);
    return c->match != NULL;
}

void fr_name_checker_free(struct fr_name_checker *checker) {
    if (checker == NULL)
        return;
    pcre2_match_data_free(checker->match);
    pcre2_code_free(checker->pattern);
    pcre2_general_context_free(checker->memory);
    fr_free(checker->allocator, checker);
}

/* Turns a name with letters beyond ASCII into A-labels (IDNA2008, non-transitional). */
static enum fr_name_form to_ascii(struct fr_name_checker *checker, const char *text, size_t length,
                                  char *name, size_t room) {
    char unicode[4 * FR_FQDN_MAX + 1];
    uint8_t *ascii = NULL;
    if (length >= sizeof unicode)
        return FR_NAME_TOO_LONG;
    memcpy(unicode, text, length);
    unicode[length] = '\0';
    int result =
        idn2_lookup_u8((const uint8_t *)unicode, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    if (result == IDN2_MALLOC)
        return FR_NAME_NO_MEMORY;
    if (result == IDN2_TOO_BIG_DOMAIN)
        return FR_NAME_TOO_LONG;
    if (result == IDN2_TOO_BIG_LABEL)
        return FR_NAME_LABEL_TOO_LONG;
    checker->idna_error = result;
    if (result != IDN2_OK)
        return FR_NAME_BAD_IDNA;
    size_t size = strlen((const char *)ascii) + 1;
    bool fits = size <= room;
    if (fits)
        memcpy(name, ascii, size);
    idn2_free(ascii);
    return fits ? FR_NAME_OK : FR_NAME_TOO_LONG;
}

static bool is_ascii(const char *text, size_t length) {
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)text[i] >= 0x80)
            return false;
    return true;
}

static enum fr_name_form lower(const char *text, size_t length, char *name, size_t room) {
    if (length >= room)
        return FR_NAME_TOO_LONG;
    for (size_t i = 0; i < length; i++)
        name[i] = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] + 32) : text[i];
    name[length] = '\0';
    return FR_NAME_OK;
}

static bool labels_fit(const char *name) {
    for (const char *label = name; *label != '\0'; label += *label == '.') {
        size_t length = strcspn(label, ".");
        if (length > FR_LABEL_MAX)
            return false;
        label += length;
    }
    return true;
}

/* Why the pattern refuses a name in lower case. */
static enum fr_name_form what_is_wrong(const char *name) {
    if (name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.")] != '\0')
        return FR_NAME_BAD;
    for (const char *label = name;; label++) {
        size_t length = strcspn(label, ".");
        if (length == 0)
            return FR_NAME_EMPTY_LABEL;
        if (label[0] == '-' || label[length - 1] == '-')
            return FR_NAME_HYPHEN;
        label += length;
        if (*label == '\0')
            return FR_NAME_ALL_DIGITS;
    }
}

const char *fr_name_idna_words(const struct fr_name_checker *checker) {
    static const struct {
        int error;
        const char *words;
    } errors[] = {
        {IDN2_ENCODING_ERROR, "it is not valid UTF-8"},
        {IDN2_PUNYCODE_BAD_INPUT, "a label that begins with 'xn--' is not a valid A-label"},
        {IDN2_INVALID_ALABEL, "a label that begins with 'xn--' is not a valid A-label"},
        {IDN2_ALABEL_ROUNDTRIP_FAILED, "a label that begins with 'xn--' is not a valid A-label"},
        {IDN2_NOT_NFC, "its letters and accents are separate characters (not NFC)"},
        {IDN2_2HYPHEN, "a label has '--' as its third and fourth characters"},
        {IDN2_HYPHEN_STARTEND, "a label begins or ends with '-'"},
        {IDN2_LEADING_COMBINING, "a label begins with a combining mark"},
        {IDN2_DISALLOWED, "it has a character that is not allowed in a name"},
        {IDN2_CONTEXTJ, "it has a joiner where none is allowed"},
        {IDN2_CONTEXTO, "it has a character that is not allowed beside the others"},
        {IDN2_UNASSIGNED, "it has a character that Unicode does not define"},
        {IDN2_BIDI, "it mixes left-to-right and right-to-left letters"},
        {IDN2_DOT_IN_LABEL, "it has a character that IDNA reads as a dot"},
    };
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
        if (errors[i].error == checker->idna_error)
            return errors[i].words;
    return "check its letters";
}

enum fr_name_form fr_name_canonical(struct fr_name_checker *checker, const char *text,
                                    size_t length, char name[FR_FQDN_MAX + 3]) {
    bool wildcard = length >= 2 && text[0] == '*' && text[1] == '.';
    const char *rest = text + (wildcard ? 2 : 0);
    size_t left = length - (wildcard ? 2 : 0);
    if (left > 0 && rest[left - 1] == '.')
        left--;
    if (memchr(rest, '*', left) != NULL)
        return FR_NAME_BAD_WILDCARD;
    enum fr_name_form form = is_ascii(rest, left)
                                 ? lower(rest, left, name, FR_FQDN_MAX + 1)
                                 : to_ascii(checker, rest, left, name, FR_FQDN_MAX + 1);
    if (form != FR_NAME_OK)
        return form;
    if (!labels_fit(name))
        return FR_NAME_LABEL_TOO_LONG;
    if (wildcard && strlen(name) + 2 > FR_FQDN_MAX)
        return FR_NAME_TOO_LONG; /* there is no room for a name below it */
    if (!have_pattern(checker))
        return FR_NAME_NO_MEMORY;
    int matches =
        pcre2_match(checker->pattern, (PCRE2_SPTR)name, strlen(name), 0, 0, checker->match, NULL);
    if (matches == PCRE2_ERROR_NOMEMORY)
        return FR_NAME_NO_MEMORY;
    if (matches < 0)
        return what_is_wrong(name);
    return wildcard ? FR_NAME_WILDCARD : FR_NAME_OK;
}

bool fr_name_is_below(const char *name, const char *domain) {
    size_t length = strlen(name), below = strlen(domain);
    return length > below + 1 && name[length - below - 1] == '.' &&
           strcmp(name + length - below, domain) == 0;
}

/* ---- the lock file ------------------------------------------------------------------------- */

void fr_lock_init(struct fr_lock *lock, const struct fr_allocator *allocator) {
    memset(lock, 0, sizeof *lock);
    fr_strings_init(&lock->strings, allocator);
    fr_vec_init(&lock->names, allocator, sizeof(struct fr_locked_name));
    fr_vec_init(&lock->pins, allocator, sizeof(struct fr_pin));
    fr_map_init(&lock->by_name, allocator);
}

void fr_lock_free(struct fr_lock *lock) {
    fr_strings_free(&lock->strings);
    fr_vec_free(&lock->names);
    fr_vec_free(&lock->pins);
    fr_map_free(&lock->by_name);
}

struct lock_reader {
    struct fr_lock *lock;
    flowrules_context *context;
    uint32_t file;
    const char *text;
    size_t size;
    const fr_json *root;
    size_t errors; /* of the context, before this file */
};

/* Line and column of a stretch of the file's bytes. */
static struct fr_at place_of(const struct lock_reader *r, size_t offset, size_t length) {
    struct fr_at at = {r->file, 1, 1, 0};
    for (size_t i = 0; i < offset && i < r->size; i++) {
        at.column += ((unsigned char)r->text[i] & 0xC0) != 0x80; /* not inside a character */
        if (r->text[i] == '\n') {
            at.line++;
            at.column = 1;
        }
    }
    for (size_t i = offset; i < offset + length && i < r->size; i++)
        at.length += ((unsigned char)r->text[i] & 0xC0) != 0x80;
    return at;
}

/* Each place is a walk over the file: errors that are counted and not shown go without. */
static struct fr_at place_of_value(const struct lock_reader *r, const fr_json *value) {
    size_t length;
    if (r->context->diagnostics.error_count - r->errors >= FR_DIAGNOSTICS_MAX)
        return (struct fr_at){r->file, 0, 0, 0};
    size_t offset = fr_json_place(r->text, r->size, r->root, value, &length);
    return place_of(r, offset, length);
}

static void lock_error(struct lock_reader *r, const char *name, const fr_json *value,
                       const char *what) {
    fr_error(&r->context->diagnostics, FR_LOCK_FORM, place_of_value(r, value),
             "restore the last valid version of the file, for example from version control",
             "the lock file's entry for '%.253s' is not valid: %s", name, what);
}

/* A day of an address; false where it is there and none. */
static bool read_day(struct lock_reader *r, const char *name, const fr_json *json, const char *key,
                     int32_t *day) {
    const fr_json *own = fr_json_member(json, key);
    const char *text = fr_json_string(own);
    if (text == NULL || fr_date_parse(text, strlen(text), day))
        return true;
    lock_error(r, name, own,
               strcmp(key, "last-seen") == 0 ? "'last-seen' is not a date"
                                             : "'first-seen' is not a date");
    return false;
}

static flowrules_status read_pin(struct lock_reader *r, const char *name, const fr_json *json) {
    const fr_json *own = fr_json_member(json, "address");
    const char *address = fr_json_string(own);
    struct fr_pin pin = {.first_seen = FR_NO_DATE, .last_seen = FR_NO_DATE};
    if (address == NULL || !fr_ip_parse(address, strlen(address), &pin.family, &pin.ip)) {
        lock_error(r, name, own != NULL ? own : json,
                   "an entry of 'addresses' has no valid 'address'");
        return FLOWRULES_OK;
    }
    if (!read_day(r, name, json, "last-seen", &pin.last_seen) ||
        !read_day(r, name, json, "first-seen", &pin.first_seen))
        return FLOWRULES_OK;
    struct fr_pin *slot = fr_vec_push(&r->lock->pins);
    if (slot == NULL)
        return fr_no_memory(r->context);
    *slot = pin;
    return FLOWRULES_OK;
}

static flowrules_status read_locked_name(struct lock_reader *r, const fr_json *json) {
    struct fr_lock *lock = r->lock;
    const char *name = fr_json_name(json);
    const fr_json *addresses = fr_json_member(json, "addresses");
    if (!fr_json_is_array(addresses)) {
        lock_error(r, name, json, "the list 'addresses' is missing");
        return FLOWRULES_OK;
    }
    struct fr_locked_name entry = {.first = (uint32_t)lock->pins.count};
    entry.name = fr_strings_add(&lock->strings, name, strlen(name));
    for (const fr_json *item = fr_json_first(addresses); item != NULL; item = fr_json_next(item))
        FR_TRY(read_pin(r, name, item));
    entry.count = (uint32_t)lock->pins.count - entry.first;
    struct fr_locked_name *slot = entry.name == 0 ? NULL : fr_vec_push(&lock->names);
    uint32_t earlier;
    if (slot == NULL)
        return fr_no_memory(r->context);
    *slot = entry;
    if (fr_map_get(&lock->by_name, entry.name, &earlier)) {
        lock_error(r, name, json, "the file has it twice");
        return FLOWRULES_OK;
    }
    if (!fr_map_put(&lock->by_name, entry.name, (uint32_t)lock->names.count - 1))
        return fr_no_memory(r->context);
    return FLOWRULES_OK;
}

static flowrules_status read_lock(struct lock_reader *r, const fr_json *root) {
    double version = 0;
    const fr_json *names = fr_json_member(root, "names");
    const fr_json *form = fr_json_member(root, "flowrules-lock");
    bool known = fr_json_number(form, &version) && version >= 1 && version <= 1;
    if (!known || !fr_json_is_object(names))
        return fr_error(&r->context->diagnostics, FR_LOCK_FORM,
                        place_of_value(r, !known && form != NULL   ? form
                                          : known && names != NULL ? names
                                                                   : root),
                        "a lock file contains {\"flowrules-lock\": 1, \"names\": {...}}",
                        "this is not a lock file of flowrules");
    r->lock->example = fr_json_string(fr_json_member(root, "example")) != NULL;
    for (const fr_json *item = fr_json_first(names); item != NULL; item = fr_json_next(item))
        FR_TRY(read_locked_name(r, item));
    r->lock->present = true;
    return FLOWRULES_OK;
}

flowrules_status fr_lock_read(struct fr_lock *lock, flowrules_context *context, uint32_t file,
                              const char *text, size_t size) {
    size_t offset = 0, errors = context->diagnostics.error_count;
    struct lock_reader r = {lock, context, file, text, size, NULL, errors};
    fr_json *root = fr_json_parse(text, size, &offset);
    if (root == NULL && offset == SIZE_MAX)
        return fr_no_memory(context);
    if (root == NULL)
        return fr_error(
            &context->diagnostics, FR_LOCK_FORM, place_of(&r, offset, 1),
            "restore the last valid version of the file, for example from version control",
            "the lock file is not valid JSON");
    r.root = root;
    flowrules_status status = read_lock(&r, root);
    fr_json_free(root);
    if (status == FLOWRULES_OK && context->diagnostics.error_count > errors)
        return FLOWRULES_INVALID;
    return status;
}

const struct fr_locked_name *fr_lock_find(const struct fr_lock *lock, const char *name) {
    fr_string string = fr_strings_find(&lock->strings, name, strlen(name));
    uint32_t index;
    if (string == 0 || !fr_map_get(&lock->by_name, string, &index))
        return NULL;
    return fr_vec_at(&lock->names, struct fr_locked_name, index);
}

int32_t fr_lock_last_seen(const struct fr_lock *lock, const struct fr_locked_name *entry) {
    int32_t newest = FR_NO_DATE; /* less than any day */
    for (uint32_t i = 0; i < entry->count; i++) {
        int32_t seen = fr_vec_at(&lock->pins, struct fr_pin, entry->first + i)->last_seen;
        newest = seen > newest ? seen : newest;
    }
    return newest;
}
