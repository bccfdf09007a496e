/*
 * Lock-outs: decides for each service that a machine, a pod or a site needs whether any packet of
 * it passes the target, by sets of addresses; the names of flows do not matter.
 */
#include "needs.h"

#include <stdio.h>
#include <string.h>

#include "flowrules/reader.h"

#define UDP 17u
#define TCP 6u

/* Where a target stands, as bits. */
enum {
    ON_MACHINE = 1,  /* the rules of the machine itself: nothing passes beside them */
    ON_PLATFORM = 2, /* a cloud's rules for it: its DHCP, DNS and NTP pass beside them */
    ON_PODS = 4,
    BETWEEN = 8 /* between networks */
};

enum direction { IN, OUT };
enum family { EITHER_FAMILY, IPV4_ALONE, IPV6_ALONE };

/* In the order of its rows. NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding) */
struct need {
    const char *name, *brief; /* brief: in the head of an artifact */
    unsigned places;
    enum direction direction;
    bool of_a_role; /* only some machines need it */
    enum family family;
    uint8_t protocol;
    uint16_t port; /* 0 where the protocol has none */
};

/* In the order of their words. The ports are IANA's; those of Kubernetes, its page "Ports and
 * Protocols". */
static const struct need needs[] = {
    {"SSH", "SSH", ON_MACHINE | ON_PLATFORM, IN, false, EITHER_FAMILY, TCP, 22},
    {"DHCPv6 replies", "DHCPv6", ON_MACHINE, IN, false, IPV6_ALONE, UDP, 546},
    {"kubelet", "kubelet", ON_MACHINE | ON_PLATFORM, IN, true, EITHER_FAMILY, TCP, 10250},
    {"BGP", "BGP", ON_MACHINE, IN, true, EITHER_FAMILY, TCP, 179},
    {"OSPF", "OSPF", ON_MACHINE, IN, true, EITHER_FAMILY, 89, 0},
    {"IPsec", "IPsec", ON_MACHINE, IN, true, EITHER_FAMILY, UDP, 500},
    {"DNS", "DNS", ON_MACHINE | ON_PODS | BETWEEN, OUT, false, EITHER_FAMILY, UDP, 53},
    {"DHCP", "DHCP", ON_MACHINE, OUT, false, IPV4_ALONE, UDP, 67},
    {"NTP", "NTP", ON_MACHINE | BETWEEN, OUT, false, EITHER_FAMILY, UDP, 123},
    {"updates (HTTPS)", "HTTPS", ON_MACHINE | ON_PLATFORM | BETWEEN, OUT, false, EITHER_FAMILY, TCP,
     443},
    {"the API server of Kubernetes", "Kubernetes API", ON_MACHINE | ON_PLATFORM, OUT, true,
     EITHER_FAMILY, TCP, 6443},
};
#define NEED_COUNT (sizeof needs / sizeof needs[0])
_Static_assert(NEED_COUNT == FR_NEEDS, "each service has a word");

static unsigned place_of(const flowrules_plan *plan) {
    if (plan->can->every_group) /* a listing closes nothing */
        return 0;
    if (plan->transit)
        return BETWEEN;
    if (plan->can->pod_groups)
        return ON_PODS;
    return (plan->can->packets & FLOWRULES_LOOPBACK) != 0 ? ON_MACHINE : ON_PLATFORM;
}

static enum flowrules_direction direction_of(const flowrules_plan *plan, const struct need *need) {
    if (plan->transit)
        return FLOWRULES_FORWARD;
    return need->direction == IN ? FLOWRULES_INGRESS : FLOWRULES_EGRESS;
}

static bool is_term_of(const struct fr_term *term, const struct need *need) {
    return term->protocol == FR_PROTOCOL_ANY ||
           (term->protocol == need->protocol &&
            (need->port == 0 ||
             (term->destination_first <= need->port && term->destination_last >= need->port)));
}

/* Does a part of a flow speak of the service in its direction? */
static bool speaks_of_need(const flowrules_plan *plan, const struct fr_scoped *part,
                           const struct need *need) {
    if (part->direction != (uint8_t)direction_of(plan, need))
        return false;
    const struct fr_service_terms *terms = fr_service_get(&plan->policy->services, part->service);
    bool found = false;
    for (uint32_t i = 0; !found && i < terms->count; i++)
        found = is_term_of(&terms->terms[i], need);
    return found;
}

/* The other end, seen from what is protected. */
static fr_set far_end(const struct fr_scoped *part, const struct need *need) {
    return need->direction == IN ? part->source : part->destination;
}

static bool has_family(const flowrules_plan *plan, fr_set set, enum family family) {
    struct flowrules_set view = {&plan->view->sets, set};
    if (set == FR_SET_EMPTY || family == EITHER_FAMILY)
        return set != FR_SET_EMPTY;
    return set == FR_SET_ANY || flowrules_set_atom_count(view) > 0 ||
           flowrules_set_range_count(view, family == IPV4_ALONE ? FLOWRULES_IPV4 : FLOWRULES_IPV6) >
               0;
}

