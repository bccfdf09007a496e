/*
 * Edits of a policy: random small worlds in which each change is held against the comparison of the
 * whole policies, loaded anew before and after it; what it says of errors; memory that runs out.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "failing.h"
#include "loading.h"
#include "unit.h"

#define FLOWS_MAX 14u
#define FLOW_SIZE 400u
#define EDITS     12u

/* ---- worlds -------------------------------------------------------------------------------- */

static const char world_head[] =
    "flowrules: 1\n"
    "protects: ours\n"
    "networks:\n"
    "  ours: 10.0.0.0/29\n"
    "  low: [10.0.0.0/30]\n"
    "  pods: {kubernetes: {namespace: a}}\n"
    "  nodes: {kubernetes: {namespace: b}, members: [10.0.0.6]}\n"
    "  named: [c.example.com, 10.0.0.1]\n"
    "  others: {members: [any], except: [ours]}\n"
    "services: {one: {protocol: tcp, port: 1}, two: {protocol: udp, port: 2}}\n"
    "targets:\n"
    "  edge: {backend: cisco-asa, interface: inside, access-list: A, select: {tags: [kept]}}\n"
    "  list: {backend: plain, allow-loss: [{flow: f0, loss: narrow}]}\n"
    "assertions:\n"
    "  - {never: {source: any, destination: 192.0.2.1, service: any},\n"
    "     exception: {flow: f1, until: 2027-01-01}}\n"
    "flows:\n";

/* Ends, the first PLAIN without names and groups. */
static const char *const ends[] = {
    "any",           "10.0.0.0/29", "10.0.0.0/30",   "10.0.0.2-10.0.0.5",
    "10.0.0.3",      "0.0.0.0/0",   "\"::/0\"",      "\"2001:db8::/126\"",
    "low",           "others",      "a.example.com", "\"*.example.com\"",
    "b.example.net", "pods",        "nodes",         "named",
    "\"*.com\""};
#define PLAIN 10u

static const char *const services[] = {"service: any",
                                       "protocol: tcp",
                                       "service: one",
                                       "service: [two, one]",
                                       "protocol: tcp, port: 1",
                                       "protocol: tcp, port: [1, 3]",
                                       "protocol: [udp, tcp], port: 1-2",
                                       "protocol: udp, port: 2, source-port: 7",
                                       "protocol: icmp, icmp-type: 8",
                                       "protocol: [icmp, icmpv6]",
                                       "protocol: sctp, port: 1"};

struct world {
    char flows[FLOWS_MAX][FLOW_SIZE];
    unsigned ids[FLOWS_MAX]; /* the flow's name is f and this */
    unsigned count, next;
    bool names, denies, spares;
    uint64_t random;
};

static unsigned below(struct world *w, unsigned limit) {
    return unit_random(&w->random, limit);
}

static const char *random_end(struct world *w) {
    size_t count = w->names ? sizeof ends / sizeof *ends : PLAIN;
    return ends[below(w, (unsigned)count)];
}

static void random_flow(struct world *w, unsigned id, char *text) {
    bool deny = w->denies && below(w, 3) == 0;
    char spares[40] = "";
    if (deny && w->spares && w->count > 0 && below(w, 2) == 0)
        snprintf(spares, sizeof spares, ", spares: f%u", w->ids[below(w, w->count)]);
    snprintf(
        text, FLOW_SIZE, "{name: f%u, source: [%s, %s], destination: %s, %s, tags: [%s]%s%s%s%s}",
        id, random_end(w), random_end(w), random_end(w),
        services[below(w, sizeof services / sizeof *services)], below(w, 3) > 0 ? "kept" : "left",
        deny ? ", action: deny" : "", spares, below(w, 9) == 0 ? ", expires: 2026-11-22" : "",
        below(w, 9) == 0 ? ", lint: {FL0101: because}" : "");
}

static void write_world(const struct world *w, char *text, size_t size) {
    size_t used = (size_t)snprintf(text, size, "%s", world_head);
    for (unsigned i = 0; i < w->count; i++)
        used += (size_t)snprintf(text + used, size - used, "  - %s\n", w->flows[i]);
}

static struct unit_policy load_world(const struct world *w) {
    char text[sizeof world_head + FLOWS_MAX * (FLOW_SIZE + 8)];
    write_world(w, text, sizeof text);
    return unit_load(text);
}

/* ---- what is said of a change -------------------------------------------------------------- */

struct lines {
    char *items[4096];
    size_t count;
};

__attribute__((format(printf, 2, 3))) static void add_line(struct lines *lines, const char *format,
                                                           ...) {
    char text[2000];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (lines->count < sizeof lines->items / sizeof *lines->items)
        lines->items[lines->count++] = strdup(text);
}

