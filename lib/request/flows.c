/*
 * The flows that the rows of a sheet ask for. A row is taken whole or not at all.
 */
#include <stdio.h>
#include <string.h>

#include "flowrules/reader.h"
#include "request.h"

/* ---- cells of a row ------------------------------------------------------------------------ */

/* The text of a row for a role, and its cell; the mapping's default where that is empty. */
static const char *text_of(struct fr_taking *t, const struct fr_row *row, enum fr_role role) {
    t->role = role;
    t->cell = NULL;
    for (uint32_t i = 0; i < t->columns.count; i++) {
        if (fr_vec_at(&t->columns, struct fr_column, i)->role != role)
            continue;
        const struct fr_cell *cell = fr_cell_at(t->sheet, row, i);
        if (cell == NULL)
            continue;
        t->cell = cell;
        return cell->text;
    }
    if (role == FR_ROLE_SOURCE && t->sheet->source != NULL)
        return t->sheet->source;
    return t->request->mapping.defaults[role];
}

/* The same; where a mark says "as above", that of the row above. */
static const char *role_text(struct fr_taking *t, enum fr_role role) {
    const char *text = text_of(t, t->row, role);
    if (text == NULL || t->cell == NULL || !fr_word_is(text, strlen(text), FR_WORD_DITTO))
        return text;
    const struct fr_cell *cell = t->cell;
    const char *above = t->above == NULL ? NULL : text_of(t, t->above, role);
    t->cell = cell;
    if (above == NULL)
        fr_not_understood(t, text, strlen(text), "write it out",
                          "refers to a row above that is not there");
    else
        fr_told(t, NULL, "'%s' is taken as that of the row above: '%.60s'", text, above);
    return above;
}

static bool is_nothing(const char *text) {
    return text == NULL || fr_word_is(text, strlen(text), FR_WORD_NOTHING);
}

/* Columns that the mapping takes as the same: a row can have a text in one of them alone. */
static flowrules_status check_columns(struct fr_taking *t) {
    const struct fr_cell *seen[FR_ROLES] = {NULL};
    for (uint32_t i = 0; i < t->columns.count; i++) {
        enum fr_role role = fr_vec_at(&t->columns, struct fr_column, i)->role;
        const struct fr_cell *cell = role > FR_ROLE_OTHER ? fr_cell_at(t->sheet, t->row, i) : NULL;
        if (cell == NULL || is_nothing(cell->text))
            continue;
        t->role = role;
        t->cell = cell;
        if (seen[role] != NULL)
            return fr_not_understood(t, cell->text, strlen(cell->text),
                                     "write x-KEY or ignore at one of the columns in the mapping",
                                     "stands beside '%.60s', which another column has for the same",
                                     seen[role]->text);
        seen[role] = cell;
    }
    return FLOWRULES_OK;
}

static bool has_column(const struct fr_taking *t, enum fr_role role) {
    for (size_t i = 0; i < t->columns.count; i++)
        if (fr_vec_at(&t->columns, struct fr_column, i)->role == role)
            return true;
    return false;
}

static flowrules_status lacks(struct fr_taking *t, enum fr_role role, const char *what) {
    char hint[200];
    const char *word = fr_role_word(role);
    t->role = FR_ROLE_NONE;
    t->cell = NULL;
    if (has_column(t, role))
        snprintf(hint, sizeof hint,
                 "fill in the cell, or write '%s: ...' under 'defaults' of the mapping", word);
    else
        snprintf(
            hint, sizeof hint,
            "no column is the %s: write '%s' at its heading under 'columns' of the mapping, or "
            "'%s: ...' under 'defaults'",
            word, word, word);
    return fr_not_understood(t, NULL, 0, hint, "the row has no %s", what);
}

/* ---- the ends ------------------------------------------------------------------------------ */

/* The length of the prefix in a column of masks: "24", "/24", "255.255.255.0"; -1: neither. */
static int length_of(const char *mask) {
    unsigned bits;
    mask += *mask == '/';
    return flowrules_parse_number(mask, strlen(mask), 128, &bits)
               ? (int)bits
               : fr_mask_length(mask, strlen(mask));
}

