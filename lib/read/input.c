/*
 * The functions flowrules_input_... for readers: files and settings, messages, memory and symbols,
 * sets and rules. The result is a meaning.
 */
#include "input.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "interfaces.h"
#include "label_names.h"
#include "output.h"
#include "registry.h"
#include "requirements.h"
#include "settings.h"

/* A skip whose end is not known yet. */
struct fr_skip {
    enum flowrules_direction direction;
    uint32_t stage, clause;
};

static void init_symbols(struct flowrules_input *in) {
    for (size_t i = 0; i < FR_SYMBOL_KINDS; i++) {
        fr_map_init(&in->symbols[i].of, &in->context->allocator);
        fr_vec_init(&in->symbols[i].meanings, &in->context->allocator, sizeof(void *));
    }
}

static void free_symbols(struct flowrules_input *in) {
    for (size_t i = 0; i < FR_SYMBOL_KINDS; i++) {
        fr_map_free(&in->symbols[i].of);
        fr_vec_free(&in->symbols[i].meanings);
    }
}

/*
 * In front of a large array, which has a block of its own: it grows without a copy beside it, and
 * of what it has no item in yet, the system gives no memory.
 */
struct fr_large {
    struct fr_large *next, *previous;
    max_align_t items[];
};

enum { LARGE_SMALLEST = 65536 };

static void free_large(struct flowrules_input *in) {
    for (struct fr_large *next, *large = in->large; large != NULL; large = next) {
        next = large->next;
        fr_free(&in->context->allocator, large);
    }
}

flowrules_status fr_input_init(struct flowrules_input *in, flowrules_meaning *meaning) {
    flowrules_context *context = meaning->context;
    memset(in, 0, sizeof *in);
    in->context = context;
    in->meaning = meaning;
    fr_arena_init(&in->arena, &context->allocator);
    fr_strings_init(&in->names, &context->allocator);
    fr_vec_init(&in->skips, &context->allocator, sizeof(struct fr_skip));
    fr_vec_init(&in->words, &context->allocator, sizeof(struct flowrules_word));
    init_symbols(in);
    return fr_name_checker_new(&in->checker, context);
}

void fr_input_free(struct flowrules_input *in) {
    free_symbols(in);
    fr_vec_free(&in->skips);
    fr_vec_free(&in->words);
    fr_strings_free(&in->names);
    free_large(in);
    fr_arena_free(&in->arena);
    fr_name_checker_free(in->checker);
}

void fr_input_again(struct flowrules_input *in) {
    free_symbols(in);
    init_symbols(in);
    in->skips.count = 0;
    in->invalid = false;
}

flowrules_status fr_input_status(const struct flowrules_input *in) {
    if (in->failed || in->context->diagnostics.out_of_memory)
        return fr_no_memory(in->context);
    return in->invalid ? FLOWRULES_INVALID : FLOWRULES_OK;
}

/* ---- files and settings -------------------------------------------------------------------- */

static const struct fr_config_file *file_at(const flowrules_input *in, size_t file) {
    if (in->config == NULL || file >= in->config->files.count)
        return NULL;
    return fr_vec_at(&in->config->files, struct fr_config_file, file);
}

size_t flowrules_input_file_count(const flowrules_input *in) {
    return in->config == NULL ? 0 : in->config->files.count;
}

const char *flowrules_input_file_name(const flowrules_input *in, size_t file) {
    const struct fr_config_file *f = file_at(in, file);
    return f == NULL ? NULL : f->name;
}

const char *flowrules_input_text(const flowrules_input *in, size_t file, size_t *size) {
    const struct fr_config_file *f = file_at(in, file);
    *size = f == NULL ? 0 : f->size;
    return f == NULL ? NULL : f->text;
}

bool flowrules_input_tells_steps(const flowrules_input *in, size_t file, unsigned lines) {
    static const char mark[] = "flowrules target ";
    size_t size;
    const char *text = flowrules_input_text(in, file, &size), *line = text;
    for (; line != NULL && lines > 0; lines--) {
        if (strncmp(line, mark, sizeof mark - 1) == 0)
            return true;
        line = memchr(line, '\n', size - (size_t)(line - text));
        line = line == NULL ? NULL : line + 1;
    }
    return false;
}

const char *flowrules_input_format(const flowrules_input *in) {
    return in->format;
}

/* What the caller has set, or chosen. */
static const char *given_setting(const flowrules_input *in, const char *key) {
    if (in->choice != NULL && strcmp(in->choice->key, key) == 0)
        return in->choice->value;
    for (size_t i = 0; in->config != NULL && i < in->config->settings.count; i++) {
        const struct fr_config_setting *s =
            fr_vec_at(&in->config->settings, struct fr_config_setting, i);
        if (strcmp(s->key, key) == 0)
            return s->value;
    }
    return NULL;
}

const char *flowrules_input_setting(const flowrules_input *in, const char *key) {
    const char *given = given_setting(in, key);
    if (given != NULL)
        return given;
    if (in->plan != NULL)
        return fr_plan_setting(in->plan, key);
    const struct flowrules_setting *setting = fr_setting_find(in->backend, key);
    return setting == NULL ? NULL : setting->fallback;
}

bool flowrules_input_given(const flowrules_input *in, const char *key) {
    return given_setting(in, key) != NULL;
}

bool flowrules_input_imports(const flowrules_input *in) {
    return in->imports;
}

