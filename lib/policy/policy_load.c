/*
 * Loads a policy: reads its file, binds its names, reads the lock file. Knows no key.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policy.h"
#include "recognise.h"

/* The lock file's path, made from the option and the policy's path; NULL: there is none. */
static flowrules_status find_lock(flowrules_policy *policy, const char *path) {
    flowrules_context *context = policy->context;
    const char *chosen = context->lock;
    if (chosen != NULL && strcmp(chosen, "none") == 0)
        return FLOWRULES_OK;
    if (chosen == NULL && path == NULL)
        return FLOWRULES_OK;
    size_t length = strlen(chosen != NULL ? chosen : path) + sizeof ".lock";
    policy->lock_path = fr_malloc(&context->allocator, length);
    if (policy->lock_path == NULL)
        return fr_no_memory(context);
    snprintf(policy->lock_path, length, chosen != NULL ? "%s" : "%s.lock",
             chosen != NULL ? chosen : path);
    return FLOWRULES_OK;
}

static flowrules_status read_lock(flowrules_policy *policy, const char *path) {
    flowrules_context *context = policy->context;
    char *text;
    size_t size;
    FR_TRY(find_lock(policy, path));
    if (policy->lock_path == NULL)
        return FLOWRULES_OK;
    if (context->lock == NULL && access(policy->lock_path, F_OK) != 0)
        return FLOWRULES_OK; /* names that need it will say so */
    FR_TRY(fr_read_file(context, policy->lock_path, FR_NOWHERE, &text, &size));
    uint32_t file = fr_diagnostics_file(&context->diagnostics, policy->lock_path, text, size);
    flowrules_status status =
        file == 0 ? fr_no_memory(context) : fr_lock_read(&policy->lock, context, file, text, size);
    fr_diagnostics_forget(&context->diagnostics, file);
    fr_free(&context->allocator, text);
    return status;
}

/* Says what a file is that is no policy at all, instead of the messages from index first on. */
static void report_other_file(flowrules_context *context, uint32_t file, size_t first) {
    size_t size;
    const char *text = fr_diagnostics_text(&context->diagnostics, file, &size);
    const struct fr_file_kind *kind = text == NULL ? NULL : fr_recognise(text, size);
    if (kind == NULL || fr_recognise_is_policy(kind))
        return;
    fr_diagnostics_cut(&context->diagnostics, first);
    fr_error(&context->diagnostics, FR_VALUE_KIND, (struct fr_at){file, 0, 0, 0},
             kind->backends[0] != '\0' ? "give the policy first, then the other files; 'flowrules "
                                         "import' writes a policy from a configuration"
                                       : "give the policy first, then the other files",
             "this is %s, not a policy", kind->name);
}

static flowrules_status load(flowrules_policy *policy, const char *path, uint32_t file,
                             const struct fr_input *input, bool beside) {
    flowrules_context *context = policy->context;
    size_t errors = context->diagnostics.error_count;
    size_t first = context->diagnostics.list.count;
    flowrules_status status = fr_policy_read(policy, file, path, input);
    if (status == FLOWRULES_OK)
        status = fr_policy_resolve(policy);
    if (context->diagnostics.error_count > errors)
        report_other_file(context, file, first);
    fr_diagnostics_sort(&context->diagnostics, first);
    if (status == FLOWRULES_OK && !policy->of_owner)
        status = read_lock(policy, beside ? path : NULL);
    if (context->diagnostics.out_of_memory)
        return FLOWRULES_NO_MEMORY;
    if (status == FLOWRULES_OK && context->diagnostics.error_count > errors)
        status = FLOWRULES_INVALID;
    return status;
}

static flowrules_status too_large(flowrules_context *context, const char *name) {
    return fr_error(&context->diagnostics, FR_YAML_TOO_LARGE, FR_NOWHERE,
                    "the option max-size raises the limit", "%s is larger than %llu bytes", name,
                    (unsigned long long)context->max_size);
}

/* What is loaded. */
struct loading {
    const char *name; /* in messages */
    const char *path; /* where messages can read the file again, or NULL */
    bool of_owner;    /* a file of assertions */
};

static flowrules_status load_input(flowrules_policy **policy, flowrules_context *context,
                                   const struct loading *loading, const struct fr_input *input) {
    const char *name = loading->name, *path = loading->path;
    flowrules_policy *p;
    uint32_t file = fr_diagnostics_file(&context->diagnostics, name, input->text, input->size);
    if (file == 0 || (path != NULL && !fr_diagnostics_path(&context->diagnostics, file, path)))
        return fr_no_memory(context);
    flowrules_status status = fr_policy_new(&p, context);
    if (status == FLOWRULES_OK) {
        p->first_file = file;
        p->of_owner = loading->of_owner;
        status = load(p, name, file, input, path != NULL);
    }
    fr_diagnostics_forget(&context->diagnostics, file);
    if (status != FLOWRULES_OK) {
        flowrules_policy_free(p);
        return status;
    }
    *policy = p;
    return FLOWRULES_OK;
}

static flowrules_status load_text(flowrules_policy **policy, flowrules_context *context,
                                  const struct loading *loading, const char *text, size_t size) {
    struct fr_input input = {text, size, NULL};
    *policy = NULL;
    if (size > context->max_size)
        return too_large(context, loading->name);
    return load_input(policy, context, loading, &input);
}

flowrules_status flowrules_policy_load_text(flowrules_policy **policy, flowrules_context *context,
                                            const char *name, const char *text, size_t size) {
    const struct loading loading = {.name = name};
    return load_text(policy, context, &loading, text, size);
}

flowrules_status fr_assertion_file_load_text(flowrules_policy **policy, flowrules_context *context,
                                             const char *name, const char *text, size_t size) {
    const struct loading loading = {.name = name, .of_owner = true};
    return load_text(policy, context, &loading, text, size);
}

/* A pipe or device: it can be read but once, and so has to be kept. */
static flowrules_status load_whole(flowrules_policy **policy, flowrules_context *context,
                                   const struct loading *loading) {
    char *text;
    struct fr_input input = {NULL, 0, NULL};
    FR_TRY(fr_read_file(context, loading->path, FR_NOWHERE, &text, &input.size));
    input.text = text;
    flowrules_status status = load_input(policy, context, loading, &input);
    fr_free(&context->allocator, text);
    return status;
}

static flowrules_status load_file(flowrules_policy **policy, flowrules_context *context,
                                  const struct loading *loading) {
    struct fr_input input = {NULL, 0, NULL};
    struct stat facts;
    *policy = NULL;
    if (stat(loading->path, &facts) != 0 || !S_ISREG(facts.st_mode))
        return load_whole(policy, context, loading);
    if ((uint64_t)facts.st_size > context->max_size)
        return too_large(context, loading->path);
    input.stream = fopen(loading->path, "rb");
    if (input.stream == NULL)
        return load_whole(policy, context, loading); /* says why it can't be read */
    flowrules_status status = load_input(policy, context, loading, &input);
    fclose(input.stream);
    return status;
}

flowrules_status flowrules_policy_load(flowrules_policy **policy, flowrules_context *context,
                                       const char *path) {
    const struct loading loading = {.name = path, .path = path};
    return load_file(policy, context, &loading);
}

flowrules_status fr_assertion_file_load(flowrules_policy **policy, flowrules_context *context,
                                        const char *path) {
    const struct loading loading = {.name = path, .path = path, .of_owner = true};
    return load_file(policy, context, &loading);
}
