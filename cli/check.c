/*
 * flowrules check: is the file sound, and can its targets be rendered? The library tells of what is
 * wrong; here is what is said of a file that can be read.
 */
#include <stdio.h>
#include <string.h>

#include "json.h"
#include "results.h"
#include "text.h"
#include "verbs.h"

static void print_line(const flowrules_policy *policy, const char *path) {
    print_user(stdout, policy_shown(path));
    fputs(": ", stdout);
    print_count(flowrules_flow_count(policy), "flow", ", ");
    print_count(flowrules_network_count(policy), "network", ", ");
    print_count(flowrules_service_count(policy), "service", ", ");
    print_count(flowrules_target_count(policy), "target", ": sound\n");
}

/* ---- as JSON ------------------------------------------------------------------------------- */

static cJSON *flow_item(const flowrules_policy *policy, size_t flow) {
    cJSON *item = json_object();
    cJSON *tags = json_array();
    json_text(item, "name", flowrules_flow_name(policy, flow));
    json_text(item, "action", flowrules_flow_action(policy, flow));
    json_text(item, "purpose", flowrules_flow_purpose(policy, flow));
    json_text(item, "owner", flowrules_flow_owner(policy, flow));
    json_text(item, "ticket", flowrules_flow_ticket(policy, flow));
    json_text(item, "volume", flowrules_flow_volume(policy, flow));
    json_text(item, "frequency", flowrules_flow_frequency(policy, flow));
    json_text(item, "expires", flowrules_flow_expires(policy, flow));
    json_bool(item, "expired", flowrules_flow_expired(policy, flow) != 0);
    for (size_t i = 0; i < flowrules_flow_tag_count(policy, flow); i++)
        json_append_text(tags, flowrules_flow_tag(policy, flow, i));
    json_add(item, "tags", tags);
    return item;
}

/* The names of the formats of a target's backend. */
static cJSON *formats_of(const flowrules_context *context, const char *backend) {
    cJSON *formats = json_array();
    for (size_t i = 0; i < flowrules_backend_count(context); i++) {
        if (strcmp(flowrules_backend_name(context, i), backend) != 0)
            continue;
        size_t count = flowrules_backend_row_count(context, i, FLOWRULES_FORMATS);
        for (size_t row = 0; row < count; row++)
            json_append_text(formats,
                             flowrules_backend_row_name(context, i, FLOWRULES_FORMATS, row));
    }
    return formats;
}

static cJSON *target_item(const flowrules_context *context, const flowrules_policy *policy,
                          size_t target) {
    cJSON *item = json_object();
    json_text(item, "name", flowrules_target_name(policy, target));
    json_text(item, "backend", flowrules_target_backend(policy, target));
    json_add(item, "formats", formats_of(context, flowrules_target_backend(policy, target)));
    return item;
}

static void print_json(const flowrules_context *context, const flowrules_policy *policy,
                       bool sound) {
    struct json_answer answer;
    json_answer_begin(&answer);
    fprintf(answer.stream,
            JSON_ANSWER_BEGIN "\"sound\": %s, \"title\": ", sound ? "true" : "false");
    json_print_text(answer.stream, flowrules_policy_title(policy));
    fputs(", \"flows\": ", answer.stream);
    struct json_rows rows = json_rows_begin(answer.stream);
    for (size_t i = 0; i < flowrules_flow_count(policy); i++)
        json_row(&rows, flow_item(policy, i));
    json_rows_end(&rows);
    fprintf(answer.stream, ",\n\"networks\": %zu, \"services\": %zu, \"targets\": ",
            flowrules_network_count(policy), flowrules_service_count(policy));
    rows = json_rows_begin(answer.stream);
    for (size_t i = 0; i < flowrules_target_count(policy); i++)
        json_row(&rows, target_item(context, policy, i));
    json_rows_end(&rows);
    fputs("}\n", answer.stream);
    json_answer_end(&answer);
}

/* ---- for a format --------------------------------------------------------------------------- */

/* The messages are its results; a sound policy may have warnings. */
static void add_sound(struct results *results) {
    results_passed(results, "the policy is sound");
    if (results->count == 0)
        result_set(&results->verdict, "sound");
}

flowrules_status run_check(struct tool *tool) {
    flowrules_policy *policy;
    const char *path = tool->settings.operands.items[0];
    flowrules_status status = open_policy(&policy, tool, path);
    if (status == FLOWRULES_OK) {
        status = flowrules_check(tool->context, policy);
        tell_diagnostics(tool);
    }
    if (status == FLOWRULES_OK && tool->results != NULL)
        add_sound(tool->results);
    else if (policy != NULL && tool->settings.json)
        print_json(tool->context, policy, status == FLOWRULES_OK);
    else if (status == FLOWRULES_OK)
        print_line(policy, path);
    flowrules_policy_free(policy);
    return status;
}
