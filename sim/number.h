/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * number -- a decimal number in a cell of a file: 12, -0.5, .5, 1e-3. Nothing around
 * it, no hexadecimal digits, no infinity, no NaN: a spreadsheet that writes those has
 * something to tell.
 */
#ifndef SIM_NUMBER_H
#define SIM_NUMBER_H

#include <stdbool.h>

bool number_read(const char *text, double *value);

#endif
