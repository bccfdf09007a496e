/*
 * From rules to bytes: calls a backend's spelling functions and keeps what they write.
 */
#ifndef FR_RENDER_H
#define FR_RENDER_H

#include "output.h"

struct flowrules_artifact {
    struct fr_allocator allocator;
    struct fr_arena arena;
    const char *target, *backend, *format;
    char version[9];
    struct fr_vec files;         /* struct fr_file * */
    flowrules_policy *policy;    /* held: for the names of flows */
    struct fr_flow_lists flows;  /* as in the rules */
    struct fr_flow_lists joined; /* those that the backend joined */
    char *map;
};

/* An artifact without files; NULL when out of memory. It holds the policy, which may be NULL. */
flowrules_artifact *fr_artifact_new(flowrules_context *context, const flowrules_policy *policy,
                                    const char *target, const char *backend, const char *format);

/*
 * Spells rules, whose life ends with it: the artifact takes over their lists of flows. asked: the
 * question whose packets select lines, or NULL.
 */
flowrules_status fr_render(flowrules_artifact **artifact, struct fr_rules *rules,
                           const struct fr_asked *asked);
/*
 * What rendering would still refuse in a plan that has refused nothing: flows, by *refused, which
 * knows their verdicts and is to be freed, or the target as a whole, for which *refusal says why
 * (of the plan's arena). Either may be NULL.
 */
flowrules_status fr_try_rendering(const flowrules_plan *plan, struct fr_rules **refused,
                                  const char **refusal);

/* An artifact with one file that has no plan; kind is its target, backend and format. */
flowrules_status fr_artifact_of_text(flowrules_artifact **artifact, flowrules_context *context,
                                     const char *kind, const char *name, const char *text,
                                     size_t size);

/* The flows of a number that a writer's origin gave. */
size_t fr_artifact_flow_count(const flowrules_artifact *artifact, flowrules_flows flows);
uint32_t fr_artifact_flow(const flowrules_artifact *artifact, flowrules_flows flows, size_t index);

#endif