static int by_text(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static const char *text_of(const char *text) {
    return text == NULL ? "-" : text;
}

/* ---- packets ------------------------------------------------------------------------------- */

/* Packets of every kind that the flows tell apart: of these sources, destinations and services. */
static const char *const address_points[] = {"10.0.0.0", "10.0.0.1",    "10.0.0.2",   "10.0.0.3",
                                             "10.0.0.4", "10.0.0.5",    "10.0.0.6",   "10.0.0.7",
                                             "10.0.0.8", "2001:db8::1", "2001:db8::9"};
static const char *const atom_points[] = {"a.example.com", "*.example.com", "b.example.net",
                                          "c.example.com", "*.com",         "network: pods",
                                          "network: nodes"};
#define ADDRESS_POINTS (sizeof address_points / sizeof *address_points)
#define ATOM_POINTS    (sizeof atom_points / sizeof *atom_points)
#define POINTS         (ADDRESS_POINTS + ATOM_POINTS)

static const struct {
    const char *protocol;
    unsigned port, from; /* or type and code */
} service_points[] = {{"tcp", 1, 9},  {"tcp", 2, 9},  {"tcp", 3, 9},    {"tcp", 9, 9},
                      {"udp", 1, 7},  {"udp", 1, 9},  {"udp", 2, 7},    {"udp", 2, 9},
                      {"udp", 9, 9},  {"sctp", 1, 9}, {"sctp", 2, 9},   {"icmp", 8, 0},
                      {"icmp", 3, 0}, {"icmp", 8, 4}, {"icmpv6", 1, 0}, {"gre", 0, 0}};
#define SERVICE_POINTS (sizeof service_points / sizeof *service_points)

/* The next part of a list; parts in brackets are of one part. NULL: there is none. */
static char *next_part(char **rest) {
    char *part = *rest, *end = part;
    int depth = 0;
    if (part == NULL || *part == '\0')
        return NULL;
    for (; *end != '\0' && (depth > 0 || strncmp(end, ", ", 2) != 0); end++)
        depth += (*end == '(') - (*end == ')');
    *rest = *end == '\0' ? end : end + 2;
    *end = '\0';
    return part;
}

/* What is in the brackets at the end of a part, which loses them; NULL: it has none. */
static char *take_brackets(char *part) {
    char *open = strstr(part, " (");
    if (open == NULL)
        return NULL;
    *open = '\0';
    open[strlen(open + 2) + 1] = '\0';
    return open + 2;
}

static bool is_ipv6(const char *point) {
    return strchr(point, ':') != NULL;
}

/*
 * Whether a text has a packet. Beside addresses, which names are listed depends on what other flows
 * name: each may have such an address.
 */
enum has { HAS_NOT, MAY_HAVE, HAS };

static enum has ends_has(const char *text, const char *point, bool atom);

/* Is an address or a name in one part of an end? */
static enum has part_has(char *part, const char *point, bool atom) {
    char *inner = take_brackets(part);
    struct flowrules_range range, own;
    unsigned length = 0;
    if (strcmp(part, "any") == 0)
        return HAS;
    if (strncmp(part, "every", 5) == 0)
        return atom ? MAY_HAVE : HAS_NOT;
    if (strncmp(part, "any IPv", 7) == 0 && !atom)
        return is_ipv6(point) == (part[7] == '6') &&
                       (inner == NULL || ends_has(inner + strlen("not "), point, false) == HAS_NOT)
                   ? HAS
                   : HAS_NOT;
    if (strncmp(part, "any IPv", 7) == 0)
        return MAY_HAVE;
    if (inner != NULL) /* a network with its addresses */
        return ends_has(inner, point, atom);
    bool has = atom && strcmp(part, point) == 0;
    if (fr_range_parse(part, strlen(part), &range, &length) == FR_RANGE_OK && atom)
        return MAY_HAVE;
    if (fr_range_parse(part, strlen(part), &range, &length) == FR_RANGE_OK)
        has = fr_range_parse(point, strlen(point), &own, &length) == FR_RANGE_OK &&
              own.family == range.family && fr_ip_compare(range.first, own.first) <= 0 &&
              fr_ip_compare(own.first, range.last) <= 0;
    else if (!has && atom && strncmp(part, "*.", 2) == 0 && fr_name_is_below(point, part + 2))
        return MAY_HAVE; /* names that others name are listed for themselves */
    return has ? HAS : HAS_NOT;
}

static enum has ends_has(const char *text, const char *point, bool atom) {
    char copy[1000], *rest = copy, *part;
    enum has has = HAS_NOT;
    snprintf(copy, sizeof copy, "%s", text);
    while ((part = next_part(&rest)) != NULL) {
        enum has own = part_has(part, point, atom);
        has = own > has ? own : has;
    }
    return has;
}

static bool numbers_have(const char *text, unsigned number) {
    char *end;
    unsigned long first = strtoul(text, &end, 10);
    unsigned long last = *end == '-' ? strtoul(end + 1, NULL, 10) : first;
    return first <= number && number <= last;
}

/* Is the packet among those of "type 3 code 4"? */
static bool types_have(const char *text, size_t point) {
    const char *type = strstr(text, "type "), *code = strstr(text, "code ");
    return (type == NULL || numbers_have(type + 5, service_points[point].port)) &&
           (code == NULL || numbers_have(code + 5, service_points[point].from));
}

static bool holes_have(char *holes, size_t point, bool icmp) {
    char *part;
    bool has = false;
    while ((part = next_part(&holes)) != NULL)
        has = has ||
              (icmp ? types_have(part, point) : numbers_have(part, service_points[point].port));
    return has;
}

static bool service_part_has(char *part, size_t point) {
    size_t length = strlen(service_points[point].protocol);
    bool icmp = strncmp(service_points[point].protocol, "icmp", 4) == 0;
    char *holes = take_brackets(part);
    if (strcmp(part, "any protocol") == 0)
        return true;
    if (strcmp(part, "every other protocol") == 0)
        return strcmp(service_points[point].protocol, "gre") == 0;
    if (strncmp(part, service_points[point].protocol, length) != 0 ||
        strchr("/ ", part[length]) == NULL)
        return false;
    if (holes != NULL)
        return !holes_have(holes + strlen("not "), point, icmp);
    if (icmp)
        return types_have(part, point);
    const char *from = strstr(part, "from port ");
    return (part[length] != '/' || numbers_have(part + length + 1, service_points[point].port)) &&
           (from == NULL || numbers_have(from + 10, service_points[point].from));
}

static bool service_has(const char *text, size_t point) {
    char copy[1000], *rest = copy, *part;
    bool has = false;
    snprintf(copy, sizeof copy, "%s", text);
    while ((part = next_part(&rest)) != NULL)
        has = service_part_has(part, point) || has;
    return has;
}

/* What is said of packets: which row has which ends and services. */
struct row {
    enum has ends[2][POINTS];
    bool services[SERVICE_POINTS];
    char change[80];
};

struct rows {
    struct row items[400];
    size_t count;
    bool cut;     /* not all is in the texts */
    bool unnamed; /* the flows are left out: of several that allow a packet, any may be told */
};

static void read_row(struct row *row, const flowrules_comparison *c, size_t i, bool unnamed) {
    const char *const texts[2] = {flowrules_difference_source(c, i),
                                  flowrules_difference_destination(c, i)};
    for (size_t e = 0; e < 2; e++)
        for (size_t p = 0; p < POINTS; p++)
            row->ends[e][p] = ends_has(
                texts[e], p < ADDRESS_POINTS ? address_points[p] : atom_points[p - ADDRESS_POINTS],
                p >= ADDRESS_POINTS);
    for (size_t p = 0; p < SERVICE_POINTS; p++)
        row->services[p] = service_has(flowrules_difference_service(c, i), p);
    snprintf(row->change, sizeof row->change, "%s %s %s: %s => %s",
             flowrules_difference_change(c, i), flowrules_difference_direction(c, i),
             flowrules_difference_packets(c, i), text_of(flowrules_difference_flow(c, i, 0)),
             text_of(flowrules_difference_flow(c, i, 1)));
    if (unnamed)
        *strchr(row->change, ':') = '\0';
}

static void read_rows(struct rows *rows, const flowrules_comparison *c) {
    rows->count = flowrules_difference_count(c);
    rows->cut = rows->count > sizeof rows->items / sizeof *rows->items;
    for (size_t i = 0; i < rows->count && !rows->cut; i++) {
        rows->cut = strstr(flowrules_difference_source(c, i), " more") != NULL ||
                    strstr(flowrules_difference_destination(c, i), " more") != NULL ||
                    strstr(flowrules_difference_service(c, i), " more") != NULL;
        read_row(&rows->items[i], c, i, rows->unnamed);
    }
}

static const char *point_text(size_t point) {
    return point < ADDRESS_POINTS ? address_points[point] : atom_points[point - ADDRESS_POINTS];
}

/* A packet: of two ends and a service. */
struct point {
    size_t ends[2], service;
};

static bool row_has(const struct row *row, const struct point *p, enum has least) {
    return row->services[p->service] && row->ends[0][p->ends[0]] >= least &&
           row->ends[1][p->ends[1]] >= least;
}

/* Whatever one side surely says of a packet, the other says, perhaps, too. */
static bool says_as_much(const struct rows *a, const struct rows *b, const struct point *p) {
    for (size_t i = 0; i < a->count; i++) {
        bool said = !row_has(&a->items[i], p, HAS);
        for (size_t k = 0; k < b->count && !said; k++)
            said = row_has(&b->items[k], p, MAY_HAVE) &&
                   strcmp(a->items[i].change, b->items[k].change) == 0;
        if (!said) {
            printf("\n    only one says: %s -> %s %s/%u: %s\n", point_text(p->ends[0]),
                   point_text(p->ends[1]), service_points[p->service].protocol,
                   service_points[p->service].port, a->items[i].change);
            return false;
        }
    }
    return true;
}

/*
 * The ends at which an old or new flow has all addresses of a family. These have every name; the
 * whole comparison lists there the names of flows that have nothing to do with the change, as if
 * they had addresses beyond all addresses.
 */
static void find_whole_ends(const char *flow, bool whole[2]) {
    static const char *const words[] = {"any", "0.0.0.0/0", "::/0", "others"};
    const char *to = strstr(flow, "destination:"), *end = strstr(flow, "tags:");
    for (size_t i = 0; i < sizeof words / sizeof *words && to != NULL; i++)
        for (const char *at = flow; (at = strstr(at, words[i])) != NULL; at++)
            if (at < to || (at < end && strncmp(at - 9, "service: ", 9) != 0))
                whole[at > to] = true;
}

/* Do two comparisons, the second one whole, say the same of all packets? */
static bool same_rows(const struct rows *a, const struct rows *b, const bool whole[2]) {
    bool same = true;
    struct point p;
    for (p.ends[0] = 0; p.ends[0] < POINTS && same; p.ends[0]++)
        for (p.ends[1] = 0; p.ends[1] < POINTS && same; p.ends[1]++)
            for (p.service = 0; p.service < SERVICE_POINTS && same; p.service++)
                same = says_as_much(a, b, &p) &&
                       ((whole[0] && p.ends[0] >= ADDRESS_POINTS) ||
                        (whole[1] && p.ends[1] >= ADDRESS_POINTS) || says_as_much(b, a, &p));
    return same;
}

/* What a doubt says, but for the name: any of several may be told. */
static const char *doubt_of(const flowrules_comparison *c, size_t i) {
    const char *text = flowrules_doubt_text(c, i), *share = strstr(text, " may share");
    return share == NULL ? text : share;
}

/* The verdict and the doubts. */
static void add_verdict(struct lines *lines, const flowrules_comparison *c) {
    add_line(lines, "verdict %s", flowrules_comparison_verdict(c));
    for (size_t i = 0; i < flowrules_doubt_count(c); i++)
        add_line(lines, "doubt%s (%d)", doubt_of(c, i), flowrules_doubt_after(c, i));
    qsort(lines->items, lines->count, sizeof *lines->items, by_text);
}

static void free_lines(struct lines *lines) {
    for (size_t i = 0; i < lines->count; i++)
        free(lines->items[i]);
    lines->count = 0;
}

static bool same_lines(const struct lines *a, const struct lines *b) {
    bool same = a->count == b->count;
    for (size_t i = 0; i < a->count && same; i++)
        same = strcmp(a->items[i], b->items[i]) == 0;
    return same;
}

static void print_lines(const char *title, const struct lines *lines) {
    printf("    %s\n", title);
    for (size_t i = 0; i < lines->count; i++)
        printf("      %s\n", lines->items[i]);
}

/*
 * The errors that a context has, from a message on; what is warned of is of the whole policy. Where
 * two flows have one name, the later one in the file is wrong, or the text: only that is compared.
 */
static void add_errors(struct lines *lines, const flowrules_context *context, size_t first) {
    bool twice = false;
    for (size_t i = first; i < flowrules_diagnostic_count(context); i++)
        twice = twice || strcmp(flowrules_diagnostic_id(context, i), "FR0214") == 0;
    for (size_t i = first; i < flowrules_diagnostic_count(context); i++)
        if (flowrules_diagnostic_severity(context, i) == FLOWRULES_ERROR &&
            (!twice || strcmp(flowrules_diagnostic_id(context, i), "FR0214") == 0))
            add_line(lines, "%s %s", flowrules_diagnostic_id(context, i),
                     flowrules_diagnostic_message(context, i));
    qsort(lines->items, lines->count, sizeof *lines->items, by_text);
}

static flowrules_status compare_whole(const struct unit_policy *before,
                                      const struct unit_policy *after, struct lines *lines,
                                      struct rows *rows) {
    flowrules_meaning *meanings[2] = {NULL, NULL};
    flowrules_comparison *c = NULL;
    CU_ASSERT_EQUAL_FATAL(
        flowrules_meaning_of_policy(&meanings[0], before->context, before->policy, NULL),
        FLOWRULES_OK);
    CU_ASSERT_EQUAL_FATAL(
        flowrules_meaning_of_policy(&meanings[1], before->context, after->policy, NULL),
        FLOWRULES_OK);
    flowrules_status status = flowrules_compare(&c, before->context, meanings[0], meanings[1]);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c);
    add_verdict(lines, c);
    read_rows(rows, c);
    flowrules_comparison_free(c);
    flowrules_meaning_free(meanings[0]);
    flowrules_meaning_free(meanings[1]);
    return status;
}