/* Does a deny hold for all that is protected, at any interface? */
static bool holds_for_all(const flowrules_plan *plan, const struct fr_scoped *deny,
                          const struct need *need) {
    fr_set near = need->direction == IN ? deny->destination : deny->source;
    return deny->crossing == 0 && fr_set_covers(&plan->view->sets, near, plan->protects.set);
}

/* The far end of an allow without what the denies that don't spare it take from it. */
static fr_set without_denies(const flowrules_plan *plan, fr_set open, const struct fr_scoped *allow,
                             const struct need *need) {
    for (size_t i = 0; open != FR_SET_EMPTY && i < plan->scoped.count; i++) {
        const struct fr_scoped *deny = fr_vec_at(&plan->scoped, struct fr_scoped, i);
        if (deny->deny && speaks_of_need(plan, deny, need) &&
            !fr_part_is_spared(plan, deny, allow) && holds_for_all(plan, deny, need))
            open = fr_set_subtract(&plan->view->sets, open, far_end(deny, need));
    }
    return open;
}

/*
 * The far ends that the denies of the service take away for all that is protected. *spares: one of
 * them spares some flow, so that each allow has denies of its own.
 */
static fr_set denied_ends(const flowrules_plan *plan, const struct need *need, bool *spares) {
    fr_set denied = FR_SET_EMPTY;
    *spares = false;
    for (size_t i = 0; plan->denies && i < plan->scoped.count; i++) {
        const struct fr_scoped *part = fr_vec_at(&plan->scoped, struct fr_scoped, i);
        const struct fr_flow *flow = fr_vec_at(&plan->policy->flows, struct fr_flow, part->flow);
        if (!part->deny || !speaks_of_need(plan, part, need))
            continue;
        *spares = *spares || flow->spares != 0;
        if (holds_for_all(plan, part, need))
            denied = fr_set_union(&plan->view->sets, denied, far_end(part, need));
    }
    return denied;
}

/*
 * Does the service pass with anybody outside of what is protected, in its family? The first allow
 * that lets it is enough.
 */
static flowrules_status is_open(const flowrules_plan *plan, const struct need *need, bool *open) {
    struct fr_sets *sets = &plan->view->sets;
    bool spares, whole = plan->transit || plan->protects.set == FR_SET_ANY;
    fr_set denied = denied_ends(plan, need, &spares);
    *open = false;
    for (size_t i = 0; !*open && i < plan->scoped.count; i++) {
        const struct fr_scoped *part = fr_vec_at(&plan->scoped, struct fr_scoped, i);
        if (part->deny || !speaks_of_need(plan, part, need))
            continue;
        fr_set end = far_end(part, need);
        end = spares ? without_denies(plan, end, part, need) : fr_set_subtract(sets, end, denied);
        if (!whole)
            end = fr_set_subtract(sets, end, plan->protects.set);
        *open = has_family(plan, end, need->family);
    }
    return fr_plan_memory(plan);
}

/* Is there a flow in the direction at all? Where there is none, another warning says so. */
static bool is_used(const flowrules_plan *plan, enum flowrules_direction direction) {
    for (size_t i = 0; i < plan->scoped.count; i++) {
        const struct fr_scoped *part = fr_vec_at(&plan->scoped, struct fr_scoped, i);
        if (!part->deny && part->direction == (uint8_t)direction)
            return true;
    }
    return false;
}

static void add_name(char *text, size_t size, const char *name) {
    size_t used = strlen(text);
    snprintf(text + used, size - used, "%s%s", used > 0 ? ", " : "", name);
}

/* The names of what is shut: of every machine, by direction, and of some machines. */
struct shut {
    char ways[2][100];
    char brief[2][2][160]; /* with ports, by direction: what is not accepted, and what is */
    char words[100];       /* for 'shuts': of these, and of what it names already */
    char roles[120];
    char open[120]; /* what 'shuts' names and is not shut */
};

/* "DNS (udp/53)" */
static void add_brief(char *text, size_t size, const struct need *need) {
    char name[48];
    const char *protocol = need->protocol == TCP ? "tcp" : need->protocol == UDP ? "udp" : NULL;
    if (protocol != NULL)
        snprintf(name, sizeof name, "%s (%s/%u)", need->brief, protocol, need->port);
    add_name(text, size, protocol != NULL ? name : need->brief);
}

static flowrules_status find_shut(const flowrules_plan *plan, struct shut *all) {
    unsigned place = place_of(plan);
    for (size_t i = 0; i < NEED_COUNT; i++) {
        const struct need *need = &needs[i];
        enum flowrules_direction direction = direction_of(plan, need);
        bool meant = (plan->target->shuts & (1u << i)) != 0, shut = false;
        bool closed = (need->places & place) != 0 && plan->enforces[direction];
        if (closed && !is_used(plan, direction))
            continue;
        bool open = false;
        if (closed)
            FR_TRY(is_open(plan, need, &open));
        shut = closed && !open;
        if (meant && !shut)
            add_name(all->open, sizeof all->open, need->name);
        if (shut && (meant || !need->of_a_role))
            add_name(all->words, sizeof all->words, fr_need_words[i]);
        if (shut && (meant || !need->of_a_role))
            add_brief(all->brief[meant][need->direction], sizeof all->brief[0][0], need);
        if (shut && !meant && need->of_a_role)
            add_name(all->roles, sizeof all->roles, need->name);
        else if (shut && !meant)
            add_name(all->ways[need->direction], sizeof all->ways[0], need->name);
    }
    return FLOWRULES_OK;
}

