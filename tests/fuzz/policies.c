/*
 * Two harnesses that know what a policy means. The layout of a text is a text that says the same,
 * has every comment, and does not change when it is laid out again. A policy that is edited flow by
 * flow is the one that is loaded from the edited text, and says of a change what a comparison of
 * the two whole texts says.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

static void need_that(int good, const char *what, const char *text) {
    if (good)
        return;
    fprintf(stderr, "fuzz: %s:\n%s\n", what, text);
    abort();
}

/* ---- what a text says ------------------------------------------------------------------------ */

static flowrules_policy *load(flowrules_context *context, const char *text, size_t size) {
    flowrules_policy *policy;
    flowrules_diagnostics_clear(context);
    flowrules_status status = flowrules_policy_load_text(&policy, context, "fuzz.yaml", text, size);
    return status == FLOWRULES_OK ? policy : NULL;
}

/* Do two policies let the same packets pass? "equal", "different" or "unknown", as diff says. */
static const char *compare(flowrules_context *context, const flowrules_policy *before,
                           const flowrules_policy *after) {
    const flowrules_policy *policies[2] = {before, after};
    flowrules_meaning *meanings[2];
    flowrules_comparison *comparison;
    static const char *const verdicts[] = {"equal", "different", "unknown"};
    size_t found = 2;
    for (size_t i = 0; i < 2; i++)
        if (flowrules_meaning_of_policy(&meanings[i], context, policies[i], NULL) != FLOWRULES_OK)
            abort();
    flowrules_status status = flowrules_compare(&comparison, context, meanings[0], meanings[1]);
    if (status == FLOWRULES_OK || status == FLOWRULES_DIFFERENT)
        for (size_t i = 0; i < 2; i++)
            if (strcmp(flowrules_comparison_verdict(comparison), verdicts[i]) == 0)
                found = i;
    flowrules_comparison_free(comparison);
    flowrules_meaning_free(meanings[0]);
    flowrules_meaning_free(meanings[1]);
    return verdicts[found];
}

/* ---- layout ---------------------------------------------------------------------------------- */

/* What is left of a text without spaces and what quotes take: its bytes, in any order. */
static void count_bytes(const char *text, size_t size, size_t counts[256]) {
    memset(counts, 0, 256 * sizeof counts[0]);
    size_t start = size >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    for (size_t i = start; i < size; i++)
        if (text[i] == '\0' || strchr(" \t\r\n\"'\\", text[i]) == NULL)
            counts[(unsigned char)text[i]]++;
}

/* Is there a line of the text, without its spaces, in which these bytes stand? */
static int has_in_line(const char *text, size_t size, const char *bytes, size_t length) {
    for (const char *at = text; size >= length && at + length <= text + size; at++)
        if (memcmp(at, bytes, length) == 0)
            return 1;
    return 0;
}

/* Each line that is a comment, or looks like one, is there as it was. */
static void need_comments(const char *text, size_t size, const char *made, size_t made_size) {
    for (const char *at = text, *end = text + size; at < end;) {
        const char *stop = at;
        while (stop < end && *stop != '\n' && *stop != '\r')
            stop++;
        while (at < stop && (*at == ' ' || *at == '\t'))
            at++;
        const char *last = stop;
        while (last > at && (last[-1] == ' ' || last[-1] == '\t'))
            last--;
        if (at < last && *at == '#')
            need_that(has_in_line(made, made_size, at, (size_t)(last - at)), "a comment is lost",
                      made);
        at = stop + 1;
    }
}

/* The policy that there was is there, and means what it meant. */
static void need_same_policy(flowrules_context *context, const char *text, size_t size,
                             const char *made, size_t made_size) {
    flowrules_policy *before = load(context, text, size);
    flowrules_policy *after = load(context, made, made_size);
    need_that((before == NULL) == (after == NULL), "only one of the two is a policy", made);
    if (before != NULL)
        need_that(strcmp(compare(context, before, after), "different") != 0 &&
                      flowrules_flow_count(before) == flowrules_flow_count(after) &&
                      flowrules_target_count(before) == flowrules_target_count(after),
                  "it is another policy", made);
    flowrules_policy_free(before);
    flowrules_policy_free(after);
}

void fuzz_layout(const char *argument, const uint8_t *data, size_t size) {
    flowrules_context *context = new_context("none");
    flowrules_layout *layout, *again;
    const char *text = (const char *)data;
    size_t counts[2][256], made_size, again_size;
    (void)argument;
    flowrules_status status = flowrules_layout_new(&layout, context, "fuzz.yaml", text, size);
    read_messages(context);
    if (status == FLOWRULES_OK) {
        const char *made = flowrules_layout_text(layout, &made_size);
        int same = made_size == size && memcmp(made, text, size) == 0;
        need_that(flowrules_layout_differs(layout) == !same, "it does not know if it differs",
                  made);
        count_bytes(text, size, counts[0]);
        count_bytes(made, made_size, counts[1]);
        need_that(memcmp(counts[0], counts[1], sizeof counts[0]) == 0, "something is lost", made);
        need_comments(text, size, made, made_size);
        need(flowrules_layout_new(&again, context, "again.yaml", made, made_size), "once more");
        const char *other = flowrules_layout_text(again, &again_size);
        need_that(flowrules_layout_differs(again) == 0 && again_size == made_size &&
                      memcmp(other, made, made_size) == 0,
                  "a second time changes more", made);
        need_same_policy(context, text, size, made, made_size);
        flowrules_layout_free(again);
    } else if (flowrules_diagnostic_count(context) == 0) {
        need(status, "it is refused without a message");
    }
    flowrules_layout_free(layout);
    flowrules_context_free(context);
}

