/*
 * Warnings about a target that can be rendered: what it denies that is needed, what may surprise.
 */
#include <stdio.h>

#include "flowrules/kits/whole.h"
#include "flowrules/reader.h"
#include "parents.h"
#include "pins.h"
#include "view.h"

static void warn_of_directions(const flowrules_plan *plan) {
    bool used[3] = {false, false, false};
    for (size_t i = 0; i < plan->scoped.count; i++) {
        const struct fr_scoped *s = fr_vec_at(&plan->scoped, struct fr_scoped, i);
        used[s->direction] = used[s->direction] || !s->deny;
    }
    static const char *const messages[3] = {
        [FLOWRULES_EGRESS] = "no flow leaves the machine: target '%s' denies all outgoing traffic",
        [FLOWRULES_INGRESS] =
            ("no flow enters the machine: target '%s' denies all incoming traffic, also SSH"),
        [FLOWRULES_FORWARD] = "no flow passes through: target '%s' denies everything",
    };
    static const char what_was_meant[] = "check 'protects' and 'select'";
    const char *const hints[3] = {
        [FLOWRULES_EGRESS] = plan->can->no_ingress
                                 ? what_was_meant
                                 : "'direction: ingress' does not filter outgoing traffic",
        [FLOWRULES_INGRESS] = "'direction: egress' does not filter incoming traffic",
        [FLOWRULES_FORWARD] = what_was_meant,
    };
    for (int d = 0; d < 3; d++) {
        struct fr_about about = {
            FLOWRULES_WARNING, FR_CLOSED_DIRECTION, plan->target->at, NULL, plan->name, hints[d]};
        if (plan->enforces[d] && !used[d] && !plan->target->select_none)
            fr_report(&plan->context->diagnostics, &about, messages[d], plan->name);
    }
}

/* Does a flow let everything pass, but for denies? */
static bool is_open(const flowrules_plan *plan) {
    for (size_t i = 0; i < plan->scoped.count; i++) {
        const struct fr_scoped *s = fr_vec_at(&plan->scoped, struct fr_scoped, i);
        fr_set far = s->direction == FLOWRULES_EGRESS ? s->destination : s->source;
        if (!s->deny && s->service == FR_SERVICE_ANY && far == FR_SET_ANY)
            return true;
    }
    return false;
}

/* What hosts can't do without: their loopback interface, and replies to what they allow. */
static void warn_of_baseline(const flowrules_plan *plan) {
    static const struct {
        unsigned part, packets;
        const char *message, *hint;
    } parts[] = {{FLOWRULES_BASELINE_REPLIES, FLOWRULES_REPLY,
                  "the baseline of target '%s' has no 'replies': replies to connections are denied",
                  "add 'replies' to its baseline"},
                 {FLOWRULES_BASELINE_LOOPBACK, FLOWRULES_LOOPBACK,
                  "the baseline of target '%s' has no 'loopback': connections between programs on "
                  "the machine need a flow",
                  "add 'loopback' to its baseline"}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        struct fr_about about = {FLOWRULES_WARNING, FR_BASELINE_LACKS, plan->target->at, NULL,
                                 plan->name,        parts[i].hint};
        bool needed = !is_open(plan) && (parts[i].packets == FLOWRULES_REPLY || !plan->transit);
        if (needed && (plan->can->packets & parts[i].packets) != 0 &&
            (plan->target->baseline & parts[i].part) == 0)
            fr_report(&plan->context->diagnostics, &about, parts[i].message, plan->name);
    }
}

/* Does a flow let the machine ask other servers: UDP port 53, outwards? */
static bool may_ask(const flowrules_plan *plan) {
    for (size_t i = 0; i < plan->scoped.count; i++) {
        const struct fr_scoped *s = fr_vec_at(&plan->scoped, struct fr_scoped, i);
        const struct fr_service_terms *terms = fr_service_get(&plan->policy->services, s->service);
        for (uint32_t t = 0; s->deny == 0 && s->direction == FLOWRULES_EGRESS && t < terms->count;
             t++) {
            const struct fr_term *term = &terms->terms[t];
            if ((term->protocol == 17 || term->protocol == FR_PROTOCOL_ANY) &&
                term->destination_first <= 53 && term->destination_last >= 53)
                return true;
        }
    }
    return false;
}

/* Names that clients of a service use are below that name, and get no address (names-exact). */
static void warn_of_names_shut(const flowrules_plan *plan) {
    const struct fr_domains *domains = &plan->domains;
    for (uint32_t i = 0; plan->exact_domains && i < domains->list.count; i++) {
        const struct fr_domain *domain = fr_vec_at(&domains->list, struct fr_domain, i);
        const char *name = fr_strings_text(&domains->names, i + 1), *below = fr_name_below(name);
        if (below == NULL || !domain->self || domain->below)
            continue;
        struct fr_about about = {
            FLOWRULES_WARNING,
            FR_NAMES_SHUT,
            plan->target->at,
            NULL,
            plan->name,
            fr_arena_printf(plan->arena, "also allow '*.%s', or the names that the clients use",
                            name)};
        fr_report(&plan->context->diagnostics, &about,
                  "target '%s' denies names below %s, which clients may use (%s): with "
                  "names-exact, dnsmasq answers that they do not exist",
                  plan->name, name, below);
    }
}

