/*
 * Findings as SARIF 2.1.0 (https://docs.oasis-open.org/sarif/sarif/v2.1.0/): one run, its rules,
 * its results, and as notifications what kept the tool from its work.
 *
 * GitHub takes 25,000 results of a run, and keeps the 5,000 worst
 * (https://docs.github.com/code-security: SARIF results exceed one or more limits).
 */
#include <stdlib.h>
#include <string.h>

#include "formats.h"
#include "json.h"

#define RESULTS_MOST ((size_t)25000)
#define SCHEMA       "https://json.schemastore.org/sarif-2.1.0.json"

/* The rules that some result has, sorted. */
struct rule_list {
    const char **items;
    size_t count;
};

/* ---- texts --------------------------------------------------------------------------------- */

/*
 * A message of SARIF: braces are placeholders unless doubled (3.11.5), and [text](target) is a
 * link (3.11.6), which a text must not become.
 */
static char *spell(char *end, const char *text) {
    for (; *text != '\0'; text++) {
        *end++ = *text;
        if (*text == '{' || *text == '}')
            *end++ = *text;
        else if (*text == ']' && text[1] == '(')
            *end++ = ' ';
    }
    *end = '\0';
    return end;
}

static cJSON *message_item(const char *text, const char *hint) {
    static const char between[] = "\nhint: ";
    cJSON *item = json_object();
    size_t bytes = strlen(text) + (hint != NULL ? strlen(hint) : 0);
    char *spelled = allocate(2 * bytes + sizeof(between), 1), *end = spell(spelled, text);
    if (hint != NULL)
        spell(spell(end, between), hint);
    json_text(item, "text", spelled);
    free(spelled);
    return item;
}

/* A path as a URI reference (RFC 3986); one that begins with "/" is a whole URI. */
static void json_uri(cJSON *object, const char *path) {
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/";
    char *uri = allocate(3 * strlen(path) + strlen("file://./") + 1, 1);
    char *end = uri + sprintf(uri, "%s", path[0] == '/' ? "file://" : "");
    for (; *path != '\0'; path++)
        if (strchr(plain, *path) != NULL)
            *end++ = *path;
        else
            end += sprintf(end, "%%%02X", (unsigned)(unsigned char)*path);
    json_text(object, "uri", uri);
    free(uri);
}

/* ---- places -------------------------------------------------------------------------------- */

static cJSON *region_item(uint32_t line, uint32_t column, uint32_t length) {
    cJSON *region = json_object();
    json_number(region, "startLine", line);
    if (column > 0)
        json_number(region, "startColumn", column);
    if (column > 0 && length > 0)
        json_number(region, "endColumn", column + length);
    return region;
}

static cJSON *physical_item(const char *path, uint32_t line, uint32_t column, uint32_t length) {
    cJSON *physical = json_object(), *artifact = json_object();
    json_uri(artifact, path);
    if (path[0] != '/')
        json_text(artifact, "uriBaseId", "%SRCROOT%");
    json_add(physical, "artifactLocation", artifact);
    if (line > 0)
        json_add(physical, "region", region_item(line, column, length));
    return physical;
}

static cJSON *logical_items(const struct result *result) {
    cJSON *items = json_array();
    const char *const names[2] = {result->flow, result->target};
    for (size_t i = 0; i < 2; i++) {
        if (names[i] == NULL)
            continue;
        cJSON *item = json_object();
        json_text(item, "name", names[i]);
        json_text(item, "kind", i == 0 ? "flow" : "target");
        json_append(items, item);
    }
    return items;
}

static cJSON *location_items(const struct results *results, const struct result *result) {
    cJSON *items = json_array(), *location = json_object();
    char *path = result_path(results, result);
    json_add(location, "physicalLocation",
             physical_item(path, result->line, result->column, result->length));
    if (result->flow != NULL || result->target != NULL)
        json_add(location, "logicalLocations", logical_items(result));
    json_append(items, location);
    free(path);
    return items;
}

