/*
 * What is written of policies that are imported: names that fit and are not taken, services, texts.
 */
#include "policy_text.h"

#include <stdio.h>
#include <string.h>

#include "flowrules/kits/pods.h"
#include "policy.h"

/* ---- names --------------------------------------------------------------------------------- */

static bool is_word_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

const char *fr_policy_word(struct fr_arena *arena, struct fr_strings *taken, const char *text) {
    char word[FR_WORD_MAX + 1];
    size_t used = 0;
    /* Keys that begin with "x-" are the user's own. */
    if (!is_word_char(text[0]) || text[0] == '-' || (text[0] >= '0' && text[0] <= '9') ||
        strncmp(text, "x-", 2) == 0 || strncmp(text, "X-", 2) == 0)
        used = (size_t)snprintf(word, sizeof word, "n-");
    for (; *text != '\0' && used < FR_WORD_MAX - 8; text++)
        if (is_word_char(*text))
            word[used++] = *text;
        else if (((unsigned char)*text & 0xC0) != 0x80) /* one for each character of UTF-8 */
            word[used++] = '-';
    word[used] = '\0';
    for (unsigned number = 2;; number++) {
        size_t length = strlen(word);
        if (strcmp(word, "any") != 0 && fr_strings_find(taken, word, length) == 0) {
            bool good = fr_strings_add(taken, word, length) != 0;
            return good ? fr_arena_text(arena, word, length) : NULL;
        }
        snprintf(word + used, sizeof word - used, "-%u", number);
    }
}

void fr_policy_titles_init(struct fr_policy_titles *titles, const struct fr_allocator *allocator) {
    fr_strings_init(&titles->taken, allocator);
    fr_map_init(&titles->last_of, allocator);
}

void fr_policy_titles_free(struct fr_policy_titles *titles) {
    fr_map_free(&titles->last_of);
    fr_strings_free(&titles->taken);
}

const char *fr_policy_title(struct fr_arena *arena, struct fr_policy_titles *titles, char *title,
                            size_t used, size_t room) {
    fr_string base = fr_strings_add(&titles->taken, title, used);
    uint32_t number = 0;
    if (base == 0)
        return NULL;
    bool taken = fr_map_get(&titles->last_of, base, &number);
    for (size_t length = used; taken;) {
        length = used + (size_t)snprintf(title + used, room - used, "-%u", ++number);
        fr_string numbered = fr_strings_find(&titles->taken, title, length);
        taken = numbered != 0;
        if (!taken) {
            numbered = fr_strings_add(&titles->taken, title, length);
            if (numbered == 0 || !fr_map_put(&titles->last_of, numbered, 1))
                return NULL;
        }
    }
    if (!fr_map_put(&titles->last_of, base, number == 0 ? 1 : number))
        return NULL;
    return fr_arena_text(arena, title, strlen(title));
}

/* ---- services ------------------------------------------------------------------------------ */

static bool same_but_destination(const struct fr_term *a, const struct fr_term *b) {
    return a->protocol == b->protocol && a->source_first == b->source_first &&
           a->source_last == b->source_last;
}

/* ICMP has types and codes up to 255; a term of all of them goes on behind. */
static unsigned last_of_icmp(uint16_t last) {
    return last < 255 ? last : 255;
}

static bool same_codes(const struct fr_term *a, const struct fr_term *b) {
    return a->protocol == b->protocol && a->destination_first == b->destination_first &&
           last_of_icmp(a->destination_last) == last_of_icmp(b->destination_last);
}

/* Has an entry of these terms a list of ports, or of the codes of a type? Else it is of types. */
static bool lists_destinations(const struct fr_term *terms, uint32_t count) {
    return !fr_protocol_is_icmp(terms[0].protocol) ||
           (count > 1 && same_but_destination(&terms[0], &terms[1]));
}

/* Terms from the first on that are one entry. */
static uint32_t entry_length(const struct fr_term *terms, uint32_t count) {
    bool destinations = lists_destinations(terms, count);
    uint32_t used = 1;
    while (used < count && (destinations ? same_but_destination(&terms[0], &terms[used])
                                         : same_codes(&terms[0], &terms[used])))
        used++;
    return used;
}

