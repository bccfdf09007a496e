/*
 * flowrules resolve: asks the DNS for the names that targets pin, and writes the lock file. What is
 * asked and what the answers mean is the library's; here is what is shown and written.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "json.h"
#include "output.h"
#include "place.h"
#include "text.h"
#include "verbs.h"

#define ADDRESSES_SHOWN 8

static const struct {
    const char *word;
    enum style style;
} statuses[] = {{"new", STYLE_GREEN},
                {"changed", STYLE_YELLOW},
                {"same", STYLE_DIM},
                {"kept", STYLE_YELLOW},
                {"failed", STYLE_RED}};
enum { NEW, CHANGED, SAME, KEPT, FAILED, STATUS_COUNT };

struct result {
    flowrules_resolution *resolution;
    const char *path; /* of the lock file, as it was given */
    struct file_place place;
    size_t counts[STATUS_COUNT];
    bool written;
};

static int status_of(const flowrules_resolution *resolution, size_t name) {
    int status = 0;
    while (status + 1 < STATUS_COUNT &&
           strcmp(statuses[status].word, flowrules_resolution_status(resolution, name)) != 0)
        status++;
    return status;
}

/* ---- the lock file ------------------------------------------------------------------------- */

/* Its path, to be freed; NULL, which is told, where there can be none. */
static char *find_lock(struct tool *tool) {
    const char *policy = tool->settings.operands.items[0], *chosen = tool->settings.lock;
    if (chosen != NULL && strcmp(chosen, "none") == 0) {
        tell_usage(tool, "there must be a lock file to write: --lock cannot be 'none' here");
        return NULL;
    }
    if (chosen == NULL && strcmp(policy, "-") == 0) {
        tell_usage(tool, "a policy from standard input needs --lock FILE");
        return NULL;
    }
    return lock_path(policy, chosen);
}

/* A lock file that is named and not there yet is no error: it is what is to be made. */
static flowrules_status expect_lock(struct tool *tool, const char *path) {
    if (tool->settings.lock == NULL || access(path, F_OK) == 0 || errno != ENOENT)
        return FLOWRULES_OK;
    return flowrules_context_set(tool->context, "lock", "none");
}

/* Writes the new text beside the old one, then in its place. */
static flowrules_status write_lock(struct tool *tool, const struct result *result) {
    struct output output = {.target = "lock", .name = result->place.name};
    output.text = flowrules_resolution_lock(result->resolution, &output.bytes);
    return write_held(tool, result->place.folder, result->place.held, &output);
}

/* ---- asking -------------------------------------------------------------------------------- */

static void show_progress(void *user, size_t done, size_t total) {
    size_t step = total / 200 + 1;
    (void)user;
    if (done % step == 0 || done == total)
        fprintf(stderr, "\r%zu of %zu names", done, total);
    if (done == total)
        fputs("\r\033[K", stderr);
    fflush(stderr);
}

static flowrules_status set_options(struct tool *tool) {
    const struct settings *settings = &tool->settings;
    const struct {
        const char *key, *value;
    } options[] = {
        {"timeout", settings->timeout},
        {"tries", settings->tries},
        {"deadline", settings->deadline},
        {"in-flight", settings->in_flight},
        {"keep-days", settings->keep_days},
        {"max-addresses", settings->max_addresses},
        {"merge", settings->merge || settings->keep_days != NULL ? "yes" : NULL},
    };
    flowrules_status status = FLOWRULES_OK;
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
        if (status == FLOWRULES_OK && options[i].value != NULL)
            status = flowrules_context_set(tool->context, options[i].key, options[i].value);
    return status;
}

/* All --server together, with commas. */
static flowrules_status set_servers(struct tool *tool) {
    const struct text_list *servers = &tool->settings.servers;
    size_t size = 1;
    if (servers->count == 0)
        return FLOWRULES_OK;
    for (size_t i = 0; i < servers->count; i++)
        size += strlen(servers->items[i]) + 1;
    char *all = allocate(size, 1);
    for (size_t i = 0; i < servers->count; i++) {
        size_t used = strlen(all);
        snprintf(all + used, size - used, "%s%s", i > 0 ? "," : "", servers->items[i]);
    }
    flowrules_status status = flowrules_context_set(tool->context, "server", all);
    free(all);
    return status;
}

