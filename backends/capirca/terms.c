/*
 * The terms of a list as rules: what a term matches, what it does, and what of it no policy has.
 */
#include <string.h>

#include "read.h"

/* A term that becomes rules. */
struct work {
    struct fr_capirca *r;
    flowrules_input *in;
    const struct fr_capirca_list *list;
    const struct fr_capirca_item *item; /* the filter of the list */
    const struct fr_capirca_block *term;
    struct flowrules_read_rule rule;
    bool either;               /* it names addresses of either end: */
    struct flowrules_set ends; /* these */
    bool none;                 /* it matches nothing, or is not for this list */
    bool reply;                /* only packets of connections that exist */
    size_t denies, rejects;
    bool closed; /* a rule that matches everything was the last */
};

static bool is(const char *word, const char *other) {
    return strcmp(word, other) == 0;
}

static const struct fr_capirca_field *field(const struct work *w, enum fr_capirca_key key) {
    return fr_capirca_field(w->term, key, NULL);
}

/* The first doubt of a term is the one that is told. */
static void doubt(struct work *w, const char *text) {
    if (w->rule.doubt == NULL)
        w->rule.doubt = text;
}

/* ---- ends ---------------------------------------------------------------------------------- */

/* Words that are united, and what they are called together: NULL for more than a few. */
struct named {
    struct flowrules_set set;
    const char *name;
    size_t count;
};

enum { NAMED_MOST = 3 };

static size_t count_words(const struct work *w, enum fr_capirca_key key) {
    const struct fr_capirca_field *f = NULL;
    size_t count = 0;
    while ((f = fr_capirca_field(w->term, key, f)) != NULL)
        count += f->count;
    return count;
}

/* The union of all words of a key, each of which a function knows. */
static struct named unite(struct work *w, enum fr_capirca_key key,
                          struct flowrules_set (*set_of)(struct work *w,
                                                         const struct fr_capirca_word *word,
                                                         enum fr_capirca_key key)) {
    struct named sum = {flowrules_input_none(w->in), NULL, 0};
    size_t count = count_words(w, key);
    const struct fr_capirca_field *f = NULL;
    bool literal = false;
    struct flowrules_set *sets =
        count == 0 ? NULL : flowrules_input_alloc(w->in, count * sizeof *sets);
    while (sets != NULL && (f = fr_capirca_field(w->term, key, f)) != NULL)
        for (size_t i = 0; i < f->count && !flowrules_input_failed(w->in); i++) {
            const char *word = f->words[i].text;
            sets[sum.count] = set_of(w, &f->words[i], key);
            literal = literal || strpbrk(word, "./:") != NULL;
            if (count <= NAMED_MOST && !literal)
                sum.name =
                    sum.count == 0 ? word : flowrules_input_print(w->in, "%s-%s", sum.name, word);
            sum.count++;
        }
    sum.name = literal ? NULL : sum.name;
    if (sum.count > 0 && !flowrules_input_failed(w->in))
        sum.set = fr_capirca_unite(w->r, sets, sum.count, field(w, key)->at);
    return sum;
}

static struct flowrules_set network_of(struct work *w, const struct fr_capirca_word *word,
                                       enum fr_capirca_key key) {
    (void)key;
    return fr_capirca_network(w->r, word);
}

static bool is_empty(struct flowrules_set set) {
    return !flowrules_set_is_any(set) && flowrules_set_range_count(set, FLOWRULES_IPV4) == 0 &&
           flowrules_set_range_count(set, FLOWRULES_IPV6) == 0 &&
           flowrules_set_atom_count(set) == 0;
}

/* The addresses of a set that a rule for one family may match, with a name of their own. */
static void restrict_family(struct work *w, struct named *end) {
    unsigned families = w->rule.families;
    enum flowrules_family family =
        families == FLOWRULES_FAMILY_BIT(FLOWRULES_IPV4) ? FLOWRULES_IPV4 : FLOWRULES_IPV6;
    if (families == FLOWRULES_BOTH_FAMILIES || flowrules_set_is_any(end->set) ||
        flowrules_set_range_count(end->set, (enum flowrules_family)(1 - family)) == 0)
        return;
    struct flowrules_set other = flowrules_input_family(w->in, (enum flowrules_family)(1 - family));
    end->set = flowrules_input_subtract(w->in, end->set, other);
    if (end->name != NULL)
        end->name = flowrules_input_print(w->in, "%s-ipv%c", end->name,
                                          family == FLOWRULES_IPV4 ? '4' : '6');
}

