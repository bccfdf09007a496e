/*
 * JSON out, by cJSON. Knows how trees are built and printed; not what is in them.
 */
#define _GNU_SOURCE /* fopencookie, which musl has too */
#include "json.h"

#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

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

/* What controls a terminal, or hides itself, stands in strings alone, and is spelled in ASCII. */
static void print_glyph_escaped(FILE *stream, const char *text, const struct glyph *glyph) {
    unsigned code = (unsigned)glyph->code, beyond = code - 0x10000u;
    if (glyph->visible || glyph->bytes < 2)
        fwrite(text, 1, glyph->bytes, stream);
    else if (code < 0x10000u)
        fprintf(stream, "\\u%04x", code);
    else
        fprintf(stream, "\\u%04x\\u%04x", 0xD800u + (beyond >> 10), 0xDC00u + (beyond & 0x3FFu));
}

static void print_text(FILE *stream, const char *text) {
    for (struct glyph glyph = next_glyph(text); glyph.bytes > 0; glyph = next_glyph(text)) {
        print_glyph_escaped(stream, text, &glyph);
        text += glyph.bytes;
    }
}

void json_print(FILE *stream, cJSON *item) {
    char *text = cJSON_PrintUnformatted(item);
    if (text == NULL)
        out_of_memory();
    print_text(stream, text);
    cJSON_free(text);
    cJSON_Delete(item);
}

void json_print_text(FILE *stream, const char *text) {
    json_print(stream, text_item(text));
}

void json_print_part(FILE *stream, const char *text) {
    for (struct glyph glyph = next_glyph(text); glyph.bytes > 0; glyph = next_glyph(text)) {
        if (glyph.bytes == 1 && (unsigned char)*text < 0x20)
            fprintf(stream, "\\u%04x", (unsigned)*text);
        else if (*text == '"' || *text == '\\')
            fprintf(stream, "\\%c", *text);
        else if (!glyph.visible && glyph.code == 0)
            fputs("\xEF\xBF\xBD", stream);
        else
            print_glyph_escaped(stream, text, &glyph);
        text += glyph.bytes;
    }
}

/* open_memstream would lose a byte, and say nothing, where memory runs out. */
static ssize_t keep_bytes(void *user, const char *bytes, size_t size) {
    struct json_answer *answer = user;
    if (size >= answer->capacity - answer->size) {
        size_t capacity = 2 * (answer->size + size) + 1;
        char *text = realloc(answer->text, capacity);
        if (text == NULL)
            return 0;
        answer->text = text;
        answer->capacity = capacity;
    }
    memcpy(answer->text + answer->size, bytes, size);
    answer->size += size;
    answer->text[answer->size] = '\0';
    return (ssize_t)size;
}

void json_answer_begin(struct json_answer *answer) {
    *answer = (struct json_answer){0};
    answer->stream = fopencookie(answer, "w", (cookie_io_functions_t){.write = keep_bytes});
    if (answer->stream == NULL)
        out_of_memory();
}

char *json_answer_take(struct json_answer *answer) {
    bool whole = ferror(answer->stream) == 0;
    if (fclose(answer->stream) != 0 || !whole || answer->text == NULL)
        out_of_memory();
    return answer->text;
}

void json_answer_end(struct json_answer *answer) {
    json_answer_take(answer);
    fwrite(answer->text, 1, answer->size, stdout);
    free(answer->text);
}

void json_answer_drop(struct json_answer *answer) {
    fclose(answer->stream);
    free(answer->text);
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