/* ---- a random change ----------------------------------------------------------------------- */

/* What is done with the world: a flow is added, replaced (perhaps by one of another name), removed.
 */
struct change {
    unsigned kind, place, id; /* 0 adds, 1 replaces, 2 removes */
    char text[FLOW_SIZE];
};

static void random_change(struct world *w, struct change *change) {
    change->kind = w->count == FLOWS_MAX ? 1 + below(w, 2) : w->count == 0 ? 0 : below(w, 3);
    change->place = change->kind == 0 ? w->count : below(w, w->count);
    change->id = change->kind == 1 && below(w, 4) > 0 ? w->ids[change->place] : w->next++;
    if (change->kind == 1 && below(w, 9) == 0)
        change->id = w->ids[below(w, w->count)]; /* perhaps another's */
    random_flow(w, change->id, change->text);
}

static void apply_change(struct world *w, const struct change *change) {
    unsigned place = change->place;
    if (change->kind == 2) {
        memmove(w->flows[place], w->flows[place + 1], (w->count - place - 1) * FLOW_SIZE);
        memmove(&w->ids[place], &w->ids[place + 1], (w->count - place - 1) * sizeof *w->ids);
        w->count--;
        return;
    }
    w->count += change->kind == 0;
    w->ids[place] = change->id;
    memcpy(w->flows[place], change->text, FLOW_SIZE);
}