/* What an end matches: what is named, or any, without what is excluded. */
static struct flowrules_set addresses(struct work *w, enum fr_capirca_key key,
                                      enum fr_capirca_key except_key) {
    struct named end = unite(w, key, network_of);
    struct named except = unite(w, except_key, network_of);
    bool any = end.count == 0;
    if (any)
        end.set = flowrules_input_any(w->in);
    if (except.count > 0) {
        end.set = flowrules_input_subtract(w->in, end.set, except.set);
        end.name = any || end.name == NULL || except.name == NULL
                       ? NULL
                       : flowrules_input_print(w->in, "%s-not-%s", end.name, except.name);
    }
    if (any && except.count > 0)
        flowrules_input_note(w->in, field(w, except_key)->at,
                             "term '%.60s' excludes addresses of all: some of Capirca's generators "
                             "leave this out, and match all",
                             w->term->name);
    restrict_family(w, &end);
    if (end.name != NULL &&
        (end.count > 1 || except.count > 0 || w->rule.families != FLOWRULES_BOTH_FAMILIES))
        flowrules_input_label(w->in, end.set, end.name, NULL);
    return end.set;
}

/* Names of the DNS beside addresses. */
static void add_names(struct work *w, enum fr_capirca_key key, struct flowrules_set *end,
                      bool addressed) {
    struct named names = unite(w, key, network_of);
    struct flowrules_set pair[] = {*end, names.set};
    if (names.count > 0)
        *end = addressed ? flowrules_input_unite(w->in, pair, 2) : names.set;
}

/* Tags and service accounts are groups of the platform. */
static struct flowrules_set group_of(struct work *w, const struct fr_capirca_word *word,
                                     enum fr_capirca_key key) {
    bool tag = key == FR_CAPIRCA_SOURCE_TAG || key == FR_CAPIRCA_DESTINATION_TAG;
    struct flowrules_group_key group = {tag ? "tags" : "service-accounts", NULL, word->text};
    return flowrules_input_group(w->in, &group, 1);
}

/*
 * Of Google Cloud: the protected end is the tagged instances alone, the other one is what has an
 * address or a tag that is named.
 */
static void add_tags_of(struct work *w, unsigned e, struct flowrules_set *end) {
    static const enum fr_capirca_key tags[] = {FR_CAPIRCA_SOURCE_TAG, FR_CAPIRCA_DESTINATION_TAG};
    bool own = e == (w->list->direction == FLOWRULES_EGRESS ? 0 : 1);
    bool addressed = field(w, e == 0 ? FR_CAPIRCA_SOURCE : FR_CAPIRCA_DESTINATION) != NULL;
    /* Target accounts are of the protected end, whatever its direction. */
    struct named both[] = {
        unite(w, tags[e], group_of),
        unite(w, own ? FR_CAPIRCA_TARGET_ACCOUNTS : FR_CAPIRCA_SOURCE_ACCOUNTS, group_of)};
    if (both[0].count + both[1].count == 0)
        return;
    struct flowrules_set sets[] = {both[0].set, both[1].set, *end};
    if (own && addressed)
        doubt(w, "it names both the addresses and the tags of the protected end");
    else
        *end = flowrules_input_unite(w->in, sets, addressed ? 3 : 2);
}

static void add_tags(struct work *w) {
    static const enum fr_capirca_key keys[] = {FR_CAPIRCA_SOURCE_TAG, FR_CAPIRCA_DESTINATION_TAG,
                                               FR_CAPIRCA_SOURCE_ACCOUNTS,
                                               FR_CAPIRCA_TARGET_ACCOUNTS};
    if (w->list->tags) {
        add_tags_of(w, 0, &w->rule.source);
        add_tags_of(w, 1, &w->rule.destination);
        return;
    }
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (field(w, keys[i]) != NULL)
            doubt(w, "tags and service accounts are known to Google Cloud alone");
}

