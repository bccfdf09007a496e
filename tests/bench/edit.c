/*
 * Changes a policy in memory flow by flow, and prints "SECONDS KIB STATUS" of one change: the mean
 * CPU time of many, the most memory it had resident, and 0. A third of the changes add a flow, a
 * third replace it by one to another port, a third remove it again; each is compared.
 *
 * usage: edit FILE CHANGES
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "flowrules/flowrules.h"

/* A change of flow number i of the policy's, by a copy of it that is named after it. */
static flowrules_status change(flowrules_edit *edit, unsigned i) {
    char text[300];
    flowrules_comparison *changes;
    unsigned number = i / 3, port = i % 3 == 0 ? 443 : 444;
    flowrules_status status;
    snprintf(text, sizeof text,
             "{name: new-%u, source: 10.%u.%u.0/24, destination: %u.%u.%u.0/28, protocol: tcp, "
             "port: %u}",
             number, number % 250, number / 7 % 250, 11 + number % 112, number * 3 % 256,
             number * 5 % 256, port);
    char name[20];
    snprintf(name, sizeof name, "new-%u", number);
    if (i % 3 == 0)
        status = flowrules_edit_add(&changes, edit, text, strlen(text));
    else if (i % 3 == 1)
        status = flowrules_edit_replace(&changes, edit, name, text, strlen(text));
    else
        status = flowrules_edit_remove(&changes, edit, name);
    flowrules_comparison_free(changes);
    return status == FLOWRULES_DIFFERENT ? FLOWRULES_OK : status;
}

static flowrules_status run(flowrules_context *context, const char *path, unsigned count) {
    flowrules_policy *policy;
    flowrules_edit *edit = NULL;
    struct rusage usage;
    flowrules_status status = flowrules_policy_load(&policy, context, path);
    if (status == FLOWRULES_OK)
        status = flowrules_policy_edit(&edit, context, policy, NULL);
    clock_t begin = clock();
    for (unsigned i = 0; i < count && status == FLOWRULES_OK; i++)
        status = change(edit, i);
    double seconds = (double)(clock() - begin) / CLOCKS_PER_SEC / count;
    flowrules_edit_free(edit);
    flowrules_policy_free(policy);
    getrusage(RUSAGE_SELF, &usage);
    printf("%.7f %ld %d\n", seconds, usage.ru_maxrss, (int)status);
    return status;
}

int main(int argc, char **argv) {
    flowrules_context *context;
    unsigned count = argc == 3 ? (unsigned)strtoul(argv[2], NULL, 10) : 0;
    if (count == 0 || flowrules_context_new(&context) != FLOWRULES_OK) {
        fputs("usage: edit FILE CHANGES\n", stderr);
        return 2;
    }
    flowrules_status status = run(context, argv[1], count);
    flowrules_context_free(context);
    return status == FLOWRULES_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