bool flowrules_input_choice(flowrules_input *in, const char *key, const char *value,
                            const char *name) {
    flowrules_meaning *m = in->meaning;
    if (in->plan != NULL || in->choice != NULL || given_setting(in, key) != NULL)
        return false;
    if (name == NULL)
        name = value;
    struct fr_choice *slot = fr_vec_push(&m->choices);
    if (slot != NULL)
        *slot = (struct fr_choice){fr_arena_text(&m->arena, key, strlen(key)),
                                   fr_arena_text(&m->arena, value, strlen(value)),
                                   fr_arena_text(&m->arena, name, strlen(name))};
    in->failed = in->failed || slot == NULL || slot->key == NULL || slot->value == NULL ||
                 slot->name == NULL;
    return true;
}

bool flowrules_input_permits(const flowrules_input *in) {
    return in->plan != NULL && in->plan->permits;
}

const char *flowrules_input_target(const flowrules_input *in) {
    return in->plan == NULL ? NULL : in->plan->name;
}

bool flowrules_input_is_for(flowrules_input *in, const char *backend) {
    flowrules_meaning *m = in->meaning;
    const struct flowrules_backend *found = fr_registry_find(in->context, backend);
    if (found == NULL)
        return false;
    m->backend = found;
    m->packets = FLOWRULES_NEW | found->capabilities.packets;
    return true;
}

int flowrules_input_day(const flowrules_input *in, const char *day, bool *known) {
    int32_t days = 0, as_of = in->context->as_of;
    *known = as_of != FR_NO_DATE && fr_date_parse(day, strlen(day), &days);
    return *known ? (days > as_of) - (days < as_of) : 0;
}

/* ---- messages ------------------------------------------------------------------------------ */

static struct fr_at at_of(const flowrules_input *in, struct flowrules_place at) {
    const struct fr_config_file *f = file_at(in, at.file);
    return f == NULL ? FR_NOWHERE : (struct fr_at){f->number, at.line, at.column, 0};
}

static char *format_text(flowrules_input *in, struct fr_arena *arena, const char *format,
                         va_list arguments) {
    char text[1024];
    vsnprintf(text, sizeof text, format, arguments);
    char *kept = fr_arena_printf(arena, "%s", text);
    in->failed = in->failed || kept == NULL;
    return kept;
}

void flowrules_input_error(flowrules_input *in, struct flowrules_place at, const char *hint,
                           const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    char *text = format_text(in, &in->arena, format, arguments);
    va_end(arguments);
    in->invalid = true;
    if (text != NULL)
        fr_error(&in->context->diagnostics, FR_CONFIG_SYNTAX, at_of(in, at), hint, "%s", text);
}

void flowrules_input_doubt(flowrules_input *in, struct flowrules_place at,
                           enum flowrules_direction direction, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    char *text = format_text(in, &in->meaning->arena, format, arguments);
    va_end(arguments);
    struct fr_doubt *doubt = text == NULL ? NULL : fr_vec_push(&in->meaning->doubts);
    in->failed = in->failed || doubt == NULL;
    if (doubt != NULL)
        *doubt = (struct fr_doubt){direction, (uint32_t)at.file, at.line, text};
}

void flowrules_input_note(flowrules_input *in, struct flowrules_place at, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    char *text = format_text(in, &in->arena, format, arguments);
    va_end(arguments);
    struct fr_about about = {FLOWRULES_NOTE, FR_CONFIG_NOT_KEPT, at_of(in, at), NULL, NULL, NULL};
    if (text != NULL && in->plan == NULL)
        fr_report(&in->context->diagnostics, &about, "%s", text);
}

void flowrules_input_assume(flowrules_input *in, struct flowrules_place at, const char *hint,
                            const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    char *text = format_text(in, &in->arena, format, arguments);
    va_end(arguments);
    struct fr_about about = {FLOWRULES_WARNING, FR_CONFIG_ASSUMED, at_of(in, at), NULL, NULL, hint};
    if (text != NULL)
        fr_report(&in->context->diagnostics, &about, "%s", text);
}

bool flowrules_input_failed(const flowrules_input *in) {
    return in->failed || in->invalid;
}

/* ---- memory and symbols -------------------------------------------------------------------- */

void *flowrules_input_alloc(flowrules_input *in, size_t size) {
    void *block = fr_arena_zalloc(&in->arena, size);
    in->failed = in->failed || block == NULL;
    return block;
}

char *flowrules_input_copy(flowrules_input *in, const char *text, size_t length) {
    char *copy = fr_arena_text(&in->arena, text, length);
    in->failed = in->failed || copy == NULL;
    return copy;
}

char *flowrules_input_print(flowrules_input *in, const char *format, ...) {
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *text = length < 0 ? NULL : fr_arena_alloc(&in->arena, (size_t)length + 1);
    if (text != NULL)
        vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    in->failed = in->failed || text == NULL;
    return text;
}

/* An array that was outgrown: its memory is for the next one of its size. */
struct fr_outgrown {
    struct fr_outgrown *next;
    size_t size;
};

/* Of small arrays there are many, and little is lost. */
enum { OUTGROWN_SMALLEST = 1024, OUTGROWN_SEARCHED = 16 };

/* A large array, or more room for one; NULL: out of memory, and the old one stays. */
static struct fr_large *grow_large(flowrules_input *in, struct fr_large *old, size_t size) {
    struct fr_large *large = size <= SIZE_MAX - sizeof *large
                                 ? fr_realloc(&in->context->allocator, old, sizeof *large + size)
                                 : NULL;
    if (large == NULL)
        return NULL;
    if (old == NULL)
        *large = (struct fr_large){.next = in->large};
    if (large->next != NULL)
        large->next->previous = large;
    if (large->previous != NULL)
        large->previous->next = large;
    else
        in->large = large;
    return large;
}

