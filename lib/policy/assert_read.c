/*
 * Reads what a policy, or a file of assertions, says of what must never pass and what must:
 * assertions, zones and the matrix. assert_bind.c binds their names.
 */
#include <stdio.h>
#include <string.h>

#include "policy_read.h"

const char *const fr_assertion_words[FR_ASSERT_KINDS] = {"never", "only", "must"};

const char *fr_assertion_id(struct fr_arena *arena, const flowrules_policy *policy, size_t number) {
    const struct fr_assertion *own = fr_vec_at(&policy->assertions, struct fr_assertion, number);
    return own->name != 0
               ? FR_POLICY_TEXT(policy, own->name)
               : fr_arena_printf(arena, "%s-%zu", fr_assertion_words[own->kind], number + 1);
}

static const struct fr_key no_keys[] = {{.name = NULL}};

/* ---- ends ---------------------------------------------------------------------------------- */

static flowrules_status read_members(struct fr_reader *r, const struct fr_value *value,
                                     void *object) {
    return fr_read_asserted_ends(r, value, &((struct fr_asserted *)object)->members);
}

static flowrules_status read_except(struct fr_reader *r, const struct fr_value *value,
                                    void *object) {
    return fr_read_asserted_ends(r, value, &((struct fr_asserted *)object)->except);
}

const struct fr_key fr_asserted_keys[] = {
    {"members", read_members, NULL, "ends", "what it contains; everything if it is left out", NULL},
    {"except", read_except, NULL, "ends", "what it does not contain", NULL},
    {.name = NULL},
};

/* Networks, or a mapping of members and exceptions; what is the word for it in messages. */
static flowrules_status read_asserted(struct fr_reader *r, const struct fr_value *value,
                                      const char *what, struct fr_asserted *asserted) {
    *asserted = (struct fr_asserted){.rest = false};
    if (value->kind != FR_MAPPING)
        return fr_read_asserted_ends(r, value, &asserted->members);
    struct fr_at at = value->at;
    size_t errors = r->diagnostics->error_count;
    FR_TRY(fr_read_mapping(r, value, what, fr_asserted_keys, NULL, asserted));
    asserted->rest = asserted->members.count == 0;
    if (asserted->rest && asserted->except.count == 0 && r->diagnostics->error_count == errors)
        fr_error(r->diagnostics, FR_VALUE_EMPTY, at, "write 'members', 'except', or both",
                 "%s must not be empty", what);
    return FLOWRULES_OK;
}

/* ---- packets ------------------------------------------------------------------------------- */

static flowrules_status read_source(struct fr_reader *r, const struct fr_value *value,
                                    void *object) {
    return read_asserted(r, value, "a source", &((struct fr_packets *)object)->ends[0]);
}

static flowrules_status read_destination(struct fr_reader *r, const struct fr_value *value,
                                         void *object) {
    return read_asserted(r, value, "a destination", &((struct fr_packets *)object)->ends[1]);
}

static flowrules_status read_service(struct fr_reader *r, const struct fr_value *value,
                                     void *object) {
    return fr_read_service_names(r, value, &((struct fr_packets *)object)->flow);
}

const struct fr_key fr_packets_keys[] = {
    {"source", read_source, "networks, zones, addresses, names, or any", "asserted",
     "where the packets come from", NULL},
    {"destination", read_destination, "networks, zones, addresses, names, or any", "asserted",
     "where the packets go to", NULL},
    {"service", read_service, NULL, "words",
     "names of services, or any; every service if it is left out", NULL},
    {"protocol", fr_read_protocol, NULL, "protocols",
     "tcp, udp, sctp, icmp ..., a number, or any; instead of service", NULL},
    {"port", fr_read_port, NULL, "ports", "443, 8000-8010, or a service's name", NULL},
    {"source-port", fr_read_source_port, NULL, "ports", "the port that the connection comes from",
     NULL},
    {"icmp-type", fr_read_icmp_type, NULL, "icmp-types",
     "a number, a range such as 9-18, or a name such as echo-request", NULL},
    {"icmp-code", fr_read_icmp_code, NULL, "icmp-codes", "needs icmp-type", NULL},
    {.name = NULL},
};

static void init_flow(const struct fr_reader *r, struct fr_flow *flow, const struct fr_at *at) {
    *flow = (struct fr_flow){.expires = FR_NO_EXPIRY,
                             .tags = UINT32_MAX,
                             .service = FR_SERVICE_NONE,
                             .line = at->line,
                             .column = fr_short_column(at),
                             .file = (uint8_t)(r->file - r->policy->first_file)};
}

