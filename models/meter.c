/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * meter -- the limits of an API: requests and tokens per time. They belong to whoever
 * pays, so all instances of the service share them.
 *
 * Tokens are charged when a call arrives, by what it may write at most, whatever it
 * then does write. A call that is rejected still is a request where the provider says
 * so: the account goes below zero, and whoever keeps knocking stays locked out. Its
 * tokens are not charged: nobody has looked at them.
 */
#include "models/world.h"

struct account {
    double left;   /* requests or tokens; below 0: owed */
    sim_time then; /* when that was so; fixed windows: the start of this one */
};

struct meter {
    struct account *account; /* of each limit */
    sim_time open_at;        /* what the last one rejected was told: Retry-After */
};

void meters_open(struct world *w)
{
    w->meter = arena_many(w->arena, w->m->services + 1, struct meter *);
    for (uint32_t i = 0; i < w->m->services; i++) {
        const struct meter_plan *plan = w->m->service[i].meter;
        if (!plan)
            continue;
        struct meter *meter = arena_new(w->arena, struct meter);
        meter->account = arena_many(w->arena, plan->limits + 1, struct account);
        for (uint32_t l = 0; l < plan->limits; l++)
            meter->account[l].left = plan->limit[l].room;
        w->meter[i] = meter;
    }
}

/* ---- one account ----------------------------------------------------------------- */

static void refresh(const struct meter_limit *limit, struct account *a, sim_time now)
{
    if (limit->fixed) {
        if (now - a->then < limit->window)
            return;
        a->then = now - now % limit->window;
        a->left = limit->room;
        return;
    }
    a->left += limit->rate * (double)(now - a->then);
    a->left = a->left < limit->room ? a->left : limit->room;
    a->then = now;
}

static void charge(const struct meter_limit *limit, struct account *a, double amount)
{
    a->left -= amount;
    if (a->left < -limit->debt)
        a->left = -limit->debt;
}

/* When the account will have so much, if nobody else takes it. */
static sim_time open_at(const struct meter_limit *limit, const struct account *a,
                        double amount, sim_time now)
{
    if (limit->fixed)
        return a->then + limit->window;
    return now + sim_from_nanoseconds((amount - a->left) / limit->rate) + 1;
}

/* ---- a call ---------------------------------------------------------------------- */

static double tokens_of(struct world *w, const struct task *t, const struct instr *i,
                        const struct meter_plan *plan)
{
    struct draw draw = task_draw(w, t, i);
    double input = i->dist ? (double)dist_count(i->dist, &draw) : 0;
    double output = (double)plan->max_tokens;
    if (plan->charge != CHARGE_MAX_TOKENS || plan->max_tokens == 0) {
        const struct instr *chunks = &w->code[i->a]; /* what it will write */
        struct draw same = task_draw(w, t, chunks);
        output = (double)dist_count(chunks->dist2, &same);
        if (plan->max_tokens && output > (double)plan->max_tokens)
            output = (double)plan->max_tokens;
    }
    return plan->charge == CHARGE_INPUT    ? input
           : plan->charge == CHARGE_OUTPUT ? output
                                           : input + output;
}

static void reject(struct world *w, uint32_t task, uint16_t cause)
{
    struct counts *counts = w->instance[w->task[task].instance].counts;
    counts->refused++;
    counts->served--; /* when it leaves it counts as served */
    task_fail(w, task, STATUS_429, cause);
}

bool meter_admit(struct world *w, uint32_t task, const struct instr *i)
{
    const struct task *t = &w->task[task];
    const struct service *s = w->instance[t->instance].service;
    const struct meter_plan *plan = s->meter;
    struct meter *meter = w->meter[s - w->m->service];
    double tokens = tokens_of(w, t, i, plan);
    sim_time until = 0;
    uint32_t first = NONE;
    for (uint32_t l = 0; l < plan->limits; l++) {
        const struct meter_limit *limit = &plan->limit[l];
        struct account *a = &meter->account[l];
        double amount = limit->of_tokens ? tokens : 1;
        refresh(limit, a, w->now);
        if (a->left >= amount)
            continue;
        sim_time at = open_at(limit, a, amount, w->now);
        until = at > until ? at : until;
        first = first == NONE ? l : first;
    }
    bool admitted = first == NONE;
    for (uint32_t l = 0; l < plan->limits; l++) {
        bool of_tokens = plan->limit[l].of_tokens;
        if (admitted || (plan->counts_rejected && !of_tokens))
            charge(&plan->limit[l], &meter->account[l], of_tokens ? tokens : 1);
    }
    if (admitted)
        return true;
    meter->open_at = until;
    reject(w, task, plan->limit[first].cause);
    return false;
}

sim_time meter_told(const struct world *w, uint16_t cause)
{
    int station = w->m->facts.cause[cause].station;
    enum { LONGEST = 60 }; /* s; libraries fall back to their own pause beyond */
    for (uint32_t i = 0; i < w->m->services; i++)
        if ((int)w->m->service[i].station == station && w->meter[i]) {
            sim_time told = w->meter[i]->open_at - w->now;
            return told > 0 && told <= LONGEST * SIM_SECOND ? told : 0;
        }
    return 0;
}