static flowrules_status edit_by(flowrules_comparison **changes, flowrules_edit *edit,
                                const struct world *w, const struct change *change) {
    char name[20];
    snprintf(name, sizeof name, "f%u", w->ids[change->place]);
    if (change->kind == 0)
        return flowrules_edit_add(changes, edit, change->text, strlen(change->text));
    if (change->kind == 1)
        return flowrules_edit_replace(changes, edit, name, change->text, strlen(change->text));
    return flowrules_edit_remove(changes, edit, name);
}

/* Makes a change, and holds what is said of it against the whole policies. False: it is not right.
 */
/*
 * Where denies spare flows with names, the order of flows elsewhere decides what is in doubt: one
 * side may know what the other does not, but no two verdicts may contradict each other.
 */
static bool may_both_be(const struct lines *a, const struct lines *b) {
    const char *verdicts[2] = {"", ""};
    const struct lines *sides[2] = {a, b};
    for (size_t i = 0; i < 2; i++)
        if (sides[i]->count > 0)
            verdicts[i] = sides[i]->items[sides[i]->count - 1];
    bool unknown =
        strcmp(verdicts[0], "verdict unknown") == 0 || strcmp(verdicts[1], "verdict unknown") == 0;
    return strncmp(verdicts[0], "verdict", 7) == 0 && strncmp(verdicts[1], "verdict", 7) == 0 &&
           (unknown || strcmp(verdicts[0], verdicts[1]) == 0);
}

static bool try_change(struct world *w, flowrules_edit *edit, flowrules_context *context) {
    struct change change;
    struct world changed = *w;
    static struct lines told, whole;
    static struct rows told_rows, whole_rows;
    flowrules_comparison *changes;
    told_rows.count = whole_rows.count = 0;
    told_rows.unnamed = whole_rows.unnamed = w->spares;
    random_change(w, &change);
    changed.random = w->random;
    changed.next = w->next;
    apply_change(&changed, &change);
    size_t first = flowrules_diagnostic_count(context);
    flowrules_status status = edit_by(&changes, edit, w, &change), expected;
    struct unit_policy before = load_world(w), after = load_world(&changed);
    if (after.policy != NULL) {
        expected = compare_whole(&before, &after, &whole, &whole_rows);
        if (changes != NULL) {
            add_verdict(&told, changes);
            read_rows(&told_rows, changes);
        }
    } else {
        expected = FLOWRULES_INVALID;
        add_errors(&whole, after.context, 0);
        add_errors(&told, context, first);
    }
    bool wide[2] = {false, false};
    find_whole_ends(change.text, wide);
    if (change.kind > 0)
        find_whole_ends(w->flows[change.place], wide);
    bool lenient = w->names && (wide[0] || wide[1]) && told_rows.count == 0;
    lenient = lenient || (w->names && w->spares && may_both_be(&told, &whole));
    bool right = ((status == expected && same_lines(&told, &whole)) || lenient) &&
                 (told_rows.cut || whole_rows.cut || same_rows(&told_rows, &whole_rows, wide));
    if (!right) {
        char text[sizeof world_head + FLOWS_MAX * (FLOW_SIZE + 8)];
        write_world(w, text, sizeof text);
        printf("\n%s    change %u of %u: %s\n    status %d, not %d\n", text, change.kind,
               change.place, change.text, (int)status, (int)expected);
        print_lines("told", &told);
        print_lines("whole", &whole);
    }
    flowrules_comparison_free(changes);
    free_lines(&told);
    free_lines(&whole);
    unit_unload(&before);
    unit_unload(&after);
    if (expected != FLOWRULES_INVALID)
        *w = changed;
    return right;
}

/* ---- the policy at the end ----------------------------------------------------------------- */

static char *rendered(flowrules_context *context, const flowrules_policy *policy,
                      const char *target) {
    flowrules_artifact *artifact = NULL;
    flowrules_status status = flowrules_render(&artifact, context, policy, target);
    char *text = artifact != NULL ? unit_artifact_text(artifact) : strdup("");
    CU_ASSERT(status != FLOWRULES_NO_MEMORY);
    flowrules_artifact_free(artifact);
    return text;
}

