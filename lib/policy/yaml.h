/*
 * YAML as a stream of values with their places, by libyaml; yaml.c is the only file that sees
 * <yaml.h>. Aliases and merge keys are expanded within bounds. Errors of syntax and the limits of
 * size and depth are reported here; what values mean is the caller's.
 */
#ifndef FR_YAML_H
#define FR_YAML_H

#include "context.h"

/* Collections may nest this deep; a policy needs 6. */
#define FR_YAML_MAX_DEPTH 32u
/* Values that aliases and merge keys may bring in all together: so many, and so many times those
 * that are written out. */
#define FR_YAML_MAX_EXPANSION    1000000u
#define FR_YAML_EXPANSION_FACTOR 16u

enum fr_node { FR_SCALAR, FR_SEQUENCE, FR_MAPPING, FR_END, FR_STREAM_END };

/* One value (a scalar, or the start or end of a collection). text lives until the next call. */
struct fr_value {
    enum fr_node kind;
    bool quoted; /* a scalar in quotes or a block: never null, a number or a boolean */
    bool merged; /* a key that came through a merge key: an explicit one beats it */
    const char *text;
    size_t length;
    struct fr_at at;
};

struct fr_yaml;

/* A reader of an input, which must live as long; file is its number in the diagnostics. */
flowrules_status fr_yaml_open(struct fr_yaml **yaml, flowrules_context *context, uint32_t file,
                              const struct fr_input *input);
void fr_yaml_close(struct fr_yaml *yaml);

/* The root value of the only document; FR_STREAM_END for an empty file. */
flowrules_status fr_yaml_root(struct fr_yaml *yaml, struct fr_value *value);
/* After the root was read whole: an error when another document follows. */
flowrules_status fr_yaml_finish(struct fr_yaml *yaml);
flowrules_status fr_yaml_next(struct fr_yaml *yaml, struct fr_value *value);
/* Passes over the rest of a value whose first part was read. */
flowrules_status fr_yaml_skip(struct fr_yaml *yaml, const struct fr_value *value);

/* The merge keys of a mapping that are still to be read. Zero it when the mapping opens. */
struct fr_merges {
    uint32_t first[16], end[16];
    unsigned count;
    unsigned front; /* where the next one goes */
    bool merging;
};

/*
 * The next key of a mapping: *more is false at its end. Keys that are no scalars are reported and
 * skipped.
 */
flowrules_status fr_yaml_key(struct fr_yaml *yaml, struct fr_merges *merges, struct fr_value *key,
                             bool *more);
/* The next item of a sequence: *more is false at its end. */
flowrules_status fr_yaml_item(struct fr_yaml *yaml, struct fr_value *item, bool *more);

/* A plain scalar that YAML reads as null: nothing, ~ or null. */
bool fr_value_is_null(const struct fr_value *value);
/* True for a scalar with this text. */
bool fr_value_is(const struct fr_value *value, const char *text);

#endif
