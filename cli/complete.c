/*
 * flowrules complete: what may come next on a command line, by the tables of verbs.h. Knows what
 * the words stand for by which the tables call operands and arguments: POLICY, TARGET, BACKEND,
 * DIR ...; no verb and no option by name.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"
#include "verbs.h"

/* What is to be completed, and all that is known from the words in front of it. */
struct half_line {
    struct tool *tool;   /* whose context is asked */
    struct tool before;  /* what the words in front say */
    const char *word;    /* as far as it is typed */
    const char *leading; /* what goes before each candidate: "--target=" */
    size_t leading_bytes;
};

static void offer(const struct half_line *line, const char *name, const char *behind,
                  const char *meaning) {
    size_t name_bytes = strlen(name), typed = strlen(line->word);
    size_t compared = typed < name_bytes ? typed : name_bytes;
    if (strncmp(line->word, name, compared) != 0 || typed > name_bytes + strlen(behind) ||
        (typed > name_bytes && strncmp(line->word + name_bytes, behind, typed - name_bytes) != 0))
        return;
    printf("%.*s", (int)line->leading_bytes, line->leading);
    print_user(stdout, name);
    print_user(stdout, behind);
    if (meaning != NULL) { /* its first clause: there is a line for it on the screen */
        char clause[160];
        snprintf(clause, sizeof(clause), "%.*s", (int)strcspn(meaning, ";"), meaning);
        putchar('\t');
        print_user(stdout, clause);
    }
    putchar('\n');
}

/* ---- backends and targets ------------------------------------------------------------------ */

static size_t backend_of_name(const flowrules_context *context, const char *name) {
    size_t count = flowrules_backend_count(context);
    for (size_t i = 0; i < count; i++)
        if (strcmp(flowrules_backend_name(context, i), name) == 0)
            return i;
    return count;
}

/* A name and, once its ':' is typed, the name with each format of its backend. */
static void offer_with_formats(const struct half_line *line, const char *name, size_t backend,
                               const char *meaning) {
    const flowrules_context *context = line->tool->context;
    size_t bytes = strlen(name);
    if (strncmp(line->word, name, bytes) != 0 || line->word[bytes] != ':') {
        offer(line, name, "", meaning);
        return;
    }
    size_t rows = flowrules_backend_row_count(context, backend, FLOWRULES_FORMATS);
    for (size_t row = 0; row < rows; row++) {
        char behind[80];
        snprintf(behind, sizeof(behind), ":%s",
                 flowrules_backend_row_name(context, backend, FLOWRULES_FORMATS, row));
        offer(line, name, behind,
              flowrules_backend_row_help(context, backend, FLOWRULES_FORMATS, row));
    }
}

static void offer_backends(const struct half_line *line) {
    const flowrules_context *context = line->tool->context;
    for (size_t i = 0; i < flowrules_backend_count(context); i++)
        offer_with_formats(line, flowrules_backend_name(context, i), i,
                           flowrules_backend_title(context, i));
}

/* The policy that the line names, if it is one that can be read; to be freed. NULL otherwise. */
static flowrules_policy *named_policy(const struct half_line *line) {
    const struct verb *verb = line->before.verb;
    const struct text_list *operands = &line->before.settings.operands;
    flowrules_policy *policy = NULL;
    if (verb != NULL && strncmp(verb->operands, "POLICY", 6) == 0 && operands->count > 0 &&
        strcmp(operands->items[0], "-") != 0 &&
        flowrules_policy_load(&policy, line->tool->context, operands->items[0]) != FLOWRULES_OK)
        policy = NULL;
    flowrules_diagnostics_clear(line->tool->context); /* what is being typed is not told off */
    return policy;
}

/* The targets of the policy that the line names, and the backends. */
static void offer_targets(const struct half_line *line) {
    const flowrules_context *context = line->tool->context;
    flowrules_policy *policy = named_policy(line);
    for (size_t i = 0; policy != NULL && i < flowrules_target_count(policy); i++)
        offer_with_formats(line, flowrules_target_name(policy, i),
                           backend_of_name(context, flowrules_target_backend(policy, i)),
                           flowrules_target_backend(policy, i));
    flowrules_policy_free(policy);
    offer_backends(line);
}

static void offer_networks(const struct half_line *line) {
    flowrules_policy *policy = named_policy(line);
    for (size_t i = 0; policy != NULL && i < flowrules_network_count(policy); i++)
        offer(line, flowrules_network_name(policy, i), "", NULL);
    flowrules_policy_free(policy);
}

static void offer_flows(const struct half_line *line) {
    flowrules_policy *policy = named_policy(line);
    for (size_t i = 0; policy != NULL && i < flowrules_flow_count(policy); i++)
        if (flowrules_flow_name(policy, i) != NULL)
            offer(line, flowrules_flow_name(policy, i), "", flowrules_flow_purpose(policy, i));
    flowrules_policy_free(policy);
}

