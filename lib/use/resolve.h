/*
 * A resolution: which names are asked for, what they were pinned to, what they are pinned to now.
 */
#ifndef FR_RESOLVE_H
#define FR_RESOLVE_H

#include "inquiry.h"
#include "lock.h"
#include "wanted.h"
#include "writer.h"

enum fr_name_status {
    FR_STATUS_NEW,
    FR_STATUS_CHANGED,
    FR_STATUS_SAME,
    FR_STATUS_KEPT,
    FR_STATUS_FAILED
};

/* A name that is asked for; number i of the pinnings is the same name's. */
struct fr_resolved {
    const char *name, *reason;
    enum fr_name_status status;
    struct fr_at at; /* where the policy mentions it first */
};

struct flowrules_resolution {
    flowrules_context *context;
    flowrules_policy *policy;
    struct fr_arena arena;
    struct fr_strings asserted; /* of assertions */
    struct fr_strings by_targets, in_networks, given;
    bool chose_targets, chose_networks;
    struct fr_vec names;    /* const char *, sorted */
    struct fr_vec resolved; /* struct fr_resolved */
    struct fr_vec pinnings; /* struct fr_pinning */
    struct fr_vec pinned;   /* struct fr_pinned */
    struct fr_inquiry inquiry;
    struct fr_lock_document old;
    char *text; /* the new lock file */
    size_t size;
    bool ran;
};

/* Judges the replies for name i, and reports warnings about them (resolve_judge.c). */
flowrules_status fr_resolution_judge(flowrules_resolution *resolution, size_t index);

#endif
