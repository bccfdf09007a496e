/*
 * cisco-asa, reading: the entries of an extended access list as rules, with the remarks before
 * them. Knows nothing of where a list is bound.
 *
 * Facts: Cisco ASA Series Command Reference, access-list extended; Firewall CLI Configuration
 * Guide, "Access Control Lists".
 */
#include "read.h"

#include <stdio.h>
#include <string.h>

enum { ICMP = 1, TCP = 6, UDP = 17, ICMP6 = 58, SCTP = 132, TEXT_MAX = 512, PAIRS_MAX = 100000 };

/* What the remarks before an entry say: those of a flow hold until the next, others for one entry.
 */
struct remarks {
    char name[TEXT_MAX], comment[TEXT_MAX];
    bool done; /* an entry came since */
};

/* An entry as it is taken apart. */
struct entry {
    struct fr_cisco_asa_cursor c;
    enum flowrules_verdict verdict;
    struct fr_cisco_asa_services protocols, services;
    bool whole; /* the protocols say ports and types as well */
    bool given[2];
    struct fr_cisco_asa_port_list ports[2];
    struct fr_cisco_asa_pair ends[2];
    /* Of what the entry's doubt is about: what is above is all that surely matches. */
    bool unsure_end[2], unsure_service;
    bool unsure;                       /* nothing surely matches */
    struct fr_cisco_asa_services most; /* where unsure_service; none: any */
    bool log, inactive;
    const char *until;
    uint32_t counter;
};

static bool is_icmp(const struct entry *e) {
    return !e->whole && e->protocols.count == 1 &&
           (e->protocols.services[0].protocol == ICMP ||
            e->protocols.services[0].protocol == ICMP6);
}

static bool fail(struct entry *e, const char *hint, const char *text) {
    flowrules_input_error(e->c.r->in, fr_cisco_asa_place(&e->c), hint, text,
                          fr_cisco_asa_peek(&e->c));
    return false;
}

/* Notes a doubt about the next word, which is passed over. */
static void doubt(struct entry *e, const char *what) {
    fr_cisco_asa_doubt(&e->c, "%s%s'%.80s' is not understood", what, *what != '\0' ? " " : "",
                       fr_cisco_asa_peek(&e->c));
    e->c.at++;
}

/* ---- protocol ------------------------------------------------------------------------------ */

static bool take_services(struct entry *e) {
    const struct fr_cisco_asa_object *o =
        fr_cisco_asa_object_named(&e->c, fr_cisco_asa_take(&e->c));
    e->unsure_service = e->c.r->doubt != NULL;
    if (o == NULL)
        return !flowrules_input_failed(e->c.r->in);
    if (o->kind != FR_CISCO_ASA_SERVICE && o->kind != FR_CISCO_ASA_SERVICE_GROUP &&
        o->kind != FR_CISCO_ASA_PROTOCOL_GROUP) {
        flowrules_input_error(e->c.r->in, fr_cisco_asa_taken(&e->c), NULL,
                              "'%.80s' is not a group of protocols", o->name);
        return false;
    }
    if (o->doubt == NULL || o->kind != FR_CISCO_ASA_SERVICE)
        e->protocols = o->services;
    e->whole = o->kind != FR_CISCO_ASA_PROTOCOL_GROUP;
    return true;
}

static bool take_protocol(struct entry *e) {
    struct flowrules_service service = {.icmp_type = -1, .icmp_code = -1};
    bool any;
    if (fr_cisco_asa_accept(&e->c, "object") || fr_cisco_asa_accept(&e->c, "object-group"))
        return take_services(e);
    const char *word = fr_cisco_asa_peek(&e->c);
    service.protocol = fr_cisco_asa_protocol(word, &any);
    if (*word == '\0')
        return fail(e, NULL, "the line ends where a protocol is expected%s");
    if (service.protocol < 0 && !any) {
        doubt(e, "the protocol");
        e->unsure_service = true;
        return true;
    }
    fr_cisco_asa_take(&e->c);
    return fr_cisco_asa_add_service(&e->c, &e->protocols, service);
}

/* ---- ends and ports ------------------------------------------------------------------------ */

