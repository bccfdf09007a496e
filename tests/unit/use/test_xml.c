/*
 * XML while memory runs out: whichever allocation fails, a document is read whole or not at all,
 * and nothing stays allocated.
 */
#include <stdio.h>
#include <string.h>

#include "failing.h"
#include "unit.h"

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

/* The policy that an import writes. */
static char *import_document(flowrules_context *context, const void *about,
                             flowrules_status *status) {
    flowrules_configuration *configuration;
    flowrules_artifact *artifact = NULL;
    char *text = NULL;
    (void)about;
    *status = flowrules_configuration_new(&configuration, context);
    if (*status != FLOWRULES_OK)
        return NULL;
    *status = flowrules_configuration_add_text(configuration, "a.xml", document, strlen(document));
    if (*status == FLOWRULES_OK)
        *status = flowrules_import(&artifact, context, "paloalto", NULL, configuration);
    if (*status == FLOWRULES_OK)
        text = unit_artifact_text(artifact);
    flowrules_artifact_free(artifact);
    flowrules_configuration_free(configuration);
    return text;
}

static void fail_each(enum unit_failing way) {
    write_document("UTF-8");
    unit_fail_each(import_document, NULL, way, 7);
    write_document("ISO-8859-1");
    unit_fail_each(import_document, NULL, way, 7);
}

static void one_failure_is_no_short_document(void) {
    fail_each(UNIT_SINGLE);
}

static void no_memory_is_no_short_document(void) {
    fail_each(UNIT_ONWARDS);
}

UNIT_SUITE(xml) {
    static const struct unit_test tests[] = {
        {"one failed allocation makes no short document", one_failure_is_no_short_document},
        {"no memory left makes no short document", no_memory_is_no_short_document},
        {NULL, NULL}};
    unit_suite("xml", tests);
}
