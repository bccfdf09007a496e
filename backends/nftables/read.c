/*
 * nftables read back: rulesets in nft's own text or in its JSON, one in each file.
 */
#include <string.h>

#include "machines.h"
#include "text.h"

const char *const fr_nftables_own_suffixes[] = {
    [FLOWRULES_EGRESS] = "out", [FLOWRULES_INGRESS] = "in", [FLOWRULES_FORWARD] = "forward"};

static bool ends_with(const char *text, const char *end) {
    size_t length = strlen(text), tail = strlen(end);
    return length >= tail && strcmp(text + length - tail, end) == 0;
}

/* The first character that is no blank; NUL in an empty file. */
static char first_character(const flowrules_input *in, size_t file) {
    size_t size;
    const char *text = flowrules_input_text(in, file, &size);
    for (size_t i = 0; i < size; i++)
        if (text[i] != ' ' && text[i] != '\t' && text[i] != '\r' && text[i] != '\n')
            return text[i];
    return '\0';
}

static void read_file(struct netfilter *nf, size_t file) {
    size_t size;
    const char *text = flowrules_input_text(nf->in, file, &size);
    if (fr_nftables_is_machine(nf->in, file))
        fr_nftables_read_machine(nf, file);
    else if (first_character(nf->in, file) == '{')
        fr_nftables_read_json(nf, file);
    else if (size > 2 && memcmp(text, "#!/bin/sh", size < 9 ? size : 9) == 0)
        fr_nftables_read_script(nf->in, file);
    else if (!fr_netfilter_is_dnsmasq(nf->in, file))
        fr_nftables_read_text(nf, file);
}

/* Has some chain a hook? */
static bool has_hooks(const struct netfilter *nf) {
    for (const struct netfilter_table *t = nf->tables; t; t = t->next)
        for (const struct netfilter_chain *c = t->chains; c; c = c->next)
            if (!c->gone && c->hook != NETFILTER_NO_HOOK)
                return true;
    return false;
}

/*
 * The chains of a target that only permits, without those that jump to them: what goes on behind
 * them is not in the files, and nothing there lets it pass.
 */
static void hook_own_chains(struct netfilter *nf) {
    static const enum netfilter_hook own_hooks[] = {[FLOWRULES_EGRESS] = NETFILTER_OUTPUT,
                                                    [FLOWRULES_INGRESS] = NETFILTER_INPUT,
                                                    [FLOWRULES_FORWARD] = NETFILTER_FORWARD};
    if (!flowrules_input_permits(nf->in) || has_hooks(nf))
        return;
    for (enum flowrules_direction d = FLOWRULES_EGRESS; d <= FLOWRULES_FORWARD; d++) {
        char *name = flowrules_input_print(
            nf->in, "flowrules_%s.%s", flowrules_input_target(nf->in), fr_nftables_own_suffixes[d]);
        for (struct netfilter_table *t = nf->tables; t && name; t = t->next) {
            struct netfilter_chain *chain = fr_netfilter_find_chain(nf, t, name);
            if (!chain || chain->gone)
                continue;
            chain->hook = own_hooks[d];
            chain->policy = NETFILTER_DROP;
            chain->policy_at = (struct flowrules_place){0, 0, 0};
        }
    }
}

/* What fills the sets of the tables, once these are known. */
static void read_names(struct netfilter *nf) {
    bool none = !nf->tables;
    for (size_t i = 0; i < flowrules_input_file_count(nf->in); i++) {
        if (flowrules_input_failed(nf->in) || !fr_netfilter_is_dnsmasq(nf->in, i))
            continue;
        fr_netfilter_read_dnsmasq(nf, i, true);
        if (none)
            flowrules_input_error(nf->in, (struct flowrules_place){i, 0, 0},
                                  "also give the .nft file, or the output of nft list ruleset",
                                  "the ruleset for this configuration of dnsmasq is missing");
        none = false;
    }
}

void fr_nftables_read(flowrules_input *in) {
    struct netfilter nf;
    fr_netfilter_init(&nf, in);
    bool none = true;
    for (size_t i = 0; i < flowrules_input_file_count(in) && !flowrules_input_failed(in); i++) {
        if (ends_with(flowrules_input_file_name(in, i), ".map.json"))
            continue;
        if (fr_nftables_is_included(in, i))
            continue;
        read_file(&nf, i);
        none = false;
    }
    if (none && !flowrules_input_failed(in))
        read_file(&nf, 0); /* each is included by another one: this is told there */
    if (!flowrules_input_failed(in))
        hook_own_chains(&nf);
    read_names(&nf);
    if (!flowrules_input_failed(in))
        fr_netfilter_name_sets(&nf);
    if (!flowrules_input_failed(in))
        fr_netfilter_give(&nf);
}
