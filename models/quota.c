/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * quota -- CFS bandwidth control: the threads of an instance may use so much CPU time
 * in a period; when it is used up and somebody wants more, the instance is frozen until
 * the next period.
 *
 * Frozen means everything. Its CPU stands still, and what would make one of its tasks
 * go on (a delay that is over, an answer, a timeout, a connection to accept) is noted
 * and happens when the instance thaws, in the same order. Delays themselves go on: they
 * stand for others' work. An answer that comes before the thaw is found before a
 * timeout that is due by then, as poll and asyncio find it.
 *
 * Not modelled: the slices of 5 ms that a CPU draws the quota in, which move a freeze
 * by a few ms.
 */
#include "models/world.h"

#include <math.h>
#include <string.h>

#define GRACE 1000 /* ns: what is done so shortly after the quota is not held up */

void quota_open(const struct world *w, struct governor *g, uint32_t number)
{
    const struct cpu_rules *r = g->rules;
    g->budget = r->quota;
    g->boundary = SIM_NEVER; /* without a quota */
    if (isinf(r->quota))
        return;
    sim_time phase = r->phase;
    if (phase == SIM_NEVER) {
        struct draw draw = draw_at(r->phase_key, number, w->replication, 0);
        phase = (sim_time)(draw_uniform(&draw) * (double)r->period);
    }
    g->boundary = r->period - phase % r->period;
}

/* ---- what waits for the thaw ----------------------------------------------------- */

static void hold(struct world *w, struct governor *g, uint32_t task,
                 enum held_sort sort)
{
    if (g->held_count == g->held_room) {
        uint32_t room = g->held_room ? 2 * g->held_room : 16;
        struct held *more = arena_many(w->arena, room, struct held);
        if (g->held_count)
            memcpy(more, g->held, g->held_count * sizeof *more);
        g->held = more;
        g->held_room = room;
    }
    g->held[g->held_count++] =
        (struct held){w->now, task, w->task[task].wait, sort};
    g->arrivals += sort == HELD_ARRIVAL;
}

bool quota_holds(struct world *w, uint32_t task, enum held_sort sort)
{
    struct task *t = &w->task[task];
    struct governor *g = w->instance[t->instance].cpu.governor;
    if (!g || !g->frozen)
        return false;
    if (sort == HELD_RUN)
        t->state = TASK_HELD;
    else if (sort == HELD_TIMEOUT)
        t->timer = TIMER_NONE;
    hold(w, g, task, sort);
    return true;
}

static void release(struct world *w, const struct held *held)
{
    struct task *t = &w->task[held->task];
    sim_time stood = w->now - held->since;
    uint16_t resource = w->instance[t->instance].service->frozen_resource;
    switch (held->sort) {
    case HELD_RUN:
        spend(w, t, resource, stood);
        task_ready(w, held->task);
        break;
    case HELD_EVENT:
        spend(w, t, resource, stood);
        t->since += stood;
        task_event(w, held->task);
        break;
    case HELD_TIMEOUT:
        if (t->wait == held->wait &&
            (t->state == TASK_CALLING || t->state == TASK_POOL ||
             t->state == TASK_FILL || t->state == TASK_GATE ||
             t->state == TASK_PERMIT || t->state == TASK_TURN))
            task_timeout(w, held->task);
        break;
    case HELD_ARRIVAL:
        spend(w, t, resource, stood);
        if (t->state == TASK_DEAD)
            task_free(w, held->task);
        else
            server_enter(w, held->task);
        break;
    }
}

bool quota_is_full(const struct instance *instance)
{
    const struct governor *g = instance->cpu.governor;
    return g && g->frozen &&
           (int64_t)instance->queue.count + g->arrivals >=
               instance->service->queue_limit;
}

/* ---- freezing -------------------------------------------------------------------- */

static void freeze(struct world *w, struct cpu *cpu)
{
    struct governor *g = cpu->governor;
    g->frozen = true;
    w->frozen++;
    cpu_adjust(cpu);
}

static void throttle(struct world *w, struct cpu *cpu)
{
    struct governor *g = cpu->governor;
    g->counts->throttled++;
    g->counts->frozen += (uint64_t)(g->boundary - w->now);
    freeze(w, cpu);
}

static void thaw(struct world *w, struct cpu *cpu)
{
    struct governor *g = cpu->governor;
    uint32_t count = g->held_count;
    g->frozen = false;
    w->frozen--;
    g->held_count = g->arrivals = 0;
    cpu_adjust(cpu);
    for (uint32_t i = 0; i < count; i++)
        release(w, &g->held[i]);
    check(!g->frozen, "frozen with a quota of %g ns", g->rules->quota);
}

static void refill(struct governor *g, sim_time now)
{
    const struct cpu_rules *r = g->rules;
    sim_time periods = (now - g->boundary) / r->period + 1;
    g->boundary += periods * r->period;
    g->budget = fmin(fmax(0, g->budget) + (double)periods * r->quota,
                     r->quota + r->burst);
}

void quota_turn(struct world *w, struct cpu *cpu)
{
    struct governor *g = cpu->governor;
    if (w->now >= g->boundary) {
        refill(g, w->now);
        if (g->frozen && !g->hangs)
            thaw(w, cpu);
    }
    if (g->budget <= 0 && cpu->units > 0 && !g->frozen)
        throttle(w, cpu);
}

void quota_hang(struct world *w, struct cpu *cpu, bool hangs)
{
    struct governor *g = cpu->governor;
    g->hangs += hangs;
    g->hangs -= !hangs;
    if (g->hangs && !g->frozen)
        freeze(w, cpu);
    else if (!g->hangs && g->frozen && g->budget > 0)
        thaw(w, cpu);
}

sim_time quota_next(const struct cpu *cpu, double used, sim_time now)
{
    const struct governor *g = cpu->governor;
    if (g->frozen)
        return g->boundary;
    sim_time done = cpu_completion(cpu, now);
    if (g->boundary == SIM_NEVER)
        return done;
    sim_time empty = now + sim_from_nanoseconds(ceil(g->budget / used));
    sim_time next = done <= empty + GRACE ? done : empty;
    return next < g->boundary ? next : g->boundary;
}