/* The address of a column with the mask of the one beside it, "10.0.0.0/255.255.255.0". */
static const char *with_mask(struct fr_taking *t, const char *text, enum fr_role mask_role) {
    const struct fr_cell *cell = t->cell;
    enum fr_role role = t->role;
    const char *mask = role_text(t, mask_role), *slash = strchr(text, '/');
    bool none = is_nothing(mask), several = strpbrk(text, ",;\n") != NULL;
    t->cell = cell;
    t->role = role;
    if (!none && several)
        fr_not_understood(t, text, strlen(text), "write each with its own: 10.0.0.0/24",
                          "has several values beside one mask");
    else if (!none && slash != NULL && length_of(slash) != length_of(mask))
        fr_not_understood(t, text, strlen(text), "write it in one place",
                          "has another prefix length than the mask beside it: '%.40s'", mask);
    if (none || several || slash != NULL)
        return text;
    return fr_arena_printf(t->arena, "%s%s%s", text, *mask == '/' ? "" : "/", mask);
}

static flowrules_status take_end(struct fr_taking *t, struct fr_asked_flow *flow, size_t end) {
    static const enum fr_role roles[2][3] = {
        {FR_ROLE_SOURCE, FR_ROLE_SOURCE_NAME, FR_ROLE_SOURCE_MASK},
        {FR_ROLE_DESTINATION, FR_ROLE_DESTINATION_NAME, FR_ROLE_DESTINATION_MASK}};
    const char *text = role_text(t, roles[end][0]);
    if (is_nothing(text))
        text = role_text(t, roles[end][1]);
    else if (!t->bad)
        text = with_mask(t, text, roles[end][2]);
    if (t->bad)
        return FLOWRULES_OK;
    if (is_nothing(text))
        return lacks(t, roles[end][0], fr_role_word(roles[end][0]));
    FR_TRY(fr_take_end(t, &flow->ends[end], text));
    return flow->ends[end].count == 0 && !t->bad
               ? fr_not_understood(t, text, strlen(text), NULL, "says nothing")
               : FLOWRULES_OK;
}

/* ---- the service --------------------------------------------------------------------------- */

static unsigned count_lines(const char *text) {
    unsigned count = 1;
    for (; text != NULL && *text != '\0'; text++)
        count += *text == '\n';
    return count;
}

/* Ports and protocols in columns of their own; instead: the protocols where the row says none. */
static flowrules_status take_port_columns(struct fr_taking *t, const char *instead) {
    const char *protocol = role_text(t, FR_ROLE_PROTOCOL), *port = role_text(t, FR_ROLE_PORT);
    if (is_nothing(protocol))
        return fr_take_services(t, port, instead);
    if (is_nothing(port)) {
        text_of(t, t->row, FR_ROLE_PROTOCOL);
        return fr_take_services(t, protocol, NULL);
    }
    if (count_lines(protocol) > 1 && count_lines(port) > 1)
        return fr_not_understood(t, port, strlen(port), "write tcp/443, udp/53 ... in one cell",
                                 "has several lines beside several protocols: it is not said which "
                                 "belong together");
    return fr_take_services(t, port, protocol);
}

static bool is_covered(const struct fr_vec *terms, const struct fr_term *term) {
    for (size_t i = 0; i < terms->count; i++)
        if (fr_term_covers(fr_vec_at(terms, struct fr_term, i), term))
            return true;
    return false;
}

/* The ports of URLs, where the row says no service of its own. */
static flowrules_status take_url_ports(struct fr_taking *t) {
    unsigned first = 0;
    t->role = FR_ROLE_DESTINATION;
    t->cell = NULL;
    for (size_t i = 0; i < t->url_ports.count; i++) {
        const struct fr_term *term = fr_vec_at(&t->url_ports, struct fr_term, i);
        first = i == 0 ? term->destination_first : first;
        if (term->destination_first != first)
            return fr_not_understood(t, NULL, 0, "write a row for each of them",
                                     "the hosts have different ports");
        fr_service_add(&t->asked, term);
    }
    if (t->url_ports.count > 0)
        fr_told(t, NULL, "the row says no service: the port of its hosts is taken, tcp/%u", first);
    return FLOWRULES_OK;
}

