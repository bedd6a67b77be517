/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * json -- putting an answer together as a cJSON tree.
 *
 * Ownership: what is put into a tree belongs to it; the root is the caller's.
 * Errors:    no memory ends the process with status 3, so that nothing is left out.
 */
#ifndef EXPERIMENTS_JSON_H
#define EXPERIMENTS_JSON_H

#include "sim/arena.h"

#include <cjson/cJSON.h>
#include <stdbool.h>

/* The item, which is not NULL. */
cJSON *json_made(cJSON *item);

void json_put(cJSON *object, const char *key, cJSON *item);
void json_append(cJSON *array, cJSON *item);

/* null where there is no number: JSON has no NaN and no infinity. */
void json_number(cJSON *object, const char *key, double value);

void json_text(cJSON *object, const char *key, const char *value); /* NULL: null */
void json_flag(cJSON *object, const char *key, bool value);

/* A new object or array in `parent`, or at the end of `array`. */
cJSON *json_object(cJSON *parent, const char *key);
cJSON *json_array(cJSON *parent, const char *key);
cJSON *json_element(cJSON *array);

/* The whole tree as text that ends with a newline, in the arena; the tree is freed. */
char *json_printed(cJSON *root, struct arena *arena);

#endif
