/*
 * Resolving with a resolver of the program's own, the forms of servers, and replies as bytes.
 */
#include "resolve.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loading.h"
#include "resolver_reply.h"
#include "special.h"
#include "unit.h"

static const char policy_text[] = "flowrules: 1\n"
                                  "flows:\n"
                                  "  - {name: a, source: 10.0.0.1, destination: [a.example, "
                                  "b.example, c.example, \"*.w.example\"],"
                                  " service: any}\n";

static const char lock_text[] =
    "{\"flowrules-lock\": 1, \"names\": {\"b.example\": {\"addresses\": [{\"address\": "
    "\"192.0.2.2\", \"first-seen\": \"2026-01-01\", \"last-seen\": \"2026-01-02\"}]}}}";

/* Answers a.example by two addresses behind an alias, fails on b.example, knows no other name. */
static void answer(void *user, const char *name, flowrules_inquiry *inquiry) {
    unsigned *asked = user;
    ++*asked;
    if (strcmp(name, "b.example") == 0) {
        CU_ASSERT_EQUAL(flowrules_inquiry_fail(inquiry, "not today"), 1);
        return;
    }
    if (strcmp(name, "a.example") != 0)
        return;
    CU_ASSERT_EQUAL(flowrules_inquiry_alias(inquiry, "edge.example"), 1);
    CU_ASSERT_EQUAL(flowrules_inquiry_address(inquiry, "2600::1", 60), 1);
    CU_ASSERT_EQUAL(flowrules_inquiry_address(inquiry, "8.8.8.8", 30), 1);
    CU_ASSERT_EQUAL(flowrules_inquiry_address(inquiry, "2600::1", 90), 1);
    CU_ASSERT_EQUAL(flowrules_inquiry_address(inquiry, "8.8.8.8/32", 30), 0);
    CU_ASSERT_EQUAL(flowrules_inquiry_address(inquiry, "", 30), 0);
}

static void count_progress(void *user, size_t done, size_t total) {
    size_t *last = user;
    CU_ASSERT_EQUAL(done, *last + 1);
    CU_ASSERT_EQUAL(total, 3);
    *last = done;
}

static void check_texts(const flowrules_resolution *r) {
    static const char *const statuses[] = {"new", "failed", "failed"};
    static const char *const names[] = {"a.example", "b.example", "c.example"};
    CU_ASSERT_EQUAL_FATAL(flowrules_resolution_name_count(r), 3);
    for (size_t i = 0; i < 3; i++) {
        CU_ASSERT_STRING_EQUAL(flowrules_resolution_name_text(r, i), names[i]);
        CU_ASSERT_STRING_EQUAL(flowrules_resolution_status(r, i), statuses[i]);
    }
    CU_ASSERT_EQUAL_FATAL(flowrules_resolution_address_count(r, 0), 2);
    CU_ASSERT_STRING_EQUAL(flowrules_resolution_address(r, 0, 0), "8.8.8.8");
    CU_ASSERT_STRING_EQUAL(flowrules_resolution_address(r, 0, 1), "2600::1");
    CU_ASSERT_STRING_EQUAL(flowrules_resolution_address_state(r, 0, 1), "new");
    CU_ASSERT_EQUAL(flowrules_resolution_ttl(r, 0), 30);
    CU_ASSERT_EQUAL_FATAL(flowrules_resolution_alias_count(r, 0), 1);
    CU_ASSERT_STRING_EQUAL(flowrules_resolution_alias(r, 0, 0), "edge.example");
    CU_ASSERT_PTR_NULL(flowrules_resolution_reason(r, 0));
    CU_ASSERT_STRING_EQUAL(flowrules_resolution_reason(r, 1), "not today");
    CU_ASSERT_STRING_EQUAL(flowrules_resolution_reason(r, 2), "it has no address");
    CU_ASSERT_PTR_NULL(flowrules_resolution_name_text(r, 3));
    CU_ASSERT_PTR_NULL(flowrules_resolution_address(r, 0, 2));
    CU_ASSERT_PTR_NULL(flowrules_resolution_address(r, 3, 0));
    CU_ASSERT_PTR_NULL(flowrules_resolution_alias(r, 0, 1));
    CU_ASSERT_PTR_NULL(flowrules_resolution_status(r, 3));
}

