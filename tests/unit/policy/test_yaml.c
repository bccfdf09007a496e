/*
 * YAML: what aliases and merge keys come to, and that nothing explodes.
 */
#include "yaml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loading.h"
#include "unit.h"

/* ---- values as a line of text: {key:value,~merged:value,[item,item]}
 * ----------------------------- */

struct trace {
    struct fr_yaml *yaml;
    char text[4096];
    size_t size;
};

static void put(struct trace *t, const char *text) {
    size_t length = strlen(text);
    CU_ASSERT_FATAL(t->size + length < sizeof t->text);
    memcpy(t->text + t->size, text, length + 1);
    t->size += length;
}

static flowrules_status trace_value(struct trace *t, const struct fr_value *value);

static flowrules_status trace_mapping(struct trace *t) {
    struct fr_merges merges = {.count = 0};
    struct fr_value key, value;
    bool more, any = false;
    put(t, "{");
    for (;;) {
        FR_TRY(fr_yaml_key(t->yaml, &merges, &key, &more));
        if (!more)
            break;
        put(t, any ? "," : "");
        put(t, key.merged ? "~" : "");
        put(t, key.text);
        put(t, ":");
        any = true;
        FR_TRY(fr_yaml_next(t->yaml, &value));
        FR_TRY(trace_value(t, &value));
    }
    put(t, "}");
    return FLOWRULES_OK;
}

static flowrules_status trace_sequence(struct trace *t) {
    struct fr_value item;
    bool more, any = false;
    put(t, "[");
    for (;;) {
        FR_TRY(fr_yaml_item(t->yaml, &item, &more));
        if (!more)
            break;
        put(t, any ? "," : "");
        any = true;
        FR_TRY(trace_value(t, &item));
    }
    put(t, "]");
    return FLOWRULES_OK;
}

static flowrules_status trace_value(struct trace *t, const struct fr_value *value) {
    if (value->kind == FR_MAPPING)
        return trace_mapping(t);
    if (value->kind == FR_SEQUENCE)
        return trace_sequence(t);
    CU_ASSERT_EQUAL(value->kind, FR_SCALAR);
    put(t, fr_value_is_null(value) ? "null" : value->text);
    return FLOWRULES_OK;
}

/* Reads a text whole; the trace is what it came to. */
static flowrules_status trace(struct trace *t, flowrules_context *context, const char *text,
                              size_t size) {
    struct fr_input input = {text, size, NULL};
    struct fr_value root;
    t->size = 0;
    t->text[0] = '\0';
    uint32_t file = fr_diagnostics_file(&context->diagnostics, "t.yaml", text, size);
    CU_ASSERT_NOT_EQUAL_FATAL(file, 0);
    CU_ASSERT_EQUAL_FATAL(fr_yaml_open(&t->yaml, context, file, &input), FLOWRULES_OK);
    flowrules_status status = fr_yaml_root(t->yaml, &root);
    if (status == FLOWRULES_OK && root.kind != FR_STREAM_END)
        status = trace_value(t, &root);
    if (status == FLOWRULES_OK && root.kind != FR_STREAM_END)
        status = fr_yaml_finish(t->yaml);
    fr_yaml_close(t->yaml);
    fr_diagnostics_forget(&context->diagnostics, file);
    return status;
}

static void comes_to(const char *text, const char *expected) {
    flowrules_context *context;
    struct trace t;
    CU_ASSERT_EQUAL_FATAL(flowrules_context_new(&context), FLOWRULES_OK);
    CU_ASSERT_EQUAL(trace(&t, context, text, strlen(text)), FLOWRULES_OK);
    CU_ASSERT_STRING_EQUAL(t.text, expected);
    if (strcmp(t.text, expected) != 0)
        printf("\n    %s\n    not %s\n", t.text, expected);
    CU_ASSERT_EQUAL(flowrules_diagnostic_count(context), 0);
    flowrules_context_free(context);
}

static void fails_at(const char *text, size_t size, const char *id, uint32_t line,
                     uint32_t column) {
    flowrules_context *context;
    struct trace t;
    CU_ASSERT_EQUAL_FATAL(flowrules_context_new(&context), FLOWRULES_OK);
    /* What can be read on after an error is. */
    flowrules_status status = trace(&t, context, text, size);
    CU_ASSERT(status == FLOWRULES_INVALID || status == FLOWRULES_OK);
    CU_ASSERT(unit_says(context, 0, id, line, column));
    flowrules_context_free(context);
}

