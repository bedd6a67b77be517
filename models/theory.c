/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/theory.h"

#include "sim/check.h"
#include "sim/numeric.h"

#include <math.h>

/* ---- quantiles ------------------------------------------------------------------- */

typedef double tail_function(const void *of, double time);

/* The least time whose tail P(X > time) is at most 1 - p, to the last bit. `scale` is a
 * first guess, of the order of the mean. */
static double quantile(tail_function *above, const void *of, double p, double scale)
{
    check(p >= 0 && p < 1, "p = %g", p);
    double target = 1 - p;
    if (above(of, 0) <= target)
        return 0;
    double low = 0, high = scale;
    while (above(of, high) > target) {
        low = high;
        high *= 2;
    }
    for (;;) {
        double middle = low + (high - low) / 2;
        if (middle <= low || middle >= high)
            return high;
        if (above(of, middle) > target)
            low = middle;
        else
            high = middle;
    }
}

/* ---- birth-death chains ---------------------------------------------------------- */

/* Requests come at birth_rate, or so often from each user who is not here. */
struct chain {
    double birth_rate;
    int users; /* 0 = an open source */
    double service_rate;
    int servers;
};

/*
 * p(n+1) / (p(0) + ... + p(n+1)) from p(n) / (p(0) + ... + p(n)), which starts at 1.
 * Like the recursion for Erlang B, of which it is the general form, it stays in [0, 1]
 * for any number of states, and it lets averages over the states run along:
 *     average += share * (value of the new state - average)
 */
static double next_share(const struct chain *chain, int n, double share)
{
    double birth = chain->birth_rate * (chain->users ? chain->users - n : 1);
    double death = chain->service_rate * fmin(n + 1, chain->servers);
    return 1 / (1 + death / (birth * share));
}

struct chain_means {
    double share_of_last, number, waiting, busy;
};

/* Over the states 0 .. last. */
static struct chain_means chain_means(const struct chain *chain, int last)
{
    struct chain_means mean = {.share_of_last = 1};
    for (int n = 1; n <= last; n++) {
        double share = next_share(chain, n - 1, mean.share_of_last);
        double busy = fmin(n, chain->servers);
        mean.share_of_last = share;
        mean.number += share * (n - mean.number);
        mean.busy += share * (busy - mean.busy);
        mean.waiting += share * (n - busy - mean.waiting);
    }
    return mean;
}

/* What an arrival waits that finds the chain in one of its states 0 .. last: from state
 * `first` on it needs n - first + 1 departures, which then come at `rate`. */
struct erlang_mixture {
    const struct chain *chain;
    int first, last;
    double rate;
};

/* The average over n of P(Erlang(n - first + 1, rate) > t), which is the Poisson sum
 * exp(-x) (1 + x + ... + x^j / j!), j = n - first, x = rate t. Its terms are taken by
 * logarithms, as exp(-x) alone may underflow where the sum does not. */
static double mixture_above(const void *of, double time)
{
    const struct erlang_mixture *mix = of;
    double x = mix->rate * time;
    double log_x = numeric_log(x);
    double log_term = -x, tail = 0, average = 0, share = 1;
    for (int n = 0; n <= mix->last; n++) {
        if (n > 0)
            share = next_share(mix->chain, n - 1, share);
        if (n >= mix->first) {
            tail += numeric_exp(log_term);
            log_term += log_x - numeric_log(n - mix->first + 1);
        }
        average += share * (tail - average);
    }
    return average;
}

/* ---- loss and delay formulas ----------------------------------------------------- */

double theory_erlang_b(int servers, double offered_load)
{
    check(servers >= 0 && offered_load >= 0, "c = %d, a = %g", servers, offered_load);
    struct chain chain = {offered_load, 0, 1, servers};
    return chain_means(&chain, servers).share_of_last;
}

double theory_erlang_c(int servers, double offered_load)
{
    check(servers >= 1, "c = %d", servers);
    double rho = offered_load / servers;
    if (rho >= 1)
        return 1;
    double b = theory_erlang_b(servers, offered_load);
    return b / (1 - rho * (1 - b));
}

/* ---- M/M/c ----------------------------------------------------------------------- */

static double delayed(const struct theory_mmc *q)
{
    return theory_erlang_c(q->servers, q->arrival_rate / q->service_rate);
}