static void a_program_resolves_by_itself(void) {
    struct unit_policy loaded = unit_load(policy_text);
    flowrules_resolution *r;
    unsigned asked = 0;
    size_t progress = 0, size;
    CU_ASSERT_EQUAL_FATAL(loaded.status, FLOWRULES_OK);
    flowrules_context_set_resolver(loaded.context, answer, &asked);
    flowrules_context_set_progress(loaded.context, count_progress, &progress);
    CU_ASSERT_EQUAL_FATAL(flowrules_resolution_new(&r, loaded.context, loaded.policy),
                          FLOWRULES_OK);
    CU_ASSERT_PTR_NULL(flowrules_resolution_lock(r, &size));
    CU_ASSERT_EQUAL(flowrules_resolve(r), FLOWRULES_UNRESOLVED);
    CU_ASSERT_EQUAL(flowrules_resolve(r), FLOWRULES_USAGE);
    CU_ASSERT_EQUAL(asked, 3);
    CU_ASSERT_EQUAL(progress, 3);
    check_texts(r);
    const char *text = flowrules_resolution_lock(r, &size);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    CU_ASSERT_EQUAL(strlen(text), size);
    CU_ASSERT_STRING_EQUAL(
        text,
        "{\n  \"flowrules-lock\": 1,\n  \"names\": {\n    \"a.example\": {\n"
        "      \"addresses\": [\n"
        "        {\"address\": \"8.8.8.8\", \"first-seen\": \"2026-11-23\", "
        "\"last-seen\": \"2026-11-23\"},\n"
        "        {\"address\": \"2600::1\", \"first-seen\": \"2026-11-23\", "
        "\"last-seen\": \"2026-11-23\"}\n"
        "      ],\n      \"cnames\": [\"edge.example\"],\n      \"ttl\": 30\n    }\n  }\n}\n");
    CU_ASSERT_EQUAL(flowrules_resolution_lock_differs(r), 1);
    flowrules_resolution_free(r);
    unit_unload(&loaded);
}

/* Answers with more addresses than are believed. */
static void answer_many(void *user, const char *name, flowrules_inquiry *inquiry) {
    char address[20];
    unsigned taken = 0;
    (void)user;
    (void)name;
    for (unsigned i = 0; i < 300; i++) {
        snprintf(address, sizeof address, "8.8.%u.%u", i / 100, i % 100 + 1);
        taken += flowrules_inquiry_address(inquiry, address, 1) != 0;
    }
    CU_ASSERT_EQUAL(taken, 256);
    for (unsigned i = 0; i < 20; i++)
        CU_ASSERT_EQUAL(flowrules_inquiry_alias(inquiry, "x.example"), i < FR_ALIASES_MAX);
}

static void too_many_addresses_are_none(void) {
    struct unit_policy loaded = unit_load(policy_text);
    flowrules_resolution *r;
    flowrules_context_set_resolver(loaded.context, answer_many, NULL);
    CU_ASSERT_EQUAL_FATAL(flowrules_resolution_new(&r, loaded.context, loaded.policy),
                          FLOWRULES_OK);
    CU_ASSERT_EQUAL(flowrules_resolution_name(r, "a.example"), FLOWRULES_OK);
    CU_ASSERT_EQUAL(flowrules_resolution_name(r, "A.Example."), FLOWRULES_OK);
    CU_ASSERT_EQUAL(flowrules_resolution_name(r, "deep.below.w.example"), FLOWRULES_OK);
    CU_ASSERT_EQUAL(flowrules_resolution_name(r, "w.example"), FLOWRULES_USAGE);
    CU_ASSERT_EQUAL(flowrules_resolution_network(r, "a.example"), FLOWRULES_USAGE);
    flowrules_resolution_free(r);
    CU_ASSERT_EQUAL_FATAL(flowrules_resolution_new(&r, loaded.context, loaded.policy),
                          FLOWRULES_OK);
    CU_ASSERT_EQUAL(flowrules_resolution_name(r, "a.example"), FLOWRULES_OK);
    CU_ASSERT_EQUAL(flowrules_resolve(r), FLOWRULES_UNRESOLVED);
    CU_ASSERT_EQUAL(flowrules_resolution_name_count(r), 1);
    CU_ASSERT_EQUAL(flowrules_resolution_address_count(r, 0), 0);
    CU_ASSERT_EQUAL(flowrules_resolution_lock_differs(r), 0);
    flowrules_resolution_free(r);
    unit_unload(&loaded);
}