/* The service that was read; each where none was. */
static flowrules_status finish_service(struct fr_reader *r, struct fr_packets *packets,
                                       struct fr_at at) {
    if (!packets->flow.by_name && fr_draft_is_empty(&r->draft))
        packets->flow.service = FR_SERVICE_ANY;
    else
        FR_TRY(fr_finish_service(r, &packets->flow, at, "an assertion"));
    return FLOWRULES_OK;
}

static flowrules_status push_packets(struct fr_reader *r, const struct fr_packets *packets,
                                     struct fr_span *span) {
    struct fr_packets *slot = fr_vec_add(&r->policy->packets);
    if (slot == NULL)
        return fr_no_memory(r->context);
    *slot = *packets;
    span->count++;
    return FLOWRULES_OK;
}

/* One mapping of source, destination and service. */
static flowrules_status read_packets(struct fr_reader *r, const struct fr_value *value,
                                     void *object) {
    struct fr_packets packets = {.flow = {.name = 0}};
    struct fr_at at = value->at;
    size_t errors = r->diagnostics->error_count;
    init_flow(r, &packets.flow, &at);
    fr_draft_clear(&r->draft);
    FR_TRY(fr_read_mapping(r, value, "an assertion", fr_packets_keys, NULL, &packets));
    if (r->diagnostics->error_count == errors)
        FR_TRY(finish_service(r, &packets, at));
    packets.flow.usable = r->diagnostics->error_count == errors;
    return push_packets(r, &packets, object);
}

/* ---- exceptions ---------------------------------------------------------------------------- */

/* An exception in the making, and the packets that limit it. */
struct exception_draft {
    struct fr_exception exception;
    struct fr_packets packets;
    bool limited;
};

static flowrules_status read_flow(struct fr_reader *r, const struct fr_value *value, void *object) {
    struct fr_exception *exception = &((struct exception_draft *)object)->exception;
    exception->flow_at = value->at;
    return fr_read_text(r, value, &exception->flow);
}

static flowrules_status read_until(struct fr_reader *r, const struct fr_value *value,
                                   void *object) {
    struct fr_exception *exception = &((struct exception_draft *)object)->exception;
    return fr_read_day(r, value, "the exception", &exception->until, &exception->until_text);
}

static flowrules_status read_by(struct fr_reader *r, const struct fr_value *value, void *object) {
    return fr_read_text(r, value, &((struct exception_draft *)object)->exception.by);
}

static flowrules_status read_ticket(struct fr_reader *r, const struct fr_value *value,
                                    void *object) {
    return fr_read_text(r, value, &((struct exception_draft *)object)->exception.ticket);
}

static flowrules_status read_from(struct fr_reader *r, const struct fr_value *value, void *object) {
    struct exception_draft *draft = object;
    draft->limited = true;
    return read_source(r, value, &draft->packets);
}

static flowrules_status read_to(struct fr_reader *r, const struct fr_value *value, void *object) {
    struct exception_draft *draft = object;
    draft->limited = true;
    return read_destination(r, value, &draft->packets);
}

static flowrules_status read_limit(struct fr_reader *r, const struct fr_value *value,
                                   void *object) {
    struct exception_draft *draft = object;
    draft->limited = true;
    return read_service(r, value, &draft->packets);
}

const struct fr_key fr_exception_keys[] = {
    {"flow", read_flow, "the name of the flow that may pass", "flow-name",
     "the flow that the assertion does not hold for", NULL},
    {"until", read_until, "write YYYY-MM-DD, the last day on which the exception is valid", "date",
     "the last day on which it is valid", NULL},
    {"by", read_by, NULL, "text", "who has allowed it", NULL},
    {"ticket", read_ticket, NULL, "text", "the ticket of the request", NULL},
    {"source", read_from, NULL, "asserted", "only packets from there; any if it is left out", NULL},
    {"destination", read_to, NULL, "asserted", "only packets to there; any if it is left out",
     NULL},
    {"service", read_limit, NULL, "words", "only packets of these services", NULL},
    {.name = NULL},
};

/* The owner of a file of assertions doesn't write the flow, which may grow. */
static void check_limits(struct fr_reader *r, const struct exception_draft *draft) {
    const struct fr_asserted *ends = draft->packets.ends;
    bool from = ends[0].rest || ends[0].members.count > 0;
    bool to = ends[1].rest || ends[1].members.count > 0;
    if (!r->policy->of_owner || (from && to))
        return;
    fr_error(r->diagnostics, FR_KEY_MISSING, draft->exception.at,
             "whoever writes the policy may widen the flow: say which packets may pass",
             "an exception in a file of assertions needs the key '%s'",
             from ? "destination" : "source");
}

