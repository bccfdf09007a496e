/*
 * XML while libxml2 runs out of memory: whichever of its allocations fails, a document is read
 * whole or not at all, and nothing is printed. Its allocator belongs to the whole process, and is
 * put back.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libxml/parser.h>

#include "flowrules/flowrules.h"
#include "unit.h"

enum { TRIES_MAX = 5000 };
enum { SINGLE, ONWARDS };

static struct {
    size_t count, failing; /* the failing one, from 1; 0: none */
    int way;               /* it fails alone, or all from there on do */
    size_t failed;
} memory;

static int fails(void) {
    memory.count++;
    bool now = memory.failing != 0 && (memory.way == SINGLE ? memory.count == memory.failing
                                                            : memory.count >= memory.failing);
    memory.failed += now ? 1 : 0;
    return now;
}

static void *get(size_t size) {
    return fails() ? NULL : malloc(size);
}

static void *resize(void *block, size_t size) {
    return fails() ? NULL : realloc(block, size);
}

static char *copy(const char *text) {
    size_t size = strlen(text) + 1;
    char *block = get(size);
    return block == NULL ? NULL : memcpy(block, text, size);
}

/* A configuration with whatever XML has: references, sections, comments, names in two places. */
static const char head[] =
    "<?xml version=\"1.0\" encoding=\"%s\"?>\n<!-- of a firewall -->\n"
    "<config version=\"10.1.0\" urldb='paloalto &amp; others'>"
    "<devices><entry name=\"localhost.localdomain\"><vsys><entry name=\"vsys1\"><address>"
    "<entry name=\"web\"><ip-netmask>192.0.2.0/24</ip-netmask></entry></address><service>"
    "<entry name=\"https\"><protocol><tcp><port>44<!-- -->3</port></tcp></protocol></entry>"
    "</service><rulebase><security><rules>";
static const char rule[] =
    "<entry name=\"rule &#65;%d\" uuid='a&lt;b'><from><member>a</member></from>"
    "<to><member>b</member></to><source><member>any</member></source>"
    "<destination><member>web</member></destination><application><member><![CDATA[any]]></member>"
    "</application><service><member>htt<?x y?>ps</member></service><action>%s</action>"
    "<description>R&amp;D &#x20AC; \xC3\xA9t\xC3\xA9 %s</description></entry>\n";
static const char tail[] = "</rules></security></rulebase></entry></vsys></entry></devices>"
                           "</config>\n";

static char document[200000];

static void write_document(const char *encoding) {
    char long_text[3000];
    memset(long_text, 'x', sizeof long_text);
    long_text[sizeof long_text - 1] = '\0';
    size_t used = (size_t)snprintf(document, sizeof document, head, encoding);
    for (int i = 0; i < 12; i++)
        used += (size_t)snprintf(document + used, sizeof document - used, rule, i,
                                 i == 11 ? "deny" : "allow", i % 4 == 0 ? long_text : "");
    snprintf(document + used, sizeof document - used, "%s", tail);
}

/* What a reading came to: the policy, to be freed, or NULL. */
static char *read_document(flowrules_status *status) {
    flowrules_context *context;
    flowrules_configuration *configuration = NULL;
    flowrules_artifact *artifact = NULL;
    char *text = NULL;
    *status = flowrules_context_new(&context);
    if (*status != FLOWRULES_OK)
        return NULL;
    *status = flowrules_configuration_new(&configuration, context);
    if (*status == FLOWRULES_OK)
        *status =
            flowrules_configuration_add_text(configuration, "a.xml", document, strlen(document));
    if (*status == FLOWRULES_OK)
        *status = flowrules_import(&artifact, context, "paloalto", NULL, configuration);
    if (*status == FLOWRULES_OK) {
        size_t size, used = 0;
        const char *bytes;
        text = calloc(1, flowrules_artifact_file_size(artifact, 0) + 1);
        for (size_t b = 0;
             text != NULL && (bytes = flowrules_artifact_file_block(artifact, 0, b, &size)) != NULL;
             b++, used += size)
            memcpy(text + used, bytes, size);
    }
    flowrules_artifact_free(artifact);
    flowrules_configuration_free(configuration);
    flowrules_context_free(context);
    return text;
}

/* One allocation fails: false where the answer is neither the whole policy nor "no memory". */
static bool fail_one(int way, size_t failing, const char *expected) {
    flowrules_status status;
    memory.count = memory.failed = 0;
    memory.way = way;
    memory.failing = failing;
    char *text = read_document(&status);
    /* Where libxml2 takes its own failure for a mistake of the document, that is an error too. */
    bool right = text != NULL ? strcmp(text, expected) == 0
                              : status == FLOWRULES_NO_MEMORY || status == FLOWRULES_INVALID;
    memory.failing = 0;
    free(text);
    return right;
}

/* Every allocation fails in its turn. */
static void fail_each(const char *encoding, int way) {
    flowrules_status status;
    size_t failing = 1;
    write_document(encoding);
    char *expected = read_document(&status);
    CU_ASSERT_PTR_NOT_NULL_FATAL(expected);
    do {
        CU_ASSERT(fail_one(way, failing, expected));
    } while (memory.failed > 0 && failing++ < TRIES_MAX);
    CU_ASSERT(failing > 20 && failing < TRIES_MAX);
    free(expected);
}

/* Runs it with standard error in a file, which has to stay empty. */
static void run_silently(int way) {
    char path[] = "/tmp/flowrules-xml-XXXXXX";
    int saved = dup(STDERR_FILENO), file = mkstemp(path);
    CU_ASSERT_FATAL(file >= 0 && saved >= 0);
    CU_ASSERT_EQUAL(unlink(path), 0);
    CU_ASSERT(dup2(file, STDERR_FILENO) >= 0);
    fail_each("UTF-8", way);
    fail_each("ISO-8859-1", way);
    CU_ASSERT(dup2(saved, STDERR_FILENO) >= 0);
    CU_ASSERT_EQUAL(lseek(file, 0, SEEK_END), 0);
    CU_ASSERT(close(file) == 0 && close(saved) == 0);
}

static void run_with_allocator(int way) {
    xmlFreeFunc before_free;
    xmlMallocFunc before_get;
    xmlReallocFunc before_resize;
    xmlStrdupFunc before_copy;
    xmlInitParser();
    CU_ASSERT_EQUAL(xmlMemGet(&before_free, &before_get, &before_resize, &before_copy), 0);
    CU_ASSERT_EQUAL_FATAL(xmlMemSetup(free, get, resize, copy), 0);
    run_silently(way);
    CU_ASSERT_EQUAL(xmlMemSetup(before_free, before_get, before_resize, before_copy), 0);
}

static void one_failure_is_no_short_document(void) {
    run_with_allocator(SINGLE);
}

static void no_memory_is_no_short_document(void) {
    run_with_allocator(ONWARDS);
}

void fr_test_xml(void) {
    static const struct unit_test tests[] = {
        {"one failed allocation makes no short document", one_failure_is_no_short_document},
        {"no memory left makes no short document", no_memory_is_no_short_document},
        {NULL, NULL}};
    unit_suite("xml", tests);
}
