/*
 * Notes: what a line about a rule says, and what it leaves out where there is little room.
 */
#include <stdio.h>
#include <string.h>

#include "flowrules/kits/flows.h"
#include "loading.h"
#include "output.h"
#include "unit.h"
#include "writer.h"

static const char policy_text[] =
    "flowrules: 1\n"
    "protects: inside\n"
    "networks: {inside: 10.0.0.0/24}\n"
    "flows:\n"
    "  - {name: plain, source: inside, destination: 192.0.2.1, service: any}\n"
    "  - {name: full, source: inside, destination: [a.example, b.example], service: any,\n"
    "     ticket: T-1, expires: 2027-01-31, owner: Zürich, purpose: the build}\n"
    "  - {name: wild, source: inside, destination: \"*.a.example\", service: any, owner: Zürich}\n"
    "targets:\n"
    "  aws: {backend: aws-sg, group: sg-01234567, allow-loss: [{flow: wild, loss: narrow}]}\n"
    "  native: {backend: plain}\n";

static const char lock_text[] =
    "{\"flowrules-lock\": 1, \"names\": {\"a.example\": {\"addresses\": ["
    "{\"address\": \"192.0.2.7\", \"first-seen\": \"2026-10-01\", \"last-seen\": \"2026-11-13\"},"
    "{\"address\": \"192.0.2.8\", \"first-seen\": \"2026-11-02\", \"last-seen\": \"2026-11-13\"}]},"
    "\"b.example\": {\"addresses\": [{\"address\": \"192.0.2.7\", \"last-seen\": \"2026-11-12\"}]},"
    "\"x.a.example\": {\"addresses\": [{\"address\": \"192.0.2.9\"}]}}}";

static const flowrules_flows PLAIN = {0, false}, FULL = {1, false}, WILD = {2, false};

/* A plan's output, with flows joined. */
struct noting {
    struct unit_policy loaded;
    flowrules_plan *plan;
    struct fr_rules *rules;
    struct fr_flow_lists joined;
    flowrules_output out;
};

static void begin(struct noting *n, const char *target) {
    *n = (struct noting){.loaded = unit_load_locked(policy_text, lock_text)};
    CU_ASSERT_EQUAL_FATAL(n->loaded.status, FLOWRULES_OK);
    CU_ASSERT_EQUAL_FATAL(fr_plan_new(&n->plan, n->loaded.context, n->loaded.policy, target),
                          FLOWRULES_OK);
    CU_ASSERT_EQUAL_FATAL(fr_rules_make(&n->rules, n->plan), FLOWRULES_OK);
    fr_flow_lists_init(&n->joined, &fr_default_allocator, n->rules->flows.first);
    fr_output_init(&n->out, n->rules);
    n->out.joined = &n->joined;
}

static void end(struct noting *n) {
    fr_output_free(&n->out);
    fr_flow_lists_free(&n->joined);
    fr_rules_free(n->rules);
    fr_plan_free(n->plan);
    unit_unload(&n->loaded);
}

/* Is this what is noted of the flows, in so many bytes? "" stands for nothing. */
static bool says(struct noting *n, unsigned notes, flowrules_flows flows,
                 const struct flowrules_range *at, size_t most, const char *expected) {
    const struct flowrules_escape escape = {
        .keep = " ()*+,-.:;", .replace = '_', .max_bytes = most};
    struct flowrules_writer w;
    size_t size = 0;
    fr_writer_init(&w, &fr_default_allocator, false);
    bool any = flowrules_write_notes(&w, &n->out, &escape, notes, flows, at);
    char *text = fr_writer_text(&w, &size);
    bool right = text != NULL && strcmp(text, expected) == 0 && any == (expected[0] != '\0') &&
                 (most == 0 || size <= most);
    if (!right)
        fprintf(stderr, "wrote \"%s\", expected \"%s\"\n", text, expected);
    fr_free(&fr_default_allocator, text);
    fr_writer_free(&w);
    return right;
}

/* Is this the line for the head of a file? */
static bool has_pinned_day(struct noting *n, const char *expected) {
    struct flowrules_writer w;
    size_t size = 0;
    fr_writer_init(&w, &fr_default_allocator, false);
    flowrules_write_pinned_day(&w, n->plan, "# ", ".\n");
    char *text = fr_writer_text(&w, &size);
    bool right = text != NULL && strcmp(text, expected) == 0;
    fr_free(&fr_default_allocator, text);
    fr_writer_free(&w);
    return right;
}

