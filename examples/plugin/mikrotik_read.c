/*
 * The reader of mikrotik-routeros: our own file, or what /export prints. Knows the menus filter and
 * address-list of both families, and jumps without conditions; whatever else may decide about a
 * packet it doubts.
 */
#include <string.h>

#include "mikrotik.h"
#include <flowrules/reader.h>

enum menu { FILTER, LISTS, MENUS, OTHER = MENUS, RAW, NAT };
enum { FAMILIES = 2, JUMPS_MAX = 500 };

/* "add chain=forward ...": the words behind its menu. */
struct command {
    struct flowrules_place at;
    const struct flowrules_word *words;
    size_t count;
    struct command *next;
};

struct list {
    struct flowrules_set *sets;
    size_t count, capacity;
    bool unsure; /* some entry is not known */
};

struct reading {
    flowrules_input *in;
    enum flowrules_family family; /* and menu, of the command that is being read */
    enum menu menu;
    unsigned jumps; /* that were followed */
    struct command *first[FAMILIES][MENUS], **last[FAMILIES][MENUS];
};

static void doubt(struct reading *r, const struct command *c, const char *what) {
    flowrules_input_doubt(r->in, c->at, FLOWRULES_FORWARD, "%s, and may change what passes", what);
}

/* The value of a key, or "". */
static const char *value(const struct command *c, const char *key) {
    size_t length = strlen(key);
    for (size_t i = 0; i < c->count; i++)
        if (strncmp(c->words[i].text, key, length) == 0 && c->words[i].text[length] == '=')
            return c->words[i].text + length + 1;
    return "";
}

static bool is(const struct command *c, const char *key, const char *wanted) {
    return strcmp(value(c, key), wanted) == 0;
}

/* Is the text one of words, each with a blank behind it? */
static bool is_one_of(const char *words, const char *text, size_t length) {
    for (; *words != '\0'; words += strcspn(words, " ") + 1)
        if (strcspn(words, " ") == length && strncmp(words, text, length) == 0)
            return true;
    return false;
}

/* ---- commands ------------------------------------------------------------------------------ */

static const char verbs[] = "add set remove enable disable move unset ";

static void read_command(struct reading *r, struct command *c) {
    const char *verb = c->words[0].text;
    if (!is_one_of(r->menu < MENUS ? "add " : verbs, verb, strlen(verb))) {
        doubt(r, c, "this command is not understood");
    } else if (r->menu == RAW || (r->menu == NAT && !is(c, "chain", "srcnat"))) {
        doubt(r, c, "this changes packets before they are filtered");
    } else if (r->menu < MENUS && !is(c, "disabled", "yes")) {
        *r->last[r->family][r->menu] = c;
        r->last[r->family][r->menu] = &c->next;
    }
}

/* "/ip firewall filter", perhaps with a command behind it. */
static void read_menu(struct reading *r, struct command *c) {
    static const char *const names[] = {"filter", "address-list", "", "raw", "nat"};
    size_t length = 0;
    r->menu = OTHER;
    r->family = strcmp(c->words[0].text, "ipv6") == 0 ? FLOWRULES_IPV6 : FLOWRULES_IPV4;
    for (size_t i = 0; i < sizeof names / sizeof names[0] && c->count > 2; i++)
        if (strcmp(c->words[1].text, "firewall") == 0 && strcmp(c->words[2].text, names[i]) == 0)
            r->menu = (enum menu)i;
    while (length < (r->menu == OTHER ? c->count : 3) &&
           !is_one_of(verbs, c->words[length].text, strlen(c->words[length].text)))
        length++;
    c->words += length;
    c->count -= length;
}

/* A line and those that go on from it: '\' at the end, and blanks before the next. */
static char *join_lines(struct reading *r, struct flowrules_line *line) {
    char *joined = flowrules_input_copy(r->in, line->text, line->length);
    for (;;) {
        size_t length = joined == NULL ? 0 : strlen(joined), slashes = 0, blanks = 0;
        while (slashes < length && joined[length - slashes - 1] == '\\')
            slashes++;
        if (slashes % 2 == 0 || joined[0] == '#' || !flowrules_input_line(r->in, line))
            return joined;
        while (blanks < line->length && line->text[blanks] == ' ')
            blanks++;
        joined = flowrules_input_print(r->in, "%.*s%.*s", (int)length - 1, joined,
                                       (int)(line->length - blanks), line->text + blanks);
    }
}

