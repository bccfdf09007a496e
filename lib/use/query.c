/*
 * Answers whether a packet passes, by which flow, and, where that is asked for, at which line of an
 * artifact the flow became a rule. The question is a box of the packet space; the flows are
 * subtracted from it one by one.
 */
#include <stdio.h>
#include <string.h>

#include "boxes.h"
#include "interfaces.h"
#include "places.h"
#include "registry.h"
#include "render.h"
#include "settled.h"
#include "slips.h"

/* A question that falls into more pieces than this is answered "partly". */
#define PIECES_MAX 4096u
/* Lines of a file that are shown for a flow, of those that match the question. */
#define LINES_MAX 4u

struct answer_flow {
    uint32_t flow;
};

struct answer_rule {
    const char *target, *file, *text;
    uint32_t flow, line;
};

struct flowrules_answer {
    struct fr_allocator allocator;
    struct fr_arena arena;
    flowrules_policy *policy;
    const char *verdict, *reason;
    struct fr_vec flows, rules;
};

struct asking {
    flowrules_context *context;
    const flowrules_policy *policy;
    flowrules_answer *answer;
    struct fr_view view;
    struct fr_box question;
    unsigned families;
    char names[2][FR_FQDN_MAX + 3]; /* where an end is a name */
    struct fr_boxes open;           /* what no flow has answered yet */
    const struct fr_target *target; /* of the policy, whose flows are asked; NULL: all flows */
    struct fr_placing placing;      /* of the target: where its networks are */
    fr_set interfaces[2];           /* by which the packets come and go; FR_SET_ANY: not told */
    bool counts[2];                 /* does the target look at these interfaces? */
    struct fr_vec depending;        /* uint32_t: flows that may hold or not, by their interfaces */
    bool depends[2];                /* on interfaces that were not told: allows, and denies */
};

static flowrules_status form_error(struct asking *a, const char *hint, const char *text,
                                   const char *what) {
    fr_error(&a->context->diagnostics, FR_QUERY_FORM, FR_NOWHERE, hint,
             "the question is not valid: '%.100s' %s", text, what);
    return FLOWRULES_USAGE;
}

static const char whole_form[] =
    "'tcp 10.0.16.5 -> huggingface.co:443', 'icmp any -> 192.0.2.1:8', "
    "'udp [2001:db8::1] -> [2001:db8::53]:53', 'tcp eth1/10.0.16.5 -> eth2/192.0.2.1:443'";

/* ---- reading the question ------------------------------------------------------------------ */

/* One end as text: interface, address or name, and what stands behind the colon. */
struct end_text {
    char interface[FR_WORD_MAX + 1]; /* or a place; empty: not told */
    char name[FR_FQDN_MAX + 64];
    char port[32];
};

static bool copy_text(char *to, size_t room, const char *from, size_t length) {
    if (length >= room)
        return false;
    memcpy(to, from, length);
    to[length] = '\0';
    return true;
}

/* "eth1/" before an address; what is an address itself is one with its prefix. */
static bool split_interface(const char **text, size_t *length, struct end_text *end) {
    const char *slash = memchr(*text, '/', *length);
    size_t before = slash == NULL ? 0 : (size_t)(slash - *text);
    struct flowrules_range range;
    unsigned bits;
    end->interface[0] = '\0';
    if (before == 0 || (*text)[0] == '[' ||
        fr_range_parse(*text, before, &range, &bits) != FR_RANGE_NOT_ADDRESS)
        return true;
    *text += before + 1;
    *length -= before + 1;
    return copy_text(end->interface, sizeof end->interface, slash - before, before);
}

/* Takes INTERFACE/ADDRESS, [ADDRESS], NAME, each with :PORT or without, apart. */
static bool split_end(const char *text, size_t length, struct end_text *end) {
    if (!split_interface(&text, &length, end))
        return false;
    const char *colon = NULL, *name = text;
    size_t name_length = length;
    if (length > 0 && text[0] == '[') {
        const char *close = memchr(text, ']', length);
        if (close == NULL)
            return false;
        name = text + 1;
        name_length = (size_t)(close - name);
        size_t rest = length - name_length - 2;
        if (rest > 0 && close[1] != ':')
            return false;
        colon = rest > 0 ? close + 1 : NULL;
    } else {
        const char *first = memchr(text, ':', length);
        bool only =
            first != NULL && memchr(first + 1, ':', length - (size_t)(first - text) - 1) == NULL;
        colon = only ? first : NULL; /* two colons: an IPv6 address without brackets */
        if (colon != NULL)
            name_length = (size_t)(colon - text);
    }
    end->port[0] = '\0';
    if (colon != NULL && length - (size_t)(colon - text) == 1)
        return false; /* a colon, and nothing behind it */
    if (colon != NULL &&
        !copy_text(end->port, sizeof end->port, colon + 1, length - (size_t)(colon - text) - 1))
        return false;
    return name_length > 0 && copy_text(end->name, sizeof end->name, name, name_length);
}

static bool read_number(const char *text, size_t length, unsigned most, uint16_t *number) {
    unsigned value = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9' || value > most)
            return false;
        value = value * 10 + (unsigned)(text[i] - '0');
    }
    *number = (uint16_t)value;
    return length > 0 && value <= most;
}

/* A port, or for ICMP type[/code], into the term. */
static bool read_port(struct fr_term *term, const char *text) {
    if (text[0] == '\0')
        return true;
    if (fr_protocol_is_icmp(term->protocol)) {
        size_t length = strcspn(text, "/");
        if (!read_number(text, length, 255, &term->source_first))
            return false;
        term->source_last = term->source_first;
        if (text[length] == '\0')
            return true;
        bool good = read_number(text + length + 1, strlen(text + length + 1), 255,
                                &term->destination_first);
        term->destination_last = term->destination_first;
        return good;
    }
    if (!fr_protocol_has_ports(term->protocol))
        return false;
    if (!read_number(text, strlen(text), 65535, &term->destination_first)) {
        int named = fr_port_named(text, strlen(text), term->protocol);
        if (named < 0)
            return false;
        term->destination_first = (uint16_t)named;
    }
    term->destination_last = term->destination_first;
    return true;
}

/* Is the end a DNS name? Its canonical form goes to name. */
static flowrules_status read_name(struct asking *a, const char *text, char *name) {
    struct fr_name_checker *checker;
    struct flowrules_range range;
    unsigned length;
    name[0] = '\0';
    if (fr_range_parse(text, strlen(text), &range, &length) != FR_RANGE_NOT_ADDRESS ||
        strchr(text, '.') == NULL)
        return FLOWRULES_OK;
    FR_TRY(fr_name_checker_new(&checker, a->context));
    enum fr_name_form form = fr_name_canonical(checker, text, strlen(text), name);
    fr_name_checker_free(checker);
    if (form == FR_NAME_NO_MEMORY)
        return fr_no_memory(a->context);
    if (form == FR_NAME_OK)
        return FLOWRULES_OK;
    return form_error(a, "ask for one name, such as www.example.com", text, "is not a valid name");
}

