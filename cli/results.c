/*
 * Keeps what a verb found.
 */
#define _POSIX_C_SOURCE 200809L
#include "results.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "text.h"

/* ---- texts --------------------------------------------------------------------------------- */

static char *copy_text(const char *text) {
    size_t size = strlen(text) + 1;
    return memcpy(allocate(size, 1), text, size);
}

char *shown_text(const char *text) {
    char *shown = allocate(strlen(text) * strlen("\\xNN") + 1, 1), *end = shown;
    for (struct glyph glyph = next_glyph(text); glyph.bytes > 0; glyph = next_glyph(text)) {
        for (size_t i = 0; i < glyph.bytes; i++)
            if (glyph.visible)
                *end++ = text[i];
            else
                end += sprintf(end, "\\x%02X", (unsigned)(unsigned char)text[i]);
        text += glyph.bytes;
    }
    *end = '\0';
    return shown;
}

void result_set(char **text, const char *value) {
    free(*text);
    *text = value != NULL ? shown_text(value) : NULL;
}

void result_print(char **text, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    char *value = format_text(format, arguments);
    va_end(arguments);
    result_set(text, value);
    free(value);
}

/* ---- paths --------------------------------------------------------------------------------- */

/* The rest of a path below the folder that the tool runs in, or the path. */
static const char *below_here(const char *path) {
    char here[4096];
    size_t length;
    if (path[0] != '/' || getcwd(here, sizeof(here)) == NULL)
        return path;
    length = strlen(here);
    return strncmp(path, here, length) == 0 && path[length] == '/' ? path + length + 1 : path;
}

/* Where the last part of a path begins that ".." could take away; NULL: there is none. */
static char *last_part(char *begin, char *end) {
    char *part = end;
    while (part > begin && part[-1] != '/')
        part--;
    bool up = end - part == 2 && part[0] == '.' && part[1] == '.';
    return part == end || up ? NULL : part;
}

char *relative_path(const char *path) {
    const char *from = below_here(path);
    char *clean = allocate(strlen(from) + 2, 1), *begin = clean + (from[0] == '/'), *end = begin;
    clean[0] = from[0];
    for (size_t length; *(from += strspn(from, "/")) != '\0'; from += length) {
        length = strcspn(from, "/");
        char *last = length == 2 && from[0] == '.' && from[1] == '.' ? last_part(begin, end) : NULL;
        if (length == 1 && from[0] == '.')
            continue;
        if (last != NULL) {
            end = last > begin ? last - 1 : last;
            continue;
        }
        if (end > begin)
            *end++ = '/';
        memcpy(end, from, length);
        end += length;
    }
    *end = '\0';
    return clean;
}

/* ---- the list ------------------------------------------------------------------------------ */

struct results *results_new(const char *verb) {
    struct results *results = allocate(1, sizeof(*results));
    results->verb = verb;
    return results;
}

void results_about(struct results *results, const char *subject, const char *file) {
    free(results->file);
    result_set(&results->subject, subject);
    results->file = copy_text(file);
}

static void free_list(struct text_list *list) {
    for (size_t i = 0; i < list->count; i++)
        free((void *)(uintptr_t)list->items[i]);
    free(list->items);
}

static void free_result(struct result *result) {
    char *texts[] = {result->file,    result->also_file, result->also, result->group,
                     result->message, result->hint,      result->flow, result->target,
                     result->reason,  result->test};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        free(texts[i]);
    for (size_t i = 0; i < result->property_count; i++)
        free(result->properties[i].value);
    free(result->properties);
}

void results_free(struct results *results) {
    if (results == NULL)
        return;
    for (size_t i = 0; i < results->count; i++)
        free_result(&results->items[i]);
    free(results->items);
    free_list(&results->passed);
    free_list(&results->notes);
    free(results->subject);
    free(results->file);
    free(results->verdict);
    free(results);
}