static void read_file(struct reading *r, size_t file) {
    struct flowrules_line line = {.file = file};
    r->menu = OTHER;
    while (flowrules_input_line(r->in, &line)) {
        struct flowrules_place at = {file, line.number, 1};
        struct command *c = flowrules_input_alloc(r->in, sizeof *c);
        char *text = join_lines(r, &line);
        if (c == NULL || text == NULL)
            return;
        struct flowrules_line whole = {file, at.line, text, strlen(text)};
        bool menu = text[0] == '/';
        for (char *slash = text; menu && *slash != '\0' && *slash != ' '; slash++)
            if (*slash == '/') /* "/ip/firewall/filter" is the same */
                *slash = ' ';
        c->at = at;
        if (text[0] != '#')
            c->words = flowrules_input_words(r->in, &whole, "\"", true, &c->count);
        else if (strncmp(text, "#error", 6) == 0)
            doubt(r, c, "the export is not whole");
        if (menu && c->count > 0)
            read_menu(r, c);
        if (c->count > 0)
            read_command(r, c);
    }
}

/* ---- ends of rules ------------------------------------------------------------------------- */

/* The kinds of names are the families. An entry with a timeout goes by itself. */
static void define_lists(struct reading *r, enum flowrules_family family) {
    for (const struct command *c = r->first[family][LISTS]; c != NULL; c = c->next) {
        const char *name = value(c, "list"), *address = value(c, "address");
        struct list *list = flowrules_input_lookup(r->in, (unsigned)family, name);
        struct flowrules_range range;
        if (list == NULL && (list = flowrules_input_alloc(r->in, sizeof *list)) != NULL)
            flowrules_input_define(r->in, (unsigned)family, name, list);
        if (list == NULL ||
            (list->sets = flowrules_input_grow(r->in, list->sets, &list->capacity, list->count,
                                               sizeof *list->sets)) == NULL)
            return;
        if (flowrules_parse_range(address, strlen(address), &range) && range.family == family &&
            is(c, "timeout", "") && (is(c, "disabled", "") || is(c, "disabled", "no")))
            list->sets[list->count++] = flowrules_input_range(r->in, &range);
        else
            list->unsure = true;
    }
}

/* A rule in the making. */
struct making {
    struct flowrules_read_rule rule;
    struct flowrules_service service;
    enum flowrules_family family;
    /* By some key; by states of connections, or by such that ICMP alone is in. */
    bool matches_some, has_states, icmp_states;
};

/* An address, or the name of a list: *end is then less than it was, or the rule in doubt. */
static void read_end(struct reading *r, struct making *m, struct flowrules_set *end,
                     const char *text, bool is_list) {
    bool except = text[0] == '!';
    struct flowrules_set set;
    struct flowrules_range range;
    const struct list *list;
    text += except;
    if (!is_list && flowrules_parse_range(text, strlen(text), &range) &&
        range.family == m->family) {
        set = flowrules_input_range(r->in, &range);
    } else if (is_list && (list = flowrules_input_lookup(r->in, (unsigned)m->family, text)) &&
               !list->unsure) {
        set = flowrules_input_unite(r->in, list->sets, list->count);
        flowrules_input_label(r->in, set, text, NULL);
    } else {
        m->rule.doubt = flowrules_input_print(r->in, "what '%s' holds is not known", text);
        return;
    }
    if (except)
        set = flowrules_input_subtract(r->in, flowrules_input_family(r->in, m->family), set);
    *end = flowrules_input_intersect(r->in, *end, set);
}

/* ---- services ------------------------------------------------------------------------------ */

