/*
 * XML as a stream of events. Knows no part of a workbook.
 */
#include "events.h"

#include <expat.h>
#include <string.h>

/* Parts of workbooks nest about 10. */
#define DEPTH_MAX 64u
/* What is handed to expat at a time: its sizes are int. */
#define PIECE ((size_t)1 << 20)

struct reading {
    const struct fr_events *events;
    void *user;
    XML_Parser parser;
    unsigned depth;
    bool stopped, refused;
};

static const char *local_name(const char *name) {
    const char *colon = strchr(name, ':');
    return colon == NULL ? name : colon + 1;
}

static void stop(struct reading *r, bool go_on) {
    if (go_on)
        return;
    r->stopped = true;
    XML_StopParser(r->parser, XML_FALSE);
}

static void element_begins(void *user, const XML_Char *name, const XML_Char **attributes) {
    struct reading *r = user;
    r->refused = r->refused || ++r->depth > DEPTH_MAX;
    if (!r->stopped)
        stop(r, !r->refused && r->events->begin(r->user, local_name(name), attributes));
}

static void element_ends(void *user, const XML_Char *name) {
    struct reading *r = user;
    r->depth--;
    if (!r->stopped)
        stop(r, r->events->end(r->user, local_name(name)));
}

static void text_comes(void *user, const XML_Char *text, int length) {
    struct reading *r = user;
    if (!r->stopped)
        stop(r, r->events->text(r->user, text, (size_t)length));
}

static void document_type(void *user, const XML_Char *name, const XML_Char *system,
                          const XML_Char *public, int internal) {
    struct reading *r = user;
    (void)name, (void)system, (void)public, (void)internal;
    r->refused = true;
    stop(r, false);
}

static enum fr_events_result result_of(const struct reading *r, enum XML_Status status) {
    if (r->refused)
        return FR_EVENTS_BROKEN;
    if (r->stopped)
        return FR_EVENTS_STOPPED;
    if (status == XML_STATUS_OK)
        return FR_EVENTS_OK;
    return XML_GetErrorCode(r->parser) == XML_ERROR_NO_MEMORY ? FR_EVENTS_NO_MEMORY
                                                              : FR_EVENTS_BROKEN;
}

enum fr_events_result fr_events_read(const struct fr_events *events, void *user, const char *text,
                                     size_t size) {
    struct reading r = {.events = events, .user = user, .parser = XML_ParserCreate(NULL)};
    enum XML_Status status = XML_STATUS_OK;
    if (r.parser == NULL)
        return FR_EVENTS_NO_MEMORY;
    XML_SetUserData(r.parser, &r);
    XML_SetElementHandler(r.parser, element_begins, element_ends);
    XML_SetCharacterDataHandler(r.parser, text_comes);
    XML_SetStartDoctypeDeclHandler(r.parser, document_type);
    for (size_t at = 0; status == XML_STATUS_OK && at <= size; at += PIECE) {
        size_t piece = size - at < PIECE ? size - at : PIECE;
        status = XML_Parse(r.parser, text + at, (int)piece, at + PIECE > size);
    }
    enum fr_events_result result = result_of(&r, status);
    XML_ParserFree(r.parser);
    return result;
}

const char *fr_events_attribute(const char **attributes, const char *name) {
    for (size_t i = 0; attributes[i] != NULL; i += 2)
        if (strcmp(local_name(attributes[i]), name) == 0)
            return attributes[i + 1];
    return NULL;
}
