/*
 * Reads the flows of a policy, and its targets.
 */
#include "policy_read.h"
#include "settings.h"
#include "slips.h"

#include <stdio.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

/* The first of two flows of a name is looked for in all: not for ever so many slips. */
#define DUPLICATES_MAX 100u

/* ---- a flow -------------------------------------------------------------------------------- */

static bool has_control(const struct fr_value *value) {
    for (size_t i = 0; i < value->length; i++)
        if ((unsigned char)value->text[i] < 0x20 || value->text[i] == 0x7f)
            return true;
    return false;
}

bool fr_take_flow_name(struct fr_reader *r, fr_string name, bool *taken) {
    struct fr_vec *bits = &r->flow_names;
    while (bits->count <= name / 8)
        if (fr_vec_push(bits) == NULL)
            return false;
    uint8_t *byte = fr_vec_at(bits, uint8_t, name / 8);
    uint8_t bit = (uint8_t)(1u << (name % 8));
    *taken = (*byte & bit) != 0;
    *byte |= bit;
    return true;
}

void fr_release_flow_name(struct fr_reader *r, fr_string name) {
    if (name / 8 < r->flow_names.count)
        *fr_vec_at(&r->flow_names, uint8_t, name / 8) &= (uint8_t) ~(1u << (name % 8));
}

/* Says where the first flow of a name is, to the user who wrote another in the file of r. */
static void place_of_first(const struct fr_reader *r, fr_string name, char hint[300]) {
    uint32_t flow;
    snprintf(hint, 300, "give one of them another name");
    if (r->diagnostics->error_count >= DUPLICATES_MAX ||
        !fr_policy_find_flow(r->policy, name, &flow))
        return;
    const struct fr_flow *first = fr_vec_at(&r->policy->flows, struct fr_flow, flow);
    uint32_t file = r->policy->first_file + first->file;
    if (file == r->file)
        snprintf(hint, 300, "the first is in line %u", first->line);
    else
        snprintf(hint, 300, "the first is in %.200s line %u",
                 fr_diagnostics_file_name(r->diagnostics, file), first->line);
}

static flowrules_status read_flow_name(struct fr_reader *r, const struct fr_value *value,
                                       void *object) {
    struct fr_flow *flow = object;
    bool good;
    FR_TRY(fr_want_scalar(r, value, &good));
    if (!good)
        return FLOWRULES_OK;
    flow->line = value->at.line;
    flow->column = fr_short_column(&value->at);
    if (value->length == 0 || value->length > FR_FLOW_NAME_MAX || has_control(value)) {
        fr_error(r->diagnostics, FR_NAME_FORM, value->at,
                 "1 to 255 bytes without line breaks or control characters",
                 "this is not a valid name for a flow");
        return FLOWRULES_OK;
    }
    fr_string name = fr_strings_add(&r->policy->strings, value->text, value->length);
    bool taken = false;
    if (name == 0 || !fr_take_flow_name(r, name, &taken))
        return fr_no_memory(r->context);
    if (taken) {
        char hint[300];
        place_of_first(r, name, hint);
        fr_error(r->diagnostics, FR_NAME_DUPLICATE, value->at, hint,
                 "two flows have the name '%.80s'", value->text);
        return FLOWRULES_OK;
    }
    flow->name = name;
    return FLOWRULES_OK;
}

static const char *const action_words[] = {"allow", "deny", NULL};

static flowrules_status read_action(struct fr_reader *r, const struct fr_value *value,
                                    void *object) {
    size_t index = 0;
    FR_TRY(fr_read_choice(r, value, action_words, &index));
    ((struct fr_flow *)object)->deny = index == 1;
    return FLOWRULES_OK;
}

static flowrules_status read_source(struct fr_reader *r, const struct fr_value *value,
                                    void *object) {
    return fr_read_peers(r, value, &((struct fr_flow *)object)->source);
}

static flowrules_status read_destination(struct fr_reader *r, const struct fr_value *value,
                                         void *object) {
    return fr_read_peers(r, value, &((struct fr_flow *)object)->destination);
}