static cJSON *related_items(const struct result *result) {
    cJSON *items = json_array(), *location = json_object();
    char *path = relative_path(result->also_file);
    json_add(location, "physicalLocation", physical_item(path, result->also_line, 0, 0));
    if (result->also != NULL)
        json_add(location, "message", message_item(result->also, NULL));
    json_append(items, location);
    free(path);
    return items;
}

/* ---- rules --------------------------------------------------------------------------------- */

static int by_name(const void *one, const void *other) {
    return strcmp(*(const char *const *)one, *(const char *const *)other);
}

static struct rule_list find_rules(const struct results *results) {
    struct rule_list rules = {allocate(results->count, sizeof(const char *)), 0};
    size_t kept = 0;
    for (size_t i = 0; i < results->count; i++)
        if (strcmp(results->items[i].rule, "tool") != 0)
            rules.items[rules.count++] = results->items[i].rule;
    if (rules.count > 0)
        qsort(rules.items, rules.count, sizeof(const char *), by_name);
    for (size_t i = 0; i < rules.count; i++)
        if (i == 0 || strcmp(rules.items[i], rules.items[kept - 1]) != 0)
            rules.items[kept++] = rules.items[i];
    rules.count = kept;
    return rules;
}

static size_t rule_index(const struct rule_list *rules, const char *rule) {
    const char *const *found =
        bsearch(&rule, rules->items, rules->count, sizeof(const char *), by_name);
    return found != NULL ? (size_t)(found - rules->items) : 0;
}

static void add_text(cJSON *item, const char *name, const char *text) {
    if (text != NULL)
        json_add(item, name, message_item(text, NULL));
}

static cJSON *rule_item(const char *rule) {
    cJSON *item = json_object(), *properties = json_object(), *tags = json_array();
    const char *cause = result_rule_text(rule, FLOWRULES_CAUSE);
    const char *cure = result_rule_text(rule, FLOWRULES_CURE);
    char *help = NULL;
    json_text(item, "id", rule);
    add_text(item, "shortDescription", result_rule_text(rule, FLOWRULES_MEANING));
    add_text(item, "fullDescription", cause);
    result_print(&help, "%s%sSee %s.", cure != NULL ? cure : "", cure != NULL ? " " : "",
                 result_rule_page(rule));
    add_text(item, "help", help);
    json_append_text(tags, "firewall");
    json_append_text(tags, "security");
    json_add(properties, "tags", tags);
    json_add(item, "properties", properties);
    free(help);
    return item;
}

/* ---- results ------------------------------------------------------------------------------- */

static void add_fingerprint(cJSON *item, const struct result *result) {
    struct json_answer text;
    cJSON *fingerprints = json_object();
    json_answer_begin(&text);
    print_fingerprint(text.stream, result);
    char *fingerprint = json_answer_take(&text);
    json_text(fingerprints, "flowrulesFinding/v1", fingerprint);
    json_add(item, "partialFingerprints", fingerprints);
    free(fingerprint);
}

static void add_suppression(cJSON *item, const struct result *result) {
    cJSON *suppressions = json_array(), *suppression = json_object();
    if (result->reason != NULL) {
        json_text(suppression, "kind", "inSource");
        json_text(suppression, "justification", result->reason);
        json_append(suppressions, suppression);
    } else {
        cJSON_Delete(suppression); /* an empty list: this one is not suppressed (3.27.23) */
    }
    json_add(item, "suppressions", suppressions);
}

static void add_properties(cJSON *item, const struct result *result) {
    cJSON *properties = json_object();
    for (size_t i = 0; i < result->property_count; i++)
        json_text(properties, result->properties[i].name, result->properties[i].value);
    json_add(item, "properties", properties);
}

static cJSON *result_item(const struct results *results, const struct result *result,
                          const struct rule_list *rules) {
    cJSON *item = json_object();
    json_text(item, "ruleId", result->rule);
    json_number(item, "ruleIndex", rule_index(rules, result->rule));
    json_text(item, "level", severity_name(result->severity));
    json_add(item, "message", message_item(result->message, result->hint));
    json_add(item, "locations", location_items(results, result));
    if (result->also_file != NULL)
        json_add(item, "relatedLocations", related_items(result));
    add_fingerprint(item, result);
    if (strcmp(results->verb, "lint") == 0)
        add_suppression(item, result);
    if (result->property_count > 0)
        add_properties(item, result);
    return item;
}

