/*
 * Hints for values that are not valid: recognises the forms of other tools and devices, and the
 * characters that word processors insert, and says how to write them in a policy.
 */
#ifndef FR_SLIPS_H
#define FR_SLIPS_H

#include <stdbool.h>
#include <stddef.h>

/* Room for a hint. */
#define FR_SLIP_MAX 400

/* What the author probably meant by a text that is not a valid source or destination. */
enum fr_slip { FR_SLIP_NONE, FR_SLIP_ADDRESS, FR_SLIP_NAME, FR_SLIP_WORD };

/* Each writes to hint what to write instead, and leaves hint as it is if the slip is not known. */
enum fr_slip fr_slip_end(const char *text, char hint[FR_SLIP_MAX]);
bool fr_slip_protocol(const char *text, char hint[FR_SLIP_MAX]);
bool fr_slip_port(const char *text, char hint[FR_SLIP_MAX]);
/* A name under service: that is not valid, such as "tcp/443". */
bool fr_slip_service(const char *text, char hint[FR_SLIP_MAX]);
bool fr_slip_date(const char *text, char hint[FR_SLIP_MAX]);
bool fr_slip_boolean(const char *text, char hint[FR_SLIP_MAX]);

/* A text with room to mend it, of at most 253 characters, as a name has. */
struct fr_slip_text {
    char text[256];
};

/* Copies a text, with keyboard characters for typographic ones; false if it is too long. */
bool fr_slip_plain(struct fr_slip_text *plain, const char *text);
/* Removes the blanks at both ends and around the characters of marks. */
void fr_slip_trim(struct fr_slip_text *t, const char *marks);
/* True for "all", "*", "everything" ... */
bool fr_slip_means_all(const char *text);
/* The items of a text that is a list, written "[a, b]"; false if it is not a list. */
bool fr_slip_list(const char *text, char list[FR_SLIP_MAX]);

#endif
