/*
 * A rule's boxes as rules of the input: which kinds of packets they are about, in the terms of
 * reader.h, and what can't be said in these.
 */
#include <string.h>

#include "netfilter_walk.h"

enum { ICMP = 1, TCP = 6, ICMPV6 = 58 };
enum { RULES_MAX = 5000000 };

void fr_netfilter_doubt(struct netfilter_walk *walk, struct netfilter_rule *rule,
                        const char *what) {
    unsigned bit = 1u << walk->direction;
    if ((rule->doubted & bit) || *what == '\0')
        return;
    rule->doubted |= bit;
    flowrules_input_doubt(walk->in, rule->at, walk->direction,
                          "it is not known what passes: %s%s%s", what, rule->origin ? ", " : "",
                          rule->origin ? rule->origin : "");
}

/* One about something that several boxes or families of a rule have in common is told once. */
static void doubt_at(struct netfilter_walk *walk, const struct netfilter_rule *rule,
                     const char *what) {
    if (walk->doubted != rule || walk->doubt != what)
        flowrules_input_doubt(walk->in, rule->at, walk->direction,
                              "it is not known what passes: %s%s%s", what, rule->origin ? ", " : "",
                              rule->origin ? rule->origin : "");
    walk->doubted = rule;
    walk->doubt = what;
}

/* ---- kinds --------------------------------------------------------------------------------- */

/* The kinds that packets of the box can be of, as far as its protocols tell. */
static unsigned possible_kinds(const struct netfilter_box *box, enum flowrules_family family) {
    unsigned kinds = KINDS_ALL;
    bool v6 = family == FLOWRULES_IPV6;
    if (!fr_netfilter_terms_meet(&box->terms, TCP, 0, UINT16_MAX))
        kinds &= ~(unsigned)(KIND_MIDSTREAM | KIND_STRAY);
    if (!v6 || !fr_netfilter_terms_meet(&box->terms, ICMPV6, 133, 136))
        kinds &= ~(unsigned)KIND_NEIGHBOUR;
    if (!v6 || !(fr_netfilter_terms_meet(&box->terms, ICMPV6, 130, 132) ||
                 fr_netfilter_terms_meet(&box->terms, ICMPV6, 143, 143)))
        kinds &= ~(unsigned)KIND_LISTENER;
    return kinds;
}

static bool has_interfaces(const struct netfilter_box *box) {
    return !flowrules_set_is_any(box->interfaces[0]) || !flowrules_set_is_any(box->interfaces[1]);
}

/* Of those, the kinds of which the box has every packet. */
static unsigned whole_kinds(const struct netfilter_box *box) {
    unsigned kinds = 0;
    if (!flowrules_set_is_any(box->source) || !flowrules_set_is_any(box->destination))
        return 0;
    if (has_interfaces(box))
        return 0;
    if (box->terms.count == 0)
        kinds |= KINDS_REPLY | KIND_LOOPBACK | (box->classes == CLASSES_ALL ? KIND_NEW : 0);
    if (fr_netfilter_terms_cover(&box->terms, TCP, 0, UINT16_MAX))
        kinds |= KIND_MIDSTREAM | KIND_STRAY;
    if (fr_netfilter_terms_cover(&box->terms, ICMPV6, 133, 136))
        kinds |= KIND_NEIGHBOUR;
    if (fr_netfilter_terms_cover(&box->terms, ICMPV6, 130, 132) &&
        fr_netfilter_terms_cover(&box->terms, ICMPV6, 143, 143))
        kinds |= KIND_LISTENER;
    return kinds;
}

/* The kinds that reader.h has a word for; replies and TCP in midstream are dealt with apart. */
static unsigned plain_packets(unsigned kinds) {
    return (kinds & KIND_NEW ? FLOWRULES_NEW : 0u) |
           (kinds & KIND_LOOPBACK ? FLOWRULES_LOOPBACK : 0u) |
           (kinds & KIND_NEIGHBOUR ? FLOWRULES_NEIGHBOUR : 0u) |
           (kinds & KIND_LISTENER ? FLOWRULES_LISTENER : 0u) |
           (kinds & KIND_MIDSTREAM ? FLOWRULES_MIDSTREAM : 0u);
}

/*
 * Strays open no connection, whatever rules say, so that TCP in midstream passes where a bare ACK
 * does. Where that is blocked and strays pass, it can't be told.
 */