static flowrules_status read_service_ref(struct fr_reader *r, const struct fr_value *value,
                                         void *object) {
    struct fr_span *span = object;
    fr_string name = 0;
    char hint[FR_SLIP_MAX];
    if (value->kind == FR_SCALAR && !fr_is_word(value, false) && fr_slip_service(value->text, hint))
        fr_error(r->diagnostics, FR_SERVICE_UNKNOWN, value->at, hint,
                 "'%.80s' is not the name of a service", value->text);
    else
        FR_TRY(fr_read_word(r, value, false, &name));
    if (name == 0)
        return FLOWRULES_OK;
    struct fr_peer *slot = fr_vec_push(&r->policy->service_refs);
    if (slot == NULL)
        return fr_no_memory(r->context);
    *slot = (struct fr_peer){.ref = name,
                             .line = value->at.line,
                             .column = fr_short_column(&value->at),
                             .file = (uint8_t)(r->file - r->policy->first_file)};
    span->count++;
    return FLOWRULES_OK;
}

/* service: NAME or a list; the refs end with an empty one. */
flowrules_status fr_read_service_names(struct fr_reader *r, const struct fr_value *value,
                                       void *object) {
    struct fr_flow *flow = object;
    struct fr_span span = {(uint32_t)r->policy->service_refs.count, 0};
    if (value->kind == FR_MAPPING) {
        fr_error(r->diagnostics, FR_VALUE_KIND, value->at,
                 "name a service, or write protocol: and port: in the flow itself",
                 "'service' takes a name here, not a mapping");
        return fr_yaml_skip(r->yaml, value);
    }
    FR_TRY(fr_read_list(r, value, read_service_ref, &span));
    struct fr_peer *end = fr_vec_push(&r->policy->service_refs);
    if (end == NULL)
        return fr_no_memory(r->context);
    flow->by_name = true;
    flow->service = span.first;
    return FLOWRULES_OK;
}

static flowrules_status read_purpose(struct fr_reader *r, const struct fr_value *value,
                                     void *object) {
    return fr_read_text(r, value, &((struct fr_flow *)object)->purpose);
}

static flowrules_status read_owner(struct fr_reader *r, const struct fr_value *value,
                                   void *object) {
    return fr_read_text(r, value, &((struct fr_flow *)object)->owner);
}

static flowrules_status read_ticket(struct fr_reader *r, const struct fr_value *value,
                                    void *object) {
    return fr_read_text(r, value, &((struct fr_flow *)object)->ticket);
}

static flowrules_status read_volume(struct fr_reader *r, const struct fr_value *value,
                                    void *object) {
    return fr_read_text(r, value, &((struct fr_flow *)object)->volume);
}

static flowrules_status read_frequency(struct fr_reader *r, const struct fr_value *value,
                                       void *object) {
    return fr_read_text(r, value, &((struct fr_flow *)object)->frequency);
}

static flowrules_status read_log(struct fr_reader *r, const struct fr_value *value, void *object) {
    bool log = false;
    FR_TRY(fr_read_boolean(r, value, &log));
    ((struct fr_flow *)object)->log = log;
    return FLOWRULES_OK;
}

flowrules_status fr_read_day(struct fr_reader *r, const struct fr_value *value, const char *what,
                             int32_t *days, fr_string *text) {
    bool good;
    *days = FR_NO_EXPIRY;
    FR_TRY(fr_want_scalar(r, value, &good));
    if (!good)
        return FLOWRULES_OK;
    if (fr_date_parse(value->text, value->length, days))
        return fr_read_text(r, value, text);
    char hint[FR_SLIP_MAX];
    *days = FR_NO_EXPIRY;
    snprintf(hint, sizeof hint, "write YYYY-MM-DD, the last day on which %s is valid", what);
    fr_slip_date(value->text, hint);
    fr_error(r->diagnostics, FR_DATE, value->at, hint, "'%.80s' is not a valid date", value->text);
    return FLOWRULES_OK;
}

static flowrules_status read_expires(struct fr_reader *r, const struct fr_value *value,
                                     void *object) {
    struct fr_flow *flow = object;
    return fr_read_day(r, value, "the flow", &flow->expires, &flow->expires_text);
}

static flowrules_status read_tag(struct fr_reader *r, const struct fr_value *value, void *object) {
    struct fr_span *span = object;
    fr_string tag;
    FR_TRY(fr_read_word(r, value, true, &tag));
    if (tag == 0)
        return FLOWRULES_OK;
    fr_string *slot = fr_vec_push(&r->policy->tags);
    if (slot == NULL)
        return fr_no_memory(r->context);
    *slot = tag;
    span->count++;
    return FLOWRULES_OK;
}

