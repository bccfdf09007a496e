/*
 * nftables read back: rulesets in nft's own text, one in each file.
 */
#include <string.h>

#include "nftables_read.h"

void fr_nftables_read(flowrules_input *in);

static bool ends_with(const char *text, const char *end) {
    size_t length = strlen(text), tail = strlen(end);
    return length >= tail && strcmp(text + length - tail, end) == 0;
}

void fr_nftables_read(flowrules_input *in) {
    struct netfilter nf;
    fr_netfilter_init(&nf, in);
    for (size_t i = 0; i < flowrules_input_file_count(in) && !flowrules_input_failed(in); i++) {
        if (ends_with(flowrules_input_file_name(in, i), ".map.json"))
            continue;
        fr_nftables_read_text(&nf, i);
    }
    if (!flowrules_input_failed(in))
        fr_netfilter_give(&nf);
}