/* The lock file is gone once the policy was loaded: it is told, rather than made anew. */
static void a_lock_that_vanished_is_told(void) {
    struct unit_policy loaded = unit_load_locked(policy_text, lock_text);
    flowrules_resolution *r;
    unsigned asked = 0;
    CU_ASSERT_EQUAL_FATAL(loaded.status, FLOWRULES_OK);
    flowrules_context_set_resolver(loaded.context, answer, &asked);
    CU_ASSERT_EQUAL_FATAL(flowrules_resolution_new(&r, loaded.context, loaded.policy),
                          FLOWRULES_OK);
    CU_ASSERT_EQUAL(flowrules_resolve(r), FLOWRULES_IO);
    CU_ASSERT_EQUAL(asked, 0);
    flowrules_resolution_free(r);
    unit_unload(&loaded);
}

/* The library has no clock: without the day nothing is asked. */
static void the_day_is_needed(void) {
    flowrules_context *context;
    flowrules_policy *policy;
    flowrules_resolution *r;
    unsigned asked = 0;
    CU_ASSERT_EQUAL_FATAL(flowrules_context_new(&context), FLOWRULES_OK);
    flowrules_context_set_resolver(context, answer, &asked);
    CU_ASSERT_EQUAL_FATAL(flowrules_policy_load_text(&policy, context, "policy.yaml", policy_text,
                                                     strlen(policy_text)),
                          FLOWRULES_OK);
    CU_ASSERT_EQUAL_FATAL(flowrules_resolution_new(&r, context, policy), FLOWRULES_OK);
    flowrules_policy_free(policy); /* the resolution holds it */
    CU_ASSERT_EQUAL(flowrules_resolve(r), FLOWRULES_USAGE);
    CU_ASSERT_EQUAL(asked, 0);
    CU_ASSERT_EQUAL_FATAL(flowrules_diagnostic_count(context), 1);
    CU_ASSERT_STRING_EQUAL(flowrules_diagnostic_id(context, 0), "FR0319");
    flowrules_resolution_free(r);
    flowrules_context_free(context);
}

static void servers_are_read(void) {
    static const struct {
        const char *text;
        unsigned port; /* 0: it is none */
    } forms[] = {{"192.0.2.1", 53},
                 {"192.0.2.1:5353", 5353},
                 {"2001:db8::1", 53},
                 {"[2001:db8::1]", 53},
                 {"[2001:db8::1]:853", 853},
                 {"::1", 53},
                 {"192.0.2.1:65535", 65535},
                 {"192.0.2.1:65536", 0},
                 {"192.0.2.1:0", 0},
                 {"192.0.2.1:", 0},
                 {"192.0.2.1:x", 0},
                 {"[192.0.2.1]:53", 0},
                 {"[2001:db8::1", 0},
                 {"[2001:db8::1]x", 0},
                 {"dns.example", 0},
                 {"", 0},
                 {"[]", 0},
                 {":53", 0},
                 {"192.0.2.1:99999999999", 0}};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        struct fr_server server;
        bool good = fr_server_parse(forms[i].text, strlen(forms[i].text), &server);
        CU_ASSERT_EQUAL(good, forms[i].port != 0);
        if (good != (forms[i].port != 0))
            printf("\n    '%s'\n", forms[i].text);
        if (good)
            CU_ASSERT_EQUAL(server.port, forms[i].port);
    }
}

static void options_of_resolving(void) {
    static const struct {
        const char *key, *value;
        flowrules_status status;
    } options[] = {
        {"server", "192.0.2.1,[::1]:5353", FLOWRULES_OK},
        {"server", "192.0.2.1,", FLOWRULES_USAGE},
        {"server", "1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1", FLOWRULES_OK},
        {"server", "1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1",
         FLOWRULES_USAGE},
        {"server", NULL, FLOWRULES_OK},
        {"timeout", "0.25", FLOWRULES_OK},
        {"timeout", "0", FLOWRULES_USAGE},
        {"timeout", "0.0001", FLOWRULES_USAGE},
        {"timeout", ".5", FLOWRULES_USAGE},
        {"timeout", "1..5", FLOWRULES_USAGE},
        {"timeout", "-1", FLOWRULES_USAGE},
        {"timeout", "1e3", FLOWRULES_USAGE},
        {"deadline", "86400", FLOWRULES_OK},
        {"deadline", "86401", FLOWRULES_USAGE},
        {"tries", "20", FLOWRULES_OK},
        {"tries", "21", FLOWRULES_USAGE},
        {"in-flight", "0", FLOWRULES_USAGE},
        {"max-addresses", "65536", FLOWRULES_USAGE},
        {"merge", "yes", FLOWRULES_OK},
        {"merge", "maybe", FLOWRULES_USAGE},
        {"keep-days", "36501", FLOWRULES_USAGE},
        {"max-age", "30", FLOWRULES_OK},
        {"rules", "no", FLOWRULES_OK},
        {"rules", "none", FLOWRULES_USAGE},
        {"max-age", NULL, FLOWRULES_OK},
        {"max-age", "", FLOWRULES_USAGE},
    };
    flowrules_context *context;
    CU_ASSERT_EQUAL_FATAL(flowrules_context_new(&context), FLOWRULES_OK);
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        flowrules_status got = flowrules_context_set(context, options[i].key, options[i].value);
        CU_ASSERT_EQUAL(got, options[i].status);
        if (got != options[i].status)
            printf("\n    %s '%s'\n", options[i].key,
                   options[i].value != NULL ? options[i].value : "NULL");
    }
    CU_ASSERT_EQUAL(context->timeout_ms, 250);
    CU_ASSERT_EQUAL(context->max_age, FR_NO_AGE);
    flowrules_context_free(context);
}