struct result *results_add(struct results *results, const char *rule, flowrules_severity severity) {
    if (results->count == results->capacity) {
        results->capacity = results->capacity > 0 ? 2 * results->capacity : 16;
        results->items = reallocate(results->items, results->capacity, sizeof(*results->items));
    }
    struct result *result = &results->items[results->count++];
    *result = (struct result){.severity = severity};
    snprintf(result->rule, sizeof(result->rule), "%s", rule);
    return result;
}

void result_place(struct result *result, const char *file, uint32_t line, uint32_t column,
                  uint32_t length) {
    free(result->file);
    result->file = file != NULL ? copy_text(file) : NULL;
    result->line = file != NULL ? line : 0;
    result->column = result->line > 0 ? column : 0;
    result->length = result->column > 0 ? length : 0;
}

void result_also(struct result *result, const char *file, uint32_t line, const char *what) {
    free(result->also_file);
    result->also_file = copy_text(file);
    result->also_line = line;
    result_set(&result->also, what);
}

void result_property(struct result *result, const char *name, const char *value) {
    if (value == NULL)
        return;
    result->properties =
        reallocate(result->properties, result->property_count + 1, sizeof(*result->properties));
    result->properties[result->property_count++] = (struct property){name, shown_text(value)};
}

const char *result_value(const struct result *result, const char *name) {
    for (size_t i = 0; i < result->property_count; i++)
        if (strcmp(result->properties[i].name, name) == 0)
            return result->properties[i].value;
    return NULL;
}

void results_passed(struct results *results, const char *test) {
    text_list_add(&results->passed, shown_text(test));
}

void results_note(struct results *results, const char *text) {
    text_list_add(&results->notes, shown_text(text));
}

size_t results_open(const struct results *results, flowrules_severity severity) {
    size_t count = 0;
    for (size_t i = 0; i < results->count; i++)
        count += results->items[i].reason == NULL && results->items[i].severity == severity;
    return count;
}

size_t results_accepted(const struct results *results) {
    size_t count = 0;
    for (size_t i = 0; i < results->count; i++)
        count += results->items[i].reason != NULL;
    return count;
}

/* ---- fingerprints -------------------------------------------------------------------------- */