static void judge_strays(struct netfilter_walk *walk, const struct netfilter_rule *rule,
                         enum flowrules_verdict verdict, unsigned kinds, unsigned whole,
                         enum flowrules_family family) {
    bool stray = kinds & KIND_STRAY, midstream = kinds & KIND_MIDSTREAM;
    if (verdict == FLOWRULES_BLOCK && midstream && !stray && (walk->live[family] & KIND_STRAY) &&
        !(whole & KIND_MIDSTREAM))
        walk->strays_left = true;
    if (verdict != FLOWRULES_PASS || !stray)
        return;
    bool apart = walk->live[family] & KIND_MIDSTREAM ? !midstream || walk->strays_left
                                                     : walk->blocked[family] & KIND_MIDSTREAM;
    static const char strays[] =
        "TCP that conntrack calls invalid passes, but TCP that it calls new does not";
    if (apart)
        doubt_at(walk, rule, strays);
}

/* Replies that are established and those that are related go the same way, or it can't be told. */
static unsigned judge_replies(struct netfilter_walk *walk, const struct netfilter_rule *rule,
                              enum flowrules_verdict verdict, unsigned kinds, unsigned final,
                              enum flowrules_family family) {
    static const char apart[] =
        "packets of established connections and related packets are treated differently";
    unsigned replies = kinds & KINDS_REPLY, others = KINDS_REPLY & ~replies;
    unsigned contrary = verdict == FLOWRULES_PASS ? FLOWRULES_BLOCK : FLOWRULES_PASS;
    if (replies == 0)
        return 0;
    if (walk->pending[contrary] & replies)
        doubt_at(walk, rule, apart);
    walk->pending[contrary] &= (uint8_t)~replies;
    walk->pending[verdict] &= (uint8_t)~final;
    if (others == 0)
        return FLOWRULES_REPLY;
    if (walk->live[family] & others) {
        walk->pending[verdict] |= (uint8_t)(replies & ~final);
        return 0;
    }
    bool blocked = walk->blocked[family] & others;
    if (blocked == (verdict == FLOWRULES_BLOCK))
        return FLOWRULES_REPLY;
    doubt_at(walk, rule, apart);
    return 0;
}

/* The packets of a family that a verdict is about, in the terms of reader.h. */
static unsigned judge(struct netfilter_walk *walk, const struct netfilter_rule *rule,
                      enum flowrules_verdict verdict, const struct netfilter_box *box,
                      enum flowrules_family family) {
    unsigned kinds = box->kinds & walk->live[family] & possible_kinds(box, family);
    unsigned final = kinds & whole_kinds(box) & ~walk->skipped;
    static const char looped[] = "packets of connections over the loopback interface are dropped";
    if (verdict == FLOWRULES_BLOCK && box->looped && (walk->live[family] & KINDS_REPLY))
        doubt_at(walk, rule, looped);
    judge_strays(walk, rule, verdict, kinds, final, family);
    unsigned packets =
        plain_packets(kinds) | judge_replies(walk, rule, verdict, kinds, final, family);
    walk->live[family] &= (uint8_t)~final;
    if (verdict == FLOWRULES_BLOCK)
        walk->blocked[family] |= (uint8_t) final;
    return packets;
}

/* ---- services ------------------------------------------------------------------------------ */

static int class_of_type(int protocol, unsigned type) {
    if (protocol == ICMP)
        return type == 8 || type == 13 || type == 15 || type == 17 ? CLASS_NEW : CLASS_INVALID;
    if (type == 128 || type == 139)
        return CLASS_NEW;
    bool untracked = (type >= 130 && type <= 136) || type == 143 || type == 151 || type == 152;
    return untracked ? CLASS_UNTRACKED : CLASS_INVALID;
}

static void add_service(struct netfilter_walk *walk, size_t *count, int protocol,
                        const struct netfilter_term *term) {
    walk->services = fr_netfilter_grow(walk->in, walk->services, &walk->service_capacity, *count,
                                       sizeof *walk->services);
    walk->ports = fr_netfilter_grow(walk->in, walk->ports, &walk->port_capacity, *count,
                                    2 * sizeof *walk->ports);
    if (!walk->services || !walk->ports) {
        walk->service_capacity = walk->port_capacity = *count = 0;
        return;
    }
    struct flowrules_ports *ports = &walk->ports[*count * 2];
    ports[0] = (struct flowrules_ports){term->source_first, term->source_last};
    ports[1] = (struct flowrules_ports){term->destination_first, term->destination_last};
    walk->services[(*count)++] =
        (struct flowrules_service){.protocol = protocol, .icmp_type = -1, .icmp_code = -1};
}