/* What is wrong with an end that is no name. */
static flowrules_status unknown_end(struct asking *a, const char *text, enum fr_range_form form) {
    const char *near = fr_nearest(text, fr_network_candidate, a->policy);
    char hint[FR_SLIP_MAX] = "an address, a name with a dot, or a network of the policy";
    if (form == FR_RANGE_HOST_BITS)
        snprintf(hint, sizeof hint, "bits are set to the right of its prefix");
    else if (form != FR_RANGE_NOT_ADDRESS)
        snprintf(hint, sizeof hint, "192.0.2.1, 192.0.2.0/24, 192.0.2.1-192.0.2.9, [2001:db8::1]");
    if (!fr_did_you_mean(hint, sizeof hint, near) && form != FR_RANGE_HOST_BITS)
        fr_slip_end(text, hint);
    return form_error(a, hint, text,
                      form == FR_RANGE_NOT_ADDRESS ? "is not a network of the policy"
                                                   : "is not a valid address");
}

/* The set that one end is. */
static flowrules_status read_end(struct asking *a, const char *text, const char *name,
                                 fr_set *set) {
    struct flowrules_range range;
    unsigned length;
    uint32_t index;
    struct fr_end end;
    enum fr_range_form form = fr_range_parse(text, strlen(text), &range, &length);
    *set = FR_SET_ANY;
    if (strcmp(text, "any") == 0)
        return FLOWRULES_OK;
    if (name[0] != '\0') {
        *set = fr_view_name(&a->view, name);
    } else if (form == FR_RANGE_OK) {
        fr_builder_range(&a->view.builder, &range);
        *set = fr_builder_finish(&a->view.builder, &a->view.sets);
    } else {
        fr_string word = fr_strings_find(&a->policy->strings, text, strlen(text));
        if (word == 0 || !fr_map_get(&a->policy->network_by_name, word, &index))
            return unknown_end(a, text, form);
        FR_TRY(fr_view_network(&a->view, index, &end));
        *set = end.set;
    }
    return *set == FR_SET_NONE ? fr_no_memory(a->context) : FLOWRULES_OK;
}

/* ---- interfaces ---------------------------------------------------------------------------- */

static flowrules_status wrong_interface(struct asking *a, const char *text) {
    char hint[160] = "a place of the policy, or a network interface such as eth1";
    fr_did_you_mean(hint, sizeof hint, fr_nearest(text, fr_place_candidate, a->policy));
    return form_error(a, hint, text, "is no interface of this target");
}

/* Does the target decide by rules of this interface? Where they are of one end, of others not. */
static bool has_rules(const struct asking *a, const char *text) {
    const struct fr_vec *named = &a->placing.named;
    bool found = a->placing.matches[0] && a->placing.matches[1];
    for (size_t i = 0; i < named->count && !found; i++)
        found = strcmp(FR_POLICY_TEXT(a->policy, *fr_vec_at(named, fr_string, i)), text) == 0;
    return found;
}

/* The interface, or those that a place is to the target. */
static flowrules_status read_interface(struct asking *a, unsigned end, const char *text,
                                       fr_set *set) {
    const flowrules_policy *policy = a->policy;
    fr_string word = fr_strings_find(&policy->strings, text, strlen(text));
    struct flowrules_range range;
    uint32_t place;
    *set = FR_SET_ANY;
    if (text[0] == '\0')
        return FLOWRULES_OK;
    if (a->target == NULL || a->placing.key == NULL)
        return form_error(a, "interfaces are those of one machine: name its target with -t", text,
                          "is an interface, but the question is not for a target with interfaces");
    if (word != 0 && fr_map_get(&policy->place_by_name, word, &place)) {
        FR_TRY(fr_place_interfaces(&a->placing, place, set));
        return *set == FR_SET_EMPTY ? wrong_interface(a, text) : FLOWRULES_OK;
    }
    if (!a->placing.patterns && !fr_interface_named(a->context, text, &range))
        return fr_no_memory(a->context);
    if ((a->placing.matches[end] && !has_rules(a, text)) ||
        (a->placing.patterns && !fr_interface_range(text, false, &range)) ||
        fr_nearest(text, fr_place_candidate, policy) != NULL)
        return wrong_interface(a, text);
    fr_builder_range(&a->view.builder, &range);
    *set = fr_builder_finish(&a->view.builder, &a->view.sets);
    return *set == FR_SET_NONE ? fr_no_memory(a->context) : FLOWRULES_OK;
}

/* On a machine, the interface of the far end counts: what is protected is the machine itself. */
static flowrules_status find_counting(struct asking *a) {
    const bool *matches = a->placing.matches;
    struct fr_span protects =
        a->target->protects.count > 0 ? a->target->protects : a->policy->protects;
    bool between = fr_target_is_between(a->policy, a->target);
    struct fr_end own;
    FR_TRY(fr_view_end(&a->view, protects, false, &own));
    for (unsigned e = 0; e < 2; e++)
        a->counts[e] =
            (between && matches[e]) ||
            (!between && fr_set_overlaps(&a->view.sets, own.set, a->question.ends[1 - e]));
    return FLOWRULES_OK;
}

static flowrules_status read_interfaces(struct asking *a, const struct end_text *source,
                                        const struct end_text *destination) {
    if (a->target != NULL && a->target->record != NULL)
        fr_placing_for(&a->placing, a->target, &a->target->record->capabilities);
    if (a->placing.backend != NULL)
        FR_TRY(fr_find_place_names(&a->placing));
    FR_TRY(read_interface(a, FLOWRULES_SOURCE, source->interface, &a->interfaces[0]));
    FR_TRY(read_interface(a, FLOWRULES_DESTINATION, destination->interface, &a->interfaces[1]));
    return a->placing.key == NULL ? FLOWRULES_OK : find_counting(a);
}

/* ---- the whole question -------------------------------------------------------------------- */

/* Words of the question: protocol, source, "->", destination. */
static bool split_words(const char *text, const char *words[4], size_t lengths[4]) {
    size_t count = 0;
    while (*text != '\0') {
        text += strspn(text, " \t");
        size_t length = strcspn(text, " \t");
        if (length == 0)
            break;
        if (count == 4)
            return false;
        words[count] = text;
        lengths[count++] = length;
        text += length;
    }
    return count == 4 && lengths[2] == 2 && memcmp(words[2], "->", 2) == 0;
}

