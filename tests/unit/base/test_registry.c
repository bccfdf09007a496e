/*
 * Backends that are registered: the built-in ones pass every check, and each way in which a record
 * can be wrong is told in its own words.
 */
#include <stdio.h>
#include <string.h>

#include "registry.h"
#include "unit.h"

static void nothing(flowrules_output *out) {
    (void)out;
}

static void no_rule(flowrules_output *out, const struct flowrules_rule *rule) {
    (void)out;
    (void)rule;
}

/* A sound record, and the tables in it, for a test to spoil. */
struct sample {
    struct flowrules_format formats[3];
    struct flowrules_setting settings[3];
    struct flowrules_limit limits[2];
    struct flowrules_backend backend;
};

static void make_sample(struct sample *s) {
    *s = (struct sample){
        .formats =
            {{.name = "text", .help = "a text", .begin = nothing, .rule = no_rule, .end = nothing}},
        .settings = {{.key = "zone", .type = "name", .help = "a zone"}},
        .limits = {{.name = "rules", .value = 9, .source = "the vendor's page"}},
        .backend = {.abi = FLOWRULES_BACKEND_ABI,
                    .name = "sample",
                    .title = "A sample",
                    .description = "For tests",
                    .capabilities = {.families = FLOWRULES_BOTH_FAMILIES}}};
    s->backend.formats = s->formats;
    s->backend.settings = s->settings;
    s->backend.limits = s->limits;
}

/* Registers a sample after it was spoilt; the message must be this one, or none where it is NULL.
 */
static void expect(void (*spoil)(struct sample *sample), const char *message) {
    static struct sample sample; /* outlives the context */
    flowrules_context *context;
    make_sample(&sample);
    spoil(&sample);
    if (flowrules_context_new(&context) != FLOWRULES_OK)
        CU_FAIL_FATAL("no context");
    size_t before = flowrules_backend_count(context);
    flowrules_status status = flowrules_backend_register(context, &sample.backend);
    const char *told = flowrules_diagnostic_message(context, 0);
    CU_ASSERT_EQUAL(status, message == NULL ? FLOWRULES_OK : FLOWRULES_USAGE);
    CU_ASSERT_EQUAL(flowrules_backend_count(context), before + (message == NULL));
    if (message != NULL && told != NULL && strcmp(told, message) != 0)
        printf("\n    expected: %s\n    told:     %s\n", message, told);
    CU_ASSERT_TRUE(message == NULL ? told == NULL : told != NULL && strcmp(told, message) == 0);
    flowrules_context_free(context);
}

#define SPOIL(name, change)                                                                        \
    static void name(struct sample *s) {                                                           \
        change;                                                                                    \
    }

SPOIL(nothing_wrong, (void)s)
SPOIL(other_abi, s->backend.abi = 7)
SPOIL(no_name, s->backend.name = NULL)
SPOIL(capital_name, s->backend.name = "Sample")
SPOIL(option_name, s->backend.name = "-t")
SPOIL(any_name, s->backend.name = "any")
SPOIL(taken_name, s->backend.name = "nftables")
SPOIL(no_title, s->backend.title = "")
SPOIL(unknown_bindings, s->backend.bindings_of = "no body")
SPOIL(no_family, s->backend.capabilities.families = 0)
SPOIL(odd_placement, s->backend.capabilities.placement = (enum flowrules_placement)9)
SPOIL(odd_evaluation, s->backend.capabilities.evaluation = (enum flowrules_evaluation)9)
SPOIL(wildcards_alone, s->backend.capabilities.wildcards = FLOWRULES_WILDCARDS_BELOW)
SPOIL(one_family_mixed, s->backend.capabilities.families = 1;
      s->backend.capabilities.mixed_families = true)
SPOIL(groups_alone, s->backend.capabilities.groups = true)
SPOIL(no_hook, s->backend.capabilities.placement = FLOWRULES_BY_HOOK)
SPOIL(no_format, s->backend.formats = NULL)
SPOIL(empty_formats, s->formats[0].name = NULL)
SPOIL(odd_format, s->formats[0].name = "a text")
SPOIL(same_format, s->formats[1] = s->formats[0])
SPOIL(no_rule_function, s->formats[0].rule = NULL)
SPOIL(no_groups, s->backend.capabilities.lookup = true)
SPOIL(no_format_help, s->formats[0].help = NULL)
SPOIL(common_setting, s->settings[0].key = "protects")
SPOIL(same_setting, s->settings[1] = s->settings[0])
SPOIL(odd_type, s->settings[0].type = "integer 5")
SPOIL(turned_type, s->settings[0].type = "integer 5 1")
SPOIL(unknown_type, s->settings[0].type = "texts")
SPOIL(odd_default, s->settings[0].fallback = "-")
SPOIL(no_setting_help, s->settings[0].help = NULL)
SPOIL(no_source, s->limits[0].source = NULL)