/* The codes of a term for one type, or for any (-1). */
static void add_icmp(struct netfilter_walk *walk, size_t *count, int protocol, int type,
                     const struct netfilter_term *term) {
    static const struct netfilter_term any = {0, 0, 0, UINT16_MAX, 0, UINT16_MAX};
    bool any_code = term->destination_first == 0 && term->destination_last >= UINT8_MAX;
    unsigned last = term->destination_last < UINT8_MAX ? term->destination_last : UINT8_MAX;
    last = any_code ? 0 : last; /* one service, of all codes */
    for (unsigned code = any_code ? 0 : term->destination_first; code <= last; code++) {
        add_service(walk, count, protocol, &any);
        if (*count == 0)
            return;
        walk->services[*count - 1].icmp_type = type;
        walk->services[*count - 1].icmp_code = any_code ? -1 : (int)code;
    }
}

static void add_icmp_types(struct netfilter_walk *walk, size_t *count, int protocol,
                           const struct netfilter_term *term, unsigned classes) {
    bool any_type = term->source_first == 0 && term->source_last >= UINT8_MAX;
    if (any_type && classes == CLASSES_ALL) {
        add_icmp(walk, count, protocol, -1, term);
        return;
    }
    unsigned last = term->source_last < UINT8_MAX ? term->source_last : UINT8_MAX;
    for (unsigned type = term->source_first; type <= last; type++)
        if (classes & (unsigned)class_of_type(protocol, type))
            add_icmp(walk, count, protocol, (int)type, term);
}

static void add_term(struct netfilter_walk *walk, size_t *count, const struct netfilter_term *term,
                     unsigned classes) {
    if (term->first_protocol == 0 && term->last_protocol == UINT8_MAX && classes == CLASSES_ALL) {
        add_service(walk, count, -1, term);
        return;
    }
    for (int p = term->first_protocol; p <= term->last_protocol; p++) {
        if (p == ICMP || p == ICMPV6)
            add_icmp_types(walk, count, p, term, classes);
        else if (classes & CLASS_NEW)
            add_service(walk, count, p, term);
    }
}

/* The services of a box's terms, of those classes; their number. */
static size_t make_services(struct netfilter_walk *walk, const struct netfilter_terms *terms,
                            unsigned classes) {
    static const struct netfilter_term any = {0, UINT8_MAX, 0, UINT16_MAX, 0, UINT16_MAX};
    size_t count = 0;
    for (size_t i = 0; i < (terms->count == 0 ? 1 : terms->count); i++)
        add_term(walk, &count, terms->count == 0 ? &any : &terms->items[i], classes);
    for (size_t i = 0; i < count; i++) {
        struct flowrules_service *s = &walk->services[i];
        const struct flowrules_ports *ports = &walk->ports[i * 2];
        s->source_ports = ports;
        s->source_port_count = ports[0].first == 0 && ports[0].last == UINT16_MAX ? 0 : 1;
        s->destination_ports = &ports[1];
        s->destination_port_count = ports[1].first == 0 && ports[1].last == UINT16_MAX ? 0 : 1;
    }
    return count;
}

/* ---- rules --------------------------------------------------------------------------------- */

/* Is it a part of a comment that artifacts write of a flow, and that is not its purpose? */
static bool is_note(const char *text) {
    static const char *const words[] = {
        "owner ", "pinned ", "narrowed: ", "widened: ", "not logged: ", "it spares "};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strncmp(text, words[i], strlen(words[i])) == 0)
            return true;
    return false;
}

/*
 * A comment of one word is a name, and so is the word before "; " or " (", with what artifacts say
 * of a flow behind it, the purpose last: "web (T-1, until 2027-01-31); owner shop; The shop".
 */
static void read_comment(struct netfilter_walk *walk, const char *comment,
                         struct flowrules_read_rule *read) {
    size_t word = strcspn(comment, " ,;\t");
    const char *behind = comment + word, *last = NULL;
    const char *terms = strncmp(behind, " (", 2) == 0 ? strchr(behind, ')') : NULL;
    read->comment = comment;
    if (terms)
        behind = terms + 1;
    if (word == 0 || (*behind != '\0' && strncmp(behind, "; ", 2) != 0))
        return;
    for (const char *part = strstr(behind, "; "); part; part = strstr(part + 1, "; "))
        last = part + 2;
    char *name = fr_netfilter_scratch(walk, &walk->name, word + 1);
    if (name) {
        memcpy(name, comment, word);
        name[word] = '\0';
    }
    read->name = name;
    read->comment = last && !is_note(last) ? last : NULL;
}

