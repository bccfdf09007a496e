/*
 * Labels of Kubernetes, as its API server accepts them. Knows nothing of selectors.
 */
#include "label_names.h"

#include <string.h>

static bool is_letter_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Letters, digits and some others between them: labels of Kubernetes and parts of names. */
static bool is_label(const char *text, size_t length, const char *between) {
    if (length == 0 || length > 63 || !is_letter_or_digit(text[0]) ||
        !is_letter_or_digit(text[length - 1]))
        return false;
    for (size_t i = 0; i < length; i++)
        if (!is_letter_or_digit(text[i]) && strchr(between, text[i]) == NULL)
            return false;
    return true;
}

static bool has_capitals(const char *text, size_t length) {
    for (size_t i = 0; i < length; i++)
        if (text[i] >= 'A' && text[i] <= 'Z')
            return true;
    return false;
}

/* RFC 1123, as the API server checks it: apimachinery pkg/util/validation, IsDNS1123Label. */
bool fr_is_namespace(const char *text, size_t length) {
    return is_label(text, length, "-") && !has_capitals(text, length);
}

/* The same, IsValidLabelValue. */
bool fr_is_label_value(const char *value, size_t length) {
    return length == 0 || is_label(value, length, "-_.");
}

/* A prefix that is a DNS name and a '/', both optional, and a name: IsQualifiedName. */
bool fr_is_label_name(const char *text, size_t length) {
    const char *slash = memchr(text, '/', length);
    const char *name = slash == NULL ? text : slash + 1;
    for (const char *part = text; slash != NULL && part <= slash;) {
        size_t size = strcspn(part, "./");
        if (!fr_is_namespace(part, size))
            return false;
        part += size + 1;
    }
    return (slash == NULL || slash - text <= 253) &&
           is_label(name, length - (size_t)(name - text), "-_.");
}
