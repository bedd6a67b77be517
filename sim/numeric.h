/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * numeric -- logarithm, exponential, power and relatives that give the same bits on
 * every machine. The C library picks code by CPU and may differ in the last bit; one
 * such bit can swap two events and change everything after. Only + - * /, square roots
 * and table look-ups, compiled without contraction of multiply and add.
 *
 * Errors: log and exp are less than 1 ulp from the true value (tested); outside a
 *         function's domain the result is NaN.
 */
#ifndef SIM_NUMERIC_H
#define SIM_NUMERIC_H

double numeric_log(double x); /* natural logarithm; of 0: minus infinity */
double numeric_exp(double x); /* overflow gives infinity, underflow 0 */

/* (exp(x) - 1) / x, 1 at 0; x to the power of y, x >= 0. Relative error below 1e-15. */
double numeric_expm1_ratio(double x);
double numeric_pow(double x, double y);

/* ln Gamma(x), x > 0, with an error below 2e-14 max(1, value). */
double numeric_log_gamma(double x);

/* The standard normal's distribution function, absolute error 2e-15, and its inverse,
 * 0 < p < 1, relative error 1e-14. */
double numeric_normal_cdf(double x);
double numeric_normal_quantile(double p);

#endif
