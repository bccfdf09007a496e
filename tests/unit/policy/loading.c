/*
 * Policies for unit tests.
 */
#include "loading.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"

static struct unit_policy load(const char *text, const char *lock) {
    struct unit_policy loaded = {NULL, NULL, FLOWRULES_OK};
    CU_ASSERT_EQUAL_FATAL(flowrules_context_new(&loaded.context), FLOWRULES_OK);
    CU_ASSERT_EQUAL(flowrules_context_set(loaded.context, "as-of", "2026-11-23"), FLOWRULES_OK);
    CU_ASSERT_EQUAL(flowrules_context_set(loaded.context, "lock", lock), FLOWRULES_OK);
    loaded.status = flowrules_policy_load_text(&loaded.policy, loaded.context, "policy.yaml", text,
                                               strlen(text));
    return loaded;
}

struct unit_policy unit_load(const char *text) {
    return load(text, NULL);
}

struct unit_policy unit_load_locked(const char *text, const char *lock) {
    char path[] = "/tmp/flowrules-lock-XXXXXX";
    int file = mkstemp(path);
    CU_ASSERT_FATAL(file >= 0);
    CU_ASSERT_EQUAL(write(file, lock, strlen(lock)), (ssize_t)strlen(lock));
    CU_ASSERT_EQUAL(close(file), 0);
    struct unit_policy loaded = load(text, path);
    CU_ASSERT_EQUAL(unlink(path), 0);
    return loaded;
}

void unit_unload(struct unit_policy *loaded) {
    flowrules_policy_free(loaded->policy);
    flowrules_context_free(loaded->context);
}

bool unit_says(const flowrules_context *context, size_t index, const char *id, uint32_t line,
               uint32_t column) {
    const char *said = flowrules_diagnostic_id(context, index);
    bool good = said != NULL && strcmp(said, id) == 0 &&
                flowrules_diagnostic_line(context, index) == line &&
                flowrules_diagnostic_column(context, index) == column;
    if (!good)
        printf("\n    message %zu: %u:%u %s %s, not %u:%u %s\n", index,
               flowrules_diagnostic_line(context, index),
               flowrules_diagnostic_column(context, index), said == NULL ? "none" : said,
               said == NULL ? "" : flowrules_diagnostic_message(context, index), line, column, id);
    return good;
}
