/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * result_json -- a result for machines. The format is described in docs/output.md; its
 * version is RESULT_JSON_SCHEMA. Units are SI; everything outside "execution" is the
 * same, byte for byte, on any number of threads.
 */
#ifndef EXPERIMENTS_RESULT_JSON_H
#define EXPERIMENTS_RESULT_JSON_H

#include "experiments/json.h"
#include "experiments/result.h"

#define RESULT_JSON_SCHEMA "headroom.run/1"

/* The document with a final newline, in the arena. */
char *result_json(const struct result *result, struct arena *arena);

/* {value, half_width, confidence, n} and, when something is missing, its reason. */
void result_json_estimate(cJSON *parent, const char *key, const struct estimate *e);

#endif