/* A message without the lines of places: those of texts are their own. */
static const char *without_lines(const char *message, char *text) {
    size_t used = 0;
    for (const char *c = message; *c != '\0'; c++) {
        text[used++] = *c;
        if (*c == ':')
            c += strspn(c + 1, "0123456789");
    }
    text[used] = '\0';
    return text;
}

static void add_findings(struct lines *lines, flowrules_context *context,
                         const flowrules_policy *policy) {
    flowrules_findings *findings = NULL;
    char text[1000];
    flowrules_status status = flowrules_lint(&findings, context, policy);
    CU_ASSERT(status == FLOWRULES_OK || status == FLOWRULES_DIFFERENT);
    for (size_t i = 0; i < flowrules_finding_count(findings); i++)
        add_line(lines, "%s %s (%s)", flowrules_finding_id(findings, i),
                 without_lines(flowrules_finding_message(findings, i), text),
                 text_of(flowrules_finding_reason(findings, i)));
    qsort(lines->items, lines->count, sizeof *lines->items, by_text);
    flowrules_findings_free(findings);
}

/* The policy of an edit is the one that the flows would be from the start. */
static bool is_as_loaded(const struct world *w, flowrules_edit *edit, flowrules_context *context) {
    static const char *const targets[] = {"list", "edge", "nftables"};
    flowrules_policy *policy;
    static struct lines own, whole;
    struct unit_policy loaded = load_world(w);
    CU_ASSERT_EQUAL_FATAL(flowrules_edit_policy(&policy, edit), FLOWRULES_OK);
    bool same = flowrules_flow_count(policy) == w->count;
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        char *a = rendered(context, policy, targets[i]);
        char *b = rendered(loaded.context, loaded.policy, targets[i]);
        same = same && strcmp(a, b) == 0;
        free(a);
        free(b);
    }
    add_findings(&own, context, policy);
    add_findings(&whole, loaded.context, loaded.policy);
    if (!same_lines(&own, &whole)) {
        print_lines("findings", &own);
        print_lines("of the loaded policy", &whole);
    }
    same = same && same_lines(&own, &whole);
    free_lines(&own);
    free_lines(&whole);
    flowrules_policy_free(policy);
    unit_unload(&loaded);
    return same;
}

/* ---- random worlds ------------------------------------------------------------------------- */

/* An edit of the policy that an edit has made. */
static flowrules_edit *begin_again(flowrules_edit *edit, flowrules_context *context) {
    flowrules_policy *policy;
    flowrules_edit *next;
    CU_ASSERT_EQUAL_FATAL(flowrules_edit_policy(&policy, edit), FLOWRULES_OK);
    flowrules_edit_free(edit);
    CU_ASSERT_EQUAL_FATAL(flowrules_policy_edit(&next, context, policy, "policy.yaml"),
                          FLOWRULES_OK);
    flowrules_policy_free(policy);
    return next;
}

static bool try_world(uint64_t seed, bool names, bool denies, bool spares) {
    struct world w = {.names = names,
                      .denies = denies,
                      .spares = spares,
                      .random = seed * 2654435761u + 88172645463325252u};
    flowrules_edit *edit;
    for (unsigned i = 0; i < 3; i++)
        below(&w, 2);
    w.count = 0;
    for (unsigned i = 0, count = 2 + below(&w, 8); i < count; i++) {
        random_flow(&w, i, w.flows[i]);
        w.ids[w.count++] = i;
    }
    w.next = w.count;
    struct unit_policy loaded = load_world(&w);
    if (loaded.policy == NULL) { /* a flow that no packet can match, or a spared deny */
        unit_unload(&loaded);
        return true;
    }
    CU_ASSERT_EQUAL_FATAL(
        flowrules_policy_edit(&edit, loaded.context, loaded.policy, "policy.yaml"), FLOWRULES_OK);
    flowrules_policy_free(loaded.policy);
    loaded.policy = NULL;
    bool right = true;
    for (unsigned i = 0; i < EDITS && right; i++) {
        right = try_change(&w, edit, loaded.context);
        if (right && i == EDITS / 2)
            edit = begin_again(edit, loaded.context);
    }
    right = right && is_as_loaded(&w, edit, loaded.context);
    flowrules_edit_free(edit);
    unit_unload(&loaded);
    return right;
}

static void try_worlds(bool names, bool denies, bool spares) {
    uint64_t rounds = unit_rounds(60, 300, 5000), seed = 1;
    for (; seed <= rounds; seed++)
        if (!try_world(seed, names, denies, spares)) {
            printf("    seed %llu\n", (unsigned long long)seed);
            break;
        }
    CU_ASSERT(seed > rounds);
}

static void addresses_alone(void) {
    try_worlds(false, true, false);
}

static void names_and_groups(void) {
    try_worlds(true, false, false);
}

static void denies_of_names(void) {
    try_worlds(true, true, false);
}

static void denies_that_spare(void) {
    try_worlds(false, true, true);
    try_worlds(true, true, true);
}

/* ---- very many flows ----------------------------------------------------------------------- */

#define HOSTS 900u

static void host_flow(char *text, const char *name, unsigned i) {
    snprintf(text, FLOW_SIZE,
             "{name: %s%u, source: 10.%u.%u.1, destination: [192.0.2.%u, a%u.example.com], "
             "protocol: tcp, port: %u}",
             name, i, i / 200, i % 200, i % 250, i, 1 + i % 3);
}

static bool expect(flowrules_status status, flowrules_comparison *changes, const char *what,
                   flowrules_status expected) {
    flowrules_comparison_free(changes);
    if (status != expected)
        printf("\n    %s: %d, not %d\n", what, (int)status, (int)expected);
    return status == expected;
}

static bool adds(flowrules_edit *edit, const char *text, flowrules_status expected) {
    flowrules_comparison *changes;
    flowrules_status status = flowrules_edit_add(&changes, edit, text, strlen(text));
    return expect(status, changes, text, expected);
}

static bool removes(flowrules_edit *edit, const char *name, flowrules_status expected) {
    flowrules_comparison *changes;
    flowrules_status status = flowrules_edit_remove(&changes, edit, name);
    return expect(status, changes, name, expected);
}

