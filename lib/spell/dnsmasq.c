/*
 * Configures dnsmasq for a target whose names follow DNS: which answers go into which set. Knows
 * dnsmasq's configuration, not the sets themselves. Facts: dnsmasq(8) of 2.90, and its
 * src/forward.c, domain_find_sets: of all domains that a name is or is below, the longest counts.
 */
#include <stdlib.h>
#include <string.h>

#include "flowrules/kits/dnsmasq.h"
#include "flowrules/kits/flows.h"
#include "output.h"

enum {
    LINE_MAX_BYTES = 1000, /* read_file in dnsmasq's src/option.c reads lines of MAXDNAME, 1025 */
    NAMES_TOLD = 3
};

static const struct flowrules_escape comment_escape = {
    .keep = " !#%&'()*+,-./:;<=>?@[]^_`{|}~", .replace = '_', .utf8 = true, .max_bytes = 200};
/* Names were checked when the policy was read; the escape says so once more. */
static const struct flowrules_escape name_escape = {
    .keep = ".-_", .replace = '_', .max_bytes = 255};

/* ---- what backends ask --------------------------------------------------------------------- */

/* A set of the domains as backends see it. */
static struct flowrules_named_set view_of(const flowrules_output *out, uint32_t index) {
    const flowrules_plan *plan = out->plan;
    const struct fr_named_set *named = fr_vec_at(&plan->domains.sets, struct fr_named_set, index);
    return (struct flowrules_named_set){{&plan->view->sets, named->set},
                                        fr_used_families(out->rules, index),
                                        named->key,
                                        named->hash};
}

size_t flowrules_output_named_set_count(const flowrules_output *out) {
    return out->rules->used_names.count;
}

struct flowrules_named_set flowrules_output_named_set(const flowrules_output *out, size_t index) {
    return view_of(out, fr_vec_at(&out->rules->used_names, struct fr_used_names, index)->set);
}

bool flowrules_set_named(const flowrules_output *out, struct flowrules_set set,
                         struct flowrules_named_set *named) {
    uint32_t index = fr_named_set_index(&out->plan->domains, set.id);
    if (index != UINT32_MAX)
        *named = view_of(out, index);
    return index != UINT32_MAX;
}

void flowrules_write_names(flowrules_writer *w, struct flowrules_set set) {
    size_t count = flowrules_set_atom_count(set);
    for (size_t i = 0; i < count && i < NAMES_TOLD; i++) {
        struct flowrules_atom atom = flowrules_set_atom(set, i);
        flowrules_write(w, i > 0 ? ", " : "");
        flowrules_write(w, atom.kind == FLOWRULES_ATOM_WILDCARD ? "*." : "");
        flowrules_write_user(w, &name_escape, atom.name);
    }
    if (count > NAMES_TOLD)
        flowrules_writef(w, " and %zu more", count - NAMES_TOLD);
}

/* ---- the file ------------------------------------------------------------------------------ */

static void write_head(flowrules_output *out, flowrules_writer *w,
                       const struct flowrules_dnsmasq *dnsmasq) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    const char *title = flowrules_plan_title(plan), *target = flowrules_plan_target(plan);
    if (title != NULL) {
        flowrules_write(w, "# ");
        flowrules_write_user(w, &comment_escape, title);
        flowrules_write(w, "\n");
    }
    flowrules_writef(w, "# Target %s, version %s: the answers that fill its sets of names.\n",
                     target, flowrules_output_fingerprint(out));
    flowrules_writef(w,
                     "# Try with:  dnsmasq --test -C %s.dnsmasq.conf\n"
                     "# Load with: install -m 644 %s.dnsmasq.conf /etc/dnsmasq.d/ && "
                     "systemctl restart dnsmasq\n"
                     "#   after %s%s, which makes the sets. It has to be a restart: a reload does "
                     "not\n#   read this file, and what is in the cache fills no set.\n"
                     "# Undo with: rm /etc/dnsmasq.d/%s.dnsmasq.conf && systemctl restart dnsmasq\n"
                     "# Needs %s.\n",
                     target, target, target, dnsmasq->loading, target, dnsmasq->needs);
    flowrules_writef(
        w,
        "# Who connects by these names must ask this dnsmasq, which must be allowed to ask "
        "others.\n"
        "# Addresses leave their set %s s after they came; answers must not be kept for longer:\n"
        "# where their TTL is, give max-ttl and max-cache-ttl in dnsmasq's own configuration.\n"
        "# What dnsmasq answers itself (hosts files, leases, address=) fills no set.\n",
        flowrules_plan_setting(plan, "names-timeout"));
    if (out->plan->exact_domains)
        flowrules_write(w, "# Names above or below these that no flow asks for are answered with "
                           "NXDOMAIN (local=),\n# since dnsmasq would add them to the sets too.\n");
}

static void write_name(flowrules_writer *w, const char *name) {
    flowrules_write_user(w, &name_escape, name);
}

/* local= or server=, for a name or for what is below it. */
static void write_server(flowrules_writer *w, const char *option, const char *star,
                         const char *name, const char *end) {
    flowrules_write(w, option);
    flowrules_write(w, star);
    write_name(w, name);
    flowrules_write(w, end);
}

/*
 * Shuts what no flow asks for. "#" are the servers that dnsmasq asks anyway: what is asked for is
 * opened again where it stands below something that was shut.
 */
