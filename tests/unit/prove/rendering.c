/*
 * Renderings for unit tests.
 */
#include "rendering.h"

#include <stdlib.h>
#include <string.h>

#include "unit.h"

char *unit_render(struct unit_policy *loaded, const char *target) {
    flowrules_artifact *artifact;
    size_t used = 0, size, total = 1;
    if (flowrules_render(&artifact, loaded->context, loaded->policy, target) != FLOWRULES_OK)
        return NULL;
    for (size_t f = 0; f < flowrules_artifact_file_count(artifact); f++)
        total += flowrules_artifact_file_size(artifact, f);
    char *text = malloc(total);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    for (size_t f = 0; f < flowrules_artifact_file_count(artifact); f++) {
        const char *bytes;
        for (size_t b = 0; (bytes = flowrules_artifact_file_block(artifact, f, b, &size)) != NULL;
             b++) {
            memcpy(text + used, bytes, size);
            used += size;
        }
    }
    CU_ASSERT_EQUAL(used + 1, total);
    text[used] = '\0';
    flowrules_artifact_free(artifact);
    return text;
}
