/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * quantity -- numbers with units: "20ms", "500/s", "440MiB", "80%", "250m".
 *
 * Units:     read into what sim/param.h says a type is in memory: durations
 *            nanoseconds, rates per second, sizes bytes, fractions in [0, 1], cores.
 *            Written from SI units: seconds, per second, bytes, fractions, cores.
 * Ownership: written text lives in the arena.
 * Errors:    a text that is no quantity of the type makes quantity_read false.
 */
#ifndef EXPERIMENTS_QUANTITY_H
#define EXPERIMENTS_QUANTITY_H

#include "sim/arena.h"
#include "sim/param.h"

#include <stdbool.h>

/* Whether values of this type are written with units at all. */
bool quantity_has_units(enum param_type type);

/* Whether a bare number may stand for it too: fractions and cores. */
bool quantity_may_be_bare(enum param_type type);

/* A text with a unit, in memory's unit (ns for a duration). */
bool quantity_read(enum param_type type, const char *text, double *value);

/* What a text that is none may have meant, "30ms" for "30 ms"; NULL: nobody knows. */
const char *quantity_meant(struct arena *arena, enum param_type type, const char *text);

/* Memory's unit in the SI unit of the type: 1e9 for a duration, else 1. */
double quantity_scale(enum param_type type);

/* The scale of a unit's name, as in `"unit": "ms"`: false if the type has no such
 * unit. */
bool quantity_unit(enum param_type type, const char *name, double *scale);

/* "a duration such as \"30s\" or \"250ms\"", for messages. */
const char *quantity_noun(enum param_type type);

/* "ns, us, ms, s, min, h or d" */
const char *quantity_units(struct arena *arena, enum param_type type);

/* A regular expression of what is accepted, for the schema; NULL for types without
 * units. */
const char *quantity_pattern(struct arena *arena, enum param_type type);

/* A number to so many digits, without an exponent: units know none. */
const char *quantity_number(struct arena *arena, double value, int digits);

/* An SI value as a scenario would write it, exactly: 30s, 250ms, 64MiB, 500/s. */
const char *quantity_written(struct arena *arena, enum param_type type, double si);

/* An SI value for people, three digits: "12.3 ms", "1.2 s", "95 %", "440 MiB",
 * "1.2k/s". Types without units get the number alone. NaN is "-". */
const char *quantity_text(struct arena *arena, enum param_type type, double si);

#endif