static struct flowrules_set interface_of(struct work *w, const struct fr_capirca_word *word,
                                         enum fr_capirca_key key) {
    (void)key;
    return flowrules_input_interface(w->in, word->text, false);
}

/* The interfaces of a key. */
static void add_interfaces(struct work *w, enum fr_capirca_key key, unsigned end) {
    if (field(w, key) == NULL)
        return;
    if (w->list->interfaces)
        w->rule.interfaces[end] = unite(w, key, interface_of).set;
    else
        doubt(w, "the interface of a term");
}

static void add_zones(struct work *w) {
    if (field(w, FR_CAPIRCA_SOURCE_ZONE) != NULL || field(w, FR_CAPIRCA_DESTINATION_ZONE) != NULL)
        doubt(w, "the zones of a term");
}

/* Names and groups take the place of all addresses: what is excluded of these would be lost. */
static void check_excluded(struct work *w, enum fr_capirca_key key, enum fr_capirca_key except,
                           struct flowrules_set end) {
    if (field(w, key) == NULL && field(w, except) != NULL && flowrules_set_atom_count(end) > 0)
        doubt(w, "it excludes addresses of names, tags or service accounts");
}

static void find_ends(struct work *w) {
    w->rule.source = addresses(w, FR_CAPIRCA_SOURCE, FR_CAPIRCA_SOURCE_EXCEPT);
    w->rule.destination = addresses(w, FR_CAPIRCA_DESTINATION, FR_CAPIRCA_DESTINATION_EXCEPT);
    add_names(w, FR_CAPIRCA_SOURCE_NAMES, &w->rule.source, field(w, FR_CAPIRCA_SOURCE) != NULL);
    add_names(w, FR_CAPIRCA_DESTINATION_NAMES, &w->rule.destination,
              field(w, FR_CAPIRCA_DESTINATION) != NULL);
    add_tags(w);
    check_excluded(w, FR_CAPIRCA_SOURCE, FR_CAPIRCA_SOURCE_EXCEPT, w->rule.source);
    check_excluded(w, FR_CAPIRCA_DESTINATION, FR_CAPIRCA_DESTINATION_EXCEPT, w->rule.destination);
    w->either = field(w, FR_CAPIRCA_ADDRESS) != NULL || field(w, FR_CAPIRCA_ADDRESS_EXCEPT) != NULL;
    if (w->either)
        w->ends = addresses(w, FR_CAPIRCA_ADDRESS, FR_CAPIRCA_ADDRESS_EXCEPT);
    w->none = w->none || is_empty(w->rule.source) || is_empty(w->rule.destination) ||
              (w->either && is_empty(w->ends));
    add_interfaces(w, FR_CAPIRCA_SOURCE_INTERFACE, 0);
    add_interfaces(w, FR_CAPIRCA_DESTINATION_INTERFACE, 1);
    add_zones(w);
}

/* ---- conditions ---------------------------------------------------------------------------- */

static bool lists_word(const struct work *w, enum fr_capirca_key key, const char *word) {
    const struct fr_capirca_field *f = NULL;
    while ((f = fr_capirca_field(w->term, key, f)) != NULL)
        for (size_t i = 0; i < f->count; i++)
            if (is(f->words[i].text, word))
                return true;
    return false;
}

static bool is_for_platform(const struct work *w) {
    return (field(w, FR_CAPIRCA_PLATFORM) == NULL ||
            lists_word(w, FR_CAPIRCA_PLATFORM, w->list->platform)) &&
           !lists_word(w, FR_CAPIRCA_PLATFORM_EXCEPT, w->list->platform);
}

static const char *day_before(struct work *w, const char *day) {
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    unsigned y, m, d;
    if (!flowrules_parse_number(day, 4, 9999, &y) || !flowrules_parse_number(day + 5, 2, 12, &m) ||
        !flowrules_parse_number(day + 8, 2, 31, &d) || m == 0 || d == 0 || y == 0)
        return NULL;
    d--;
    if (d == 0) {
        m = m == 1 ? 12 : m - 1;
        y -= m == 12;
        bool leap = y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
        d = days[m - 1] + (m == 2 && leap ? 1u : 0u);
    }
    return flowrules_input_print(w->in, "%04u-%02u-%02u", y, m, d);
}

