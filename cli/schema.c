/*
 * flowrules schema: the JSON Schema of the policy file, as the library makes it, and those of what
 * the verbs answer with --json.
 */
#include <stdio.h>
#include <string.h>

#include "json.h"
#include "verbs.h"

/* ---- what the verbs answer ----------------------------------------------------------------- */

/*
 * Properties, all of them required unless their name ends in '?', as {name: type} in short: text,
 * text? (or null), number, yes (true or false), [type] and {...}; a|b|c is one of these words.
 */
static const struct {
    const char *what, *properties;
} outputs[] = {
    {"check", "sound: yes, title: text?, networks: number, services: number, flows: [{name: text, "
              "action: allow|deny, purpose: text?, owner: text?, ticket: text?, volume: text?, "
              "frequency: text?, expires: text?, expired: yes, tags: [text]}], "
              "targets: [{name: text, backend: text, formats: [text]}]"},
    {"render", "files: [{target: text, file: text, bytes: number}], removed: [{file: text}]"},
    {"explain", "flows: [{flow: text, target: text, fidelity: "
                "exact|native|pinned|widened|narrowed|refused|unresolved|expired|out-of-scope, "
                "reason: text?, baseline: text?, open: text?}]"},
    {"lint", "errors: number, warnings: number, notes: number, accepted: number, findings: "
             "[{id: text, severity: error|warning|note, file: text?, line: number, column: number, "
             "length: number, flow: text?, target: text?, message: text, hint: text?, "
             "reason: text?}]"},
    {"message", "id: text, meaning: text, cause: text, cure: text"},
    {"query",
     "question: text, verdict: allowed|denied|partly|unknown|undecided, reason: text, "
     "flows: [{name: text, action: allow|deny, file: text, line: number}], "
     "targets?: [{target: text, verdict: allowed|denied|partly|unknown|undecided, reason: text, "
     "flows: [{name: text, action: allow|deny, file: text, line: number}]}], "
     "rules: [{target: text, flow: text, file: text, line: number, text: text}]"},
    {"assert", "holds: yes, assertions: [{id: text, kind: never|only|must|zones|matrix, "
               "verdict: holds|broken|unknown|outside, because: text?, file: text, line: number, "
               "findings: [{verdict: broken|unknown, witness: text?, reason: text, names: text?, "
               "zones: text?, flow: text?, file: text?, line: number, enters?: text, "
               "leaves?: text, devices?: [{name: text, file: text?, line: number}]}], more: yes}]"},
    {"usage",
     "target: text, verdict: equal|contains|different|unknown, flows: [{flow: text, state: "
     "used|shared|unused|uncounted, packets: number, bytes?: number, shared: number, "
     "at-least: yes, since: text?, last: text?, last-shared: text?, others: [text], "
     "other-count: number}]"},
    {"report",
     "title: text?, description: text?, file: text?, as-of: text?, matrix: yes, lock: yes, "
     "example-lock: yes, zones: [{name: text, rest: yes, members: [text], except: [text]}], "
     "cells: [{from: number, to: number, services: text?, allows: number, denies: number}], "
     "ends: [{name: text, kind: any|network|address|name|wildcard, description: text?, "
     "members: [text], except: [text], bindings: [text], zones: [number], pins: [number], within: "
     "number?, "
     "outside: yes, unknown: yes}], "
     "targets: [{name: text, backend: text, format: text?, baseline: text?, open: text?, "
     "problem: text?, rendered: yes}], "
     "flows: [{name: text, action: allow|deny, source: [number], destination: [number], "
     "service: text, purpose: text?, owner: text?, ticket: text?, volume: text?, frequency: text?, "
     "tags: [text], expires: text?, days: number?, expired: yes, log: yes, outside: yes, "
     "file: text?, line: number, verdicts: [{fidelity: "
     "exact|native|pinned|widened|narrowed|refused|unresolved|expired|out-of-scope, "
     "reason: number?, rules: [number]}]}], "
     "reasons: [text], files: [{target: number, name: text}], "
     "rules: [{file: number, line: number, text: text}], "
     "assertions: [{id: text, kind: never|only|must|zones|matrix, verdict: holds|broken|unknown, "
     "because: text?, file: text, line: number, findings: [{verdict: broken|unknown, "
     "witness: text?, reason: text, names: text?, zones: text?, flow: text?, file: text?, "
     "line: number}], more: yes}], "
     "findings: [{id: text, severity: error|warning|note, file: text?, line: number, "
     "column: number, length: number, flow: text?, target: text?, message: text, hint: text?, "
     "reason: text?}], "
     "messages: [{severity: error|warning|note, id: text?, target: text?, flow: text?, "
     "message: text, hint: text?}], "
     "pins: [{name: text, addresses: number, seen: text?, days: number?}]"},
#define DEVICES                                                                                    \
    "devices?: [{name: text, passes: yes, flow: text?, file: text?, line?: number, baseline: "     \
    "yes}]"
#define COMPARISON                                                                                 \
    "verdict: equal|contains|different|unknown, differences: [{change: allowed|denied, "           \
    "direction: text, "                                                                            \
    "packets: text, source: text, destination: text, service: text, "                              \
    "enters?: text, leaves?: text, witness: text, "                                                \
    "before: {flow: text?, file: text?, line?: number, baseline: yes, " DEVICES "}, "              \
    "after: {flow: text?, file: text?, line?: number, baseline: yes, " DEVICES "}}], "             \
    "doubts: [{text: text, side: before|after, file: text?, line: number}]"
    {"verify", COMPARISON},
    {"diff", COMPARISON ", flows?: [{change: added|removed|renamed|moved|changed, before: text?, "
                        "after: text?, text: text}], fidelity?: [{target: text, flow: text, "
                        "before: text, after: text, reason: text?}], rules?: [{target: text, "
                        "added: number, removed: number, failed: text?}]"},
    {"resolve", "lock: text, written: yes, names: [{name: text, status: "
                "new|changed|same|kept|failed, reason: text?, ttl: number, cnames: [text], "
                "addresses: [{address: text, state: text}]}]"},
    {"probe", "flows: [{flow: text, action: allow|deny, assertion?: never|only|must|matrix, "
              "probes: [{probe?: "
              "text, host?: text, "
              "port?: number, not-tried?: text, why?: text}]}]"},
    {"targets", "backends: [{name: text, title: text, description: text, "
                "formats: [{name: text, help: text}], "
                "capabilities: [{name: text, value: text, help: text}], "
                "settings: [{name: text, value: text, help: text}], "
                "bindings: [{name: text, value: text, help: text}], "
                "limits: [{name: text, value: text, help: text}]}]"},
    {"help", "verbs: [{name: text, operands: text, summary: text, about: text, examples: text?, "
             "options: [{name: text, letter: text?, argument: text?, help: text, many: yes}]}], "
             "options: [{name: text, letter: text?, argument: text?, help: text, many: yes}], "
             "exits: [{status: number, meaning: text}]"},
    {"diagnostics", "messages: [{severity: error|warning|note, id: text?, file: text?, "
                    "line: number, column: number, length: number, flow: text?, target: text?, "
                    "message: text, hint: text?}]"},
};
#define OUTPUT_COUNT (sizeof(outputs) / sizeof(outputs[0]))