/* theta: how fast the wait of those that wait runs down */
static double spare_rate(const struct theory_mmc *q)
{
    check(q->arrival_rate >= 0 && q->service_rate > 0, "lambda = %g, mu = %g",
          q->arrival_rate, q->service_rate);
    return q->servers * q->service_rate - q->arrival_rate;
}

double theory_mmc_mean_wait(const struct theory_mmc *queue)
{
    double theta = spare_rate(queue);
    return theta > 0 ? delayed(queue) / theta : INFINITY;
}

double theory_mmc_mean_response(const struct theory_mmc *queue)
{
    return theory_mmc_mean_wait(queue) + 1 / queue->service_rate;
}

double theory_mmc_wait_above(const struct theory_mmc *queue, double time)
{
    double theta = spare_rate(queue);
    return theta > 0 ? delayed(queue) * numeric_exp(-theta * time) : 1;
}

/* P(T > t) from C, theta and mu. The slower of the two rates is taken out, so that what
 * is left, (1 - exp(-gap t)) / gap, neither overflows nor cancels. */
static double sum_above(double c, double theta, double mu, double t)
{
    double slower = fmin(theta, mu), gap = fabs(theta - mu);
    return numeric_exp(-mu * t) +
           c * mu * numeric_exp(-slower * t) * t * numeric_expm1_ratio(-gap * t);
}

double theory_mmc_response_above(const struct theory_mmc *queue, double time)
{
    double theta = spare_rate(queue);
    return theta > 0 ? sum_above(delayed(queue), theta, queue->service_rate, time) : 1;
}

double theory_mmc_wait_quantile(const struct theory_mmc *queue, double p)
{
    check(p >= 0 && p < 1, "p = %g", p);
    double theta = spare_rate(queue);
    if (theta <= 0)
        return INFINITY;
    double above = delayed(queue) / (1 - p);
    return above > 1 ? numeric_log(above) / theta : 0;
}

struct sum_of_two {
    double c, theta, mu;
};

static double response_tail(const void *of, double time)
{
    const struct sum_of_two *sum = of;
    return sum_above(sum->c, sum->theta, sum->mu, time);
}

double theory_mmc_response_quantile(const struct theory_mmc *queue, double p)
{
    struct sum_of_two sum = {delayed(queue), spare_rate(queue), queue->service_rate};
    if (sum.theta <= 0)
        return INFINITY;
    return quantile(response_tail, &sum, p, 1 / sum.mu);
}

/* ---- M/M/c/K --------------------------------------------------------------------- */

static struct chain open_chain(const struct theory_mmc *q)
{
    check(q->arrival_rate > 0 && q->service_rate > 0 && q->servers >= 1,
          "lambda = %g, mu = %g, c = %d", q->arrival_rate, q->service_rate, q->servers);
    return (struct chain){q->arrival_rate, 0, q->service_rate, q->servers};
}

struct theory_loss theory_mmck(const struct theory_mmc *queue, int capacity)
{
    check(capacity >= queue->servers, "K = %d, c = %d", capacity, queue->servers);
    struct chain chain = open_chain(queue);
    struct chain_means mean = chain_means(&chain, capacity);
    double throughput = mean.busy * queue->service_rate;
    return (struct theory_loss){
        .lost = mean.share_of_last,
        .throughput = throughput,
        .mean_wait = mean.waiting / throughput,
        .mean_response = mean.number / throughput,
        .mean_busy = mean.busy,
    };
}

double theory_mmck_wait_quantile(const struct theory_mmc *queue, int capacity, double p)
{
    check(capacity >= queue->servers, "K = %d, c = %d", capacity, queue->servers);
    struct chain chain = open_chain(queue);
    struct erlang_mixture mix = {&chain, queue->servers, capacity - 1,
                                 queue->servers * queue->service_rate};
    return quantile(mixture_above, &mix, p, 1 / mix.rate);
}

/* ---- M/G/1 ----------------------------------------------------------------------- */

double theory_gigc_most_wait(double arrival_rate, double arrival_scv,
                             double mean_service, double scv, int servers)
{
    check(arrival_rate > 0 && arrival_scv >= 0 && mean_service >= 0 && scv >= 0 &&
              servers >= 1,
          "GI/G/c: rates above 0, variances not below");
    double load = arrival_rate * mean_service / servers, c = servers;
    if (load >= 1)
        return INFINITY;
    double spread = arrival_scv / (arrival_rate * arrival_rate) +
                    mean_service * mean_service * (scv / c + (c - 1) / (c * c));
    return arrival_rate * spread / (2 * (1 - load));
}