/* Capirca leaves a term out from its day of expiration on. */
static void find_expiration(struct work *w) {
    const struct fr_capirca_field *f = field(w, FR_CAPIRCA_EXPIRATION);
    bool known;
    if (f == NULL)
        return;
    const char *day = f->words[0].text;
    bool form = strlen(day) == 10 && day[4] == '-' && day[7] == '-';
    const char *last = form ? day_before(w, day) : NULL;
    if (last == NULL) {
        flowrules_input_error(w->in, f->at, "write it as YYYY-MM-DD",
                              "'%.20s' is not a day on which a term expires", day);
        return;
    }
    if (flowrules_input_day(w->in, day, &known) <= 0 && known) {
        w->none = true;
        flowrules_input_note(w->in, f->at, "term '%.60s' has expired: Capirca drops it on %s",
                             w->term->name, day);
        return;
    }
    w->rule.expires = last;
    if (flowrules_input_define(w->in, FR_CAPIRCA_TOLD, "expiration", w->list->filters))
        flowrules_input_note(w->in, f->at,
                             "Capirca drops a term on its day of expiration: the last day of a "
                             "flow is the day before");
}

static void find_family(struct work *w) {
    const struct fr_capirca_field *f = field(w, FR_CAPIRCA_FAMILY);
    w->rule.families = w->item->families;
    if (f == NULL)
        return;
    bool v6 = is(f->words[0].text, "inet6");
    if (!v6 && !is(f->words[0].text, "inet")) {
        flowrules_input_error(w->in, f->at, NULL, "'inet' or 'inet6' is expected here");
        return;
    }
    w->rule.families &= FLOWRULES_FAMILY_BIT(v6 ? FLOWRULES_IPV6 : FLOWRULES_IPV4);
    w->none = w->none || w->rule.families == 0;
}

/* Options that do not change what a first packet is. */
static bool is_harmless(const char *word) {
    return is(word, "sample") || is(word, "stateless-reply") ||
           strncmp(word, "log_traffic", 11) == 0;
}

/* Options for the first packet of TCP, which a flow is about: of other protocols they say nothing.
 */
static bool is_initial(struct work *w, const struct fr_capirca_word *word) {
    if (!is(word->text, "tcp-initial") && !is(word->text, "initial") && !is(word->text, "syn"))
        return false;
    if (count_words(w, FR_CAPIRCA_PROTOCOL) != 1 || !lists_word(w, FR_CAPIRCA_PROTOCOL, "tcp"))
        flowrules_input_note(w->in, word->at,
                             "term '%.60s' has the option '%s', and other protocols than TCP: it "
                             "matches these whole",
                             w->term->name, word->text);
    return true;
}

static void find_options(struct work *w) {
    const struct fr_capirca_field *f = NULL;
    while ((f = fr_capirca_field(w->term, FR_CAPIRCA_OPTION, f)) != NULL)
        for (size_t i = 0; i < f->count; i++) {
            const char *word = f->words[i].text;
            if (is(word, "tcp-established") || is(word, "established")) {
                w->reply = true;
            } else if (is(word, "inactive")) {
                w->none = true;
                flowrules_input_note(w->in, f->words[i].at, "term '%.60s' is inactive: left out",
                                     w->term->name);
            } else if (!is_initial(w, &f->words[i]) && !is_harmless(word)) {
                doubt(w, flowrules_input_print(w->in, "the option '%.60s'", word));
            }
        }
}