/* ---- edits ----------------------------------------------------------------------------------- */

#define FLOWS_MAX 16u
#define EDITS_MAX 12u

static const char edited_head[] =
    "flowrules: 1\n"
    "protects: ours\n"
    "networks:\n"
    "  ours: 10.0.0.0/29\n"
    "  low: [10.0.0.0/30]\n"
    "  pods: {kubernetes: {namespace: a}}\n"
    "  named: [c.example.com, 10.0.0.1]\n"
    "  others: {members: [any], except: [ours]}\n"
    "services: {one: {protocol: tcp, port: 1}, two: {protocol: udp, port: 2}}\n"
    "targets:\n"
    "  list: {backend: plain}\n"
    "  host: {backend: nftables, names: refuse}\n"
    "flows:\n"
    "  - {name: first, source: low, destination: 192.0.2.9, service: one}\n";

/* The flows of the text behind the first one, each as the lines that it has below "flows:". */
struct edited {
    flowrules_context *context;
    flowrules_edit *edit;
    char *flows[FLOWS_MAX];
    char *names[FLOWS_MAX];
    size_t count;
};

/* A text of the list below "flows:": each line two spaces further in, behind a dash of its own. */
static char *as_item(const char *text, size_t size) {
    char *item = malloc(5 * size + 16);
    size_t used = 0;
    int dashed = size > 1 && text[0] == '-' && (text[1] == ' ' || text[1] == '\n');
    need(item != NULL ? FLOWRULES_OK : FLOWRULES_NO_MEMORY, "memory");
    for (size_t i = 0, start = 1; i < size; i++) {
        if (start)
            used += (size_t)sprintf(item + used, "%s", dashed ? "  " : i == 0 ? "  - " : "    ");
        item[used++] = text[i];
        start = text[i] == '\n';
    }
    item[used] = '\0';
    return item;
}

/* Is it a text that means the same below "flows:"? Not what only begins a document, or an anchor,
 * which there counts for the flows behind it too. */
static int can_be_item(const char *text, size_t size) {
    if (size == 0 || isspace((unsigned char)text[0]) || memchr(text, '&', size) != NULL)
        return 0;
    for (size_t i = 0; i < size; i++) {
        if (text[i] != '\n' && text[i] != '\t' && (text[i] < ' ' || text[i] > '~'))
            return 0;
        if ((i == 0 || text[i - 1] == '\n') &&
            (text[i] == '%' || text[i] == '\t' ||
             (size - i >= 3 &&
              (memcmp(text + i, "---", 3) == 0 || memcmp(text + i, "...", 3) == 0))))
            return 0;
    }
    return 1;
}

/* The whole text; with other in the place of a flow: NULL leaves it out. */
static char *whole_text(const struct edited *e, size_t changed, const char *other, size_t *size) {
    size_t most = sizeof edited_head + 8;
    for (size_t i = 0; i < e->count; i++)
        most += strlen(e->flows[i]) + 2;
    most += other == NULL ? 0 : strlen(other) + 2;
    char *text = malloc(most);
    need(text != NULL ? FLOWRULES_OK : FLOWRULES_NO_MEMORY, "memory");
    *size = (size_t)sprintf(text, "%s", edited_head);
    for (size_t i = 0; i < e->count + (changed == e->count); i++) {
        const char *item = i == changed ? other : e->flows[i];
        if (item != NULL)
            *size += (size_t)sprintf(text + *size, "%s\n", item);
    }
    return text;
}

/* The files of each target are the same, byte for byte. */
static void need_same_files(struct edited *e, const flowrules_policy *one,
                            const flowrules_policy *other, const char *text) {
    const flowrules_policy *policies[2] = {one, other};
    for (size_t t = 0; t < flowrules_target_count(one); t++) {
        flowrules_status status[2];
        uint64_t sums[2] = {0, 0};
        for (size_t i = 0; i < 2; i++) {
            flowrules_artifact *artifact;
            status[i] =
                flowrules_render(&artifact, e->context, policies[i], flowrules_target_name(one, t));
            if (status[i] == FLOWRULES_OK)
                sums[i] = sum_of(artifact);
            flowrules_artifact_free(artifact);
        }
        need_that(status[0] == status[1] && sums[0] == sums[1], "a target differs", text);
    }
}