static void keep_outgrown(flowrules_input *in, void *items, size_t size) {
    struct fr_outgrown *block = items;
    if (size < OUTGROWN_SMALLEST)
        return;
    *block = (struct fr_outgrown){in->outgrown, size};
    in->outgrown = block;
}

/* Memory for an array, taken from what was outgrown if some is of about the size. */
static void *take_outgrown(flowrules_input *in, size_t size) {
    struct fr_outgrown **at = &in->outgrown;
    for (unsigned i = 0; *at != NULL && i < OUTGROWN_SEARCHED; i++, at = &(*at)->next) {
        struct fr_outgrown *block = *at;
        if (block->size < size || block->size / 2 > size)
            continue;
        *at = block->next;
        return block;
    }
    return fr_arena_alloc(&in->arena, size);
}

/* Moves the bytes of an array to where it has more room, if there is memory for this. */
static void *move_array(flowrules_input *in, void *grown, void *items, size_t used) {
    if (grown != NULL && used > 0) {
        memcpy(grown, items, used);
        keep_outgrown(in, items, used);
    }
    return grown;
}

/* What is in front of a large array; NULL: it is none. There are few of them. */
static struct fr_large *find_large(const flowrules_input *in, const void *items) {
    struct fr_large *large = in->large;
    while (large != NULL && (const void *)large->items != items)
        large = large->next;
    return large;
}

/* An array with room for size bytes instead of those that are used; NULL: out of memory. */
static void *grow_array(flowrules_input *in, void *items, size_t used, size_t size) {
    if (size < LARGE_SMALLEST)
        return move_array(in, take_outgrown(in, size), items, used);
    struct fr_large *old = find_large(in, items), *large = grow_large(in, old, size);
    if (large == NULL || old != NULL)
        return large == NULL ? NULL : large->items;
    return move_array(in, large->items, items, used);
}

void *flowrules_input_grow(flowrules_input *in, void *items, size_t *capacity, size_t count,
                           size_t item_size) {
    char *array = items;
    if (items == NULL && *capacity > 0) /* it could not grow before */
        return NULL;
    if (count >= *capacity) {
        size_t room = *capacity == 0 ? 8 : *capacity * 2;
        array = room <= SIZE_MAX / item_size
                    ? grow_array(in, items, *capacity * item_size, room * item_size)
                    : NULL;
        in->failed = in->failed || array == NULL;
        if (array == NULL)
            return NULL;
        *capacity = room;
    }
    memset(array + count * item_size, 0, item_size);
    return array;
}

bool flowrules_input_define(flowrules_input *in, unsigned kind, const char *name, void *meaning) {
    uint32_t known;
    struct fr_symbols *symbols = &in->symbols[kind % FR_SYMBOL_KINDS];
    /* A name for which memory ran out is NULL. */
    fr_string key = name == NULL ? 0 : fr_strings_add(&in->names, name, strlen(name));
    if (key != 0 && fr_map_get(&symbols->of, key, &known))
        return false;
    void **slot = key == 0 ? NULL : fr_vec_push(&symbols->meanings);
    if (slot == NULL || !fr_map_put(&symbols->of, key, (uint32_t)symbols->meanings.count)) {
        in->failed = true;
        return false;
    }
    *slot = meaning;
    return true;
}

void *flowrules_input_lookup(const flowrules_input *in, unsigned kind, const char *name) {
    uint32_t index;
    const struct fr_symbols *symbols = &in->symbols[kind % FR_SYMBOL_KINDS];
    fr_string key = name == NULL ? 0 : fr_strings_find(&in->names, name, strlen(name));
    if (key == 0 || !fr_map_get(&symbols->of, key, &index))
        return NULL;
    return *fr_vec_at(&symbols->meanings, void *, index - 1);
}

/* ---- lines and words ----------------------------------------------------------------------- */

bool flowrules_input_line(flowrules_input *in, struct flowrules_line *line) {
    size_t size;
    const char *text = flowrules_input_text(in, line->file, &size);
    if (text == NULL)
        return false;
    const char *end = text + size;
    const char *from = line->text == NULL ? text : line->text + line->length;
    if (line->text != NULL && from < end && *from == '\r')
        from++;
    if (line->text != NULL && from < end)
        from++; /* the LF */
    if (from >= end)
        return false;
    const char *feed = memchr(from, '\n', (size_t)(end - from));
    line->number = line->text == NULL ? 1 : line->number + 1;
    line->text = from;
    line->length = (size_t)((feed == NULL ? end : feed) - from);
    if (line->length > 0 && feed != NULL && from[line->length - 1] == '\r')
        line->length--;
    return true;
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\v' || c == '\f';
}

/* One word from *at on, written to out without its quotes; false where a quote does not end. */
static bool read_word(const struct flowrules_line *line, size_t *at, const char *quotes,
                      bool escapes, char **out, bool *quoted) {
    char open = '\0';
    for (; *at < line->length && (open != '\0' || !is_blank(line->text[*at])); ++*at) {
        char c = line->text[*at];
        if (open != '\0' && escapes && c == '\\' && *at + 1 < line->length) {
            *(*out)++ = line->text[++*at];
        } else if (c == open && open != '\0') {
            open = '\0';
        } else if (open == '\0' && quotes != NULL && c != '\0' && strchr(quotes, c) != NULL) {
            open = c;
            *quoted = true;
        } else {
            *(*out)++ = c;
        }
    }
    *(*out)++ = '\0';
    return open == '\0';
}

/* The words of a line for good; NULL where there are none. */
static const struct flowrules_word *keep_words(flowrules_input *in, size_t *count) {
    size_t size = in->words.count * sizeof(struct flowrules_word);
    struct flowrules_word *words = size == 0 ? NULL : flowrules_input_alloc(in, size);
    if (words != NULL)
        memcpy(words, in->words.items, size);
    *count = words == NULL ? 0 : in->words.count;
    return words;
}