static struct flowrules_read_rule read_rule(struct netfilter_walk *walk,
                                            const struct netfilter_rule *rule,
                                            const struct netfilter_box *box) {
    const char *comment = box->comment ? box->comment : rule->comment;
    struct flowrules_read_rule read = {.direction = walk->direction,
                                       .source = box->source,
                                       .destination = box->destination,
                                       .interfaces = {box->interfaces[0], box->interfaces[1]},
                                       .at = rule->at,
                                       .log = rule->log};
    if (comment)
        read_comment(walk, comment, &read);
    if (box->doubt)
        read.doubt =
            flowrules_input_print(walk->in, "it is not known %s: %s%s%s",
                                  walk->either ? "what passes" : "whether this matches", box->doubt,
                                  rule->origin ? ", " : "", rule->origin ? rule->origin : "");
    if (box->line != 0)
        read.at = (struct flowrules_place){rule->at.file, box->line, 1};
    if (rule->counted == rule->match_count && !rule->map) /* else it counts other packets, too */
        read.counter = rule->counter;
    return read;
}

/* Gives a rule, or a skip where landing is not NULL. */
static void give(struct netfilter_walk *walk, struct flowrules_read_rule *read,
                 struct netfilter_landing *landing) {
    if (walk->given++ >= RULES_MAX) {
        if (!walk->too_many)
            flowrules_input_doubt(walk->in, read->at, walk->direction,
                                  "more than %d rules, including those of chains", (int)RULES_MAX);
        walk->too_many = true;
        return;
    }
    if (!landing) {
        flowrules_input_rule(walk->in, read);
        return;
    }
    landing->skips = fr_netfilter_grow(walk->in, landing->skips, &landing->capacity, landing->count,
                                       sizeof *landing->skips);
    if (landing->skips)
        landing->skips[landing->count++] = flowrules_input_skip(walk->in, read);
    else
        landing->count = landing->capacity = 0;
}

static void give_packets(struct netfilter_walk *walk, struct flowrules_read_rule *read,
                         const struct netfilter_box *box, unsigned packets, unsigned classes,
                         struct netfilter_landing *landing) {
    if (packets == 0)
        return;
    read->packets = packets;
    read->services = NULL;
    read->service_count = 0;
    if (box->terms.count > 0 || classes != CLASSES_ALL) {
        read->service_count = make_services(walk, &box->terms, classes);
        read->services = walk->services;
        if (read->service_count == 0)
            return;
    }
    give(walk, read, landing);
}

/* New packets apart from the others where their state matters. */
static void give_families(struct netfilter_walk *walk, struct flowrules_read_rule *read,
                          const struct netfilter_box *box, unsigned families, unsigned packets,
                          struct netfilter_landing *landing) {
    read->families = families;
    if (box->classes == CLASSES_ALL) {
        give_packets(walk, read, box, packets, CLASSES_ALL, landing);
        return;
    }
    give_packets(walk, read, box, packets & ~(unsigned)FLOWRULES_NEW, CLASSES_ALL, landing);
    give_packets(walk, read, box, packets & FLOWRULES_NEW, box->classes, landing);
}

static void give_both(struct netfilter_walk *walk, struct flowrules_read_rule *read,
                      const struct netfilter_box *box, const unsigned packets[2],
                      struct netfilter_landing *landing) {
    unsigned families = box->families & walk->families;
    if (families == FLOWRULES_BOTH_FAMILIES && packets[0] == packets[1]) {
        give_families(walk, read, box, families, packets[0], landing);
        return;
    }
    for (unsigned f = 0; f < 2; f++)
        if (families & FLOWRULES_FAMILY_BIT(f))
            give_families(walk, read, box, FLOWRULES_FAMILY_BIT(f), packets[f], landing);
}

/* What is left out of an end goes on behind the rule. */
static void give_exceptions(struct netfilter_walk *walk, const struct netfilter_rule *rule,
                            const struct netfilter_box *box, const unsigned packets[2],
                            struct netfilter_landing *landing) {
    for (enum flowrules_end end = FLOWRULES_SOURCE; end <= FLOWRULES_DESTINATION; end++) {
        if (!(box->excepting & (1u << end)))
            continue;
        struct netfilter_box left = *box;
        *(end == FLOWRULES_SOURCE ? &left.source : &left.destination) = box->except[end];
        struct flowrules_read_rule read = read_rule(walk, rule, &left);
        give_both(walk, &read, &left, packets, landing);
    }
}