/* What is found among the flows of many changes, wherever the index has them. */
static void finds_all(void) {
    char text[FLOW_SIZE], name[20];
    flowrules_edit *edit;
    bool right = true;
    struct unit_policy loaded = unit_load(
        "flowrules: 1\nflows: [{name: x, source: any, destination: 10.9.9.9, service: any}]\n");
    CU_ASSERT_EQUAL_FATAL(flowrules_policy_edit(&edit, loaded.context, loaded.policy, NULL),
                          FLOWRULES_OK);
    for (unsigned i = 0; i < HOSTS && right; i++) {
        host_flow(text, "f", i);
        right = adds(edit, text, FLOWRULES_DIFFERENT);
    }
    for (unsigned i = 0; i < HOSTS && right; i += 7) {
        host_flow(text, "g", i);
        right = adds(edit, text, FLOWRULES_OK);
        snprintf(name, sizeof name, "f%u", i);
        right = right && removes(edit, name, FLOWRULES_OK);
        snprintf(name, sizeof name, "g%u", i);
        right = right && (i % 2 == 0 || removes(edit, name, FLOWRULES_DIFFERENT));
    }
    CU_ASSERT(right);
    flowrules_edit_free(edit);
    unit_unload(&loaded);
}

/* The same flow again and again: what it was is forgotten. */
static void forgets_versions(void) {
    char text[FLOW_SIZE];
    flowrules_edit *edit;
    flowrules_comparison *changes;
    bool right = true;
    struct unit_policy loaded = unit_load(
        "flowrules: 1\nflows: [{name: f0, source: any, destination: 10.9.9.9, service: any}]\n");
    CU_ASSERT_EQUAL_FATAL(flowrules_policy_edit(&edit, loaded.context, loaded.policy, NULL),
                          FLOWRULES_OK);
    for (unsigned i = 0; i < 2000 && right; i++) {
        snprintf(text, sizeof text,
                 "{name: f0, source: 10.0.0.0/8, destination: 192.0.2.1, service: any%s}",
                 i % 2 == 0 ? ", action: deny" : "");
        right =
            flowrules_edit_replace(&changes, edit, "f0", text, strlen(text)) == FLOWRULES_DIFFERENT;
        flowrules_comparison_free(changes);
    }
    CU_ASSERT(right);
    flowrules_edit_free(edit);
    unit_unload(&loaded);
}

/* ---- errors -------------------------------------------------------------------------------- */

static const char named_policy[] =
    "flowrules: 1\n"
    "networks: {office: 192.0.2.0/24}\n"
    "flows:\n"
    "  - {name: web, source: office, destination: 198.51.100.1, protocol: tcp, port: 443}\n"
    "  - {name: none, source: any, destination: 198.51.100.0/24, service: any,\n"
    "     action: deny, spares: [web]}\n"
    "targets:\n"
    "  list: {backend: plain, allow-loss: [{flow: web, loss: narrow}]}\n";

/* A change that fails, with its first message. */
static void fails(flowrules_edit *edit, flowrules_context *context, const char *flow,
                  const char *text, flowrules_status status, const char *message) {
    flowrules_comparison *changes;
    char said[400] = "";
    flowrules_diagnostics_clear(context);
    flowrules_status own = text == NULL ? flowrules_edit_remove(&changes, edit, flow)
                           : flow == NULL
                               ? flowrules_edit_add(&changes, edit, text, strlen(text))
                               : flowrules_edit_replace(&changes, edit, flow, text, strlen(text));
    CU_ASSERT_PTR_NULL(changes);
    CU_ASSERT_EQUAL(own, status);
    if (flowrules_diagnostic_count(context) > 0)
        snprintf(said, sizeof said, "%s:%u:%u: %s (%s)",
                 text_of(flowrules_diagnostic_file(context, 0)),
                 flowrules_diagnostic_line(context, 0), flowrules_diagnostic_column(context, 0),
                 flowrules_diagnostic_message(context, 0),
                 text_of(flowrules_diagnostic_hint(context, 0)));
    if (strcmp(said, message) != 0)
        printf("\n    %s\n    not %s\n", said, message);
    CU_ASSERT_STRING_EQUAL(said, message);
}

static void tells_errors(void) {
    static const char whole[] = "{name: web, source: office, destination: 198.51.100.1, "
                                "protocol: tcp, port: 443, action: deny}";
    struct unit_policy p = unit_load(named_policy);
    flowrules_edit *edit;
    CU_ASSERT_EQUAL_FATAL(flowrules_policy_edit(&edit, p.context, p.policy, NULL), FLOWRULES_OK);
    fails(edit, p.context, NULL, "name: a\nsource: offise\ndestination: any\nservice: any\n",
          FLOWRULES_INVALID, "edit:2:9: there is no network 'offise' (did you mean 'office'?)");
    fails(edit, p.context, NULL,
          "- name: web\n  source: office\n  destination: any\n  service: any\n", FLOWRULES_INVALID,
          "edit:1:9: two flows have the name 'web' (the first is in policy.yaml line 4)");
    fails(edit, p.context, NULL, "", FLOWRULES_INVALID,
          "edit:1:1: the text is empty (write one flow: 'name: ...' and its other keys)");
    fails(edit, p.context, NULL, "- {name: a, source: any, destination: any, service: any}\n- {}\n",
          FLOWRULES_INVALID,
          "edit:2:3: the text must have one flow, as a mapping or a list with one item (write one "
          "flow: 'name: ...' and its other keys)");
    fails(edit, p.context, NULL, "[]", FLOWRULES_INVALID,
          "edit:1:1: the text must have one flow, as a mapping or a list with one item (write one "
          "flow: 'name: ...' and its other keys)");
    fails(edit, p.context, "web", "{name: b, source: any, destination: any, service: any",
          FLOWRULES_INVALID,
          "edit:2:1: this is not YAML: a mapping in { } does not end (see line 1) (a ',' or the "
          "closing '}' is missing)");
    fails(edit, p.context, "webb", whole, FLOWRULES_USAGE,
          "-:0:0: there is no flow 'webb' (did you mean 'web'?)");
    fails(edit, p.context, "webb", NULL, FLOWRULES_USAGE,
          "-:0:0: there is no flow 'webb' (did you mean 'web'?)");
    fails(edit, p.context, "web", NULL, FLOWRULES_INVALID,
          "policy.yaml:6:29: there is no flow 'web' (the name of a flow under flows)");
    fails(edit, p.context, "web", whole, FLOWRULES_INVALID,
          "policy.yaml:6:29: 'web' is a deny: only an allow can be spared (list only allows that "
          "the deny should not block)");
    CU_ASSERT_EQUAL(flowrules_flow_count(p.policy), 2);
    flowrules_edit_free(edit);
    unit_unload(&p);
}