static uint32_t tags_key(const flowrules_policy *policy, struct fr_span span) {
    return fr_hash(fr_vec_at(&policy->tags, fr_string, span.first),
                   span.count * sizeof(fr_string)) |
           1u;
}

bool fr_know_tag_lists(struct fr_reader *r) {
    bool good = true;
    for (uint32_t i = 0; i < r->policy->tag_lists.count && good; i++) {
        struct fr_span span = *fr_vec_at(&r->policy->tag_lists, struct fr_span, i);
        good = fr_map_put(&r->tag_lists, tags_key(r->policy, span), i);
    }
    return good;
}

/* Tag lists repeat over very many flows: equal ones are kept once. */
static flowrules_status read_tags(struct fr_reader *r, const struct fr_value *value, void *object) {
    flowrules_policy *policy = r->policy;
    struct fr_span span = {(uint32_t)policy->tags.count, 0};
    FR_TRY(fr_read_list(r, value, read_tag, &span));
    if (span.count == 0)
        return FLOWRULES_OK;
    uint32_t known;
    uint32_t key = tags_key(policy, span);
    if (fr_map_get(&r->tag_lists, key, &known)) {
        struct fr_span other = *fr_vec_at(&policy->tag_lists, struct fr_span, known);
        if (other.count == span.count && memcmp(fr_vec_at(&policy->tags, fr_string, other.first),
                                                fr_vec_at(&policy->tags, fr_string, span.first),
                                                span.count * sizeof(fr_string)) == 0) {
            policy->tags.count = span.first;
            ((struct fr_flow *)object)->tags = known;
            return FLOWRULES_OK;
        }
    }
    struct fr_span *slot = fr_vec_push(&policy->tag_lists);
    if (slot == NULL || !fr_map_put(&r->tag_lists, key, (uint32_t)policy->tag_lists.count - 1))
        return fr_no_memory(r->context);
    *slot = span;
    ((struct fr_flow *)object)->tags = (uint32_t)policy->tag_lists.count - 1;
    return FLOWRULES_OK;
}

static flowrules_status read_spared(struct fr_reader *r, const struct fr_value *value,
                                    void *object) {
    struct fr_span *span = object;
    struct fr_spared spared = {.at = value->at};
    FR_TRY(fr_read_text(r, value, &spared.name));
    if (spared.name == 0)
        return FLOWRULES_OK;
    struct fr_spared *slot = fr_vec_push(&r->policy->spared);
    if (slot == NULL)
        return fr_no_memory(r->context);
    *slot = spared;
    span->count++;
    return FLOWRULES_OK;
}

static flowrules_status read_spares(struct fr_reader *r, const struct fr_value *value,
                                    void *object) {
    struct fr_span span = {(uint32_t)r->policy->spared.count, 0};
    FR_TRY(fr_read_list(r, value, read_spared, &span));
    if (span.count == 0)
        return FLOWRULES_OK; /* reported */
    struct fr_span *slot = fr_vec_push(&r->policy->spare_lists);
    if (slot == NULL)
        return fr_no_memory(r->context);
    *slot = span;
    ((struct fr_flow *)object)->spares = (uint32_t)r->policy->spare_lists.count;
    return FLOWRULES_OK;
}