static flowrules_status unknown_protocol(struct asking *a, const char *text, size_t length) {
    char word[100], hint[100] = FR_PROTOCOL_FORM;
    snprintf(word, sizeof word, "%.*s", (int)(length < 80 ? length : 80), text);
    const char *near = fr_nearest(word, fr_protocol_candidate, NULL);
    fr_did_you_mean(hint, sizeof hint, near);
    return form_error(a, hint, word, "is not a valid protocol");
}

static flowrules_status wrong_port(struct asking *a, unsigned protocol, const char *text) {
    if (fr_protocol_is_icmp(protocol))
        return form_error(a, "TYPE or TYPE/CODE, numbers 0-255", text, "is not a valid ICMP type");
    if (!fr_protocol_has_ports(protocol))
        return form_error(a, "only tcp, udp and sctp have ports", text,
                          "is a port, but the protocol has none");
    return form_error(a, "a number 0-65535, or a name of IANA's", text, "is not a valid port");
}

static flowrules_status read_question(struct asking *a, const char *question) {
    const char *words[4];
    size_t lengths[4];
    struct end_text source, destination;
    struct fr_term term = {0, 0, 65535, 0, 65535};
    if (!split_words(question, words, lengths) || !split_end(words[1], lengths[1], &source) ||
        !split_end(words[3], lengths[3], &destination))
        return form_error(a, whole_form, question, "is not 'PROTOCOL SOURCE -> DESTINATION:PORT'");
    int protocol = lengths[0] == 3 && memcmp(words[0], "any", 3) == 0
                       ? FR_PROTOCOL_ANY
                       : fr_protocol_parse(words[0], lengths[0]);
    if (protocol < 0)
        return unknown_protocol(a, words[0], lengths[0]);
    term.protocol = (uint16_t)protocol;
    if (!read_port(&term, destination.port))
        return wrong_port(a, term.protocol, destination.port);
    if (source.port[0] != '\0' &&
        (!fr_protocol_has_ports(term.protocol) ||
         !read_number(source.port, strlen(source.port), 65535, &term.source_first)))
        return form_error(a, "a number 0-65535, only for tcp, udp and sctp", source.port,
                          "is not a valid source port");
    if (source.port[0] != '\0')
        term.source_last = term.source_first;
    a->question.term = term;
    FR_TRY(read_name(a, source.name, a->names[0]));
    FR_TRY(read_name(a, destination.name, a->names[1]));
    struct fr_view_mode mode = {
        .names = true, .wildcards = FLOWRULES_WILDCARDS_BELOW, .asking = true};
    for (size_t i = 0; i < 2; i++)
        mode.asked[i] = a->names[i][0] != '\0' ? a->names[i] : NULL;
    FR_TRY(fr_view_init(&a->view, a->policy, &mode));
    FR_TRY(read_end(a, source.name, a->names[0], &a->question.ends[0]));
    FR_TRY(read_end(a, destination.name, a->names[1], &a->question.ends[1]));
    return read_interfaces(a, &source, &destination);
}

/* ---- taking flows away from the question --------------------------------------------------- */

/* Takes ends and a flow's service away from boxes of the question. */
static flowrules_status take_ends(struct asking *a, struct fr_boxes *boxes, fr_set source,
                                  fr_set destination, fr_service service, bool *touched) {
    const struct fr_service_terms *terms = fr_service_get(&a->policy->services, service);
    for (uint32_t t = 0; t < terms->count; t++) {
        struct fr_box box = {{source, destination}, terms->terms[t]};
        FR_TRY(fr_boxes_subtract(boxes, &box, touched));
    }
    return FLOWRULES_OK;
}

/* Is a part of an end where the question's packets are? *depends: that was not told. */
static bool is_there(const struct asking *a, const struct fr_placed *part, unsigned end,
                     bool *depends) {
    if (part->interfaces ==
        FR_SET_EMPTY) { /* addresses do not tell it, and rules do not match it */
        *depends = true;
        return false;
    }
    if (part->interfaces == FR_SET_ANY || !a->counts[end])
        return true;
    if (a->interfaces[end] != FR_SET_ANY &&
        fr_set_covers(&a->view.sets, part->interfaces, a->interfaces[end]))
        return true;
    *depends = *depends || a->interfaces[end] == FR_SET_ANY ||
               fr_set_overlaps(&a->view.sets, part->interfaces, a->interfaces[end]);
    return false;
}

/* Would a part take some of the boxes, by interfaces that were not told? */
static bool would_take(const struct asking *a, const struct fr_boxes *boxes,
                       const struct fr_placed *source, const struct fr_placed *destination,
                       fr_service service) {
    const struct fr_service_terms *terms = fr_service_get(&a->policy->services, service);
    struct fr_term both;
    for (size_t i = 0; i < boxes->list.count; i++) {
        const struct fr_box *box = fr_vec_at(&boxes->list, struct fr_box, i);
        for (uint32_t t = 0; t < terms->count; t++)
            if (fr_terms_meet(&terms->terms[t], &box->term, &both) &&
                fr_set_overlaps(&a->view.sets, source->set, box->ends[0]) &&
                fr_set_overlaps(&a->view.sets, destination->set, box->ends[1]))
                return true;
    }
    return false;
}

static flowrules_status note_dependence(struct asking *a, const struct fr_flow *flow) {
    const struct fr_flow *first = a->policy->flows.items;
    uint32_t *slot = fr_vec_push(&a->depending);
    if (slot == NULL)
        return fr_no_memory(a->context);
    *slot = (uint32_t)(flow - first);
    a->depends[flow->deny] = true;
    return FLOWRULES_OK;
}

static flowrules_status take_placed(struct asking *a, struct fr_boxes *boxes,
                                    const struct fr_flow *flow, const struct fr_placed_end ends[2],
                                    bool *touched) {
    for (size_t i = 0; i < ends[0].count; i++)
        for (size_t k = 0; k < ends[1].count; k++) {
            const struct fr_placed *from = &ends[0].parts[i], *to = &ends[1].parts[k];
            bool depends = false, source = is_there(a, from, 0, &depends);
            bool there = is_there(a, to, 1, &depends) && source;
            if (there)
                FR_TRY(take_ends(a, boxes, from->set, to->set, flow->service, touched));
            else if (depends && would_take(a, boxes, from, to, flow->service))
                FR_TRY(note_dependence(a, flow));
        }
    return FLOWRULES_OK;
}

/*
 * Where rules do not match the interfaces of an end, its addresses tell where it is: those that do,
 * at any interface, and those that do not, at none.
 */
