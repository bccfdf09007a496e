/*
 * The reader of juniper-srx: set commands, our own or a device's. Knows global policies, the global
 * address book and applications, in a configuration group or not; what else could decide about a
 * packet (policies of a pair of zones, sets of addresses, predefined applications) it doubts.
 */
#include <string.h>

#include "juniper_srx.h"
#include <flowrules/reader.h>

enum kind { ADDRESS, APPLICATION, POLICY };

struct address {
    unsigned families;
    struct flowrules_set set;
};

/* The ports are where service points; set as the commands come, one attribute or all at once. */
struct application {
    struct flowrules_service service;
    struct flowrules_ports from, to;
};

/* A list of names, each with its place. */
struct names {
    struct name {
        const char *text;
        struct flowrules_place at;
    } * items;
    size_t count, capacity;
};

struct policy {
    const char *name, *comment;
    struct flowrules_place at;
    struct names ends[2], applications, zones[2];
    bool permits, decides, logs;
    struct policy *next;
};

struct reading {
    flowrules_input *in;
    struct policy *first, **last;
    bool permits_the_rest;
    /* The command that is being read: its words behind "set" and "groups NAME". */
    struct flowrules_place at;
    const struct flowrules_word *words;
    size_t count;
};

static bool is(const struct reading *r, size_t index, const char *word) {
    return index < r->count && strcmp(r->words[index].text, word) == 0;
}

static struct flowrules_place place(const struct reading *r, size_t index) {
    struct flowrules_place at = r->at;
    if (index < r->count)
        at.column = r->words[index].column;
    return at;
}

static void doubt_command(struct reading *r, size_t index) {
    flowrules_input_doubt(r->in, place(r, index), FLOWRULES_FORWARD,
                          "this command is not understood, and may change what passes");
}

/* ---- addresses ----------------------------------------------------------------------------- */

/* address NAME PREFIX, or address NAME dns-name NAME [ipv4-only|ipv6-only]. */
static void read_address(struct reading *r) {
    struct address *address = flowrules_input_alloc(r->in, sizeof *address);
    struct flowrules_range range;
    if (address == NULL || is(r, 5, "description"))
        return;
    if (r->count == 6 &&
        flowrules_parse_range(r->words[5].text, strlen(r->words[5].text), &range)) {
        address->families = FLOWRULES_FAMILY_BIT(range.family);
        address->set = flowrules_input_range(r->in, &range);
    } else if (r->count >= 7 && r->count <= 8 && is(r, 5, "dns-name")) {
        address->families = is(r, 7, "ipv4-only")   ? FLOWRULES_FAMILY_BIT(FLOWRULES_IPV4)
                            : is(r, 7, "ipv6-only") ? FLOWRULES_FAMILY_BIT(FLOWRULES_IPV6)
                                                    : FLOWRULES_BOTH_FAMILIES;
        address->set = flowrules_input_name(r->in, place(r, 6), r->words[6].text);
    } else {
        doubt_command(r, 5);
        return;
    }
    if (!flowrules_input_define(r->in, ADDRESS, r->words[4].text, address))
        flowrules_input_doubt(r->in, place(r, 4), FLOWRULES_FORWARD,
                              "the address '%s' is defined twice", r->words[4].text);
}

/* ---- applications -------------------------------------------------------------------------- */

static struct application *application_of(struct reading *r, const char *name) {
    struct application *a = flowrules_input_lookup(r->in, APPLICATION, name);
    if (a != NULL || (a = flowrules_input_alloc(r->in, sizeof *a)) == NULL)
        return a;
    a->service = (struct flowrules_service){.protocol = -1, .icmp_type = -1, .icmp_code = -1};
    return flowrules_input_define(r->in, APPLICATION, name, a) ? a : NULL;
}

/* "80" or "8000-8010"; false when it is none. */
static bool read_ports(const char *text, struct flowrules_ports *ports) {
    unsigned first, last;
    size_t length = strcspn(text, "-");
    if (!flowrules_parse_number(text, length, 65535, &first))
        return false;
    last = first;
    if (text[length] == '-' &&
        !flowrules_parse_number(text + length + 1, strlen(text + length + 1), 65535, &last))
        return false;
    *ports = (struct flowrules_ports){(uint16_t)first, (uint16_t)last};
    return first <= last;
}

/* One attribute and its value; false where it is not understood. */
static bool read_attribute(struct application *a, const char *key, const char *value) {
    unsigned number;
    struct flowrules_service *s = &a->service;
    if (strcmp(key, "protocol") == 0) {
        s->protocol = flowrules_parse_protocol(strcmp(value, "icmp6") == 0 ? "icmpv6" : value);
        return s->protocol >= 0;
    }
    if (strcmp(key, "source-port") == 0) {
        s->source_ports = &a->from;
        s->source_port_count = 1;
        return read_ports(value, &a->from);
    }
    if (strcmp(key, "destination-port") == 0) {
        s->destination_ports = &a->to;
        s->destination_port_count = 1;
        return read_ports(value, &a->to);
    }
    if (!flowrules_parse_number(value, strlen(value), 255, &number))
        return strcmp(key, "description") == 0;
    if (strcmp(key, "icmp-type") == 0 || strcmp(key, "icmp6-type") == 0)
        s->icmp_type = (int)number;
    else if (strcmp(key, "icmp-code") == 0 || strcmp(key, "icmp6-code") == 0)
        s->icmp_code = (int)number;
    else
        return strcmp(key, "inactivity-timeout") == 0;
    return true;
}

