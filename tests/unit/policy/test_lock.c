/*
 * Lock files: what one says, and that a broken one is refused.
 */
#include <string.h>

#include "loading.h"
#include "unit.h"

static const char policy[] = "flowrules: 1\nflows:\n"
                             "  - {name: a, source: any, destination: any, service: any}\n";

static void locks_are_read(void) {
    struct unit_policy loaded = unit_load_locked(
        policy, "{\"flowrules-lock\": 1, \"example\": \"made up\", \"more\": [], \"names\": {"
                "\"a.example\": {\"addresses\": [{\"address\": \"192.0.2.1\", \"last-seen\": "
                "\"2026-01-31\"}, {\"address\": \"2001:db8::1\"}], \"ttl\": 60},"
                "\"b.example\": {\"addresses\": []}}}");
    CU_ASSERT_EQUAL_FATAL(loaded.status, FLOWRULES_OK);
    const struct fr_lock *lock = &loaded.policy->lock;
    CU_ASSERT(lock->present && lock->example);
    const struct fr_locked_name *name = fr_lock_find(lock, "a.example");
    CU_ASSERT_PTR_NOT_NULL_FATAL(name);
    CU_ASSERT_EQUAL_FATAL(name->count, 2);
    const struct fr_pin *pin = fr_vec_at(&lock->pins, struct fr_pin, name->first);
    char date[11];
    fr_date_format(pin[0].last_seen, date);
    CU_ASSERT_STRING_EQUAL(date, "2026-01-31");
    CU_ASSERT_EQUAL(pin[0].ip.lo, 0xc0000201);
    CU_ASSERT_EQUAL(pin[1].family, FLOWRULES_IPV6);
    CU_ASSERT_EQUAL(pin[1].last_seen, FR_NO_DATE);
    name = fr_lock_find(lock, "b.example");
    CU_ASSERT_PTR_NOT_NULL_FATAL(name);
    CU_ASSERT_EQUAL(name->count, 0);
    CU_ASSERT_PTR_NULL(fr_lock_find(lock, "c.example"));
    unit_unload(&loaded);
}

/* However it is broken, the lock file is refused and nothing breaks down. */
static void broken_locks_are_refused(void) {
    static const char whole[] =
        "{\"flowrules-lock\": 1, \"names\": {\"a.example\": {\"addresses\": "
        "[{\"address\": \"192.0.2.1\", \"last-seen\": \"2026-01-31\"}]}}}";
    char text[sizeof whole];
    for (size_t length = 0; length < sizeof whole - 1; length++) {
        memcpy(text, whole, length);
        text[length] = '\0';
        struct unit_policy loaded = unit_load_locked(policy, text);
        CU_ASSERT_EQUAL(loaded.status, FLOWRULES_INVALID);
        CU_ASSERT_STRING_EQUAL(flowrules_diagnostic_id(loaded.context, 0), "FR0401");
        unit_unload(&loaded);
    }
}

UNIT_SUITE(lock) {
    static const struct unit_test tests[] = {{"locks are read", locks_are_read},
                                             {"broken locks are refused", broken_locks_are_refused},
                                             {NULL, NULL}};
    unit_suite("lock", tests);
}
