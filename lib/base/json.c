/*
 * JSON in and out, by cJSON; the only file that sees its header. Knows no schema.
 * cJSON takes its memory from the C library: its hooks are global, so they stay untouched.
 */
#include "json.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "utf8.h"
#include "writer.h"

/* ---- reading ------------------------------------------------------------------------------- */

static bool only_space(const char *text, const char *end) {
    while (text < end && (*text == ' ' || *text == '\t' || *text == '\n' || *text == '\r'))
        text++;
    return text == end;
}

fr_json *fr_json_parse(const char *text, size_t size, size_t *error_offset) {
    const char *end = text;
    /* cJSON does not tell what failed, but malloc does. */
    errno = 0;
    cJSON *json = cJSON_ParseWithLengthOpts(text, size, &end, 0);
    if (json != NULL && only_space(end, text + size))
        return json;
    if (json == NULL && errno == ENOMEM)
        *error_offset = SIZE_MAX;
    else
        *error_offset = end != NULL && end > text ? (size_t)(end - text) : 0;
    cJSON_Delete(json);
    return NULL;
}

void fr_json_free(fr_json *json) {
    cJSON_Delete(json);
}

const fr_json *fr_json_member(const fr_json *object, const char *name) {
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

const fr_json *fr_json_first(const fr_json *array_or_object) {
    return array_or_object != NULL ? array_or_object->child : NULL;
}

const fr_json *fr_json_next(const fr_json *item) {
    return item != NULL ? item->next : NULL;
}

const char *fr_json_name(const fr_json *member) {
    return member != NULL ? member->string : NULL;
}

const char *fr_json_string(const fr_json *value) {
    return cJSON_IsString(value) ? value->valuestring : NULL;
}

bool fr_json_number(const fr_json *value, double *number) {
    if (!cJSON_IsNumber(value))
        return false;
    *number = value->valuedouble;
    return true;
}

bool fr_json_is_object(const fr_json *value) {
    return cJSON_IsObject(value) != 0;
}

bool fr_json_is_array(const fr_json *value) {
    return cJSON_IsArray(value) != 0;
}

/* ---- places -------------------------------------------------------------------------------- */

/*
 * The tree keeps no places. The text is walked again beside it: it is valid, or there would be no
 * tree, and so only strings need care.
 */
struct place {
    const char *at, *end; /* what is read next, and where the text ends */
    const fr_json *wanted;
    const char *found;
};

/* cJSON takes every control character for a space. */
static void skip_space(struct place *p) {
    while (p->at < p->end && (unsigned char)*p->at <= ' ')
        p->at++;
}

static void skip_string(struct place *p) {
    for (p->at++; p->at < p->end && *p->at != '"'; p->at++)
        p->at += *p->at == '\\';
    p->at++;
}

static void skip_scalar(struct place *p) {
    while (p->at < p->end && (unsigned char)*p->at > ' ' && strchr(",]}", *p->at) == NULL)
        p->at++;
}

static void walk_value(struct place *p, const fr_json *value);

/* NOLINTNEXTLINE(misc-no-recursion) */
static void walk_items(struct place *p, const fr_json *items) {
    p->at++;
    for (const fr_json *item = items; item != NULL && p->found == NULL; item = item->next) {
        skip_space(p);
        const char *start = p->at;
        if (item->string != NULL) {
            skip_string(p);
            skip_space(p);
            p->at++; /* the colon */
        }
        if (item == p->wanted)
            p->found = start;
        else
            walk_value(p, item);
        skip_space(p);
        p->at += p->at < p->end && *p->at == ',';
    }
    skip_space(p);
    p->at++;
}

/* No deeper than cJSON reads, CJSON_NESTING_LIMIT. NOLINTNEXTLINE(misc-no-recursion) */
static void walk_value(struct place *p, const fr_json *value) {
    skip_space(p);
    if (p->at >= p->end)
        return;
    if (*p->at == '{' || *p->at == '[')
        walk_items(p, value->child);
    else if (*p->at == '"')
        skip_string(p);
    else
        skip_scalar(p);
}

size_t fr_json_place(const char *text, size_t size, const fr_json *root, const fr_json *value,
                     size_t *length) {
    struct place p = {text, text + size, value, NULL};
    if (size >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
        p.at += 3;
    if (value == root)
        skip_space(&p);
    else
        walk_value(&p, root);
    const char *start = p.found != NULL ? p.found : value == root ? p.at : text;
    p.at = start;
    if (p.at < p.end && *p.at == '"')
        skip_string(&p);
    else if (p.at < p.end && strchr("[{", *p.at) == NULL)
        skip_scalar(&p);
    *length = p.at > start ? (size_t)(p.at - start) : 1;
    return (size_t)(start - text);
}

/* ---- writing ------------------------------------------------------------------------------- */

fr_json *fr_json_object(void) {
    return cJSON_CreateObject();
}

fr_json *fr_json_array(void) {
    return cJSON_CreateArray();
}

fr_json *fr_json_text(const char *text) {
    return text != NULL ? cJSON_CreateString(text) : cJSON_CreateNull();
}

fr_json *fr_json_of_number(double number) {
    return cJSON_CreateNumber(number);
}

/*
 * Gives the item away. A tree that lacks a member for want of memory must not be printed as if
 * it were whole: it is made invalid, which cJSON refuses to print.
 */
void fr_json_add(fr_json *object, const char *name, fr_json *item) {
    bool added = object != NULL && item != NULL &&
                 (name != NULL ? cJSON_AddItemToObject(object, name, item)
                               : cJSON_AddItemToArray(object, item));
    if (added)
        return;
    cJSON_Delete(item);
    if (object != NULL)
        object->type = cJSON_Invalid;
}

void fr_json_add_string(fr_json *object, const char *name, const char *text) {
    if (object != NULL)
        fr_json_add(object, name, fr_json_text(text));
}

void fr_json_add_number(fr_json *object, const char *name, double number) {
    if (object != NULL)
        fr_json_add(object, name, cJSON_CreateNumber(number));
}

void fr_json_add_bool(fr_json *object, const char *name, bool value) {
    if (object != NULL)
        fr_json_add(object, name, cJSON_CreateBool(value));
}

/* A character as JSON spells one in ASCII (RFC 8259, section 7). */
static void write_escaped(struct flowrules_writer *writer, uint32_t character) {
    char spelled[sizeof "\\uD83D\\uDE00"];
    unsigned beyond = (unsigned)character - 0x10000u;
    if (character < 0x10000)
        snprintf(spelled, sizeof spelled, "\\u%04x", (unsigned)character & 0xffffu);
    else
        snprintf(spelled, sizeof spelled, "\\u%04x\\u%04x", 0xd800u + (beyond >> 10 & 0x3ffu),
                 0xdc00u + (beyond & 0x3ffu));
    flowrules_write(writer, spelled);
}

/*
 * Writes a text of cJSON's (NULL: it found no memory), and frees it. What would hide itself or turn
 * the direction of a line stands in strings alone, and is spelled there in ASCII.
 */
static void write_text(struct flowrules_writer *writer, char *text) {
    const char *from = text, *at = text, *end = text == NULL ? NULL : text + strlen(text);
    while (at < end) {
        uint32_t character;
        size_t bytes = fr_utf8_decode(at, (size_t)(end - at), &character);
        if (bytes > 1 && fr_utf8_is_control(character)) {
            fr_write_bytes(writer, from, (size_t)(at - from));
            write_escaped(writer, character);
            from = at + bytes;
        }
        at += bytes > 0 ? bytes : 1;
    }
    if (text != NULL)
        fr_write_bytes(writer, from, (size_t)(end - from));
    else
        writer->failed = true;
    cJSON_free(text);
}

void fr_json_print(struct flowrules_writer *writer, const fr_json *json) {
    write_text(writer, json != NULL ? cJSON_PrintUnformatted(json) : NULL);
}

void fr_json_write(struct flowrules_writer *writer, fr_json *json) {
    fr_json_print(writer, json);
    cJSON_Delete(json);
}

void fr_json_write_lines(struct flowrules_writer *writer, fr_json *json) {
    write_text(writer, json != NULL ? cJSON_Print(json) : NULL);
    fr_write_bytes(writer, "\n", 1);
    cJSON_Delete(json);
}