/* ---- tests
 * ------------------------------------------------------------------------------------------ */

static void values_are_read(void) {
    comes_to("a: b\nc: [1, {d: }, []]\ne: {}\n", "{a:b,c:[1,{d:null},[]],e:{}}");
    comes_to("[~, null, Null, NULL, 'null', \"\"]", "[null,null,null,null,null,]");
    comes_to("\xef\xbb\xbf"
             "a: b\n",
             "{a:b}");
    comes_to("a: b\r\nc:\r\n  - d\r\n", "{a:b,c:[d]}");
    comes_to("{\"a\": [1, 2], \"b\": {\"c\": null}}", "{a:[1,2],b:{c:null}}");
    comes_to("a: |\n  x\n  y\n", "{a:x\ny\n}");
}

static void aliases_repeat_values(void) {
    comes_to("x: &a [1, 2]\ny: *a\nz: [*a, *a]", "{x:[1,2],y:[1,2],z:[[1,2],[1,2]]}");
    comes_to("a: &x 1\nb: *x\nc: &x 2\nd: *x", "{a:1,b:1,c:2,d:2}");
    comes_to("a: &x {p: &y q}\nb: &z [*x, *y]\nc: *z", "{a:{p:q},b:[{p:q},q],c:[{p:q},q]}");
    comes_to("&k a: 1\nb: {*k : 2}", "{a:1,b:{a:2}}");
    comes_to("- &a\n- *a", "[null,null]");
    comes_to("&root {a: 1}", "{a:1}");
}

static void merge_keys_merge(void) {
    comes_to("m: &m {p: 1, q: 2}\nn: {<<: *m, q: 3}", "{m:{p:1,q:2},n:{q:3,~p:1,~q:2}}");
    comes_to("m: {<<: {p: 1}, <<: {q: 2}, r: 3}", "{m:{r:3,~p:1,~q:2}}");
    comes_to("a: &a {k: 1}\nb: &b {<<: *a, l: 2}\nc: {<<: [*b, {k: 9}], m: 3}\nd: *b",
             "{a:{k:1},b:{l:2,~k:1},c:{m:3,~l:2,~k:1,~k:9},d:{l:2,~k:1}}");
    comes_to("a: &a [{<<: {p: [1, {q: r}]}, s: t}]\nb: *a",
             "{a:[{s:t,~p:[1,{q:r}]}],b:[{s:t,~p:[1,{q:r}]}]}");
    comes_to("a: &l [{p: 1}, {q: 2}]\nb: {<<: *l}", "{a:[{p:1},{q:2}],b:{~p:1,~q:2}}");
    comes_to("a: {\"<<\": 1}", "{a:{<<:1}}");
    comes_to("a: {<<: []}\nb: 1", "{a:{},b:1}");
    comes_to("a: &e {}\nb: {<<: *e, c: d}", "{a:{},b:{c:d}}");
}

static void errors_have_places(void) {
#define FAILS(text, ...) fails_at(text, sizeof(text) - 1, __VA_ARGS__)
    FAILS("a: *b\n", "FR0107", 1, 4);
    FAILS("a: &b [*b]\n", "FR0108", 1, 8);
    FAILS("a: 1\n---\nb: 2\n", "FR0110", 2, 1);
    FAILS("a: \xff\n", "FR0103", 1, 4);
    FAILS("\xef\xbb\xbf"
          "a: b\nc: \xff\n",
          "FR0103", 2, 4);
    FAILS("a: b\0c\n", "FR0112", 1, 5);
    FAILS("a: \"b\\0c\"\n", "FR0112", 1, 4);
    FAILS("a:\n\tb: c\n", "FR0102", 2, 1);
    FAILS("a: [\n", "FR0101", 2, 1);
    FAILS("a: {<<: [1]}\n", "FR0109", 1, 5);
#undef FAILS
}

