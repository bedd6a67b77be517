/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * governor -- cores that are slower than their number, for instances that say so:
 * hardware threads that share a core, a law of slowdown, CPU credits. What stops the
 * cores altogether is in quota.c.
 *
 * Only + - * / as in cpu.c. Credits are metered whenever the number of units changes;
 * the speed they allow is reviewed when it may have begun to fall, and every second
 * from then on.
 */
#include "models/world.h"

#include <math.h>

#define REVIEW SIM_SECOND /* the real ones are metered about as finely */
static const double credits_of_core = 1 / 60e9; /* a ns: one a minute */

/* ---- speed ----------------------------------------------------------------------- */

static double least(double a, double b)
{
    return a < b ? a : b;
}

/* The work that so many busy hardware threads do: first one to a core, then two. */
static double work_of(const struct cpu_rules *rules, double threads)
{
    double cores = rules->physical;
    return threads <= cores ? threads : cores + (rules->smt - 1) * (threads - cores);
}

double cpu_speed(const struct cpu_rules *rules, double cores, double units)
{
    double slowdown = 1 + (rules->sigma + rules->kappa * units) * (units - 1);
    return work_of(rules, least(units, cores)) / slowdown;
}

double governor_rate(const struct governor *g, uint32_t units)
{
    if (g->frozen)
        return 0;
    return units ? cpu_speed(g->rules, g->cores, units) / units * g->speed : 1;
}

/* ---- credits --------------------------------------------------------------------- */

/* In standard mode the speed sinks to the baseline as the last credits go. */
static void review_credits(struct governor *g, sim_time now)
{
    const struct cpu_rules *r = g->rules;
    double part = g->balance < r->taper ? g->balance / r->taper : g->balance > 0;
    g->cores = r->baseline + (r->cores - r->baseline) * (part > 0 ? part : 0);
    double spare = g->balance - r->taper;
    double full_speed = spare / ((r->cores - r->baseline) * credits_of_core);
    g->review = now + (full_speed > REVIEW ? sim_from_nanoseconds(ceil(full_speed))
                                           : REVIEW);
}

static void credits_passed(struct governor *g, double time, double used)
{
    const struct cpu_rules *r = g->rules;
    g->balance += time * (r->baseline - used) * credits_of_core;
    g->balance = least(g->balance, r->most);
    if (g->balance < 0 && !r->standard) {
        double cores_ns = -g->balance / credits_of_core;
        g->counts->surplus += (uint128)(cores_ns * 1000 + 0.5);
        g->balance = 0;
    }
}

/* ---- the verbs of cpu.c ---------------------------------------------------------- */

void governor_open(struct world *w, struct instance *instance, uint32_t number)
{
    const struct cpu_rules *rules = instance->service->rules;
    struct governor *g = arena_new(w->arena, struct governor);
    g->rules = rules;
    g->counts = instance->counts;
    g->cores = rules->cores;
    g->speed = 1;
    g->balance = rules->balance;
    g->review = rules->standard ? 0 : SIM_NEVER;
    quota_open(w, g, number);
    instance->cpu.governor = g;
    instance->cpu.cores = -1;
}

double governor_passed(struct cpu *cpu, sim_time now)
{
    struct governor *g = cpu->governor;
    double time = (double)(now - cpu->since);
    double used = g->frozen ? 0 : least(cpu->units, g->cores);
    g->budget -= time * used;
    if (g->rules->credits)
        credits_passed(g, time, used);
    g->since = now;
    return cpu->units * cpu->rate;
}

/* Credits are earned while nothing runs, too. */
static void rested(struct governor *g, sim_time now)
{
    if (g->rules->credits && now > g->since)
        credits_passed(g, (double)(now - g->since), 0);
    g->since = now;
}

void governor_turn(struct world *w, struct cpu *cpu)
{
    struct governor *g = cpu->governor;
    rested(g, w->now);
    if (w->now >= g->review) {
        review_credits(g, w->now);
        cpu_adjust(cpu);
    }
    quota_turn(w, cpu);
}

sim_time governor_next(const struct cpu *cpu, sim_time now)
{
    const struct governor *g = cpu->governor;
    sim_time next = quota_next(cpu, least(cpu->units, g->cores), now);
    return g->review < next ? g->review : next;
}