const struct fr_key fr_flow_keys[] = {
    {"name", read_flow_name, "messages and rules refer to a flow by its name", "flow-name",
     "the name of the flow in messages and rules", NULL},
    {"source", read_source, "who opens the connection: networks, addresses, names, or any", "ends",
     "who opens the connection", NULL},
    {"destination", read_destination,
     "where the connection goes: networks, addresses, names, or any", "ends",
     "where the connection goes", NULL},
    {"service", fr_read_service_names, NULL, "words",
     "names of services, or any; instead of protocol and port", NULL},
    {"protocol", fr_read_protocol, NULL, "protocols", "tcp, udp, sctp, icmp ..., a number, or any",
     NULL},
    {"port", fr_read_port, NULL, "ports", "443, 8000-8010, or a service's name", NULL},
    {"purpose", read_purpose, NULL, "text", "what it is for", NULL},
    {"tags", read_tags, NULL, "labels", "words by which targets select flows", NULL},
    {"owner", read_owner, NULL, "text", "who is responsible", NULL},
    {"ticket", read_ticket, NULL, "text", "the ticket of the request", NULL},
    {"volume", read_volume, NULL, "text", "the expected amount of data", NULL},
    {"frequency", read_frequency, NULL, "text", "how often it is used", NULL},
    {"action", read_action, NULL, "choice", "a deny beats every allow that it does not spare",
     action_words},
    {"spares", read_spares, NULL, "texts", "only in a deny: allows that it does not block", NULL},
    {"log", read_log, NULL, "boolean", "log what its rules match", NULL},
    {"expires", read_expires, NULL, "date", "the last day on which it is valid", NULL},
    {"source-port", fr_read_source_port, NULL, "ports", "the port that the connection comes from",
     NULL},
    {"icmp-type", fr_read_icmp_type, NULL, "icmp-types",
     "a number, a range such as 9-18, or a name such as echo-request", NULL},
    {"icmp-code", fr_read_icmp_code, NULL, "icmp-codes", "needs icmp-type", NULL},
    {"lint", fr_read_flow_silences, NULL, "silences",
     "findings of lint that are accepted, each with its reason", NULL},
    {.name = NULL},
};

flowrules_status fr_finish_service(struct fr_reader *r, struct fr_flow *flow, struct fr_at at,
                                   const char *what) {
    bool drafted = !fr_draft_is_empty(&r->draft);
    if (flow->by_name && drafted) {
        fr_error(r->diagnostics, FR_KEY_CONFLICT, at, "keep one of them",
                 "%s has either 'service' or 'protocol' and ports of its own", what);
        return FLOWRULES_OK;
    }
    if (!drafted)
        return FLOWRULES_OK;
    r->draft.terms.count = 0;
    FR_TRY(fr_draft_terms(r, at));
    return fr_draft_service(r, &flow->service);
}

/* The service of a flow, or a word on what is missing. */
static flowrules_status finish_service(struct fr_reader *r, struct fr_flow *flow, struct fr_at at) {
    if (flow->by_name || !fr_draft_is_empty(&r->draft))
        return fr_finish_service(r, flow, at, "a flow");
    fr_error(r->diagnostics, FR_KEY_MISSING, at, "'service: any' opens everything",
             "a flow needs the key 'service', or 'protocol' and 'port'");
    return FLOWRULES_OK;
}

void fr_own_services(flowrules_policy *policy, uint32_t first, uint32_t flow) {
    struct fr_peer *ref = fr_vec_at(&policy->service_refs, struct fr_peer, first);
    while (ref->ref != 0)
        ref++;
    ref->line = flow + 1;
}

flowrules_status fr_read_flow(struct fr_reader *r, const struct fr_value *value,
                              struct fr_flow *flow) {
    struct fr_at at = value->at;
    *flow = (struct fr_flow){.expires = FR_NO_EXPIRY,
                             .tags = UINT32_MAX,
                             .service = FR_SERVICE_NONE,
                             .line = at.line,
                             .column = fr_short_column(&at),
                             .file = (uint8_t)(r->file - r->policy->first_file)};
    size_t errors = r->diagnostics->error_count;
    fr_draft_clear(&r->draft);
    FR_TRY(fr_read_mapping(r, value, "a flow", fr_flow_keys, NULL, flow));
    if (flow->by_name)
        fr_own_services(r->policy, flow->service, (uint32_t)r->policy->flows.count);
    if (value->kind == FR_MAPPING && r->diagnostics->error_count == errors)
        FR_TRY(finish_service(r, flow, fr_flow_place(r->policy, flow)));
    flow->usable = r->diagnostics->error_count == errors;
    return FLOWRULES_OK;
}

flowrules_status fr_check_flow_count(struct fr_reader *r, size_t count, struct fr_at at) {
    if (count < r->context->max_flows)
        return FLOWRULES_OK;
    return fr_error(r->diagnostics, FR_YAML_TOO_MANY, at, "split the policy",
                    "the policy has more than %llu flows",
                    (unsigned long long)r->context->max_flows);
}