/* The ports of URLs are among those of the service that the row says. */
static flowrules_status check_url_ports(struct fr_taking *t) {
    t->role = FR_ROLE_DESTINATION;
    for (size_t i = 0; i < t->url_ports.count; i++) {
        const struct fr_term *term = fr_vec_at(&t->url_ports, struct fr_term, i);
        if (!is_covered(&t->asked.terms, term))
            return fr_not_understood(
                t, NULL, 0, "write the port in one place",
                "a host has port %u, which the service of the row does not have",
                term->destination_first);
    }
    return FLOWRULES_OK;
}

/* Limits the source ports of all terms. */
static flowrules_status take_source_port(struct fr_taking *t) {
    const char *text = role_text(t, FR_ROLE_SOURCE_PORT);
    unsigned first, last;
    if (is_nothing(text) || fr_word_is(text, strlen(text), FR_WORD_ANY) || t->bad)
        return FLOWRULES_OK;
    if (!fr_port_range(text, strlen(text), &first, &last) || first > last)
        return fr_not_understood(t, text, strlen(text), "one port, or a range such as 1024-65535",
                                 "is not a source port");
    for (size_t i = 0; i < t->asked.terms.count; i++) {
        struct fr_term *term = fr_vec_at(&t->asked.terms, struct fr_term, i);
        if (!fr_protocol_has_ports(term->protocol))
            return fr_not_understood(t, text, strlen(text), "only tcp, udp and sctp have ports",
                                     "stands beside a protocol without ports");
        term->source_first = (uint16_t)first;
        term->source_last = (uint16_t)last;
    }
    return FLOWRULES_OK;
}

static bool all_covered(const struct fr_vec *outer, const struct fr_vec *inner) {
    for (size_t i = 0; i < inner->count; i++)
        if (!is_covered(outer, fr_vec_at(inner, struct fr_term, i)))
            return false;
    return true;
}

/* A service in a column of its own, with the protocol that may stand beside it. */
static flowrules_status take_service_column(struct fr_taking *t, const char *service) {
    const char *protocol = role_text(t, FR_ROLE_PROTOCOL);
    text_of(t, t->row, FR_ROLE_SERVICE);
    return fr_take_services(t, service, is_nothing(protocol) ? NULL : protocol);
}

/* "tcp, udp": what a service has; arena's. */
static const char *protocols_of(struct fr_taking *t, const struct fr_vec *terms) {
    const char *text = NULL;
    for (size_t i = 0; i < terms->count; i++) {
        const char *name = fr_protocol_name(fr_vec_at(terms, struct fr_term, i)->protocol);
        text = text == NULL ? name : fr_arena_printf(t->arena, "%s, %s", text, name);
        if (text == NULL)
            fr_no_memory(t->context);
        if (text == NULL)
            return NULL;
    }
    return text;
}

/* A service and ports in columns of their own: they have to say the same. */
static flowrules_status take_both(struct fr_taking *t, const char *service) {
    FR_TRY(take_service_column(t, service));
    if (t->bad)
        return FLOWRULES_OK;
    struct fr_service_builder own = t->asked;
    fr_service_begin(&t->asked, &t->context->allocator);
    flowrules_status status = take_port_columns(t, protocols_of(t, &own.terms));
    bool same =
        all_covered(&own.terms, &t->asked.terms) && all_covered(&t->asked.terms, &own.terms);
    t->asked.failed = t->asked.failed || own.failed;
    fr_vec_free(&own.terms);
    if (status != FLOWRULES_OK || t->bad || same || t->asked.failed)
        return status;
    text_of(t, t->row, FR_ROLE_SERVICE);
    return fr_not_understood(t, service, strlen(service), "write the service in one place",
                             "is not what the columns of protocols and ports say");
}