static flowrules_status settle_end(struct asking *a, struct fr_placed_end *end) {
    struct fr_settled_part settled;
    struct fr_placed *parts = fr_arena_alloc(&a->answer->arena, 2 * sizeof *parts);
    FR_TRY(fr_settle_end(&a->placing, end, &settled));
    if (parts == NULL)
        return fr_no_memory(a->context);
    parts[0] = (struct fr_placed){
        .interfaces = FR_SET_ANY,
        .set = fr_set_subtract(&a->view.sets, settled.set, settled.open),
    };
    parts[1] = (struct fr_placed){.interfaces = FR_SET_EMPTY, .set = settled.open};
    end->parts = parts;
    end->count = settled.open == FR_SET_EMPTY ? 1 : 2;
    return parts[0].set == FR_SET_NONE ? fr_no_memory(a->context) : FLOWRULES_OK;
}

/* The ends of a flow by their interfaces. */
static flowrules_status find_places(struct asking *a, const struct fr_flow *flow,
                                    const struct fr_end whole[2], struct fr_placed_end ends[2]) {
    flowrules_status status[2] = {
        fr_place_end(&a->placing, flow->source, false, whole[0].set, &ends[0]),
        fr_place_end(&a->placing, flow->destination, false, whole[1].set, &ends[1]),
    };
    for (unsigned e = 0; e < 2; e++)
        if (status[e] == FLOWRULES_OK && !a->placing.matches[e])
            status[e] = settle_end(a, &ends[e]);
    return status[0] == FLOWRULES_OK ? status[1] : status[0];
}

/* Takes one flow away from boxes of the question. */
static flowrules_status take_from(struct asking *a, struct fr_boxes *boxes,
                                  const struct fr_flow *flow, bool *touched) {
    struct fr_end whole[2];
    struct fr_placed_end ends[2];
    FR_TRY(fr_view_end(&a->view, flow->source, false, &whole[0]));
    FR_TRY(fr_view_end(&a->view, flow->destination, false, &whole[1]));
    if (a->placing.key == NULL || !fr_placing_says(&a->placing))
        return take_ends(a, boxes, whole[0].set, whole[1].set, flow->service, touched);
    flowrules_status status = find_places(a, flow, whole, ends);
    if (status == FLOWRULES_OK)
        status = take_placed(a, boxes, flow, ends, touched);
    fr_placed_end_free(&ends[0]);
    fr_placed_end_free(&ends[1]);
    return status;
}

/* Is it a flow of the action that counts, and one that the target selects? */
static flowrules_status is_asked(const struct asking *a, const struct fr_flow *flow, bool deny,
                                 bool *asked) {
    *asked = flow->deny == deny && !flow->expired;
    if (!*asked || a->target == NULL)
        return FLOWRULES_OK;
    return fr_target_selects(a->policy, a->target, flow, asked);
}

static flowrules_status add_answer(struct asking *a, uint32_t flow) {
    struct answer_flow *slot = fr_vec_push(&a->answer->flows);
    if (slot == NULL)
        return fr_no_memory(a->context);
    slot->flow = flow;
    return FLOWRULES_OK;
}

/* Takes away all flows of one action; those that were touched go into the answer. */
static flowrules_status take_flows(struct asking *a, bool deny) {
    for (uint32_t i = 0; i < a->policy->flows.count && a->open.list.count > 0; i++) {
        const struct fr_flow *flow = fr_vec_at(&a->policy->flows, struct fr_flow, i);
        bool touched = false, asked;
        FR_TRY(is_asked(a, flow, deny, &asked));
        if (!asked)
            continue;
        FR_TRY(take_from(a, &a->open, flow, &touched));
        if (!touched)
            continue;
        FR_TRY(add_answer(a, i));
    }
    return FLOWRULES_OK;
}

static void conclude(struct asking *a, bool some_denied, bool all_denied) {
    flowrules_answer *answer = a->answer;
    bool some_allowed = false, spares = false;
    for (size_t i = 0; i < answer->flows.count; i++) {
        uint32_t number = fr_vec_at(&answer->flows, struct answer_flow, i)->flow;
        const struct fr_flow *flow = fr_vec_at(&a->policy->flows, struct fr_flow, number);
        some_allowed = some_allowed || !flow->deny;
        spares = spares || flow->spares != 0;
    }
    if (all_denied || !some_allowed) {
        answer->verdict = "denied";
        answer->reason = some_denied ? spares ? "a deny beats every allow that it does not spare"
                                              : "a deny beats every allow"
                                     : "no flow allows it, and what no flow allows is denied";
    } else if (some_denied || a->open.list.count > 0 || a->open.too_many) {
        answer->verdict = "partly";
        answer->reason = "a part of it may pass; ask for single addresses and ports";
    } else {
        answer->verdict = "allowed";
        answer->reason = "every packet of the question is allowed";
    }
}

/* Is a network known to platforms of pods alone? */
static bool selects_pods(const struct asking *a, const char *name) {
    const char *platform;
    size_t pods = 0, others = 0;
    for (size_t i = 0; (platform = fr_registry_candidate(a->context, i)) != NULL; i++) {
        const struct flowrules_backend *backend = fr_registry_find(a->context, platform);
        bool bound = fr_policy_binding(a->policy, name, platform) != NULL;
        pods += bound && backend->capabilities.pod_groups;
        others += bound && !backend->capabilities.pod_groups;
    }
    return pods > 0 && others == 0;
}

/*
 * Has an end of a flow a group, of which nobody here knows the addresses that are asked for? That
 * pods, in a selector, have any that are written in a policy is never meant.
 */
static bool may_hold(const struct asking *a, fr_set flow, fr_set asked) {
    struct flowrules_set own = {&a->view.sets, flow}, question = {&a->view.sets, asked};
    size_t addresses = flowrules_set_range_count(question, FLOWRULES_IPV4) +
                       flowrules_set_range_count(question, FLOWRULES_IPV6);
    if (asked == FR_SET_ANY || addresses == 0)
        return false;
    for (size_t i = 0; i < flowrules_set_atom_count(own); i++)
        if (flowrules_set_atom(own, i).kind == FLOWRULES_ATOM_GROUP &&
            !selects_pods(a, flowrules_set_atom(own, i).name))
            return true;
    return false;
}

/* Would a flow take something away if its groups held the addresses that are asked for? */
static flowrules_status may_touch(struct asking *a, struct fr_boxes *open,
                                  const struct fr_flow *flow, bool *touched) {
    const struct fr_service_terms *terms = fr_service_get(&a->policy->services, flow->service);
    const struct fr_span spans[2] = {flow->source, flow->destination};
    struct fr_box box;
    bool group = false;
    *touched = false;
    for (int i = 0; i < 2; i++) {
        struct fr_end end;
        FR_TRY(fr_view_end(&a->view, spans[i], false, &end));
        bool wide = may_hold(a, end.set, a->question.ends[i]);
        box.ends[i] = wide ? FR_SET_ANY : end.set;
        group = group || wide;
    }
    for (uint32_t t = 0; group && t < terms->count; t++) {
        box.term = terms->terms[t];
        FR_TRY(fr_boxes_subtract(open, &box, touched));
    }
    return FLOWRULES_OK;
}