const struct flowrules_word *flowrules_input_words(flowrules_input *in,
                                                   const struct flowrules_line *line,
                                                   const char *quotes, bool escapes,
                                                   size_t *count) {
    size_t at = 0;
    *count = in->words.count = 0;
    /* The NUL of a word is where a blank is behind it, or the line's end. */
    char *out = flowrules_input_alloc(in, line->length + 2);
    while (out != NULL) {
        while (at < line->length && is_blank(line->text[at]))
            at++;
        if (at >= line->length)
            return keep_words(in, count);
        struct flowrules_word word = {out, (uint32_t)at + 1, false};
        if (!read_word(line, &at, quotes, escapes, &out, &word.quoted)) {
            struct flowrules_place place = {line->file, line->number, word.column};
            flowrules_input_error(in, place, NULL, "a quote opens here and does not end");
            break;
        }
        struct flowrules_word *slot = fr_vec_add(&in->words);
        in->failed = in->failed || slot == NULL;
        if (slot == NULL)
            break;
        *slot = word;
    }
    return NULL;
}

/* ---- words of the field --------------------------------------------------------------------- */

bool flowrules_parse_netmask(const char *address, const char *mask, struct flowrules_range *range) {
    enum flowrules_family family, mask_family;
    struct flowrules_ip ip, bits;
    if (!fr_ip_parse(address, strlen(address), &family, &ip) ||
        !fr_ip_parse(mask, strlen(mask), &mask_family, &bits) || family != FLOWRULES_IPV4 ||
        mask_family != FLOWRULES_IPV4)
        return false;
    uint32_t host = ~(uint32_t)bits.lo;
    if ((host & (host + 1)) != 0)
        return false;
    *range = (struct flowrules_range){family, {0, ip.lo & ~(uint64_t)host}, {0, ip.lo | host}};
    return true;
}

bool flowrules_parse_number(const char *text, size_t length, unsigned most, unsigned *number) {
    unsigned long long value = 0;
    if (length == 0 || length > 10)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        value = value * 10 + (unsigned)(text[i] - '0');
    }
    *number = (unsigned)value;
    return value <= most;
}

int flowrules_parse_protocol(const char *text) {
    return fr_protocol_parse(text, strlen(text));
}

int flowrules_parse_port(const char *text, int protocol) {
    unsigned number;
    if (flowrules_parse_number(text, strlen(text), UINT16_MAX, &number))
        return (int)number;
    return protocol < 0 ? -1 : fr_port_named(text, strlen(text), (unsigned)protocol);
}

/* ---- sets ---------------------------------------------------------------------------------- */

static struct flowrules_set set_of(const flowrules_input *in, fr_set set) {
    return (struct flowrules_set){&in->meaning->sets, set};
}

/* A set that was made, or the empty one where memory has run out. */
static struct flowrules_set made(flowrules_input *in, fr_set set) {
    in->failed = in->failed || set == FR_SET_NONE;
    return set_of(in, set == FR_SET_NONE ? FR_SET_EMPTY : set);
}

struct flowrules_set flowrules_input_any(const flowrules_input *in) {
    return set_of(in, FR_SET_ANY);
}

struct flowrules_set flowrules_input_none(const flowrules_input *in) {
    return set_of(in, FR_SET_EMPTY);
}

struct flowrules_set flowrules_input_ranges(flowrules_input *in,
                                            const struct flowrules_range *ranges, size_t count) {
    for (size_t i = 0; i < count; i++)
        fr_builder_range(&in->meaning->builder, &ranges[i]);
    return made(in, fr_builder_finish(&in->meaning->builder, &in->meaning->sets));
}

struct flowrules_set flowrules_input_range(flowrules_input *in,
                                           const struct flowrules_range *range) {
    return flowrules_input_ranges(in, range, 1);
}

struct flowrules_set flowrules_input_family(flowrules_input *in, enum flowrules_family family) {
    struct flowrules_range all = {family, {0, 0}, fr_ip_max(family)};
    return flowrules_input_range(in, &all);
}

struct flowrules_set flowrules_input_interface(flowrules_input *in, const char *name, bool begins) {
    struct flowrules_range range;
    return fr_interface_range(name, begins, &range) ? flowrules_input_range(in, &range)
                                                    : flowrules_input_none(in);
}

struct flowrules_set flowrules_input_zone(flowrules_input *in, const char *name) {
    struct flowrules_range range;
    in->failed = in->failed || !fr_interface_named(in->meaning->context, name, &range);
    return in->failed ? flowrules_input_none(in) : flowrules_input_range(in, &range);
}

struct flowrules_set flowrules_input_interfaces(flowrules_input *in) {
    return made(in, fr_interfaces_all(&in->meaning->sets));
}

struct flowrules_set flowrules_input_name(flowrules_input *in, struct flowrules_place at,
                                          const char *name) {
    char canonical[FR_FQDN_MAX + 3];
    switch (fr_name_canonical(in->checker, name, strlen(name), canonical)) {
    case FR_NAME_OK:
        return made(
            in, fr_meaning_atom_set(in->meaning,
                                    fr_meaning_name(in->meaning, FLOWRULES_ATOM_NAME, canonical)));
    case FR_NAME_WILDCARD:
        return made(
            in, fr_meaning_atom_set(
                    in->meaning, fr_meaning_name(in->meaning, FLOWRULES_ATOM_WILDCARD, canonical)));
    case FR_NAME_NO_MEMORY:
        in->failed = true;
        break;
    case FR_NAME_TOO_LONG:
    case FR_NAME_LABEL_TOO_LONG:
    case FR_NAME_BAD_WILDCARD:
    case FR_NAME_BAD_IDNA:
    case FR_NAME_EMPTY_LABEL:
    case FR_NAME_HYPHEN:
    case FR_NAME_ALL_DIGITS:
    case FR_NAME_BAD:
        flowrules_input_error(in, at, NULL, "'%.260s' is not a valid name (FQDN)", name);
        break;
    }
    return set_of(in, FR_SET_EMPTY);
}