/* What the row says of its service in one column or several; *said: it does. */
static flowrules_status take_columns(struct fr_taking *t, bool *said) {
    const char *protocol = role_text(t, FR_ROLE_PROTOCOL), *port = role_text(t, FR_ROLE_PORT);
    const char *service = role_text(t, FR_ROLE_SERVICE);
    *said = !is_nothing(service) || !is_nothing(port) || !is_nothing(protocol);
    if (t->bad || !*said)
        return FLOWRULES_OK;
    if (is_nothing(service))
        return take_port_columns(t, NULL);
    return is_nothing(port) ? take_service_column(t, service) : take_both(t, service);
}

static flowrules_status take_service(struct fr_taking *t) {
    bool said;
    FR_TRY(take_columns(t, &said));
    if (t->bad)
        return FLOWRULES_OK;
    FR_TRY(said ? check_url_ports(t) : take_url_ports(t));
    if (!said && t->url_ports.count == 0)
        return lacks(t, has_column(t, FR_ROLE_PORT) ? FR_ROLE_PORT : FR_ROLE_SERVICE,
                     "service or port");
    return take_source_port(t);
}

/* The families of an end's addresses; both where a part of it is not an address. */
static unsigned families_of(const struct fr_vec *items) {
    unsigned families = 0, bits;
    struct flowrules_range range;
    for (size_t i = 0; i < items->count; i++) {
        const char *text = *fr_vec_at(items, const char *, i);
        families |= fr_range_parse(text, strlen(text), &range, &bits) == FR_RANGE_OK
                        ? FLOWRULES_FAMILY_BIT(range.family)
                        : FLOWRULES_BOTH_FAMILIES;
    }
    return families;
}

/* No packet has a source of one family and a destination of the other. */
static flowrules_status check_families(struct fr_taking *t, const struct fr_asked_flow *flow) {
    unsigned families = families_of(&flow->ends[0]) & families_of(&flow->ends[1]), own = 0;
    for (size_t i = 0; i < t->asked.terms.count; i++)
        own |= fr_protocol_families(fr_vec_at(&t->asked.terms, struct fr_term, i)->protocol);
    t->role = FR_ROLE_NONE;
    t->cell = NULL;
    if ((families & own) != 0)
        return FLOWRULES_OK;
    return fr_not_understood(
        t, NULL, 0, "give them addresses of one family; icmpv6 is that of IPv6",
        "source, destination and service have no family of addresses in common");
}

/* ---- what else a row says ------------------------------------------------------------------ */

static flowrules_status take_action(struct fr_taking *t, struct fr_asked_flow *flow) {
    const char *text = role_text(t, FR_ROLE_ACTION);
    size_t length = text == NULL ? 0 : strlen(text);
    if (is_nothing(text) || fr_word_is(text, length, FR_WORD_ALLOW) ||
        fr_word_is(text, length, FR_WORD_YES))
        return FLOWRULES_OK;
    flow->deny = fr_word_is(text, length, FR_WORD_DENY);
    if (flow->deny)
        return FLOWRULES_OK;
    if (fr_word_is(text, length, FR_WORD_REMOVE))
        return fr_not_understood(t, text, length, "remove the flow from the policy that has it",
                                 "asks to remove a flow: the row is not taken");
    return fr_not_understood(t, text, length, "write allow or deny", "is no action");
}

static flowrules_status add_tag(struct fr_taking *t, struct fr_asked_flow *flow, const char *tag) {
    const char *word = fr_arena_text(t->arena, tag, strlen(tag));
    const char **slot = word == NULL ? NULL : fr_vec_add(&flow->tags);
    if (slot == NULL)
        return fr_no_memory(t->context);
    *slot = word;
    return FLOWRULES_OK;
}

/* A tag is a word: blanks and marks become "-". */
static flowrules_status take_tags(struct fr_taking *t, struct fr_asked_flow *flow) {
    const char *text = role_text(t, FR_ROLE_TAGS), *at = text;
    const char *end = text == NULL ? NULL : text + strlen(text);
    for (size_t i = 0; i < 4 && t->sheet->tags[i] != NULL; i++)
        FR_TRY(add_tag(t, flow, t->sheet->tags[i]));
    while (!is_nothing(text) && at < end) {
        char word[FR_FOLDED_MAX];
        size_t used = 0;
        const char *part = at;
        size_t length = fr_next_part(&at, end);
        for (size_t i = 0; i < length && used < sizeof word - 1; i++) {
            char folded[FR_FOLDED_MAX];
            fr_fold(part + i, 1, folded);
            if (folded[0] != '\0')
                word[used++] = folded[0];
            else if (used > 0 && word[used - 1] != '-')
                word[used++] = '-';
        }
        while (used > 0 && word[used - 1] == '-')
            used--;
        word[used] = '\0';
        if (used > 0)
            FR_TRY(add_tag(t, flow, word));
    }
    return FLOWRULES_OK;
}