/* It is not known, since a flow has a group; the flow goes into the answer. */
static flowrules_status add_unknown(struct asking *a, uint32_t flow) {
    a->answer->verdict = "unknown";
    a->answer->reason = "only the platform knows the addresses of a network's group: ask by the "
                        "name of the network";
    return add_answer(a, flow);
}

/* Where groups could turn the verdict, it is not known; the flows with them go into the answer. */
static flowrules_status weigh_groups(struct asking *a, struct fr_boxes *open, bool deny) {
    for (uint32_t i = 0; i < a->policy->flows.count && open->list.count > 0; i++) {
        const struct fr_flow *flow = fr_vec_at(&a->policy->flows, struct fr_flow, i);
        bool touched = false, asked;
        FR_TRY(is_asked(a, flow, deny, &asked));
        if (!asked)
            continue;
        FR_TRY(may_touch(a, open, flow, &touched));
        if (!touched)
            continue;
        FR_TRY(add_unknown(a, i));
    }
    return FLOWRULES_OK;
}

/* May a group hold what nothing allows, or deny what is allowed? */
static flowrules_status doubt(struct asking *a) {
    struct fr_boxes whole;
    if (strcmp(a->answer->verdict, "denied") == 0)
        return weigh_groups(a, &a->open, false);
    if (strcmp(a->answer->verdict, "allowed") != 0)
        return FLOWRULES_OK;
    fr_boxes_init(&whole, a->context, &a->view.sets, PIECES_MAX);
    flowrules_status status = fr_boxes_add(&whole, &a->question);
    if (status == FLOWRULES_OK)
        status = weigh_groups(a, &whole, true);
    fr_boxes_free(&whole);
    return status;
}

/* ---- denies that spare flows --------------------------------------------------------------- */

/* Takes the denies that hold for an allow away from boxes; with list they go into the answer. */
static flowrules_status take_denies(struct asking *a, uint32_t allow, struct fr_boxes *boxes,
                                    bool list, bool *spared) {
    for (uint32_t i = 0; i < a->policy->flows.count && boxes->list.count > 0; i++) {
        const struct fr_flow *deny = fr_vec_at(&a->policy->flows, struct fr_flow, i);
        bool asked, touched = false, known = false;
        FR_TRY(is_asked(a, deny, true, &asked));
        *spared = *spared || (asked && fr_flow_is_spared(a->policy, deny, allow));
        if (!asked || fr_flow_is_spared(a->policy, deny, allow))
            continue;
        FR_TRY(take_from(a, boxes, deny, &touched));
        for (size_t k = 0; k < a->answer->flows.count && touched; k++)
            known = known || fr_vec_at(&a->answer->flows, struct answer_flow, k)->flow == i;
        if (touched && list && !known)
            FR_TRY(add_answer(a, i));
    }
    return FLOWRULES_OK;
}

/* Takes every box of a list away from another list. */
static flowrules_status take_boxes(struct fr_boxes *from, const struct fr_boxes *gone,
                                   bool *touched) {
    from->too_many = from->too_many || gone->too_many;
    for (size_t i = 0; i < gone->list.count && !from->too_many; i++)
        FR_TRY(fr_boxes_subtract(from, fr_vec_at(&gone->list, struct fr_box, i), touched));
    return FLOWRULES_OK;
}

/* What an allow lets pass of the question, the denies that hold for it taken away. */
struct passing {
    struct fr_boxes within, outside;
    bool allowed, spared;
};

static flowrules_status find_passing(struct asking *a, uint32_t allow, struct passing *p) {
    const struct fr_flow *flow = fr_vec_at(&a->policy->flows, struct fr_flow, allow);
    bool touched = false, any = false;
    FR_TRY(fr_boxes_add(&p->outside, &a->question));
    FR_TRY(take_from(a, &p->outside, flow, &touched));
    FR_TRY(fr_boxes_add(&p->within, &a->question));
    FR_TRY(take_boxes(&p->within, &p->outside, &any));
    FR_TRY(take_denies(a, allow, &p->within, true, &p->spared));
    p->allowed = p->within.list.count > 0;
    return take_boxes(&a->open, &p->within, &any);
}

static flowrules_status weigh_passing(struct asking *a, uint32_t allow, bool *allowed,
                                      bool *spared) {
    struct passing p = {.allowed = false};
    fr_boxes_init(&p.within, a->context, &a->view.sets, PIECES_MAX);
    fr_boxes_init(&p.outside, a->context, &a->view.sets, PIECES_MAX);
    flowrules_status status = find_passing(a, allow, &p);
    fr_boxes_free(&p.within);
    fr_boxes_free(&p.outside);
    *allowed = p.allowed;
    *spared = *spared || (p.allowed && p.spared);
    return status;
}

/* May a group of the allow hold what is asked for, where no deny that holds for it takes it? */
static flowrules_status weigh_allow(struct asking *a, uint32_t allow) {
    const struct fr_flow *flow = fr_vec_at(&a->policy->flows, struct fr_flow, allow);
    struct fr_boxes left;
    bool touched = false, spared = false;
    fr_boxes_init(&left, a->context, &a->view.sets, PIECES_MAX);
    flowrules_status status = fr_boxes_add(&left, &a->question);
    if (status == FLOWRULES_OK)
        status = take_denies(a, allow, &left, false, &spared);
    if (status == FLOWRULES_OK)
        status = may_touch(a, &left, flow, &touched);
    fr_boxes_free(&left);
    if (status == FLOWRULES_OK && touched)
        status = add_unknown(a, allow);
    return status;
}

/* May a group of the deny hold what is asked for, and allows let pass that it does not spare? */
static flowrules_status weigh_deny(struct asking *a, uint32_t number,
                                   const struct fr_vec *passing) {
    const struct fr_flow *deny = fr_vec_at(&a->policy->flows, struct fr_flow, number);
    struct fr_boxes whole;
    bool touched = false, spares = true;
    for (size_t i = 0; i < passing->count; i++)
        spares = spares && fr_flow_is_spared(a->policy, deny, *fr_vec_at(passing, uint32_t, i));
    if (spares)
        return FLOWRULES_OK;
    fr_boxes_init(&whole, a->context, &a->view.sets, PIECES_MAX);
    flowrules_status status = fr_boxes_add(&whole, &a->question);
    if (status == FLOWRULES_OK)
        status = may_touch(a, &whole, deny, &touched);
    fr_boxes_free(&whole);
    return status == FLOWRULES_OK && touched ? add_unknown(a, number) : status;
}

