/*
 * The tool: reads the command line, runs a verb, makes sure that all it said has arrived.
 * Knows no verb by name.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "formats.h"
#include "tool.h"
#include "verbs.h"

/*
 * A file opened while a standard stream is closed would take its place, and receive what was
 * meant for it. Here /dev/null takes it; it can't be written through, so that this still fails.
 */
static void keep_streams_apart(void) {
    for (int descriptor = 0; descriptor <= 2; descriptor++)
        if (fcntl(descriptor, F_GETFD) == -1 && errno == EBADF &&
            open("/dev/null", O_RDONLY) != descriptor)
            _Exit(FLOWRULES_IO);
    signal(SIGPIPE, SIG_IGN); /* writing reports these instead */
    signal(SIGXFSZ, SIG_IGN);
}

static bool is_coloured(int colour, FILE *stream) {
    if (colour != COLOUR_AUTO)
        return colour == COLOUR_ALWAYS;
    const char *unwanted = getenv("NO_COLOR"); /* https://no-color.org */
    const char *terminal = getenv("TERM");
    if (unwanted != NULL && unwanted[0] != '\0')
        return false;
    return isatty(fileno(stream)) && terminal != NULL && strcmp(terminal, "dumb") != 0;
}

/* Sets what the command line says of policies. */
static flowrules_status set_up(struct tool *tool) {
    if (flowrules_context_new(&tool->context) != FLOWRULES_OK)
        return FLOWRULES_NO_MEMORY;
    flowrules_status status = set_date(tool);
    if (status == FLOWRULES_OK && tool->settings.lock != NULL)
        status = flowrules_context_set(tool->context, "lock", tool->settings.lock);
    if (status == FLOWRULES_OK && tool->settings.max_age != NULL)
        status = flowrules_context_set(tool->context, "max-age", tool->settings.max_age);
    if (status == FLOWRULES_OK && tool->settings.no_verify)
        status = flowrules_context_set(tool->context, "verify", "no");
    tell_diagnostics(tool);
    return status == FLOWRULES_OK ? load_plugins(tool) : status;
}

/* What a format prints begins with the first operand, a policy. */
static struct results *begin_results(const struct tool *tool) {
    const char *policy = policy_shown(tool->settings.operands.items[0]);
    struct results *results = results_new(tool->verb->name);
    results_about(results, policy, policy);
    return results;
}

/*
 * Prints what there is in a format. A wrong command line has no answer; but its messages are
 * nowhere else, where they are commands too. What is told from here on goes to standard error.
 */
static void end_results(struct tool *tool, flowrules_status status) {
    bool held = tool->settings.result_format == FORMAT_GITHUB && tool->results->count > 0;
    if (status != FLOWRULES_NO_MEMORY && (status != FLOWRULES_USAGE || held))
        print_results(tool, tool->results, status);
    results_free(tool->results);
    tool->results = NULL;
}

static flowrules_status run(struct tool *tool) {
    if (tool->settings.version) {
        printf("flowrules %s\n", flowrules_version());
        return FLOWRULES_OK;
    }
    if (tool->settings.help) {
        print_help(tool);
        return FLOWRULES_OK;
    }
    if (is_rendered(tool))
        tool->results = begin_results(tool);
    flowrules_status status = set_up(tool);
    if (status == FLOWRULES_OK)
        status = tool->verb->run(tool);
    if (tool->results != NULL)
        end_results(tool, status);
    return status;
}

/*
 * Has whoever read standard output closed it ("| head")? Then there is nobody to tell, and the tool
 * ends as others do, by SIGPIPE: a shell sees the status 141.
 */
static void end_if_nobody_reads(void) {
    struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
    if (poll(&out, 1, 0) == 1 && (out.revents & POLLERR) != 0) {
        signal(SIGPIPE, SIG_DFL);
        raise(SIGPIPE);
    }
}

/* The exit status, when all has been said and has arrived. */
static int conclude(struct tool *tool, flowrules_status status) {
    bool failed = fflush(stdout) != 0 || ferror(stdout);
    int reason = errno;
    if (failed)
        end_if_nobody_reads();
    if (fclose(stdout) != 0 && !failed) {
        failed = true;
        reason = errno;
    }
    if (failed) {
        tell_error(tool, "cannot write to standard output: %s", strerror(reason));
        status = FLOWRULES_IO;
    }
    bool silent_failure = status > FLOWRULES_DIFFERENT && !tool->told_an_error;
    if (silent_failure && status != FLOWRULES_NO_MEMORY)
        tell_error(tool, "%s", flowrules_status_name(status));
    tell_gathered(tool);
    if (status == FLOWRULES_NO_MEMORY)
        out_of_memory();
    return (int)status;
}

int main(int argc, char **argv) {
    struct tool tool = {.grammar = &tool_grammar};
    keep_streams_apart();
    /* A message is written by the line, not by the piece; and neither stream needs memory later. */
    static char out[BUFSIZ], err[BUFSIZ];
    setvbuf(stdout, out, isatty(STDOUT_FILENO) ? _IOLBF : _IOFBF, sizeof(out));
    setvbuf(stderr, err, _IOLBF, sizeof(err));
    flowrules_status status = read_arguments(&tool, argc, argv);
    tool.colour_out = is_coloured(tool.settings.colour, stdout);
    tool.colour_err = is_coloured(tool.settings.colour, stderr);
    if (status == FLOWRULES_OK)
        status = choose_format(&tool);
    if (status == FLOWRULES_OK)
        status = run(&tool);
    int end = conclude(&tool, status);
    flowrules_context_free(tool.context);
    struct text_list *lists[] = {&tool.settings.targets,  &tool.settings.operands,
                                 &tool.settings.plugins,  &tool.settings.sets,
                                 &tool.settings.networks, &tool.settings.servers,
                                 &tool.settings.flows,    &tool.settings.hosts,
                                 &tool.settings.labels,   &tool.settings.assertions};
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
        free(lists[i]->items);
    return end;
}
