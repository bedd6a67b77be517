/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * random -- random values: {"lognormal": {"mean": "20ms", "cv": 1}}, "20ms", a data
 * file.
 */
#ifndef EXPERIMENTS_RANDOM_H
#define EXPERIMENTS_RANDOM_H

#include "experiments/bind.h"

struct dist;

/* The random value of a PARAM_RANDOM row, or NULL with problems told. */
struct dist *random_bind(struct bind *bind, const cJSON *value,
                         const struct param *row);

/* The unit of a random value: its row's, or that of the value it is part of. */
enum param_type random_unit(const struct bind *bind, const struct param *row);

/* Binds a PARAM_CSV: a data file as text. */
void random_bind_csv(struct bind *bind, const cJSON *value, struct param_csv **slot);

#endif