static flowrules_status choose(struct tool *tool, flowrules_resolution *resolution) {
    const struct settings *settings = &tool->settings;
    flowrules_status status = FLOWRULES_OK;
    for (size_t i = 0; i < settings->targets.count; i++)
        status = worse(status, flowrules_resolution_target(resolution, settings->targets.items[i]));
    for (size_t i = 0; i < settings->networks.count; i++)
        status =
            worse(status, flowrules_resolution_network(resolution, settings->networks.items[i]));
    for (size_t i = 1; i < settings->operands.count; i++)
        status = worse(status, flowrules_resolution_name(resolution, settings->operands.items[i]));
    return status;
}

/* The names of --assertions FILE, and with them those of the assertions of the policy. */
static flowrules_status add_assertions(struct tool *tool, const flowrules_policy *policy,
                                       flowrules_resolution *resolution) {
    flowrules_assertions *assertions = NULL;
    if (tool->settings.assertions.count == 0)
        return FLOWRULES_OK;
    flowrules_status status = flowrules_assertions_new(&assertions, tool->context, policy);
    if (status == FLOWRULES_OK)
        status = add_assertion_files(tool, assertions);
    if (status == FLOWRULES_OK)
        status = flowrules_resolution_assertions(resolution, assertions);
    flowrules_assertions_free(assertions);
    return status;
}

static flowrules_status resolve(struct tool *tool, const flowrules_policy *policy,
                                struct result *result) {
    bool shown = isatty(STDERR_FILENO) && !tool->settings.quiet &&
                 tool->settings.diagnostics == DIAGNOSTICS_TEXT;
    flowrules_context_set_progress(tool->context, shown ? show_progress : NULL, NULL);
    flowrules_status status = flowrules_resolution_new(&result->resolution, tool->context, policy);
    if (status == FLOWRULES_OK)
        status = add_assertions(tool, policy, result->resolution);
    if (status == FLOWRULES_OK)
        status = choose(tool, result->resolution);
    if (status == FLOWRULES_OK)
        status = flowrules_resolve(result->resolution);
    tell_diagnostics(tool);
    return status;
}

/* ---- for a person -------------------------------------------------------------------------- */

/* Addresses of one state, each behind a sign; the number printed. */
static size_t print_addresses(const flowrules_resolution *resolution, size_t name,
                              const char *state, const char *sign) {
    size_t printed = 0;
    for (size_t i = 0; i < flowrules_resolution_address_count(resolution, name); i++) {
        if (strcmp(flowrules_resolution_address_state(resolution, name, i), state) != 0)
            continue;
        if (printed++ < ADDRESSES_SHOWN)
            printf(" %s%s", sign, flowrules_resolution_address(resolution, name, i));
    }
    if (printed > ADDRESSES_SHOWN)
        printf(" and %zu more", printed - ADDRESSES_SHOWN);
    return printed;
}

static void print_name(const struct tool *tool, const flowrules_resolution *resolution,
                       size_t name) {
    int status = status_of(resolution, name);
    size_t aliases = flowrules_resolution_alias_count(resolution, name);
    if (status == SAME)
        return;
    style_begin(stdout, tool->colour_out, statuses[status].style);
    printf("%-7s", statuses[status].word);
    style_end(stdout, tool->colour_out, statuses[status].style);
    fputs("  ", stdout);
    print_user(stdout, flowrules_resolution_name_text(resolution, name));
    for (size_t i = 0; i < aliases; i++) {
        fputs(" -> ", stdout);
        print_user(stdout, flowrules_resolution_alias(resolution, name, i));
    }
    if (status == KEPT || status == FAILED) {
        fputs(": ", stdout);
        print_user(stdout, flowrules_resolution_reason(resolution, name));
    } else {
        putchar(':');
        print_addresses(resolution, name, "new", status == NEW ? "" : "+");
        print_addresses(resolution, name, "gone", "-");
    }
    putchar('\n');
}

static void print_result(const struct tool *tool, const struct result *result) {
    size_t count = flowrules_resolution_name_count(result->resolution);
    for (size_t i = 0; i < count; i++)
        print_name(tool, result->resolution, i);
    print_count(count, "name", "");
    for (size_t i = 0, listed = 0; i < STATUS_COUNT; i++)
        if (result->counts[i] > 0)
            printf("%s%zu %s", listed++ == 0 ? ": " : ", ", result->counts[i], statuses[i].word);
    fputs("; ", stdout);
    if (count == 0 && tool->settings.targets.count + tool->settings.networks.count == 0) {
        puts("no target needs the addresses of a name");
        return;
    }
    print_user(stdout, result->path);
    if (tool->settings.check)
        puts(" is not changed");
    else
        puts(result->written ? " is written" : " was not changed");
}

