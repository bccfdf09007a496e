/*
 * JSON in and out, by cJSON; the only file that sees <cjson/cJSON.h> is json.c.
 */
#ifndef FR_JSON_H
#define FR_JSON_H

#include "flowrules/backend.h"
#include "memory.h"

/* Reading: a tree, owned by who called fr_json_parse. Members come in the order of the text. */
struct cJSON;
typedef struct cJSON fr_json;

/* The tree of a text; NULL when it is not JSON (*error_offset: where) or memory ran out (SIZE_MAX).
 */
fr_json *fr_json_parse(const char *text, size_t size, size_t *error_offset);
void fr_json_free(fr_json *json);
const fr_json *fr_json_member(const fr_json *object, const char *name); /* NULL when absent */
const fr_json *fr_json_first(const fr_json *array_or_object);
const fr_json *fr_json_next(const fr_json *item);
const char *fr_json_name(const fr_json *member);
const char *fr_json_string(const fr_json *value); /* NULL if it is not a string */
bool fr_json_number(const fr_json *value, double *number);
bool fr_json_is_object(const fr_json *value);
bool fr_json_is_array(const fr_json *value);
/*
 * The place of a value of the tree in its text, for a member that of its name: the offset, and the
 * length of the name or value if it is a string or number, else 1.
 */
size_t fr_json_place(const char *text, size_t size, const fr_json *root, const fr_json *value,
                     size_t *length);

/*
 * Writing: small trees are printed one after the other into a writer, so that a long array is never
 * in memory as a whole. A NULL object makes every call a no-op: check once, when you print.
 */
fr_json *fr_json_object(void);
fr_json *fr_json_array(void);
void fr_json_add_string(fr_json *object, const char *name, const char *text); /* NULL text: null */
void fr_json_add_number(fr_json *object, const char *name, double number);
void fr_json_add_bool(fr_json *object, const char *name, bool value);
/* Gives item to object (or, with a NULL name, appends it to an array); frees it when object is
 * NULL. */
void fr_json_add(fr_json *object, const char *name, fr_json *item);
fr_json *fr_json_text(const char *text);
fr_json *fr_json_of_number(double number);
/* Prints without line breaks; out of memory fails the writer. */
void fr_json_print(struct flowrules_writer *writer, const fr_json *json);
/* The same, and frees the tree. */
void fr_json_write(struct flowrules_writer *writer, fr_json *json);
/* The same in lines that are indented, for people. */
void fr_json_write_lines(struct flowrules_writer *writer, fr_json *json);

#endif
