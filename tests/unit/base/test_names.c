/*
 * Names: canonical forms to the edges.
 */
#include "names.h"

#include <stdio.h>
#include <string.h>

#include "context.h"
#include "unit.h"

static struct fr_name_checker *checker;

static void becomes(const char *text, enum fr_name_form form, const char *expected) {
    char name[FR_FQDN_MAX + 3] = "";
    enum fr_name_form got = fr_name_canonical(checker, text, strlen(text), name);
    CU_ASSERT_EQUAL(got, form);
    if (got != form)
        printf("\n    '%s' has form %d, not %d\n", text, (int)got, (int)form);
    if (expected != NULL)
        CU_ASSERT_STRING_EQUAL(name, expected);
}

static void with_checker(void (*test)(void)) {
    flowrules_context *context;
    CU_ASSERT_EQUAL_FATAL(flowrules_context_new(&context), FLOWRULES_OK);
    CU_ASSERT_EQUAL_FATAL(fr_name_checker_new(&checker, context), FLOWRULES_OK);
    test();
    fr_name_checker_free(checker);
    flowrules_context_free(context);
}

static void check_forms(void) {
    becomes("example.com", FR_NAME_OK, "example.com");
    becomes("EXAMPLE.Com.", FR_NAME_OK, "example.com");
    becomes("localhost.", FR_NAME_OK, "localhost");
    becomes("_ldap._tcp.example.com", FR_NAME_OK, "_ldap._tcp.example.com");
    becomes("3com.com", FR_NAME_OK, "3com.com");
    becomes("1.2.3.4a", FR_NAME_OK, "1.2.3.4a");
    becomes("*.Example.com", FR_NAME_WILDCARD, "example.com");
    becomes("*.com", FR_NAME_WILDCARD, "com");
    becomes("", FR_NAME_EMPTY_LABEL, NULL);
    becomes(".", FR_NAME_EMPTY_LABEL, NULL);
    becomes("a..b", FR_NAME_EMPTY_LABEL, NULL);
    becomes(".a", FR_NAME_EMPTY_LABEL, NULL);
    becomes("a..", FR_NAME_EMPTY_LABEL, NULL);
    becomes("-a.b", FR_NAME_HYPHEN, NULL);
    becomes("a-.b", FR_NAME_HYPHEN, NULL);
    becomes("1.2.3.4", FR_NAME_ALL_DIGITS, NULL);
    becomes("a.42", FR_NAME_ALL_DIGITS, NULL);
    becomes("a b.c", FR_NAME_BAD, NULL);
    becomes("a\nb.c", FR_NAME_BAD, NULL);
    becomes("example.com\n", FR_NAME_BAD, NULL);
    becomes("a.b;c", FR_NAME_BAD, NULL);
    becomes("*.", FR_NAME_EMPTY_LABEL, NULL);
    becomes("*", FR_NAME_BAD_WILDCARD, NULL);
    becomes("a.*.b", FR_NAME_BAD_WILDCARD, NULL);
    becomes("*.*.b", FR_NAME_BAD_WILDCARD, NULL);
    becomes("*a.b", FR_NAME_BAD_WILDCARD, NULL);
}

static void check_idna(void) {
    becomes("b\u00fccher.example", FR_NAME_OK, "xn--bcher-kva.example");
    becomes("B\u00dcCHER.Example.", FR_NAME_OK, "xn--bcher-kva.example");
    becomes("bu\u0308cher.example", FR_NAME_OK, "xn--bcher-kva.example"); /* not composed */
    becomes("*.b\u00fccher.example", FR_NAME_WILDCARD, "xn--bcher-kva.example");
    becomes("xn--bcher-kva.example", FR_NAME_OK, "xn--bcher-kva.example");
    becomes("stra\u00dfe.example", FR_NAME_OK, "xn--strae-oqa.example"); /* non-transitional */
    becomes("\u4f8b\u5b50.example", FR_NAME_OK, "xn--fsqu00a.example");
    becomes("\uff11.\uff12.\uff13.\uff14", FR_NAME_ALL_DIGITS,
            NULL); /* full-width digits: an address */
    becomes("a\u2028b.example", FR_NAME_BAD_IDNA, NULL);
    becomes("a\u202eb.example", FR_NAME_BAD_IDNA, NULL); /* right-to-left override */
}

static void check_lengths(void) {
    char text[600], *end;
    memset(text, 'a', sizeof text);
    snprintf(text + 63, 9, ".example");
    becomes(text, FR_NAME_OK, text);
    memset(text, 'a', sizeof text);
    snprintf(text + 64, 9, ".example");
    becomes(text, FR_NAME_LABEL_TOO_LONG, NULL);
    for (size_t length = 252; length <= 255; length++) {
        memset(text, 'a', sizeof text);
        for (size_t i = 63; i < length; i += 64)
            text[i] = '.';
        text[length] = '\0';
        enum fr_name_form form = length <= 253 ? FR_NAME_OK : FR_NAME_TOO_LONG;
        becomes(text, form, length <= 253 ? text : NULL);
        end = text + length;
        if (end[-1] == '.')
            continue;
        snprintf(end, 2, "."); /* the final dot does not count */
        becomes(text, form, NULL);
    }
    for (size_t length = 251; length <= 252; length++) { /* below a wildcard there must be room */
        memset(text, 'a', sizeof text);
        memcpy(text, "*.", 2);
        for (size_t i = 65; i < length + 2; i += 64)
            text[i] = '.';
        text[length + 2] = '\0';
        becomes(text, length == 251 ? FR_NAME_WILDCARD : FR_NAME_TOO_LONG, NULL);
    }
    memset(text, 'a', sizeof text);
    memcpy(text, "\u00fc", 2);
    text[599] = '\0';
    char name[FR_FQDN_MAX + 3];
    enum fr_name_form form = fr_name_canonical(checker, text, strlen(text), name);
    CU_ASSERT(form == FR_NAME_TOO_LONG || form == FR_NAME_LABEL_TOO_LONG);
}

static void names_become_canonical(void) {
    with_checker(check_forms);
}

static void letters_become_a_labels(void) {
    with_checker(check_idna);
}

static void lengths_are_held(void) {
    with_checker(check_lengths);
}

static void names_are_below(void) {
    CU_ASSERT(fr_name_is_below("a.b.c", "b.c"));
    CU_ASSERT(fr_name_is_below("a.b.c", "c"));
    CU_ASSERT_FALSE(fr_name_is_below("b.c", "b.c"));
    CU_ASSERT_FALSE(fr_name_is_below("ab.c", "b.c"));
    CU_ASSERT_FALSE(fr_name_is_below(".b.c", "b.c"));
    CU_ASSERT_FALSE(fr_name_is_below("c", "b.c"));
}

UNIT_SUITE(names) {
    static const struct unit_test tests[] = {{"names become canonical", names_become_canonical},
                                             {"letters become A-labels", letters_become_a_labels},
                                             {"lengths are held", lengths_are_held},
                                             {"names are below", names_are_below},
                                             {NULL, NULL}};
    unit_suite("names", tests);
}
