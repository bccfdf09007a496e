/*
 * JSON out, by cJSON. Knows how trees are built and printed; not what is in them.
 */
#include "json.h"

#include <stdlib.h>
#include <string.h>

#include "text.h"
#include "tool.h"

static cJSON *made(cJSON *item) {
    if (item == NULL)
        out_of_memory();
    return item;
}

cJSON *json_object(void) {
    return made(cJSON_CreateObject());
}

cJSON *json_answer(void) {
    cJSON *item = json_object();
    json_number(item, JSON_VERSION_KEY, JSON_VERSION);
    return item;
}

cJSON *json_array(void) {
    return made(cJSON_CreateArray());
}

/* JSON is UTF-8 (RFC 8259): a path may not be, and its broken bytes become U+FFFD. */
static cJSON *text_item(const char *text) {
    static const char replacement[] = "\xEF\xBF\xBD";
    if (text == NULL)
        return made(cJSON_CreateNull());
    char *clean = allocate(strlen(text) * strlen(replacement) + 1, 1);
    char *end = clean;
    for (struct glyph glyph = next_glyph(text); glyph.bytes > 0; glyph = next_glyph(text)) {
        bool broken = !glyph.visible && glyph.code == 0;
        size_t bytes = broken ? strlen(replacement) : glyph.bytes;
        memcpy(end, broken ? replacement : text, bytes);
        end += bytes;
        text += glyph.bytes;
    }
    *end = '\0';
    cJSON *item = made(cJSON_CreateString(clean));
    free(clean);
    return item;
}

void json_add(cJSON *object, const char *name, cJSON *item) {
    if (!cJSON_AddItemToObject(object, name, item))
        out_of_memory();
}

void json_append(cJSON *array, cJSON *item) {
    if (!cJSON_AddItemToArray(array, item))
        out_of_memory();
}

void json_text(cJSON *object, const char *name, const char *text) {
    json_add(object, name, text_item(text));
}

void json_append_text(cJSON *array, const char *text) {
    json_append(array, text_item(text));
}

void json_number(cJSON *object, const char *name, size_t number) {
    json_add(object, name, made(cJSON_CreateNumber((double)number)));
}

void json_bool(cJSON *object, const char *name, bool value) {
    json_add(object, name, made(cJSON_CreateBool(value)));
}

void json_print(FILE *stream, cJSON *item) {
    char *text = cJSON_PrintUnformatted(item);
    if (text == NULL)
        out_of_memory();
    fputs(text, stream);
    cJSON_free(text);
    cJSON_Delete(item);
}

void json_print_text(FILE *stream, const char *text) {
    json_print(stream, text_item(text));
}

struct json_rows json_rows_begin(FILE *stream) {
    putc('[', stream);
    return (struct json_rows){stream, 0};
}

void json_row(struct json_rows *rows, cJSON *item) {
    fputs(rows->count++ == 0 ? "\n  " : ",\n  ", rows->stream);
    json_print(rows->stream, item);
}

void json_rows_end(struct json_rows *rows) {
    fputs(rows->count == 0 ? "]" : "\n]", rows->stream);
}
