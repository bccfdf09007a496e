/*
 * XML as a stream of events, by expat: for parts of workbooks, which may be large. Names come
 * without their prefix. A document type is refused.
 */
#ifndef FR_EVENTS_H
#define FR_EVENTS_H

#include <stdbool.h>
#include <stddef.h>

/* Each gives false to stop. attributes: name, value ... NULL. */
struct fr_events {
    bool (*begin)(void *user, const char *name, const char **attributes);
    bool (*end)(void *user, const char *name);
    bool (*text)(void *user, const char *text, size_t length);
};

enum fr_events_result { FR_EVENTS_OK, FR_EVENTS_BROKEN, FR_EVENTS_NO_MEMORY, FR_EVENTS_STOPPED };

enum fr_events_result fr_events_read(const struct fr_events *events, void *user, const char *text,
                                     size_t size);
/* The value of an attribute, or NULL. */
const char *fr_events_attribute(const char **attributes, const char *name);

#endif
