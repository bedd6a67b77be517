/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * text -- from bytes to a JSON tree, strictly.
 *
 * cJSON accepts much that is not JSON (trailing text, 0123, 1e400, NUL, broken UTF-8,
 * repeated keys) and keeps no positions. So the bytes are scanned first, by the letter
 * of RFC 8259 and within limits, and every value's place is noted; only then does cJSON
 * see them. Comments become spaces before the scan.
 *
 * The number of a value stands in its node's `valueint`, which cJSON has deprecated and
 * nobody here reads as a number: text_number.
 *
 * Ownership: trees are cJSON's; free them with cJSON_Delete. Bytes live in the arena.
 * Errors:    the first mistake in the grammar ends the scan; repeated keys do not.
 */
#ifndef EXPERIMENTS_TEXT_H
#define EXPERIMENTS_TEXT_H

#include "experiments/where.h"

#include <cjson/cJSON.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TEXT_MOST_BYTES = 16 * 1024 * 1024,
    TEXT_MOST_DEPTH = 64,
    TEXT_MOST_VALUES = 200000,
    TEXT_MOST_KEYS = 10000, /* of one object */
    TEXT_LONGEST_NUMBER = 63, /* what cJSON reads */
};

/* The bytes of an open file, which must be regular and at most `most` bytes long, or
 * NULL and why. The descriptor stays open. */
const char *text_load(struct arena *arena, int fd, size_t most, size_t *length,
                      const char **why);

/* The bytes of the file at `path`, or NULL and why. */
const char *text_load_path(struct arena *arena, const char *path, size_t most,
                           size_t *length, const char **why);

/* Scans a whole source and returns its tree, or NULL with problems told to `where`. The
 * root gets the given parent, and key or index. */
cJSON *text_parse(struct where *where, int source, uint32_t parent, const char *key,
                  int index);

/* The number of the value that a node stands for. */
static inline uint32_t text_number(const cJSON *node)
{
    return (uint32_t)node->valueint;
}

/* A tree as text with sorted keys and no spaces: equal for equal trees. */
const char *text_canonical(struct arena *arena, const cJSON *root);

#endif
