/*
 * XML while memory runs out: whichever allocation fails, a document is read whole or not at all,
 * and nothing stays allocated.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flowrules/flowrules.h"
#include "unit.h"

enum { TRIES_MAX = 20000 };
enum { SINGLE, ONWARDS };

static struct {
    size_t count, failing; /* the failing one, from 1; 0: none */
    int way;               /* it fails alone, or all from there on do */
    size_t failed, live;
} memory;

static bool fails(void) {
    memory.count++;
    bool now = memory.failing != 0 && (memory.way == SINGLE ? memory.count == memory.failing
                                                            : memory.count >= memory.failing);
    memory.failed += now ? 1 : 0;
    return now;
}

static void *resize(void *user, void *block, size_t size) {
    (void)user;
    if (size == 0) {
        memory.live -= block != NULL;
        free(block);
        return NULL;
    }
    void *moved = fails() ? NULL : realloc(block, size);
    memory.live += block == NULL && moved != NULL;
    return moved;
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
    *status = flowrules_context_new_with_allocator(&context, resize, NULL);
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
    bool right = memory.live == 0 &&
                 (text != NULL ? strcmp(text, expected) == 0 : status == FLOWRULES_NO_MEMORY);
    memory.failing = 0;
    free(text);
    return right;
}

/* Every allocation fails in its turn. */
static void fail_each(const char *encoding, int way) {
    flowrules_status status;
    size_t failing = 1, stride = unit_is_quick() ? 7 : 1, done = 0;
    write_document(encoding);
    memory.failing = 0;
    char *expected = read_document(&status);
    CU_ASSERT_PTR_NOT_NULL_FATAL(expected);
    for (; fail_one(way, failing, expected) && memory.failed > 0 && failing < TRIES_MAX; done++)
        failing += stride;
    CU_ASSERT_EQUAL(memory.failed, 0);
    CU_ASSERT(done > 50 && failing < TRIES_MAX);
    free(expected);
}

static void one_failure_is_no_short_document(void) {
    fail_each("UTF-8", SINGLE);
    fail_each("ISO-8859-1", SINGLE);
}

static void no_memory_is_no_short_document(void) {
    fail_each("UTF-8", ONWARDS);
    fail_each("ISO-8859-1", ONWARDS);
}

UNIT_SUITE(xml) {
    static const struct unit_test tests[] = {
        {"one failed allocation makes no short document", one_failure_is_no_short_document},
        {"no memory left makes no short document", no_memory_is_no_short_document},
        {NULL, NULL}};
    unit_suite("xml", tests);
}