/* Does the row ask for both directions? Which way it goes is a tag. */
static flowrules_status take_direction(struct fr_taking *t, struct fr_asked_flow *flow,
                                       bool *both) {
    const char *text = role_text(t, FR_ROLE_DIRECTION);
    size_t length = text == NULL ? 0 : strlen(text);
    if (!is_nothing(text)) {
        *both = fr_word_is(text, length, FR_WORD_BOTH_WAYS);
        if (fr_word_is(text, length, FR_WORD_IN))
            FR_TRY(add_tag(t, flow, "inbound"));
        else if (fr_word_is(text, length, FR_WORD_OUT))
            FR_TRY(add_tag(t, flow, "outbound"));
        else if (!*both && !fr_word_is(text, length, FR_WORD_ONE_WAY))
            return fr_not_understood(t, text, length, "write in, out or both", "is no direction");
    }
    text = role_text(t, FR_ROLE_BOTH_WAYS);
    length = text == NULL ? 0 : strlen(text);
    if (is_nothing(text) || fr_word_is(text, length, FR_WORD_NO) ||
        fr_word_is(text, length, FR_WORD_ONE_WAY))
        return FLOWRULES_OK;
    *both = fr_word_is(text, length, FR_WORD_YES) || fr_word_is(text, length, FR_WORD_BOTH_WAYS);
    return *both ? FLOWRULES_OK
                 : fr_not_understood(t, text, length, "write yes or no", "is neither yes nor no");
}

static flowrules_status take_expires(struct fr_taking *t, struct fr_asked_flow *flow) {
    const char *text = role_text(t, FR_ROLE_EXPIRES);
    char date[11];
    bool none = true;
    if (is_nothing(text))
        return FLOWRULES_OK;
    FR_TRY(fr_take_date(t, text, date, &none));
    if (none || t->bad)
        return FLOWRULES_OK;
    flow->texts[FR_ROLE_EXPIRES] = fr_arena_text(t->arena, date, 10);
    return flow->texts[FR_ROLE_EXPIRES] == NULL ? fr_no_memory(t->context) : FLOWRULES_OK;
}

static flowrules_status take_log(struct fr_taking *t, struct fr_asked_flow *flow) {
    const char *text = role_text(t, FR_ROLE_LOG);
    size_t length = text == NULL ? 0 : strlen(text);
    flow->log = text != NULL && fr_word_is(text, length, FR_WORD_YES);
    return is_nothing(text) || flow->log || fr_word_is(text, length, FR_WORD_NO)
               ? FLOWRULES_OK
               : fr_not_understood(t, text, length, "write yes or no", "is neither yes nor no");
}

/* The name of an end whose address stands beside it. */
static flowrules_status keep_names(struct fr_taking *t, struct fr_asked_flow *flow) {
    static const struct {
        enum fr_role address, name;
        const char *key;
    } ends[] = {{FR_ROLE_SOURCE, FR_ROLE_SOURCE_NAME, "x-source-name"},
                {FR_ROLE_DESTINATION, FR_ROLE_DESTINATION_NAME, "x-destination-name"}};
    for (size_t end = 0; end < 2; end++) {
        const char *name = role_text(t, ends[end].name);
        if (is_nothing(name) || is_nothing(text_of(t, t->row, ends[end].address)))
            continue;
        struct fr_other *slot = fr_vec_add(&flow->others);
        if (slot == NULL)
            return fr_no_memory(t->context);
        *slot = (struct fr_other){ends[end].key, name};
    }
    return FLOWRULES_OK;
}