/* The last flow stays; and a flow that a deny covers is warned of. */
static void tells_of_the_rest(void) {
    struct unit_policy p = unit_load(
        "flowrules: 1\n"
        "networks: {office: 192.0.2.0/24}\n"
        "flows:\n"
        "  - {name: web, source: office, destination: 198.51.100.1, protocol: tcp, port: 443}\n"
        "  - {name: none, source: any, destination: 198.51.100.8/29, service: any, action: "
        "deny}\n");
    flowrules_comparison *changes;
    flowrules_edit *edit;
    static const char covered[] =
        "{name: dns, source: office, destination: 198.51.100.9, protocol: udp, port: 53}";
    CU_ASSERT_EQUAL_FATAL(flowrules_policy_edit(&edit, p.context, p.policy, "new.yaml"),
                          FLOWRULES_OK);
    CU_ASSERT_EQUAL(flowrules_edit_add(&changes, edit, covered, strlen(covered)), FLOWRULES_OK);
    flowrules_comparison_free(changes);
    CU_ASSERT(unit_says(p.context, 0, "FR0320", 1, 8));
    CU_ASSERT_EQUAL(flowrules_edit_remove(&changes, edit, "none"), FLOWRULES_DIFFERENT);
    CU_ASSERT_EQUAL(flowrules_difference_count(changes), 1);
    CU_ASSERT_STRING_EQUAL(flowrules_difference_change(changes, 0), "allowed");
    CU_ASSERT_STRING_EQUAL(flowrules_difference_flow(changes, 0, 0), "none");
    CU_ASSERT_STRING_EQUAL(flowrules_difference_flow(changes, 0, 1), "dns");
    CU_ASSERT_STRING_EQUAL(flowrules_difference_source(changes, 0), "office (192.0.2.0/24)");
    flowrules_comparison_free(changes);
    CU_ASSERT_EQUAL(flowrules_edit_remove(&changes, edit, "dns"), FLOWRULES_DIFFERENT);
    flowrules_comparison_free(changes);
    fails(edit, p.context, "web", NULL, FLOWRULES_INVALID,
          "policy.yaml:4:12: without the flow 'web' the list of flows is empty (put another flow "
          "in its place)");
    flowrules_edit_free(edit);
    unit_unload(&p);
}

/* ---- lines --------------------------------------------------------------------------------- */

/* The lines that changed, as "- file:number text". */
static void add_changed_lines(struct lines *told, const flowrules_lines *lines) {
    for (size_t i = 0; i < flowrules_line_count(lines); i++)
        add_line(told, "%c %s:%zu %s", flowrules_line_change(lines, i)[0] == 'a' ? '+' : '-',
                 flowrules_line_file(lines, i), flowrules_line_number(lines, i),
                 flowrules_line_text(lines, i));
}

/* What a call says of a target's lines; then it is freed. */
static flowrules_status find_lines(flowrules_edit *edit, const char *target, struct lines *told) {
    flowrules_lines *lines;
    flowrules_status status = flowrules_edit_lines(&lines, edit, target);
    free_lines(told);
    if (status != FLOWRULES_OK && status != FLOWRULES_DIFFERENT) {
        CU_ASSERT_PTR_NULL(lines);
        return status;
    }
    add_changed_lines(told, lines);
    CU_ASSERT_PTR_NULL(flowrules_line_text(lines, told->count));
    CU_ASSERT_EQUAL(flowrules_line_number(lines, told->count), 0);
    flowrules_lines_free(lines);
    return status;
}

static bool replaces(flowrules_edit *edit, const char *flow, const char *text,
                     flowrules_status expected) {
    flowrules_comparison *changes;
    flowrules_status status = flowrules_edit_replace(&changes, edit, flow, text, strlen(text));
    return expect(status, changes, text, expected);
}

/* Is there a line that begins so and has a text? */
static bool has_line(const struct lines *told, char change, const char *text) {
    for (size_t i = 0; i < told->count; i++)
        if (told->items[i][0] == change && strstr(told->items[i], text) != NULL)
            return true;
    return false;
}

static const char lines_policy[] =
    "flowrules: 1\n"
    "networks: {office: 192.0.2.0/24}\n"
    "protects: office\n"
    "flows:\n"
    "  - {name: web, source: office, destination: 198.51.100.1, protocol: tcp, port: 443}\n"
    "  - {name: dns, source: office, destination: 198.51.100.2, protocol: udp, port: 53}\n"
    "targets:\n"
    "  edge: {backend: cisco-asa, interface: inside, access-list: A, names: refuse}\n";

static void tells_lines(void) {
    struct unit_policy p = unit_load(lines_policy);
    static struct lines told;
    flowrules_edit *edit;
    CU_ASSERT_EQUAL_FATAL(flowrules_policy_edit(&edit, p.context, p.policy, NULL), FLOWRULES_OK);
    flowrules_policy_free(p.policy);
    p.policy = NULL;
    CU_ASSERT(replaces(edit, "web",
                       "{name: web, source: office, destination: 198.51.100.1, protocol: tcp, "
                       "port: 8080}",
                       FLOWRULES_DIFFERENT));
    CU_ASSERT_EQUAL(find_lines(edit, "edge", &told), FLOWRULES_DIFFERENT);
    CU_ASSERT(has_line(&told, '-', "eq 443") || has_line(&told, '-', "eq https"));
    CU_ASSERT(has_line(&told, '+', "eq 8080"));
    CU_ASSERT(!has_line(&told, '-', "permit udp"));
    CU_ASSERT_EQUAL(find_lines(edit, "edge", &told), FLOWRULES_OK);
    CU_ASSERT_EQUAL(told.count, 0);
    CU_ASSERT_EQUAL(find_lines(edit, "edgy", &told), FLOWRULES_USAGE);
    /* A target that cannot express a flow: later lines are compared with those before it. */
    CU_ASSERT(replaces(edit, "dns",
                       "{name: dns, source: office, destination: a.example.com, protocol: udp, "
                       "port: 53}",
                       FLOWRULES_DIFFERENT));
    CU_ASSERT_EQUAL(find_lines(edit, "edge", &told), FLOWRULES_REFUSED);
    CU_ASSERT(removes(edit, "dns", FLOWRULES_DIFFERENT));
    CU_ASSERT_EQUAL(find_lines(edit, "edge", &told), FLOWRULES_DIFFERENT);
    CU_ASSERT(has_line(&told, '-', "permit udp"));
    if (!has_line(&told, '-', "permit udp"))
        print_lines("lines", &told);
    free_lines(&told);
    flowrules_edit_free(edit);
    unit_unload(&p);
}

