/*
 * The writer behind flowrules_write...: bytes in blocks, the first failure, the lines that flows
 * came from. Blocks never move, so that a large artifact is never copied.
 */
#ifndef FR_WRITER_H
#define FR_WRITER_H

#include "flowrules/backend.h"
#include "memory.h"

#define FR_WRITER_BLOCK ((size_t)64 * 1024)

struct fr_block {
    struct fr_block *next;
    size_t size, capacity;
    uint32_t lines; /* newlines in it */
    char bytes[];
};

/* The flows of a line of one block: lines count from 0 at the block's start. */
struct fr_origin {
    const struct fr_block *block;
    uint32_t line;
    flowrules_flows flows;
};

struct flowrules_writer {
    const struct fr_allocator *allocator;
    struct fr_block *first, *last;
    struct fr_vec origins; /* struct fr_origin; kept where keep_origins */
    bool keep_origins;
    bool failed; /* out of memory */
};

void fr_writer_init(struct flowrules_writer *w, const struct fr_allocator *allocator,
                    bool keep_origins);
void fr_writer_free(struct flowrules_writer *w);
/* Discards what was written. */
void fr_writer_empty(struct flowrules_writer *w);
void fr_write_bytes(struct flowrules_writer *w, const char *bytes, size_t size);
size_t fr_writer_size(const struct flowrules_writer *w);
/* The bytes of user text after its escape, without a limit. */
size_t fr_user_size(const struct flowrules_escape *escape, const char *text);
/* An address as text, with its NUL. */
#define FR_IP_TEXT_SIZE 40
void fr_ip_text(char text[FR_IP_TEXT_SIZE], enum flowrules_family family, struct flowrules_ip ip);
/* All bytes in one NUL-terminated block of the allocator; NULL when out of memory or failed. */
char *fr_writer_text(const struct flowrules_writer *w, size_t *size);
/* The same as a text of the arena; frees the writer, also where it is out of memory or failed. */
const char *fr_writer_keep(struct flowrules_writer *w, struct fr_arena *arena);
/* Calls visit for each origin in the order of the file, with its line in the file, from 1. */
void fr_writer_visit(const struct flowrules_writer *w,
                     void (*visit)(void *user, uint32_t line, flowrules_flows flows), void *user);

#endif
