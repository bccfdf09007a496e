/*
 * What a program gives out is read as it is meant, or refused: each place of 'nft -j' at which
 * something else stands than its schema has, with the message that names what is missing there.
 */
#include <stdio.h>
#include <string.h>

#include <flowrules/flowrules.h>

#include "unit.h"

/* A ruleset with one more object, or with one rule of this expression. */
static const char object[] =
    "{\"nftables\": [{\"table\": {\"family\": \"inet\", \"name\": \"t\"}}, %s]}";
static const char rule[] =
    "{\"nftables\": [{\"chain\": {\"family\": \"inet\", \"table\": \"t\", \"name\": \"c\", "
    "\"type\": "
    "\"filter\", \"hook\": \"input\", \"prio\": 0, \"policy\": \"drop\"}}, {\"rule\": {\"family\": "
    "\"inet\", \"table\": \"t\", \"chain\": \"c\", \"expr\": [%s]}}]}";

#define PORT "{\"payload\": {\"protocol\": \"tcp\", \"field\": \"dport\"}}"
#define SET  "\"family\": \"inet\", \"table\": \"t\", \"name\": \"s\""

static const struct {
    const char *in, *text, *expected;
} cases[] = {
    {object, "7", "an object is expected here"},
    {object, "{}", "an object is expected here"},
    {object, "{\"chain\": {\"name\": \"c\"}}", "the family and name of a table is expected here"},
    {object, "{\"chain\": {\"family\": \"inet\", \"table\": \"t\"}}",
     "the name of a chain is expected here"},
    {object,
     "{\"chain\": {\"family\": \"inet\", \"table\": \"t\", \"name\": \"c\", \"type\": \"filter\", "
     "\"hook\": \"input\", \"prio\": \"soon\"}}",
     "a priority is expected here"},
    {object, "{\"set\": {\"family\": \"inet\", \"table\": \"t\"}}",
     "the name of a set is expected here"},
    {object, "{\"set\": {" SET ", \"type\": \"ipv4_addr\", \"elem\": 7}}",
     "a list of elements is expected here"},
    {object, "{\"set\": {" SET ", \"type\": \"ipv4_addr\", \"elem\": [[]]}}",
     "a value is expected here"},
    {object,
     "{\"set\": {" SET ", \"type\": [\"ipv4_addr\", \"inet_service\"], \"elem\": [\"10.0.0.1\"]}}",
     "as many values as the set has parts is expected here"},
    {object,
     "{\"map\": {" SET ", \"type\": \"inet_service\", \"map\": \"verdict\", \"elem\": [[22]]}}",
     "a key and a verdict is expected here"},
    {object,
     "{\"map\": {" SET ", \"type\": \"inet_service\", \"map\": \"verdict\", \"elem\": "
     "[[22, {\"perhaps\": null}]]}}",
     "a verdict is expected here"},
    {rule, "7", "a statement is expected here"},
    {rule, "{\"match\": {\"op\": \"==\", \"left\": " PORT "}}",
     "a match with op, left and right is expected here"},
    {rule, "{\"match\": {\"op\": \"~\", \"left\": " PORT ", \"right\": 22}}",
     "a match with op, left and right is expected here"},
    {rule, "{\"match\": {\"op\": \"==\", \"left\": " PORT ", \"right\": {}}}",
     "a value is expected here"},
    {rule, "{\"jump\": {}}", "the name of a chain is expected here"},
};

/* The status of reading a text, and its first message. */
static flowrules_status read_text(const char *text, char *message, size_t size) {
    flowrules_context *context;
    flowrules_configuration *configuration;
    flowrules_meaning *meaning = NULL;
    CU_ASSERT_EQUAL_FATAL(flowrules_context_new(&context), FLOWRULES_OK);
    flowrules_status status = flowrules_configuration_new(&configuration, context);
    if (status == FLOWRULES_OK)
        status = flowrules_configuration_add_text(configuration, "a.json", text, strlen(text));
    if (status == FLOWRULES_OK)
        status =
            flowrules_meaning_of_configuration(&meaning, context, "nftables", NULL, configuration);
    const char *told = flowrules_diagnostic_message(context, 0);
    snprintf(message, size, "%s", told == NULL ? "" : told);
    flowrules_meaning_free(meaning);
    flowrules_configuration_free(configuration);
    flowrules_context_free(context);
    return status;
}

static void nothing_malformed_is_taken(void) {
    char text[1000], message[300];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        snprintf(text, sizeof text, cases[i].in, cases[i].text);
        CU_ASSERT_EQUAL(read_text(text, message, sizeof message), FLOWRULES_INVALID);
        CU_ASSERT_STRING_EQUAL(message, cases[i].expected);
        if (strcmp(message, cases[i].expected) != 0)
            fprintf(stderr, "    %s: %s\n", cases[i].text, message);
    }
}

UNIT_SUITE(malformed) {
    static const struct unit_test tests[] = {
        {"no malformed object of 'nft -j' is taken", nothing_malformed_is_taken}, {NULL, NULL}};
    unit_suite("malformed", tests);
}
