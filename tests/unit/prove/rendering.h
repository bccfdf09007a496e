/*
 * Renderings of policies for unit tests, as texts.
 */
#ifndef FR_TESTS_RENDERING_H
#define FR_TESTS_RENDERING_H

#include "loading.h"

/* The files of a rendered target in a row; to be freed. NULL where it can't be rendered. */
char *unit_render(struct unit_policy *loaded, const char *target);

#endif