static flowrules_status read_flow(struct fr_reader *r, const struct fr_value *value) {
    struct fr_flow flow;
    FR_TRY(fr_check_flow_count(r, r->policy->flows.count, value->at));
    FR_TRY(fr_read_flow(r, value, &flow));
    struct fr_flow *slot = fr_vec_add(&r->policy->flows);
    if (slot == NULL)
        return fr_no_memory(r->context);
    *slot = flow;
    return FLOWRULES_OK;
}

flowrules_status fr_read_flows(struct fr_reader *r, const struct fr_value *value, void *object) {
    (void)object;
    r->flows_given = true;
    if (value->kind != FR_SEQUENCE) {
        fr_error(r->diagnostics, FR_VALUE_KIND, value->at, "begin each flow with '- name:'",
                 "'flows' must be a list");
        return fr_yaml_skip(r->yaml, value);
    }
    size_t before = r->policy->flows.count;
    struct fr_value item;
    bool more;
    for (;;) {
        FR_TRY(fr_yaml_item(r->yaml, &item, &more));
        if (!more)
            break;
        FR_TRY(read_flow(r, &item));
    }
    if (r->policy->flows.count == before)
        fr_error(r->diagnostics, FR_NO_FLOWS, value->at,
                 "write at least one flow, or remove the key if an included file has flows",
                 "the list of flows is empty");
    return FLOWRULES_OK;
}

/* ---- a target ------------------------------------------------------------------------------ */

static flowrules_status read_backend(struct fr_reader *r, const struct fr_value *value,
                                     void *object) {
    struct fr_target *target = object;
    target->backend_at = value->at;
    return fr_read_word(r, value, false, &target->backend);
}

static flowrules_status read_format(struct fr_reader *r, const struct fr_value *value,
                                    void *object) {
    struct fr_target *target = object;
    target->format_at = value->at;
    return fr_read_word(r, value, false, &target->format);
}

static flowrules_status read_target_protects(struct fr_reader *r, const struct fr_value *value,
                                             void *object) {
    return fr_read_peers(r, value, &((struct fr_target *)object)->protects);
}

static const char *const direction_words[] = {"both", "egress", "ingress", NULL};

static flowrules_status read_direction(struct fr_reader *r, const struct fr_value *value,
                                       void *object) {
    size_t index = 0;
    FR_TRY(fr_read_choice(r, value, direction_words, &index));
    ((struct fr_target *)object)->direction = (enum fr_direction_mode)index;
    return FLOWRULES_OK;
}

static const char *const mode_words[] = {"whole", "permits", NULL};

static flowrules_status read_mode(struct fr_reader *r, const struct fr_value *value, void *object) {
    struct fr_target *target = object;
    size_t index = 0;
    target->mode_at = value->at;
    FR_TRY(fr_read_choice(r, value, mode_words, &index));
    target->permits = index == 1;
    return FLOWRULES_OK;
}

static const char *const names_words[] = {"native", "pinned", "refuse", NULL};

static flowrules_status read_names(struct fr_reader *r, const struct fr_value *value,
                                   void *object) {
    size_t index = 3;
    FR_TRY(fr_read_choice(r, value, names_words, &index));
    if (index < 3)
        ((struct fr_target *)object)->names = (enum fr_names_mode)(index + 1);
    return FLOWRULES_OK;
}

static const char *const log_words[] = {"flows", "denied", "all", "none", NULL};

static flowrules_status read_log_mode(struct fr_reader *r, const struct fr_value *value,
                                      void *object) {
    size_t index = 0;
    FR_TRY(fr_read_choice(r, value, log_words, &index));
    ((struct fr_target *)object)->log = (enum fr_log_mode)index;
    ((struct fr_target *)object)->log_at = value->at;
    return FLOWRULES_OK;
}

static flowrules_status read_baseline_part(struct fr_reader *r, const struct fr_value *value,
                                           void *object) {
    size_t index = SIZE_MAX;
    FR_TRY(fr_read_choice(r, value, fr_baseline_words, &index));
    if (index != SIZE_MAX)
        ((struct fr_target *)object)->baseline |= 1u << index;
    return FLOWRULES_OK;
}