/* Users and security groups say who sends; nothing in a policy does. They precede an end. */
static void take_users(struct entry *e) {
    static const struct {
        const char *word;
        size_t words; /* with those that follow it */
    } users[] = {{"user", 2},
                 {"user-group", 2},
                 {"object-group-user", 2},
                 {"security-group", 3}, /* name NAME, tag NUMBER */
                 {"object-group-security", 2}};
    for (size_t i = 0; i < sizeof users / sizeof *users; i++)
        if (strcmp(fr_cisco_asa_peek(&e->c), users[i].word) == 0) {
            doubt(e, "");
            e->c.at += users[i].words - 1;
            e->unsure = true;
            i = 0;
        }
}

/* An end that is not understood may be any. */
static bool take_end(struct entry *e, int end) {
    struct fr_cisco_asa_reading *r = e->c.r;
    const char *before = r->doubt;
    r->doubt = NULL;
    bool group = strcmp(fr_cisco_asa_peek(&e->c), "object-group-network-service") == 0;
    if (group) {
        doubt(e, "");
        e->c.at++;
    }
    if (group || !fr_cisco_asa_take_end(&e->c, &e->ends[end]))
        e->ends[end].of[0] = e->ends[end].of[1] = flowrules_input_none(r->in);
    e->unsure_end[end] = r->doubt != NULL;
    r->doubt = before != NULL ? before : r->doubt;
    return !flowrules_input_failed(r->in);
}

static bool have_ports(const struct entry *e) {
    for (size_t i = 0; i < e->protocols.count; i++) {
        int protocol = e->protocols.services[i].protocol;
        if (protocol != TCP && protocol != UDP && protocol != SCTP)
            return false;
    }
    return !e->whole;
}

/* The group that the next words name, where it is of ports. */
static const struct fr_cisco_asa_object *port_group(struct entry *e) {
    if (strcmp(fr_cisco_asa_peek(&e->c), "object-group") != 0 || e->c.at + 1 >= e->c.count)
        return NULL;
    const struct fr_cisco_asa_object *o =
        flowrules_input_lookup(e->c.r->in, FR_CISCO_ASA_OBJECT_NAMES, e->c.words[e->c.at + 1].text);
    return o != NULL && o->kind == FR_CISCO_ASA_PORT_GROUP ? o : NULL;
}

/* Ports or types are not all understood: the protocols alone are the most that is meant. */
static bool doubt_services(struct entry *e) {
    if (!e->unsure_service)
        e->most = e->protocols;
    e->unsure_service = true;
    return !flowrules_input_failed(e->c.r->in);
}

static bool take_port_group(struct entry *e, int end) {
    fr_cisco_asa_take(&e->c);
    const struct fr_cisco_asa_object *o =
        fr_cisco_asa_object_named(&e->c, fr_cisco_asa_take(&e->c));
    e->given[end] = true;
    if (o == NULL)
        return doubt_services(e);
    e->ports[end] = o->ports;
    return o->doubt == NULL || doubt_services(e);
}

static bool take_ports(struct entry *e, int end) {
    struct flowrules_place at = fr_cisco_asa_place(&e->c);
    int protocol = e->protocols.count == 1 ? e->protocols.services[0].protocol : -1;
    bool good = port_group(e) != NULL
                    ? take_port_group(e, end)
                    : fr_cisco_asa_take_ports(&e->c, protocol, &e->given[end], &e->ports[end]) ||
                          doubt_services(e);
    if (!good || !e->given[end] || have_ports(e))
        return good;
    flowrules_input_error(e->c.r->in, at, NULL, "ports are given for a protocol without ports");
    return false;
}

/* ---- types of ICMP ------------------------------------------------------------------------- */