/* "80,8000-8010"; NULL where it is not understood. */
static const struct flowrules_ports *read_ports(struct reading *r, const char *text,
                                                size_t *count) {
    struct flowrules_ports *ports = NULL;
    size_t capacity = 0;
    *count = 0;
    for (size_t length; *text != '\0'; text += length + (text[length] == ',')) {
        unsigned first, last;
        length = strcspn(text, ",");
        size_t before = strcspn(text, "-,");
        const char *behind = before < length ? text + before + 1 : text;
        ports = flowrules_input_grow(r->in, ports, &capacity, *count, sizeof *ports);
        if (ports == NULL || !flowrules_parse_number(text, before, 65535, &first) ||
            !flowrules_parse_number(behind, (size_t)(text + length - behind), 65535, &last) ||
            first > last) {
            *count = 0;
            return NULL;
        }
        ports[(*count)++] = (struct flowrules_ports){(uint16_t)first, (uint16_t)last};
    }
    return ports;
}

/* TYPE:CODE, or TYPE:0-255. */
static bool read_icmp(struct flowrules_service *service, const char *text) {
    unsigned type, code;
    size_t length = strcspn(text, ":");
    if (text[length] == '\0' || !flowrules_parse_number(text, length, 255, &type))
        return false;
    service->icmp_type = (int)type;
    if (strcmp(text + length + 1, "0-255") == 0)
        return true;
    if (!flowrules_parse_number(text + length + 1, strlen(text + length + 1), 255, &code))
        return false;
    service->icmp_code = (int)code;
    return true;
}

/*
 * Replies are established and related. In no other state but new is what opens a connection, but
 * for ICMP: most of its types are invalid without one, and those of neighbour discovery untracked.
 */
static bool read_states(struct making *m, const char *text) {
    bool established = false, related = false;
    for (size_t length; *text != '\0'; text += length + (text[length] == ',')) {
        length = strcspn(text, ",");
        established = established || is_one_of("established ", text, length);
        related = related || is_one_of("related ", text, length);
        m->icmp_states = m->icmp_states || is_one_of("invalid ", text, length) ||
                         (m->family == FLOWRULES_IPV6 && is_one_of("untracked ", text, length));
        if (!is_one_of("established related invalid untracked ", text, length))
            return false;
    }
    m->has_states = true;
    m->rule.packets = established || related ? FLOWRULES_REPLY : 0;
    return established == related;
}

/* ---- rules --------------------------------------------------------------------------------- */

static void read_match(struct reading *r, struct making *m, const struct command *c, size_t index) {
    const char *word = c->words[index].text;
    size_t key = strcspn(word, "=");
    bool good = word[key] == '=';
    const char *text = good ? word + key + 1 : "";
    if (is_one_of("chain action comment hw-offload log log-prefix jump-target reject-with ", word,
                  key) ||
        strcmp(word, "disabled=no") == 0)
        return;
    m->matches_some = true;
    if (is_one_of("src-address src-address-list ", word, key))
        read_end(r, m, &m->rule.source, text, key > strlen("src-address"));
    else if (is_one_of("dst-address dst-address-list ", word, key))
        read_end(r, m, &m->rule.destination, text, key > strlen("dst-address"));
    else if (is_one_of("protocol ", word, key)) /* 0 is any, for the kernel */
        good = (m->service.protocol =
                    strcmp(text, "0") == 0 ? -1 : flowrules_parse_protocol(text)) >= 0;
    else if (is_one_of("src-port ", word, key))
        good =
            (m->service.source_ports = read_ports(r, text, &m->service.source_port_count)) != NULL;
    else if (is_one_of("dst-port ", word, key))
        good = (m->service.destination_ports =
                    read_ports(r, text, &m->service.destination_port_count)) != NULL;
    else if (is_one_of("icmp-options ", word, key))
        good = read_icmp(&m->service, text);
    else
        good = is_one_of("connection-state ", word, key) && read_states(m, text);
    for (size_t i = 1; i < index; i++) /* which of two stands is not known */
        good = good && strncmp(c->words[i].text, word, key + 1) != 0;
    if (!good)
        m->rule.doubt = flowrules_input_print(r->in, "'%s' is not understood", word);
}