/* ---- groups -------------------------------------------------------------------------------- */

static void build_atom(flowrules_input *in, uint32_t atom) {
    in->failed = in->failed || atom == UINT32_MAX;
    if (atom != UINT32_MAX)
        fr_builder_atom(&in->meaning->builder, atom);
}

/* Can a pod be as all the keys of a group ask? */
static bool can_be(flowrules_input *in, const struct flowrules_group_key *keys, size_t count) {
    struct fr_requirement r;
    struct fr_vec all;
    bool good = true, can = true;
    fr_vec_init(&all, &in->context->allocator, sizeof(struct fr_requirement));
    for (size_t i = 0; good && i < count; i++)
        if (fr_requirement_of(keys[i].key, keys[i].label, keys[i].value, &r))
            good = fr_requirement_push(&all, &r);
    const struct fr_requirement *list = all.items;
    for (size_t i = 0; can && i < all.count; i++)
        can = fr_requirements_can_hold(list, all.count, &list[i]);
    in->failed = in->failed || !good;
    fr_vec_free(&all);
    return can;
}

/* The first key from an index on that asks for one of several values; count: none. */
static size_t find_choice(const struct flowrules_group_key *keys, size_t count, size_t from,
                          struct fr_requirement *r) {
    const char *value;
    size_t length;
    for (; from < count; from++)
        if (keys[from].label == NULL && fr_is_requirement_key(keys[from].key) &&
            fr_requirement_of(keys[from].key, NULL, keys[from].value, r) &&
            r->asks == FLOWRULES_IN && fr_requirement_value(r, 1, &value, &length))
            break;
    return from;
}

/* Adds the group of the keys, or one for each choice of values; none where no pod can be of it. */
static void build_choices(flowrules_input *in, const struct flowrules_group_key *keys, size_t count,
                          size_t from) {
    struct fr_requirement r;
    struct fr_arena *arena = &in->meaning->arena;
    size_t at = find_choice(keys, count, from, &r), length;
    const char *value;
    if (at == count) {
        if (can_be(in, keys, count))
            build_atom(in, fr_meaning_group(in->meaning, keys, count));
        return;
    }
    struct flowrules_group_key *own = fr_arena_alloc(arena, count * sizeof *own);
    const char *label = fr_arena_text(arena, r.label, r.label_length);
    in->failed = in->failed || own == NULL || label == NULL;
    for (size_t i = 0; !in->failed && fr_requirement_value(&r, i, &value, &length); i++) {
        memcpy(own, keys, count * sizeof *own);
        own[at] = (struct flowrules_group_key){fr_label_key(r.of), label,
                                               fr_arena_text(arena, value, length)};
        if (own[at].value == NULL)
            in->failed = true;
        else
            build_choices(in, own, count, at + 1);
    }
}

struct flowrules_set flowrules_input_group(flowrules_input *in,
                                           const struct flowrules_group_key *keys, size_t count) {
    build_choices(in, keys, count, 0);
    return made(in, fr_builder_finish(&in->meaning->builder, &in->meaning->sets));
}

const char *flowrules_input_requirement(flowrules_input *in, enum flowrules_operator asks,
                                        const char *label, const char *value) {
    static const char *const forms[] = {
        [FLOWRULES_IN] = "%s in (%s)",
        [FLOWRULES_NOT_IN] = "%s notin (%s)",
        [FLOWRULES_EXISTS] = "%s%s",
        [FLOWRULES_DOES_NOT_EXIST] = "!%s%s",
    };
    if (!fr_is_label_name(label, strlen(label)) ||
        (value != NULL && !fr_is_label_value(value, strlen(value))))
        return NULL;
    return flowrules_input_print(in, forms[asks], label, value == NULL ? "" : value);
}

struct flowrules_set flowrules_input_unite(flowrules_input *in, const struct flowrules_set *sets,
                                           size_t count) {
    for (size_t i = 0; i < count; i++)
        fr_builder_set(&in->meaning->builder, &in->meaning->sets, sets[i].id);
    return made(in, fr_builder_finish(&in->meaning->builder, &in->meaning->sets));
}

struct flowrules_set flowrules_input_intersect(flowrules_input *in, struct flowrules_set a,
                                               struct flowrules_set b) {
    return made(in, fr_set_intersect(&in->meaning->sets, a.id, b.id));
}

struct flowrules_set flowrules_input_subtract(flowrules_input *in, struct flowrules_set a,
                                              struct flowrules_set b) {
    return made(in, fr_set_subtract(&in->meaning->sets, a.id, b.id));
}

void flowrules_input_label(flowrules_input *in, struct flowrules_set set, const char *name,
                           const char *description) {
    struct fr_label *label = fr_vec_push(&in->meaning->labels);
    struct fr_arena *arena = &in->meaning->arena;
    in->failed = in->failed || label == NULL;
    if (label == NULL)
        return;
    *label = (struct fr_label){set.id, fr_arena_text(arena, name, strlen(name)), NULL};
    if (description != NULL)
        label->description = fr_arena_text(arena, description, strlen(description));
    in->failed =
        in->failed || label->name == NULL || (description != NULL && label->description == NULL);
}

