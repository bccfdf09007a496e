/*
 * The fingerprint of rules: a hash of the rules and of all else that the artifact says, which is
 * its version.
 */
#include <stdio.h>
#include <string.h>

#include "rules.h"

static uint64_t mix(uint64_t hash, uint64_t value) {
    hash = (hash ^ value) * 0x9E3779B97F4A7C15u; /* Knuth's multiplicative constant, 2^64 / phi */
    return hash ^ (hash >> 29);
}

static uint64_t mix_text(uint64_t hash, const char *text) {
    return mix(hash, text == NULL ? 0 : fr_hash(text, strlen(text)));
}

static uint64_t mix_set(uint64_t hash, struct flowrules_set set) {
    for (int family = 0; family < 2; family++)
        for (size_t i = 0; i < flowrules_set_range_count(set, (enum flowrules_family)family); i++) {
            struct flowrules_range r = flowrules_set_range(set, (enum flowrules_family)family, i);
            hash = mix(mix(mix(mix(hash, r.first.hi), r.first.lo), r.last.hi), r.last.lo);
        }
    for (size_t i = 0; i < flowrules_set_atom_count(set); i++) {
        struct flowrules_atom atom = flowrules_set_atom(set, i);
        hash = mix_text(mix(hash, atom.kind), atom.name);
    }
    return mix(hash, flowrules_set_is_any(set));
}

/* What the platform's groups of a set are to it. */
static uint64_t mix_bindings(uint64_t hash, const flowrules_plan *plan, fr_set set) {
    struct flowrules_set view = {&plan->view->sets, set};
    for (size_t i = 0; i < flowrules_set_atom_count(view); i++) {
        struct flowrules_atom atom = flowrules_set_atom(view, i);
        const struct fr_binding *binding =
            atom.kind == FLOWRULES_ATOM_GROUP
                ? fr_policy_binding_for(plan->policy, atom.name, plan->backend)
                : NULL;
        for (uint32_t v = 0; binding != NULL && v < binding->values.count; v++) {
            const struct fr_binding_value *value = fr_vec_at(
                &plan->policy->binding_values, struct fr_binding_value, binding->values.first + v);
            hash = mix_text(hash, FR_POLICY_TEXT(plan->policy, value->key));
            hash = mix_text(hash, FR_POLICY_TEXT(plan->policy, value->label));
            hash = mix_text(hash, FR_POLICY_TEXT(plan->policy, value->value));
        }
    }
    return hash;
}

static uint64_t mix_table(uint64_t hash, const struct fr_rules *rules, const struct fr_rule *rule) {
    const struct fr_table *table = *fr_vec_at(&rules->tables, struct fr_table *, rule->table);
    for (size_t i = 0; i < table->view.count; i++) {
        struct flowrules_element e = fr_table_element(table, i);
        hash = mix(mix(hash, e.source.hi), e.source.lo);
        hash = mix(mix(hash, e.address.first.hi), e.address.first.lo);
        hash = mix(mix(hash, e.address.last.hi), e.address.last.lo);
        hash = mix(mix(mix(hash, e.ports.first), e.ports.last), e.flows.number);
    }
    return mix_text(hash, table->view.name);
}

static uint64_t mix_rule(uint64_t hash, const struct fr_rules *rules, const struct fr_rule *rule) {
    const flowrules_plan *plan = rules->plan;
    const struct fr_service_terms *terms = fr_service_get(plan->services, rule->service);
    for (uint32_t i = 0; i < terms->count; i++) {
        const struct fr_term *t = &terms->terms[i];
        hash = mix(mix(hash, t->protocol), ((uint64_t)t->source_first << 16) | t->source_last);
        hash = mix(hash, ((uint64_t)t->destination_first << 16) | t->destination_last);
    }
    hash = mix_set(hash, (struct flowrules_set){&plan->view->sets, rule->source});
    hash = mix_set(hash, (struct flowrules_set){&plan->view->sets, rule->destination});
    hash = mix_bindings(mix_bindings(hash, plan, rule->source), plan, rule->destination);
    if (rule->kind == FR_RULE_TABLE)
        hash = mix_table(hash, rules, rule);
    if (plan->backend->capabilities.expiry)
        hash = mix(hash, (uint32_t)rule->expires);
    for (size_t i = 0; i < fr_flows_count(&rules->flows, rule->flows); i++)
        hash = mix_text(
            hash, FR_POLICY_TEXT(plan->policy, fr_vec_at(&plan->policy->flows, struct fr_flow,
                                                         fr_flows_at(&rules->flows, rule->flows, i))
                                                   ->name));
    return hash;
}