/* Keywords that no policy has: conditions for each term, the others once. */
static void find_others(struct work *w) {
    for (size_t i = 0; i < w->term->count; i++) {
        const struct fr_capirca_field *f = &w->term->fields[i];
        const char *name = f->keyword->name;
        if (f->keyword->key == FR_CAPIRCA_DOUBT)
            doubt(w, flowrules_input_print(w->in, "the condition '%s'", name));
        else if (f->keyword->key == FR_CAPIRCA_ROUTE)
            doubt(w, flowrules_input_print(w->in, "'%s', which sends packets elsewhere", name));
        else if (f->keyword->key == FR_CAPIRCA_ONCE &&
                 flowrules_input_define(w->in, FR_CAPIRCA_TOLD, name, w->list->filters))
            flowrules_input_note(w->in, f->at, "'%s' does not change what passes, and is not kept",
                                 name);
    }
}

/* ---- what a term does ---------------------------------------------------------------------- */

static void find_logging(struct work *w) {
    const struct fr_capirca_field *f = NULL;
    while ((f = fr_capirca_field(w->term, FR_CAPIRCA_LOGGING, f)) != NULL)
        for (size_t i = 0; i < f->count; i++)
            w->rule.log =
                w->rule.log || !(is(f->words[i].text, "disable") || is(f->words[i].text, "false") ||
                                 is(f->words[i].text, "False"));
}

static void find_comment(struct work *w) {
    const struct fr_capirca_field *f = NULL, *owner = field(w, FR_CAPIRCA_OWNER);
    const char *text = NULL;
    while ((f = fr_capirca_field(w->term, FR_CAPIRCA_COMMENT, f)) != NULL)
        for (size_t i = 0; i < f->count; i++)
            text = text == NULL ? f->words[i].text
                                : flowrules_input_print(w->in, "%s %s", text, f->words[i].text);
    if (owner != NULL && owner->count > 0)
        text = flowrules_input_print(w->in, "%s%s(owner: %s)", text == NULL ? "" : text,
                                     text == NULL ? "" : " ", owner->words[0].text);
    char *line = text == NULL ? NULL : flowrules_input_copy(w->in, text, strlen(text));
    char *out = line;
    for (const char *c = line; line != NULL && *c != '\0'; c++) { /* one line, single blanks */
        bool blank = (unsigned char)*c <= ' ';
        if (!blank || (out > line && out[-1] != ' '))
            *out++ = blank ? ' ' : *c;
    }
    if (line == NULL)
        return;
    if (out > line && out[-1] == ' ')
        out--;
    *out = '\0';
    w->rule.comment = line;
}

/* Where a term does not decide itself: packets go elsewhere, or on. */
static void find_no_action(struct work *w) {
    for (size_t i = 0; i < w->term->count; i++)
        if (w->term->fields[i].keyword->key == FR_CAPIRCA_ROUTE)
            return; /* in doubt */
        else if (is(w->term->fields[i].keyword->name, "port-mirror")) {
            doubt(w, "a term that only mirrors packets");
            return;
        }
    flowrules_input_error(w->in, w->term->at, "add action:: accept or action:: deny",
                          "term '%.60s' has no action", w->term->name);
}

static void find_action(struct work *w) {
    const struct fr_capirca_field *f = NULL;
    int verdict = -1;
    w->rule.verdict = FLOWRULES_PASS;
    while ((f = fr_capirca_field(w->term, FR_CAPIRCA_ACTION, f)) != NULL)
        for (size_t i = 0; i < f->count; i++) {
            const char *word = f->words[i].text;
            bool rejects = is(word, "reject") || is(word, "reject-with-tcp-rst");
            int own = is(word, "accept")            ? FLOWRULES_PASS
                      : rejects || is(word, "deny") ? FLOWRULES_BLOCK
                                                    : -1;
            if (is(word, "next")) {
                w->none = true;
                flowrules_input_note(w->in, f->words[i].at,
                                     "term '%.60s' decides nothing (action:: next): left out",
                                     w->term->name);
                return;
            }
            if ((own < 0 && !is(word, "count") && !is(word, "log") && !is(word, "dscp")) ||
                (verdict >= 0 && own >= 0 && own != verdict)) {
                flowrules_input_error(w->in, f->words[i].at, "use accept, deny, reject or next",
                                      "'%.60s' is not an action, or not the only one", word);
                return;
            }
            verdict = own >= 0 ? own : verdict;
            w->denies += own == FLOWRULES_BLOCK && !rejects;
            w->rejects += rejects;
        }
    if (verdict >= 0)
        w->rule.verdict = (enum flowrules_verdict)verdict;
    else if (field(w, FR_CAPIRCA_ACTION) != NULL)
        doubt(w, "an action that does not say whether packets pass");
    else
        find_no_action(w);
}