/* A resolver that its own machine's rules shut in fills no set. */
static void warn_of_asking(const flowrules_plan *plan) {
    struct fr_about about = {
        FLOWRULES_WARNING,
        FR_NOBODY_ASKS,
        plan->target->at,
        NULL,
        plan->name,
        "add a flow to its DNS servers, unless they are on this machine or use another port"};
    if (plan->domains.sets.count > 0 && plan->enforces[FLOWRULES_EGRESS] && !may_ask(plan))
        fr_report(&plan->context->diagnostics, &about,
                  "no flow lets dnsmasq ask other servers: target '%s' denies UDP port 53, and "
                  "names get no addresses",
                  plan->name);
}

static void warn_of_flow(const flowrules_plan *plan, uint32_t index, const char *what) {
    const struct fr_flow *flow = fr_vec_at(&plan->policy->flows, struct fr_flow, index);
    const char *name = FR_POLICY_TEXT(plan->policy, flow->name);
    struct fr_about about = {.severity = FLOWRULES_WARNING,
                             .id = FR_UNEXPECTED,
                             .at = fr_flow_place(plan->policy, flow),
                             .flow = name,
                             .target = plan->name};
    fr_report(&plan->context->diagnostics, &about, "flow '%s' on target '%s': %s", name, plan->name,
              what);
}

void fr_plan_remarks(const flowrules_plan *plan, void *context,
                     void (*call)(void *context, uint32_t flow, const char *what)) {
    struct flowrules_rule flow;
    const char *last = NULL;
    uint32_t of = 0;
    if (plan->backend->warns == NULL)
        return;
    for (size_t i = 0; flowrules_plan_flow(plan, i, &flow); i++) {
        uint32_t index = fr_vec_at(&plan->scoped, struct fr_scoped, i)->flow;
        const char *what = plan->backend->warns(plan, &flow);
        if (what != NULL && (what != last || index != of))
            call(context, index, what);
        last = what;
        of = index;
    }
}

/* The flows of which a backend says the same. */
struct remark {
    const char *what;
    uint32_t flows[3], count;
};

struct remarks {
    const flowrules_plan *plan;
    struct remark list[8];
    size_t count;
};

static void gather_remark(void *context, uint32_t index, const char *what) {
    struct remarks *remarks = context;
    size_t i = 0;
    while (i < remarks->count && remarks->list[i].what != what)
        i++;
    if (i == sizeof remarks->list / sizeof *remarks->list) {
        warn_of_flow(remarks->plan, index, what);
        return;
    }
    if (i == remarks->count)
        remarks->list[remarks->count++] = (struct remark){.what = what};
    struct remark *remark = &remarks->list[i];
    if (remark->count < sizeof remark->flows / sizeof *remark->flows)
        remark->flows[remark->count] = index;
    remark->count++;
}

static void warn_of_remark(const flowrules_plan *plan, const struct remark *remark) {
    const struct fr_flow *first = fr_vec_at(&plan->policy->flows, struct fr_flow, remark->flows[0]);
    struct fr_about about = {.severity = FLOWRULES_WARNING,
                             .id = FR_UNEXPECTED,
                             .at = fr_flow_place(plan->policy, first),
                             .flow = FR_POLICY_TEXT(plan->policy, first->name),
                             .target = plan->name};
    const char *names[3] = {about.flow, "", ""};
    char more[40] = "";
    for (uint32_t i = 1; i < 3 && i < remark->count; i++)
        names[i] = FR_POLICY_TEXT(
            plan->policy, fr_vec_at(&plan->policy->flows, struct fr_flow, remark->flows[i])->name);
    if (remark->count > 3)
        snprintf(more, sizeof more, " and %u more", (unsigned)remark->count - 3);
    if (remark->count == 1)
        warn_of_flow(plan, remark->flows[0], remark->what);
    else if (remark->count == 2)
        fr_report(&plan->context->diagnostics, &about, "flows '%s' and '%s' on target '%s': %s",
                  names[0], names[1], plan->name, remark->what);
    else
        fr_report(&plan->context->diagnostics, &about,
                  "flows '%s', '%s', '%s'%s on target '%s': %s", names[0], names[1], names[2], more,
                  plan->name, remark->what);
}

/* Also what is out of scope, surprisingly. */
static void warn_of_flows(const flowrules_plan *plan) {
    struct remarks remarks = {.plan = plan};
    for (size_t i = 0; i < plan->missed.count; i++) {
        const struct fr_missed *missed = fr_vec_at(&plan->missed, struct fr_missed, i);
        warn_of_flow(plan, missed->flow, missed->reason);
    }
    fr_plan_remarks(plan, &remarks, gather_remark);
    for (size_t i = 0; i < remarks.count; i++)
        warn_of_remark(plan, &remarks.list[i]);
}

flowrules_status fr_plan_warn(const flowrules_plan *plan) {
    if (!plan->permits) {
        warn_of_directions(plan);
        warn_of_asking(plan);
        warn_of_names_shut(plan);
        warn_of_baseline(plan);
    }
    warn_of_flows(plan);
    FR_TRY(fr_warn_of_age(plan));
    return plan->context->diagnostics.out_of_memory ? FLOWRULES_NO_MEMORY : FLOWRULES_OK;
}
