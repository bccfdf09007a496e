/*
 * How what was meant by a value that is not valid is written here, for hints: the forms of other
 * tools and devices, and the characters that word processors put in.
 */
#ifndef FR_SLIPS_H
#define FR_SLIPS_H

#include <stdbool.h>
#include <stddef.h>

/* Room for a hint. */
#define FR_SLIP_MAX 400

/* What a text that is no end of a flow was meant to be. */
enum fr_slip { FR_SLIP_NONE, FR_SLIP_ADDRESS, FR_SLIP_NAME, FR_SLIP_WORD };

/* Each writes to hint what to write instead; without a slip that is known hint is as before. */
enum fr_slip fr_slip_end(const char *text, char hint[FR_SLIP_MAX]);
bool fr_slip_protocol(const char *text, char hint[FR_SLIP_MAX]);
bool fr_slip_port(const char *text, char hint[FR_SLIP_MAX]);
/* A name of services: that is none, such as "tcp/443". */
bool fr_slip_service(const char *text, char hint[FR_SLIP_MAX]);
bool fr_slip_date(const char *text, char hint[FR_SLIP_MAX]);
bool fr_slip_boolean(const char *text, char hint[FR_SLIP_MAX]);

/* A text with room to mend it, of at most 253 characters, as a name has. */
struct fr_slip_text {
    char text[256];
};

/* Takes over a text with the characters of the keyboard; false where it is too long. */
bool fr_slip_plain(struct fr_slip_text *plain, const char *text);
/* Removes the blanks at both ends and around the characters of marks. */
void fr_slip_trim(struct fr_slip_text *t, const char *marks);
/* Is it one of "all", "*", "everything" ...? */
bool fr_slip_means_all(const char *text);
/* The items of a text that lists them, written "[a, b]"; false where it is no list. */
bool fr_slip_list(const char *text, char list[FR_SLIP_MAX]);

#endif