/* In a state that is no connection's is ICMP, of types that are not known here. */
static void give_icmp(struct reading *r, const struct making *m) {
    struct flowrules_read_rule rule = m->rule;
    struct flowrules_service service = m->service;
    int icmp = m->family == FLOWRULES_IPV4 ? 1 : 58;
    if (service.protocol >= 0 && service.protocol != icmp)
        return;
    service.protocol = icmp;
    rule.services = &service;
    rule.service_count = 1;
    rule.packets = FLOWRULES_NEW;
    rule.doubt = "which ICMP is 'invalid' or 'untracked' is not known here";
    flowrules_input_rule(r->in, &rule);
}

static void give_rule(struct reading *r, const struct command *c, struct making *m) {
    const char *action = value(c, "action");
    size_t length = strlen(action);
    m->rule.verdict =
        is_one_of("drop reject tarpit ", action, length) ? FLOWRULES_BLOCK : FLOWRULES_PASS;
    if (is_one_of("log passthrough ", action, length))
        return;
    if (length > 0 && m->rule.verdict == FLOWRULES_PASS &&
        !is_one_of("accept fasttrack-connection ", action, length)) {
        doubt(r, c, "what this action does is not known");
        return;
    }
    if (m->service.protocol < 0 && (m->service.source_port_count > 0 || m->service.icmp_type >= 0 ||
                                    m->service.destination_port_count > 0))
        m->rule.doubt = "it has ports or types of no protocol";
    if (m->has_states && m->icmp_states)
        give_icmp(r, m);
    if (!m->has_states || m->rule.packets != 0)
        flowrules_input_rule(r->in, &m->rule);
}

/* The rules of a chain, in order. */
static void walk(struct reading *r, enum flowrules_family family, const char *chain) {
    for (const struct command *c = r->first[family][FILTER]; c != NULL; c = c->next) {
        struct making m = {.family = family, .service = {-1, .icmp_type = -1, .icmp_code = -1}};
        if (!is(c, "chain", chain))
            continue;
        m.rule = (struct flowrules_read_rule){.direction = FLOWRULES_FORWARD,
                                              .families = FLOWRULES_FAMILY_BIT(family),
                                              .source = flowrules_input_any(r->in),
                                              .destination = flowrules_input_any(r->in),
                                              .services = &m.service,
                                              .service_count = 1,
                                              .at = c->at,
                                              .comment =
                                                  is(c, "comment", "") ? NULL : value(c, "comment"),
                                              .log = is(c, "log", "yes")};
        for (size_t i = 1; i < c->count; i++)
            read_match(r, &m, c, i);
        if (!is(c, "action", "jump")) {
            give_rule(r, c, &m);
        } else if (m.matches_some || r->jumps == JUMPS_MAX) {
            doubt(r, c, "this jump has conditions, or leads in a circle");
        } else {
            r->jumps++;
            walk(r, family, value(c, "jump-target"));
        }
    }
}

/* A rule without conditions, but for families and packets: 0 is all. */
static void pass(flowrules_input *in, unsigned families, unsigned packets) {
    struct flowrules_read_rule rule = {.direction = FLOWRULES_FORWARD,
                                       .verdict = FLOWRULES_PASS,
                                       .families = families,
                                       .packets = packets,
                                       .source = flowrules_input_any(in),
                                       .destination = flowrules_input_any(in)};
    flowrules_input_rule(in, &rule);
}

void mikrotik_baseline(const flowrules_plan *plan, flowrules_input *in) {
    if (flowrules_plan_has(plan, FLOWRULES_BASELINE_REPLIES))
        pass(in, 0, FLOWRULES_REPLY);
}

void mikrotik_read(flowrules_input *in) {
    struct reading r = {.in = in};
    for (size_t i = 0; i < FAMILIES * MENUS; i++)
        r.last[i / MENUS][i % MENUS] = &r.first[i / MENUS][i % MENUS];
    for (size_t file = 0; file < flowrules_input_file_count(in); file++)
        read_file(&r, file);
    for (unsigned f = FLOWRULES_IPV4; f < FAMILIES; f++) {
        define_lists(&r, (enum flowrules_family)f);
        walk(&r, (enum flowrules_family)f, "forward");
        pass(in, FLOWRULES_FAMILY_BIT(f), 0); /* what no rule matches */
    }
}