static bool take_types(struct entry *e) {
    struct flowrules_service service = e->protocols.services[0];
    const struct fr_cisco_asa_services protocols = e->protocols;
    if (!fr_cisco_asa_accept(&e->c, "object-group")) {
        e->protocols = (struct fr_cisco_asa_services){NULL, 0, 0};
        if (fr_cisco_asa_take_icmp(&e->c, &service))
            return fr_cisco_asa_add_service(&e->c, &e->protocols, service);
        e->most = protocols;
        e->unsure_service = true;
        return !flowrules_input_failed(e->c.r->in);
    }
    if (service.protocol == ICMP6) {
        doubt(e, "beside icmp6, the group");
        doubt_services(e);
        e->protocols = (struct fr_cisco_asa_services){NULL, 0, 0};
        return true;
    }
    const struct fr_cisco_asa_object *o =
        fr_cisco_asa_object_named(&e->c, fr_cisco_asa_take(&e->c));
    if (o == NULL || o->doubt != NULL)
        doubt_services(e);
    e->protocols = (struct fr_cisco_asa_services){NULL, 0, 0};
    if (o == NULL)
        return !flowrules_input_failed(e->c.r->in);
    if (o->kind != FR_CISCO_ASA_ICMP_GROUP) {
        flowrules_input_error(e->c.r->in, fr_cisco_asa_taken(&e->c), NULL,
                              "'%.80s' is not a group of ICMP types", o->name);
        return false;
    }
    e->protocols = o->services;
    return true;
}

/* ---- the rest of the line ------------------------------------------------------------------ */

/* log [[LEVEL] [interval SECONDS] | disable | default] */
static void take_log(struct entry *e) {
    static const char *const levels[] = {"emergencies",   "alerts",    "critical",
                                         "errors",        "warnings",  "notifications",
                                         "informational", "debugging", "default"};
    unsigned level;
    const char *word = fr_cisco_asa_peek(&e->c);
    e->log = !fr_cisco_asa_accept(&e->c, "disable");
    bool known = flowrules_parse_number(word, strlen(word), 7, &level);
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
        known = known || strcmp(word, levels[i]) == 0;
    if (known)
        fr_cisco_asa_take(&e->c);
    if (fr_cisco_asa_accept(&e->c, "interval"))
        fr_cisco_asa_take(&e->c);
}

static bool take_time(struct entry *e) {
    const struct fr_cisco_asa_time *t = fr_cisco_asa_time_named(&e->c, fr_cisco_asa_take(&e->c));
    e->unsure = e->unsure || t == NULL;
    if (t == NULL)
        return !flowrules_input_failed(e->c.r->in);
    e->until = t->until;
    if (!t->in_force)
        flowrules_input_note(e->c.r->in, fr_cisco_asa_taken(&e->c),
                             "left out: its time range '%.80s' is not active", t->name);
    e->inactive = e->inactive || !t->in_force;
    return true;
}

static bool take_options(struct entry *e) {
    while (e->c.at < e->c.count) {
        if (fr_cisco_asa_accept(&e->c, "log")) {
            take_log(e);
        } else if (fr_cisco_asa_accept(&e->c, "inactive")) {
            e->inactive = true;
            flowrules_input_note(e->c.r->in, fr_cisco_asa_taken(&e->c), "left out: it is inactive");
        } else if (fr_cisco_asa_accept(&e->c, "time-range")) {
            if (!take_time(e))
                return false;
        } else if (strncmp(fr_cisco_asa_peek(&e->c), "(hitcnt=", 8) == 0) {
            return fail(e, "give show running-config",
                        "'%.80s' is from the output of show access-list");
        } else {
            doubt(e, "");
            e->unsure = true;
        }
    }
    return true;
}

/* False after an error, and where an entry of another kind may do anything. */
static bool take_action(struct entry *e) {
    if (!fr_cisco_asa_accept(&e->c, "access-list")) {
        fr_cisco_asa_doubt(&e->c, "a list of only '%.80s', as before ASA 9.0, is not understood",
                           fr_cisco_asa_peek(&e->c));
        return false;
    }
    fr_cisco_asa_take(&e->c); /* its name */
    if (fr_cisco_asa_accept(&e->c, "line"))
        fr_cisco_asa_take(&e->c);
    fr_cisco_asa_accept(&e->c, "extended"); /* what a list is unless it says another word */
    bool permit = fr_cisco_asa_accept(&e->c, "permit");
    if (!permit && !fr_cisco_asa_accept(&e->c, "deny")) {
        if (*fr_cisco_asa_peek(&e->c) == '\0')
            return fail(e, NULL, "the line ends where permit or deny is expected%s");
        fr_cisco_asa_doubt(&e->c, "an entry with '%.80s' is not understood",
                           fr_cisco_asa_peek(&e->c));
        return false;
    }
    e->verdict = permit ? FLOWRULES_PASS : FLOWRULES_BLOCK;
    return true;
}

