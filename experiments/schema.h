/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * schema -- the JSON Schema (draft 2020-12) of the scenario file and of claims files,
 * made from the tables that read them, so that it cannot say anything else.
 *
 * Ownership: the text lives in the arena.
 */
#ifndef EXPERIMENTS_SCHEMA_H
#define EXPERIMENTS_SCHEMA_H

#include "sim/arena.h"

const char *schema_text(struct arena *arena);
const char *schema_of_claims(struct arena *arena);

#endif