/* Groups that could turn a verdict: those of denies where all is allowed, of allows where none. */
static flowrules_status doubt_spared(struct asking *a, const struct fr_vec *passing) {
    bool denies = passing->count > 0;
    if (denies && a->open.list.count > 0)
        return FLOWRULES_OK;
    for (uint32_t i = 0; i < a->policy->flows.count; i++) {
        bool asked;
        FR_TRY(is_asked(a, fr_vec_at(&a->policy->flows, struct fr_flow, i), denies, &asked));
        if (asked)
            FR_TRY(denies ? weigh_deny(a, i, passing) : weigh_allow(a, i));
    }
    return FLOWRULES_OK;
}

static flowrules_status decide_spared(struct asking *a, struct fr_vec *passing) {
    bool spared = false;
    FR_TRY(fr_boxes_add(&a->open, &a->question));
    for (uint32_t i = 0; i < a->policy->flows.count; i++) {
        bool asked, allowed = false;
        FR_TRY(is_asked(a, fr_vec_at(&a->policy->flows, struct fr_flow, i), false, &asked));
        if (asked)
            FR_TRY(weigh_passing(a, i, &allowed, &spared));
        uint32_t *slot = allowed ? fr_vec_push(passing) : NULL;
        if (allowed && slot == NULL)
            return fr_no_memory(a->context);
        if (allowed)
            *slot = i;
    }
    bool all = a->open.list.count == 0 && !a->open.too_many;
    bool some_denied = a->answer->flows.count > 0;
    if (all)
        a->answer->flows.count = 0; /* other flows are denied it: what allows it decides */
    for (size_t i = 0; i < passing->count; i++)
        FR_TRY(add_answer(a, *fr_vec_at(passing, uint32_t, i)));
    conclude(a, some_denied && !all, passing->count == 0 && some_denied);
    if (all && spared)
        a->answer->reason = "every packet of the question is allowed: the denies spare the flow";
    return doubt_spared(a, passing);
}

/* What a target that only permits does not permit is for others to decide. */
static void leave_open(struct asking *a) {
    if (a->target == NULL || !a->target->permits || strcmp(a->answer->verdict, "denied") != 0)
        return;
    a->answer->verdict = "undecided";
    a->answer->reason =
        a->answer->flows.count > 0
            ? "the target has mode: permits: it does not permit what a deny blocks, and rules of "
              "others decide"
            : "the target has mode: permits: rules of others decide what no flow allows";
}

/*
 * Flows between networks at interfaces, where the question does not say by which it comes: allows
 * could let more pass of what is denied, denies take from what is allowed.
 */
static flowrules_status tell_dependence(struct asking *a) {
    const char *verdict = a->answer->verdict;
    bool matters = (a->depends[0] && strcmp(verdict, "denied") == 0) ||
                   (a->depends[1] && strcmp(verdict, "allowed") == 0) ||
                   ((a->depends[0] || a->depends[1]) && strcmp(verdict, "partly") == 0);
    if (!matters)
        return FLOWRULES_OK;
    a->answer->verdict = "partly";
    a->answer->reason = a->placing.patterns
                            ? "it depends on the interfaces: ask for those, such as "
                              "'tcp eth1/10.1.2.3 -> eth2/192.0.2.1:443'"
                            : "it depends on where the packets come from and go to: ask with that, "
                              "such as 'tcp inside/10.1.2.3 -> outside/192.0.2.1:443'";
    for (size_t i = 0; i < a->depending.count; i++) {
        uint32_t flow = *fr_vec_at(&a->depending, uint32_t, i);
        bool known = false;
        for (size_t k = 0; k < a->answer->flows.count && !known; k++)
            known = fr_vec_at(&a->answer->flows, struct answer_flow, k)->flow == flow;
        if (!known)
            FR_TRY(add_answer(a, flow));
    }
    return FLOWRULES_OK;
}

static flowrules_status decide(struct asking *a) {
    if (a->policy->spare_lists.count > 0) {
        struct fr_vec passing;
        fr_vec_init(&passing, &a->context->allocator, sizeof(uint32_t));
        flowrules_status status = decide_spared(a, &passing);
        fr_vec_free(&passing);
        return status;
    }
    FR_TRY(fr_boxes_add(&a->open, &a->question));
    FR_TRY(take_flows(a, true));
    bool some_denied = a->answer->flows.count > 0;
    bool all_denied = some_denied && a->open.list.count == 0 && !a->open.too_many;
    if (!all_denied)
        FR_TRY(take_flows(a, false));
    conclude(a, some_denied, all_denied);
    return doubt(a);
}

/* ---- the rules that the flows became ------------------------------------------------------- */

struct finding {
    struct asking *a;
    const flowrules_artifact *artifact;
    const char *target, *file;
    char *text; /* of the file */
    uint32_t flow;
    unsigned found;
    bool failed;
};

static const char *line_text(struct finding *f, uint32_t line) {
    const char *at = f->text;
    for (uint32_t i = 1; i < line && at != NULL; i++) {
        at = strchr(at, '\n');
        at = at == NULL ? NULL : at + 1;
    }
    if (at == NULL)
        return NULL;
    at += strspn(at, " \t");
    return fr_arena_text(&f->a->answer->arena, at, strcspn(at, "\n"));
}

static void find_line(void *user, uint32_t line, flowrules_flows flows) {
    struct finding *f = user;
    bool here = false;
    if (flows.elsewhere)
        return;
    for (size_t i = 0; !here && i < fr_artifact_flow_count(f->artifact, flows); i++)
        here = fr_artifact_flow(f->artifact, flows, i) == f->flow;
    if (!here || f->found++ >= LINES_MAX || f->failed)
        return;
    struct answer_rule *slot = fr_vec_push(&f->a->answer->rules);
    if (slot == NULL) {
        f->failed = true;
        return;
    }
    *slot = (struct answer_rule){f->target, f->file, line_text(f, line), f->flow, line};
    f->failed = slot->text == NULL;
}

static flowrules_status find_in_file(struct finding *f, const struct fr_file *file) {
    struct fr_arena *arena = &f->a->answer->arena;
    size_t size;
    f->text = fr_writer_text(&file->writer, &size);
    f->file = fr_arena_printf(arena, "%s", file->name);
    f->failed = f->text == NULL || f->file == NULL;
    for (size_t i = 0; i < f->a->answer->flows.count && !f->failed; i++) {
        f->flow = fr_vec_at(&f->a->answer->flows, struct answer_flow, i)->flow;
        f->found = 0;
        fr_writer_visit(&file->writer, find_line, f);
    }
    fr_free(&f->a->context->allocator, f->text);
    return f->failed ? fr_no_memory(f->a->context) : FLOWRULES_OK;
}

/* Groups of the platform that the question may be about: the network asked for, or one around it.
 */