/* ---- rules --------------------------------------------------------------------------------- */

static bool matches_all(const struct work *w) {
    return w->rule.doubt == NULL && flowrules_set_is_any(w->rule.source) &&
           flowrules_set_is_any(w->rule.destination) && w->rule.service_count == 0 &&
           w->rule.families == w->item->families && w->rule.interfaces[0].store == NULL &&
           w->rule.interfaces[1].store == NULL && w->rule.expires == NULL;
}

/* "address" is of either end: a rule for each. */
static void add_rules(struct work *w) {
    if (!w->either) {
        w->closed = w->closed || matches_all(w);
        flowrules_input_rule(w->in, &w->rule);
        return;
    }
    struct flowrules_read_rule rule = w->rule;
    rule.source = flowrules_input_intersect(w->in, rule.source, w->ends);
    flowrules_input_rule(w->in, &rule);
    rule = w->rule;
    rule.destination = flowrules_input_intersect(w->in, rule.destination, w->ends);
    flowrules_input_rule(w->in, &rule);
}

/* A text for this platform: nobody knows what it matches. */
static bool is_verbatim(struct work *w) {
    const struct fr_capirca_field *f = NULL;
    bool any = false;
    while ((f = fr_capirca_field(w->term, FR_CAPIRCA_VERBATIM, f)) != NULL) {
        any = true;
        if (f->count > 0 && is(f->words[0].text, w->list->platform)) {
            flowrules_input_doubt(w->in, f->at, w->list->direction,
                                  "term '%.60s' is text for the platform ('verbatim')",
                                  w->term->name);
            return true;
        }
    }
    return any;
}

static void read_term(struct work *w, const struct fr_capirca_block *term) {
    struct fr_capirca_services services;
    w->term = term;
    w->none = w->reply = false;
    w->rule = (struct flowrules_read_rule){.direction = w->list->direction,
                                           .packets = FLOWRULES_NEW,
                                           .at = term->at,
                                           .name = term->name};
    if (!is_for_platform(w) || is_verbatim(w))
        return;
    find_expiration(w);
    if (!w->none)
        find_options(w);
    if (w->reply && !w->none) {
        flowrules_input_note(w->in, term->at,
                             "term '%.60s' is about packets of connections that exist: state "
                             "decides these, and it is left out",
                             term->name);
        w->none = true;
    }
    if (w->none)
        return;
    find_action(w);
    if (w->none)
        return;
    find_family(w);
    find_others(w);
    find_logging(w);
    find_comment(w);
    find_ends(w);
    bool some = !w->none && fr_capirca_services(w->r, term, w->rule.families, &services);
    if (flowrules_input_failed(w->in))
        return;
    if (!some) {
        flowrules_input_note(w->in, term->at, "term '%.60s' matches nothing: left out", term->name);
        return;
    }
    w->rule.services = services.items;
    w->rule.service_count = services.count;
    add_rules(w);
}

/* ---- the list ------------------------------------------------------------------------------ */

static unsigned priority_of(struct fr_capirca *r, const struct fr_capirca_block *term) {
    const struct fr_capirca_field *f = fr_capirca_field(term, FR_CAPIRCA_PRIORITY, NULL);
    unsigned number = 1000; /* Google Cloud's own, where none is given */
    if (f != NULL &&
        !flowrules_parse_number(f->words[0].text, strlen(f->words[0].text), 65535, &number))
        flowrules_input_error(r->in, f->at, NULL, "a priority is a number from 0 to 65535");
    return number;
}

enum { PRIORITIES = 65536 };

static bool denies(const struct fr_capirca_block *term) {
    const struct fr_capirca_field *f = fr_capirca_field(term, FR_CAPIRCA_ACTION, NULL);
    return f != NULL && !is(f->words[0].text, "accept") && !is(f->words[0].text, "next");
}

