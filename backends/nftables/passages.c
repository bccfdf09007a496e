/*
 * Interfaces in nft's syntax: "iifname", "oifname", and the verdict maps that look up many passages
 * at once. Every name was checked: letters, digits and ._-@ alone, with a '*' at its end.
 */
#include "passages.h"

#include <string.h>

/* Up to this many passages a line for each reads better than a map. */
enum { LINES_MAX = 3 };
/* Up to this many rules say their interfaces themselves. */
enum { RULES_MAX = 2 };

static const char *const key_word[] = {"iifname", "oifname"};

static const struct flowrules_interfaces *side_of(const struct flowrules_passage *passage,
                                                  enum flowrules_end end) {
    return end == FLOWRULES_SOURCE ? &passage->enters : &passage->leaves;
}

static bool is_pattern(const char *name) {
    return name[strlen(name) - 1] == '*';
}

/* The names that are whole ones. */
static size_t whole_names(const struct flowrules_interfaces *side) {
    size_t count = 0;
    for (size_t i = 0; i < side->count; i++)
        count += !is_pattern(side->names[i]);
    return count;
}

/* How many lines a side is said in: one for all whole names, one for each pattern. */
static size_t line_count(const struct flowrules_interfaces *side) {
    size_t whole = whole_names(side);
    if (side->count == 0)
        return 1;
    return side->count - whole + (whole > 0);
}

static void write_whole_names(flowrules_writer *w, const struct flowrules_interfaces *side) {
    bool several = whole_names(side) > 1;
    const char *between = several ? "{ " : "";
    for (size_t i = 0; i < side->count; i++)
        if (!is_pattern(side->names[i])) {
            flowrules_writef(w, "%s\"%s\"", between, side->names[i]);
            between = ", ";
        }
    flowrules_write(w, several ? " } " : " ");
}

/* The pattern that a line is about. */
static const char *pattern_at(const struct flowrules_interfaces *side, size_t index) {
    for (size_t i = 0; i < side->count; i++)
        if (is_pattern(side->names[i]) && index-- == 0)
            return side->names[i];
    return "";
}

/* Of a machine, what is not at some interfaces is not at the loopback interface either. */
static void write_except(flowrules_writer *w, const struct flowrules_passage *passage,
                         enum flowrules_end end) {
    const struct flowrules_interfaces *side = side_of(passage, end);
    if (passage->direction != FLOWRULES_FORWARD && side->count == 0 && side->except_count > 0)
        flowrules_writef(w, "%s != \"lo\" ", key_word[end]);
    for (size_t i = 0; i < side->except_count; i++)
        flowrules_writef(w, "%s != \"%s\" ", key_word[end], side->except[i]);
}

static void write_side(flowrules_writer *w, const struct flowrules_passage *passage,
                       enum flowrules_end end, size_t line) {
    const struct flowrules_interfaces *side = side_of(passage, end);
    bool whole = whole_names(side) > 0;
    if (side->count > 0)
        flowrules_writef(w, "%s ", key_word[end]);
    if (line == 0 && whole)
        write_whole_names(w, side);
    else if (side->count > 0)
        flowrules_writef(w, "\"%s\" ", pattern_at(side, line - whole));
    write_except(w, passage, end);
}

bool fr_nftables_passage_match(flowrules_writer *w, const struct flowrules_passage *passage,
                               const char *before, struct fr_nftables_line *line) {
    if (!line->begun)
        line->begun = true;
    else if (++line->leaves == line_count(&passage->leaves)) {
        line->leaves = 0;
        line->enters++;
    }
    if (line->enters == line_count(&passage->enters))
        return false;
    flowrules_write(w, before);
    write_side(w, passage, FLOWRULES_SOURCE, line->enters);
    write_side(w, passage, FLOWRULES_DESTINATION, line->leaves);
    return true;
}

bool fr_nftables_elsewhere(flowrules_writer *w, const struct flowrules_interfaces *own, bool host,
                           size_t line) {
    size_t excepts = own->except_count, names = own->count;
    if (line < excepts) {
        flowrules_writef(w, "\t\tiifname \"%s\" ", own->except[line]);
        return true;
    }
    if (line > excepts || names == 0)
        return false;
    flowrules_writef(w, "\t\t%s", host ? "iifname != \"lo\" " : "");
    for (size_t i = 0; i < names; i++)
        flowrules_writef(w, "iifname != \"%s\" ", own->names[i]);
    return true;
}

/* ---- jumps --------------------------------------------------------------------------------- */

/* The maps: by both interfaces, by which packets enter alone, by which they leave alone. */
enum { BY_BOTH, BY_ENTERS, BY_LEAVES, MAPS, NO_CHAIN, WAYS };
static const char *const map_key[] = {"iifname . oifname", "iifname", "oifname"};

bool fr_nftables_has_chain(const flowrules_plan *plan, const struct flowrules_passage *passage) {
    return !flowrules_plan_permits(plan) &&
           (passage->dispatched || passage->rule_count > RULES_MAX);
}

static bool is_any(const struct flowrules_interfaces *side) {
    return side->count + side->except_count == 0;
}

static bool is_one_name(const struct flowrules_interfaces *side) {
    return side->count == 1 && side->except_count == 0 && !is_pattern(side->names[0]);
}

/* How the chain is reached: by a map that may have it as an element, by lines, or it has none. */
static unsigned way_of(const flowrules_plan *plan, const struct flowrules_passage *passage) {
    bool enters = is_one_name(&passage->enters), leaves = is_one_name(&passage->leaves);
    if (!fr_nftables_has_chain(plan, passage))
        return NO_CHAIN;
    if (enters && leaves)
        return BY_BOTH;
    if (enters && is_any(&passage->leaves))
        return BY_ENTERS;
    return leaves && is_any(&passage->enters) ? BY_LEAVES : MAPS;
}

static void write_lines(flowrules_writer *w, const struct flowrules_passage *passage) {
    struct fr_nftables_line line = {.begun = false};
    while (fr_nftables_passage_match(w, passage, "\t\t", &line))
        flowrules_writef(w, "jump %s\n", passage->name);
}

static void write_map(flowrules_writer *w, const flowrules_plan *plan,
                      const struct flowrules_passage *first, unsigned map) {
    flowrules_writef(w, "\t\t%s vmap {\n", map_key[map]);
    for (const struct flowrules_passage *p = first; p; p = p->next) {
        if (way_of(plan, p) != map)
            continue;
        flowrules_write(w, "\t\t\t");
        if (map != BY_LEAVES)
            flowrules_writef(w, "\"%s\"%s", p->enters.names[0], map == BY_BOTH ? " . " : "");
        if (map != BY_ENTERS)
            flowrules_writef(w, "\"%s\"", p->leaves.names[0]);
        flowrules_writef(w, " : jump %s,\n", p->name);
    }
    flowrules_write(w, "\t\t}\n");
}

void fr_nftables_passage_jumps(flowrules_writer *w, const flowrules_plan *plan,
                               const struct flowrules_passage *first) {
    size_t counts[WAYS] = {0};
    for (const struct flowrules_passage *p = first; p; p = p->next)
        counts[way_of(plan, p)]++;
    for (unsigned map = 0; map < MAPS; map++)
        if (counts[map] > LINES_MAX)
            write_map(w, plan, first, map);
    for (const struct flowrules_passage *p = first; p; p = p->next) {
        unsigned way = way_of(plan, p);
        if (way == MAPS || (way < MAPS && counts[way] <= LINES_MAX))
            write_lines(w, p);
    }
}
