/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/bistable.h"

#include "experiments/point.h"

#include <math.h>
#include <omp.h>

const char *const bistability_names[] = {"not tried", "too long to try", "recovers",
                                         "stays overloaded", "falls by itself"};

enum { REPLICATIONS = 5, FIRST = 1 << 20 /* of numbers that no run uses */ };

/* Whoever comes after it has to wait so many times longer than anybody does. */
static const double burst_impatiences = 4;
/* A load nearer to what can be carried is near-critical, whatever it starts from. */
static const double most_load = 0.95;
/* Times what it takes to work off the burst at the capacity that is left, and times the
 * impatience, until it should be over; the same again, so many times, to be sure. */
static const double drains = 3, impatiences = 5, patience_of_ours = 4;
static const double least_requests = 1000; /* that are counted in a replication */
/* So much less is answered, for sure, where it does not recover. */
static const double worth_telling = 0.05;
/* A replication that answers less than this part of what another answers has another
 * end than that. Both draw the same. */
static const double fallen_part = 0.5;
/* Requests that may be simulated, unless the run itself had more. */
static const double usual_budget = 2e6;

struct trial {
    const struct runner *runner;
    struct arena *arena;
    double rate;   /* requests/s that begin */
    double burst;  /* requests */
    double budget; /* requests that may be simulated */
};

static double open_rate(const struct model_facts *facts)
{
    double sum = 0;
    for (int i = 0; i < facts->workloads; i++)
        if (facts->workload[i].form == WORKLOAD_OPEN)
            sum += facts->workload[i].rate;
    return sum;
}

static bool may_feed_itself(const struct result *r)
{
    const struct headroom *h = &r->headroom;
    return !r->facts->terminating && r->facts->impatience > 0 &&
           r->judgement.verdict != VERDICT_UNSTABLE && h->station >= 0 &&
           h->load < most_load && open_rate(r->facts) > 0;
}

/* Answers/s of each replication, seen so late after the start; NaN: there were more
 * requests at once than can be held. */
static bool count_answers(struct trial *t, const struct bistability *b, sim_time shock,
                          double *answers)
{
    struct jobs jobs = {.stage = shock ? STAGE_OVERLOADED : STAGE_EMPTY,
                        .first = FIRST,
                        .count = REPLICATIONS,
                        .window = {.warm_up = sim_from_nanoseconds(1e9 * b->after),
                                   .length = sim_from_nanoseconds(1e9 * b->length),
                                   .shock = shock,
                                   .unprovoked = true}};
    struct outcome out[REPLICATIONS];
    if (!t->runner->run(t->runner->context, &jobs, t->arena, out))
        return false;
    for (int r = 0; r < REPLICATIONS; r++) {
        answers[r] = NAN;
        if (out[r].end == OUTCOME_OVERFLOW)
            continue;
        double width = sim_seconds(out[r].in_system.width);
        int from = (int)(b->after / width) + 1;
        answers[r] = 0;
        for (int bin = from; bin < OUTCOME_BINS; bin++)
            answers[r] += (double)out[r].completed_in[bin];
        answers[r] /= (OUTCOME_BINS - from) * width;
    }
    return true;
}

/* Leaves the state as it is where one of them could not be seen to its end. */
static void judge(const double *empty, const double *overloaded, double rate,
                  struct bistability *b)
{
    double lost[REPLICATIONS];
    bool differ = false;
    for (int r = 0; r < REPLICATIONS; r++)
        if (isnan(empty[r]) || isnan(overloaded[r]))
            return;
    for (int r = 0; r < REPLICATIONS; r++) {
        lost[r] = empty[r] - overloaded[r];
        differ |= lost[r] > fallen_part * empty[r];
        b->best = fmax(b->best, empty[r]);
        b->fallen += empty[r] < fallen_part * rate;
    }
    b->empty = estimate_mean(empty, REPLICATIONS);
    b->overloaded = estimate_mean(overloaded, REPLICATIONS);
    struct estimate less = estimate_mean(lost, REPLICATIONS);
    differ |= less.value - less.half_width > worth_telling * b->empty.value;
    b->state = b->fallen == REPLICATIONS ? BISTABILITY_FALLS
               : differ                  ? BISTABILITY_STAYS
                                         : BISTABILITY_RECOVERS;
}

/* Both starts, seen so late after the burst; false when interrupted. */
static bool compare(struct trial *t, double after, struct bistability *b)
{
    double empty[REPLICATIONS], overloaded[REPLICATIONS];
    *b = (struct bistability){
        .burst = t->burst,
        .after = after,
        .length = fmax(least_requests / t->rate, after / 2),
        .replications = REPLICATIONS,
        .state = BISTABILITY_TOO_LONG,
    };
    double requests = 2 * REPLICATIONS * t->rate * (b->after + b->length);
    if (requests > t->budget)
        return true;
    b->requests = requests;
    sim_time shock = sim_from_nanoseconds(1e9 * t->burst / t->rate);
    if (!count_answers(t, b, 0, empty) || !count_answers(t, b, shock, overloaded))
        return false;
    judge(empty, overloaded, t->rate, b);
    return true;
}

/* Looks twice before it says that there is no way back. Where all have fallen by then,
 * or it would take too long, what was found first stands. */
static bool look_twice(struct trial *t, double after, struct bistability *b)
{
    struct bistability later;
    if (!compare(t, after, b))
        return false;
    if (b->state != BISTABILITY_STAYS)
        return true;
    if (!compare(t, patience_of_ours * after, &later))
        return false;
    if (later.state == BISTABILITY_STAYS || later.state == BISTABILITY_RECOVERS)
        *b = later;
    return true;
}

bool bistable_try(struct point *point, const struct point_effort *effort,
                  struct arena *arena)
{
    struct result *r = &point->result;
    if (!may_feed_itself(r))
        return true;
    double impatience = sim_seconds(r->facts->impatience), load = r->headroom.load;
    struct replicate replicate = {.model = point->model,
                                  .threads = effort->threads ? effort->threads
                                                             : omp_get_num_procs(),
                                  .stop = effort->stop};
    struct runner simulator = {replicate_run, &replicate};
    struct trial t = {
        .runner = effort->runner ? effort->runner : &simulator,
        .arena = arena,
        .rate = open_rate(r->facts),
        .budget = fmax(usual_budget, (double)r->run.requests),
    };
    t.burst = burst_impatiences * impatience * t.rate / load;
    double drain = t.burst * load / (t.rate * (1 - load));
    double after = drains * drain + impatiences * impatience;
    if (!look_twice(&t, after, &r->bistability))
        return false;
    bool falls = r->bistability.state == BISTABILITY_FALLS;
    if (r->bistability.state == BISTABILITY_STAYS ||
        (falls && r->judgement.verdict != VERDICT_OVERLOADED)) {
        r->judgement.verdict = VERDICT_BISTABLE;
        r->judgement.reason = REASON_START;
    }
    return true;
}