/* FNV-1a, 64 bits, of a text and its end. */
static uint64_t hash_text(uint64_t hash, const char *text) {
    for (; text != NULL && *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    return (hash ^ 0xFF) * UINT64_C(0x100000001b3);
}

/* A message may name the line of something else (":12"), which moves: that is left out. */
static uint64_t hash_message(uint64_t hash, const char *text) {
    static const char digits[] = "0123456789";
    for (; text != NULL && *text != '\0'; text++) {
        hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
        if (*text == ':')
            text += strspn(text + 1, digits);
    }
    return hash;
}

static uint64_t fingerprint_of(const struct result *result) {
    char *path = result->file != NULL ? relative_path(result->file) : NULL;
    uint64_t hash = hash_text(UINT64_C(0xcbf29ce484222325), result->rule);
    hash = hash_text(hash, path);
    free(path);
    return hash_message(hash, result->message);
}

static int by_fingerprint(const void *one, const void *other) {
    const struct result *a = *(struct result *const *)one, *b = *(struct result *const *)other;
    int order = (a->fingerprint > b->fingerprint) - (a->fingerprint < b->fingerprint);
    return order != 0 ? order : (a > b) - (a < b);
}

void results_finish(struct results *results) {
    struct result **sorted = allocate(results->count, sizeof(struct result *));
    for (size_t i = 0; i < results->count; i++) {
        sorted[i] = &results->items[i];
        sorted[i]->fingerprint = fingerprint_of(sorted[i]);
    }
    qsort(sorted, results->count, sizeof(struct result *), by_fingerprint);
    for (size_t i = 1; i < results->count; i++)
        if (sorted[i]->fingerprint == sorted[i - 1]->fingerprint)
            sorted[i]->occurrence = sorted[i - 1]->occurrence + 1;
    free(sorted);
}

/* ---- rules --------------------------------------------------------------------------------- */

static const struct {
    const char *rule, *texts[3], *page;
} rules[] = {
    {"assert-never",
     {"Packets pass that must never pass.", "A flow allows a part of what an assertion forbids.",
      "Narrow the flow, add a deny, or give the assertion an exception."},
     "docs/ASSERTIONS.md"},
    {"assert-only",
     {"Packets pass that are not among those that alone may pass.",
      "A flow allows other sources or services to the destinations of an assertion.",
      "Narrow the flow, add a deny, or give the assertion an exception."},
     "docs/ASSERTIONS.md"},
    {"assert-must",
     {"Packets do not pass that must pass.", "No flow allows them, or a deny takes them.",
      "Add a flow, or narrow the deny."},
     "docs/ASSERTIONS.md"},
    {"assert-zones",
     {"Zones overlap, or have a gap.", "An address is in two zones, or in none.",
      "Change the zones, so that every address is in one of them."},
     "docs/ASSERTIONS.md"},
    {"assert-matrix",
     {"Packets pass between zones that the matrix does not list.",
      "A flow allows a service between two zones, and the matrix does not.",
      "Narrow the flow, or add the service to the matrix."},
     "docs/ASSERTIONS.md"},
    {"diff-allowed",
     {"Packets pass on the new side that do not pass on the old one.",
      "A flow or rule is new, or wider than before.", "Check that the packets are to pass."},
     "docs/CI.md"},
    {"diff-denied",
     {"Packets pass on the old side that do not pass on the new one.",
      "A flow or rule is gone, or narrower than before.",
      "Check that nobody needs these packets any more."},
     "docs/CI.md"},
    {"diff-fidelity",
     {"A target expresses a flow in another way than before.",
      "The flow, the target or the lock file has changed.",
      "See what 'flowrules explain' says of the flow."},
     "docs/CI.md"},
    {"diff-flow",
     {"A flow has another name or other networks than before.", "The policy has changed.",
      "Check that the change is intended."},
     "docs/CI.md"},
    {"diff-rules",
     {"The files of a target have other rules than before.",
      "The flows, the target or the lock file have changed.", "Render the target, and load it."},
     "docs/CI.md"},
    {"verify-allowed",
     {"The configuration lets packets pass that the policy does not allow.",
      "A rule was added or changed on the device, or the policy is newer.",
      "Load the rendered files, or add a flow to the policy."},
     "docs/READING.md"},
    {"verify-denied",
     {"The configuration does not let packets pass that the policy allows.",
      "A rule was removed or changed on the device, or the policy is newer.",
      "Load the rendered files, or remove the flow from the policy."},
     "docs/READING.md"},
    {"doubt",
     {"Something was not understood or not compared, and may change the result.",
      "A configuration has something that its reader does not know, or a limit was reached.",
      "Check this place by eye."},
     "docs/READING.md"},
    {"tool",
     {"The tool could not do its work.", "A file cannot be read, or an option is not right.",
      "Correct what the message names."},
     "docs/DIAGNOSTICS.md"},
};

const char *result_rule_text(const char *rule, flowrules_message_part part) {
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
        if (strcmp(rules[i].rule, rule) == 0)
            return rules[i].texts[part];
    return flowrules_message_text(rule, part);
}

const char *result_rule_page(const char *rule) {
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
        if (strcmp(rules[i].rule, rule) == 0)
            return rules[i].page;
    return strncmp(rule, "FL", 2) == 0 ? "docs/LINT.md" : "docs/DIAGNOSTICS.md";
}

const char *severity_name(flowrules_severity severity) {
    static const char *const names[] = {
        [FLOWRULES_NOTE] = "note", [FLOWRULES_WARNING] = "warning", [FLOWRULES_ERROR] = "error"};
    return names[severity];
}
