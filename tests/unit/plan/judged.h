/*
 * A policy with a flow for each way in which one is judged, and targets that judge them
 * differently.
 */
#ifndef FR_TESTS_JUDGED_H
#define FR_TESTS_JUDGED_H

#include "loading.h"

struct unit_policy unit_load_judged(void);

#endif