/* One word alone may stand for a list of one. */
static bool is_baseline_word(const struct fr_value *value) {
    for (size_t i = 0; value->kind == FR_SCALAR && fr_baseline_words[i] != NULL; i++)
        if (fr_value_is(value, fr_baseline_words[i]))
            return true;
    return false;
}

static flowrules_status read_baseline(struct fr_reader *r, const struct fr_value *value,
                                      void *object) {
    struct fr_target *target = object;
    bool whole = true;
    target->own_baseline = true;
    if (value->kind == FR_SCALAR && fr_value_is(value, "none")) {
        target->baseline = 0;
        return FLOWRULES_OK;
    }
    if (value->kind == FR_SEQUENCE || is_baseline_word(value)) {
        target->baseline = 0;
        target->baseline_at = value->at;
        return fr_read_list(r, value, read_baseline_part, object);
    }
    FR_TRY(fr_read_boolean(r, value, &whole));
    target->baseline = whole ? FR_BASELINE_TRUE : FR_BASELINE_FALSE;
    return FLOWRULES_OK;
}

const char *const fr_need_words[FR_NEEDS + 1] = {
    "ssh", "dhcpv6", "kubelet", "bgp",     "ospf",           "ipsec",
    "dns", "dhcp",   "ntp",     "updates", "kubernetes-api", NULL};

static flowrules_status read_shut(struct fr_reader *r, const struct fr_value *value, void *object) {
    size_t index = SIZE_MAX;
    FR_TRY(fr_read_choice(r, value, fr_need_words, &index));
    if (index != SIZE_MAX)
        ((struct fr_target *)object)->shuts |= 1u << index;
    return FLOWRULES_OK;
}

static flowrules_status read_shuts(struct fr_reader *r, const struct fr_value *value,
                                   void *object) {
    ((struct fr_target *)object)->shuts_at = value->at;
    return fr_read_list(r, value, read_shut, object);
}

static flowrules_status read_optimize(struct fr_reader *r, const struct fr_value *value,
                                      void *object) {
    return fr_read_boolean(r, value, &((struct fr_target *)object)->optimize);
}

/* ---- select -------------------------------------------------------------------------------- */

static flowrules_status read_select_tag(struct fr_reader *r, const struct fr_value *value,
                                        void *object) {
    struct fr_span *span = object;
    fr_string tag;
    FR_TRY(fr_read_word(r, value, true, &tag));
    fr_string *slot = tag == 0 ? NULL : fr_vec_push(&r->policy->target_strings);
    if (slot == NULL)
        return tag == 0 ? FLOWRULES_OK : fr_no_memory(r->context);
    *slot = tag;
    span->count++;
    return FLOWRULES_OK;
}

static flowrules_status read_select_tags(struct fr_reader *r, const struct fr_value *value,
                                         void *object) {
    struct fr_target *target = object;
    target->select_tags = (struct fr_span){(uint32_t)r->policy->target_strings.count, 0};
    return fr_read_list(r, value, read_select_tag, &target->select_tags);
}

/* Compiles /regex/; an error of the expression is reported at its place. */
static flowrules_status compile_pattern(struct fr_reader *r, const struct fr_value *value,
                                        struct fr_pattern *pattern) {
    int error;
    PCRE2_SIZE offset;
    pattern->expression = pcre2_compile((PCRE2_SPTR)value->text + 1, value->length - 2,
                                        PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C, &error, &offset, NULL);
    if (pattern->expression != NULL)
        return FLOWRULES_OK;
    if (error == PCRE2_ERROR_HEAP_FAILED)
        return fr_no_memory(r->context);
    char why[128] = "";
    pcre2_get_error_message(error, (PCRE2_UCHAR *)why, sizeof why);
    struct fr_at at = value->at;
    at.column += (uint32_t)offset + 1 + (value->quoted ? 1 : 0);
    at.length = 1;
    fr_error(r->diagnostics, FR_PATTERN, at, "a regular expression of PCRE2 between slashes",
             "the expression is not valid: %s", why);
    return FLOWRULES_OK;
}