static flowrules_status read_exception(struct fr_reader *r, const struct fr_value *value,
                                       void *object) {
    struct exception_draft draft = {.exception = {.at = value->at, .until = FR_NO_EXPIRY}};
    struct fr_vec *list = &r->policy->exceptions;
    size_t errors = r->diagnostics->error_count;
    init_flow(r, &draft.packets.flow, &value->at);
    draft.packets.ends[0].rest = draft.packets.ends[1].rest = false;
    FR_TRY(fr_read_mapping(r, value, "an exception", fr_exception_keys, NULL, &draft));
    if (r->diagnostics->error_count == errors)
        check_limits(r, &draft);
    draft.packets.flow.usable = r->diagnostics->error_count == errors;
    if (!draft.packets.flow.by_name)
        draft.packets.flow.service = FR_SERVICE_ANY;
    for (size_t e = 0; e < 2; e++)
        if (draft.packets.ends[e].members.count == 0)
            draft.packets.ends[e].rest = true;
    draft.exception.packets = (struct fr_span){(uint32_t)r->policy->packets.count, 0};
    if (draft.limited)
        FR_TRY(push_packets(r, &draft.packets, &draft.exception.packets));
    struct fr_exception *slot = fr_vec_add(list);
    if (slot == NULL)
        return fr_no_memory(r->context);
    *slot = draft.exception;
    ((struct fr_assertion *)object)->exceptions.count++;
    return FLOWRULES_OK;
}

/* ---- assertions: --------------------------------------------------------------------------- */

static flowrules_status read_name(struct fr_reader *r, const struct fr_value *value, void *object) {
    struct fr_assertion *assertion = object;
    FR_TRY(fr_read_word(r, value, false, &assertion->name));
    for (size_t i = 0; assertion->name != 0 && i < r->policy->assertions.count; i++) {
        const struct fr_assertion *other =
            fr_vec_at(&r->policy->assertions, struct fr_assertion, i);
        char hint[60];
        if (other->name != assertion->name)
            continue;
        snprintf(hint, sizeof hint, "the first is in line %u", other->at.line);
        fr_error(r->diagnostics, FR_NAME_DUPLICATE, value->at, hint,
                 "two assertions have the name '%s'", value->text);
        return FLOWRULES_OK;
    }
    return FLOWRULES_OK;
}

static flowrules_status read_because(struct fr_reader *r, const struct fr_value *value,
                                     void *object) {
    return fr_read_text(r, value, &((struct fr_assertion *)object)->because);
}

/* What a kind of assertion says; an assertion has one kind. */
static flowrules_status read_kind(struct fr_reader *r, const struct fr_value *value,
                                  struct fr_assertion *assertion, enum fr_assertion_kind kind) {
    if (assertion->kind != FR_ASSERT_KINDS) {
        fr_error(r->diagnostics, FR_KEY_CONFLICT, r->key_at, "write two assertions",
                 "an assertion has only one of 'never', 'only' and 'must'");
        return fr_yaml_skip(r->yaml, value);
    }
    assertion->kind = kind;
    assertion->packets.first = (uint32_t)r->policy->packets.count;
    return fr_read_list(r, value, read_packets, &assertion->packets);
}

static flowrules_status read_never(struct fr_reader *r, const struct fr_value *value,
                                   void *object) {
    return read_kind(r, value, object, FR_ASSERT_NEVER);
}

static flowrules_status read_only(struct fr_reader *r, const struct fr_value *value, void *object) {
    return read_kind(r, value, object, FR_ASSERT_ONLY);
}

static flowrules_status read_must(struct fr_reader *r, const struct fr_value *value, void *object) {
    return read_kind(r, value, object, FR_ASSERT_MUST);
}

static flowrules_status read_exceptions(struct fr_reader *r, const struct fr_value *value,
                                        void *object) {
    struct fr_assertion *assertion = object;
    assertion->exceptions.first = (uint32_t)r->policy->exceptions.count;
    return fr_read_list(r, value, read_exception, assertion);
}

const struct fr_key fr_assertion_keys[] = {
    {"name", read_name, NULL, "word", "the name of the assertion in messages", NULL},
    {"never", read_never, NULL, "packets", "what must not pass", NULL},
    {"only", read_only, NULL, "packets",
     "what alone may pass to these destinations: nothing else, from nowhere else", NULL},
    {"must", read_must, NULL, "packets", "what must pass", NULL},
    {"because", read_because, NULL, "text", "the reason: a rule, a standard, a decision", NULL},
    {"exception", read_exceptions, NULL, "exceptions",
     "flows that it does not hold for, until a day", NULL},
    {.name = NULL},
};

