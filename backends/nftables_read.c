/*
 * nftables read back: rulesets in nft's own text or in its JSON, one in each file.
 */
#include <string.h>

#include "nftables_read.h"

void fr_nftables_read(flowrules_input *in);

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

void fr_nftables_read(flowrules_input *in) {
    struct netfilter nf;
    fr_netfilter_init(&nf, in);
    for (size_t i = 0; i < flowrules_input_file_count(in) && !flowrules_input_failed(in); i++) {
        if (ends_with(flowrules_input_file_name(in, i), ".map.json"))
            continue;
        if (first_character(in, i) == '{')
            fr_nftables_read_json(&nf, i);
        else
            fr_nftables_read_text(&nf, i);
    }
    if (!flowrules_input_failed(in))
        fr_netfilter_give(&nf);
}
