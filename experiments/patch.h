/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * patch -- changes to a JSON tree: --set POINTER=VALUE, by JSON pointers (RFC 6901),
 * and the merge patches of variants (RFC 7396).
 *
 * The value of a --set is JSON if it can be read as such and plain text otherwise, so
 * that both workers=4 and timeout=2s need no quotes. It replaces a member or an
 * element, adds a member to an object that is there, or with the index "-" an element
 * to a list.
 *
 * Ownership: what is added belongs to the tree.
 * Errors:    told to `where` under the name of the --set; the tree is left as it was.
 */
#ifndef EXPERIMENTS_PATCH_H
#define EXPERIMENTS_PATCH_H

#include "experiments/where.h"

#include <cjson/cJSON.h>

#include <stdbool.h>

/* Applies one "POINTER=VALUE". */
bool patch_set(struct where *where, cJSON *root, const char *argument);

/* If the argument's pointer leads into the member `key` of the root and there is none,
 * puts `empty` there: "{}" or "[]". */
void patch_open(struct where *where, cJSON *root, const char *argument, const char *key,
                const char *empty);

/*
 * Changes the tree as the merge patch says (RFC 7396): members of objects are merged,
 * null removes one, anything else replaces what is there. The root must be an object.
 * What is added are copies that keep their numbers, so that mistakes in them are told
 * where they stand. False, and told to `where`, when the patch is no object or the tree
 * gets too deep.
 */
bool patch_merge(struct where *where, cJSON *root, const cJSON *patch);

/*
 * One change of a tree that stands in another file: with a pointer its value is put
 * where that leads, as a --set does; without one it is a merge patch. Mistakes are told
 * at their place in that file.
 */
struct patch_step {
    const char *pointer; /* NULL: a merge patch */
    const cJSON *value;
};

bool patch_step(struct where *where, cJSON *root, const struct patch_step *step);

/* The node that a pointer names, or NULL with the reason told for `source`. */
cJSON *patch_find(struct where *where, int source, cJSON *root, const char *pointer);

#endif