static void check_assertion(struct fr_reader *r, const struct fr_assertion *assertion) {
    if (assertion->kind == FR_ASSERT_KINDS)
        fr_error(r->diagnostics, FR_KEY_MISSING, assertion->at,
                 "say what must never pass, what alone may pass, or what must pass",
                 "an assertion needs one of the keys 'never', 'only' and 'must'");
    else if (assertion->kind == FR_ASSERT_MUST && assertion->exceptions.count > 0)
        fr_error(r->diagnostics, FR_KEY_CONFLICT, assertion->at, "remove 'exception'",
                 "only 'never' and 'only' can have exceptions: 'must' is about packets that "
                 "do not pass");
}

static flowrules_status read_assertion(struct fr_reader *r, const struct fr_value *value,
                                       void *object) {
    struct fr_assertion assertion = {.kind = FR_ASSERT_KINDS, .at = value->at};
    size_t errors = r->diagnostics->error_count;
    (void)object;
    FR_TRY(fr_read_mapping(r, value, "an assertion", fr_assertion_keys, NULL, &assertion));
    if (r->diagnostics->error_count == errors)
        check_assertion(r, &assertion);
    struct fr_assertion *slot = fr_vec_add(&r->policy->assertions);
    if (slot == NULL)
        return fr_no_memory(r->context);
    *slot = assertion;
    return FLOWRULES_OK;
}

flowrules_status fr_read_assertions(struct fr_reader *r, const struct fr_value *value,
                                    void *object) {
    if (value->kind == FR_SEQUENCE)
        return fr_read_list(r, value, read_assertion, object);
    fr_error(r->diagnostics, FR_VALUE_KIND, value->at,
             "begin each assertion with '- never:', '- only:' or '- must:'",
             "'assertions' must be a list");
    return fr_yaml_skip(r->yaml, value);
}

/* ---- zones: -------------------------------------------------------------------------------- */

static flowrules_status read_zone(struct fr_reader *r, const struct fr_value *value, void *object) {
    struct fr_zone zone = {.at = r->key_at};
    struct fr_value key = {
        .kind = FR_SCALAR, .text = r->key, .length = strlen(r->key), .at = r->key_at};
    (void)object;
    FR_TRY(fr_read_word(r, &key, false, &zone.name));
    if (zone.name != 0 && strcmp(key.text, "any") == 0) {
        fr_error(r->diagnostics, FR_NAME_RESERVED, key.at, "choose another name",
                 "'any' is a reserved name");
        return fr_yaml_skip(r->yaml, value);
    }
    if (fr_value_is(value, "all-else"))
        zone.all_else = zone.asserted.rest = true;
    else
        FR_TRY(read_asserted(r, value, "a zone", &zone.asserted));
    struct fr_zone *slot = fr_vec_add(&r->policy->zones);
    if (slot == NULL)
        return fr_no_memory(r->context);
    *slot = zone;
    return FLOWRULES_OK;
}

flowrules_status fr_read_zones(struct fr_reader *r, const struct fr_value *value, void *object) {
    return fr_read_mapping(r, value, "zones", no_keys, read_zone, object);
}

/* ---- matrix: ------------------------------------------------------------------------------- */

/* A row of the matrix, while its cells are read. */
struct row {
    fr_string from;
    struct fr_at at;
};

static flowrules_status key_word(struct fr_reader *r, fr_string *word) {
    struct fr_value key = {
        .kind = FR_SCALAR, .text = r->key, .length = strlen(r->key), .at = r->key_at};
    return fr_read_word(r, &key, false, word);
}

static flowrules_status read_cell(struct fr_reader *r, const struct fr_value *value, void *object) {
    const struct row *row = object;
    struct fr_matrix_cell cell = {.names = {row->from, 0}, .row_at = row->at};
    size_t errors = r->diagnostics->error_count;
    struct fr_at at = r->key_at;
    init_flow(r, &cell.flow, &at);
    FR_TRY(key_word(r, &cell.names[1]));
    FR_TRY(fr_read_service_names(r, value, &cell.flow));
    cell.flow.usable = r->diagnostics->error_count == errors;
    struct fr_matrix_cell *slot = fr_vec_add(&r->policy->matrix);
    if (slot == NULL)
        return fr_no_memory(r->context);
    *slot = cell;
    return FLOWRULES_OK;
}

static flowrules_status read_row(struct fr_reader *r, const struct fr_value *value, void *object) {
    struct row row = {.at = r->key_at};
    (void)object;
    FR_TRY(key_word(r, &row.from));
    return fr_read_mapping(r, value, "a row of the matrix", no_keys, read_cell, &row);
}

flowrules_status fr_read_matrix(struct fr_reader *r, const struct fr_value *value, void *object) {
    r->policy->matrix_at = r->key_at;
    return fr_read_mapping(r, value, "the matrix", no_keys, read_row, object);
}
