/*
 * TARGET.apply.sh, which loads the rules: its template, and whether a script that was handed in is
 * still as it was written. What differs, nftables.c writes.
 */
#include <string.h>

#include "read.h"

const struct flowrules_piece fr_nftables_apply[] = {
#include "apply.sh.inc"
};

static void doubt_script(flowrules_input *in, struct flowrules_place at) {
    for (enum flowrules_direction d = FLOWRULES_EGRESS; d <= FLOWRULES_FORWARD; d++)
        flowrules_input_doubt(
            in, at, d, "it is not known what passes: this script is not as flowrules wrote it");
}

void fr_nftables_read_script(flowrules_input *in, size_t file) {
    static const char *const known[] = {"#",
                                        "set -eu",
                                        "target='",
                                        "script='",
                                        "folder=$(CDPATH=''",
                                        "files=$folder/",
                                        "entrances='",
                                        "sums='",
                                        "table='",
                                        "chains='",
                                        "sets='"};
    size_t size;
    const char *text = flowrules_input_text(in, file, &size);
    const char *last = flowrules_template_find(fr_nftables_apply, NULL)[-1].text;
    const char *steps = strstr(text, last);
    struct flowrules_line line = {.file = file};
    bool in_sets = false;
    if (!steps || steps[strlen(last)] != '\0') {
        doubt_script(in, (struct flowrules_place){file, 1, 1});
        return;
    }
    while (flowrules_input_line(in, &line) && line.text < steps) {
        bool good = line.length == 0 || in_sets;
        for (size_t i = 0; i < sizeof known / sizeof *known; i++)
            good = good || strncmp(line.text, known[i], strlen(known[i])) == 0;
        if (strncmp(line.text, "sets='", 6) == 0)
            in_sets = true;
        if (in_sets && line.length > 0 && line.text[line.length - 1] == '\'')
            in_sets = false;
        if (!good)
            doubt_script(in, (struct flowrules_place){file, line.number, 1});
    }
}
