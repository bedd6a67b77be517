/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/numeric.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

struct parts {
    double high, low; /* the value is their sum, |low| far below |high| */
};

#include "sim/numeric_tables.h"

static uint64_t bits_of(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static double double_of(uint64_t bits)
{
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* a + b, |a| >= |b|, with its rounding error. */
static struct parts fast_sum(double a, double b)
{
    double sum = a + b;
    return (struct parts){sum, b - (sum - a)};
}

/* a b with its rounding error (Dekker 1971), factors far from overflow. */
static struct parts exact_product(double a, double b)
{
    const double splitter = 0x1p27 + 1;
    double a_high = a * splitter - (a * splitter - a), a_low = a - a_high;
    double b_high = b * splitter - (b * splitter - b), b_low = b - b_high;
    double product = a * b;
    double error = a_high * b_high - product + a_high * b_low + a_low * b_high;
    return (struct parts){product, error + a_low * b_low};
}

/* ln(1 + f) for |f| <= 1/16. With s = f / (2 + f), ln(1 + f) = 2 atanh s, and because
 * 2 s = f - f^2/2 + s f^2/2 the exact f carries all but a 32nd of the result. */
static struct parts log_near_one(double f)
{
    double s = f / (2.0 + f), z = s * s, half = 0.5 * f * f;
    double r = z * (2.0 / 3 + z * (2.0 / 5 + z * (2.0 / 7 + z * (2.0 / 9 +
               z * (2.0 / 11))))); /* the next term is below 2^-64 of f */
    return fast_sum(f, s * (half + r) - half);
}

/* ln(2^exponent m), 1 <= m < 2: the middle c of m's step is in the table, and
 * ln(m / c) = 2 atanh((m - c) / (m + c)) is below 2^-8. */
static struct parts log_by_table(int exponent, double m)
{
    int j = (int)((m - 1.0) * STEPS);
    double c = 1.0 + (j + 0.5) / STEPS;
    double s = (m - c) / (m + c), z = s * s;
    double small = 2.0 * s + s * z * (2.0 / 3 + z * (2.0 / 5));
    double low = exponent * ln2_low + logs[j].low;
    return fast_sum(exponent * ln2_high + logs[j].high, low + small);
}

/* x > 0 and finite */
static struct parts log_parts(double x)
{
    if (x > 0.9375 && x < 1.0625)
        return log_near_one(x - 1.0);
    int exponent = -1023;
    if (x < 0x1p-1022) {
        x *= 0x1p54;
        exponent -= 54;
    }
    uint64_t bits = bits_of(x), fraction = bits & ((UINT64_C(1) << 52) - 1);
    exponent += (int)(bits >> 52);
    return log_by_table(exponent, double_of(fraction | bits_of(1.0)));
}

double numeric_log(double x)
{
    if (x == 0)
        return -INFINITY;
    if (!(x > 0) || x == INFINITY)
        return x > 0 ? x : NAN;
    return log_parts(x).high;
}

/* x 2^k; below the normal numbers one rounding more, at their scale. */
static double scaled(double x, int k)
{
    if (k > 1023)
        return x * 0x1p1023 * double_of((uint64_t)k << 52);
    if (k < -1022)
        return x * double_of((uint64_t)(k + 1023 + 200) << 52) * 0x1p-200;
    return x * double_of((uint64_t)(k + 1023) << 52);
}

/* exp(x + low): x + low = (STEPS k + j) ln2 / STEPS + r, so that the result is
 * 2^k 2^(j / STEPS) exp(r) with |r| < 0.0028. */
static double exp_parts(double x, double low)
{
    if (!(x > -746))
        return x < 0 ? 0 : NAN;
    if (x > 710)
        return INFINITY;
    const double whole = 0x1.8p52; /* to add and take away again rounds */
    double steps = x * (STEPS / 0x1.62e42fefa39efp-1) + whole - whole;
    int n = (int)steps, j = n & (STEPS - 1), k = (n - j) / STEPS;
    double r = (x - steps * step_high) - steps * step_low + low;
    double p = r + r * r * (1.0 / 2 + r * (1.0 / 6 + r * (1.0 / 24 + r * (1.0 / 120))));
    return scaled(powers[j].high + (powers[j].low + powers[j].high * p), k);
}

double numeric_exp(double x)
{
    return exp_parts(x, 0);
}

double numeric_expm1_ratio(double x)
{
    if (x < -0.5 || x > 0.5)
        return x == INFINITY ? x : (numeric_exp(x) - 1) / x;
    double sum = 1;
    for (int n = 17; n > 1; n--) /* Taylor: 0.5^17 / 18! < 2^-69 */
        sum = 1 + x / n * sum;
    return sum;
}

double numeric_pow(double x, double y)
{
    if (y == 0 || x == 1)
        return 1;
    if (x == 0)
        return y > 0 ? 0 : INFINITY;
    if (!(x > 0))
        return NAN;
    double rough = y * numeric_log(x);
    if (!(rough > -746 && rough < 710))
        return numeric_exp(rough);
    struct parts log_x = log_parts(x), exponent = exact_product(y, log_x.high);
    return exp_parts(exponent.high, exponent.low + y * log_x.low);
}

/* Stirling's series, after lifting x to at least 12 by Gamma(x + 1) = x Gamma(x). */
double numeric_log_gamma(double x)
{
    if (!(x > 0) || x == INFINITY)
        return x > 0 ? x : NAN;
    double product = 1;
    for (; x < 12; x++)
        product *= x;
    const double half_log_2pi = 0x1.d67f1c864beb5p-1;
    double y = 1 / x, z = y * y;
    double series = y * (1.0 / 12 - z * (1.0 / 360 - z * (1.0 / 1260 - z * (1.0 / 1680 -
                    z * (1.0 / 1188 - z * (691.0 / 360360))))));
    double lifted = (x - 0.5) * numeric_log(x) - x + half_log_2pi + series;
    return lifted - numeric_log(product);
}

/* Phi(x) = 1/2 + phi(x) (x + x^3/3 + x^5/15 + ...): only positive terms for x > 0. */
double numeric_normal_cdf(double x)
{
    if (x > 9 || x < -9)
        return x > 0 ? 1 : 0;
    double term = x, sum = 0;
    for (int n = 3; sum + term != sum; n += 2) {
        sum += term;
        term *= x * x / n;
    }
    const double root = 0x1.9884533d43651p-2; /* 1 / sqrt(2 pi) */
    return 0.5 + root * numeric_exp(-0.5 * x * x) * sum;
}

/* numerator and denominator of a rational function, constant term first */
struct rational {
    double above[8], below[8];
};

static double ratio(const struct rational *f, double x)
{
    double above = 0, below = 0;
    for (int i = 7; i >= 0; i--) {
        above = above * x + f->above[i];
        below = below * x + f->below[i];
    }
    return above / below;
}

/* M. J. Wichura, "Algorithm AS 241: the percentage points of the normal distribution",
 * Applied Statistics 37 (1988), 477-484: PPND16. */
static const struct rational central = {
    {3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3,
     1.3731693765509461125e4, 4.5921953931549871457e4, 6.7265770927008700853e4,
     3.3430575583588128105e4, 2.5090809287301226727e3},
    {1.0, 4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3,
     2.1213794301586595867e4, 3.9307895800092710610e4, 2.8729085735721942674e4,
     5.2264952788528545610e3},
};
static const struct rational middle = {
    {1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0,
     3.64784832476320460504e0, 1.27045825245236838258e0, 2.41780725177450611770e-1,
     2.27238449892691845833e-2, 7.74545014278341407640e-4},
    {1.0, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1,
     1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4,
     1.05075007164441684324e-9},
};
static const struct rational far = {
    {6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0,
     2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
     2.71155556874348757815e-5, 2.01033439929228813265e-7},
    {1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1,
     1.48753612908506148525e-2, 7.86869131145613259100e-4, 1.84631831751005468180e-5,
     1.42151175831644588870e-7, 2.04426310338993978564e-15},
};

double numeric_normal_quantile(double p)
{
    if (!(p > 0 && p < 1))
        return NAN;
    double q = p - 0.5;
    if (fabs(q) <= 0.425)
        return q * ratio(&central, 0.180625 - q * q);
    double r = sqrt(-numeric_log(q < 0 ? p : 1 - p));
    double x = r <= 5 ? ratio(&middle, r - 1.6) : ratio(&far, r - 5);
    return q < 0 ? -x : x;
}
