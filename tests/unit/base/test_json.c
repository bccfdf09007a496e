/*
 * JSON: trees in and out; a tree that lacks something is not printed.
 */
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "unit.h"
#include "writer.h"

static void trees_are_read(void) {
    static const char text[] = "{\"b\": [1, 2.5, \"x\\u00e9\"], \"a\": {}, \"n\": null} \n";
    size_t offset = 0;
    double number = 0;
    fr_json *json = fr_json_parse(text, sizeof text - 1, &offset);
    CU_ASSERT_PTR_NOT_NULL_FATAL(json);
    CU_ASSERT(fr_json_is_object(json));
    const fr_json *first = fr_json_first(json);
    CU_ASSERT_STRING_EQUAL(fr_json_name(first), "b");
    CU_ASSERT_STRING_EQUAL(fr_json_name(fr_json_next(first)), "a");
    CU_ASSERT(fr_json_is_array(first));
    const fr_json *item = fr_json_first(first);
    CU_ASSERT(fr_json_number(item, &number) && number == 1);
    CU_ASSERT_PTR_NULL(fr_json_string(item));
    item = fr_json_next(fr_json_next(item));
    CU_ASSERT_STRING_EQUAL(fr_json_string(item), "x\xc3\xa9");
    CU_ASSERT_FALSE(fr_json_number(item, &number));
    CU_ASSERT_PTR_NULL(fr_json_next(item));
    CU_ASSERT_PTR_NOT_NULL(fr_json_member(json, "n"));
    CU_ASSERT_PTR_NULL(fr_json_member(json, "B"));
    CU_ASSERT_PTR_NULL(fr_json_string(fr_json_member(json, "absent")));
    fr_json_free(json);
    fr_json_free(NULL);
}

static void broken_text_is_refused(void) {
    static const struct {
        const char *text;
        size_t offset;
    } broken[] = {{"{\"a\": }", 6}, {"[1, 2", 5}, {"{} x", 2}, {"", 0}};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        size_t offset = SIZE_MAX;
        CU_ASSERT_PTR_NULL(fr_json_parse(broken[i].text, strlen(broken[i].text), &offset));
        CU_ASSERT(offset <= broken[i].offset && offset + 1 >= broken[i].offset);
    }
    /* Depth is limited, so a hostile file can't exhaust the stack. */
    static char deep[100000];
    memset(deep, '[', sizeof deep);
    size_t offset = 0;
    CU_ASSERT_PTR_NULL(fr_json_parse(deep, sizeof deep, &offset));
    CU_ASSERT_NOT_EQUAL(offset, SIZE_MAX);
}

/* What turns the direction of a line, or hides in it, is spelled in ASCII, and read as it was. */
static void unseen_is_spelled(void) {
    static const char text[] = "a\xe2\x80\xae\xf3\xa0\x81\x81 \xc3\xa9\xf0\x9f\x98\x80";
    static const char spelled[] = "\"a\\u202e\\udb40\\udc41 \xc3\xa9\xf0\x9f\x98\x80\"";
    struct flowrules_writer w;
    size_t size = 0, offset = 0;
    fr_writer_init(&w, &fr_default_allocator, false);
    fr_json_write(&w, fr_json_text(text));
    char *written = fr_writer_text(&w, &size);
    CU_ASSERT_PTR_NOT_NULL_FATAL(written);
    CU_ASSERT_STRING_EQUAL(written, spelled);
    fr_json *json = fr_json_parse(written, size, &offset);
    CU_ASSERT_STRING_EQUAL(fr_json_string(json), text);
    fr_json_free(json);
    free(written);
    fr_writer_free(&w);
}

static void trees_are_written(void) {
    struct flowrules_writer w;
    fr_writer_init(&w, &fr_default_allocator, false);
    fr_json *object = fr_json_object(), *array = fr_json_array();
    fr_json_add(array, NULL, fr_json_text("a\"\n"));
    fr_json_add(array, NULL, fr_json_text(NULL));
    fr_json_add_string(object, "name", "x");
    fr_json_add_string(object, "none", NULL);
    fr_json_add_number(object, "count", 100000);
    fr_json_add_bool(object, "yes", true);
    fr_json_add(object, "list", array);
    fr_json_write(&w, object);
    size_t size;
    char *text = fr_writer_text(&w, &size);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    CU_ASSERT_STRING_EQUAL(text, "{\"name\":\"x\",\"none\":null,\"count\":100000,\"yes\":true,"
                                 "\"list\":[\"a\\\"\\n\",null]}");
    fr_free(&fr_default_allocator, text);
    fr_writer_free(&w);
}

/* A member that could not be made fails the writer, however deep it stands. */
static void what_is_missing_fails_the_print(void) {
    struct flowrules_writer w;
    fr_writer_init(&w, &fr_default_allocator, false);
    fr_json *object = fr_json_object(), *inner = fr_json_object();
    fr_json_add(inner, "lost", NULL);
    fr_json_add(object, "inner", inner);
    fr_json_add_string(object, "name", "x");
    fr_json_write(&w, object);
    CU_ASSERT(w.failed);
    CU_ASSERT_EQUAL(fr_writer_size(&w), 0);
    w.failed = false;
    fr_json_add_string(NULL, "name", "x");
    fr_json_add_number(NULL, "name", 1);
    fr_json_add_bool(NULL, "name", true);
    fr_json_add(NULL, "name", fr_json_text("x"));
    fr_json_write(&w, NULL);
    CU_ASSERT(w.failed);
    fr_writer_free(&w);
}

static void is_at(const char *text, const fr_json *root, const fr_json *value, const char *what) {
    size_t length, offset = fr_json_place(text, strlen(text), root, value, &length);
    CU_ASSERT_EQUAL(length, strlen(what));
    CU_ASSERT_NSTRING_EQUAL(text + offset, what, strlen(what));
}

static void values_have_places(void) {
    static const char text[] = "\xEF\xBB\xBF {\"a\" : \"] \\\" }\", \"b\\\\\":[ ] , "
                               "\"c\"\t:[-1.5e3,true,[{\"d\": {}}, 7]]}\n";
    size_t offset = 0;
    fr_json *root = fr_json_parse(text, sizeof text - 1, &offset);
    CU_ASSERT_PTR_NOT_NULL_FATAL(root);
    const fr_json *list = fr_json_member(root, "c"), *number = fr_json_first(list);
    const fr_json *inner = fr_json_next(fr_json_next(number)), *object = fr_json_first(inner);
    is_at(text, root, root, "{");
    is_at(text, root, fr_json_first(root), "\"a\"");
    is_at(text, root, fr_json_next(fr_json_first(root)), "\"b\\\\\"");
    is_at(text, root, list, "\"c\"");
    is_at(text, root, number, "-1.5e3");
    is_at(text, root, fr_json_next(number), "true");
    is_at(text, root, inner, "[");
    is_at(text, root, object, "{");
    is_at(text, root, fr_json_first(object), "\"d\"");
    is_at(text, root, fr_json_next(object), "7");
    fr_json_free(root);
}

UNIT_SUITE(json) {
    static const struct unit_test tests[] = {
        {"trees are read", trees_are_read},
        {"broken text is refused", broken_text_is_refused},
        {"values have places", values_have_places},
        {"what hides in text is spelled", unseen_is_spelled},
        {"trees are written", trees_are_written},
        {"what is missing fails the print", what_is_missing_fails_the_print},
        {NULL, NULL}};
    unit_suite("json", tests);
}