void flowrules_input_label_services(flowrules_input *in, const struct flowrules_service *services,
                                    size_t count, const char *name) {
    flowrules_meaning *m = in->meaning;
    fr_service service = fr_meaning_service(m, services, count);
    struct fr_service_label *label =
        service == FR_SERVICE_NONE ? NULL : fr_vec_push(&m->service_labels);
    if (label != NULL)
        *label = (struct fr_service_label){service, fr_arena_text(&m->arena, name, strlen(name))};
    in->failed = in->failed || label == NULL || label->name == NULL;
}

static void add_found(flowrules_input *in, unsigned directions, const char *key,
                      const char *value) {
    struct fr_arena *arena = &in->meaning->arena;
    struct fr_found_setting *found = fr_vec_push(&in->meaning->settings);
    in->failed = in->failed || found == NULL;
    if (found == NULL)
        return;
    *found = (struct fr_found_setting){fr_arena_text(arena, key, strlen(key)),
                                       fr_arena_text(arena, value, strlen(value)), directions};
    in->failed = in->failed || found->key == NULL || found->value == NULL;
}

void flowrules_input_found(flowrules_input *in, const char *key, const char *value) {
    add_found(in, (1u << FR_DIRECTIONS) - 1, key, value);
}

void flowrules_input_found_in(flowrules_input *in, enum flowrules_direction direction,
                              const char *key, const char *value) {
    add_found(in, 1u << direction, key, value);
}

/* ---- sets of a plan ------------------------------------------------------------------------ */

/* Is a word one of those of a text "a|b"? */
static bool is_one_of(const char *words, const char *word) {
    size_t length = strlen(word);
    for (const char *at = words; (at = strstr(at, word)) != NULL; at += length)
        if ((at == words || at[-1] == '|') && (at[length] == '\0' || at[length] == '|'))
            return true;
    return false;
}

/* Does a key of a binding say which machines it is, in the plan's format? */
static bool is_identity(const flowrules_plan *plan, const char *key) {
    const struct flowrules_setting *s = fr_binding_find(plan->backend, key);
    return s == NULL ||
           (!s->aside && (s->formats == NULL || is_one_of(s->formats, plan->format->name)));
}

static bool is_list(const struct flowrules_backend *backend, const char *key) {
    const struct flowrules_setting *s = fr_binding_find(backend, key);
    return s != NULL && strncmp(s->type, "list ", 5) == 0;
}

/* The namespace that pods are in where their binding does not say: the target's. */
static const char *own_namespace(const flowrules_plan *plan, const struct flowrules_group_key *keys,
                                 size_t count) {
    static const char *const elsewhere[] = {"namespace", "namespace-labels", "namespace-where",
                                            "nodes",     "nodes-where",      "entities"};
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < sizeof elsewhere / sizeof elsewhere[0]; k++)
            if (strcmp(keys[i].key, elsewhere[k]) == 0)
                return NULL;
    return plan->can->pod_groups ? fr_plan_setting(plan, "namespace") : NULL;
}

/* The entity of Cilium that is all addresses outside of the cluster: as such it is compared. */
static bool is_world(const struct flowrules_group_key *key) {
    return strcmp(key->key, "entities") == 0 && strcmp(key->value, "world") == 0;
}

static void build_families(flowrules_input *in) {
    for (int f = 0; f < 2; f++) {
        enum flowrules_family family = (enum flowrules_family)f;
        struct flowrules_range all = {family, {0, 0}, fr_ip_max(family)};
        fr_builder_range(&in->meaning->builder, &all);
    }
}

/* Adds the group of the keys, or one for each value of those that are lists. */
static void add_groups(flowrules_input *in, const flowrules_plan *plan, struct fr_vec *keys) {
    struct flowrules_group_key *list = keys->items;
    const char *space = own_namespace(plan, list, keys->count);
    size_t joined = 0;
    bool any_list = false;
    for (size_t i = 0; i < keys->count; i++)
        if (is_list(plan->backend, list[i].key)) {
            any_list = true;
            if (is_world(&list[i])) {
                build_families(in);
                continue;
            }
            build_atom(in, fr_meaning_group(in->meaning, &list[i], 1));
        } else {
            list[joined++] = list[i];
        }
    if (space != NULL)
        list[joined++] = (struct flowrules_group_key){"namespace", NULL, space};
    if (joined > 0 || !any_list)
        build_choices(in, list, joined, 0);
}

/* Adds what a network that is a group is to the platform. */
static bool add_network(flowrules_input *in, const flowrules_plan *plan, const char *network) {
    const flowrules_policy *policy = plan->policy;
    const struct fr_binding *binding = fr_policy_binding_for(policy, network, plan->backend);
    struct fr_vec keys;
    fr_vec_init(&keys, &in->context->allocator, sizeof(struct flowrules_group_key));
    uint32_t count = binding == NULL ? 0 : binding->values.count;
    bool good = fr_vec_reserve(&keys, count + 1);
    for (uint32_t i = 0; good && i < count; i++) {
        const struct fr_binding_value *v =
            fr_vec_at(&policy->binding_values, struct fr_binding_value, binding->values.first + i);
        const char *key = FR_POLICY_TEXT(policy, v->key);
        if (is_identity(plan, key))
            *(struct flowrules_group_key *)fr_vec_add(&keys) = (struct flowrules_group_key){
                key, FR_POLICY_TEXT(policy, v->label), FR_POLICY_TEXT(policy, v->value)};
    }
    if (good && binding != NULL)
        add_groups(in, plan, &keys);
    else if (good) /* a listing shows it by its name */
        build_atom(in,
                   fr_meaning_group(in->meaning,
                                    &(struct flowrules_group_key){"network", NULL, network}, 1));
    fr_vec_free(&keys);
    return good;
}

