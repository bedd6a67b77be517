/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * accept -- which of several eager processes gets a new connection.
 *
 * gthread's main threads and event loops all sleep on one listening socket. A new
 * connection wakes them all, and whoever gets a core first takes it, however much it
 * has to do already: process i with odds exp(rank i + drift i + flutter i).
 *
 * - Rank: the younger process is ahead (presumably the kernel wakes first whoever came
 *   to the socket last). Of two workers it got 0.51 to 0.57 of the connections, 0.55 on
 *   average, in 12 runs of gunicorn's gthread below saturation; of four the shares are
 *   34, 29, 22 and 15 %.
 * - Drift: the shares of windows of 1000 connections (2 to 12 s) vary by 0.02 more than
 *   the flutter makes them.
 * - Flutter: for about nine connections on end the odds lean one way; the correlation
 *   of winners is 0.15 two apart and 0.05 ten apart, which trebles the variance of how
 *   many each gets of a hundred.
 *
 * All of that was read off the sequence of winners, none of it from latencies; how,
 * is told in tests/validation/README.md. That the busier process wins more often (0.60
 * of the connections where it is the younger one and the other has a free thread, 0.47
 * where it is the other way round) follows from it.
 *
 * A main thread that looks through all it holds after each connection (`scan`) is late
 * for the next one: while it looks, the others win.
 *
 * An event loop has no thread beside it that accepts: while it computes it does not
 * look at the socket, and one that sleeps takes the connection at once. When all
 * compute, the first to look again has it.              [CPython, selector_events.py]
 */
#include "models/world.h"

#include <math.h>

#define STEP SIM_SECOND
#define FAVOUR 1.25  /* odds of a process by those of the next older one */
#define DRIFT 0.06   /* standard deviation of a process's log odds, … */
#define MEMORY 10.0  /* s, and how long it lasts */
#define FLUTTER 0.6  /* likewise */
#define FLUTTERS 9.0 /* connections, on average */
/* After that a thread gets the lock from one that goes on: CPython's default. */
#define SWITCH_INTERVAL (5 * SIM_MILLISECOND)
enum {
    RANKS = 8,      /* older ones are alike: nobody has measured more than four */
    LONG_AGO = 128, /* steps after which nothing is remembered */
};

enum { DRAW_WINNER = 1, DRAW_DRIFT = 2 };

/* A loop accepts until nothing is left, so that bursts come in lumps: of connections
 * that come at the same instant, so many of the next ones go to the same process. From
 * 64 connections to 4 asyncio workers at once: 28/18/15/3, 27/18/11/8, 19/16/16/13. */
#define SAME_AGAIN 0.5

static void set_odds(struct instance *instance)
{
    for (uint32_t p = 0; p < instance->service->processes; p++) {
        struct racer *racer = &instance->racer[p];
        uint32_t rank = racer->age < RANKS ? racer->age : RANKS;
        racer->odds = exp(racer->flutter + racer->drift - log(FAVOUR) * rank);
    }
}

static double fresh_drift(const struct world *w, const struct instance *instance,
                          uint32_t process, uint64_t step)
{
    uint64_t who = (uint64_t)(instance->first_process + process) << 32 | step;
    struct draw draw =
        draw_at(instance->service->accept_key, who, w->replication, DRAW_DRIFT);
    return DRIFT * draw_normal(&draw);
}

/* Bring the drift up to the step that `now` is in. */
static void drift(struct world *w, struct instance *instance)
{
    uint64_t step = (uint64_t)(w->now / STEP), from = instance->drift_step;
    double keep = exp(-(double)STEP * 1e-9 / MEMORY), gain = sqrt(1 - keep * keep);
    if (step - from > LONG_AGO)
        from = step - LONG_AGO;
    for (uint32_t p = 0; p < instance->service->processes; p++)
        for (uint64_t s = from + 1; s <= step; s++)
            instance->racer[p].drift = keep * instance->racer[p].drift +
                                       gain * fresh_drift(w, instance, p, s);
    instance->drift_step = step;
    instance->drifted_until = (sim_time)(step + 1) * STEP;
    set_odds(instance);
}

void race_open(struct world *w, struct instance *instance)
{
    uint32_t processes = instance->service->processes;
    instance->racer = arena_many(w->arena, processes, struct racer);
    instance->won_at = -1;
    for (uint32_t p = 0; p < processes; p++)
        instance->racer[p] = (struct racer){.age = processes - 1 - p,
                                            .drift = fresh_drift(w, instance, p, 0)};
    instance->drifted_until = STEP;
    set_odds(instance);
}

void race_renew(struct instance *instance, uint32_t process)
{
    if (!instance->racer)
        return;
    for (uint32_t p = 0; p < instance->service->processes; p++)
        instance->racer[p].age += instance->racer[p].age < instance->racer[process].age;
    instance->racer[process] = (struct racer){0};
    set_odds(instance);
}