static void records_that_are_wrong(void) {
    expect(nothing_wrong, NULL);
    expect(other_abi,
           "the backend was built for version 7 of the interface, but this library has version 5");
    expect(no_name, "'' is not a valid name for a backend");
    expect(capital_name, "'Sample' is not a valid name for a backend");
    expect(option_name, "'-t' is not a valid name for a backend");
    expect(any_name, "backend 'any': its name means something else in a policy");
    expect(taken_name, "there is a backend 'nftables' already");
    expect(no_title, "backend 'sample': it has no title, or no description");
    expect(unknown_bindings,
           "backend 'sample': bindings_of 'no body' is not a valid name for a backend");
    expect(no_format, "backend 'sample': it has no format");
    expect(empty_formats, "backend 'sample': it has no format");
    expect(odd_format, "backend 'sample': format 'a text' has an invalid name");
    expect(same_format, "backend 'sample': format 'text' is there twice");
    expect(no_rule_function, "backend 'sample': format 'text' lacks a function");
    expect(no_groups, "backend 'sample': format 'text' lacks a function");
    expect(no_format_help, "backend 'sample': format 'text' has no help");
}

static void capabilities_that_are_wrong(void) {
    expect(no_family, "backend 'sample': the capability 'families' is not a set of families");
    expect(odd_placement,
           "backend 'sample': the capability 'placement' is not a value of its enumeration");
    expect(odd_evaluation,
           "backend 'sample': the capability 'evaluation' is not a value of its enumeration");
    expect(wildcards_alone, "backend 'sample': the capability 'wildcards' needs names");
    expect(one_family_mixed,
           "backend 'sample': the capability 'mixed_families' needs both families");
    expect(groups_alone, "backend 'sample': the capability 'groups' needs bindings, so that "
                         "networks can name their groups");
    expect(no_hook, "backend 'sample': the capability 'FLOWRULES_BY_HOOK' needs the setting hook, "
                    "a choice host|forward");
}

static void tables_that_are_wrong(void) {
    expect(common_setting, "backend 'sample': setting 'protects' is a key that every target has");
    expect(same_setting, "backend 'sample': setting 'zone' is there twice");
    expect(odd_type, "backend 'sample': setting 'zone' has an unknown type");
    expect(turned_type, "backend 'sample': setting 'zone' has an unknown type");
    expect(unknown_type, "backend 'sample': setting 'zone' has an unknown type");
    expect(odd_default, "backend 'sample': setting 'zone' does not take its own default");
    expect(no_setting_help, "backend 'sample': setting 'zone' has no help");
    expect(no_source, "backend 'sample': limit 'rules' has no source");
}

/* The list is emptied, and each of them registered as if it came from outside. */
static void built_in_backends_are_sound(void) {
    flowrules_context *full, *context;
    if (flowrules_context_new(&full) != FLOWRULES_OK)
        CU_FAIL_FATAL("no context");
    if (flowrules_context_new(&context) == FLOWRULES_OK) {
        context->backends.count = 0;
        for (size_t i = 0; i < full->backends.count; i++) {
            const struct flowrules_backend *backend =
                *fr_vec_at(&full->backends, const struct flowrules_backend *, i);
            bool sound = fr_registry_check(context, backend);
            const char *told = flowrules_diagnostic_message(context, 0);
            if (told != NULL)
                printf("\n    %s\n", told);
            CU_ASSERT_TRUE(sound);
            flowrules_diagnostics_clear(context);
            const struct flowrules_backend **slot = fr_vec_push(&context->backends);
            CU_ASSERT_PTR_NOT_NULL_FATAL(slot);
            *slot = backend;
        }
        CU_ASSERT(context->backends.count > 5);
        flowrules_context_free(context);
    }
    flowrules_context_free(full);
}

static void a_missing_record(void) {
    flowrules_context *context;
    if (flowrules_context_new(&context) != FLOWRULES_OK)
        CU_FAIL_FATAL("no context");
    CU_ASSERT_EQUAL(flowrules_backend_register(context, NULL), FLOWRULES_USAGE);
    CU_ASSERT_STRING_EQUAL(flowrules_diagnostic_message(context, 0),
                           "the record of the backend is missing");
    flowrules_context_free(context);
}

UNIT_SUITE(registry) {
    static const struct unit_test tests[] = {
        {"built-in backends are sound", built_in_backends_are_sound},
        {"records that are wrong", records_that_are_wrong},
        {"capabilities that are wrong", capabilities_that_are_wrong},
        {"tables that are wrong", tables_that_are_wrong},
        {"a missing record", a_missing_record},
        {NULL, NULL}};
    unit_suite("registry", tests);
}
