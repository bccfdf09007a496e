/*
 * An edit of a policy: edit.c changes its flows and tells which packets that concerns, edit_lines.c
 * which lines of the targets' files.
 */
#ifndef FR_EDIT_H
#define FR_EDIT_H

#include "edit_index.h"
#include "network_names.h"
#include "policy_edit.h"

/* A file of a target, as it was rendered last. */
struct fr_kept_file {
    const char *name;
    char *text;
    size_t size;
};

/* The files of a target, with which the next ones are compared. */
struct fr_kept_target {
    struct fr_arena arena; /* of all but the texts */
    const char *name;
    struct fr_kept_file *files;
    size_t count;
};

/* What a flow is about. */
struct fr_edited {
    struct fr_edit_region region;
    uint32_t version; /* of it that counts */
    bool listed;      /* it is among the denies */
};

struct flowrules_edit {
    flowrules_context *context;
    flowrules_policy *begun; /* as it was when the edit began: held */
    struct fr_vec kept;      /* struct fr_kept_target */
    struct fr_editor editor;
    struct fr_network_names names; /* of its networks, for texts */
    struct fr_view view;           /* of the editor's policy: networks are their members */
    struct fr_vec regions;         /* struct fr_edited, for each flow */
    struct fr_vec versions;        /* uint32_t: the flow of each version in the indexes */
    struct fr_edit_index flows[2]; /* allows, denies */
    struct fr_vec denies;          /* uint32_t: flows that are denies, or were */
};

/* Frees what a kept target owns. */
void fr_kept_target_free(struct fr_kept_target *kept);

#endif