/* The listed atoms of a set of the plan, as a set of the input. */
static fr_set translate_atoms(flowrules_input *in, const flowrules_plan *plan,
                              const struct fr_set_head *head) {
    for (uint32_t i = 0; i < head->atoms; i++) {
        const struct flowrules_atom *atom =
            fr_vec_at(&plan->view->atoms, struct flowrules_atom, fr_set_atoms(head)[i]);
        if (atom->kind != FLOWRULES_ATOM_GROUP)
            build_atom(in, fr_meaning_name(in->meaning, atom->kind, atom->name));
        else if (!add_network(in, plan, atom->name))
            in->failed = true;
    }
    return fr_builder_finish(&in->meaning->builder, &in->meaning->sets);
}

struct flowrules_set fr_input_translate(struct flowrules_input *in, const flowrules_plan *plan,
                                        fr_set set) {
    struct fr_sets *sets = &in->meaning->sets;
    if (set == FR_SET_ANY || set == FR_SET_EMPTY)
        return set_of(in, set);
    const struct fr_set_head *head = fr_set_head(&plan->view->sets, set);
    fr_set atoms = translate_atoms(in, plan, head);
    if (head->all_atoms != 0)
        atoms = fr_set_subtract(sets, fr_meaning_all_atoms(in->meaning), atoms);
    struct flowrules_set view = {&plan->view->sets, set};
    for (int family = 0; family < 2; family++)
        for (size_t i = 0; i < flowrules_set_range_count(view, (enum flowrules_family)family);
             i++) {
            struct flowrules_range r = flowrules_set_range(view, (enum flowrules_family)family, i);
            fr_builder_range(&in->meaning->builder, &r);
        }
    fr_builder_set(&in->meaning->builder, sets, atoms);
    return made(in, fr_builder_finish(&in->meaning->builder, sets));
}

struct flowrules_set flowrules_input_own(flowrules_input *in, const flowrules_plan *plan,
                                         struct flowrules_set set) {
    return fr_input_translate(in, plan, set.id);
}

void flowrules_input_is_of(flowrules_input *in, struct flowrules_set groups) {
    in->meaning->own = groups.id;
}

struct flowrules_set flowrules_input_protects(flowrules_input *in) {
    return in->plan == NULL ? flowrules_input_any(in)
                            : fr_input_translate(in, in->plan, in->plan->protects.set);
}

bool flowrules_input_may_protect(flowrules_input *in, const struct flowrules_group_key *keys,
                                 size_t count) {
    flowrules_meaning *m = in->meaning;
    if (!can_be(in, keys, count))
        return false;
    uint32_t group = fr_meaning_group(m, keys, count);
    struct flowrules_set protects = flowrules_input_protects(in);
    const struct fr_set_head *head = fr_set_head(&m->sets, protects.id);
    if (group == UINT32_MAX || in->plan == NULL || head->all_atoms != 0)
        return true;
    for (uint32_t i = 0; i < head->atoms; i++)
        if (!fr_meaning_groups_exclude(m, group, fr_set_atoms(head)[i]))
            return true;
    return false;
}

const char *flowrules_input_spelling(const flowrules_input *in, const char *key,
                                     const char *value) {
    const flowrules_policy *policy = in->plan == NULL ? NULL : in->plan->policy;
    for (size_t i = 0; policy != NULL && i < policy->binding_values.count; i++) {
        const struct fr_binding_value *v =
            fr_vec_at(&policy->binding_values, struct fr_binding_value, i);
        const char *known = FR_POLICY_TEXT(policy, v->value);
        if (strcmp(FR_POLICY_TEXT(policy, v->key), key) == 0 && strcasecmp(known, value) == 0)
            return known;
    }
    return value;
}

struct flowrules_set flowrules_input_bound(flowrules_input *in, const char *key, const char *value,
                                           bool *known) {
    struct flowrules_set sum = flowrules_input_none(in);
    *known = in->plan != NULL;
    if (in->plan == NULL)
        return sum;
    const struct fr_bound_list *list = fr_bound_list(in->plan, key);
    in->failed = in->failed || list == NULL;
    for (size_t i = 0; list != NULL && i < list->bound.count; i++) {
        const struct fr_bound *b = fr_vec_at(&list->bound, struct fr_bound, i);
        if (strcmp(FR_POLICY_TEXT(in->plan->policy, b->value), value) != 0)
            continue;
        struct flowrules_set both[] = {sum, fr_input_translate(in, in->plan, b->own)};
        sum = flowrules_input_unite(in, both, 2);
    }
    return sum;
}

const char *flowrules_input_bound_value(flowrules_input *in, const char *key, size_t index) {
    const char *places = in->plan == NULL ? NULL : in->plan->stores->placing.key;
    if (places != NULL && strcmp(places, key) == 0)
        return flowrules_plan_interface(in->plan, index);
    const struct fr_bound_list *list = in->plan == NULL ? NULL : fr_bound_list(in->plan, key);
    for (size_t i = 0; list != NULL && i < list->bound.count; i++) {
        fr_string value = fr_vec_at(&list->bound, struct fr_bound, i)->value;
        size_t k = 0;
        while (k < i && fr_vec_at(&list->bound, struct fr_bound, k)->value != value)
            k++;
        if (k == i && index-- == 0)
            return FR_POLICY_TEXT(in->plan->policy, value);
    }
    return NULL;
}

/* ---- rules --------------------------------------------------------------------------------- */

