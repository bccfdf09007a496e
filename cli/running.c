/*
 * Reads what runs on one device, or on several in a row, for verify and assert.
 */
#include "running.h"

#include <stdlib.h>
#include <string.h>

#include "comparison.h"

bool names_several(const struct tool *tool) {
    const struct text_list *operands = &tool->settings.operands;
    bool several = false;
    for (size_t i = 1; i < operands->count; i++)
        several = several || is_hops(operands->items[i]);
    return several;
}

/* The target of TARGET=FILE, of which the file is left; NULL: the first operand is a file. */
static const char *take_target(struct tool *tool, const flowrules_policy *policy) {
    struct text_list *operands = &tool->settings.operands;
    const char *text = operands->count > 1 ? operands->items[1] : "";
    size_t length = strcspn(text, "=");
    for (size_t i = 0; text[length] != '\0' && i < flowrules_target_count(policy); i++) {
        const char *name = flowrules_target_name(policy, i);
        if (strlen(name) != length || strncmp(name, text, length) != 0)
            continue;
        operands->items[1] = text + length + 1;
        return name;
    }
    return NULL;
}

const char *choose_target(struct tool *tool, const flowrules_policy *policy) {
    const struct text_list *targets = &tool->settings.targets;
    const char *named = targets->count == 0 ? take_target(tool, policy) : NULL;
    if (named != NULL)
        return named;
    if (targets->count == 1)
        return targets->items[0];
    if (targets->count == 0 && flowrules_target_count(policy) == 1)
        return flowrules_target_name(policy, 0);
    tell_usage(tool, targets->count > 1 ? "the files are of one target: give only one -t TARGET"
                                        : "name the target that the files are of, with -t "
                                          "or TARGET=FILE");
    return NULL;
}

flowrules_status read_devices(struct hops *hops, struct tool *tool) {
    const struct text_list *operands = &tool->settings.operands;
    if (tool->settings.targets.count > 0)
        return tell_usage(tool, "'TARGET=FILE & TARGET=FILE' names the targets: leave out -t");
    if (operands->count > 2)
        return tell_usage(tool, "write several targets, with their files, as one operand in "
                                "quotes: 'TARGET=FILE & TARGET=FILE'");
    flowrules_status status = read_hops(hops, tool, operands->items[1], true);
    return status == FLOWRULES_OK ? open_hops(hops, tool) : status;
}

static flowrules_status read_several(struct running *running, struct tool *tool,
                                     const flowrules_policy *policy) {
    struct hops *hops = &running->hops;
    flowrules_status status = read_devices(hops, tool);
    flowrules_meaning **meanings = allocate(hops->count + 1, sizeof(flowrules_meaning *));
    running->targets = allocate(hops->count + 1, sizeof(const char *));
    running->count = hops->count;
    for (size_t i = 0; i < hops->count && status == FLOWRULES_OK; i++) {
        running->targets[i] = hops->items[i].name;
        status = meaning_of_hop(&meanings[i], tool, &hops->items[i], hops->items[i].name, policy);
    }
    if (status == FLOWRULES_OK)
        status = join_hops(&running->meaning, tool, hops, meanings);
    for (size_t i = 0; i < hops->count; i++)
        flowrules_meaning_free(meanings[i]);
    free(meanings);
    return status;
}

static flowrules_status read_one(struct running *running, struct tool *tool,
                                 const flowrules_policy *policy) {
    const struct text_list *operands = &tool->settings.operands;
    const char *target = choose_target(tool, policy);
    if (target == NULL)
        return FLOWRULES_USAGE;
    running->targets = allocate(1, sizeof(const char *));
    running->targets[0] = target;
    running->count = 1;
    flowrules_status status =
        open_configuration(&running->configuration, tool, operands->items + 1, operands->count - 1);
    return status == FLOWRULES_OK
               ? flowrules_meaning_of_configuration(&running->meaning, tool->context, target,
                                                    policy, running->configuration)
               : status;
}

flowrules_status read_running(struct running *running, struct tool *tool,
                              const flowrules_policy *policy) {
    *running = (struct running){.count = 0};
    return (names_several(tool) ? read_several : read_one)(running, tool, policy);
}

void free_running(struct running *running) {
    flowrules_meaning_free(running->meaning);
    flowrules_configuration_free(running->configuration);
    free_hops(&running->hops);
    free(running->targets);
}
