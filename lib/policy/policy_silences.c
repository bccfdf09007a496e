/*
 * Reads the findings of lint that a flow, a network or a target accepts, each with a reason.
 */
#include <string.h>

#include "finding_table.h"
#include "policy_read.h"

/* ---- reasons ------------------------------------------------------------------------------- */

/* A text with a letter or a digit that is no boolean. */
static bool is_reason(const struct fr_value *value) {
    if (fr_value_is_null(value) || fr_value_is(value, "true") || fr_value_is(value, "false"))
        return false;
    for (size_t i = 0; i < value->length; i++)
        if ((unsigned char)value->text[i] > ' ' && strchr("-.~?!'\"", value->text[i]) == NULL)
            return true;
    return false;
}

flowrules_status fr_read_silence(struct fr_reader *r, const struct fr_value *value,
                                 struct fr_silence *silence) {
    if (value->kind == FR_SCALAR && !is_reason(value)) {
        fr_error(r->diagnostics, FR_VALUE_EMPTY, value->at,
                 "write why it is accepted, for example: \"replaced in May, NET-1234\"",
                 "'%.80s' is accepted without a reason", r->key);
        return FLOWRULES_OK;
    }
    FR_TRY(fr_read_text(r, value, &silence->reason));
    if (silence->reason == 0)
        return FLOWRULES_OK;
    struct fr_silence *slot = fr_vec_push(&r->policy->silences);
    if (slot == NULL)
        return fr_no_memory(r->context);
    *slot = *silence;
    return FLOWRULES_OK;
}

/* ---- of flows, networks and targets -------------------------------------------------------- */

static const struct fr_key no_keys[] = {{.name = NULL}};

static flowrules_status read_silence(struct fr_reader *r, const struct fr_value *value,
                                     void *object) {
    struct fr_silence silence = *(const struct fr_silence *)object;
    silence.at = r->key_at;
    silence.finding = (uint16_t)fr_finding_number(r->key);
    if (silence.finding == 0) {
        fr_report_unknown_key(r, "lint", r->key, r->key_at, fr_finding_candidate, NULL,
                              "the number of a finding, such as FL0101; docs/LINT.md lists them");
        return fr_yaml_skip(r->yaml, value);
    }
    return fr_read_silence(r, value, &silence);
}

static flowrules_status read_silences(struct fr_reader *r, const struct fr_value *value,
                                      enum fr_silence_of of, size_t index) {
    struct fr_silence silence = {.of = (uint8_t)of, .index = (uint32_t)index};
    return fr_read_mapping(r, value, "lint", no_keys, read_silence, &silence);
}

flowrules_status fr_read_flow_silences(struct fr_reader *r, const struct fr_value *value,
                                       void *object) {
    (void)object;
    return read_silences(r, value, FR_SILENCE_OF_FLOW, r->policy->flows.count);
}

flowrules_status fr_read_network_silences(struct fr_reader *r, const struct fr_value *value,
                                          void *object) {
    (void)object;
    return read_silences(r, value, FR_SILENCE_OF_NETWORK, r->policy->networks.count);
}

flowrules_status fr_read_target_silences(struct fr_reader *r, const struct fr_value *value,
                                         void *object) {
    (void)object;
    return read_silences(r, value, FR_SILENCE_OF_TARGET, r->policy->targets.count);
}