/* The protocols of the entry with its ports; none where an operator leaves none. */
static bool spell_services(struct entry *e) {
    for (int end = 0; end < 2; end++)
        if (e->given[end] && e->ports[end].count == 0)
            return true;
    if (!e->given[FLOWRULES_SOURCE] && !e->given[FLOWRULES_DESTINATION]) {
        e->services = e->protocols;
        return true;
    }
    if (e->ports[0].count * e->ports[1].count > PAIRS_MAX) {
        flowrules_input_error(e->c.r->in, fr_cisco_asa_place(&e->c), NULL,
                              "an entry has more than %d pairs of ports", PAIRS_MAX);
        return false;
    }
    for (size_t i = 0; i < e->protocols.count; i++) {
        struct flowrules_service service = e->protocols.services[i];
        service.source_ports = e->ports[FLOWRULES_SOURCE].ports;
        service.source_port_count = e->ports[FLOWRULES_SOURCE].count;
        service.destination_ports = e->ports[FLOWRULES_DESTINATION].ports;
        service.destination_port_count = e->ports[FLOWRULES_DESTINATION].count;
        if (!fr_cisco_asa_add_service(&e->c, &e->services, service))
            return false;
    }
    return true;
}

static bool take_entry(struct entry *e) {
    if (!take_protocol(e))
        return false;
    for (int end = 0; end < 2; end++) {
        take_users(e);
        if (!take_end(e, end) || !take_ports(e, end))
            return false;
    }
    if (is_icmp(e) && !take_types(e))
        return false;
    return spell_services(e) && take_options(e);
}

/* ---- rules --------------------------------------------------------------------------------- */

/* One rule where both families say the same, else one for each. */
static void write_rules(const struct entry *e, const struct remarks *remarks, const char *why) {
    flowrules_input *in = e->c.r->in;
    const struct fr_cisco_asa_pair *ends = e->ends;
    bool same = true;
    struct flowrules_read_rule rule = {
        .direction = FLOWRULES_FORWARD,
        .verdict = e->verdict,
        .services = e->services.services,
        .service_count = e->services.count,
        .at = {e->c.line->file, e->c.line->number, 1},
        .name = remarks->name[0] != '\0' ? remarks->name : NULL,
        .comment = remarks->comment[0] != '\0' ? remarks->comment : NULL,
        .expires = e->until,
        .log = e->log,
        .interfaces = {e->c.r->limits[0], e->c.r->limits[1]},
        .doubt = why,
        .counter = e->counter,
    };
    for (int end = 0; end < 2; end++)
        same = same && ends[end].of[0].id == ends[end].of[1].id;
    for (int f = 0; f < (same ? 1 : 2); f++) {
        rule.families = same ? 0 : FLOWRULES_FAMILY_BIT((unsigned)f);
        rule.source = ends[FLOWRULES_SOURCE].of[f];
        rule.destination = ends[FLOWRULES_DESTINATION].of[f];
        flowrules_input_rule(in, &rule);
    }
}

/* What an entry surely matches, then all that it may match. */
static void write_entry(struct entry *e, const struct remarks *remarks) {
    struct flowrules_set any = flowrules_input_any(e->c.r->in);
    const char *why = e->c.r->doubt;
    bool part = e->unsure_end[0] || e->unsure_end[1] || e->unsure_service;
    if (e->services.count > 0 && (why == NULL || (part && !e->unsure)))
        write_rules(e, remarks, NULL);
    if (why == NULL || (e->services.count == 0 && !e->unsure_service))
        return; /* "lt 0", say, leaves nothing */
    for (int end = 0; end < 2; end++)
        if (e->unsure_end[end])
            e->ends[end].of[0] = e->ends[end].of[1] = any;
    if (e->unsure_service)
        e->services = e->most;
    write_rules(e, remarks, why);
}

/* An entry of an unknown kind may let anything pass, or block it. */
static void write_unknown(struct entry *e, const struct remarks *remarks) {
    static const enum flowrules_verdict verdicts[] = {FLOWRULES_PASS, FLOWRULES_BLOCK};
    struct flowrules_set any = flowrules_input_any(e->c.r->in);
    for (int end = 0; end < 2; end++)
        e->ends[end].of[0] = e->ends[end].of[1] = any;
    for (size_t i = 0; i < 2; i++) {
        e->verdict = verdicts[i];
        write_rules(e, remarks, e->c.r->doubt);
    }
}