/* ---- memory that runs out ------------------------------------------------------------------ */

/* A row of changes, each of which is tried until it succeeds, or memory runs out for good. */
static char *edit_often(flowrules_context *context, const void *about, flowrules_status *status) {
    static const char *const texts[] = {
        "{name: dns, source: [office, a.example.com], destination: 198.51.100.9, protocol: udp, "
        "port: 53, tags: [x, y], lint: {FL0101: because}}",
        "{name: no-dns, source: 192.0.2.0/28, destination: any, service: any, action: deny, "
        "spares: dns}"};
    flowrules_policy *policy = NULL, *now = NULL;
    flowrules_edit *edit = NULL;
    flowrules_comparison *changes[3] = {NULL, NULL, NULL};
    flowrules_artifact *artifact = NULL;
    flowrules_lines *lines = NULL;
    char *text = NULL;
    *status = flowrules_policy_load_text(&policy, context, "policy.yaml", about, strlen(about));
    if (*status == FLOWRULES_OK)
        *status = flowrules_policy_edit(&edit, context, policy, NULL);
    for (size_t i = 0; i < 2 && (*status == FLOWRULES_OK || *status == FLOWRULES_DIFFERENT); i++)
        *status = flowrules_edit_add(&changes[i], edit, texts[i], strlen(texts[i]));
    if (*status == FLOWRULES_OK || *status == FLOWRULES_DIFFERENT)
        *status = flowrules_edit_remove(&changes[2], edit, "none");
    if (*status == FLOWRULES_OK || *status == FLOWRULES_DIFFERENT)
        *status = flowrules_edit_policy(&now, edit);
    if (*status == FLOWRULES_OK)
        *status = flowrules_render(&artifact, context, now, "list");
    if (*status == FLOWRULES_OK)
        *status = flowrules_edit_lines(&lines, edit, "list");
    if (*status == FLOWRULES_DIFFERENT)
        text = unit_artifact_text(artifact);
    flowrules_lines_free(lines);
    for (size_t i = 0; i < 3; i++)
        flowrules_comparison_free(changes[i]);
    flowrules_artifact_free(artifact);
    flowrules_edit_free(edit);
    flowrules_policy_free(now);
    flowrules_policy_free(policy);
    return text;
}

static void memory_runs_out(void) {
    unit_fail_each(edit_often, named_policy, UNIT_SINGLE, 23);
    unit_fail_each(edit_often, named_policy, UNIT_ONWARDS, 29);
}

/* A change without memory for it leaves all as it was: tried again, it says the same. */
static void stays_without_memory(void) {
    static const char text[] = "{name: web, source: office, destination: [198.51.100.1, "
                               "b.example.net], protocol: tcp, port: [80, 443], tags: [new]}";
    struct unit_budget budget = {.left = SIZE_MAX};
    struct fr_allocator allocator = unit_allocator(&budget);
    flowrules_comparison *changes = NULL;
    flowrules_context *context;
    flowrules_policy *policy;
    flowrules_edit *edit;
    CU_ASSERT_EQUAL_FATAL(
        flowrules_context_new_with_allocator(&context, allocator.resize, allocator.user),
        FLOWRULES_OK);
    CU_ASSERT_EQUAL_FATAL(flowrules_policy_load_text(&policy, context, "policy.yaml", named_policy,
                                                     strlen(named_policy)),
                          FLOWRULES_OK);
    CU_ASSERT_EQUAL_FATAL(flowrules_policy_edit(&edit, context, policy, NULL), FLOWRULES_OK);
    flowrules_status status = FLOWRULES_NO_MEMORY;
    size_t tries = 0;
    for (; status == FLOWRULES_NO_MEMORY && tries < 5000; tries++) {
        budget.left = tries;
        flowrules_diagnostics_clear(context);
        status = flowrules_edit_replace(&changes, edit, "web", text, strlen(text));
    }
    budget.left = SIZE_MAX;
    CU_ASSERT(tries > 100);
    CU_ASSERT_EQUAL_FATAL(status, FLOWRULES_DIFFERENT);
    for (size_t i = 0; i < flowrules_difference_count(changes); i++) {
        CU_ASSERT_STRING_EQUAL(flowrules_difference_change(changes, i), "allowed");
        CU_ASSERT_STRING_EQUAL(flowrules_difference_flow(changes, i, 1), "web");
    }
    flowrules_comparison_free(changes);
    flowrules_edit_free(edit);
    flowrules_policy_free(policy);
    flowrules_context_free(context);
    CU_ASSERT_EQUAL(budget.live, 0);
}

static const struct unit_test tests[] = {{"edit_addresses", addresses_alone},
                                         {"edit_names", names_and_groups},
                                         {"edit_denies_of_names", denies_of_names},
                                         {"edit_spares", denies_that_spare},
                                         {"edit_finds_all", finds_all},
                                         {"edit_forgets", forgets_versions},
                                         {"edit_errors", tells_errors},
                                         {"edit_rest", tells_of_the_rest},
                                         {"edit_lines", tells_lines},
                                         {"edit_memory", memory_runs_out},
                                         {"edit_stays_without_memory", stays_without_memory},
                                         {NULL, NULL}};

UNIT_SUITE(edit) {
    unit_suite("edit", tests);
}
