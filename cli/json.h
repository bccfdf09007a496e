/*
 * JSON out, by cJSON: small trees, printed one after the other, so that a long list never stands
 * in memory as a tree. Out of memory ends the tool, and an answer is printed whole or not at all.
 */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include <stdbool.h>
#include <stdio.h>

#include <cjson/cJSON.h>

/*
 * Every answer is an object that says in which version it is. A key that goes, or means something
 * else, makes a new version; one that comes does not. schema.c has the schema of each.
 */
#define JSON_VERSION_KEY  "flowrules-json"
#define JSON_VERSION      1
#define JSON_ANSWER_BEGIN "{\"" JSON_VERSION_KEY "\": 1, "

cJSON *json_object(void);
cJSON *json_answer(void); /* an object with its version */
cJSON *json_array(void);
void json_text(cJSON *object, const char *name, const char *text); /* NULL: null */
void json_number(cJSON *object, const char *name, size_t number);
void json_bool(cJSON *object, const char *name, bool value);
void json_add(cJSON *object, const char *name, cJSON *item); /* takes item */
void json_append(cJSON *array, cJSON *item);                 /* takes item */
void json_append_text(cJSON *array, const char *text);

/* An answer in the making: what goes into its stream is kept until the end, and printed then. */
struct json_answer {
    FILE *stream;
    char *text;
    size_t size, capacity;
};
void json_answer_begin(struct json_answer *answer);
void json_answer_end(struct json_answer *answer);
char *json_answer_take(struct json_answer *answer); /* its text instead, to be freed */
void json_answer_drop(struct json_answer *answer);  /* prints nothing */

/* Prints a tree in one line, without a newline, and frees it. */
void json_print(FILE *stream, cJSON *item);
/* Prints text as a JSON string. */
void json_print_text(FILE *stream, const char *text);
/* Prints text as a part of a JSON string, without its quotes; takes no memory. */
void json_print_part(FILE *stream, const char *text);

/* A list of trees, one in a line: begin, row for each, end (which prints no newline). */
struct json_rows {
    FILE *stream;
    size_t count;
};
struct json_rows json_rows_begin(FILE *stream);
void json_row(struct json_rows *rows, cJSON *item); /* takes item */
void json_rows_end(struct json_rows *rows);

#endif
