/*
 * The kinds of findings of lint by number: FL0101. docs/LINT.md has a section on each.
 */
#ifndef FR_FINDING_TABLE_H
#define FR_FINDING_TABLE_H

#include "flowrules/flowrules.h"

/* Hundreds by subject. A number is never used again for something else. */
enum fr_finding_id {
    /* 01: flows and other flows */
    FR_FLOW_COVERED = 101,
    FR_FLOW_COVERED_TOGETHER,
    FR_DENY_IDLE,
    FR_DENY_COVERED,
    FR_FLOWS_COULD_BE_ONE,
    FR_FLOWS_NOT_SEARCHED,
    /* 02: networks, services and tags */
    FR_NETWORK_UNUSED = 201,
    FR_SERVICE_UNUSED,
    FR_TAG_UNUSED,
    FR_NETWORK_TWICE,
    FR_SERVICE_TWICE,
    FR_TAG_SPELLED_TWICE,
    FR_TAG_TWICE,
    /* 03: flows that open very much */
    FR_ANY_TO_ANY = 301,
    FR_EVERY_PROTOCOL,
    FR_EVERY_PORT,
    FR_MANY_PORTS,
    FR_FROM_EVERYWHERE,
    FR_MANY_DESTINATIONS,
    FR_MANY_SOURCES,
    /* 04: protocols */
    FR_CLEARTEXT = 401,
    /* 05: what is said of a flow for people */
    FR_NO_OWNER = 501,
    FR_NO_PURPOSE,
    FR_NO_TICKET,
    FR_EXPIRES_SOON,
    FR_NO_EXPIRY_DATE,
    /* 06: names */
    FR_PIN_OLD = 601,
    FR_PIN_SHARED,
    FR_WILDCARD_PUBLIC,
    FR_WILDCARD_HOSTING,
    /* 07: targets */
    FR_FLOW_NOT_ENFORCED = 701,
    FR_TARGET_IDLE,
    /* 09: what is silenced */
    FR_SILENCE_IDLE = 901
};

/* "FL0101"; a static text, NULL if there is no such kind. */
const char *fr_finding_name(unsigned id);
/* The kind with this name; 0 if there is none. */
unsigned fr_finding_number(const char *name);
/* The name of kind index, in order, for suggestions; NULL behind the last. */
const char *fr_finding_candidate(const void *user, size_t index);
/* What is said of the kind with this name; NULL if there is none. */
const char *fr_finding_text(const char *name, flowrules_message_part part);

#endif
