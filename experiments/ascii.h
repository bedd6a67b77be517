/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ascii -- charts made of letters, for a terminal: how long requests took, and how the
 * tightest promise fares against load. No more columns than a sheet has.
 *
 * Texts of the scenario are made safe for a terminal.
 */
#ifndef EXPERIMENTS_ASCII_H
#define EXPERIMENTS_ASCII_H

#include "experiments/result.h"
#include "experiments/saturate.h"
#include "experiments/sheet.h"

/* Is there room for one? A terminal of 120 columns or more. */
bool ascii_fits(FILE *out);

/* Response times of the requests that the first promise of a time speaks of, or of all:
 * a line for each step of the scale with their share, percentiles and promises where
 * they are. Nothing where there is no lasting distribution. */
void ascii_latency(const struct result *result, bool colour, FILE *out);

/* Of every load the tightest promise's value, against its limit; the SLO capacity where
 * it is. Nothing without promises. */
void ascii_saturation(const struct saturation *saturation, const struct point *base,
                      bool colour, FILE *out);

#endif