static flowrules_status read_select_name(struct fr_reader *r, const struct fr_value *value,
                                         void *object) {
    struct fr_span *span = object;
    struct fr_pattern pattern = {.at = value->at};
    FR_TRY(fr_read_text(r, value, &pattern.text));
    if (pattern.text == 0)
        return FLOWRULES_OK;
    bool expression =
        value->length >= 2 && value->text[0] == '/' && value->text[value->length - 1] == '/';
    if (expression)
        FR_TRY(compile_pattern(r, value, &pattern));
    if (expression && pattern.expression == NULL)
        return FLOWRULES_OK;
    struct fr_pattern *slot = fr_vec_push(&r->policy->patterns);
    if (slot == NULL) {
        pcre2_code_free(pattern.expression);
        return fr_no_memory(r->context);
    }
    *slot = pattern;
    span->count++;
    return FLOWRULES_OK;
}

static flowrules_status read_select_names(struct fr_reader *r, const struct fr_value *value,
                                          void *object) {
    struct fr_target *target = object;
    target->select_names = (struct fr_span){(uint32_t)r->policy->patterns.count, 0};
    return fr_read_list(r, value, read_select_name, &target->select_names);
}

const struct fr_key fr_select_keys[] = {
    {"tags", read_select_tags, NULL, "labels", "flows with one of these tags", NULL},
    {"name", read_select_names, NULL, "texts",
     "flows with one of these names; /regex/ is an expression", NULL},
    {.name = NULL},
};

static flowrules_status read_select(struct fr_reader *r, const struct fr_value *value,
                                    void *object) {
    if (value->kind == FR_SCALAR && fr_value_is(value, "none")) {
        ((struct fr_target *)object)->select_none = true;
        return FLOWRULES_OK;
    }
    return fr_read_mapping(r, value, "select", fr_select_keys, NULL, object);
}

/* ---- allow-loss ---------------------------------------------------------------------------- */

static flowrules_status read_loss_flow(struct fr_reader *r, const struct fr_value *value,
                                       void *object) {
    struct fr_loss_entry *entry = object;
    entry->at = value->at;
    return fr_read_text(r, value, &entry->flow);
}

static const char *const loss_words[] = {"widen", "narrow", NULL};

static flowrules_status read_loss_kind(struct fr_reader *r, const struct fr_value *value,
                                       void *object) {
    size_t index = 0;
    FR_TRY(fr_read_choice(r, value, loss_words, &index));
    ((struct fr_loss_entry *)object)->loss = index == 0 ? FR_LOSS_WIDEN : FR_LOSS_NARROW;
    return FLOWRULES_OK;
}

const struct fr_key fr_loss_keys[] = {
    {"flow", read_loss_flow, "the flow that need not be exact", "text", "the name of a flow", NULL},
    {"loss", read_loss_kind, "the accepted loss: widen or narrow", "choice",
     "narrow: the target permits less than the flow; widen: more", loss_words},
    {.name = NULL},
};

static flowrules_status read_loss(struct fr_reader *r, const struct fr_value *value, void *object) {
    struct fr_target *target = object;
    struct fr_loss_entry entry = {.at = value->at};
    FR_TRY(fr_read_mapping(r, value, "an entry of allow-loss", fr_loss_keys, NULL, &entry));
    struct fr_loss_entry *slot = fr_vec_push(&r->policy->losses);
    if (slot == NULL)
        return fr_no_memory(r->context);
    *slot = entry;
    target->losses.count++;
    return FLOWRULES_OK;
}

static flowrules_status read_losses(struct fr_reader *r, const struct fr_value *value,
                                    void *object) {
    struct fr_target *target = object;
    target->losses = (struct fr_span){(uint32_t)r->policy->losses.count, 0};
    return fr_read_list(r, value, read_loss, object);
}

/* ---- targets: ------------------------------------------------------------------------------ */

