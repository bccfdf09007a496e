/*
 * Reads what lint looks for: its thresholds, and the findings that a policy accepts, each with a
 * reason (policy_silences.c).
 */
#include <string.h>

#include "finding_table.h"
#include "policy_read.h"
#include "slips.h"

const char *const fr_required_words[] = {"owner", "purpose", "ticket", "expires", NULL};
const char *const fr_cleartext_words[] = {"ftp",  "telnet", "tftp", "http", "pop3", "imap",
                                          "snmp", "ldap",   "rsh",  "vnc",  NULL};

struct fr_lint_rules fr_lint_defaults(void) {
    return (struct fr_lint_rules){
        .limits = {[FR_LINT_PORTS] = 1000,
                   [FR_LINT_SOURCES] = FR_LINT_NO_LIMIT,
                   [FR_LINT_DESTINATIONS] = 65536,
                   [FR_LINT_EXPIRY] = 30,
                   [FR_LINT_PIN_AGE] = 30},
        .require = FR_REQUIRE_OWNER | FR_REQUIRE_PURPOSE | FR_REQUIRE_TICKET,
        .cleartext = ~0u,
    };
}

static const struct fr_key no_keys[] = {{.name = NULL}};

/* ---- thresholds ---------------------------------------------------------------------------- */

static flowrules_status read_limit(struct fr_reader *r, const struct fr_value *value,
                                   enum fr_lint_limit limit) {
    bool good;
    uint64_t number = 0;
    FR_TRY(fr_want_scalar(r, value, &good));
    if (!good)
        return FLOWRULES_OK;
    for (size_t i = 0; i < value->length && number < FR_LINT_NO_LIMIT; i++) {
        good = good && value->text[i] >= '0' && value->text[i] <= '9';
        number = number * 10 + (unsigned)(value->text[i] - '0') % 10;
    }
    if (fr_value_is(value, "none"))
        r->policy->lint.limits[limit] = FR_LINT_NO_LIMIT;
    else if (good && value->length > 0 && number < FR_LINT_NO_LIMIT)
        r->policy->lint.limits[limit] = (uint32_t)number;
    else
        fr_error(r->diagnostics, FR_VALUE_UNKNOWN, value->at,
                 "a number 0-4294967294, or none: no threshold", "'%.80s' is not a value of '%s'",
                 value->text, r->key);
    return FLOWRULES_OK;
}

static flowrules_status read_ports(struct fr_reader *r, const struct fr_value *value,
                                   void *object) {
    (void)object;
    return read_limit(r, value, FR_LINT_PORTS);
}

static flowrules_status read_sources(struct fr_reader *r, const struct fr_value *value,
                                     void *object) {
    (void)object;
    return read_limit(r, value, FR_LINT_SOURCES);
}

static flowrules_status read_destinations(struct fr_reader *r, const struct fr_value *value,
                                          void *object) {
    (void)object;
    return read_limit(r, value, FR_LINT_DESTINATIONS);
}

static flowrules_status read_expiry(struct fr_reader *r, const struct fr_value *value,
                                    void *object) {
    (void)object;
    return read_limit(r, value, FR_LINT_EXPIRY);
}

static flowrules_status read_pin_age(struct fr_reader *r, const struct fr_value *value,
                                     void *object) {
    (void)object;
    return read_limit(r, value, FR_LINT_PIN_AGE);
}

/* ---- words --------------------------------------------------------------------------------- */

/* Sets the bit of a word in a set of bits. */
static flowrules_status read_bit(struct fr_reader *r, const struct fr_value *value,
                                 const char *const *words, unsigned *bits) {
    size_t index = SIZE_MAX;
    FR_TRY(fr_read_choice(r, value, words, &index));
    if (index != SIZE_MAX)
        *bits |= 1u << index;
    return FLOWRULES_OK;
}

static bool is_none(const struct fr_value *value) {
    return value->kind == FR_SCALAR && fr_value_is(value, "none");
}

static flowrules_status read_required_word(struct fr_reader *r, const struct fr_value *value,
                                           void *object) {
    (void)object;
    return read_bit(r, value, fr_required_words, &r->policy->lint.require);
}

static flowrules_status read_require(struct fr_reader *r, const struct fr_value *value,
                                     void *object) {
    r->policy->lint.require = 0;
    r->policy->lint.own_require = true;
    return is_none(value) ? FLOWRULES_OK : fr_read_list(r, value, read_required_word, object);
}

static flowrules_status read_cleartext_word(struct fr_reader *r, const struct fr_value *value,
                                            void *object) {
    (void)object;
    return read_bit(r, value, fr_cleartext_words, &r->policy->lint.cleartext);
}