static void special_addresses(void) {
    static const struct {
        const char *text;
        enum fr_special_use use;
    } addresses[] = {{"9.255.255.255", FR_SPECIAL_NONE},
                     {"10.0.0.0", FR_SPECIAL_TOLD},
                     {"10.255.255.255", FR_SPECIAL_TOLD},
                     {"11.0.0.0", FR_SPECIAL_NONE},
                     {"0.0.0.0", FR_SPECIAL_NEVER},
                     {"1.0.0.0", FR_SPECIAL_NONE},
                     {"100.63.255.255", FR_SPECIAL_NONE},
                     {"100.64.0.0", FR_SPECIAL_TOLD},
                     {"100.127.255.255", FR_SPECIAL_TOLD},
                     {"172.15.255.255", FR_SPECIAL_NONE},
                     {"172.31.255.255", FR_SPECIAL_TOLD},
                     {"172.32.0.0", FR_SPECIAL_NONE},
                     {"169.254.169.254", FR_SPECIAL_TOLD},
                     {"223.255.255.255", FR_SPECIAL_NONE},
                     {"224.0.0.0", FR_SPECIAL_NEVER},
                     {"255.255.255.255", FR_SPECIAL_NEVER},
                     {"198.20.0.0", FR_SPECIAL_NONE},
                     {"198.19.255.255", FR_SPECIAL_TOLD},
                     {"::", FR_SPECIAL_NEVER},
                     {"::1", FR_SPECIAL_TOLD},
                     {"::2", FR_SPECIAL_NONE},
                     {"::ffff:8.8.8.8", FR_SPECIAL_NEVER},
                     {"64:ff9b::1", FR_SPECIAL_TOLD},
                     {"2600::1", FR_SPECIAL_NONE},
                     {"2001:db8::", FR_SPECIAL_TOLD},
                     {"2001:db9::", FR_SPECIAL_NONE},
                     {"fd00::1", FR_SPECIAL_TOLD},
                     {"fe80::1", FR_SPECIAL_TOLD},
                     {"fec0::1", FR_SPECIAL_NONE},
                     {"ff02::1", FR_SPECIAL_NEVER}};
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
        enum flowrules_family family;
        struct flowrules_ip ip;
        const char *words;
        CU_ASSERT_FATAL(fr_ip_parse(addresses[i].text, strlen(addresses[i].text), &family, &ip));
        enum fr_special_use use = fr_special_use(family, ip, &words);
        CU_ASSERT_EQUAL(use, addresses[i].use);
        CU_ASSERT_EQUAL(words == NULL, use == FR_SPECIAL_NONE);
        if (use != addresses[i].use)
            printf("\n    %s is %d\n", addresses[i].text, (int)use);
    }
}

/* ---- replies ------------------------------------------------------------------------------- */

/* a.b asks for A; it is an alias of c.b, which has two addresses. */
static const unsigned char good_reply[] = {
    0,    1,   0x81, 0x80, 0, 1, 0, 3, 0, 0,  0, 0,             /* header: 1 question, 3 answers */
    1,    'a', 1,    'b',  0, 0, 1, 0, 1,                       /* a.b A IN */
    0xc0, 12,  0,    5,    0, 1, 0, 0, 0, 60, 0, 4,             /* a.b CNAME, 60 s */
    1,    'C', 0xc0, 14,                                        /* C.b */
    0xc0, 33,  0,    1,    0, 1, 0, 0, 0, 90, 0, 4, 8, 8, 8, 8, /* C.b A, 90 s */
    0xc0, 33,  0,    1,    0, 1, 0, 0, 0, 30, 0, 4, 8, 8, 4, 4,
};

