/*
 * Reads the text of a policy file: the keys of the top level, and the files that it includes by
 * paths or patterns, relative to the folder of the file that names them. policy_resolve.c binds
 * names.
 */
#include "policy_read.h"

#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define INCLUDES_MAX 200u

/* ---- one file ------------------------------------------------------------------------------ */

/* Reads one file of a policy by a table of keys; what is what messages call it. */
static flowrules_status read_document(struct fr_reader *r, const struct fr_input *input,
                                      const char *what, const struct fr_key *keys) {
    struct fr_value root;
    FR_TRY(fr_yaml_open(&r->yaml, r->context, r->file, input));
    flowrules_status status = fr_yaml_root(r->yaml, &root);
    if (status == FLOWRULES_OK && root.kind == FR_STREAM_END) {
        status = fr_error(r->diagnostics, FR_YAML_EMPTY, root.at,
                          "a policy begins with 'flowrules: 1'", "the file is empty");
    } else if (status == FLOWRULES_OK) {
        struct fr_at at = root.at;
        status = fr_read_mapping(r, &root, what, keys, NULL, NULL);
        if (status == FLOWRULES_OK && keys == fr_policy_keys && root.kind == FR_MAPPING &&
            !r->flows_given)
            fr_error(r->diagnostics, FR_KEY_MISSING, at, "write a list of flows: 'flows: [...]'",
                     "a policy needs the key 'flows'");
        if (status == FLOWRULES_OK)
            status = fr_yaml_finish(r->yaml);
    }
    fr_yaml_close(r->yaml);
    return status;
}

/* ---- includes ------------------------------------------------------------------------------ */

/* The path of an include: its folder is the including file's. NULL when out of memory. */
static char *include_path(struct fr_reader *r, const char *name) {
    const char *slash = strrchr(r->path, '/');
    size_t folder = slash == NULL ? 0 : (size_t)(slash - r->path) + 1;
    size_t length = strlen(name);
    char *path = fr_malloc(&r->context->allocator, folder + length + 1);
    if (path == NULL)
        return NULL;
    memcpy(path, r->path, folder);
    memcpy(path + folder, name, length + 1);
    return path;
}

/* Does the path leave the folder that it starts from, as written? */
static bool leaves_folder(const char *name) {
    if (name[0] == '/')
        return true;
    for (const char *part = name; part != NULL; part = strchr(part, '/')) {
        part += *part == '/';
        if (strncmp(part, "..", 2) == 0 && (part[2] == '/' || part[2] == '\0'))
            return true;
    }
    return false;
}

static bool is_folder(const char *path) {
    struct stat facts;
    return stat(path, &facts) == 0 && S_ISDIR(facts.st_mode);
}

/*
 * The folder of a path, links followed, to be freed; NULL where it is too long, is not there, or
 * memory ran out (ENOMEM).
 */
static char *real_folder_of(const char *path) {
    char folder[4096];
    const char *slash = strrchr(path, '/');
    size_t length = slash == NULL ? 0 : (size_t)(slash - path);
    errno = 0;
    if (length >= sizeof folder)
        return NULL;
    memcpy(folder, path, length);
    folder[length] = '\0';
    return realpath(slash == NULL ? "." : length == 0 ? "/" : folder, NULL);
}

/* Is the file, links followed, below this folder? */
static bool is_below(const char *real, const char *real_folder) {
    size_t length = strlen(real_folder);
    return strncmp(real, real_folder, length) == 0 &&
           (real[length] == '/' || strcmp(real_folder, "/") == 0);
}

/* Notes a file as read; *known when it was already. */
static flowrules_status note_included(struct fr_reader *r, const char *real, bool *known) {
    *known = false;
    for (size_t i = 0; i < r->included.count; i++)
        if (strcmp(*fr_vec_at(&r->included, char *, i), real) == 0) {
            *known = true;
            return FLOWRULES_OK;
        }
    char **slot = fr_vec_push(&r->included);
    size_t size = strlen(real) + 1;
    char *copy = fr_malloc(&r->context->allocator, size);
    if (slot == NULL || copy == NULL) {
        if (slot != NULL)
            r->included.count--;
        fr_free(&r->context->allocator, copy);
        return fr_no_memory(r->context);
    }
    memcpy(copy, real, size);
    *slot = copy;
    return FLOWRULES_OK;
}