static char *repeated(const char *head, const char *part, size_t count) {
    size_t length = strlen(part), used = strlen(head);
    char *text = malloc(used + length * count + 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    memcpy(text, head, used);
    for (size_t i = 0; i < count; i++)
        memcpy(text + used + i * length, part, length);
    text[used + length * count] = '\0';
    return text;
}

/* However deep, it ends at level 33, soon and without using up the stack. */
static void depth_is_bounded(void) {
    static const struct {
        const char *head, *part;
        uint32_t column;
    } deep[] = {{"", "[", 33}, {"", "- ", 65}, {"", "{a: ", 129}, {"x: ", "[", 35}};
    for (size_t i = 0; i < sizeof deep / sizeof deep[0]; i++) {
        char *text = repeated(deep[i].head, deep[i].part, 100000);
        fails_at(text, strlen(text), "FR0105", 1, deep[i].column);
        free(text);
    }
    comes_to("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
             "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]");
}

/* Depth by aliases counts too. */
static void depth_of_aliases_is_bounded(void) {
    char text[2048];
    size_t used = (size_t)snprintf(text, sizeof text, "a0: &a0 []\n");
    for (int i = 1; i < 40; i++)
        used +=
            (size_t)snprintf(text + used, sizeof text - used, "a%d: &a%d [*a%d]\n", i, i, i - 1);
    flowrules_context *context;
    struct trace t;
    CU_ASSERT_EQUAL_FATAL(flowrules_context_new(&context), FLOWRULES_OK);
    CU_ASSERT_EQUAL(trace(&t, context, text, used), FLOWRULES_INVALID);
    CU_ASSERT_STRING_EQUAL(flowrules_diagnostic_id(context, 0), "FR0105");
    flowrules_context_free(context);
}

static void laughs_are_bounded(void) {
    char text[2048];
    for (int merged = 0; merged < 2; merged++) {
        size_t used = (size_t)snprintf(text, sizeof text, "k0: &k0 {x: {}}\n");
        for (int i = 1; i < 12; i++) {
            used += (size_t)snprintf(text + used, sizeof text - used, "k%d: &k%d {", i, i);
            for (int j = 0; j < 8; j++)
                used += (size_t)snprintf(text + used, sizeof text - used,
                                         merged ? "m%d: {<<: *k%d}, " : "m%d: *k%d, ", j, i - 1);
            used += (size_t)snprintf(text + used, sizeof text - used, "}\n");
        }
        struct unit_policy loaded = unit_load(text);
        CU_ASSERT_EQUAL(loaded.status, FLOWRULES_INVALID);
        size_t last = flowrules_diagnostic_count(loaded.context) - 1;
        CU_ASSERT_STRING_EQUAL(flowrules_diagnostic_id(loaded.context, last), "FR0108");
        unit_unload(&loaded);
    }
}

/* A large file of honest merge keys stays within the bounds, and takes no more than n log n. */
static void many_merges_are_read(void) {
    enum { FLOWS = 40000 };
    size_t room = 200 * FLOWS;
    char *text = malloc(room);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    size_t used = (size_t)snprintf(text, room,
                                   "flowrules: 1\n"
                                   "x-base: &base {tags: [a, b, c], owner: me, log: true,\n"
                                   "  purpose: p, ticket: t, protocol: tcp, port: [1, 2, 3]}\n"
                                   "flows: &all\n");
    for (int i = 0; i < FLOWS; i++)
        used += (size_t)snprintf(text + used, room - used,
                                 "- &f%d {name: f%d, source: &s%d any, destination: *s%d, <<: "
                                 "*base}\n",
                                 i, i, i, i);
    struct unit_policy loaded = unit_load(text);
    CU_ASSERT_EQUAL(loaded.status, FLOWRULES_OK);
    CU_ASSERT_EQUAL(flowrules_flow_count(loaded.policy), FLOWS);
    CU_ASSERT_STRING_EQUAL(flowrules_flow_owner(loaded.policy, FLOWS - 1), "me");
    CU_ASSERT_EQUAL(flowrules_flow_tag_count(loaded.policy, FLOWS - 1), 3);
    unit_unload(&loaded);
    free(text);
}

UNIT_SUITE(yaml) {
    static const struct unit_test tests[] = {
        {"values are read", values_are_read},
        {"aliases repeat values", aliases_repeat_values},
        {"merge keys merge", merge_keys_merge},
        {"errors have places", errors_have_places},
        {"depth is bounded", depth_is_bounded},
        {"depth of aliases is bounded", depth_of_aliases_is_bounded},
        {"laughs are bounded", laughs_are_bounded},
        {"many merges are read", many_merges_are_read},
        {NULL, NULL}};
    unit_suite("yaml", tests);
}
