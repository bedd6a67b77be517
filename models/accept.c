/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * accept -- which of several eager processes gets a new connection.
 *
 * gthread's main threads and event loops all sleep on one listening socket. A new
 * connection wakes them all, and whoever gets a core first takes it, however much it
 * has to do already. The order in which they wake is uneven, in two ways, and blind to
 * load; all figures are from gunicorn's gthread with 2 workers of 4 threads at half and
 * at four fifths of their capacity, from the sequence of winners, not from latencies:
 *
 * - Bias: for minutes one is ahead of the other; the busier worker got 0.54 to 0.56 of
 *   runs of a minute (0.50 to 0.57 with other loads). Drawn anew with every process.
 * - Flutter: for about nine connections on end the odds lean one way; the correlation
 *   of winners is 0.15 two apart and 0.05 ten apart, which trebles the variance of how
 *   many each gets of a hundred.
 * - Busy: a process whose threads are all busy wins more often (0.60 of the connections
 *   where it is the busier one and the other has a free thread, 0.52 where it is the
 *   other way round); half of that follows from the flutter, BUSY is the rest.
 *
 * When every process has more waiting than it works on, all main threads are awake
 * alike: bias and busyness no longer count (0.503 and 0.501 at 1.1 times the capacity).
 * A connection goes to process i with odds exp(bias i + flutter i).
 */
#include "models/world.h"

#include <math.h>

#define STEP (5 * SIM_SECOND)
#define MEMORY 120.0  /* s: the bias forgets itself in steps */
#define SPREAD 0.175   /* of the bias: standard deviation of a process's log odds */
#define FLUTTER 0.6   /* likewise */
#define FLUTTERS 9.0  /* connections between two draws of the flutter, on average */
#define BUSY 1.15      /* odds of a process whose threads are all busy */
enum { LONG_AGO = 128 }; /* steps after which nothing is remembered */

enum { DRAW_WINNER = 1, DRAW_BIAS = 2 };

/* A loop accepts until nothing is left, so that bursts come in lumps: of connections
 * that come at the same instant, so many of the next ones go to the same process. From
 * 64 connections to 4 asyncio workers at once: 28/18/15/3, 27/18/11/8, 19/16/16/13. */
#define SAME_AGAIN 0.5

static double fresh_bias(const struct world *w, const struct instance *instance,
                         uint32_t process, uint64_t step)
{
    uint64_t who = (uint64_t)(instance->first_process + process) << 32 | step;
    struct draw draw =
        draw_at(instance->service->accept_key, who, w->replication, DRAW_BIAS);
    return SPREAD * draw_normal(&draw);
}

static void set_odds(struct instance *instance)
{
    for (uint32_t p = 0; p < instance->service->processes; p++) {
        instance->odds[p].plain = exp(instance->flutter[p]);
        instance->odds[p].biased = exp(instance->flutter[p] + instance->bias[p]);
    }
}

/* Bring the biases up to the step that `now` is in. */
static void drift(struct world *w, struct instance *instance)
{
    uint64_t step = (uint64_t)(w->now / STEP), from = instance->bias_step;
    double keep = exp(-(double)STEP * 1e-9 / MEMORY), gain = sqrt(1 - keep * keep);
    if (step - from > LONG_AGO)
        from = step - LONG_AGO;
    for (uint32_t p = 0; p < instance->service->processes; p++)
        for (uint64_t s = from + 1; s <= step; s++)
            instance->bias[p] =
                keep * instance->bias[p] + gain * fresh_bias(w, instance, p, s);
    instance->bias_step = step;
    instance->biased_until = (sim_time)(step + 1) * STEP;
    set_odds(instance);
}

void race_open(struct world *w, struct instance *instance)
{
    uint32_t processes = instance->service->processes;
    instance->odds = arena_many(w->arena, processes, struct odds);
    instance->flutter = arena_many(w->arena, processes, double);
    instance->bias = arena_many(w->arena, processes, double);
    instance->won_at = -1;
    for (uint32_t p = 0; p < processes; p++)
        instance->bias[p] = fresh_bias(w, instance, p, 0);
    instance->biased_until = STEP;
    set_odds(instance);
}

void race_renew(struct world *w, struct instance *instance, uint32_t process,
                uint32_t lives)
{
    if (!instance->odds)
        return;
    instance->bias[process] = fresh_bias(w, instance, process, UINT32_MAX - lives);
    set_odds(instance);
}

/* Has every process more waiting than it works on? */
static bool are_swamped(const struct instance *instance, const struct service *s,
                        const struct process *process)
{
    if (!level_is_full(&instance->busy))
        return false;
    for (uint32_t p = 0; p < s->processes; p++)
        if (process[p].queue.count < s->slots)
            return false;
    return true;
}

static double odds_of(const struct odds *odds, const struct service *s,
                      const struct process *process, bool swamped)
{
    if (swamped)
        return odds->plain;
    return process->busy >= s->slots ? BUSY * odds->biased : odds->biased;
}

/* Whoever `u` falls on. */
static uint32_t pick(const struct world *w, const struct instance *instance,
                     const struct service *s, double u)
{
    const struct process *process = &w->process[instance->first_process];
    bool swamped = are_swamped(instance, s, process);
    double sum = 0;
    for (uint32_t p = 0; p < s->processes; p++)
        sum += odds_of(&instance->odds[p], s, &process[p], swamped);
    uint32_t p = 0;
    for (double left = u * sum; p + 1 < s->processes; p++)
        if ((left -= odds_of(&instance->odds[p], s, &process[p], swamped)) < 0)
            break;
    return p;
}

uint32_t race_winner(struct world *w, struct instance *instance, uint64_t entity)
{
    const struct service *s = instance->service;
    if (w->now >= instance->biased_until)
        drift(w, instance);
    struct draw draw = draw_at(s->accept_key, entity, w->replication, DRAW_WINNER);
    double u = draw_uniform(&draw), v = draw_uniform(&draw);
    if (s->part.discipline == DISCIPLINE_LOOP && instance->won_at == w->now &&
        v < SAME_AGAIN)
        return instance->winner;
    if (v < 1 / FLUTTERS) {
        for (uint32_t p = 0; p < s->processes; p++)
            instance->flutter[p] = FLUTTER * draw_normal(&draw);
        set_odds(instance);
    }
    uint32_t p = pick(w, instance, s, u);
    instance->won_at = w->now;
    instance->winner = p;
    return p;
}
