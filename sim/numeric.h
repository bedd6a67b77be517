/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * numeric -- logarithm, exponential, power and inverse normal that give the same bits on
 * every machine. The C library picks code by CPU and may differ in the last bit; one such
 * bit can swap two events and change everything after. Only + - * / and table look-ups,
 * compiled without contraction of multiply and add; less than 1 ulp from the true value
 * for log and exp (tested).
 */
#ifndef SIM_NUMERIC_H
#define SIM_NUMERIC_H

double numeric_log(double x);          /* natural logarithm; x > 0 and finite */
double numeric_exp(double x);          /* overflow gives infinity, underflow 0 */
double numeric_pow(double x, double y); /* x > 0: exp(y log x), relative error below 1e-13 */
double numeric_normal_quantile(double p); /* inverse of the standard normal cdf, 0 < p < 1 */

#endif