static flowrules_status read_include_text(struct fr_reader *r, const char *path, struct fr_at at) {
    char *text = NULL;
    size_t size = 0;
    flowrules_status status = fr_read_file(r->context, path, at, &text, &size);
    if (status == FLOWRULES_NO_MEMORY)
        return status;
    if (status != FLOWRULES_OK)
        return FLOWRULES_OK; /* it is told; the rest is still read for more errors */
    struct fr_input input = {text, size, NULL};
    struct fr_reader inner = *r;
    inner.path = path;
    inner.include_depth++;
    inner.file = fr_diagnostics_file(r->diagnostics, path, text, size);
    bool known = inner.file != 0 && fr_diagnostics_path(r->diagnostics, inner.file, path);
    status = !known ? fr_no_memory(r->context)
                    : read_document(&inner, &input, "an included file", fr_included_keys);
    r->draft = inner.draft;
    r->tag_lists = inner.tag_lists;
    r->included = inner.included;
    r->flow_names = inner.flow_names;
    r->flows_given = inner.flows_given;
    fr_diagnostics_forget(r->diagnostics, inner.file);
    fr_free(&r->context->allocator, text);
    return status == FLOWRULES_INVALID ? FLOWRULES_OK : status;
}

/* The paths of an include, links followed: of the file, of the including one and of its folder. */
struct include_paths {
    char *file, *including, *folder;
};

/* Tells what stands against an include. True: nothing does, and it is not the including file
 * itself. */
static bool may_include(struct fr_reader *r, const struct include_paths *real, const char *path,
                        struct fr_at at, bool found) {
    bool itself = real->including != NULL && strcmp(real->file, real->including) == 0;
    if (is_folder(real->file))
        fr_error(r->diagnostics, FR_INCLUDE, at,
                 "to include all files of a folder: \"FOLDER/*.yaml\"",
                 "%s is a folder, not a file", path);
    else if (real->folder == NULL || !is_below(real->file, real->folder))
        fr_error(r->diagnostics, FR_INCLUDE, at, "copy the file into the folder of the policy",
                 "%s is a link to a file outside the folder of the policy", path);
    else if (itself && !found)
        fr_error(r->diagnostics, FR_INCLUDE, at, "remove it", "%s includes itself", path);
    else if (!itself && r->include_depth >= FR_INCLUDE_DEPTH_MAX)
        fr_error(r->diagnostics, FR_INCLUDE, at, "include it from the policy itself",
                 "includes are nested more than %u levels deep", FR_INCLUDE_DEPTH_MAX);
    else if (!itself && r->included.count >= INCLUDES_MAX)
        fr_error(r->diagnostics, FR_INCLUDE, at, "join some of them",
                 "a policy includes more than %u files", INCLUDES_MAX);
    else
        return !itself;
    return false;
}

/* Includes a file; one that a pattern found may be the file itself, which is passed over. */
static flowrules_status include_file(struct fr_reader *r, const char *path, struct fr_at at,
                                     bool found) {
    struct include_paths real = {realpath(path, NULL), NULL, NULL};
    bool known = true, no_memory = real.file == NULL && errno == ENOMEM;
    flowrules_status status = FLOWRULES_OK;
    if (real.file == NULL && !no_memory)
        fr_error(r->diagnostics, FR_INCLUDE, at,
                 "the path is relative to the file that includes it", "can't include %s: %s", path,
                 strerror(errno));
    if (real.file != NULL) {
        real.including = realpath(r->path, NULL);
        no_memory = real.including == NULL && errno == ENOMEM;
        real.folder = real_folder_of(r->path);
        no_memory = no_memory || (real.folder == NULL && errno == ENOMEM);
    }
    if (real.file != NULL && !no_memory && may_include(r, &real, path, at, found))
        status = note_included(r, real.file, &known);
    if (no_memory)
        status = fr_no_memory(r->context);
    else if (status == FLOWRULES_OK && !known)
        status = read_include_text(r, path, at);
    free(real.file);
    free(real.including);
    free(real.folder);
    return status;
}

