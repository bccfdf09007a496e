/*
 * Memory that runs out at a chosen allocation.
 */
#include "failing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

enum { TRIES_MAX = 60000 };

static struct {
    size_t count, failing; /* the failing one, from 1; 0: none */
    enum unit_failing way;
    size_t failed, live;
    char said[200]; /* the last message */
} memory;

static bool fails(void) {
    memory.count++;
    bool now = memory.failing != 0 && (memory.way == UNIT_SINGLE ? memory.count == memory.failing
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

static char *run(unit_operation *operation, const void *about, size_t failing,
                 flowrules_status *status) {
    flowrules_context *context;
    char *text = NULL;
    memory.count = memory.failed = 0;
    memory.failing = failing;
    *status = flowrules_context_new_with_allocator(&context, resize, NULL);
    if (*status == FLOWRULES_OK) {
        text = operation(context, about, status);
        const char *message =
            flowrules_diagnostic_message(context, flowrules_diagnostic_count(context) - 1);
        snprintf(memory.said, sizeof memory.said, "%s", message == NULL ? "" : message);
        flowrules_context_free(context);
    }
    memory.failing = 0;
    return text;
}

static size_t first_difference(const char *a, const char *b) {
    size_t i = 0;
    while (a[i] != '\0' && a[i] == b[i])
        i++;
    return i;
}

void unit_fail_each(unit_operation *operation, const void *about, enum unit_failing way,
                    size_t stride) {
    flowrules_status status;
    bool right = true;
    size_t failing = 1, step = unit_is_quick() ? stride : 1, done = 0;
    memory.way = way;
    char *expected = run(operation, about, 0, &status);
    CU_ASSERT_PTR_NOT_NULL_FATAL(expected);
    for (; right && failing < TRIES_MAX; failing += step, done++) {
        char *text = run(operation, about, failing, &status);
        right = memory.live == 0 &&
                (text != NULL ? strcmp(text, expected) == 0 : status == FLOWRULES_NO_MEMORY);
        if (!right)
            printf("\n    %s: allocation %zu: status %d, %zu live: %.100s\n",
                   way == UNIT_SINGLE ? "single" : "onwards", failing, (int)status, memory.live,
                   text == NULL ? memory.said : text + first_difference(text, expected));
        free(text);
        if (memory.failed == 0)
            break;
    }
    CU_ASSERT(right);
    CU_ASSERT(done > 20 && failing < TRIES_MAX);
    free(expected);
}

char *unit_artifact_text(const flowrules_artifact *artifact) {
    size_t used = 0, size, total = 1;
    const char *bytes;
    for (size_t f = 0; f < flowrules_artifact_file_count(artifact); f++)
        total += flowrules_artifact_file_size(artifact, f);
    char *text = calloc(1, total);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    for (size_t f = 0; f < flowrules_artifact_file_count(artifact); f++)
        for (size_t b = 0; (bytes = flowrules_artifact_file_block(artifact, f, b, &size)) != NULL;
             b++, used += size)
            memcpy(text + used, bytes, size);
    return text;
}
