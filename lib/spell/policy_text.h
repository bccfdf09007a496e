/*
 * What is written of policies that are imported: names that fit and are not taken, services, texts.
 */
#ifndef FR_POLICY_TEXT_H
#define FR_POLICY_TEXT_H

#include "services.h"
#include "writer.h"

/* A word like the text, as networks and targets are called, that is not taken yet; it is now. NULL
 * when out of memory. */
const char *fr_policy_word(struct fr_arena *arena, struct fr_strings *taken, const char *text);

/* The names of flows that are taken. */
struct fr_policy_titles {
    struct fr_strings taken;
    struct fr_map last_of; /* title -> the last number behind it */
};

void fr_policy_titles_init(struct fr_policy_titles *titles, const struct fr_allocator *allocator);
void fr_policy_titles_free(struct fr_policy_titles *titles);
/*
 * The title itself, of used bytes in a block of room bytes, or with the next number behind it that
 * makes it another one. NULL when out of memory.
 */
const char *fr_policy_title(struct fr_arena *arena, struct fr_policy_titles *titles, char *title,
                            size_t used, size_t room);

/* Can the service be written with the keys of one entry? */
bool fr_policy_is_one_entry(const struct fr_service_terms *terms);
/*
 * Writes one entry: terms that differ in their destination ports alone, or in their types or codes
 * of ICMP; the number of them. between is written between its keys.
 */
uint32_t fr_policy_write_entry(struct flowrules_writer *w, const char *between,
                               const struct fr_term *terms, uint32_t count);
/* Writes all entries of a named service. */
void fr_policy_write_service(struct flowrules_writer *w, const struct fr_service_terms *terms);

/* Writes a key of a flow with a text; nothing for NULL. */
void fr_policy_write_text(struct flowrules_writer *w, const char *key, const char *text);

#endif