/* A last term with an action alone denies the rest: Capirca gives it the last priority. */
static bool denies_rest(const struct fr_capirca_block *term) {
    static const enum fr_capirca_key keys[] = {FR_CAPIRCA_ACTION, FR_CAPIRCA_COMMENT,
                                               FR_CAPIRCA_LOGGING, FR_CAPIRCA_OWNER,
                                               FR_CAPIRCA_PRIORITY};
    for (size_t i = 0; i < term->count; i++) {
        bool plain = false;
        for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++)
            plain = plain || term->fields[i].keyword->key == keys[k];
        if (!plain)
            return false;
    }
    return denies(term);
}

/* Google Cloud has no order within a priority: there, denies win. */
static void tell_denies(struct work *w, const struct fr_capirca_filter *filter) {
    bool *accepted = flowrules_input_alloc(w->in, PRIORITIES * sizeof *accepted);
    for (size_t i = 0; i < filter->count && !flowrules_input_failed(w->in); i++) {
        const struct fr_capirca_block *term = w->term = &filter->terms[i];
        unsigned priority = priority_of(w->r, term);
        if (!is_for_platform(w) || (i + 1 == filter->count && denies_rest(term)))
            continue;
        accepted[priority] = accepted[priority] || lists_word(w, FR_CAPIRCA_ACTION, "accept");
        if (!denies(term) || !accepted[priority])
            continue;
        flowrules_input_assume(w->in, term->at, "give each term a priority of its own",
                               "term '%.60s' may deny what a term before it with the same priority "
                               "accepts: Google Cloud lets a deny win, and the policy takes the "
                               "terms in their order",
                               term->name);
        return;
    }
}

/* Terms with a priority decide in its order, and in theirs where it is the same. */
static void read_by_priority(struct work *w, const struct fr_capirca_filter *filter) {
    bool any = false;
    tell_denies(w, filter);
    for (size_t i = 0; i < filter->count; i++)
        any = any || fr_capirca_field(&filter->terms[i], FR_CAPIRCA_PRIORITY, NULL) != NULL;
    for (unsigned next = 0, last = 0; any && next <= 65535; next = last) {
        last = 65536;
        for (size_t i = 0; i < filter->count && !flowrules_input_failed(w->in); i++) {
            unsigned own = priority_of(w->r, &filter->terms[i]);
            if (own == next)
                read_term(w, &filter->terms[i]);
            else if (own > next && own < last)
                last = own;
        }
    }
    for (size_t i = 0; !any && i < filter->count && !flowrules_input_failed(w->in); i++)
        read_term(w, &filter->terms[i]);
}

/* What a target has besides its flows: replies by state, and what a host needs. */
static void add_baseline(struct work *w) {
    struct flowrules_read_rule rule = {.direction = w->list->direction,
                                       .verdict = FLOWRULES_PASS,
                                       .packets = FLOWRULES_REPLY | FLOWRULES_LOOPBACK |
                                                  FLOWRULES_NEIGHBOUR | FLOWRULES_LISTENER,
                                       .source = flowrules_input_any(w->in),
                                       .destination = flowrules_input_any(w->in)};
    if (w->list->direction == FLOWRULES_FORWARD)
        rule.packets = FLOWRULES_REPLY;
    if (w->list->interfaces)
        flowrules_input_rule(w->in, &rule);
}

/* What no term of filters matches, of some families. */
static void add_default(struct work *w, bool passes, unsigned families) {
    struct flowrules_read_rule rule = {.direction = w->list->direction,
                                       .verdict = passes ? FLOWRULES_PASS : FLOWRULES_BLOCK,
                                       .packets = passes ? FLOWRULES_NEW : 0,
                                       .families = families,
                                       .source = flowrules_input_any(w->in),
                                       .destination = flowrules_input_any(w->in)};
    if (families != 0)
        flowrules_input_rule(w->in, &rule);
}

/* The families that the filters of a list are for. */
static unsigned families_of(const struct fr_capirca_list *list) {
    unsigned families = 0;
    for (size_t i = 0; i < list->count; i++)
        families |= list->filters[i].families;
    return families;
}