/* The worst first, as many as are taken; gives the number of those left out. */
static size_t print_items(FILE *stream, const struct results *results,
                          const struct rule_list *rules) {
    struct json_rows rows = json_rows_begin(stream);
    size_t left_out = 0;
    for (int s = FLOWRULES_ERROR; s >= FLOWRULES_NOTE; s--)
        for (size_t i = 0; i < results->count; i++) {
            const struct result *result = &results->items[i];
            if ((int)result->severity != s || strcmp(result->rule, "tool") == 0)
                continue;
            if (rows.count < RESULTS_MOST)
                json_row(&rows, result_item(results, result, rules));
            else
                left_out++;
        }
    json_rows_end(&rows);
    return left_out;
}

/* ---- the run ------------------------------------------------------------------------------- */

static cJSON *notification_item(flowrules_severity severity, const char *text, const char *hint) {
    cJSON *item = json_object();
    json_text(item, "level", severity_name(severity));
    json_add(item, "message", message_item(text, hint));
    return item;
}

/* How the run ended. A finding, or an error in a policy, is a result of a run that did its work. */
static cJSON *invocation_item(const struct results *results, flowrules_status status,
                              size_t left_out) {
    cJSON *item = json_object(), *notifications = json_array();
    char *text = NULL;
    json_bool(item, "executionSuccessful", status < FLOWRULES_IO && status != FLOWRULES_USAGE);
    json_number(item, "exitCode", (size_t)status);
    for (size_t i = 0; i < results->count; i++) {
        const struct result *result = &results->items[i];
        if (strcmp(result->rule, "tool") == 0)
            json_append(notifications,
                        notification_item(result->severity, result->message, result->hint));
    }
    if (left_out > 0) {
        result_print(&text, "%zu more findings are left out: a run has at most %zu", left_out,
                     RESULTS_MOST);
        json_append(notifications, notification_item(FLOWRULES_WARNING, text, NULL));
        free(text);
    }
    json_add(item, "toolExecutionNotifications", notifications);
    return item;
}

static void print_driver(FILE *stream, const struct rule_list *rules) {
    fprintf(stream,
            "{\"driver\": {\"name\": \"flowrules\", \"version\": \"%s\", "
            "\"semanticVersion\": \"%s\", \"rules\": ",
            flowrules_version(), flowrules_version());
    struct json_rows rows = json_rows_begin(stream);
    for (size_t i = 0; i < rules->count; i++)
        json_row(&rows, rule_item(rules->items[i]));
    json_rows_end(&rows);
    fputs("}}", stream);
}

static void print_properties(FILE *stream, const struct results *results) {
    cJSON *properties = json_object();
    char *verdict = results_verdict(results);
    json_text(properties, "verb", results->verb);
    json_text(properties, "subject", results->subject);
    json_text(properties, "verdict", verdict);
    json_print(stream, properties);
    free(verdict);
}

void format_sarif(FILE *stream, const struct results *results, flowrules_status status) {
    struct rule_list rules = find_rules(results);
    fputs("{\"$schema\": \"" SCHEMA "\", \"version\": \"2.1.0\", \"runs\": [{\n\"tool\": ", stream);
    print_driver(stream, &rules);
    fprintf(stream,
            ",\n\"automationDetails\": {\"id\": \"flowrules-%s/\"}"
            ",\n\"columnKind\": \"unicodeCodePoints\",\n\"results\": ",
            results->verb);
    size_t left_out = print_items(stream, results, &rules);
    fputs(",\n\"invocations\": [", stream);
    json_print(stream, invocation_item(results, status, left_out));
    fputs("],\n\"properties\": ", stream);
    print_properties(stream, results);
    fputs("\n}]}\n", stream);
    free(rules.items);
}