const struct fr_key fr_target_keys[] = {
    {"backend", read_backend, "'flowrules targets' lists the backends", "backend", "the platform",
     NULL},
    {"format", read_format, NULL, "word", "the output format; by default the backend's first",
     NULL},
    {"protects", read_target_protects, NULL, "ends",
     "the networks that it protects; by default the policy's", NULL},
    {"select", read_select, NULL, "select-or-none",
     "the flows that it enforces, or none; by default all", NULL},
    {"mode", read_mode, NULL, "choice",
     "whole: what no flow allows is denied; permits: only the permits of the flows, beside the "
     "rules of others",
     mode_words},
    {"direction", read_direction, NULL, "choice", "the directions that it closes", direction_words},
    {"names", read_names, NULL, "choice", "how DNS names are matched", names_words},
    {"log", read_log_mode, NULL, "choice", "what is logged", log_words},
    {"baseline", read_baseline, NULL, "baseline",
     "what passes besides the flows: all of it, none, or its parts (loopback, path-mtu ...)", NULL},
    {"shuts", read_shuts, NULL, "shuts", "services that it denies on purpose", NULL},
    {"places", fr_read_target_places, NULL, "target-places",
     "the interfaces that it has at the policy's places; others are not its own", NULL},
    {"optimize", read_optimize, NULL, "boolean", "lookups or merged rules for many flows", NULL},
    {"allow-loss", read_losses, NULL, "losses", "flows that need not be exact", NULL},
    {"lint", fr_read_target_silences, NULL, "silences",
     "findings of lint that are accepted, each with its reason", NULL},
    {.name = NULL},
};

static const char *next_target_key(const void *user, size_t i) {
    (void)user;
    return fr_target_keys[i].name;
}

/* A list or mapping is no setting: the key may be a slip for one of a target's own. */
static bool is_slip(struct fr_reader *r, const struct fr_value *value) {
    char hint[120];
    const char *near = value->kind == FR_SCALAR ? NULL : fr_nearest(r->key, next_target_key, NULL);
    if (!fr_did_you_mean(hint, sizeof hint, near))
        return false;
    fr_error(r->diagnostics, FR_SETTING_UNKNOWN, r->key_at, hint, "a target has no key '%s'",
             r->key);
    return true;
}

/* A key that is no target's own: a setting of its backend, checked once that is known. */
static flowrules_status read_setting(struct fr_reader *r, const struct fr_value *value,
                                     void *object) {
    struct fr_target *target = object;
    struct fr_setting_value setting = {.at = r->key_at, .value_at = value->at};
    if (is_slip(r, value))
        return fr_yaml_skip(r->yaml, value);
    setting.key = fr_strings_add(&r->policy->strings, r->key, strlen(r->key));
    if (setting.key == 0)
        return fr_no_memory(r->context);
    FR_TRY(fr_read_text(r, value, &setting.value));
    if (setting.value == 0)
        return FLOWRULES_OK;
    struct fr_setting_value *slot = fr_vec_push(&r->policy->settings);
    if (slot == NULL)
        return fr_no_memory(r->context);
    *slot = setting;
    target->settings.count++;
    return FLOWRULES_OK;
}

static flowrules_status store_target(struct fr_reader *r, const struct fr_target *target) {
    struct fr_target *slot = fr_vec_push(&r->policy->targets);
    if (slot == NULL || !fr_map_put(&r->policy->target_by_name, target->name,
                                    (uint32_t)r->policy->targets.count - 1))
        return fr_no_memory(r->context);
    *slot = *target;
    return FLOWRULES_OK;
}

static flowrules_status read_target(struct fr_reader *r, const struct fr_value *value,
                                    void *object) {
    (void)object;
    struct fr_target target = {.at = r->key_at, .baseline = FR_BASELINE_TRUE, .optimize = true};
    struct fr_value key = {
        .kind = FR_SCALAR, .text = r->key, .length = strlen(r->key), .at = r->key_at};
    uint32_t earlier;
    FR_TRY(fr_read_word(r, &key, true, &target.name));
    if (target.name == 0)
        return fr_yaml_skip(r->yaml, value);
    if (fr_map_get(&r->policy->target_by_name, target.name, &earlier)) {
        fr_error(r->diagnostics, FR_NAME_DUPLICATE, r->key_at, "give one of them another name",
                 "two targets have the name '%s'", r->key);
        return fr_yaml_skip(r->yaml, value);
    }
    target.settings.first = (uint32_t)r->policy->settings.count;
    FR_TRY(fr_read_mapping(r, value, "a target", fr_target_keys, read_setting, &target));
    if (target.permits && !target.own_baseline)
        target.baseline = 0;
    return store_target(r, &target);
}

static const struct fr_key no_keys[] = {{.name = NULL}};

flowrules_status fr_read_targets(struct fr_reader *r, const struct fr_value *value, void *object) {
    return fr_read_mapping(r, value, "targets", no_keys, read_target, object);
}