/* Whoever `u` falls on. */
static uint32_t pick(const struct instance *instance, double u)
{
    uint32_t processes = instance->service->processes, p = 0;
    double sum = 0;
    for (uint32_t i = 0; i < processes; i++)
        sum += instance->racer[i].odds;
    for (double left = u * sum; p + 1 < processes; p++)
        if ((left -= instance->racer[p].odds) < 0)
            break;
    return p;
}

/* ---- looking through what is held ------------------------------------------------ */

/* A thread that runs when a look begins keeps the lock, and so does not wait for it. */
static bool is_looking(const struct racer *racer, sim_time now)
{
    return racer->looks_from < now && now < racer->looks_until;
}

/* The winner, unless it looks through what it holds: then another one that does not,
 * or whoever is done first. */
static uint32_t first_to_come(const struct world *w, const struct instance *instance,
                              double u)
{
    uint32_t processes = instance->service->processes, first = 0;
    const struct racer *racer = instance->racer;
    double sum = 0;
    for (uint32_t p = 0; p < processes; p++) {
        sum += is_looking(&racer[p], w->now) ? 0 : racer[p].odds;
        if (racer[p].looks_until < racer[first].looks_until)
            first = p;
    }
    if (sum == 0)
        return first;
    double left = u * sum;
    for (uint32_t p = 0; p < processes; p++) {
        if (is_looking(&racer[p], w->now))
            continue;
        first = p;
        if ((left -= racer[p].odds) < 0)
            break;
    }
    return first;
}

void race_look(struct world *w, struct instance *instance, uint32_t process)
{
    const struct process *p = &w->process[instance->first_process + process];
    struct racer *racer = &instance->racer[process];
    sim_time held = (sim_time)p->busy + p->queue.count;
    if (racer->looks_until <= w->now)
        racer->looks_from = racer->looks_until = w->now;
    racer->looks_until += held * instance->service->part.scan;
}

sim_time race_looks_for(const struct world *w, const struct task *t)
{
    const struct racer *racer = &w->instance[t->instance].racer[t->process];
    sim_time left = racer->looks_until - w->now;
    if (!is_looking(racer, w->now))
        return 0;
    return left < SWITCH_INTERVAL ? left : SWITCH_INTERVAL;
}

/* ---- loops that compute ---------------------------------------------------------- */

/* Whether loop `a` looks at its sockets before `b`: at the end of its turn, which is
 * told by the pieces of work that are left of it, then by when it got the last one. */
static bool sooner(const struct process *a, const struct process *b)
{
    return a->cpu.count != b->cpu.count ? a->cpu.count < b->cpu.count
                                        : a->started < b->started;
}

static bool may_win(const struct world *w, const struct instance *instance, uint32_t p)
{
    return !instance->service->mortal || worker_accepts(w, instance, p);
}

/* A loop that sleeps, by the odds; without any, the first that looks again. */
static uint32_t first_awake(const struct world *w, const struct instance *instance,
                            double u)
{
    uint32_t processes = instance->service->processes, first = NONE, last = 0;
    const struct process *process = &w->process[instance->first_process];
    double sum = 0;
    for (uint32_t p = 0; p < processes; p++) {
        if (!may_win(w, instance, p))
            continue;
        sum += process[p].running == NONE ? instance->racer[p].odds : 0;
        if (first == NONE || sooner(&process[p], &process[first]))
            first = p;
    }
    if (first == NONE)
        return 0; /* nobody accepts */
    if (sum == 0)
        return first;
    double left = u * sum;
    for (uint32_t p = 0; p < processes; p++) {
        if (process[p].running != NONE || !may_win(w, instance, p))
            continue;
        last = p;
        if ((left -= instance->racer[p].odds) < 0)
            break;
    }
    return last;
}

/* ---- winning --------------------------------------------------------------------- */

uint32_t race_winner(struct world *w, struct instance *instance, uint64_t entity)
{
    const struct service *s = instance->service;
    if (w->now >= instance->drifted_until)
        drift(w, instance);
    struct draw draw = draw_at(s->accept_key, entity, w->replication, DRAW_WINNER);
    double u = draw_uniform(&draw), v = draw_uniform(&draw);
    bool loops = s->part.discipline == DISCIPLINE_LOOP;
    if (loops && instance->won_at == w->now && v < SAME_AGAIN)
        return instance->winner;
    if (v < 1 / FLUTTERS) {
        for (uint32_t p = 0; p < s->processes; p++)
            instance->racer[p].flutter = FLUTTER * draw_normal(&draw);
        set_odds(instance);
    }
    instance->won_at = w->now;
    instance->winner = loops          ? first_awake(w, instance, u)
                       : s->part.scan ? first_to_come(w, instance, u)
                                      : pick(instance, u);
    return instance->winner;
}
