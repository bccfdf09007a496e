/*
 * Labels of Kubernetes: their names and values, as the API server takes them.
 */
#ifndef FR_LABEL_NAMES_H
#define FR_LABEL_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#define FR_LABEL_NAME_MAX 317u /* a prefix of 253 bytes, a slash, a name of 63 */
bool fr_is_label_name(const char *text, size_t length);
bool fr_is_label_value(const char *value, size_t length);
/* A namespace, or a part of a DNS name. */
bool fr_is_namespace(const char *text, size_t length);

#endif