double theory_mg1_mean_wait(double arrival_rate, double mean_service, double scv)
{
    double rho = arrival_rate * mean_service;
    check(rho >= 0 && scv >= 0, "rho = %g, scv = %g", rho, scv);
    return rho < 1 ? rho * mean_service * (1 + scv) / (2 * (1 - rho)) : INFINITY;
}

double theory_ps_mean_response(double arrival_rate, double mean_service)
{
    double rho = arrival_rate * mean_service;
    check(rho >= 0, "rho = %g", rho);
    return rho < 1 ? mean_service / (1 - rho) : INFINITY;
}

/* ---- closed systems -------------------------------------------------------------- */

struct theory_closed theory_mva(int users, double think_time, int stations,
                                const double demand[], double mean_number[])
{
    check(users >= 1 && think_time >= 0 && stations >= 1, "N = %d, Z = %g, %d stations",
          users, think_time, stations);
    struct theory_closed is = {0};
    for (int k = 0; k < stations; k++)
        mean_number[k] = 0;
    for (int n = 1; n <= users; n++) {
        is.response = 0;
        for (int k = 0; k < stations; k++)
            is.response += demand[k] * (1 + mean_number[k]);
        is.throughput = n / (think_time + is.response);
        for (int k = 0; k < stations; k++)
            mean_number[k] = is.throughput * demand[k] * (1 + mean_number[k]);
    }
    return is;
}

/* Of a user who thinks. Infinite for think time 0: next_share can bear that. */
static double asking_rate(double think_time)
{
    check(think_time >= 0, "Z = %g", think_time);
    return think_time > 0 ? 1 / think_time : INFINITY;
}

struct theory_closed theory_repairman(int users, double think_time,
                                      const struct theory_mmc *station)
{
    check(users >= 1 && station->service_rate > 0 && station->servers >= 1,
          "N = %d, mu = %g, c = %d", users, station->service_rate, station->servers);
    struct chain chain = {asking_rate(think_time), users, station->service_rate,
                          station->servers};
    struct chain_means mean = chain_means(&chain, users);
    double throughput = mean.busy * station->service_rate;
    return (struct theory_closed){throughput, mean.number / throughput};
}

double theory_repairman_quantile(int users, double think_time, double service_rate,
                                 double p)
{
    check(users >= 1 && service_rate > 0, "N = %d, mu = %g", users, service_rate);
    struct chain others = {asking_rate(think_time), users - 1, service_rate, 1};
    struct erlang_mixture mix = {&others, 0, users - 1, service_rate};
    return quantile(mixture_above, &mix, p, 1 / service_rate);
}

/* ---- simultaneous possession ----------------------------------------------------- */

double theory_held_throughput(int threads, double own_time, int connections,
                              double connection_time)
{
    check(connection_time > 0, "connection time = %g", connection_time);
    struct theory_mmc pool = {0, 1 / connection_time, connections};
    return theory_repairman(threads, own_time, &pool).throughput;
}

/* ---- operational laws ------------------------------------------------------------ */

struct theory_limit theory_most_throughput(int stations,
                                           const struct theory_station station[])
{
    struct theory_limit limit = {INFINITY, -1};
    for (int k = 0; k < stations; k++) {
        if (!(station[k].demand > 0))
            continue;
        double most = station[k].capacity / station[k].demand;
        if (most < limit.throughput)
            limit = (struct theory_limit){most, k};
    }
    return limit;
}

struct theory_bounds theory_closed_bounds(int users, double think_time, int stations,
                                          const struct theory_station station[])
{
    check(users >= 1 && think_time >= 0, "N = %d, Z = %g", users, think_time);
    double limit = theory_most_throughput(stations, station).throughput;
    double demand = 0;
    for (int k = 0; k < stations; k++)
        demand += station[k].demand;
    check(demand > 0, "no station is visited");
    return (struct theory_bounds){
        .least_throughput = users / (think_time + users * demand),
        .most_throughput = fmin(limit, users / (think_time + demand)),
        .least_response = fmax(demand, users / limit - think_time),
        .most_response = users * demand,
    };
}
