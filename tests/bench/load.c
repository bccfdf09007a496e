/*
 * Loads a policy with the library, and does nothing else with it.
 *
 * usage: load FILE
 */
#include <stdio.h>
#include <stdlib.h>

#include "flowrules/flowrules.h"

int main(int argc, char **argv) {
    flowrules_context *context;
    flowrules_policy *policy = NULL;
    if (argc != 2 || flowrules_context_new(&context) != FLOWRULES_OK) {
        fputs("usage: load FILE\n", stderr);
        return 2;
    }
    flowrules_status status = flowrules_policy_load(&policy, context, argv[1]);
    printf("%zu flows\n", status == FLOWRULES_OK ? flowrules_flow_count(policy) : 0);
    flowrules_policy_free(policy);
    flowrules_context_free(context);
    return status == FLOWRULES_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