const char *schema_name(const void *user, size_t index) {
    (void)user;
    return index < OUTPUT_COUNT ? outputs[index].what : NULL;
}

static cJSON *read_properties(const char **text);

static cJSON *of_type(const char *type) {
    cJSON *item = json_object();
    json_text(item, "type", type);
    return item;
}

/* "text", "text?", "number", "yes", or words with | between. */
static cJSON *read_word(const char **text) {
    size_t length = strcspn(*text, ",]} ");
    const char *word = *text, *end = word + length;
    *text = end;
    if (memchr(word, '|', length) == NULL) {
        const char *type = word[0] == 't' ? "string" : word[0] == 'n' ? "integer" : "boolean";
        if (end[-1] != '?')
            return of_type(type);
        cJSON *item = json_object(), *types = json_array();
        json_append_text(types, type);
        json_append_text(types, "null");
        json_add(item, "type", types);
        return item;
    }
    cJSON *item = json_object(), *words = json_array();
    for (const char *at = word; at < end; at += strcspn(at, "|") + 1) {
        char one[32];
        snprintf(one, sizeof(one), "%.*s", (int)strcspn(at, "|,]} "), at);
        json_append_text(words, one);
    }
    json_add(item, "enum", words);
    return item;
}

static cJSON *read_type(const char **text) {
    cJSON *item;
    if (**text == '[') {
        ++*text;
        item = of_type("array");
        json_add(item, "items", read_type(text));
        ++*text;
    } else if (**text == '{') {
        ++*text;
        item = read_properties(text);
        ++*text;
    } else {
        item = read_word(text);
    }
    return item;
}

/* Up to the end, or to the brace that closes them. */
static cJSON *read_properties(const char **text) {
    cJSON *item = of_type("object"), *properties = json_object(), *required = json_array();
    while (**text != '\0' && **text != '}') {
        char name[32];
        size_t length = strcspn(*text, ":");
        bool optional = (*text)[length - 1] == '?';
        snprintf(name, sizeof(name), "%.*s", (int)(optional ? length - 1 : length), *text);
        *text += length + strlen(": ");
        if (!optional)
            json_append_text(required, name);
        json_add(properties, name, read_type(text));
        *text += strspn(*text, ", ");
    }
    json_add(item, "required", required);
    json_add(item, "properties", properties);
    return item;
}

static void print_output_schema(const char *what, const char *properties) {
    char title[80];
    cJSON *schema = read_properties(&properties), *version = json_object();
    cJSON *required = cJSON_GetObjectItemCaseSensitive(schema, "required");
    json_number(version, "const", JSON_VERSION);
    json_add(cJSON_GetObjectItemCaseSensitive(schema, "properties"), JSON_VERSION_KEY, version);
    json_append_text(required, JSON_VERSION_KEY);
    snprintf(title, sizeof(title), "What flowrules prints as JSON: %s, version %d", what,
             JSON_VERSION);
    json_text(schema, "$schema", "https://json-schema.org/draft/2020-12/schema");
    json_text(schema, "title", title);
    json_print(stdout, schema);
    putchar('\n');
}

/* ---- the verb ------------------------------------------------------------------------------ */

static flowrules_status print_schema_of(struct tool *tool, const char *what) {
    for (size_t i = 0; i < OUTPUT_COUNT; i++)
        if (strcmp(outputs[i].what, what) == 0) {
            print_output_schema(what, outputs[i].properties);
            return FLOWRULES_OK;
        }
    return tell_usage(
        tool,
        "there is no JSON answer '%s'; it is one of check, render, explain, lint, "
        "message, query, assert, usage, report, verify, diff, resolve, probe, targets, help, "
        "diagnostics",
        what);
}

flowrules_status run_schema(struct tool *tool) {
    const char *schema;
    if (tool->settings.of != NULL)
        return print_schema_of(tool, tool->settings.of);
    flowrules_status status =
        flowrules_schema(&schema, tool->context,
                         tool->settings.asserting  ? FLOWRULES_SCHEMA_ASSERTIONS
                         : tool->settings.included ? FLOWRULES_SCHEMA_INCLUDED
                                                   : FLOWRULES_SCHEMA_POLICY);
    if (status == FLOWRULES_OK)
        fputs(schema, stdout);
    return status;
}