static flowrules_status add_groups(struct asking *a, const flowrules_plan *plan,
                                   struct fr_builder *b, fr_set end) {
    uint32_t atom;
    for (uint32_t i = 0; i < a->policy->networks.count; i++) {
        struct fr_end own;
        if (!fr_map_get(&plan->view->atom_of[FLOWRULES_ATOM_GROUP], i + 1, &atom))
            continue;
        FR_TRY(fr_view_network(&a->view, i, &own));
        if (fr_set_overlaps(&a->view.sets, own.set, end))
            fr_builder_atom(b, atom);
    }
    return FLOWRULES_OK;
}

/* What stands in a plan for a name: the name, a wildcard above it, its addresses. */
static void add_names(const flowrules_plan *plan, struct fr_builder *b, const char *name) {
    const struct fr_lock *lock = &plan->policy->lock;
    const struct fr_locked_name *entry = fr_lock_find(lock, name);
    for (uint32_t i = 0; i < plan->view->atoms.count; i++) {
        const struct flowrules_atom *atom = fr_vec_at(&plan->view->atoms, struct flowrules_atom, i);
        bool same = strcmp(atom->name, name) == 0;
        if ((atom->kind == FLOWRULES_ATOM_NAME && same) ||
            (atom->kind == FLOWRULES_ATOM_WILDCARD && fr_name_is_below(name, atom->name)))
            fr_builder_atom(b, i);
    }
    for (uint32_t i = 0; entry != NULL && i < entry->count; i++) {
        const struct fr_pin *pin = fr_vec_at(&lock->pins, struct fr_pin, entry->first + i);
        struct flowrules_range range = {pin->family, pin->ip, pin->ip};
        fr_builder_range(b, &range);
    }
}

static void add_ranges(const struct asking *a, struct fr_builder *b, fr_set end,
                       enum flowrules_family family) {
    struct flowrules_set view = {&a->view.sets, end};
    for (size_t i = 0; i < flowrules_set_range_count(view, family); i++) {
        struct flowrules_range range = flowrules_set_range(view, family, i);
        fr_builder_range(b, &range);
    }
}

/* An end of the question by the sets of a plan. */
static flowrules_status end_for_plan(struct asking *a, const flowrules_plan *plan, int end,
                                     fr_set *set) {
    fr_set own = a->question.ends[end];
    struct fr_builder b;
    *set = FR_SET_ANY;
    if (own == FR_SET_ANY)
        return FLOWRULES_OK;
    fr_builder_init(&b, &a->context->allocator);
    add_ranges(a, &b, own, FLOWRULES_IPV4);
    add_ranges(a, &b, own, FLOWRULES_IPV6);
    if (a->names[end][0] != '\0')
        add_names(plan, &b, a->names[end]);
    flowrules_status status = add_groups(a, plan, &b, own);
    *set = fr_builder_finish(&b, &plan->view->sets);
    fr_builder_free(&b);
    return status == FLOWRULES_OK && *set == FR_SET_NONE ? fr_no_memory(a->context) : status;
}

/* Renders a plan so that what matches no packet of the question can be told apart. */
static flowrules_status render_asked(struct asking *a, const flowrules_plan *plan,
                                     flowrules_artifact **artifact) {
    struct fr_rules *rules;
    struct fr_asked asked = {.term = a->question.term};
    for (int end = 0; end < 2; end++)
        FR_TRY(end_for_plan(a, plan, end, &asked.ends[end]));
    FR_TRY(fr_rules_make_reported(&rules, plan));
    return fr_render(artifact, rules, &asked);
}

/* A set of interfaces of the question by the sets of a plan. */
static fr_set interfaces_for_plan(const struct asking *a, const flowrules_plan *plan) {
    struct flowrules_set own = {&a->view.sets, a->interfaces[0]};
    for (size_t i = 0; i < flowrules_set_range_count(own, FLOWRULES_IPV6); i++) {
        struct flowrules_range range = flowrules_set_range(own, FLOWRULES_IPV6, i);
        fr_builder_range(&plan->view->builder, &range);
    }
    return fr_builder_finish(&plan->view->builder, &plan->view->sets);
}

/* With anti-spoofing, sources that enter by other interfaces than their own are dropped. */
static flowrules_status find_spoofed(struct asking *a, const flowrules_plan *plan) {
    struct fr_sets *sets = &plan->view->sets;
    fr_set source, by = FR_SET_ANY;
    bool some = false, all = false;
    if (plan->own_sources.count == 0 || !a->counts[0] ||
        (strcmp(a->answer->verdict, "allowed") != 0 && strcmp(a->answer->verdict, "partly") != 0))
        return FLOWRULES_OK;
    FR_TRY(end_for_plan(a, plan, 0, &source));
    if (a->interfaces[0] != FR_SET_ANY)
        by = interfaces_for_plan(a, plan);
    if (by == FR_SET_NONE)
        return fr_no_memory(a->context);
    for (size_t i = 0; i < plan->own_sources.count; i++) {
        const struct fr_placed *own = fr_vec_at(&plan->own_sources, struct fr_placed, i);
        if (!fr_set_overlaps(sets, own->set, source) || fr_set_covers(sets, own->interfaces, by))
            continue;
        some = true;
        all = all || (fr_set_covers(sets, own->set, source) &&
                      !fr_set_overlaps(sets, own->interfaces, by));
    }
    if (some) {
        a->answer->verdict = all ? "denied" : "partly";
        a->answer->reason = all ? "anti-spoofing: the source is at another interface"
                                : "anti-spoofing: a source may enter by its own interfaces alone";
    }
    return FLOWRULES_OK;
}

/* Has a target something of a flow that decides? */
static bool has_deciding(const struct asking *a, const flowrules_plan *plan) {
    for (size_t i = 0; i < a->answer->flows.count; i++) {
        uint32_t flow = fr_vec_at(&a->answer->flows, struct answer_flow, i)->flow;
        for (size_t k = 0; k < plan->scoped.count; k++)
            if (fr_vec_at(&plan->scoped, struct fr_scoped, k)->flow == flow)
                return true;
    }
    return false;
}

/*
 * A target that refuses a flow of its own has no artifact, and so no rule to show. Where it has
 * nothing of the flows that decide, there is none either, and nothing is rendered.
 */
