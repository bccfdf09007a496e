/*
 * The overview as CSV (RFC 4180): a row for each flow, and for each target how exactly it is
 * expressed, why, and the lines of its rules. No cell is a formula to a spreadsheet.
 */
#include <string.h>

#include "overview.h"
#include "utf8.h"

/* A cell in the making. */
struct cell {
    struct flowrules_writer *w;
    bool open; /* nothing but blanks and quotes has come since it began, or since a separator */
};

static void begin_cell(struct cell *cell, bool first) {
    flowrules_write(cell->w, first ? "\"" : ",\"");
    cell->open = true;
}

static void end_cell(struct cell *cell) {
    flowrules_write(cell->w, "\"");
}

/* What a spreadsheet takes for the beginning of a formula, also in its full width. */
static bool begins_formula(uint32_t c) {
    return c == '=' || c == '+' || c == '-' || c == '@' || c == 0xff1d || c == 0xff0b ||
           c == 0xff0d || c == 0xff20;
}

/*
 * A character of a cell. Where spreadsheets separate cells by semicolons, a semicolon ends the
 * cell: what is behind it must be no formula either.
 */
static void put_character(struct cell *cell, uint32_t c, const char *bytes, size_t size) {
    if (fr_utf8_is_control(c)) {
        flowrules_write(cell->w, " ");
        return;
    }
    if (cell->open && begins_formula(c))
        flowrules_write(cell->w, "'");
    cell->open = c == ';' || (cell->open && (c == ' ' || c == '"' || c == 0xa0));
    flowrules_write(cell->w, c == '"' ? "\"" : "");
    fr_write_bytes(cell->w, bytes, size);
}

static void put(struct cell *cell, const char *text) {
    size_t size = text == NULL ? 0 : strlen(text);
    for (size_t at = 0; at < size;) {
        uint32_t c = 0xfffd;
        size_t bytes = fr_utf8_decode(text + at, size - at, &c);
        if (bytes > 0)
            put_character(cell, c, text + at, bytes);
        else
            flowrules_write(cell->w, "\xEF\xBF\xBD");
        at += bytes > 0 ? bytes : 1;
    }
}

static void put_whole(struct cell *cell, const char *text) {
    begin_cell(cell, false);
    put(cell, text);
    end_cell(cell);
}

static void put_number(struct cell *cell, size_t number) {
    begin_cell(cell, false);
    flowrules_write_number(cell->w, number);
    end_cell(cell);
}

/* ---- cells of lists ------------------------------------------------------------------------ */

static void put_ends(struct cell *cell, const struct fr_overview *o, struct fr_span ends) {
    begin_cell(cell, false);
    for (uint32_t i = 0; i < ends.count; i++) {
        put(cell, i > 0 ? " " : "");
        put(cell, fr_vec_at(&o->ends, struct fr_overview_end, fr_overview_at(o, ends, i))->name);
    }
    end_cell(cell);
}

static void put_tags(struct cell *cell, const flowrules_policy *policy, size_t flow) {
    begin_cell(cell, false);
    for (size_t i = 0; i < flowrules_flow_tag_count(policy, flow); i++) {
        put(cell, i > 0 ? " " : "");
        put(cell, flowrules_flow_tag(policy, flow, i));
    }
    end_cell(cell);
}

static const struct fr_overview_rule *rule_at(const struct fr_overview *o, struct fr_span rules,
                                              uint32_t index) {
    return fr_vec_at(&o->rules, struct fr_overview_rule, fr_overview_at(o, rules, index));
}

/* "web-nft.nft:24-31 web-nft.nft:40": lines that follow each other are one range. */
static void put_lines(struct cell *cell, const struct fr_overview *o, struct fr_span rules) {
    begin_cell(cell, false);
    for (uint32_t i = 0, end; i < rules.count; i = end) {
        const struct fr_overview_rule *first = rule_at(o, rules, i), *last = first;
        for (end = i + 1; end < rules.count; end++) {
            const struct fr_overview_rule *next = rule_at(o, rules, end);
            if (next->file != first->file || next->line != last->line + 1)
                break;
            last = next;
        }
        put(cell, i > 0 ? " " : "");
        put(cell, fr_vec_at(&o->files, struct fr_overview_file, first->file)->name);
        flowrules_writef(cell->w, ":%u", (unsigned)first->line);
        if (last != first)
            flowrules_writef(cell->w, "-%u", (unsigned)last->line);
    }
    end_cell(cell);
}

/* ---- rows ---------------------------------------------------------------------------------- */

static void write_heads(struct cell *cell, const struct fr_overview *o) {
    static const char *const heads[] = {"action",        "source",    "destination", "service",
                                        "from-internet", "owner",     "purpose",     "ticket",
                                        "volume",        "frequency", "tags",        "expires",
                                        "expired",       "log",       "file",        "line"};
    begin_cell(cell, true);
    put(cell, "flow");
    end_cell(cell);
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++)
        put_whole(cell, heads[i]);
    for (size_t i = 0; i < o->targets.count; i++) {
        static const char *const parts[] = {"", ": reason", ": lines"};
        for (size_t k = 0; k < 3; k++) {
            begin_cell(cell, false);
            put(cell, fr_vec_at(&o->targets, struct fr_overview_target, i)->name);
            put(cell, parts[k]);
            end_cell(cell);
        }
    }
    flowrules_write(cell->w, "\r\n");
}

static void write_flow(struct cell *cell, const struct fr_overview *o, size_t index) {
    const struct fr_flow *flow = fr_vec_at(&o->policy->flows, struct fr_flow, index);
    const struct fr_overview_flow *seen = fr_vec_at(&o->flows, struct fr_overview_flow, index);
    struct fr_at at = fr_flow_place(o->policy, flow);
    begin_cell(cell, true);
    put(cell, flowrules_flow_name(o->policy, index));
    end_cell(cell);
    put_whole(cell, flowrules_flow_action(o->policy, index));
    put_ends(cell, o, seen->ends[0]);
    put_ends(cell, o, seen->ends[1]);
    put_whole(cell, seen->service);
    put_whole(cell, fr_overview_from_outside(o, index) ? "yes" : "no");
    put_whole(cell, flowrules_flow_owner(o->policy, index));
    put_whole(cell, flowrules_flow_purpose(o->policy, index));
    put_whole(cell, flowrules_flow_ticket(o->policy, index));
    put_whole(cell, flowrules_flow_volume(o->policy, index));
    put_whole(cell, flowrules_flow_frequency(o->policy, index));
    put_tags(cell, o->policy, index);
    put_whole(cell, flowrules_flow_expires(o->policy, index));
    put_whole(cell, flow->expired ? "yes" : "no");
    put_whole(cell, flow->log ? "yes" : "no");
    put_whole(cell, fr_diagnostics_file_name(&o->context->diagnostics, at.file));
    put_number(cell, at.line);
}

static void write_verdicts(struct cell *cell, const struct fr_overview *o, size_t flow) {
    for (size_t i = 0; i < o->targets.count; i++) {
        const struct fr_overview_verdict *verdict = fr_overview_verdict(o, flow, i);
        put_whole(cell, verdict->fidelity);
        put_whole(cell, fr_strings_text(&o->reasons, verdict->reason));
        put_lines(cell, o, verdict->rules);
    }
    flowrules_write(cell->w, "\r\n");
}

void fr_overview_write_csv(struct flowrules_writer *w, const struct fr_overview *o) {
    struct cell cell = {w, true};
    write_heads(&cell, o);
    for (size_t i = 0; i < o->flows.count; i++) {
        write_flow(&cell, o, i);
        write_verdicts(&cell, o, i);
    }
}