static flowrules_status read_cleartext(struct fr_reader *r, const struct fr_value *value,
                                       void *object) {
    r->policy->lint.cleartext = 0;
    return is_none(value) ? FLOWRULES_OK : fr_read_list(r, value, read_cleartext_word, object);
}

static flowrules_status read_cleartext_in(struct fr_reader *r, const struct fr_value *value,
                                          void *object) {
    (void)object;
    return fr_read_asserted_ends(r, value, &r->policy->lint.cleartext_in);
}

static flowrules_status read_expiry_tag(struct fr_reader *r, const struct fr_value *value,
                                        void *object) {
    fr_string tag;
    (void)object;
    FR_TRY(fr_read_word(r, value, true, &tag));
    if (tag == 0)
        return FLOWRULES_OK;
    fr_string *slot = fr_vec_push(&r->policy->target_strings);
    if (slot == NULL)
        return fr_no_memory(r->context);
    *slot = tag;
    r->policy->lint.expiry_tags.count++;
    return FLOWRULES_OK;
}

static flowrules_status read_expiry_tags(struct fr_reader *r, const struct fr_value *value,
                                         void *object) {
    r->policy->lint.expiry_tags = (struct fr_span){(uint32_t)r->policy->target_strings.count, 0};
    return fr_read_list(r, value, read_expiry_tag, object);
}

/* ---- lint: --------------------------------------------------------------------------------- */

const struct fr_key fr_lint_keys[] = {
    {"ports", read_ports, NULL, "limit", "ports of a protocol that a flow may allow", NULL},
    {"source-addresses", read_sources, NULL, "limit", "addresses that a source may have", NULL},
    {"destination-addresses", read_destinations, NULL, "limit",
     "addresses that a destination may have", NULL},
    {"expires-within", read_expiry, NULL, "limit", "days before the expiry of a flow", NULL},
    {"expiry-tags", read_expiry_tags, NULL, "labels", "tags of flows that must expire", NULL},
    {"pin-age", read_pin_age, NULL, "limit", "days since the addresses of a name were seen", NULL},
    {"require", read_require, NULL, "required", "what each flow must say", NULL},
    {"cleartext", read_cleartext, NULL, "cleartext", "protocols that do not encrypt", NULL},
    {"cleartext-in", read_cleartext_in, NULL, "ends",
     "networks and zones into and out of which they are found; by default everywhere", NULL},
    {.name = NULL},
};

/* Candidates for a misspelt key: the keys, then the findings. */
static const char *next_lint_key(const void *user, size_t i) {
    const size_t own = sizeof fr_lint_keys / sizeof fr_lint_keys[0] - 1;
    return i < own ? fr_lint_keys[i].name : fr_finding_candidate(user, i - own);
}

/* One thing of many that a finding may be about: r->key is its name. */
static flowrules_status read_thing(struct fr_reader *r, const struct fr_value *value,
                                   void *object) {
    struct fr_silence silence = *(const struct fr_silence *)object;
    silence.at = r->key_at;
    silence.thing = fr_strings_add(&r->policy->strings, r->key, strlen(r->key));
    if (silence.thing == 0)
        return fr_no_memory(r->context);
    return fr_read_silence(r, value, &silence);
}

static flowrules_status read_things(struct fr_reader *r, const struct fr_value *value,
                                    struct fr_silence *silence) {
    struct fr_at at = value->at;
    size_t before = r->policy->silences.count, errors = r->diagnostics->error_count;
    FR_TRY(fr_read_mapping(r, value, "a finding", no_keys, read_thing, silence));
    if (r->policy->silences.count == before && r->diagnostics->error_count == errors)
        fr_error(r->diagnostics, FR_VALUE_EMPTY, at, "write 'NAME: \"why it is accepted\"'",
                 "'%s' accepts nothing here", fr_finding_name(silence->finding));
    return FLOWRULES_OK;
}

/* FL0201: a reason, or a reason for each name. */
static flowrules_status read_finding(struct fr_reader *r, const struct fr_value *value,
                                     void *object) {
    struct fr_silence silence = {.of = FR_SILENCE_OF_POLICY, .at = r->key_at};
    silence.finding = (uint16_t)fr_finding_number(r->key);
    if (silence.finding == 0) {
        fr_report_unknown_key(r, "lint", r->key, r->key_at, next_lint_key, NULL,
                              "a threshold, or the number of a finding, such as FL0101; "
                              "docs/LINT.md lists them");
        return fr_yaml_skip(r->yaml, value);
    }
    if (value->kind == FR_MAPPING)
        return read_things(r, value, &silence);
    (void)object;
    return fr_read_silence(r, value, &silence);
}

flowrules_status fr_read_lint(struct fr_reader *r, const struct fr_value *value, void *object) {
    (void)object;
    return fr_read_mapping(r, value, "lint", fr_lint_keys, read_finding, NULL);
}