static flowrules_status find_in_target(struct asking *a, const char *spec) {
    flowrules_plan *plan;
    flowrules_artifact *artifact = NULL;
    FR_TRY(fr_plan_new(&plan, a->context, a->policy, spec));
    struct finding finding = {.a = a};
    finding.target = fr_arena_printf(&a->answer->arena, "%s", plan->name);
    flowrules_status status = finding.target == NULL ? fr_no_memory(a->context) : FLOWRULES_OK;
    if (status == FLOWRULES_OK && a->target != NULL && a->target == plan->target)
        status = find_spoofed(a, plan);
    if (status == FLOWRULES_OK && !a->context->no_rules && plan->refused + plan->unresolved == 0 &&
        has_deciding(a, plan))
        status = render_asked(a, plan, &artifact);
    finding.artifact = artifact;
    for (size_t i = 0; artifact != NULL && status == FLOWRULES_OK && i < artifact->files.count; i++)
        status = find_in_file(&finding, *fr_vec_at(&artifact->files, struct fr_file *, i));
    flowrules_artifact_free(artifact);
    fr_plan_free(plan);
    return status;
}

static flowrules_status find_rules(struct asking *a, const char *target) {
    if (target != NULL)
        return find_in_target(a, target);
    for (size_t i = 0; i < a->policy->targets.count && !a->context->no_rules; i++) {
        flowrules_status status = find_in_target(a, flowrules_target_name(a->policy, i));
        /* What one target lacks is told; the policy and the others answer all the same. */
        if (status != FLOWRULES_OK && status != FLOWRULES_REFUSED && status != FLOWRULES_INVALID)
            return status;
    }
    return FLOWRULES_OK;
}

/* ---- the public face ----------------------------------------------------------------------- */

static flowrules_answer *new_answer(flowrules_context *context, const flowrules_policy *policy) {
    flowrules_answer *answer = fr_malloc(&context->allocator, sizeof *answer);
    if (answer == NULL)
        return NULL;
    memset(answer, 0, sizeof *answer);
    answer->allocator = context->allocator;
    answer->policy = fr_policy_hold(policy);
    fr_arena_init(&answer->arena, &answer->allocator);
    fr_vec_init(&answer->flows, &answer->allocator, sizeof(struct answer_flow));
    fr_vec_init(&answer->rules, &answer->allocator, sizeof(struct answer_rule));
    return answer;
}

/* The policy's target of that name; NULL where it is a backend's, for which all flows are. */
static const struct fr_target *find_own_target(const flowrules_policy *policy, const char *spec) {
    fr_string name = fr_strings_find(&policy->strings, spec, strcspn(spec, ":"));
    uint32_t index;
    return name != 0 && fr_map_get(&policy->target_by_name, name, &index)
               ? fr_vec_at(&policy->targets, struct fr_target, index)
               : NULL;
}

flowrules_status flowrules_query(flowrules_answer **answer, flowrules_context *context,
                                 const flowrules_policy *policy, const char *target,
                                 const char *question) {
    struct asking a = {.context = context,
                       .policy = policy,
                       .interfaces = {FR_SET_ANY, FR_SET_ANY},
                       .counts = {true, true}};
    *answer = NULL;
    fr_placing_init(&a.placing, policy, &a.view, NULL);
    fr_vec_init(&a.depending, &context->allocator, sizeof(uint32_t));
    a.target = target == NULL ? NULL : find_own_target(policy, target);
    a.answer = new_answer(context, policy);
    if (a.answer == NULL)
        return fr_no_memory(context);
    a.placing.arena = &a.answer->arena;
    fr_boxes_init(&a.open, context, &a.view.sets, PIECES_MAX);
    flowrules_status status = read_question(&a, question);
    if (status == FLOWRULES_OK)
        status = decide(&a);
    if (status == FLOWRULES_OK)
        status = tell_dependence(&a);
    if (status == FLOWRULES_OK)
        leave_open(&a);
    if (status == FLOWRULES_OK)
        status = find_rules(&a, target);
    fr_boxes_free(&a.open);
    fr_vec_free(&a.depending);
    fr_placing_free(&a.placing);
    fr_view_free(&a.view);
    if (status == FLOWRULES_OK)
        *answer = a.answer;
    else
        flowrules_answer_free(a.answer);
    return status;
}

void flowrules_answer_free(flowrules_answer *answer) {
    if (answer == NULL)
        return;
    struct fr_allocator allocator = answer->allocator;
    flowrules_policy_free(answer->policy);
    fr_vec_free(&answer->flows);
    fr_vec_free(&answer->rules);
    fr_arena_free(&answer->arena);
    fr_free(&allocator, answer);
}

const char *flowrules_answer_verdict(const flowrules_answer *answer) {
    return answer->verdict;
}

const char *flowrules_answer_reason(const flowrules_answer *answer) {
    return answer->reason;
}

/* The flow's index in the policy, or one that the policy does not have. */
static size_t flow_of(const flowrules_answer *answer, size_t flow) {
    return flow < answer->flows.count ? fr_vec_at(&answer->flows, struct answer_flow, flow)->flow
                                      : SIZE_MAX;
}

size_t flowrules_answer_flow_count(const flowrules_answer *answer) {
    return answer->flows.count;
}

const char *flowrules_answer_flow_name(const flowrules_answer *answer, size_t flow) {
    return flowrules_flow_name(answer->policy, flow_of(answer, flow));
}

const char *flowrules_answer_flow_action(const flowrules_answer *answer, size_t flow) {
    return flowrules_flow_action(answer->policy, flow_of(answer, flow));
}

const char *flowrules_answer_flow_file(const flowrules_answer *answer, size_t flow) {
    return flowrules_flow_file(answer->policy, flow_of(answer, flow));
}

uint32_t flowrules_answer_flow_line(const flowrules_answer *answer, size_t flow) {
    return flowrules_flow_line(answer->policy, flow_of(answer, flow));
}

static const struct answer_rule *rule_at(const flowrules_answer *answer, size_t rule) {
    return rule < answer->rules.count ? fr_vec_at(&answer->rules, struct answer_rule, rule) : NULL;
}

size_t flowrules_answer_rule_count(const flowrules_answer *answer) {
    return answer->rules.count;
}

const char *flowrules_answer_rule_target(const flowrules_answer *answer, size_t rule) {
    const struct answer_rule *r = rule_at(answer, rule);
    return r == NULL ? NULL : r->target;
}

const char *flowrules_answer_rule_flow(const flowrules_answer *answer, size_t rule) {
    const struct answer_rule *r = rule_at(answer, rule);
    return r == NULL ? NULL : flowrules_flow_name(answer->policy, r->flow);
}

const char *flowrules_answer_rule_file(const flowrules_answer *answer, size_t rule) {
    const struct answer_rule *r = rule_at(answer, rule);
    return r == NULL ? NULL : r->file;
}

uint32_t flowrules_answer_rule_line(const flowrules_answer *answer, size_t rule) {
    const struct answer_rule *r = rule_at(answer, rule);
    return r == NULL ? 0 : r->line;
}

const char *flowrules_answer_rule_text(const flowrules_answer *answer, size_t rule) {
    const struct answer_rule *r = rule_at(answer, rule);
    return r == NULL ? NULL : r->text;
}