bool fr_policy_is_one_entry(const struct fr_service_terms *terms) {
    return entry_length(terms->terms, terms->count) == terms->count;
}

static void write_number_range(struct flowrules_writer *w, unsigned first, unsigned last) {
    if (first == last)
        flowrules_writef(w, "%u", first);
    else
        flowrules_writef(w, "%u-%u", first, last);
}

/* The types of ICMP of terms, or their codes, of which some may follow each other. */
static void write_icmp_list(struct flowrules_writer *w, const char *between, bool codes,
                            const struct fr_term *terms, uint32_t count) {
    unsigned firsts[256], lasts[256], ranges = 0;
    for (uint32_t i = 0; i < count && ranges < 256; i++) {
        unsigned first = codes ? terms[i].destination_first : terms[i].source_first;
        unsigned last = last_of_icmp(codes ? terms[i].destination_last : terms[i].source_last);
        if (ranges == 0 || first != lasts[ranges - 1] + 1)
            firsts[ranges++] = first;
        lasts[ranges - 1] = last;
    }
    flowrules_writef(w, "%sicmp-%s: %s", between, codes ? "code" : "type", ranges > 1 ? "[" : "");
    for (unsigned i = 0; i < ranges; i++) {
        flowrules_write(w, i > 0 ? ", " : "");
        write_number_range(w, firsts[i], lasts[i]);
    }
    flowrules_write(w, ranges > 1 ? "]" : "");
}

static void write_icmp(struct flowrules_writer *w, const char *between, const struct fr_term *terms,
                       uint32_t used) {
    const struct fr_term *t = &terms[0];
    bool by_code = used > 1 && lists_destinations(terms, used);
    bool codes = by_code || t->destination_first > 0 || t->destination_last < 255;
    if (codes || t->source_first > 0 || t->source_last < 255)
        write_icmp_list(w, between, false, terms, by_code ? 1 : used);
    if (codes)
        write_icmp_list(w, between, true, terms, by_code ? used : 1);
}

static void write_ports(struct flowrules_writer *w, const char *between,
                        const struct fr_term *terms, uint32_t used) {
    const struct fr_term *t = &terms[0];
    if (t->source_first > 0 || t->source_last < UINT16_MAX) {
        flowrules_writef(w, "%ssource-port: ", between);
        write_number_range(w, t->source_first, t->source_last);
    }
    if (used == 1 && t->destination_first == 0 && t->destination_last == UINT16_MAX)
        return;
    flowrules_writef(w, used > 1 ? "%sport: [" : "%sport: ", between);
    for (uint32_t i = 0; i < used; i++) {
        flowrules_write(w, i > 0 ? ", " : "");
        write_number_range(w, terms[i].destination_first, terms[i].destination_last);
    }
    flowrules_write(w, used > 1 ? "]" : "");
}

uint32_t fr_policy_write_entry(struct flowrules_writer *w, const char *between,
                               const struct fr_term *terms, uint32_t count) {
    uint32_t used = entry_length(terms, count);
    flowrules_writef(w, "protocol: %s", fr_protocol_name(terms[0].protocol));
    if (fr_protocol_is_icmp(terms[0].protocol))
        write_icmp(w, between, terms, used);
    else
        write_ports(w, between, terms, used);
    return used;
}

void fr_policy_write_service(struct flowrules_writer *w, const struct fr_service_terms *terms) {
    for (uint32_t t = 0; t < terms->count;) {
        flowrules_write(w, "    - {");
        t += fr_policy_write_entry(w, ", ", &terms->terms[t], terms->count - t);
        flowrules_write(w, "}\n");
    }
}

/* ---- texts --------------------------------------------------------------------------------- */

void fr_policy_write_text(struct flowrules_writer *w, const char *key, const char *text) {
    if (text == NULL)
        return;
    flowrules_writef(w, "    %s: ", key);
    flowrules_yaml_write(w, text);
    flowrules_write(w, "\n");
}