/* The end of a list of filters that are one after the other: a header that says it decides. */
static void add_rest(struct work *w) {
    const struct fr_capirca_item *says = &w->list->filters[0];
    for (size_t i = 1; i < w->list->count; i++)
        if (!w->list->filters[i].silent)
            says = &w->list->filters[i];
    if (says->silent && !w->closed)
        flowrules_input_assume(w->in, w->list->at,
                               "add ACCEPT or DROP to the target, or a last term for the rest",
                               "the header does not say what happens to packets that no term "
                               "matches: they pass, as the kernel's chains let them");
    if (says->passes)
        add_default(w, true, families_of(w->list));
    add_default(w, false, FLOWRULES_BOTH_FAMILIES);
}

static void tell_target(struct work *w) {
    const struct fr_capirca_list *list = w->list;
    unsigned families = families_of(list);
    if (list->backend == NULL || !flowrules_input_is_for(w->in, list->backend)) {
        flowrules_input_is_for(w->in, "plain");
        flowrules_input_note(w->in, list->at,
                             "there is no backend for the platform '%.60s': its target is a list "
                             "for people",
                             list->platform);
    }
    if (families != FLOWRULES_BOTH_FAMILIES)
        flowrules_input_note(w->in, list->at,
                             "the filter is for %s alone; the target denies the other family, too",
                             families == FLOWRULES_FAMILY_BIT(FLOWRULES_IPV4) ? "IPv4" : "IPv6");
    for (size_t i = 0; i < 4 && list->settings[i][0] != NULL; i++)
        flowrules_input_found(w->in, list->settings[i][0], list->settings[i][1]);
}

/* Reject answers a packet, deny does not: a target does one of the two. */
static void tell_rejects(struct work *w) {
    const char *backend = w->list->backend == NULL ? "plain" : w->list->backend;
    bool known = is(backend, "iptables") || is(backend, "juniper-srx") || is(backend, "nftables");
    if (w->rejects == 0)
        return;
    if (known && w->denies == 0)
        flowrules_input_found(w->in, "deny-with", "reject");
    else
        flowrules_input_note(w->in, w->list->at,
                             w->denies == 0
                                 ? "terms reject packets, which answers them: the target "
                                   "denies without an answer"
                                 : "terms reject packets, which answers them, and others "
                                   "do not: the target denies without an answer");
}

static void read_filter(struct work *w, const struct fr_capirca_item *item) {
    const struct fr_capirca_filter *filter = item->filter;
    w->item = item;
    w->term = &filter->header;
    find_others(w);
    if (item->stateless)
        flowrules_input_assume(w->in, item->at, NULL,
                               "the filter tracks no connections (nostate); the target does, and "
                               "passes their replies");
    if (w->list->tags)
        read_by_priority(w, filter);
    for (size_t t = 0; !w->list->tags && t < filter->count && !flowrules_input_failed(w->in); t++)
        read_term(w, &filter->terms[t]);
}

/*
 * Base chains of nftables each decide: a packet has to pass all of its family. What none is for is
 * denied, as by the target.
 */
static void read_stages(struct work *w) {
    unsigned families = families_of(w->list);
    for (size_t i = 0; i < w->list->count && !flowrules_input_failed(w->in); i++) {
        const struct fr_capirca_item *item = &w->list->filters[i];
        flowrules_input_stage(w->in, w->list->direction);
        add_baseline(w);
        read_filter(w, item);
        if (item->passes)
            add_default(w, true, item->families);
        add_default(w, false, item->families);
        if (i == 0)
            add_default(w, false, FLOWRULES_BOTH_FAMILIES & ~families);
    }
}

void fr_capirca_emit(struct fr_capirca *r, const struct fr_capirca_list *list) {
    struct work w = {.r = r, .in = r->in, .list = list};
    tell_target(&w);
    if (list->staged) {
        read_stages(&w);
    } else {
        add_baseline(&w);
        for (size_t i = 0; i < list->count && !flowrules_input_failed(r->in); i++)
            read_filter(&w, &list->filters[i]);
        add_rest(&w);
    }
    tell_rejects(&w);
}