static flowrules_status take_texts(struct fr_taking *t, struct fr_asked_flow *flow) {
    static const enum fr_role roles[] = {FR_ROLE_PURPOSE, FR_ROLE_OWNER, FR_ROLE_TICKET,
                                         FR_ROLE_VOLUME, FR_ROLE_FREQUENCY};
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++) {
        const char *text = role_text(t, roles[i]);
        flow->texts[roles[i]] = is_nothing(text) ? NULL : text;
    }
    for (uint32_t i = 0; i < t->columns.count; i++) {
        const struct fr_column *column = fr_vec_at(&t->columns, struct fr_column, i);
        const struct fr_cell *cell =
            column->role == FR_ROLE_OTHER ? fr_cell_at(t->sheet, t->row, i) : NULL;
        struct fr_other *slot = cell == NULL ? NULL : fr_vec_add(&flow->others);
        if (cell != NULL && slot == NULL)
            return fr_no_memory(t->context);
        if (slot != NULL)
            *slot = (struct fr_other){column->key, cell->text};
    }
    return keep_names(t, flow);
}

/* ---- names --------------------------------------------------------------------------------- */

static flowrules_status name_flow(struct fr_taking *t, struct fr_asked_flow *flow,
                                  const char *behind) {
    char title[256];
    const char *text = role_text(t, FR_ROLE_NAME);
    size_t used = 0;
    if (is_nothing(text))
        text = t->sheet->listed ? t->sheet->title : NULL;
    for (; text != NULL && text[used] != '\0' && used < 200; used++)
        title[used] = (unsigned char)text[used] < 0x20 ? ' ' : text[used];
    while (used > 0 && (text[used] & 0xC0) == 0x80)
        used--;
    if (used == 0)
        used = (size_t)snprintf(title, sizeof title, "%.180s%s%s-%u",
                                t->sheet->name == NULL ? "" : t->sheet->name,
                                t->sheet->name == NULL ? "" : "-",
                                t->sheet->document ? "line" : "row", (unsigned)t->row->number);
    used += (size_t)snprintf(title + used, sizeof title - used, "%s", behind);
    flow->title = fr_policy_title(t->arena, &t->titles, title, used, sizeof title);
    return flow->title == NULL ? fr_no_memory(t->context) : FLOWRULES_OK;
}

/* ---- rows ---------------------------------------------------------------------------------- */

static void init_flow(struct fr_taking *t, struct fr_asked_flow *flow) {
    const struct fr_allocator *allocator = &t->context->allocator;
    *flow = (struct fr_asked_flow){.sheet = t->sheet, .row = t->row->number};
    fr_vec_init(&flow->ends[0], allocator, sizeof(const char *));
    fr_vec_init(&flow->ends[1], allocator, sizeof(const char *));
    fr_vec_init(&flow->tags, allocator, sizeof(const char *));
    fr_vec_init(&flow->others, allocator, sizeof(struct fr_other));
}

void fr_asked_flow_free(struct fr_asked_flow *flow) {
    fr_vec_free(&flow->ends[0]);
    fr_vec_free(&flow->ends[1]);
    fr_vec_free(&flow->tags);
    fr_vec_free(&flow->others);
}

static flowrules_status keep_flow(struct fr_taking *t, struct fr_asked_flow *flow) {
    struct fr_asked_flow *slot = fr_vec_add(&t->flows);
    if (slot == NULL) {
        fr_asked_flow_free(flow);
        return fr_no_memory(t->context);
    }
    *slot = *flow;
    return FLOWRULES_OK;
}

/* The flow of the other direction: both ends open connections to the service. */
static flowrules_status add_back(struct fr_taking *t) {
    struct fr_asked_flow back;
    const struct fr_asked_flow *flow =
        fr_vec_at(&t->flows, struct fr_asked_flow, t->flows.count - 1);
    init_flow(t, &back);
    bool good = fr_vec_copy(&back.ends[0], &flow->ends[1]) &&
                fr_vec_copy(&back.ends[1], &flow->ends[0]) &&
                fr_vec_copy(&back.tags, &flow->tags) && fr_vec_copy(&back.others, &flow->others);
    back.service = flow->service;
    back.deny = flow->deny;
    back.log = flow->log;
    memcpy(back.texts, flow->texts, sizeof back.texts);
    flowrules_status status = good ? name_flow(t, &back, "-back") : fr_no_memory(t->context);
    if (status != FLOWRULES_OK) {
        fr_asked_flow_free(&back);
        return status;
    }
    t->role = FR_ROLE_NONE;
    t->cell = NULL;
    fr_told(t, "replies need no flow: if the destination opens no connections, write one way",
            "the row asks for both directions: it becomes two flows");
    return keep_flow(t, &back);
}