/* ---- patterns ------------------------------------------------------------------------------ */

static bool is_pattern(const char *name) {
    return strpbrk(name, "*?") != NULL;
}

/*
 * What glob() takes for folder and name, with only '*' and '?' of the name as signs; NULL when out
 * of memory.
 */
static char *glob_pattern(struct fr_reader *r, const char *path, size_t folder) {
    char *pattern = fr_malloc(&r->context->allocator, 2 * strlen(path) + 1), *out = pattern;
    for (size_t i = 0; pattern != NULL && path[i] != '\0'; i++) {
        if (strchr("[]\\", path[i]) != NULL || (i < folder && strchr("*?", path[i]) != NULL))
            *out++ = '\\';
        *out++ = path[i];
    }
    if (pattern != NULL)
        *out = '\0';
    return pattern;
}

static int by_bytes(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static flowrules_status include_found(struct fr_reader *r, glob_t *found, struct fr_at at) {
    flowrules_status status = FLOWRULES_OK;
    qsort(found->gl_pathv, found->gl_pathc, sizeof *found->gl_pathv, by_bytes);
    for (size_t i = 0; i < found->gl_pathc && status == FLOWRULES_OK; i++)
        status = include_file(r, found->gl_pathv[i], at, true);
    return status;
}

/* Includes the files that a path with '*' or '?' matches, in the order of their bytes. */
static flowrules_status include_pattern(struct fr_reader *r, const char *name, const char *path,
                                        struct fr_at at) {
    glob_t found;
    if (strstr(name, "**") != NULL) {
        fr_error(r->diagnostics, FR_INCLUDE, at, "name each folder: [a/*.yaml, a/b/*.yaml]",
                 "'**' is not supported: '*' matches a part of one name");
        return FLOWRULES_OK;
    }
    char *pattern = glob_pattern(r, path, strlen(path) - strlen(name));
    if (pattern == NULL)
        return fr_no_memory(r->context);
    int result = glob(pattern, GLOB_ERR | GLOB_NOSORT, NULL, &found);
    flowrules_status status = FLOWRULES_OK;
    if (result == 0)
        status = include_found(r, &found, at);
    else if (result == GLOB_NOSPACE)
        status = fr_no_memory(r->context);
    else
        fr_error(r->diagnostics, FR_INCLUDE, at,
                 result == GLOB_NOMATCH ? "the pattern is relative to the file that includes it"
                                        : "the folder does not exist or cannot be read",
                 "no file matches '%.200s'", name);
    if (result == 0)
        globfree(&found);
    fr_free(&r->context->allocator, pattern);
    return status;
}

static flowrules_status read_include(struct fr_reader *r, const struct fr_value *value,
                                     void *object) {
    (void)object;
    bool good;
    FR_TRY(fr_want_scalar(r, value, &good));
    if (!good)
        return FLOWRULES_OK;
    if (leaves_folder(value->text)) {
        fr_error(r->diagnostics, FR_INCLUDE, value->at,
                 "keep included files in the folder of the policy or below it",
                 "'%.80s' is above the folder of this file", value->text);
        return FLOWRULES_OK;
    }
    struct fr_at at = value->at;
    size_t errors = r->diagnostics->error_count;
    size_t value_length = strlen(value->text);
    char *path = include_path(r, value->text);
    if (path == NULL)
        return fr_no_memory(r->context);
    flowrules_status status = is_pattern(path + strlen(path) - value_length)
                                  ? include_pattern(r, path + strlen(path) - value_length, path, at)
                                  : include_file(r, path, at, false);
    fr_free(&r->context->allocator, path);
    /* What could not be included may have had the flows. */
    r->flows_given = r->flows_given || r->diagnostics->error_count > errors;
    return status;
}

static flowrules_status read_includes(struct fr_reader *r, const struct fr_value *value,
                                      void *object) {
    return fr_read_list(r, value, read_include, object);
}

/* ---- the top level ------------------------------------------------------------------------- */

static flowrules_status read_version(struct fr_reader *r, const struct fr_value *value,
                                     void *object) {
    (void)object;
    bool good;
    FR_TRY(fr_want_scalar(r, value, &good));
    if (good && !fr_value_is(value, "1"))
        fr_error(r->diagnostics, FR_VERSION, value->at, "write 'flowrules: 1'",
                 "this version of flowrules does not know the format '%.80s'", value->text);
    return FLOWRULES_OK;
}

static flowrules_status read_title(struct fr_reader *r, const struct fr_value *value,
                                   void *object) {
    (void)object;
    return fr_read_text(r, value, &r->policy->title);
}

static flowrules_status read_description(struct fr_reader *r, const struct fr_value *value,
                                         void *object) {
    (void)object;
    return fr_read_text(r, value, &r->policy->description);
}

static flowrules_status read_protects(struct fr_reader *r, const struct fr_value *value,
                                      void *object) {
    (void)object;
    return fr_read_peers(r, value, &r->policy->protects);
}

const struct fr_key fr_policy_keys[] = {
    {"flowrules", read_version, "a policy begins with 'flowrules: 1'", "version",
     "the version of this format", NULL},
    {"title", read_title, NULL, "text", "the first line of rendered files", NULL},
    {"description", read_description, NULL, "text", "for people", NULL},
    {"include", read_includes, NULL, "texts",
     "files with networks, services and flows; patterns are allowed", NULL},
    {"protects", read_protects, NULL, "ends", "the networks that the firewalls protect", NULL},
    {"networks", fr_read_networks, NULL, "networks", "names of addresses, DNS names and groups",
     NULL},
    {"places", fr_read_places, NULL, "places",
     "networks that are behind the same interfaces, or in the same zones", NULL},
    {"services", fr_read_services, NULL, "services", "names of protocols and ports", NULL},
    {"flows", fr_read_flows, NULL, "flows",
     "who may open connections to whom; a deny beats every allow", NULL},
    {"targets", fr_read_targets, NULL, "targets", "where the policy is enforced", NULL},
    {"proxies", fr_read_proxies, NULL, "proxies", "who asks which proxy, and for what not", NULL},
    {"lint", fr_read_lint, NULL, "lint", "what lint looks for, and what it accepts", NULL},
    {"zones", fr_read_zones, NULL, "zones", "parts of the network, for assertions and the matrix",
     NULL},
    {"assertions", fr_read_assertions, NULL, "assertions",
     "what must never pass, what alone may, and what must", NULL},
    {"matrix", fr_read_matrix, NULL, "matrix",
     "what may pass from zone to zone; everything else must not", NULL},
    {.name = NULL},
};

static flowrules_status not_included(struct fr_reader *r, const struct fr_value *value,
                                     void *object) {
    (void)object;
    fr_error(
        r->diagnostics, FR_INCLUDE_CONTENT, r->key_at,
        "move it to the policy that includes this file",
        "'%s' belongs to the policy itself: an included file has only networks, services and flows",
        r->key);
    return fr_yaml_skip(r->yaml, value);
}

static flowrules_status ignored_text(struct fr_reader *r, const struct fr_value *value,
                                     void *object) {
    (void)object;
    fr_string text;
    return fr_read_text(r, value, &text);
}

const struct fr_key fr_included_keys[] = {
    {"flowrules", read_version, NULL, "version", "the version of this format", NULL},
    {"title", ignored_text, NULL, "text", "for people", NULL},
    {"description", ignored_text, NULL, "text", "for people", NULL},
    {"include", read_includes, NULL, "texts",
     "files with networks, services and flows; patterns are allowed", NULL},
    {"protects", not_included, NULL, NULL, "only in the policy itself", NULL},
    {"networks", fr_read_networks, NULL, "networks", "names of addresses, DNS names and groups",
     NULL},
    {"places", not_included, NULL, NULL, "only in the policy itself", NULL},
    {"services", fr_read_services, NULL, "services", "names of protocols and ports", NULL},
    {"flows", fr_read_flows, NULL, "flows",
     "who may open connections to whom; a deny beats every allow", NULL},
    {"targets", not_included, NULL, NULL, "only in the policy itself", NULL},
    {"proxies", not_included, NULL, NULL, "only in the policy itself", NULL},
    {"lint", not_included, NULL, NULL, "only in the policy itself", NULL},
    {"zones", not_included, NULL, NULL, "only in the policy itself", NULL},
    {"assertions", not_included, NULL, NULL, "only in the policy itself", NULL},
    {"matrix", not_included, NULL, NULL, "only in the policy itself", NULL},
    {.name = NULL},
};

/* ---- a file of assertions ------------------------------------------------------------------ */

static flowrules_status not_asserted(struct fr_reader *r, const struct fr_value *value,
                                     void *object) {
    (void)object;
    fr_error(r->diagnostics, FR_INCLUDE_CONTENT, r->key_at, "remove it",
             "'%s' belongs to a policy: a file of assertions judges the flows of others", r->key);
    return fr_yaml_skip(r->yaml, value);
}

const struct fr_key fr_assertion_file_keys[] = {
    {"flowrules", read_version, "a file of assertions begins with 'flowrules: 1'", "version",
     "the version of this format", NULL},
    {"title", read_title, NULL, "text", "for people", NULL},
    {"description", read_description, NULL, "text", "for people", NULL},
    {"networks", fr_read_networks, NULL, "networks", "names of addresses, DNS names and groups",
     NULL},
    {"services", fr_read_services, NULL, "services", "names of protocols and ports", NULL},
    {"flows", not_asserted, NULL, NULL, "only in a policy", NULL},
    {"targets", not_asserted, NULL, NULL, "only in a policy", NULL},
    {"zones", fr_read_zones, NULL, "zones", "parts of the network", NULL},
    {"assertions", fr_read_assertions, NULL, "assertions",
     "what must never pass, what alone may, and what must", NULL},
    {"matrix", fr_read_matrix, NULL, "matrix",
     "what may pass from zone to zone; everything else must not", NULL},
    {.name = NULL},
};

/* ---- the whole ----------------------------------------------------------------------------- */

flowrules_status fr_reader_open(struct fr_reader *r, flowrules_policy *policy) {
    flowrules_context *context = policy->context;
    *r = (struct fr_reader){
        .policy = policy, .context = context, .diagnostics = &context->diagnostics, .key = ""};
    fr_draft_init(&r->draft, &context->allocator);
    fr_map_init(&r->tag_lists, &context->allocator);
    fr_vec_init(&r->flow_names, &context->allocator, sizeof(uint8_t));
    fr_vec_init(&r->included, &context->allocator, sizeof(char *));
    return fr_name_checker_new(&r->checker, context);
}

void fr_reader_close(struct fr_reader *r) {
    for (size_t i = 0; i < r->included.count; i++)
        fr_free(&r->context->allocator, *fr_vec_at(&r->included, char *, i));
    fr_vec_free(&r->included);
    fr_map_free(&r->tag_lists);
    fr_vec_free(&r->flow_names);
    fr_draft_free(&r->draft);
    fr_name_checker_free(r->checker);
}

flowrules_status fr_policy_read(flowrules_policy *policy, uint32_t file, const char *path,
                                const struct fr_input *input) {
    struct fr_reader r;
    flowrules_status status = fr_reader_open(&r, policy);
    r.path = path;
    r.file = file;
    char *real = realpath(path, NULL); /* a text has none */
    bool known;
    if (status == FLOWRULES_OK && real == NULL && errno == ENOMEM)
        status = fr_no_memory(r.context);
    if (status == FLOWRULES_OK && real != NULL)
        status = note_included(&r, real, &known);
    free(real);
    if (status == FLOWRULES_OK)
        status = policy->of_owner
                     ? read_document(&r, input, "a file of assertions", fr_assertion_file_keys)
                     : read_document(&r, input, "a policy", fr_policy_keys);
    fr_reader_close(&r);
    return status;
}
