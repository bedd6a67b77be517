/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * scalar -- values without parts: flags, numbers, quantities, names, choices, shares.
 *
 * Ownership: text is copied into the arena of `bind`.
 * Errors:    told to `bind->where`; the slot keeps what it had.
 */
#ifndef EXPERIMENTS_SCALAR_H
#define EXPERIMENTS_SCALAR_H

#include "experiments/bind.h"

/* Bytes in memory, 0 if the type is no scalar. */
size_t scalar_size(enum param_type type);

/* Binds a value; `type` is the row's, or what a PARAM_VALUE stands for. */
void scalar_bind(struct bind *bind, const cJSON *value, const struct param *row,
                 void *slot);

/* The value of an absent key. */
void scalar_default(const struct param *row, void *slot, enum param_type unit);

/* Whether an absent key is a mistake. */
bool scalar_is_required(const struct param *row);

/* Whether a value of this JSON type could be meant. */
bool scalar_fits(const cJSON *value, enum param_type type);

/* The type that a PARAM_VALUE stands for inside a random value of `unit`. */
enum param_type scalar_type(const struct param *row, enum param_type unit);

/* Lower and upper bound in SI units; -INFINITY and INFINITY when there is none. */
void scalar_bounds(const struct param *row, enum param_type type, double *least,
                   double *most);

/* "a duration such as ..."; "one of a, b or c" */
const char *scalar_noun(struct arena *arena, const struct param *row,
                        enum param_type type);

#endif