static void write_exact(const struct fr_domains *d, flowrules_writer *w, uint32_t domain,
                        const char *name) {
    const struct fr_domain *self = fr_vec_at(&d->list, struct fr_domain, domain);
    uint32_t above = fr_domain_above(d, domain);
    bool shut = above != UINT32_MAX && !fr_vec_at(&d->list, struct fr_domain, above)->below;
    if (self->self && shut)
        write_server(w, "server=/", "", name, "/#\n");
    if (!self->below)
        write_server(w, "local=/", "*.", name, "/\n");
    if (!self->self) {
        write_server(w, "local=/", "", name, "/\n");
        write_server(w, "server=/", "*.", name, "/#\n");
    }
}

/* sets: those of the domain, by fr_domain_sets. */
static void write_line_sets(flowrules_output *out, flowrules_writer *w,
                            const struct flowrules_dnsmasq *dnsmasq, const char *name,
                            const struct fr_vec *sets) {
    const char *before = "/";
    flowrules_write(w, dnsmasq->option);
    flowrules_write(w, "=/");
    write_name(w, name);
    for (size_t i = 0; i < sets->count; i++) {
        const struct flowrules_named_set named = view_of(out, *fr_vec_at(sets, uint32_t, i));
        for (enum flowrules_family f = FLOWRULES_IPV4; f <= FLOWRULES_IPV6; f++) {
            if ((named.families & FLOWRULES_FAMILY_BIT(f)) == 0)
                continue;
            flowrules_write(w, before);
            dnsmasq->write_set(w, out, &named, f);
            before = ",";
        }
    }
    flowrules_write(w, "\n");
}

static bool is_used(const struct fr_rules *rules, const struct fr_vec *sets) {
    for (size_t i = 0; i < sets->count; i++)
        if (fr_used_families(rules, *fr_vec_at(sets, uint32_t, i)) != 0)
            return true;
    return false;
}

/* The flows whose names a domain's sets hold. */
static bool flows_of_sets(flowrules_output *out, const struct fr_vec *sets,
                          flowrules_flows *flows) {
    const struct fr_domains *d = &out->plan->domains;
    bool any = false;
    for (size_t i = 0; i < sets->count; i++) {
        uint32_t index = *fr_vec_at(sets, uint32_t, i);
        const struct fr_named_set *named = fr_vec_at(&d->sets, struct fr_named_set, index);
        bool used = fr_used_families(out->rules, index) != 0;
        for (uint32_t k = 0; used && k < named->parts; k++) {
            flowrules_flows flow = {
                fr_vec_at(&d->parts, struct fr_named_part, named->first_part + k)->flow, false};
            *flows = any ? flowrules_flows_join(out, *flows, flow) : flow;
            any = true;
        }
    }
    return any;
}

static void write_flows(flowrules_output *out, flowrules_writer *w, const struct fr_vec *sets) {
    static const unsigned notes = FLOWRULES_NOTE_FLOWS | FLOWRULES_NOTE_LOSSES |
                                  FLOWRULES_NOTE_OWNER | FLOWRULES_NOTE_PURPOSE;
    flowrules_flows flows;
    if (!flows_of_sets(out, sets, &flows))
        return;
    flowrules_write(w, "# ");
    flowrules_write_notes(w, out, &comment_escape, notes, flows, NULL);
    flowrules_write(w, "\n");
}

/* A second line for a domain would count for nothing: all its sets stand in one. */
static void write_domain(flowrules_output *out, flowrules_writer *w,
                         const struct flowrules_dnsmasq *dnsmasq, uint32_t domain,
                         struct fr_vec *sets) {
    const struct fr_domains *d = &out->plan->domains;
    const char *name = fr_strings_text(&d->names, domain + 1);
    if (!fr_domain_sets(d, domain, sets)) {
        out->failed = true;
        return;
    }
    if (!is_used(out->rules, sets))
        return;
    write_flows(out, w, sets);
    size_t before = fr_writer_size(w);
    write_line_sets(out, w, dnsmasq, name, sets);
    if (fr_writer_size(w) - before > LINE_MAX_BYTES)
        flowrules_output_refuse(out,
                                "%.255s is in too many lists of names: %zu bytes in a line of "
                                "dnsmasq's configuration, which may have %d",
                                name, fr_writer_size(w) - before, LINE_MAX_BYTES);
    if (out->plan->exact_domains)
        write_exact(d, w, domain, name);
}

struct by_name {
    const char *name;
    uint32_t domain;
};

static int compare_names(const void *left, const void *right) {
    const struct by_name *a = left, *b = right;
    return strcmp(a->name, b->name);
}

void flowrules_dnsmasq_write(flowrules_output *out, const struct flowrules_dnsmasq *dnsmasq) {
    const struct fr_domains *d = &out->plan->domains;
    size_t count = d->list.count;
    struct fr_vec sets;
    if (out->rules->used_names.count == 0)
        return;
    flowrules_writer *w = flowrules_output_file(out, ".dnsmasq.conf", false);
    struct by_name *order = fr_malloc(&out->plan->context->allocator, count * sizeof *order);
    if (order == NULL) {
        out->failed = true;
        return;
    }
    for (uint32_t i = 0; i < count; i++)
        order[i] = (struct by_name){fr_strings_text(&d->names, i + 1), i};
    qsort(order, count, sizeof *order, compare_names);
    write_head(out, w, dnsmasq);
    fr_vec_init(&sets, &out->plan->context->allocator, sizeof(uint32_t));
    for (size_t i = 0; i < count; i++)
        write_domain(out, w, dnsmasq, order[i].domain, &sets);
    fr_vec_free(&sets);
    fr_free(&out->plan->context->allocator, order);
}