/* The policy as it is edited is that of the text; verdict: what was said of the change. */
static void hold_against(struct edited *e, const char *before, size_t before_size, const char *text,
                         size_t size, const char *verdict, int last) {
    flowrules_policy *old = load(e->context, before, before_size);
    flowrules_policy *loaded = load(e->context, text, size), *edited;
    need_that(loaded != NULL, "the edited text is not a policy", text);
    need(flowrules_edit_policy(&edited, e->edit), "the edited policy");
    need_that(strcmp(compare(e->context, edited, loaded), "different") != 0, "they differ", text);
    if (last)
        need_same_files(e, edited, loaded, text);
    const char *whole = compare(e->context, old, loaded);
    need_that(strcmp(verdict, whole) == 0 || strcmp(verdict, "unknown") == 0 ||
                  strcmp(whole, "unknown") == 0,
              verdict, text);
    flowrules_policy_free(edited);
    flowrules_policy_free(loaded);
    flowrules_policy_free(old);
}

static void forget(struct edited *e, size_t at) {
    free(e->flows[at]);
    free(e->names[at]);
}

/* Notes in the text that a flow is gone. */
static void take_out(struct edited *e, size_t at) {
    if (at >= e->count)
        return;
    forget(e, at);
    e->count--;
    for (size_t i = at; i < e->count; i++) {
        e->flows[i] = e->flows[i + 1];
        e->names[i] = e->names[i + 1];
    }
    e->flows[e->count] = e->names[e->count] = NULL;
}

/* Notes in the text that a flow is another one, or the last one new. */
static void put_in(struct edited *e, size_t at, char *item) {
    forget(e, at);
    e->flows[at] = item;
    e->names[at] = NULL;
    if (at == e->count)
        e->count++;
}

/* The flows' names, from the policy itself: removal and replacement go by them. */
static void learn_name(struct edited *e, size_t at, const char *text, size_t size) {
    flowrules_policy *policy = load(e->context, text, size);
    e->names[at] = strdup(flowrules_flow_name(policy, 1 + at));
    flowrules_policy_free(policy);
}

/* One change: at is a flow's number, that of the next one to add it; given NULL to remove. The last
 * one is rendered too. */
static void change(struct edited *e, size_t at, const char *given, size_t length, int last) {
    flowrules_comparison *changes;
    flowrules_status status;
    size_t before_size, size;
    char *item = given == NULL ? NULL : as_item(given, length);
    char *before = whole_text(e, e->count + 1, NULL, &before_size);
    char *text = whole_text(e, at, item, &size);
    flowrules_diagnostics_clear(e->context);
    if (given == NULL)
        status = flowrules_edit_remove(&changes, e->edit, e->names[at]);
    else if (at == e->count)
        status = flowrules_edit_add(&changes, e->edit, given, length);
    else
        status = flowrules_edit_replace(&changes, e->edit, e->names[at], given, length);
    read_messages(e->context);
    if (status == FLOWRULES_OK || status == FLOWRULES_DIFFERENT) {
        const char *verdict = flowrules_comparison_verdict(changes);
        if (item != NULL)
            put_in(e, at, item);
        else
            take_out(e, at);
        hold_against(e, before, before_size, text, size, verdict, last);
        if (item != NULL)
            learn_name(e, at, text, size);
    } else {
        flowrules_policy *policy = load(e->context, text, size);
        need_that(policy == NULL || (given != NULL && given[0] == '-'),
                  "only the edit finds an error", text);
        flowrules_policy_free(policy);
        free(item);
    }
    flowrules_comparison_free(changes);
    free(before);
    free(text);
}

/* Changes are parted by a byte 0. The first byte says which: '+', or the flow that is replaced, or
 * in capitals removed. */
static void follow(struct edited *e, const char *at, const char *end) {
    for (unsigned i = 0; i < EDITS_MAX && at < end; i++) {
        const char *stop = memchr(at, '\0', (size_t)(end - at));
        size_t length = (size_t)((stop == NULL ? end : stop) - at);
        int last = i + 1 == EDITS_MAX || stop == NULL || stop + 1 == end;
        size_t number = length == 0 ? 0 : (unsigned char)at[0] % FLOWS_MAX;
        number = number < e->count ? number : e->count;
        if (length > 0 && isupper((unsigned char)at[0])) {
            if (number < e->count)
                change(e, number, NULL, 0, last);
        } else if (length > 1 && can_be_item(at + 1, length - 1)) {
            number = at[0] == '+' ? e->count : number;
            if (number < FLOWS_MAX)
                change(e, number, at + 1, length - 1, last);
        }
        at += length + 1;
    }
}

void fuzz_edit(const char *argument, const uint8_t *data, size_t size) {
    struct edited e = {.context = new_context("none")};
    size_t length;
    char *text = whole_text(&e, 1, NULL, &length);
    flowrules_policy *policy = load(e.context, text, length);
    (void)argument;
    need(flowrules_context_set(e.context, "verify", "no"), "no proof");
    need_that(policy != NULL, "the first text is not a policy", text);
    need(flowrules_policy_edit(&e.edit, e.context, policy, NULL), "an edit");
    flowrules_policy_free(policy);
    free(text);
    follow(&e, (const char *)data, (const char *)data + size);
    flowrules_edit_free(e.edit);
    for (size_t i = 0; i < FLOWS_MAX; i++)
        forget(&e, i);
    flowrules_context_free(e.context);
}