static void a_line_says_all(void) {
    struct noting n;
    begin(&n, "aws");
    CU_ASSERT(says(&n, FLOWRULES_NOTES, PLAIN, NULL, 0, "plain"));
    CU_ASSERT(says(&n, FLOWRULES_NOTES, FULL, NULL, 0,
                   "full (T-1, until 2027-01-31); pinned 2026-11-12: a.example, b.example; "
                   "owner Zurich; the build"));
    CU_ASSERT(says(&n, FLOWRULES_NOTES, WILD, NULL, 0,
                   "wild; pinned: x.a.example; narrowed: *.a.example is cut to the names below it "
                   "that the lock file knows; owner Zurich"));
    CU_ASSERT(says(&n, FLOWRULES_NOTE_OWNER | FLOWRULES_NOTE_PURPOSE, FULL, NULL, 0,
                   "owner Zurich; the build"));
    CU_ASSERT(says(&n, FLOWRULES_NOTE_PINS | FLOWRULES_NOTE_LOSSES, PLAIN, NULL, 0, ""));
    CU_ASSERT(has_pinned_day(&n, "# Names are pinned to their addresses of 2026-11-12.\n"));
    end(&n);
}

static void only_names_of_an_address_are_told(void) {
    struct noting n;
    begin(&n, "aws");
    struct flowrules_range at = {FLOWRULES_IPV4, {0, 0xc0000208}, {0, 0xc0000208}};
    CU_ASSERT(says(&n, FLOWRULES_NOTE_PINS, FULL, &at, 0, "pinned 2026-11-02: a.example"));
    at.first.lo = at.last.lo = 0xc0000207;
    CU_ASSERT(
        says(&n, FLOWRULES_NOTE_PINS, FULL, &at, 0, "pinned 2026-11-12: a.example, b.example"));
    at.first.lo = at.last.lo = 0xc0000201;
    CU_ASSERT(says(&n, FLOWRULES_NOTE_PINS, FULL, &at, 0, ""));
    at.family = FLOWRULES_IPV6;
    at.first.lo = at.last.lo = 0xc0000208;
    CU_ASSERT(says(&n, FLOWRULES_NOTE_PINS, FULL, &at, 0, ""));
    end(&n);
}

static void less_important_notes_go_first(void) {
    struct noting n;
    begin(&n, "aws");
    CU_ASSERT(says(&n, FLOWRULES_NOTES, FULL, NULL, 90,
                   "full (T-1, until 2027-01-31); pinned 2026-11-12: a.example, b.example; owner "
                   "Zurich"));
    CU_ASSERT(says(&n, FLOWRULES_NOTES, FULL, NULL, 67,
                   "full (T-1, until 2027-01-31); pinned 2026-11-12: a.example +1 more"));
    CU_ASSERT(
        says(&n, FLOWRULES_NOTES, FULL, NULL, 45, "full (T-1, until 2027-01-31); owner Zurich"));
    CU_ASSERT(says(&n, FLOWRULES_NOTES, FULL, NULL, 20, "full (T-1, until ..."));
    end(&n);
}

static void flows_are_joined(void) {
    struct noting n;
    begin(&n, "aws");
    flowrules_flows two = flowrules_flows_join(&n.out, PLAIN, FULL);
    flowrules_flows all = flowrules_flows_join(&n.out, two, WILD);
    CU_ASSERT_EQUAL(flowrules_flows_count(&n.out, two), 2);
    const flowrules_flows full_elsewhere = {FULL.number, true}, two_elsewhere = {two.number, true};
    flowrules_flows again = flowrules_flows_join(&n.out, two, FULL);
    CU_ASSERT(flowrules_flows_are_same(again, two) && !again.elsewhere);
    again = flowrules_flows_join(&n.out, two_elsewhere, FULL);
    CU_ASSERT(flowrules_flows_are_same(again, two) && !again.elsewhere);
    again = flowrules_flows_join(&n.out, two_elsewhere, full_elsewhere);
    CU_ASSERT(flowrules_flows_are_same(again, two) && again.elsewhere);
    CU_ASSERT(
        says(&n, FLOWRULES_NOTES, all, NULL, 0,
             "plain, full (T-1, until 2027-01-31), wild; pinned 2026-11-12: a.example, "
             "b.example, x.a.example; wild narrowed: *.a.example is cut to the names below it "
             "that the lock file knows; owner Zurich; full: the build"));
    CU_ASSERT(says(&n, FLOWRULES_NOTES, all, NULL, 60,
                   "plain +2 more; pinned 2026-11-12: a.example +2 more"));
    end(&n);
}

static void what_is_not_pinned_says_nothing(void) {
    struct noting n;
    begin(&n, "native");
    CU_ASSERT(says(&n, FLOWRULES_NOTE_PINS, FULL, NULL, 0, ""));
    CU_ASSERT(has_pinned_day(&n, ""));
    end(&n);
}

UNIT_SUITE(notes) {
    static const struct unit_test tests[] = {
        {"a line says all", a_line_says_all},
        {"only names of an address are told", only_names_of_an_address_are_told},
        {"less important notes go first", less_important_notes_go_first},
        {"flows are joined", flows_are_joined},
        {"what is not pinned says nothing", what_is_not_pinned_says_nothing},
        {NULL, NULL}};
    unit_suite("notes", tests);
}