static fr_string keep_text(flowrules_input *in, const char *text) {
    if (text == NULL)
        return 0;
    fr_string kept = fr_strings_add(&in->meaning->strings, text, strlen(text));
    in->failed = in->failed || kept == 0;
    return kept;
}

/* What a clause has of a rule's interfaces: 0 where it has all. */
static fr_set interfaces_of(const struct flowrules_set *set) {
    return set->store == NULL || set->id == FR_SET_ANY ? 0 : set->id;
}

/* Adds a clause; false where it matches nothing or memory has run out. */
static bool add_clause(flowrules_input *in, const struct flowrules_read_rule *rule,
                       enum fr_effect effect) {
    fr_service service = fr_meaning_service(in->meaning, rule->services, rule->service_count);
    struct fr_stage *stage = fr_meaning_stage(in->meaning, rule->direction);
    struct fr_clause *clause = stage == NULL ? NULL : fr_vec_push(&stage->clauses);
    if (clause == NULL || service == FR_SERVICE_NONE) {
        in->failed = true;
        return false;
    }
    *clause = (struct fr_clause){
        .effect = (uint8_t)effect,
        .families = (uint8_t)(rule->families == 0 ? FLOWRULES_BOTH_FAMILIES : rule->families),
        .packets = (uint8_t)(rule->packets == 0 ? FR_ALL_PACKETS : rule->packets),
        .log = rule->log,
        .flow = FR_NO_FLOW,
        .file = (uint32_t)rule->at.file,
        .line = rule->at.line,
        .source = rule->source.id,
        .destination = rule->destination.id,
        .interfaces = {interfaces_of(&rule->interfaces[0]), interfaces_of(&rule->interfaces[1])},
        .service = service,
        .name = keep_text(in, rule->name),
        .comment = keep_text(in, rule->comment),
        .expires = keep_text(in, rule->expires),
        .doubt = keep_text(in, rule->doubt),
        .counter = rule->counter};
    return true;
}

static bool matches_nothing(const struct flowrules_read_rule *rule) {
    for (unsigned end = 0; end < 2; end++)
        if (rule->interfaces[end].store != NULL && rule->interfaces[end].id == FR_SET_EMPTY)
            return true;
    return rule->source.id == FR_SET_EMPTY || rule->destination.id == FR_SET_EMPTY;
}

void flowrules_input_rule(flowrules_input *in, const struct flowrules_read_rule *rule) {
    static const enum fr_effect effects[] = {
        [FLOWRULES_PASS] = FR_PASS, [FLOWRULES_BLOCK] = FR_BLOCK, [FLOWRULES_OUTSIDE] = FR_OUTSIDE};
    if (!matches_nothing(rule))
        add_clause(in, rule, effects[rule->verdict]);
}

void flowrules_input_stage(flowrules_input *in, enum flowrules_direction direction) {
    in->meaning->open[direction] = true;
}

uint32_t flowrules_input_skip(flowrules_input *in, const struct flowrules_read_rule *rule) {
    if (matches_nothing(rule) || !add_clause(in, rule, FR_SKIP))
        return UINT32_MAX;
    struct fr_skip *skip = fr_vec_push(&in->skips);
    in->failed = in->failed || skip == NULL;
    if (skip == NULL)
        return UINT32_MAX;
    const struct fr_vec *stages = &in->meaning->stages[rule->direction];
    const struct fr_stage *stage = *fr_vec_at(stages, struct fr_stage *, stages->count - 1);
    *skip = (struct fr_skip){rule->direction, (uint32_t)stages->count - 1,
                             (uint32_t)stage->clauses.count - 1};
    return (uint32_t)in->skips.count - 1;
}

void flowrules_input_land(flowrules_input *in, uint32_t number) {
    if (number >= in->skips.count)
        return;
    const struct fr_skip *skip = fr_vec_at(&in->skips, struct fr_skip, number);
    struct fr_stage *stage =
        *fr_vec_at(&in->meaning->stages[skip->direction], struct fr_stage *, skip->stage);
    fr_vec_at(&stage->clauses, struct fr_clause, skip->clause)->skip_to =
        (uint32_t)stage->clauses.count;
}

/* ---- counters ------------------------------------------------------------------------------ */

uint32_t flowrules_input_counter(flowrules_input *in, struct flowrules_place at,
                                 const struct flowrules_counts *counts) {
    struct fr_counter *slot = fr_vec_push(&in->meaning->counters);
    in->failed = in->failed || slot == NULL;
    if (slot == NULL)
        return 0;
    *slot = (struct fr_counter){.packets = counts->packets,
                                .bytes = counts->bytes,
                                .has_bytes = counts->has_bytes,
                                .file = (uint32_t)at.file,
                                .line = at.line,
                                .last = keep_text(in, counts->last)};
    return (uint32_t)in->meaning->counters.count;
}

bool flowrules_parse_count(const char *text, size_t length, uint64_t *count) {
    *count = 0;
    for (size_t i = 0; i < length; i++) {
        unsigned digit = (unsigned)(text[i] - '0');
        if (digit > 9 || *count > (UINT64_MAX - digit) / 10)
            return false;
        *count = *count * 10 + digit;
    }
    return length > 0;
}

/* ---- what is known of groups --------------------------------------------------------------- */

void flowrules_input_disjoint(flowrules_input *in, struct flowrules_set groups) {
    in->failed = in->failed || groups.id == FR_SET_NONE;
    if (!in->failed)
        in->meaning->disjoint = groups.id;
}

void flowrules_input_unaddressed(flowrules_input *in, struct flowrules_set groups) {
    in->failed = in->failed || groups.id == FR_SET_NONE;
    if (!in->failed)
        in->meaning->unaddressed = groups.id;
}