/* ---- remarks ------------------------------------------------------------------------------- */

static void append(char text[TEXT_MAX], const char *between, const char *more, size_t length) {
    size_t used = strlen(text);
    snprintf(text + used, TEXT_MAX - used, "%s%.*s", used > 0 ? between : "", (int)length, more);
}

/* Appends a text, with "; " for each " - " in it. */
static void append_parts(char text[TEXT_MAX], const char *between, const char *from,
                         const char *end) {
    for (const char *at = from; at + 3 <= end; at++)
        if (memcmp(at, " - ", 3) == 0) {
            append(text, between, from, (size_t)(at - from));
            from = at + 3;
            between = "; ";
            at += 2;
        }
    append(text, between, from, (size_t)(end - from));
}

/* Where a name ends: before " - ", or at the end. */
static const char *end_of_name(const char *from, const char *end) {
    for (const char *at = from; at + 3 <= end; at++)
        if (memcmp(at, " - ", 3) == 0)
            return at;
    return end;
}

/* Our own are "flow NAME - WORDS - WORDS" or "flows NAMES", and go on with "- WORDS". */
static void read_remark(const struct fr_cisco_asa_cursor *c, size_t at, struct remarks *remarks) {
    const char *end = c->line->text + c->line->length;
    if (remarks->done)
        *remarks = (struct remarks){.done = false};
    if (at >= c->count)
        return;
    const char *word = c->words[at].text, *from = c->line->text + c->words[at].column - 1;
    bool first = remarks->name[0] == '\0' && remarks->comment[0] == '\0';
    bool flow = first && (strcmp(word, "flow") == 0 || strcmp(word, "flows") == 0);
    bool dash = remarks->name[0] != '\0' && strcmp(word, "-") == 0;
    if ((flow || dash) && at + 1 < c->count)
        from = c->line->text + c->words[at + 1].column - 1;
    const char *stop = flow ? end_of_name(from, end) : end;
    append(flow ? remarks->name : remarks->comment, dash ? "; " : " ", from, (size_t)(stop - from));
    if (stop < end)
        append_parts(remarks->comment, "; ", stop + 3, end);
}

void fr_cisco_asa_read_list(struct fr_cisco_asa_reading *r, const struct fr_cisco_asa_list *list) {
    struct remarks remarks = {.done = false};
    for (size_t i = 0; i < list->entries.count && !flowrules_input_failed(r->in); i++) {
        struct entry e = {.log = false};
        size_t at;
        fr_cisco_asa_begin(&e.c, r, &list->entries.lines[i]);
        if (fr_cisco_asa_is_remark(&e.c, &at)) {
            read_remark(&e.c, at, &remarks);
            continue;
        }
        remarks.done = true;
        r->doubt = NULL;
        e.counter = fr_cisco_asa_counter(r, list->name, i + 1);
        if (take_action(&e)) {
            if (take_entry(&e) && !e.inactive)
                write_entry(&e, &remarks);
        } else if (!flowrules_input_failed(r->in)) {
            write_unknown(&e, &remarks);
        }
        if (remarks.name[0] == '\0')
            remarks.comment[0] = '\0';
    }
}

bool fr_cisco_asa_passes_all(struct fr_cisco_asa_reading *r, const struct fr_cisco_asa_list *list) {
    static const char *const words[] = {"permit", "ip", "any", "any"};
    enum { REMARKS_MAX = 100 }; /* before the first entry */
    for (size_t i = 0; i < list->entries.count && i < REMARKS_MAX; i++) {
        struct fr_cisco_asa_cursor c;
        size_t at, k = 0;
        fr_cisco_asa_begin(&c, r, &list->entries.lines[i]);
        if (fr_cisco_asa_is_remark(&c, &at))
            continue;
        c.at = at - 1;
        fr_cisco_asa_accept(&c, "extended");
        while (k < 4 && fr_cisco_asa_accept(&c, words[k]))
            k++;
        return k == 4 && (c.at >= c.count || strcmp(fr_cisco_asa_peek(&c), "log") == 0) &&
               strcmp(c.words[c.count - 1].text, "inactive") != 0;
    }
    return false;
}
