/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/steady.h"

#include "sim/check.h"

#include <math.h>
#include <stdlib.h>

enum { BATCH = 5, PARTS = 10, THIRDS = 3, MOST_REPLICATIONS = 100000 };

static const double growth_worth_naming = 0.005; /* of the arrival rate */
static const double memory_faded = 0.05;
static const double rounding = 1e-12; /* of squares that should be 0 */

int steady_cut(const double *level, int bins)
{
    int batches = bins / BATCH, best = 0;
    double sum = 0, squares = 0, least = INFINITY;
    /* From the end, so that sums over the rest are at hand; the last few batches are
     * too few to have a variance worth comparing. */
    for (int d = batches - 1; d >= 0; d--) {
        double y = 0;
        for (int i = 0; i < BATCH; i++)
            y += level[d * BATCH + i] / BATCH;
        sum += y;
        squares += y * y;
        double n = batches - d;
        double spread = (squares - sum * sum / n) / (n * n);
        spread = spread > rounding * squares / (n * n) ? spread : 0;
        if (n > BATCH && spread <= least) {
            least = spread;
            best = d;
        }
    }
    return best * BATCH;
}

/* Bins of a replication that lie wholly before it stopped. */
static int covered(const struct outcome *o)
{
    int64_t bins = o->in_system.width > 0 ? o->ended / o->in_system.width : 0;
    return bins < o->in_system.bins ? (int)bins : o->in_system.bins;
}

static double level_in(const struct outcome *o, int bin)
{
    return (double)o->in_system.area[bin] / (double)o->in_system.width;
}

int steady_levels(const struct sample *s, double *level)
{
    int bins = OUTCOME_BINS;
    for (int r = 0; r < s->count; r++)
        bins = covered(&s->outcome[r]) < bins ? covered(&s->outcome[r]) : bins;
    for (int b = 0; b < bins; b++) {
        level[b] = 0;
        for (int r = 0; r < s->count; r++)
            level[b] += level_in(&s->outcome[r], b) / s->count;
    }
    return bins;
}

double steady_bin(const struct sample *s)
{
    return s->count > 0 ? sim_seconds(s->outcome[0].in_system.width) : NAN;
}

/* ---- growth ---------------------------------------------------------------------- */

/* Slope, per s, of the level of one replication over ten parts of its second half. */
static double slope(const struct outcome *o)
{
    int bins = covered(o), part = bins / 2 / PARTS;
    if (part == 0)
        return NAN;
    double top = 0, below = 0;
    for (int k = 0; k < PARTS; k++) {
        double mean = 0, x = k - (PARTS - 1) / 2.0;
        for (int b = 0; b < part; b++)
            mean += level_in(o, bins - (PARTS - k) * part + b) / part;
        top += x * mean;
        below += x * x;
    }
    return top / below / (part * sim_seconds(o->in_system.width));
}

struct estimate steady_growth(const struct sample *s)
{
    check(s->count <= MOST_REPLICATIONS, "%d replications", s->count);
    double slopes[s->count > 0 ? s->count : 1];
    int n = 0;
    for (int r = 0; r < s->count; r++) {
        double x = slope(&s->outcome[r]);
        if (!isnan(x))
            slopes[n++] = x;
    }
    return estimate_mean(slopes, n);
}

/* Requests begun per second of the measured part that was simulated. */
static double arrivals_per_second(const struct sample *s)
{
    double begun = 0, time = 0;
    struct scope all = {SCOPE_WHOLE, 0};
    for (int r = 0; r < s->count; r++) {
        const struct outcome *o = &s->outcome[r];
        sim_time end = o->warm_up + o->length;
        end = o->ended < end ? o->ended : end;
        begun += sample_requests(s, all, COUNT_OFFERED, r);
        time += sim_seconds(end > o->warm_up ? end - o->warm_up : 0);
    }
    return time > 0 ? begun / time : 0;
}

bool steady_grows(const struct sample *s, struct estimate growth)
{
    double rate = arrivals_per_second(s);
    return estimate_given(&growth) && growth.value > growth_worth_naming * rate &&
           growth.value - growth.half_width > 0;
}

/* Mean level of one replication between two bins. */
static double mean_level(const struct outcome *o, int from, int to)
{
    double sum = 0;
    for (int b = from; b < to; b++)
        sum += level_in(o, b);
    return sum / (to - from);
}

double steady_filling(const struct sample *s)
{
    check(s->count <= MOST_REPLICATIONS, "%d replications", s->count);
    double slower[s->count > 0 ? s->count : 1];
    double level[THIRDS] = {0}, mean = 0;
    for (int r = 0; r < s->count; r++) {
        const struct outcome *o = &s->outcome[r];
        int bins = covered(o), third = bins / 2 / THIRDS;
        if (third == 0)
            return INFINITY;
        double of[THIRDS];
        for (int k = 0; k < THIRDS; k++) {
            int from = bins - (THIRDS - k) * third;
            of[k] = mean_level(o, from, from + third);
            level[k] += of[k] / s->count;
        }
        slower[r] = of[1] - of[0] - (of[2] - of[1]);
        mean += mean_level(o, 0, bins) / s->count;
    }
    struct estimate slowing = estimate_mean(slower, s->count);
    double before = level[1] - level[0], after = level[2] - level[1];
    if (!estimate_given(&slowing) || slowing.value - slowing.half_width <= 0 ||
        !(mean > 0))
        return INFINITY;
    /* Each third adds the same part of what the one before has added. */
    double more = after > 0 ? after * after / (before - after) : 0;
    return (level[2] + more) / mean;
}

/* ---- memory ---------------------------------------------------------------------- */

static double covariance(const struct sample *s, int from, int to, int lag, double mean)
{
    double sum = 0;
    for (int r = 0; r < s->count; r++)
        for (int b = from; b + lag < to; b++)
            sum += (level_in(&s->outcome[r], b) - mean) *
                   (level_in(&s->outcome[r], b + lag) - mean);
    return sum / s->count / (to - from - lag);
}

double steady_memory(const struct sample *s, int from)
{
    double level[OUTCOME_BINS], mean = 0;
    int to = steady_levels(s, level);
    if (to - from < 2)
        return 0;
    for (int b = from; b < to; b++)
        mean += level[b] / (to - from);
    double variance = covariance(s, from, to, 0, mean), sum = 1;
    if (!(variance > rounding * mean * mean)) /* users who never think are all there */
        return 0;
    for (int lag = 1; lag < (to - from) / 2; lag++) {
        double rho = covariance(s, from, to, lag, mean) / variance;
        if (rho < memory_faded)
            break;
        sum += 2 * rho;
    }
    return sum * steady_bin(s);
}
