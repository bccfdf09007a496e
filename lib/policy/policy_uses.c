/*
 * Binds the services that flows and assertions name.
 */
#include <stdio.h>
#include <string.h>

#include "policy_resolve.h"
#include "slips.h"

static const char *next_service(const void *user, size_t i) {
    const flowrules_policy *policy = user;
    if (i >= policy->definitions.count)
        return NULL;
    return FR_POLICY_TEXT(policy,
                          fr_vec_at(&policy->definitions, struct fr_service_definition, i)->name);
}

/* The service that a name of service: stands for; FR_SERVICE_NONE where it is not known. */
static fr_service find_service(struct fr_binder *r, const struct fr_peer *ref) {
    flowrules_policy *policy = r->policy;
    const char *name = FR_POLICY_TEXT(policy, ref->ref);
    uint32_t index;
    if (fr_map_get(&policy->definition_by_name, ref->ref, &index))
        return fr_vec_at(&policy->definitions, struct fr_service_definition, index)->service;
    if (strcmp(name, "any") == 0)
        return FR_SERVICE_ANY;
    const char *near = fr_suggestion(r, name, next_service);
    char hint[FR_SLIP_MAX] = "define it under services";
    if (!fr_did_you_mean(hint, sizeof hint, near))
        fr_slip_service(name, hint);
    fr_error(r->diagnostics, FR_SERVICE_UNKNOWN, fr_ref_at(r, ref, name), hint,
             "there is no service '%s'", name);
    return FR_SERVICE_NONE;
}

flowrules_status fr_bind_service(struct fr_binder *r, struct fr_flow *flow, struct fr_vec *terms) {
    if (!flow->by_name)
        return FLOWRULES_OK;
    const struct fr_peer *refs = fr_vec_at(&r->policy->service_refs, struct fr_peer, flow->service);
    size_t count = 0;
    bool good = refs[0].ref != 0;
    terms->count = 0;
    flow->by_name = false;
    flow->service = FR_SERVICE_NONE;
    for (; refs[count].ref != 0; count++) {
        fr_service service = find_service(r, &refs[count]);
        good = good && service != FR_SERVICE_NONE;
        if (good && (count > 0 || refs[1].ref != 0) &&
            !fr_service_list(&r->policy->services, service, terms))
            return fr_no_memory(r->context);
        flow->service = service;
        if (terms->count <= FR_SERVICE_TERMS_MAX)
            continue;
        fr_error(r->diagnostics, FR_YAML_TOO_MANY, fr_peer_at(r->policy, &refs[count]),
                 "use ranges of ports",
                 "the services of flow '%s' together have more than %u combinations of ports",
                 flow->name != 0 ? FR_POLICY_TEXT(r->policy, flow->name) : "",
                 FR_SERVICE_TERMS_MAX);
        good = false;
        break;
    }
    if (good && count > 1)
        flow->service = fr_services_add(&r->policy->services, terms->items, terms->count);
    if (good && flow->service == FR_SERVICE_NONE)
        return fr_no_memory(r->context);
    if (!good) {
        flow->usable = false;
        flow->service = FR_SERVICE_NONE;
    }
    return FLOWRULES_OK;
}