/* A target of groups closes what it protects by them: that is no part of a rule. */
static uint64_t mix_protects(uint64_t hash, const flowrules_plan *plan) {
    const char *one_end = plan->can->interfaces_end; /* bindings say where networks are alone */
    if (plan->backend->bindings == NULL || plan->stores->placing.key != NULL || one_end != NULL)
        return hash;
    hash = mix(hash, ((uint64_t)plan->enforces[FLOWRULES_EGRESS] << 1) |
                         (uint64_t)plan->enforces[FLOWRULES_INGRESS]);
    hash = mix_set(hash, (struct flowrules_set){&plan->view->sets, plan->protects.set});
    return mix_bindings(hash, plan, plan->protects.set);
}

/* The baseline as a number: 1 and 0 are true and false. */
static uint64_t baseline_mark(unsigned baseline) {
    if (baseline == FR_BASELINE_TRUE)
        return 1;
    return baseline == FR_BASELINE_FALSE ? 0 : (uint64_t)baseline << 1;
}

static uint64_t mix_interfaces(uint64_t hash, const struct flowrules_interfaces *interfaces) {
    for (size_t i = 0; i < interfaces->count; i++)
        hash = mix_text(hash, interfaces->names[i]);
    for (size_t i = 0; i < interfaces->except_count; i++)
        hash = mix_text(hash, interfaces->except[i]);
    return mix(mix(hash, interfaces->count), interfaces->except_count);
}

static uint64_t mix_place(uint64_t hash, const struct flowrules_passage *place) {
    if (place == NULL)
        return hash;
    return mix_interfaces(mix_interfaces(hash, &place->enters), &place->leaves);
}

static uint64_t mix_own_sources(uint64_t hash, const flowrules_plan *plan) {
    struct flowrules_interfaces interfaces;
    struct flowrules_set set;
    for (size_t i = 0; flowrules_plan_own_source(plan, i, &set, &interfaces); i++)
        hash = mix_interfaces(mix_set(hash, set), &interfaces);
    return hash;
}

void fr_rules_fingerprint(struct fr_rules *rules) {
    const flowrules_plan *plan = rules->plan;
    uint64_t hash = mix_text(mix_text(1, plan->name), plan->format->name);
    for (const struct flowrules_setting *s = plan->backend->settings; s != NULL && s->key != NULL;
         s++) {
        const char *value = fr_plan_setting(plan, s->key);
        bool usual = value == NULL || s->fallback == NULL ? value == s->fallback
                                                          : strcmp(value, s->fallback) == 0;
        if (!s->later || !usual)
            hash = mix_text(hash, value);
    }
    hash = mix(hash, (baseline_mark(plan->target->baseline) << 8) | (uint64_t)plan->target->log);
    if (plan->permits)
        hash = mix_text(hash, "permits");
    hash = mix_own_sources(mix_protects(hash, plan), plan);
    for (size_t i = 0; plan->can->interfaces_end && flowrules_plan_interface(plan, i); i++)
        hash = mix_text(hash, flowrules_plan_interface(plan, i));
    for (size_t i = 0; i < rules->groups.count; i++) {
        const struct fr_group *g = fr_vec_at(&rules->groups, struct fr_group, i);
        hash = mix_text(mix_set(hash, g->view.match), g->view.name);
        hash = mix_place(mix(mix(hash, g->log), g->view.action), g->view.passage);
        for (size_t r = 0; r < g->view.rule_count; r++)
            hash =
                mix_rule(hash, rules, fr_vec_at(&rules->rules, struct fr_rule, g->first_rule + r));
    }
    snprintf(rules->fingerprint, sizeof rules->fingerprint, "%08x",
             (unsigned)(hash ^ (hash >> 32)));
}
