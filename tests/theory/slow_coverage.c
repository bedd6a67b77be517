/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Do 95 % intervals cover the truth 95 % of the time? The whole automatic procedure,
 * from scenario to estimate, 200 times with frozen seeds, on queues whose mean and p99
 * are known: M/M/1 and M/M/8 exactly; for threads that hold connections the mean by
 * solving their Markov chain and the p99 by walking through it for 100 million
 * requests, with none of the simulator's code but the histogram.
 *
 * Accepted: 92 - 98 % for means, 90 - 98 % for p99 (binomial standard error 1.5
 * points).
 */
#include "experiments/procedure.h"
#include "experiments/replicate.h"
#include "experiments/scenario.h"
#include "models/theory.h"

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { REPETITIONS = 200 };

static const struct scope all = {SCOPE_WHOLE, 0};
static const struct target targets[] = {{{SCOPE_WHOLE, 0}, TIME_LATENCY, 0.99, 0.05},
                                        {{SCOPE_WHOLE, 0}, TIME_LATENCY, 0, 0.05}};

struct truth {
    double mean, p99; /* s */
};

struct covered {
    int mean, p99, met;
};

/* The procedure once; adds to what it covered. */
static void repeat(const char *text, uint64_t seed, struct truth truth,
                   struct covered *covered)
{
    struct arena arena;
    arena_init(&arena);
    struct where *where = where_new(&arena);
    struct scenario *scenario =
        scenario_parse(&arena, "coverage", NULL, text, strlen(text), NULL, 0, where);
    struct model *model =
        scenario ? model_compile(&arena, &scenario->system, seed, &where->listener)
                 : NULL;
    if (!model) {
        where_print(where, stderr);
        fail_msg("the scenario is wrong");
    }
    struct replicate replicate = {.model = model};
    struct runner runner = {replicate_run, &replicate};
    struct procedure_settings set = {.replications = PROCEDURE_REPLICATIONS,
                                     .rate = procedure_rate(model),
                                     .target = targets,
                                     .targets = 2,
                                     .request_cap = PROCEDURE_REQUEST_CAP};
    struct procedure run;
    procedure_run(model_facts(model), &set, &runner, &arena, &run);
    struct sample s = {model_facts(model), run.outcome, run.count};
    struct estimate mean = sample_mean(&s, all, TIME_LATENCY);
    struct estimate p99 = sample_quantile(&s, all, TIME_LATENCY, 0.99);
    covered->mean += fabs(mean.value - truth.mean) <= mean.half_width;
    covered->p99 += fabs(p99.value - truth.p99) <= p99.half_width;
    covered->met += run.met;
    arena_free(&arena);
}

static void expect_coverage(const char *name, const char *text, struct truth truth)
{
    struct covered covered = {0};
    for (uint64_t seed = 1; seed <= REPETITIONS; seed++)
        repeat(text, seed, truth, &covered);
    print_message("%-10s of %d: mean covered %d, p99 covered %d, target met %d\n", name,
                  REPETITIONS, covered.mean, covered.p99, covered.met);
    assert_in_range(covered.mean, REPETITIONS * 92 / 100, REPETITIONS * 98 / 100);
    assert_in_range(covered.p99, REPETITIONS * 90 / 100, REPETITIONS * 98 / 100);
    assert_true(covered.met > REPETITIONS * 80 / 100);
}

static void expect_queue(int servers, double load)
{
    char text[600], name[40];
    struct theory_mmc queue = {100 * load * servers, 100, servers};
    snprintf(text, sizeof text,
             "{\"workloads\": {\"all\": {\"target\": \"web\","
             " \"open\": {\"rate\": \"%g/s\"}}},"
             " \"services\": {\"web\": {\"kind\": \"server\", \"processes\": 1,"
             " \"slots\": %d, \"time\": {\"exponential\": \"10ms\"}}}}",
             queue.arrival_rate, servers);
    snprintf(name, sizeof name, "M/M/%d %g", servers, load);
    expect_coverage(name, text,
                    (struct truth){theory_mmc_mean_response(&queue),
                                   theory_mmc_response_quantile(&queue, 0.99)});
}

static void mm1_at_80_percent(void **state)
{
    (void)state;
    expect_queue(1, 0.8);
}

static void mm1_at_90_percent(void **state)
{
    (void)state;
    expect_queue(1, 0.9);
}

static void mm8_at_80_percent(void **state)
{
    (void)state;
    expect_queue(8, 0.8);
}

static void mm8_at_90_percent(void **state)
{
    (void)state;
    expect_queue(8, 0.9);
}

/* ---- threads that hold connections ----------------------------------------------- */

enum { THREADS = 4, CONNECTIONS = 2, MOST_INSIDE = 400 };

/*
 * THREADS threads, each held for an own exponential phase (rate mu) and then for one of
 * CONNECTIONS connections (rate nu), waiting for it included. State: n requests inside,
 * k of the min(n, THREADS) served ones past their own phase. Little's law on the mean
 * of n, by Gauss-Seidel on the balance equations.
 */