/* Which packets: both ends and the service. */
static flowrules_status read_packets(struct fr_taking *t, struct fr_asked_flow *flow) {
    if (!t->bad)
        FR_TRY(take_end(t, flow, 0));
    FR_TRY(take_end(t, flow, 1));
    FR_TRY(take_service(t));
    return t->bad ? FLOWRULES_OK : check_families(t, flow);
}

static flowrules_status read_parts(struct fr_taking *t, struct fr_asked_flow *flow, bool *both) {
    FR_TRY(check_columns(t));
    if (!t->bad)
        FR_TRY(take_action(t, flow));
    FR_TRY(read_packets(t, flow));
    FR_TRY(take_tags(t, flow));
    FR_TRY(take_direction(t, flow, both));
    FR_TRY(take_expires(t, flow));
    FR_TRY(take_log(t, flow));
    return take_texts(t, flow);
}

static flowrules_status take_row(struct fr_taking *t) {
    struct fr_asked_flow flow;
    bool both = false;
    init_flow(t, &flow);
    t->bad = false;
    t->url_ports.count = 0;
    fr_service_begin(&t->asked, &t->context->allocator);
    flowrules_status status = read_parts(t, &flow, &both);
    flow.service = fr_service_finish(&t->asked, &t->services);
    if (status == FLOWRULES_OK && (t->services.failed || t->asked.failed))
        status = fr_no_memory(t->context);
    if (status == FLOWRULES_OK && !t->bad)
        status = name_flow(t, &flow, "");
    if (status != FLOWRULES_OK || t->bad) {
        t->left_out += t->bad;
        fr_asked_flow_free(&flow);
        return status;
    }
    FR_TRY(keep_flow(t, &flow));
    t->above = t->row;
    return both ? add_back(t) : FLOWRULES_OK;
}

/* A row with one text, or with the headings once more, is no flow. */
static bool is_between(struct fr_taking *t, const struct fr_row *headings) {
    const struct fr_cell *cells = fr_vec_at(&t->sheet->cells, struct fr_cell, t->row->first);
    bool same = t->row->count == headings->count, one = true;
    for (uint32_t i = 0; i < t->row->count; i++) {
        const struct fr_cell *heading = fr_cell_at(t->sheet, headings, cells[i].column);
        same = same && heading != NULL && strcmp(heading->text, cells[i].text) == 0;
        one = one && strcmp(cells[i].text, cells[0].text) == 0;
    }
    one = one && (t->row->count == 1 || cells[1].merged) && t->columns.count > 1;
    t->role = FR_ROLE_NONE;
    t->cell = NULL;
    if (same || one)
        fr_told(t, NULL,
                same ? "the row has the headings once more"
                     : "the row has only '%.60s': it is not a flow",
                cells[0].text);
    return same || one;
}

flowrules_status fr_take_sheet(struct fr_taking *t) {
    size_t headings;
    t->role = FR_ROLE_NONE;
    FR_TRY(fr_map_columns(t, &headings));
    t->above = NULL;
    for (size_t i = headings == SIZE_MAX ? SIZE_MAX : headings + 1; i < t->sheet->rows.count; i++) {
        t->row = fr_vec_at(&t->sheet->rows, struct fr_row, i);
        t->cell = NULL;
        t->role = FR_ROLE_NONE;
        if (t->row->hidden)
            fr_told(t, "remove the row if it is not asked for", "the row is hidden, and taken");
        if (!is_between(t, fr_vec_at(&t->sheet->rows, struct fr_row, headings)))
            FR_TRY(take_row(t));
    }
    return FLOWRULES_OK;
}