static void offer_answers(const struct half_line *line) {
    const char *name;
    for (size_t i = 0; (name = schema_name(NULL, i)) != NULL; i++)
        offer(line, name, "", NULL);
}

/* ---- the other things ---------------------------------------------------------------------- */

static void offer_verbs(const struct half_line *line) {
    const struct grammar *grammar = line->tool->grammar;
    for (size_t i = 0; i < grammar->verb_count; i++)
        offer(line, grammar->verbs[i].name, "", grammar->verbs[i].summary);
}

static void offer_files(const struct half_line *line) {
    (void)line;
    puts(":files");
}

static void offer_folders(const struct half_line *line) {
    (void)line;
    puts(":folders");
}

static void offer_options(const struct half_line *line) {
    const struct option *option;
    for (size_t i = 0; (option = option_at(&line->before, i)) != NULL; i++) {
        char name[40];
        snprintf(name, sizeof(name), "--%s", option->name);
        offer(line, name, "", option->help);
        if (option->letter != 0) {
            snprintf(name, sizeof(name), "-%c", option->letter);
            offer(line, name, "", option->help);
        }
    }
}

static const struct {
    const char *word;
    void (*offer)(const struct half_line *line);
} kinds[] = {
    {"TARGET", offer_targets}, {"BACKEND", offer_backends}, {"VERB", offer_verbs},
    {"POLICY", offer_files},   {"FILE", offer_files},       {"OLD", offer_files},
    {"NEW", offer_files},      {"DIR", offer_folders},      {"NETWORK", offer_networks},
    {"FLOW", offer_flows},     {"ANSWER", offer_answers},
};

/* By a word of the tables, such as "TARGET[:FORMAT]": its capitals say what it is. */
static void offer_kind(const struct half_line *line, const char *word) {
    word += strspn(word, "[");
    size_t bytes = strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (strlen(kinds[i].word) == bytes && strncmp(kinds[i].word, word, bytes) == 0)
            kinds[i].offer(line);
}

/* ---- what stands here ---------------------------------------------------------------------- */

/* Operand number index by the verb's words for them; the last one may be repeated. */
static void offer_operand(const struct half_line *line) {
    const char *word = line->before.verb->operands;
    size_t index = line->before.settings.operands.count;
    if (index >= line->before.verb->operands_most)
        return;
    for (; index > 0; index--) {
        size_t bytes = strcspn(word, " ");
        if (word[bytes] == '\0')
            break;
        word += bytes + 1;
    }
    offer_kind(line, word);
}

static void offer_value(const struct half_line *line, const struct option *option) {
    if (option->choices == NULL) {
        offer_kind(line, option->argument != NULL ? option->argument : "");
        return;
    }
    for (size_t i = 0; option->choices[i] != NULL; i++)
        offer(line, option->choices[i], "", NULL);
}

/* "--option=value": the value is completed, the rest stays. */
static bool offer_joined_value(struct half_line *line) {
    const struct option *option;
    const char *equals = strchr(line->word, '=');
    if (strncmp(line->word, "--", 2) != 0 || equals == NULL)
        return false;
    for (size_t i = 0; (option = option_at(&line->before, i)) != NULL; i++) {
        size_t bytes = strlen(option->name);
        if (strncmp(line->word + 2, option->name, bytes) != 0 || line->word + 2 + bytes != equals)
            continue;
        line->leading = line->word;
        line->leading_bytes = bytes + 3;
        line->word = equals + 1;
        offer_value(line, option);
    }
    return true;
}

flowrules_status run_complete(struct tool *tool) {
    struct half_line line = {.tool = tool, .before.grammar = tool->grammar, .word = ""};
    const struct text_list *operands = &tool->settings.operands;
    size_t count = operands->count > 0 ? operands->count - 1 : 0;
    char **words = allocate(count + 1, sizeof(*words)); /* those in front, and a NULL */
    for (size_t i = 0; i < count; i++)
        words[i] = (char *)operands->items[i];
    if (operands->count > 0)
        line.word = operands->items[count];

    bool ended;
    const struct option *waiting = read_beginning(&line.before, words, &ended);
    line.before.context = tool->context;
    load_plugins(&line.before); /* without them there is less to offer, that is all */
    if (waiting != NULL)
        offer_value(&line, waiting);
    else if (!ended && offer_joined_value(&line))
        ;
    else if (!ended && line.word[0] == '-')
        offer_options(&line);
    else if (line.before.verb == NULL)
        offer_verbs(&line);
    else
        offer_operand(&line);
    free(line.before.settings.targets.items);
    free(line.before.settings.plugins.items);
    free(line.before.settings.sets.items);
    free(line.before.settings.networks.items);
    free(line.before.settings.servers.items);
    free(line.before.settings.flows.items);
    free(line.before.settings.hosts.items);
    free(line.before.settings.labels.items);
    free(line.before.settings.assertions.items);
    free(line.before.settings.operands.items);
    free(words);
    return FLOWRULES_OK;
}
