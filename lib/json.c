/*
 * JSON in and out, by cJSON; the only file that sees its header. Knows no schema.
 * cJSON takes its memory from the C library: its hooks are global, so they stay untouched.
 */
#include "json.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <string.h>

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

void fr_json_write(struct flowrules_writer *writer, fr_json *json) {
    char *text = json != NULL ? cJSON_PrintUnformatted(json) : NULL;
    if (text != NULL)
        fr_write_bytes(writer, text, strlen(text));
    else
        writer->failed = true;
    cJSON_free(text);
    cJSON_Delete(json);
}
