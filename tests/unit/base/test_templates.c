/*
 * Templates: what is written for the fields and conditions of template.sh, and mistakes that make
 * the writer fail.
 */
#include <string.h>

#include "flowrules/kits/templates.h"
#include "unit.h"
#include "writer.h"

static const struct flowrules_piece pieces[] = {
#include "template.sh.inc"
};

static const struct flowrules_escape escape = {.keep = " ", .replace = '?', .max_bytes = 20};
static const struct flowrules_value head[] = {
    {"TARGET", "web", NULL}, {"TITLE", "all; $(of) it", &escape}, {NULL, NULL, NULL}};
static const struct flowrules_value untitled[] = {
    {"TARGET", NULL, NULL}, {"TITLE", NULL, NULL}, {NULL, NULL, NULL}};

static struct flowrules_writer writer(void) {
    struct flowrules_writer w;
    fr_writer_init(&w, &fr_default_allocator, false);
    return w;
}

/* The template with these values, and a line in the place of its rules. */
static bool becomes(const struct flowrules_value *values, const char *expected) {
    struct flowrules_writer w = writer();
    size_t size = 0;
    const struct flowrules_piece *rest = flowrules_write_template(&w, pieces, values, "RULES");
    flowrules_write(&w, "    echo rule\n");
    rest = flowrules_write_template(&w, rest, NULL, NULL);
    char *text = fr_writer_text(&w, &size);
    bool same = rest == flowrules_template_find(pieces, NULL) && text != NULL &&
                strcmp(text, expected) == 0;
    fr_free(&fr_default_allocator, text);
    fr_writer_free(&w);
    return same;
}

static void fields_and_conditions(void) {
    CU_ASSERT(becomes(head, "#!/bin/sh\n# all? ??of? it\n# Target web; it is said to be web.\n"
                            "main() {\n    echo rule\n}\nmain # @mail, \"two \\ three\"?\n"));
    CU_ASSERT(becomes(untitled, "#!/bin/sh\n# Target ; it is said to be .\n"
                                "main() {\n    echo rule\n}\nmain # @mail, \"two \\ three\"?\n"));
}

/* True if this is a mistake: nothing is returned, and the writer fails. */
static bool fails(const struct flowrules_piece *from, const struct flowrules_value *values,
                  const char *stop) {
    struct flowrules_writer w = writer();
    bool failed = flowrules_write_template(&w, from, values, stop) == NULL && w.failed;
    fr_writer_free(&w);
    return failed;
}

static void mistakes(void) {
    const struct flowrules_value no_title[] = {{"TARGET", "web", NULL}, {NULL, NULL, NULL}};
    const struct flowrules_value no_target[] = {{"TITLE", "web", NULL}, {NULL, NULL, NULL}};
    const struct flowrules_value other[] = {
        {"TARGET", "web", NULL}, {"TITLE", "a", NULL}, {"OTHER", "b", NULL}, {NULL, NULL, NULL}};
    const struct flowrules_value later[] = {
        {"TARGET", "web", NULL}, {"TITLE", "a", NULL}, {"RULES", "b", NULL}, {NULL, NULL, NULL}};
    CU_ASSERT(!fails(pieces, head, "RULES"));
    CU_ASSERT(!fails(pieces, later, NULL));
    CU_ASSERT(fails(pieces, NULL, "RULES"));
    CU_ASSERT(fails(pieces, no_title, "RULES"));
    CU_ASSERT(fails(pieces, no_target, "RULES"));
    CU_ASSERT(fails(pieces, other, "RULES"));
    CU_ASSERT(fails(pieces, later, "RULES")); /* of a field behind the stop */
    CU_ASSERT(fails(pieces, head, NULL));     /* RULES has no value */
    CU_ASSERT(fails(pieces, head, "OTHER"));
    CU_ASSERT(fails(NULL, NULL, NULL));
    const struct flowrules_piece *rules = flowrules_template_find(pieces, "RULES");
    CU_ASSERT(fails(rules + 1, NULL, "RULES"));
    CU_ASSERT(!fails(rules + 1, NULL, NULL));
}

static void readers_find_texts(void) {
    const struct flowrules_piece *rules = flowrules_template_find(pieces, "RULES");
    CU_ASSERT_STRING_EQUAL(rules[-1].text, "main() {\n");
    CU_ASSERT_STRING_EQUAL(rules[1].text, "}\nmain # @mail, \"two \\ three\"?\n");
    CU_ASSERT_STRING_EQUAL(flowrules_template_find(pieces, "TITLE")->text, "# ");
    CU_ASSERT_PTR_NULL(flowrules_template_find(pieces, "OTHER")->text);
}

UNIT_SUITE(templates) {
    static const struct unit_test tests[] = {
        {"fields and conditions of a template", fields_and_conditions},
        {"mistakes with templates", mistakes},
        {"readers find the texts of a template", readers_find_texts},
        {NULL, NULL}};
    unit_suite("templates", tests);
}