static void warn_of_open(const flowrules_plan *plan, const struct shut *shut) {
    struct fr_about about = {FLOWRULES_WARNING,
                             FR_SHUTS_NOT,
                             plan->target->shuts_at,
                             NULL,
                             plan->name,
                             "remove these from 'shuts', or correct the flow that lets them pass"};
    if (shut->open[0] != '\0')
        fr_report(&plan->context->diagnostics, &about,
                  "target '%s' does not deny services that its 'shuts' lists: %s", plan->name,
                  shut->open);
}

static void warn_of_shut(const flowrules_plan *plan, const struct shut *shut) {
    char hint[500];
    struct fr_about about = {FLOWRULES_WARNING, FR_SHUTS, plan->target->at, NULL, plan->name, hint};
    const char *in = shut->ways[IN], *out = shut->ways[OUT];
    if (in[0] == '\0' && out[0] == '\0')
        return;
    snprintf(hint, sizeof hint,
             "add flows for the services that it needs%s, or write 'shuts: [%s]' if this is "
             "intended%s%s",
             plan->transit || plan->can->pod_groups ? "" : ", set 'direction'", shut->words,
             shut->roles[0] != '\0' ? "; also denied, in case it needs them: " : "", shut->roles);
    fr_report(&plan->context->diagnostics, &about, "target '%s' denies %s%s%s%s%s", plan->name, in,
              in[0] != '\0' ? " (in)" : "", in[0] != '\0' && out[0] != '\0' ? "; " : "", out,
              out[0] != '\0' ? (plan->transit ? " (through)" : " (out)") : "");
}

flowrules_status fr_warn_of_needs(const flowrules_plan *plan) {
    struct shut shut = {.roles = ""};
    if (plan->target->select_none || plan->permits)
        return FLOWRULES_OK;
    FR_TRY(find_shut(plan, &shut));
    warn_of_shut(plan, &shut);
    warn_of_open(plan, &shut);
    return fr_plan_memory(plan);
}

/* ---- in the head of an artifact ------------------------------------------------------------ */

/* "A, B in; C out": what of each direction there is. */
static const char *join_ways(const flowrules_plan *plan, const char *in, const char *out) {
    return fr_arena_printf(plan->arena, "%s%s%s%s%s", in, in[0] != '\0' ? " in" : "",
                           in[0] != '\0' && out[0] != '\0' ? "; " : "", out,
                           out[0] == '\0'  ? ""
                           : plan->transit ? " through"
                                           : " out");
}

/* Puts what is shut as a whole before the services: "all that comes in". */
static const char *with_whole(const flowrules_plan *plan, const char *services) {
    static const char *const whole[] = {[FLOWRULES_EGRESS] = "all that goes out",
                                        [FLOWRULES_INGRESS] = "all that comes in",
                                        [FLOWRULES_FORWARD] = "all that passes through"};
    const char *text = services;
    for (int d = FLOWRULES_FORWARD; text != NULL && d >= 0; d--)
        if (plan->enforces[d] && !is_used(plan, (enum flowrules_direction)d))
            text =
                fr_arena_printf(plan->arena, "%s%s%s", whole[d], text[0] == '\0' ? "" : "; ", text);
    return text;
}

/* What a firewall's rules have no say over of packets to and from itself. */
static const char *not_decided(const flowrules_plan *plan) {
    bool router = plan->transit && plan->can->placement == FLOWRULES_BY_HOOK;
    return router ? "what goes to this machine itself, or leaves it" : plan->can->itself;
}

static flowrules_status note_line(struct fr_rules *rules, size_t line, const char *before,
                                  const char *text) {
    if (text != NULL && text[0] == '\0')
        return FLOWRULES_OK;
    if (text != NULL)
        rules->shuts[line] = fr_arena_printf(&rules->arena, "%s%s", before, text);
    return text == NULL || rules->shuts[line] == NULL ? fr_no_memory(rules->plan->context)
                                                      : FLOWRULES_OK;
}

flowrules_status fr_note_needs(struct fr_rules *rules) {
    const flowrules_plan *plan = rules->plan;
    struct shut shut = {.roles = ""};
    const char *other = not_decided(plan);
    if (plan->permits || place_of(plan) == 0)
        return FLOWRULES_OK;
    FR_TRY(find_shut(plan, &shut));
    FR_TRY(note_line(rules, 0,
                     plan->target->select_none ? "Shuts, as 'select: none' says: " : "Shuts: ",
                     with_whole(plan, join_ways(plan, shut.brief[0][IN], shut.brief[0][OUT]))));
    FR_TRY(note_line(rules, 1, "Shuts, as 'shuts' says: ",
                     join_ways(plan, shut.brief[1][IN], shut.brief[1][OUT])));
    return other == NULL ? FLOWRULES_OK : note_line(rules, 2, "Not decided here: ", other);
}
