/*
 * Finds the rules of rendered files by their map, and compares them line by line.
 */
#include "artifact_rules.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"

/* A file of an artifact, in lines. */
struct lines {
    char *text;
    const char **items;
    size_t count;
};

/* The rules of an artifact: lines of its files. */
struct rules {
    struct lines *files;
    size_t file_count;
    const char **items;
    size_t count;
};

static char *file_text(const flowrules_artifact *artifact, size_t file) {
    size_t size = flowrules_artifact_file_size(artifact, file), bytes, done = 0;
    char *text = allocate(size + 1, 1);
    const char *block;
    for (size_t i = 0; (block = flowrules_artifact_file_block(artifact, file, i, &bytes)) != NULL;
         i++) {
        memcpy(text + done, block, bytes);
        done += bytes;
    }
    return text;
}

static struct lines split_lines(char *text) {
    struct lines lines = {text, NULL, 0};
    size_t count = 1;
    for (const char *at = text; *at != '\0'; at++)
        count += *at == '\n';
    lines.items = allocate(count, sizeof(const char *));
    for (char *at = text; *at != '\0';) {
        size_t length = strcspn(at, "\n");
        lines.items[lines.count++] = at;
        at += length;
        if (*at == '\n')
            *at++ = '\0';
    }
    return lines;
}

static const struct lines *find_file(const struct rules *rules, const flowrules_artifact *artifact,
                                     const char *name) {
    for (size_t i = 0; name != NULL && i < rules->file_count; i++)
        if (strcmp(flowrules_artifact_file_name(artifact, i), name) == 0)
            return &rules->files[i];
    return NULL;
}

/* The text of a map's rule, without the blanks before it, or NULL. */
static const char *rule_text(const struct rules *rules, const flowrules_artifact *artifact,
                             const cJSON *item) {
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "file"));
    const cJSON *line = cJSON_GetObjectItemCaseSensitive(item, "line");
    const struct lines *file = find_file(rules, artifact, name);
    if (file == NULL || !cJSON_IsNumber(line) || line->valueint < 1 ||
        (size_t)line->valueint > file->count)
        return NULL;
    const char *text = file->items[line->valueint - 1];
    return text + strspn(text, " \t");
}

static int by_text(const void *one, const void *other) {
    return strcmp(*(const char *const *)one, *(const char *const *)other);
}

static void read_map(struct rules *rules, flowrules_artifact *artifact) {
    const char *map = flowrules_artifact_map(artifact);
    cJSON *root = map != NULL ? cJSON_Parse(map) : NULL;
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(root, "rules"), *item;
    if (root == NULL)
        out_of_memory();
    rules->items = allocate((size_t)cJSON_GetArraySize(list) + 1, sizeof(const char *));
    cJSON_ArrayForEach(item, list) {
        const char *text = rule_text(rules, artifact, item);
        if (text != NULL)
            rules->items[rules->count++] = text;
    }
    if (rules->count > 1)
        qsort(rules->items, rules->count, sizeof(const char *), by_text);
    cJSON_Delete(root);
}

/* Writes the same over the version of an artifact wherever it stands. */
static void hide_version(char *text, const char *version) {
    size_t length = strlen(version);
    if (length > 0)
        for (char *at = text; (at = strstr(at, version)) != NULL; at += length)
            memset(at, '0', length);
}

static struct rules read_rules(flowrules_artifact *artifact) {
    struct rules rules = {NULL, flowrules_artifact_file_count(artifact), NULL, 0};
    rules.files = allocate(rules.file_count, sizeof(*rules.files));
    for (size_t i = 0; i < rules.file_count; i++) {
        char *text = file_text(artifact, i);
        hide_version(text, flowrules_artifact_version(artifact));
        rules.files[i] = split_lines(text);
    }
    read_map(&rules, artifact);
    return rules;
}

static void free_rules(struct rules *rules) {
    for (size_t i = 0; i < rules->file_count; i++) {
        free(rules->files[i].text);
        free(rules->files[i].items);
    }
    free(rules->files);
    free(rules->items);
}

void count_rule_changes(flowrules_artifact *const artifacts[2], size_t *added, size_t *removed) {
    struct rules before = read_rules(artifacts[0]), after = read_rules(artifacts[1]);
    size_t i = 0, k = 0, same = 0;
    while (i < before.count && k < after.count) {
        int order = strcmp(before.items[i], after.items[k]);
        same += order == 0;
        i += order <= 0;
        k += order >= 0;
    }
    *added = after.count - same;
    *removed = before.count - same;
    free_rules(&before);
    free_rules(&after);
}
