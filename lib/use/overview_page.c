/*
 * The overview as one page for browsers: the files page.html, page.css and page.js, and the JSON as
 * data in it. The page says by hashes which style and script are its own, and asks nobody anything.
 */
#include <string.h>

#include "flowrules/kits/templates.h"
#include "overview.h"
#include "sha256.h"

static const struct flowrules_piece page[] = {
#include "page.html.inc"
};
static const struct flowrules_piece style[] = {
#include "page.css.inc"
};
static const struct flowrules_piece script[] = {
#include "page.js.inc"
};

/* Writes a template that has no fields, and its hash. */
static void write_part(struct flowrules_writer *w, const struct flowrules_piece *pieces,
                       char hash[FR_SHA256_TEXT]) {
    size_t size;
    flowrules_write_template(w, pieces, NULL, NULL);
    char *text = fr_writer_text(w, &size);
    hash[0] = '\0';
    if (text != NULL)
        fr_sha256_base64(text, size, hash);
    fr_free(w->allocator, text);
    w->failed = w->failed || text == NULL;
}

/*
 * JSON as data of an element. Nothing of it may end the element or begin a comment (HTML,
 * "restrictions for contents of script elements"): '<' stands in its strings alone, and is spelled
 * in ASCII there.
 */
static void write_data(struct flowrules_writer *w, const struct flowrules_writer *json) {
    for (const struct fr_block *block = json->first; block != NULL; block = block->next)
        for (size_t at = 0; at < block->size;) {
            size_t plain = at;
            while (plain < block->size && strchr("<>&", block->bytes[plain]) == NULL)
                plain++;
            fr_write_bytes(w, block->bytes + at, plain - at);
            if (plain < block->size)
                flowrules_writef(w, "\\u%04x", (unsigned char)block->bytes[plain]);
            at = plain + 1;
        }
}

void fr_overview_write_page(struct flowrules_writer *w, const struct flowrules_writer *json) {
    struct flowrules_writer parts[2];
    char hashes[2][FR_SHA256_TEXT];
    for (size_t i = 0; i < 2; i++) {
        fr_writer_init(&parts[i], w->allocator, false);
        write_part(&parts[i], i == 0 ? style : script, hashes[i]);
    }
    const struct flowrules_value values[] = {
        {"STYLE_HASH", hashes[0], NULL}, {"SCRIPT_HASH", hashes[1], NULL}, {NULL, NULL, NULL}};
    const struct flowrules_piece *rest = flowrules_write_template(w, page, values, "STYLE");
    flowrules_write_part(w, &parts[0]);
    rest = flowrules_write_template(w, rest, NULL, "DATA");
    write_data(w, json);
    rest = flowrules_write_template(w, rest, NULL, "SCRIPT");
    flowrules_write_part(w, &parts[1]);
    flowrules_write_template(w, rest, NULL, NULL);
    fr_writer_free(&parts[0]);
    fr_writer_free(&parts[1]);
}