/* The packets of a box in doubt: whether they are decided is not known, so that all stay live. */
static void emit_in_doubt(struct netfilter_walk *walk, const struct netfilter_rule *rule,
                          enum flowrules_verdict verdict, const struct netfilter_box *box) {
    unsigned packets[2] = {0, 0};
    for (enum flowrules_family f = FLOWRULES_IPV4; f <= FLOWRULES_IPV6; f++) {
        unsigned kinds = box->kinds & possible_kinds(box, f);
        packets[f] = plain_packets(kinds) | (kinds & KINDS_REPLY ? FLOWRULES_REPLY : 0u);
    }
    struct flowrules_read_rule read = read_rule(walk, rule, box);
    read.verdict = verdict;
    /* No flow of an import says what becomes of replies alone: it names the doubt. */
    if (((packets[0] | packets[1]) & ~(unsigned)FLOWRULES_REPLY) == 0 && read.doubt &&
        !flowrules_input_target(walk->in))
        flowrules_input_doubt(walk->in, read.at, walk->direction, "%s", read.doubt);
    give_both(walk, &read, box, packets, NULL);
}

static void emit_box(struct netfilter_walk *walk, const struct netfilter_rule *rule,
                     enum flowrules_verdict verdict, const struct netfilter_box *box) {
    unsigned packets[2] = {0, 0};
    if (box->doubt) {
        emit_in_doubt(walk, rule, verdict, box);
        return;
    }
    for (enum flowrules_family f = FLOWRULES_IPV4; f <= FLOWRULES_IPV6; f++)
        if (box->families & walk->families & FLOWRULES_FAMILY_BIT(f))
            packets[f] = judge(walk, rule, verdict, box, f);
    struct flowrules_read_rule read = read_rule(walk, rule, box);
    struct netfilter_landing landing = {.count = 0};
    read.verdict = verdict;
    give_exceptions(walk, rule, box, packets, &landing);
    give_both(walk, &read, box, packets, NULL);
    for (size_t i = 0; i < landing.count; i++)
        flowrules_input_land(walk->in, landing.skips[i]);
}

/*
 * The packets of the loopback interface apart, which are of no other: *looped. False where the rest
 * is nothing.
 */
static bool part_loopback(const struct netfilter_walk *walk, const struct netfilter_box *box,
                          struct netfilter_box *looped, struct netfilter_box *rest) {
    *looped = *rest = *box;
    looped->interfaces[0] = looped->interfaces[1] = walk->any;
    looped->kinds &= KIND_LOOPBACK;
    if (has_interfaces(box))
        rest->kinds &= (uint8_t) ~(unsigned)KIND_LOOPBACK;
    else
        looped->kinds = 0;
    return rest->kinds != 0;
}

void fr_netfilter_emit(struct netfilter_walk *walk, const struct netfilter_rule *rule,
                       enum flowrules_verdict verdict, const struct netfilter_box *box) {
    struct netfilter_box looped, rest;
    bool more = part_loopback(walk, box, &looped, &rest);
    if (looped.kinds != 0)
        emit_box(walk, rule, verdict, &looped);
    if (more)
        emit_box(walk, rule, verdict, &rest);
}

static void skip_box(struct netfilter_walk *walk, struct netfilter_rule *rule,
                     const struct netfilter_box *box, struct netfilter_landing *landing) {
    unsigned packets[2] = {0, 0};
    if (box->excepting)
        fr_netfilter_doubt(walk, rule, "some names of a set leave a chain here, but others do not");
    for (enum flowrules_family f = FLOWRULES_IPV4; f <= FLOWRULES_IPV6; f++) {
        if (!(box->families & walk->families & FLOWRULES_FAMILY_BIT(f)))
            continue;
        unsigned kinds = box->kinds & walk->live[f] & possible_kinds(box, f);
        unsigned replies = walk->live[f] & KINDS_REPLY;
        unsigned midstream = walk->live[f] & (KIND_MIDSTREAM | KIND_STRAY);
        packets[f] = plain_packets(kinds);
        if ((kinds & KINDS_REPLY) && (kinds & KINDS_REPLY) == replies)
            packets[f] |= FLOWRULES_REPLY;
        else if (kinds & KINDS_REPLY)
            fr_netfilter_doubt(walk, rule, "some replies leave a chain here, but others do not");
        if ((kinds & midstream) && (kinds & midstream) != midstream)
            fr_netfilter_doubt(walk, rule, "some TCP in midstream leaves a chain here");
        walk->skipped |= kinds;
    }
    struct flowrules_read_rule read = read_rule(walk, rule, box);
    give_both(walk, &read, box, packets, landing);
}

void fr_netfilter_emit_skip(struct netfilter_walk *walk, struct netfilter_rule *rule,
                            const struct netfilter_box *box, struct netfilter_landing *landing) {
    struct netfilter_box looped, rest;
    bool more = part_loopback(walk, box, &looped, &rest);
    if (looped.kinds != 0)
        skip_box(walk, rule, &looped, landing);
    if (more)
        skip_box(walk, rule, &rest, landing);
}