static void read_application(struct reading *r) {
    struct application *a = application_of(r, r->words[2].text);
    for (size_t i = 3; a != NULL && i < r->count; i += 2)
        if (i + 1 == r->count || !read_attribute(a, r->words[i].text, r->words[i + 1].text)) {
            doubt_command(r, i);
            return;
        }
}

/* ---- policies ------------------------------------------------------------------------------ */

static struct policy *policy_of(struct reading *r, const char *name) {
    struct policy *p = flowrules_input_lookup(r->in, POLICY, name);
    if (p != NULL || (p = flowrules_input_alloc(r->in, sizeof *p)) == NULL)
        return p;
    p->name = name;
    p->at = r->at;
    if (!flowrules_input_define(r->in, POLICY, name, p))
        return NULL;
    *r->last = p;
    r->last = &p->next;
    return p;
}

static void add_name(struct reading *r, struct names *names, size_t index) {
    names->items = flowrules_input_grow(r->in, names->items, &names->capacity, names->count,
                                        sizeof *names->items);
    if (names->items != NULL)
        names->items[names->count++] = (struct name){r->words[index].text, place(r, index)};
}

static void read_match(struct reading *r, struct policy *p) {
    struct names *lists[] = {&p->ends[0], &p->ends[1], &p->applications, &p->zones[0],
                             &p->zones[1]};
    static const char *const keys[] = {"source-address", "destination-address", "application",
                                       "from-zone", "to-zone"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (r->count == 7 && is(r, 5, keys[i])) {
            add_name(r, lists[i], 6);
            return;
        }
    doubt_command(r, 5);
}

static void read_then(struct reading *r, struct policy *p) {
    if (r->count == 6 && (is(r, 5, "permit") || is(r, 5, "deny") || is(r, 5, "reject"))) {
        p->permits = is(r, 5, "permit");
        p->decides = true;
    } else if (is(r, 5, "log")) {
        p->logs = true;
    } else if (!is(r, 5, "count")) {
        doubt_command(r, 5);
    }
}

static void read_policy(struct reading *r) {
    struct policy *p = policy_of(r, r->words[4].text);
    if (p == NULL)
        return;
    if (is(r, 5, "description"))
        p->comment = r->count > 6 ? r->words[6].text : NULL;
    else if (is(r, 5, "match")) {
        r->words++, r->count--; /* now as long as the commands of addresses are */
        read_match(r, p);
    } else if (is(r, 5, "then")) {
        r->words++, r->count--;
        read_then(r, p);
    } else {
        doubt_command(r, 5);
    }
}

/* ---- commands ------------------------------------------------------------------------------ */

static void read_security(struct reading *r) {
    if (is(r, 1, "address-book") && is(r, 2, "global") && is(r, 3, "address") && r->count >= 6)
        read_address(r);
    else if (is(r, 1, "policies") && is(r, 2, "global") && is(r, 3, "policy") && r->count >= 6)
        read_policy(r);
    else if (is(r, 1, "policies") && is(r, 2, "default-policy"))
        r->permits_the_rest = is(r, 3, "permit-all");
    else if (is(r, 1, "policies") || is(r, 1, "nat") || is(r, 1, "address-book"))
        doubt_command(r, 1);
}

/* "delete groups FR" stands before all else in our own file, and takes away what is older. */
static void read_other(struct reading *r) {
    if (!(is(r, 0, "delete") && is(r, 1, "groups") && r->first == NULL))
        doubt_command(r, 0);
}

static void read_command(struct reading *r) {
    if (!is(r, 0, "set")) {
        read_other(r);
        return;
    }
    r->words++, r->count--;
    if (is(r, 0, "groups") && r->count > 2)
        r->words += 2, r->count -= 2;
    if (is(r, 0, "security"))
        read_security(r);
    else if (is(r, 0, "applications") && is(r, 1, "application") && r->count >= 5)
        read_application(r);
    else if (is(r, 0, "applications"))
        doubt_command(r, 1);
}

static void read_file(struct reading *r, size_t file) {
    struct flowrules_line line = {.file = file};
    while (flowrules_input_line(r->in, &line)) {
        size_t blanks = 0;
        while (blanks < line.length && (line.text[blanks] == ' ' || line.text[blanks] == '\t'))
            blanks++;
        if (blanks == line.length || line.text[blanks] == '#')
            continue;
        r->at = (struct flowrules_place){file, line.number, (uint32_t)blanks + 1};
        r->words = flowrules_input_words(r->in, &line, "\"", true, &r->count);
        if (r->count > 0)
            read_command(r);
    }
}

/* ---- rules --------------------------------------------------------------------------------- */

/* Does a policy speak of the zones of the target? Of no zone: of all. */
static bool is_of_zone(struct reading *r, const struct policy *p, size_t side) {
    static const char *const keys[] = {"from-zone", "to-zone"};
    const char *own = flowrules_input_setting(r->in, keys[side]);
    for (size_t i = 0; i < p->zones[side].count; i++) {
        const char *zone = p->zones[side].items[i].text;
        if (strcmp(zone, "any") == 0 || (own != NULL && strcmp(zone, own) == 0))
            return true;
        if (own == NULL)
            flowrules_input_doubt(r->in, p->zones[side].items[i].at, FLOWRULES_FORWARD,
                                  "the zone '%s' is a part of what the target stands for", zone);
    }
    return p->zones[side].count == 0 || own == NULL;
}

static bool is_any(const char *name, enum flowrules_family family) {
    static const char *const words[] = {"any-ipv4", "any-ipv6"};
    return strcmp(name, "any") == 0 || strcmp(name, words[family]) == 0;
}

/* What an end of a policy is in a family. An end that is not known is told, and is none. */
static struct flowrules_set end_set(struct reading *r, const struct names *names,
                                    enum flowrules_family family) {
    struct flowrules_set *sets =
        flowrules_input_alloc(r->in, (names->count > 0 ? names->count : 1) * sizeof *sets);
    size_t count = 0;
    for (size_t i = 0; sets != NULL && i < names->count; i++) {
        const char *name = names->items[i].text;
        const struct address *address = flowrules_input_lookup(r->in, ADDRESS, name);
        if (is_any(name, family))
            return flowrules_input_any(r->in);
        if (address != NULL && (address->families & FLOWRULES_FAMILY_BIT(family)) != 0)
            sets[count++] = address->set;
        else if (address == NULL && !is_any(name, FLOWRULES_IPV4) && !is_any(name, FLOWRULES_IPV6))
            flowrules_input_doubt(r->in, names->items[i].at, FLOWRULES_FORWARD,
                                  "the address '%s' is not defined here", name);
    }
    return sets == NULL || count == 0 ? flowrules_input_none(r->in)
                                      : flowrules_input_unite(r->in, sets, count);
}

/* The services of a policy; 0 is any. False where one is not known, which is told. */
static bool services_of(struct reading *r, const struct policy *p,
                        struct flowrules_service **services, size_t *count) {
    *count = 0;
    *services = flowrules_input_alloc(r->in, (p->applications.count + 1) * sizeof **services);
    for (size_t i = 0; *services != NULL && i < p->applications.count; i++) {
        const struct name *name = &p->applications.items[i];
        const struct application *a = flowrules_input_lookup(r->in, APPLICATION, name->text);
        if (strcmp(name->text, "any") == 0) {
            *count = 0;
            return true;
        }
        if (a == NULL || a->service.protocol < 0) {
            flowrules_input_doubt(r->in, name->at, FLOWRULES_FORWARD,
                                  "the application '%s' is not defined here", name->text);
            return false;
        }
        (*services)[(*count)++] = a->service;
    }
    return *count > 0;
}

static void give_policy(struct reading *r, const struct policy *p) {
    struct flowrules_service *services;
    size_t count;
    if (!p->decides || p->ends[0].count == 0 || p->ends[1].count == 0 ||
        p->applications.count == 0) {
        flowrules_input_doubt(r->in, p->at, FLOWRULES_FORWARD, "the policy '%s' is not whole",
                              p->name);
        return;
    }
    if (!is_of_zone(r, p, 0) || !is_of_zone(r, p, 1) || !services_of(r, p, &services, &count))
        return;
    for (enum flowrules_family f = FLOWRULES_IPV4; f <= FLOWRULES_IPV6; f++) {
        struct flowrules_read_rule rule = {.direction = FLOWRULES_FORWARD,
                                           .verdict = p->permits ? FLOWRULES_PASS : FLOWRULES_BLOCK,
                                           .families = FLOWRULES_FAMILY_BIT(f),
                                           .source = end_set(r, &p->ends[0], f),
                                           .destination = end_set(r, &p->ends[1], f),
                                           .services = services,
                                           .service_count = count,
                                           .at = p->at,
                                           .name = p->name,
                                           .comment = p->comment,
                                           .log = p->logs};
        flowrules_input_rule(r->in, &rule);
    }
}

/* What no policy matches: default-policy, which is deny-all where nothing is said. */
static void give_default(struct reading *r) {
    struct flowrules_read_rule rule = {.direction = FLOWRULES_FORWARD,
                                       .verdict =
                                           r->permits_the_rest ? FLOWRULES_PASS : FLOWRULES_BLOCK,
                                       .source = flowrules_input_any(r->in),
                                       .destination = flowrules_input_any(r->in)};
    flowrules_input_rule(r->in, &rule);
}

void juniper_srx_read(flowrules_input *in) {
    struct reading r = {.in = in};
    r.last = &r.first;
    for (size_t file = 0; file < flowrules_input_file_count(in); file++)
        read_file(&r, file);
    for (const struct policy *p = r.first; p != NULL && !flowrules_input_failed(in); p = p->next)
        give_policy(&r, p);
    give_default(&r);
}
