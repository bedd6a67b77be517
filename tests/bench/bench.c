/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench -- how fast the simulator is, told as ratios to loops written by hand for
 * exactly the same model, run in the same process and in turn with it. Absolute times
 * move with the machine and its other work; these ratios hold.
 *
 *     bench_bench [FOLDER [ROUNDS]]     FOLDER holds the scenarios: tests/bench
 *
 * Every answer is checked, as a fast wrong loop measures nothing: status 1 if one is
 * off. A row whose scenario cannot be run is skipped and says so.
 */
#define _POSIX_C_SOURCE 200809L /* clock_gettime */

#include "tests/bench/bare.h"
#include "tests/bench/simulator.h"

#include "sim/check.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <threads.h>
#include <time.h>

/* Short rounds, and many: what else the machine does comes and goes in seconds. */
enum { MOST_ROUNDS = 999, ROUNDS = 51 };

struct bench {
    const char *folder;
    int rounds;
    int wrong; /* answers */
};

static double clock_now(void) /* s */
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- medians over rounds --------------------------------------------------------- */

struct figures {
    double value[MOST_ROUNDS];
    int count;
};

static void note(struct figures *f, double value)
{
    f->value[f->count++] = value;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(const struct figures *f)
{
    struct figures sorted = *f;
    qsort(sorted.value, (size_t)sorted.count, sizeof *sorted.value, ascending);
    int half = sorted.count / 2;
    return sorted.count % 2 ? sorted.value[half]
                            : (sorted.value[half - 1] + sorted.value[half]) / 2;
}

static double mean(const struct figures *f)
{
    double sum = 0;
    for (int i = 0; i < f->count; i++)
        sum += f->value[i];
    return sum / f->count;
}

/* ---- answers --------------------------------------------------------------------- */

static void expect(struct bench *b, const char *what, double found, double expected,
                   double tolerance)
{
    if (fabs(found - expected) <= tolerance * expected)
        return;
    printf("WRONG: %s: %.6g, expected %.6g within %g %%\n", what, found, expected,
           100 * tolerance);
    b->wrong++;
}

/* ---- a model, by hand and by scenario -------------------------------------------- */

struct contest {
    const char *name;
    struct bare_result (*bare)(uint64_t requests, uint64_t seed);
    const char *scenario;
    uint64_t requests;  /* a round */
    double per_request; /* of what is timed: 2 arrivals or departures, or 1 request */
    double mean, tolerance; /* of latency, s */
    double must, target;    /* ratio to the bare loop */
};

/* Means: M/M/1 by formula; the others from bare runs of 2e8 requests. The web stack's
 * cores are first come, first served by hand and shared equally in the scenario, which
 * changes the mean by less than the tolerance. */
static const struct contest contests[] = {
    {"M/M/1, an event", bare_mm1, "mm1.json", 500000, 2, 5, 0.03, 3.3, 2.2},
    {"tandem, a request", bare_tandem, "tandem.json", 200000, 1, 2.176, 0.03, 2.6, 1.7},
    {"web stack, a request", bare_web, "web.json", 100000, 1, 0.031, 0.05, 3.1, 1.9},
    {"vLLM, a request", bare_llm, "llm.json", 15000, 1, 7.15, 0.05, 5, 3.5},
};

/* Of the rounds of one side: ns, and the answers. */
struct side {
    struct figures time, answer;
};

static void bare_round(const struct contest *c, int round, struct side *to)
{
    double begin = clock_now();
    struct bare_result r = c->bare(c->requests, (uint64_t)round + 1);
    double took = clock_now() - begin;
    note(&to->answer, r.mean);
    note(&to->time, 1e9 * took / ((double)r.requests * c->per_request));
}

static void simulator_round(const struct contest *c, const struct simulator *s,
                            int round, struct arena *arena, struct side *to)
{
    double begin = clock_now();
    struct simulator_result r = simulator_run(s, c->requests, (uint32_t)round, arena);
    double took = clock_now() - begin;
    note(&to->answer, r.mean);
    note(&to->time, 1e9 * took / ((double)r.requests * c->per_request));
}

static void print_head(void)
{
    printf("%-22s %9s %9s %9s %9s %7s %6s %7s\n", "", "bare ns", "bare M/s", "ours ns",
           "ours M/s", "ratio", "must", "target");
}

static const char *verdict(double ratio, double must, double target)
{
    return ratio <= target ? "target met" : ratio <= must ? "" : "MISSED";
}

static void print_contest(const char *name, double bare, double ours, double ratio,
                          double must, double target)
{
    printf("%-22s %9.1f %9.2f %9.1f %9.2f %7.2f %6.2f %7.2f  %s\n", name, bare,
           1e3 / bare, ours, 1e3 / ours, ratio, must, target,
           verdict(ratio, must, target));
}

static void print_bare_only(const char *name, double bare, const char *why)
{
    printf("%-22s %9.1f %9.2f   %s\n", name, bare, 1e3 / bare, why);
}

static void run_contest(struct bench *b, const struct contest *c)
{
    struct simulator *s = simulator_open(b->folder, c->scenario, NULL);
    struct side bare = {0}, ours = {0};
    struct figures ratio = {0};
    struct arena arena;
    arena_init(&arena);
    for (int round = 0; round < b->rounds; round++) {
        bare_round(c, round, &bare);
        if (!s)
            continue;
        simulator_round(c, s, round, &arena, &ours);
        note(&ratio, ours.time.value[round] / bare.time.value[round]);
    }
    expect(b, c->name, mean(&bare.answer), c->mean, c->tolerance);
    if (s) {
        expect(b, c->scenario, mean(&ours.answer), c->mean, c->tolerance);
        print_contest(c->name, median(&bare.time), median(&ours.time), median(&ratio),
                      c->must, c->target);
        simulator_close(s);
    } else {
        print_bare_only(c->name, median(&bare.time),
                        "skipped: the scenario cannot be run");
    }
    arena_free(&arena);
}

/* ---- the event list alone -------------------------------------------------------- */

static void run_hold(struct bench *b, const char *name, uint32_t pending, double must,
                     double target)
{
    const uint64_t holds = 500000;
    struct figures bare = {0}, ours = {0}, ratio = {0};
    for (int round = 0; round < b->rounds; round++) {
        uint64_t seed = (uint64_t)round + 1;
        double begin = clock_now();
        double by_hand = bare_hold(pending, holds, seed).mean;
        double middle = clock_now();
        double by_list = simulator_hold(pending, holds, seed);
        double end = clock_now();
        expect(b, name, by_hand, 1, 0.05);
        expect(b, name, by_list, by_hand, 1e-4);
        note(&bare, 1e9 * (middle - begin) / (double)holds);
        note(&ours, 1e9 * (end - middle) / (double)holds);
        note(&ratio, ours.value[round] / bare.value[round]);
    }
    print_contest(name, median(&bare), median(&ours), median(&ratio), must, target);
}

/* ---- what comes on top ----------------------------------------------------------- */

/* The same load with something and without it. */
struct extra {
    const char *name;
    const char *without, *with, *set; /* scenarios; what is set in the latter */
    uint64_t requests;
    double mean, tolerance; /* of latency, s: of both */
    double must, target;    /* %, of time more */
};

static const struct extra timeouts = {
    "cost of a timeout on every request", "stay.json", "stay.json",
    "/workloads/clients/timeout=30s", 250000, 0.05, 0.01, 10, 3};

/* Quotas, memory, recycling, caches, limits, retries, branches: everything is there for
 * a request every 100 s; all others go the way that they go without. */
static const struct extra unused = {
    "cost of features nobody uses", "web.json", "web_unused.json", NULL, 100000, 0.031,
    0.05, 5, 2};

static void extra_round(const struct extra *e, const struct simulator *s, int round,
                        struct arena *arena, struct side *to)
{
    double begin = clock_now();
    struct simulator_result r = simulator_run(s, e->requests, (uint32_t)round, arena);
    double took = clock_now() - begin;
    note(&to->answer, r.mean);
    note(&to->time, took / (double)r.requests);
}

static void run_extra(struct bench *b, const struct extra *e)
{
    struct simulator *without = simulator_open(b->folder, e->without, NULL);
    struct simulator *with = simulator_open(b->folder, e->with, e->set);
    if (without && with) {
        struct side floor = {0}, more = {0};
        struct figures cost = {0};
        struct arena arena;
        arena_init(&arena);
        for (int round = 0; round < b->rounds; round++) {
            extra_round(e, without, round, &arena, &floor);
            extra_round(e, with, round, &arena, &more);
            note(&cost, 100 * (more.time.value[round] / floor.time.value[round] - 1));
        }
        expect(b, e->without, mean(&floor.answer), e->mean, e->tolerance);
        expect(b, e->name, mean(&more.answer), e->mean, e->tolerance);
        printf("%s: %.1f %% (must %g, target %g)  %s\n", e->name, median(&cost),
               e->must, e->target, verdict(median(&cost), e->must, e->target));
        arena_free(&arena);
    } else {
        printf("%s: skipped\n", e->name);
    }
    if (without)
        simulator_close(without);
    if (with)
        simulator_close(with);
}

/* ---- two cores ------------------------------------------------------------------- */

struct job {
    const struct simulator *simulator; /* NULL: the raw loop */
    uint32_t replication;
    volatile double result; /* must be written: nobody may skip the work */
};

static int work(void *argument)
{
    struct job *job = argument;
    if (!job->simulator) {
        job->result = bare_raw(8000000, job->replication + 1).mean;
        return 0;
    }
    struct arena arena;
    arena_init(&arena);
    struct simulator_result r =
        simulator_run(job->simulator, 60000, job->replication, &arena);
    arena_free(&arena);
    job->result = (double)r.requests;
    return 0;
}

static double time_of_one(const struct simulator *s, uint32_t replication)
{
    struct job job = {s, replication, 0};
    double begin = clock_now();
    work(&job);
    return clock_now() - begin;
}

static double time_of_two(const struct simulator *s, uint32_t replication)
{
    struct job job[] = {{s, replication, 0}, {s, replication + 1, 0}};
    thrd_t other;
    double begin = clock_now();
    if (thrd_create(&other, work, &job[1]) != thrd_success)
        die("no second thread");
    work(&job[0]);
    thrd_join(other, NULL);
    return clock_now() - begin;
}

/* How much more two threads do than one: the mean of both replications is the one's. */
static double speed_up(const struct simulator *s, uint32_t replication)
{
    double one = time_of_one(s, replication) + time_of_one(s, replication + 1);
    return one / time_of_two(s, replication);
}

static void run_two_cores(struct bench *b)
{
    struct simulator *s = simulator_open(b->folder, "web.json", NULL);
    struct figures raw = {0}, ours = {0}, ratio = {0};
    for (int round = 0; round < b->rounds; round++) {
        note(&raw, speed_up(NULL, (uint32_t)round));
        if (!s)
            continue;
        note(&ours, speed_up(s, (uint32_t)round));
        note(&ratio, ours.value[round] / raw.value[round]);
    }
    printf("two cores against one: raw loop %.2f times", median(&raw));
    if (s) {
        /* here more is better */
        printf(", web stack %.2f times, ratio %.3f (must 0.95, target 0.98)  %s\n",
               median(&ours), median(&ratio), verdict(-median(&ratio), -0.95, -0.98));
        simulator_close(s);
    } else {
        printf(", web stack skipped\n");
    }
}

/* ---- memory ---------------------------------------------------------------------- */

static bool crowd(struct bench *b, const char *set, struct simulator_result *result)
{
    struct simulator *s = simulator_open(b->folder, "crowd.json", set);
    if (!s)
        return false;
    struct arena arena;
    arena_init(&arena);
    *result = simulator_run(s, 0, 0, &arena);
    arena_free(&arena);
    simulator_close(s);
    return true;
}

/* All of a crowd are present at once. The difference between two crowds, so that what
 * every run takes does not count. */
static void run_memory(struct bench *b)
{
    struct simulator_result few, many;
    if (!crowd(b, "/workloads/clients/burst/users=1000", &few) ||
        !crowd(b, "/workloads/clients/burst/users=200000", &many)) {
        printf("bytes per request in flight: skipped\n");
        return;
    }
    expect(b, "crowd.json, latency", many.mean, 1, 0);
    expect(b, "crowd.json, requests", (double)many.requests, 200000, 0);
    double bytes =
        (double)(many.bytes - few.bytes) / (double)(many.requests - few.requests);
    printf("bytes per request in flight: %.0f (must 256, target 128)  %s\n", bytes,
           verdict(bytes, 256, 128));
}

int main(int argc, char **argv)
{
    struct bench b = {.folder = argc > 1 ? argv[1] : "tests/bench",
                      .rounds = argc > 2 ? atoi(argv[2]) : ROUNDS};
    if (argc > 3 || b.rounds < 1 || b.rounds > MOST_ROUNDS) {
        fprintf(stderr, "usage: %s [FOLDER [ROUNDS]]\n", argv[0]);
        return 2;
    }
    printf("medians of %d rounds, by hand and from a scenario in turn\n\n", b.rounds);
    print_head();
    for (size_t i = 0; i < sizeof contests / sizeof *contests; i++)
        run_contest(&b, &contests[i]);
    run_hold(&b, "HOLD, 1 000 pending", 1000, 1.5, 1.2);
    run_hold(&b, "HOLD, 100 000 pending", 100000, 1.5, 1.1);
    printf("\n");
    run_extra(&b, &timeouts);
    run_extra(&b, &unused);
    run_two_cores(&b);
    run_memory(&b);
    return b.wrong ? 1 : 0;
}