static enum fr_outcome read_bytes(flowrules_context *context, const unsigned char *bytes,
                                  size_t size, enum flowrules_family family, uint32_t *count) {
    struct fr_inquiry inquiry;
    struct fr_reply reply = {.outcome = FR_ANSWERED};
    bool no_memory = false;
    fr_inquiry_init(&inquiry, context);
    enum fr_outcome outcome =
        fr_reply_read(&inquiry, &reply, "a.b", family, bytes, size, &no_memory);
    CU_ASSERT_FALSE(no_memory);
    CU_ASSERT(reply.count <= context->max_addresses && reply.alias_count <= FR_ALIASES_MAX);
    CU_ASSERT_EQUAL(outcome == FR_ANSWERED, reply.count > 0);
    if (count != NULL) {
        *count = reply.count;
        CU_ASSERT_EQUAL(reply.ttl, 30);
        CU_ASSERT_EQUAL_FATAL(reply.alias_count, 1);
        CU_ASSERT_STRING_EQUAL(*fr_vec_at(&inquiry.aliases, const char *, 0), "c.b");
    }
    fr_inquiry_free(&inquiry);
    return outcome;
}

static void replies_are_read(void) {
    flowrules_context *context;
    uint32_t count;
    unsigned char changed[sizeof good_reply];
    CU_ASSERT_EQUAL_FATAL(flowrules_context_new(&context), FLOWRULES_OK);
    CU_ASSERT_EQUAL(read_bytes(context, good_reply, sizeof good_reply, FLOWRULES_IPV4, &count),
                    FR_ANSWERED);
    CU_ASSERT_EQUAL(count, 2);
    CU_ASSERT_EQUAL(read_bytes(context, good_reply, sizeof good_reply, FLOWRULES_IPV6, NULL),
                    FR_NO_ADDRESS);
    for (size_t size = 0; size < sizeof good_reply; size++)
        CU_ASSERT_EQUAL(read_bytes(context, good_reply, size, FLOWRULES_IPV4, NULL), FR_BAD_REPLY);
    memcpy(changed, good_reply, sizeof changed);
    changed[2] |= 2;
    CU_ASSERT_EQUAL(read_bytes(context, changed, sizeof changed, FLOWRULES_IPV4, NULL),
                    FR_TRUNCATED);
    memcpy(changed, good_reply, sizeof changed);
    changed[34] = 'a'; /* a.b is an alias of itself */
    CU_ASSERT_EQUAL(read_bytes(context, changed, sizeof changed, FLOWRULES_IPV4, NULL),
                    FR_ALIAS_LOOP);
    CU_ASSERT_EQUAL(flowrules_context_set(context, "max-addresses", "1"), FLOWRULES_OK);
    CU_ASSERT_EQUAL(read_bytes(context, good_reply, sizeof good_reply, FLOWRULES_IPV4, NULL),
                    FR_TOO_MANY);
    flowrules_context_free(context);
}

/* Broken in every way that chance finds: nothing breaks down, and bounds hold. */
static void broken_replies_are_borne(void) {
    flowrules_context *context;
    uint64_t random = 4711;
    unsigned answered = 0;
    CU_ASSERT_EQUAL_FATAL(flowrules_context_new(&context), FLOWRULES_OK);
    for (unsigned round = 0; round < 40000; round++) {
        unsigned char *bytes = malloc(sizeof good_reply); /* of its size, for the sanitizers */
        CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
        memcpy(bytes, good_reply, sizeof good_reply);
        for (unsigned i = unit_random(&random, 4) + 1; i > 0; i--)
            bytes[unit_random(&random, sizeof good_reply)] =
                (unsigned char)(unit_random(&random, 3) == 0 ? 0xc0 + unit_random(&random, 2)
                                                             : unit_random(&random, 256));
        answered += read_bytes(context, bytes, sizeof good_reply,
                               (enum flowrules_family)unit_random(&random, 2), NULL) == FR_ANSWERED;
        free(bytes);
    }
    CU_ASSERT(answered > 100 && answered < 39000);
    flowrules_context_free(context);
}

UNIT_SUITE(resolve) {
    static const struct unit_test tests[] = {
        {"a program resolves by itself", a_program_resolves_by_itself},
        {"too many addresses are none", too_many_addresses_are_none},
        {"a lock that vanished is told", a_lock_that_vanished_is_told},
        {"the day is needed", the_day_is_needed},
        {"servers are read", servers_are_read},
        {"options of resolving", options_of_resolving},
        {"special addresses", special_addresses},
        {"replies are read", replies_are_read},
        {"broken replies are borne", broken_replies_are_borne},
        {NULL, NULL}};
    unit_suite("resolving", tests);
}