/* ---- as JSON ------------------------------------------------------------------------------- */

static cJSON *name_item(const flowrules_resolution *resolution, size_t name) {
    cJSON *item = json_object(), *addresses = json_array(), *aliases = json_array();
    json_text(item, "name", flowrules_resolution_name_text(resolution, name));
    json_text(item, "status", flowrules_resolution_status(resolution, name));
    json_text(item, "reason", flowrules_resolution_reason(resolution, name));
    json_number(item, "ttl", flowrules_resolution_ttl(resolution, name));
    for (size_t i = 0; i < flowrules_resolution_alias_count(resolution, name); i++)
        json_append_text(aliases, flowrules_resolution_alias(resolution, name, i));
    for (size_t i = 0; i < flowrules_resolution_address_count(resolution, name); i++) {
        cJSON *address = json_object();
        json_text(address, "address", flowrules_resolution_address(resolution, name, i));
        json_text(address, "state", flowrules_resolution_address_state(resolution, name, i));
        json_append(addresses, address);
    }
    json_add(item, "cnames", aliases);
    json_add(item, "addresses", addresses);
    return item;
}

/* Made before anything is written, since there may be no memory for it then. */
static void make_json(struct json_answer *answer, const struct result *result, bool written) {
    json_answer_begin(answer);
    fputs(JSON_ANSWER_BEGIN "\"lock\": ", answer->stream);
    json_print_text(answer->stream, result->path);
    fprintf(answer->stream, ", \"written\": %s, \"names\": ", written ? "true" : "false");
    struct json_rows rows = json_rows_begin(answer->stream);
    for (size_t i = 0; i < flowrules_resolution_name_count(result->resolution); i++)
        json_row(&rows, name_item(result->resolution, i));
    json_rows_end(&rows);
    fputs("}\n", answer->stream);
}

/* ---- the verb ------------------------------------------------------------------------------ */

static void count_statuses(struct result *result) {
    for (size_t i = 0; i < flowrules_resolution_name_count(result->resolution); i++)
        result->counts[status_of(result->resolution, i)]++;
}

/* Writes, or with --check compares; then prints. */
static flowrules_status conclude_resolution(struct tool *tool, struct result *result,
                                            flowrules_status status) {
    flowrules_status written = FLOWRULES_OK;
    struct json_answer answer = {0};
    bool differs = flowrules_resolution_lock_differs(result->resolution) != 0;
    count_statuses(result);
    if (tool->settings.json)
        make_json(&answer, result, differs && !tool->settings.check);
    if (tool->settings.check) {
        if (result->counts[NEW] + result->counts[CHANGED] > 0)
            status = worse(status, FLOWRULES_DIFFERENT);
    } else if (differs) {
        written = write_lock(tool, result);
        result->written = written == FLOWRULES_OK;
    }
    if (tool->settings.json && written == FLOWRULES_OK)
        json_answer_end(&answer);
    else if (tool->settings.json)
        json_answer_drop(&answer);
    else if (written == FLOWRULES_OK)
        print_result(tool, result);
    return worse(status, written);
}

flowrules_status run_resolve(struct tool *tool) {
    struct result result = {.place = {.held = -1}};
    flowrules_policy *policy = NULL;
    char *path = find_lock(tool);
    if (path == NULL)
        return FLOWRULES_USAGE;
    result.path = path;
    flowrules_status status = set_options(tool);
    if (status == FLOWRULES_OK)
        status = set_servers(tool);
    if (status == FLOWRULES_OK)
        status = expect_lock(tool, path);
    if (status == FLOWRULES_OK)
        status = find_place(&result.place, tool, result.path, !tool->settings.check);
    if (status == FLOWRULES_OK)
        status = open_policy(&policy, tool, tool->settings.operands.items[0]);
    else
        tell_diagnostics(tool);
    if (status == FLOWRULES_OK)
        status = resolve(tool, policy, &result);
    if (status == FLOWRULES_OK || status == FLOWRULES_UNRESOLVED)
        status = conclude_resolution(tool, &result, status);
    flowrules_resolution_free(result.resolution);
    flowrules_policy_free(policy);
    leave_place(&result.place);
    free(path);
    return status;
}
