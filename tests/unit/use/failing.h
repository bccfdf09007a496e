/*
 * Memory that runs out at a chosen allocation, for unit tests of whole operations: whichever
 * allocation fails, an operation gives its whole result or FLOWRULES_NO_MEMORY, and nothing stays
 * allocated.
 */
#ifndef FR_TESTS_FAILING_H
#define FR_TESTS_FAILING_H

#include <stddef.h>

#include "flowrules/flowrules.h"

/* One allocation fails, or that and all behind it. */
enum unit_failing { UNIT_SINGLE, UNIT_ONWARDS };

/*
 * An operation in a context whose memory may run out. Sets *status, and returns what it came to as
 * text, to be freed; NULL where the status is not FLOWRULES_OK or FLOWRULES_DIFFERENT.
 */
typedef char *unit_operation(flowrules_context *context, const void *about,
                             flowrules_status *status);

/* Repeats an operation with each allocation failing in its turn; stride: of the quick part. */
void unit_fail_each(unit_operation *operation, const void *about, enum unit_failing way,
                    size_t stride);

/* The bytes of an artifact's files in a row, to be freed. */
char *unit_artifact_text(const flowrules_artifact *artifact);

#endif