static double mean_holding_connections(double lambda, double mu, double nu)
{
    static double p[MOST_INSIDE + 1][THREADS + 1];
    for (int n = 0; n <= MOST_INSIDE; n++)
        for (int k = 0; k <= THREADS; k++)
            p[n][k] = k <= n ? pow(0.8, n) : 0;
    double change = 1;
    for (int sweep = 0; sweep < 100000 && change > 1e-13; sweep++) {
        double sum = 0;
        change = 0;
        for (int n = 0; n <= MOST_INSIDE; n++) {
            int served = n < THREADS ? n : THREADS;
            for (int k = 0; k <= served; k++) {
                double busy = k < CONNECTIONS ? k : CONNECTIONS;
                double out =
                    (n < MOST_INSIDE ? lambda : 0) + (served - k) * mu + busy * nu;
                double in = 0;
                if (n > 0 && k <= (n - 1 < THREADS ? n - 1 : THREADS))
                    in += lambda * p[n - 1][k];
                if (k > 0)
                    in += (served - k + 1) * mu * p[n][k - 1];
                if (n < MOST_INSIDE && k + 1 <= THREADS)
                    in += (k + 1 < CONNECTIONS ? k + 1 : CONNECTIONS) * nu *
                          p[n + 1][k + 1];
                change = fmax(change, fabs(in / out - p[n][k]));
                p[n][k] = in / out;
                sum += p[n][k];
            }
        }
        for (int n = 0; n <= MOST_INSIDE; n++)
            for (int k = 0; k <= THREADS; k++)
                p[n][k] /= sum;
    }
    double mean = 0;
    for (int n = 0; n <= MOST_INSIDE; n++)
        for (int k = 0; k <= THREADS; k++)
            mean += n * p[n][k];
    return mean / lambda;
}

/* The same chain walked through, each request known by when it came. */
enum { WALKED = 100000000, LINE = 1 << 12 };

struct walk {
    gsl_rng *rng;
    double lambda, mu, nu, now;
    double line[LINE]; /* waiting for a thread, a ring */
    unsigned first, last;
    double own[THREADS], shared[THREADS]; /* before and at the connections, in order */
    int owns, shares;
    double sum;               /* of latencies, s */
    struct histogram latency; /* ns */
};

static void let_in(struct walk *w)
{
    while (w->owns + w->shares < THREADS && w->first != w->last)
        w->own[w->owns++] = w->line[w->first++ % LINE];
}

/* One of n leaves, which the others do in their order. */
static double leave(double *of, int *count, unsigned long which)
{
    double came = of[which];
    memmove(of + which, of + which + 1,
            (size_t)(--*count - (int)which) * sizeof *of);
    return came;
}

static void step(struct walk *w, struct arena *arena)
{
    int served = w->shares < CONNECTIONS ? w->shares : CONNECTIONS;
    double owning = w->owns * w->mu, rate = w->lambda + owning + served * w->nu;
    w->now += gsl_ran_exponential(w->rng, 1 / rate);
    double u = gsl_rng_uniform(w->rng) * rate;
    if (u < w->lambda) {
        w->line[w->last++ % LINE] = w->now;
        assert_true(w->last - w->first < LINE);
    } else if (u < w->lambda + owning) {
        unsigned long who = gsl_rng_uniform_int(w->rng, (unsigned long)w->owns);
        w->shared[w->shares] = leave(w->own, &w->owns, who);
        w->shares++;
    } else if (served) {
        unsigned long who = gsl_rng_uniform_int(w->rng, (unsigned long)served);
        double came = leave(w->shared, &w->shares, who);
        w->sum += w->now - came;
        histogram_add(&w->latency, (uint64_t)((w->now - came) * 1e9), arena);
    }
    let_in(w);
}

static struct truth truth_holding_connections(double lambda, double mu, double nu)
{
    struct truth truth = {.mean = mean_holding_connections(lambda, mu, nu)};
    static struct walk w;
    struct arena arena;
    arena_init(&arena);
    w = (struct walk){.rng = gsl_rng_alloc(gsl_rng_mt19937),
                      .lambda = lambda,
                      .mu = mu,
                      .nu = nu};
    gsl_rng_set(w.rng, 1);
    while (w.latency.count < WALKED)
        step(&w, &arena);
    truth.p99 = histogram_quantile(&w.latency, 0.99) * 1e-9;
    assert_true(fabs(w.sum / WALKED / truth.mean - 1) < 0.01);
    gsl_rng_free(w.rng);
    arena_free(&arena);
    return truth;
}

static void expect_holding(double load)
{
    char text[900], name[40];
    double most = theory_held_throughput(THREADS, 0.010, CONNECTIONS, 0.010);
    double rate = round(load * most * 100) / 100;
    snprintf(
        text, sizeof text,
        "{\"workloads\": {\"all\": {\"target\": \"web\","
        " \"open\": {\"rate\": \"%.2f/s\"}}}, \"services\": {"
        " \"web\": {\"kind\": \"server\", \"processes\": 1, \"slots\": %d,"
        " \"handlers\": {\"default\": [{\"wait\": {\"exponential\": \"10ms\"}},"
        " {\"hold\": \"pool\", \"steps\": [{\"wait\": {\"exponential\": \"10ms\"}}]}"
        "]}}, \"pool\": {\"kind\": \"connection_pool\", \"size\": %d}}}",
        rate, THREADS, CONNECTIONS);
    snprintf(name, sizeof name, "held %g", load);
    struct truth truth = truth_holding_connections(rate, 100, 100);
    print_message("%-10s mean %.4f ms, p99 %.3f ms\n", name, 1000 * truth.mean,
                  1000 * truth.p99);
    expect_coverage(name, text, truth);
}

static void held_connections_at_80_percent(void **state)
{
    (void)state;
    expect_holding(0.8);
}

static void held_connections_at_90_percent(void **state)
{
    (void)state;
    expect_holding(0.9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mm1_at_80_percent),
        cmocka_unit_test(mm1_at_90_percent),
        cmocka_unit_test(mm8_at_80_percent),
        cmocka_unit_test(mm8_at_90_percent),
        cmocka_unit_test(held_connections_at_80_percent),
        cmocka_unit_test(held_connections_at_90_percent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
