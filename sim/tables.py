#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Print the constant tables of sim/ to 60 digits, rounded once to double.

    python3 sim/tables.py ziggurat > sim/ziggurat.h
    python3 sim/tables.py numeric > sim/numeric_tables.h

Ziggurat (Marsaglia and Tsang 2000): LAYERS strips of equal area v under f. Strip 0 is
the rectangle [0, r] x [0, f(r)] and the tail beyond r; strip i > 0 is as wide as x[i].
x[1] = r, x[0] = v / f(r) is the width strip 0 would have as a rectangle, x[LAYERS] = 0.
r is the root of "the topmost strip ends at f(0)", found by bisection.
"""
import sys
from decimal import Decimal as D, getcontext

getcontext().prec = 60
LAYERS = 256
LEAD = {"exponential": 53, "normal": 52}  # random bits of the position in a strip
STEPS = 128  # of the logarithm's and the exponential's tables


def hexfloat(x):
    """C literal of the double next to x; Decimal to float rounds once, to nearest."""
    return float(x).hex()


def pi():
    """Machin's formula."""
    def arctan_inverse(n):
        term, total, k = D(1) / n, D(0), 0
        while abs(term) > D(10) ** -58:
            total += term / (2 * k + 1) * (-1) ** k
            term /= n * n
            k += 1
        return total
    return 4 * (4 * arctan_inverse(5) - arctan_inverse(239))


def normal_tail(x):
    """Integral of exp(-t^2/2) from x: half of sqrt(2 pi) less the integral up to x."""
    term, total, k = x, D(0), 0
    while abs(term) > D(10) ** -58:
        total += term
        k += 1
        term *= x * x / (2 * k + 1)
    return (pi() / 2).sqrt() - (-x * x / 2).exp() * total


DENSITIES = {
    # f, its inverse, the area of its tail, a bracket of r
    "exponential": (lambda x: (-x).exp(), lambda y: -y.ln(),
                    lambda x: (-x).exp(), 7, 8),
    "normal": (lambda x: (-x * x / 2).exp(), lambda y: (-2 * y.ln()).sqrt(),
               normal_tail, 3, 4),
}


def strips(form, r):
    """The widths x[0..LAYERS-1] for this r, or None if they reach f(0) too early."""
    f, inverse, tail, _, _ = DENSITIES[form]
    v = r * f(r) + tail(r)
    x = [v / f(r), r]
    while len(x) < LAYERS:
        y = f(x[-1]) + v / x[-1]
        if y >= 1:
            return None, v
        x.append(inverse(y))
    return x, v


def solve(form):
    f, _, _, low, high = DENSITIES[form]
    low, high = D(low), D(high)
    for _ in range(150):
        r = (low + high) / 2
        x, v = strips(form, r)
        if x is None or f(x[-1]) + v / x[-1] > 1:
            low = r
        else:
            high = r
    x, v = strips(form, high)
    return x + [D(0)], v


def table(lines, per_row):
    rows = [lines[i:i + per_row] for i in range(0, len(lines), per_row)]
    return "\n".join("    " + " ".join(row) for row in rows)


HEAD = """/* SPDX-License-Identifier: GPL-3.0-or-later */
/* %s
 * Written by sim/tables.py; included by %s alone. */"""


def print_ziggurat():
    print(HEAD % ("ziggurat -- the strips of the exponential and the normal density.",
                  "sim/rng.c"))
    for form in DENSITIES:
        f = DENSITIES[form][0]
        x, _ = solve(form)
        one = D(2) ** LEAD[form]
        layers = ["{%s, %d}," % (hexfloat(x[i] / one), int(x[i + 1] / x[i] * one))
                  for i in range(LAYERS)]
        print("\nconst struct rng_layer rng_%s_layers[%d] = {\n%s\n};" %
              (form, LAYERS, table(layers, 1)))
        heights = ["0x0p+0,"] + [hexfloat(f(x[i])) + "," for i in range(1, LAYERS + 1)]
        print("\n/* Density at the right end of each strip; the last is that at 0. */")
        print("static const double %s_heights[%d] = {\n%s\n};" %
              (form, LAYERS + 1, table(heights, 3)))
        print("\nstatic const double %s_tail = %s; /* r */" % (form, hexfloat(x[1])))


def split(x, grain):
    """x as the sum of two doubles, the first a multiple of `grain` if that is given."""
    high = float((x / grain).to_integral_value() * grain if grain else x)
    return high.hex(), hexfloat(x - D(high))


def print_numeric():
    print(HEAD % ("numeric_tables -- constants of the logarithm and the exponential.",
                  "sim/numeric.c"))
    print("\nenum { STEPS = %d };" % STEPS)
    ln2 = D(2).ln()
    print("\n/* ln 2 and ln 2 / STEPS; the high part times any whole number below 2^18 is"
          "\n * exact. */")
    for name, value, grain in (("ln2", ln2, -33), ("step", ln2 / STEPS, -41)):
        high, low = split(value, D(2) ** grain)
        print("static const double %s_high = %s, %s_low = %s;" % (name, high, name, low))
    powers = ["{%s, %s}," % split(D(2) ** (D(j) / STEPS), None) for j in range(STEPS)]
    print("\n/* 2^(j / STEPS) as the sum of two. */")
    print("static const struct parts powers[STEPS] = {\n%s\n};" % table(powers, 1))
    logs = ["{%s, %s}," % split((1 + (D(j) + D("0.5")) / STEPS).ln(), D(2) ** -41)
            for j in range(STEPS)]
    print("\n/* ln(1 + (j + 1/2) / STEPS) as the sum of two; any exponent times ln2_high"
          "\n * plus the high part is exact. */")
    print("static const struct parts logs[STEPS] = {\n%s\n};" % table(logs, 1))


{"ziggurat": print_ziggurat, "numeric": print_numeric}[sys.argv[1]]()
